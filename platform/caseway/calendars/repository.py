"""Reading and writing the calendar's tables."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars.models import CalendarDay, CalendarRevision, CalendarYear, LocalDay
from caseway.calendars.workdays import DayKind, SpecialDay
from caseway.db.base import new_id


@dataclass(frozen=True, slots=True)
class Revision:
    """Which state of the calendar a database is in, and which of them running dates have followed."""

    value: int
    mark: uuid.UUID
    followed: int


async def revision(session: AsyncSession, *, lock: bool = False) -> Revision:
    """The present state. ``lock`` holds it until the transaction ends: nobody else can change the calendar then."""
    statement = select(CalendarRevision.value, CalendarRevision.mark, CalendarRevision.followed)
    row = (await session.execute(statement.with_for_update() if lock else statement)).one_or_none()
    if row is None:
        raise RuntimeError("the row of calendar_revision is missing: the migrations have not run")
    return Revision(*row)


async def raise_revision(session: AsyncSession) -> int:
    """Count one more change, under a new mark; holds the row until the transaction ends."""
    raised = await session.scalar(
        update(CalendarRevision)
        .values(value=CalendarRevision.value + 1, mark=new_id())
        .returning(CalendarRevision.value)
    )
    if raised is None:
        raise RuntimeError("the row of calendar_revision is missing: the migrations have not run")
    return int(raised)


async def set_followed(session: AsyncSession, value: int) -> None:
    """Say that running dates have followed the calendar up to its ``value``-th change."""
    await session.execute(update(CalendarRevision).where(CalendarRevision.followed < value).values(followed=value))


async def years(session: AsyncSession) -> dict[int, CalendarYear]:
    """The published years."""
    rows = await session.scalars(
        select(CalendarYear).order_by(CalendarYear.year).execution_options(populate_existing=True)
    )
    return {row.year: row for row in rows}


async def year_numbers(session: AsyncSession) -> list[int]:
    """The numbers of the published years, in order."""
    return list(await session.scalars(select(CalendarYear.year).order_by(CalendarYear.year)))


async def put_year(
    session: AsyncSession, year: int, *, notice: str | None, source: str, at: datetime, person_id: int
) -> None:
    """Store that a year is published, or where it was read anew. Without ``notice`` a stored one is kept; a new year
    then names its source in its place."""
    row = await session.get(CalendarYear, year, populate_existing=True)
    if row is None:
        session.add(CalendarYear(year=year, notice=notice or source, source=source, loaded_at=at, loaded_by=person_id))
    else:
        row.notice, row.source = notice or row.notice, source
        row.loaded_at, row.loaded_by = at, person_id
    await session.flush()


async def special_days(session: AsyncSession, *, year: int | None = None) -> list[SpecialDay]:
    """The special days of all published years, or of one, in order: a few dozen a year."""
    statement = select(CalendarDay.day, CalendarDay.kind, CalendarDay.name).order_by(CalendarDay.day)
    if year is not None:
        statement = statement.where(CalendarDay.year == year)
    rows = await session.execute(statement)
    return [SpecialDay(day, DayKind(kind), name) for day, kind, name in rows]


async def add_days(session: AsyncSession, days: Iterable[SpecialDay]) -> None:
    """Store special days of a year that is stored already."""
    rows = [{"day": each.day, "year": each.day.year, "kind": each.kind.value, "name": each.name} for each in days]
    if rows:
        await session.execute(insert(CalendarDay), rows)


async def remove_days(session: AsyncSession, days: Collection[date]) -> None:
    """Take special days away: they are what their day of the week says from now on."""
    if days:
        await session.execute(delete(CalendarDay).where(CalendarDay.day.in_(days)))


async def live_local_days(session: AsyncSession) -> list[tuple[int, SpecialDay]]:
    """(office, day) of all local days that count, by office and day. They are few: an office has a handful a year, and
    only for days that are near."""
    rows = await session.execute(
        select(LocalDay.office_id, LocalDay.day, LocalDay.kind, LocalDay.name)
        .where(LocalDay.revoked_at.is_(None))
        .order_by(LocalDay.office_id, LocalDay.day)
    )
    return [(office_id, SpecialDay(day, DayKind(kind), name)) for office_id, day, kind, name in rows]


async def local_days(session: AsyncSession, office_ids: Sequence[int], *, first: date, last: date) -> list[LocalDay]:
    """The local days of some offices from the first to the last day that count, in the order of the offices given."""
    rows = await session.scalars(
        select(LocalDay)
        .where(LocalDay.office_id.in_(office_ids), LocalDay.day.between(first, last), LocalDay.revoked_at.is_(None))
        .order_by(LocalDay.day, LocalDay.id)
    )
    order = {office_id: place for place, office_id in enumerate(office_ids)}
    return sorted(rows, key=lambda row: order[row.office_id])


async def local_day(session: AsyncSession, local_day_id: int, *, lock: bool = False) -> LocalDay | None:
    """A local day by its id, revoked or not; ``lock`` holds it until the transaction ends."""
    statement = select(LocalDay).where(LocalDay.id == local_day_id)
    found: LocalDay | None = await session.scalar(
        statement.with_for_update().execution_options(populate_existing=True) if lock else statement
    )
    return found


async def add_local_day(session: AsyncSession, row: LocalDay) -> None:
    """Store a local day."""
    session.add(row)
    await session.flush()


async def revoke(session: AsyncSession, row: LocalDay, *, person_id: int, at: datetime) -> None:
    """Take a local day out of force."""
    row.revoked_by, row.revoked_at = person_id, at
    await session.flush()
