"""Days that an office decides for itself and everything below it: who may, which days, and taking them back.

Areas where minorities live have holidays of their own (art. 4 of the national holiday regulation), decided by their
governments; and a government may let its offices work on a weekend. What the whole country has off stays off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars import repository, service
from caseway.calendars.codes import LONGEST_RANGE
from caseway.calendars.errors import (
    CalendarRange,
    LocalDayDate,
    LocalDayNotFound,
    LocalDayOffice,
    LocalDayStatutory,
    LocalDayTaken,
    LocalDayUnchanged,
)
from caseway.calendars.models import LocalDay
from caseway.calendars.workdays import Calendar, DayKind
from caseway.clock import SHANGHAI
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Level, Office, OfficeKind


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it counts for an office."""

    day: date
    kind: DayKind
    #: Of the holiday that it belongs to or is made up for.
    name: str | None
    #: The notice or local decision that says so; the regulation and the week where no notice is known yet.
    source: str
    is_provisional: bool
    #: The decision of an office that counts for this day.
    local: LocalDay | None


#: Where the days of a year without a notice come from.
BY_REGULATION = "全国年节及纪念日放假办法"


async def days(session: AsyncSession, *, office_id: int, first: date, last: date) -> list[Day] | None:
    """Every day from the first to the last as it counts for an office; None for no office. ``CalendarRange`` for no
    day or for more than 400."""
    if not 1 <= (last - first).days + 1 <= LONGEST_RANGE:
        raise CalendarRange(first=first, last=last, most=LONGEST_RANGE)
    office = await offices.by_id(session, office_id)
    if office is None:
        return None
    calendar = await service.for_chain(session, office.chain)
    decided = {row.day: row for row in await repository.local_days(session, office.chain, first=first, last=last)}
    years = await repository.years(session)

    def one(day: date) -> Day:
        local, year = decided.get(day), years.get(day.year)
        source = local.basis if local is not None else year.notice if year is not None else BY_REGULATION
        return Day(day, calendar.kind_of(day), calendar.name_of(day), source, not calendar.is_published(day), local)

    return [one(first + timedelta(days=step)) for step in range((last - first).days + 1)]


async def add(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    day: date,
    kind: DayKind,
    name: str,
    basis: str,
    now: datetime,
) -> LocalDay:
    """Decide that a day is a holiday, or a workday, for an office and everything below it, from now on.

    Raises ``NotFound``, ``NotPermitted``, ``LocalDayOffice``, ``LocalDayDate``, ``LocalDayTaken``,
    ``LocalDayStatutory``, ``LocalDayUnchanged``.
    """
    office = await _administered(uow, policy, actor, office_id)
    if office.kind != OfficeKind.GOVERNMENT or Level(office.level) is Level.VILLAGE:
        raise LocalDayOffice
    _refuse_date(day, now=now)
    await repository.revision(uow.session, lock=True)
    if await repository.local_days(uow.session, [office.id], first=day, last=day):
        raise LocalDayTaken(day=day)
    _refuse_kind(day, kind, await service.for_chain(uow.session, office.chain))
    row = LocalDay(
        office_id=office.id, day=day, kind=kind.value, name=name, basis=basis, added_by=actor.person_id, added_at=now
    )
    await repository.add_local_day(uow.session, row)
    await repository.raise_revision(uow.session)
    return row


async def revoke(uow: UnitOfWork, policy: Policy, actor: Actor, *, local_day_id: int, now: datetime) -> LocalDay:
    """Take back a day that an office has decided, while it is still ahead. Raises ``LocalDayNotFound`` (also when it
    was taken back before), ``NotFound`` when its office is closed, ``NotPermitted``, ``LocalDayDate``."""
    row = await repository.local_day(uow.session, local_day_id)
    if row is None:
        raise LocalDayNotFound
    await _administered(uow, policy, actor, row.office_id)
    await repository.revision(uow.session, lock=True)
    row = await repository.local_day(uow.session, local_day_id, lock=True)
    if row is None or row.revoked_at is not None:
        raise LocalDayNotFound
    _refuse_date(row.day, now=now)
    await repository.revoke(uow.session, row, person_id=actor.person_id, at=now)
    await repository.raise_revision(uow.session)
    return row


async def local_day(session: AsyncSession, local_day_id: int) -> LocalDay | None:
    """One decision as it stands, for whoever has just changed it."""
    return await repository.local_day(session, local_day_id)


async def _administered(uow: UnitOfWork, policy: Policy, actor: Actor, office_id: int) -> Office:
    office = await offices.by_id(uow.session, office_id)
    if office is None or office.valid_to is not None:
        raise NotFound
    await policy.require(uow, actor, Permission.CALENDAR_EDIT, office_facts(actor, office.id, office.path))
    return office


def _refuse_date(day: date, *, now: datetime) -> None:
    today = now.astimezone(SHANGHAI).date()
    if not today < day <= today + timedelta(days=LONGEST_RANGE):
        raise LocalDayDate(day=day, today=today)


def _refuse_kind(day: date, kind: DayKind, calendar: Calendar) -> None:
    """Refuse what changes nothing, and what the regulation or the notice forbids. ``calendar`` is the office's."""
    if kind is DayKind.MAKE_UP_WORKDAY:
        if calendar.national.is_statutory_holiday(day):
            raise LocalDayStatutory(day=day, name=calendar.national.name_of(day))
        if calendar.is_workday(day):
            raise LocalDayUnchanged(day=day, kind=str(calendar.kind_of(day)))
    elif calendar.kind_of(day) is DayKind.HOLIDAY:
        raise LocalDayUnchanged(day=day, kind=str(DayKind.HOLIDAY))
