"""Reading and writing the outbox, notices and tasks; the only place of the slice that holds SQL besides its loaders."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from caseway.access.facts import ACCUSATION
from caseway.access.tables import CASES, DEEPEST
from caseway.db.base import new_id
from caseway.notices.codes import Channel
from caseway.notices.models import AdminTask, OfficeNotice, OutboxEntry
from caseway.tenancy.models import Office

#: City and id of an outbox entry or a notice.
Key = tuple[int, uuid.UUID]

_NO_SYNC = {"synchronize_session": False}


async def put(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write messages; one that is there already, by key, office and channel, is left as it is. What is pending (a case
    just registered) goes first, because they refer to it."""
    await session.flush()
    if rows:
        await session.execute(upsert(OutboxEntry).on_conflict_do_nothing(), [row | {"id": new_id()} for row in rows])


async def claim(session: AsyncSession, channel: Channel, *, now: datetime, limit: int) -> Sequence[OutboxEntry]:
    """Lock the oldest messages that are due on a channel until the end of the transaction; what others hold is passed
    over. They are detached: they say what was claimed."""
    found = await session.scalars(
        select(OutboxEntry)
        .where(_waits(), OutboxEntry.channel == channel, OutboxEntry.due_at <= now)
        .order_by(OutboxEntry.due_at, OutboxEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    claimed = found.all()
    for each in claimed:
        session.expunge(each)
    return claimed


async def lease(session: AsyncSession, entries: Iterable[OutboxEntry], *, until: datetime) -> None:
    """Keep claimed messages from others until an instant, across the end of the transaction."""
    await session.execute(update(OutboxEntry).where(_among(entries)).values(due_at=until).execution_options(**_NO_SYNC))


async def addressable(session: AsyncSession, entries: Sequence[OutboxEntry]) -> dict[Key, bool]:
    """Which of these messages may reach their office at all, and whether each is about an accusation. What is about a
    case that is barred to the office, or to one above it, is left out: it must not even be counted there."""
    columns: list[ColumnElement[int]] = [getattr(Office, f"l{depth}") for depth in range(1, DEEPEST + 1)]
    case = and_(CASES.c.city_id == OutboxEntry.city_id, CASES.c.id == OutboxEntry.case_id)
    barred = exists().where(
        case, Office.id == OutboxEntry.office_id, CASES.c.barred.op("&&", is_comparison=True)(array(columns))
    )
    accusation = exists().where(case, CASES.c.petition_class == ACCUSATION)
    found = await session.execute(
        select(OutboxEntry.city_id, OutboxEntry.id, accusation).where(_among(entries), ~barred)
    )
    return {(city_id, key): about_accusation for city_id, key, about_accusation in found}


async def add_notices(session: AsyncSession, entries: Iterable[OutboxEntry]) -> None:
    """Make them notices of their offices; one that is there already stays as it is, read or unread."""
    rows = [
        {
            "city_id": each.city_id,
            "id": each.id,
            "office_id": each.office_id,
            "kind": each.kind,
            "case_id": each.case_id,
            "at": each.created_at,
            "facts": each.facts,
        }
        for each in entries
    ]
    if rows:
        await session.execute(upsert(OfficeNotice).on_conflict_do_nothing(), rows)


async def mark_sent(session: AsyncSession, entries: Iterable[OutboxEntry], *, at: datetime) -> None:
    """They have gone out."""
    await session.execute(
        update(OutboxEntry)
        .where(_among(entries), OutboxEntry.sent_at.is_(None))
        .values(sent_at=at)
        .execution_options(**_NO_SYNC)
    )


async def postpone(
    session: AsyncSession, entry: OutboxEntry, *, attempts: int, due_at: datetime, error: str, dead: bool
) -> None:
    """Record a failed attempt: the message is tried again at ``due_at``, or lies dead until it is revived."""
    await session.execute(
        update(OutboxEntry)
        .where(_among([entry]), OutboxEntry.sent_at.is_(None))
        .values(attempts=attempts, due_at=due_at, last_error=error, dead_at=due_at if dead else None)
        .execution_options(**_NO_SYNC)
    )


async def office_codes(session: AsyncSession, entries: Iterable[OutboxEntry]) -> dict[int, str]:
    """The codes of the offices that messages are for."""
    wanted = {each.office_id for each in entries}
    found = await session.execute(select(Office.id, Office.code).where(Office.id.in_(wanted)))
    return {row.id: row.code for row in found}


async def dead(session: AsyncSession, *, limit: int) -> Sequence[OutboxEntry]:
    """Messages whose sending failed too often, the longest dead first."""
    found = await session.scalars(
        select(OutboxEntry)
        .where(OutboxEntry.dead_at.is_not(None), OutboxEntry.sent_at.is_(None))
        .order_by(OutboxEntry.dead_at, OutboxEntry.id)
        .limit(limit)
    )
    return found.all()


async def revive(session: AsyncSession, entry_id: uuid.UUID | None, *, due_at: datetime) -> Sequence[OutboxEntry]:
    """Make one dead message, or all of them, due again with no attempt counted; the last error stays to be read."""
    conditions: list[ColumnElement[bool]] = [OutboxEntry.dead_at.is_not(None), OutboxEntry.sent_at.is_(None)]
    if entry_id is not None:
        conditions.append(OutboxEntry.id == entry_id)
    found = await session.scalars(
        update(OutboxEntry)
        .where(*conditions)
        .values(attempts=0, due_at=due_at, dead_at=None)
        .returning(OutboxEntry)
        .execution_options(**_NO_SYNC, populate_existing=True)
    )
    return found.all()


async def waiting(session: AsyncSession, *, now: datetime) -> tuple[int, timedelta, int]:
    """How many messages are due, how long the oldest of them has waited, and how many are dead."""
    row = (
        await session.execute(
            select(
                func.count().filter(OutboxEntry.dead_at.is_(None)),
                func.min(OutboxEntry.due_at).filter(OutboxEntry.dead_at.is_(None)),
                func.count().filter(OutboxEntry.dead_at.is_not(None)),
            ).where(OutboxEntry.sent_at.is_(None), or_(OutboxEntry.due_at <= now, OutboxEntry.dead_at.is_not(None)))
        )
    ).one()
    count, oldest, lost = row
    return count, now - oldest if oldest is not None else timedelta(0), lost


async def next_due(session: AsyncSession) -> datetime | None:
    """The earliest instant at which a message is due; null if none waits."""
    found: datetime | None = await session.scalar(select(func.min(OutboxEntry.due_at)).where(_waits()))
    return found


async def purge_sent(session: AsyncSession, *, before: datetime, at_most: int) -> int:
    """Delete messages that went out before an instant, the oldest first; how many."""
    old = (
        select(OutboxEntry.city_id, OutboxEntry.id)
        .where(OutboxEntry.sent_at.is_not(None), OutboxEntry.sent_at < before)
        .order_by(OutboxEntry.sent_at)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    gone = await session.execute(
        delete(OutboxEntry)
        .where(tuple_(OutboxEntry.city_id, OutboxEntry.id).in_(old))
        .returning(literal(1))
        .execution_options(**_NO_SYNC)
    )
    return len(gone.all())


async def purge_read(session: AsyncSession, *, before: datetime, at_most: int) -> int:
    """Delete notices that were read before an instant, the oldest first; how many."""
    old = (
        select(OfficeNotice.city_id, OfficeNotice.id)
        .where(OfficeNotice.read_at.is_not(None), OfficeNotice.read_at < before)
        .order_by(OfficeNotice.read_at)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    gone = await session.execute(
        delete(OfficeNotice)
        .where(tuple_(OfficeNotice.city_id, OfficeNotice.id).in_(old))
        .returning(literal(1))
        .execution_options(**_NO_SYNC)
    )
    return len(gone.all())


async def mark_read(session: AsyncSession, notice: OfficeNotice, *, at: datetime, by: int) -> None:
    """Keep who read it first, and when."""
    await session.execute(
        update(OfficeNotice)
        .where(OfficeNotice.city_id == notice.city_id, OfficeNotice.id == notice.id, OfficeNotice.read_at.is_(None))
        .values(read_at=at, read_by=by)
        .execution_options(**_NO_SYNC)
    )
    await session.refresh(notice)


async def open_task(
    session: AsyncSession, *, kind: str, key: str, office_id: int | None, at: datetime, facts: dict[str, Any]
) -> bool:
    """Write a task; false if there is, or was, the same."""
    fresh = upsert(AdminTask).values(
        id=new_id(), office_id=office_id, kind=kind, key=key, opened_at=at, facts=facts, closed_at=None, closed_by=None
    )
    added = await session.execute(fresh.on_conflict_do_nothing().returning(AdminTask.id))
    return added.first() is not None


async def close_task(session: AsyncSession, *, kind: str, key: str, at: datetime, by: int) -> bool:
    """Close an open task; false if there is none."""
    closed = await session.execute(
        update(AdminTask)
        .where(AdminTask.kind == kind, AdminTask.key == key, AdminTask.closed_at.is_(None))
        .values(closed_at=at, closed_by=by)
        .returning(AdminTask.id)
        .execution_options(**_NO_SYNC)
    )
    return closed.first() is not None


async def task(session: AsyncSession, task_id: uuid.UUID) -> AdminTask | None:
    """A task, locked until the end of a writing transaction."""
    found: AdminTask | None = await session.scalar(
        select(AdminTask).where(AdminTask.id == task_id).with_for_update().execution_options(populate_existing=True)
    )
    return found


def _waits() -> ColumnElement[bool]:
    return and_(OutboxEntry.sent_at.is_(None), OutboxEntry.dead_at.is_(None))


def _among(entries: Iterable[OutboxEntry]) -> ColumnElement[bool]:
    return tuple_(OutboxEntry.city_id, OutboxEntry.id).in_([(each.city_id, each.id) for each in entries])
