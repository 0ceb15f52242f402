"""Tries a draft of rules out on the cases of the past: what would have been due, late and escalated, and to whom.

The draft counts as if it had been in force all the time, merged with the rules above and below it exactly as its
publication would merge it. Nothing is stored, and nothing tells an office more than it may count.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars import service as calendars
from caseway.clocks.arithmetic import Unit, before
from caseway.db.scope import SYSTEM, Scope
from caseway.db.session import Database
from caseway.escalation import repository as escalations
from caseway.escalation import targets
from caseway.rules import checking, drafts
from caseway.rules import repository as books
from caseway.rules import service as rules
from caseway.rules.rows import BookVersion
from caseway.tenancy.models import Office
from caseway.whatif import repository
from caseway.whatif.errors import NothingToTry, WhatIfPeriod
from caseway.whatif.history import History
from caseway.whatif.lookup import Lookup
from caseway.whatif.outcome import Outcome, RaisePair, outcome
from caseway.whatif.repository import Key, Place
from caseway.whatif.totals import Totals

#: The longest look back, in months.
MOST_MONTHS = 36
#: Cases that are read at once.
BATCH = 100
#: Cases in a walk whose changes are kept to be listed; the figures count all.
MOST_LISTED = 1_000

#: Told how many cases have been replayed.
Progress = Callable[[int], None]


@dataclass(slots=True)
class WhatIf:
    """What a walk has found."""

    draft: BookVersion
    #: Cases that were held at this instant or later are looked at.
    since: datetime
    totals: Totals = field(default_factory=Totals)
    #: Cases that would have gone otherwise, or whose history does not tell: the first ones that the walk met.
    listed: list[Outcome] = field(default_factory=list)
    #: Whether every case of the period was looked at.
    is_complete: bool = True


def scope_for(bars: Sequence[int]) -> Scope:
    """What is counted: every case but those about the office or the person who asks, which they never learn of."""
    return Scope(principals=(SYSTEM,), bars=tuple(bars))


async def draft_of(session: AsyncSession, office: Office, *, now: datetime) -> BookVersion:
    """The draft of an office's own book, as the version that it would be. ``NothingToTry`` if there is none that the
    session's scope shows."""
    book = await books.book_of(session, office.id)
    version = await books.undecided(session, book.id) if book is not None else None
    if book is None or version is None:
        raise NothingToTry
    draft = await drafts.read(session, book, version)
    day = max(version.effective_from or rules.day_of(now), rules.day_of(now))
    return (await checking.stand_of(session, office, draft, draft.rows, day=day)).own


async def newest(
    session: AsyncSession,
    office: Office,
    draft: BookVersion,
    *,
    months: int,
    now: datetime,
    most: int,
    goes_on: Callable[[], bool] = lambda: True,
) -> WhatIf:
    """Replay the newest cases of an office's area, so many at most and only while ``goes_on``: for answers that must
    not take long. A case costs two replays, about 20 ms, however large the country is; finding the newest sorts
    the custody of the area (100 offices: milliseconds; a province with 27,000 offices and a million cases: seconds)."""
    found = WhatIf(draft, await since(session, months=months, now=now))
    keys = await repository.newest_keys(session, office, since=found.since, limit=most + 1)
    found.is_complete = len(keys) <= most
    lookup = Lookup(draft, now)
    for start in range(0, min(len(keys), most), BATCH):
        batch = keys[start : min(start + BATCH, most)]
        for history in await _prepared(session, lookup, batch):
            if not goes_on():
                found.is_complete = False
                return found
            await _take(session, found, lookup, history)
    return found


async def everything(
    database: Database,
    office: Office,
    draft: BookVersion,
    *,
    months: int,
    now: datetime,
    progress: Progress = lambda cases: None,
) -> WhatIf:
    """Replay every case that an office's area has held in the last months, a batch in a transaction of its own.

    Memory is bounded: one batch, the rules of the offices in it, the figures, and a thousand cases to list. It reads
    each case once by its key, 50 cases a second: 100 offices with 20,000 cases take minutes; a law tried on all
    700,000 offices and ten million cases would take days, and is better tried out on some cities.
    """
    scope = scope_for(())
    async with database.reader(scope) as session:
        found = WhatIf(draft, await since(session, months=months, now=now))
        holding = await repository.holders(session, office)
    lookup = Lookup(draft, now)
    async for batch in _batches(database, scope, office, holding, since=found.since):
        async with database.reader(scope) as session:
            for history in await _prepared(session, lookup, batch):
                await _take(session, found, lookup, history)
        progress(found.totals.cases + found.totals.accusations)
    return found


def checked(months: int) -> int:
    """The number of months, if it is one to look back. ``WhatIfPeriod`` if not."""
    if not 1 <= months <= MOST_MONTHS:
        raise WhatIfPeriod
    return months


async def since(session: AsyncSession, *, months: int, now: datetime) -> datetime:
    """0:00 (Asia/Shanghai) of the day so many months before an instant."""
    return before(now, months, Unit.MONTH, await calendars.national(session))


async def _batches(
    database: Database, scope: Scope, office: Office, holding: Sequence[int], *, since: datetime
) -> AsyncIterator[list[Key]]:
    after: Place | None = None
    while True:
        async with database.reader(scope) as session:
            found = await repository.keys(session, office, holding, since=since, after=after, limit=BATCH)
        if not found:
            return
        yield [key for _, key in found]
        after = found[-1][0]


async def _prepared(session: AsyncSession, lookup: Lookup, batch: Sequence[Key]) -> list[History]:
    histories = await repository.histories(session, batch)
    session.expunge_all()
    await lookup.prepare(session, histories)
    return histories


async def _take(session: AsyncSession, found: WhatIf, lookup: Lookup, history: History) -> None:
    result = outcome(history, in_force=lookup.setting(with_draft=False), tried=lookup.setting(with_draft=True))
    asked = [(each, await _target(session, lookup, result, each)) for each in result.raises]
    found.totals.add(result, asked)
    if (result.is_changed or result.missing) and len(found.listed) < MOST_LISTED:
        found.listed.append(result)
    # Replaying is work for the processor alone: others have their turn in between.
    await asyncio.sleep(0)


async def _target(session: AsyncSession, lookup: Lookup, result: Outcome, pair: RaisePair) -> int | None:
    """The office that a rung asks, as the tree stands today."""
    either = pair.either
    holder = lookup.office(either.holder_id)
    if holder is None:
        return None
    key = (either.tells, either.gives, either.book, either.holder_id, result.accused_office_ids)
    if key not in lookup.targets:
        owner = await escalations.owner_of(session, either.book) if either.book else None
        subject = SimpleNamespace(accused_office_ids=result.accused_office_ids)
        office = await targets.target(
            session, subject, code=either.tells, gives=either.gives, owner=owner, holder=holder
        )
        lookup.targets[key] = office.id if office is not None else None
    return lookup.targets[key]
