"""What the worker does with the outbox: messages become notices of their offices, or go to the address outside.

Delivery is at least once. A message into an office's notices is claimed, delivered and marked in one transaction. One
to the outside is leased first, so that no transaction waits for a network: whoever dies in between leaves it to others
when the lease has run out, and it goes out again under the same id.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from caseway.db import retries
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.notices import repository
from caseway.notices.codes import Channel
from caseway.notices.models import OutboxEntry
from caseway.notices.webhook import Webhook, content

_log = structlog.get_logger("caseway.worker")

_BATCH = 200
#: Messages that are on their way to the outside at once, and how long they are nobody else's.
_ABROAD, _LEASE = 20, timedelta(minutes=2)
#: Failed attempts after which a message to the outside is left to people: with the pauses of ``retries``, half a day.
_ATTEMPTS_ABROAD = 20
#: Sent messages are kept for as long as their keys must hold, read notices for a year.
_KEEP_SENT, _KEEP_READ = timedelta(days=30), timedelta(days=365)
_PURGE_AT_MOST = 5_000


async def deliver(database: Database, *, now: datetime, webhook: Webhook | None = None) -> int:
    """Deliver what is due, one batch for each channel; how many messages were looked at (0 = nothing waits)."""
    looked_at = await _inside(database, now=now, and_abroad=webhook is not None)
    if webhook is not None:
        looked_at += await _abroad(database, webhook, now=now)
    return looked_at


async def _inside(database: Database, *, now: datetime, and_abroad: bool) -> int:
    """Make a batch notices. When that fails the oldest is tried alone, and put off if it is the one that fails."""
    claimed: list[OutboxEntry] = []
    try:
        await _make_notices(database, claimed, now=now, and_abroad=and_abroad, limit=_BATCH)
    except Exception:
        if not claimed:
            raise
        try:
            await _make_notices(database, claimed, now=now, and_abroad=and_abroad, limit=1)
        except Exception as error:
            async with database.unit(SYSTEM_SCOPE) as uow:
                await uow.permitted()
                await _failed(uow, claimed[0], error, now, most=retries.MAX_ATTEMPTS)
    return len(claimed)


async def _make_notices(
    database: Database, claimed: list[OutboxEntry], *, now: datetime, and_abroad: bool, limit: int
) -> None:
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        claimed[:] = await repository.claim(uow.session, Channel.OFFICE, now=now, limit=limit)
        if not claimed:
            return
        known = await repository.addressable(uow.session, claimed)
        told = [each for each in claimed if (each.city_id, each.id) in known]
        await repository.add_notices(uow.session, told)
        if and_abroad:
            # Of an accusation not even that there is something to read goes outside.
            await repository.put(
                uow.session, [_outward(each, now) for each in told if not known[each.city_id, each.id]]
            )
        await repository.mark_sent(uow.session, claimed, at=now)


def _outward(entry: OutboxEntry, now: datetime) -> dict[str, object]:
    return {
        "city_id": entry.city_id,
        "channel": Channel.WEBHOOK.value,
        "office_id": entry.office_id,
        "kind": entry.kind,
        "key": entry.key,
        "case_id": entry.case_id,
        "facts": {},
        "created_at": entry.created_at,
        "due_at": now,
    }


async def _abroad(database: Database, webhook: Webhook, *, now: datetime) -> int:
    """Send a batch outside."""
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        leased = await repository.claim(uow.session, Channel.WEBHOOK, now=now, limit=_ABROAD)
        if not leased:
            return 0
        await repository.lease(uow.session, leased, until=now + _LEASE)
        codes = await repository.office_codes(uow.session, leased)
    results = await asyncio.gather(*(_send(webhook, each, codes, now) for each in leased), return_exceptions=True)
    failures = [(each, result) for each, result in zip(leased, results, strict=True) if result is not None]
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        await repository.mark_sent(
            uow.session, [each for each, result in zip(leased, results, strict=True) if result is None], at=now
        )
        for each, error in failures:
            await _failed(uow, each, error, now, most=_ATTEMPTS_ABROAD)
    return len(leased)


async def _send(webhook: Webhook, entry: OutboxEntry, codes: dict[int, str], now: datetime) -> None:
    said = content(kind=entry.kind, office_code=codes[entry.office_id], at=entry.created_at)
    await webhook.send(entry.id, said, at=now)


async def _failed(uow: UnitOfWork, entry: OutboxEntry, error: BaseException, now: datetime, *, most: int) -> None:
    attempts = entry.attempts + 1
    dead = attempts >= most
    await repository.postpone(
        uow.session,
        entry,
        attempts=attempts,
        due_at=now if dead else now + retries.backoff(attempts),
        error=retries.reason(error),
        dead=dead,
    )
    _log.error(
        "message_dead" if dead else "message_failed",
        channel=entry.channel,
        kind=entry.kind,
        message=str(entry.id),
        attempts=attempts,
        error=retries.reason(error),
    )


@dataclass(frozen=True, slots=True)
class Lag:
    """How far delivery is behind."""

    #: Messages that are due and wait.
    waiting: int
    #: How long the oldest of them has waited; zero if none waits.
    oldest: timedelta
    #: Messages whose sending failed too often.
    dead: int


async def lag(database: Database, *, now: datetime) -> Lag:
    """Count what is due or dead. Messages that wait for another try are not due before that."""
    async with database.reader(SYSTEM_SCOPE) as session:
        return Lag(*await repository.waiting(session, now=now))


async def purge(database: Database, *, now: datetime) -> int:
    """Delete messages that went out 30 days ago and notices that were read a year ago, in batches; how many."""
    total = 0
    for step, keep in ((repository.purge_sent, _KEEP_SENT), (repository.purge_read, _KEEP_READ)):
        gone = _PURGE_AT_MOST
        while gone == _PURGE_AT_MOST:
            async with database.unit(SYSTEM_SCOPE) as uow:
                await uow.permitted()
                gone = await step(uow.session, before=now - keep, at_most=_PURGE_AT_MOST)
            total += gone
    return total
