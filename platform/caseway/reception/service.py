"""Reading reception: who may see what, fixed days of a year, statements of duties, sessions, the public schedule.

Everything about duties is derived when it is asked for: from the published rules, the calendar, and the sessions that
were recorded. Nothing is stored that could say something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import BIT
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars import service as calendars
from caseway.calendars.periods import (
    ONE_DAY,
    Stretch,
    earliest,
    ended_at,
    latest,
    midnight,
    month_of,
    periods,
)
from caseway.people import ranks
from caseway.reception import repository
from caseway.reception.duties import Duty, FixedDuty, Segment, duties, fixed_duties
from caseway.reception.errors import MonthInvalid, ReceptionRange
from caseway.reception.fixed_days import FixedDate, fixed_dates
from caseway.reception.rosters import Rosters
from caseway.rules import service as rules
from caseway.rules.resolve import EffectiveRules
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Level, Office, OfficeKind

#: Institutions that organise the receptions of their government and keep its schedule.
_FOR_SEAT = frozenset({OfficeKind.PETITION_OFFICE, OfficeKind.JOINT_CONFERENCE})
#: Longest range of days that is answered at once, and the years that are answered at all.
MOST_DAYS, FIRST_YEAR, LAST_YEAR = 400, 2000, 2099


@dataclass(frozen=True, slots=True)
class Statement:
    """What an office and its leaders owe in a range of days, as it stands at an instant."""

    office: Office
    within: Stretch
    at: datetime
    fixed: tuple[FixedDuty, ...]
    duties: tuple[Duty, ...]


def stretch(first: date, last: date) -> Stretch:
    """A range of days from outside; ``ReceptionRange`` unless it is one of 1 to 400 days that can be answered."""
    if first > last or (last - first).days >= MOST_DAYS or first.year < FIRST_YEAR or last.year > LAST_YEAR:
        raise ReceptionRange
    return Stretch(first, last)


def month(text: str) -> Stretch:
    """The month of a text such as ``2026-02``; ``MonthInvalid`` for anything else."""
    try:
        first = date.fromisoformat(f"{text}-01") if len(text) == len("2026-02") else date.min
    except ValueError:
        first = date.min
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        raise MonthInvalid
    return month_of(first)


async def owner(session: AsyncSession, office: Office) -> Office:
    """The office whose sessions and duties are meant by an office: a petition office or joint conference keeps those of
    its government, every other office its own."""
    return await offices.seat(session, office) if office.kind in _FOR_SEAT else office


def relations(actor: Actor, office: Office) -> int:
    """The bitmap of facts between an actor and the office that owns sessions and duties: ``own`` for its own people and
    for those who keep its schedule, ``below`` for whoever stands above it."""
    facts = BIT["any"]
    if actor.office_id and office.id in (actor.office_id, actor.seat_id):
        facts |= BIT["own"]
    elif actor.office_id and office.path.startswith(actor.seat_path):
        facts |= BIT["below"]
    return facts


def readable(policy: Policy, actor: Actor, office: Office) -> bool:
    """Whether the actor may see the sessions, duties and resources of the office (S1.11)."""
    return policy.allows(actor, Permission.RECEPTION_READ, relations(actor, office))


async def shown(session: AsyncSession, policy: Policy, actor: Actor, office_id: int | None) -> Office | None:
    """The owner that an office's id leads to, if the actor may see its reception; None for "not there" and "not yours"
    alike."""
    found = await offices.by_id(session, office_id) if office_id is not None else None
    office = await owner(session, found) if found is not None else None
    return office if office is not None and readable(policy, actor, office) else None


async def fixed_year(session: AsyncSession, office: Office, *, year: int) -> list[FixedDate]:
    """The fixed days of a year by date, each month by the rules in force on its first day."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ReceptionRange
    whole = Stretch(date(year, 1, 1), date(year, 12, 31))
    return sorted([each for _, dates in await _fixed(session, office, whole) for each in dates], key=_by_date)


async def statement(session: AsyncSession, office: Office, *, within: Stretch, now: datetime) -> Statement:
    """What an owner of duties owes in a range of days: every fixed day in it and every duty whose period touches it.

    A discipline body owes none of them: it receives under rules of its own.
    """
    if office.kind == OfficeKind.DISCIPLINE:
        return Statement(office, within, now, (), ())
    looked = Stretch(min(earliest(within), _months(within)[0].first), latest(within))
    posts = tuple(
        await repository.posts(session, office.id, after=midnight(looked.first), before=ended_at(looked.last))
    )
    held = await repository.held(session, office.id, first=looked.first, last=looked.last)
    heads_grade = await _heads_grade(session, office)
    calendar = await calendars.for_office(session, office.id)
    segments = [
        Segment(days, Rosters(pinned, heads_grade, posts))
        for days, pinned in await _pinned(session, office.id, Stretch(looked.first, within.last))
    ]
    fixed: list[FixedDuty] = []
    for each in _months(within):
        rosters = next(segment.rosters for segment in segments if each.first in segment.days)
        dates = fixed_dates(rosters.rules, month=each.first, calendar=calendar)
        kept = [one for one in dates if one.on in within]
        fixed += fixed_duties(kept, rosters=rosters, held=held, now=now)
    fixed.sort(key=lambda one: _by_date(one.date))
    owed = duties(segments, within=within, held=held, calendar=calendar, now=now)
    return Statement(office, within, now, tuple(fixed), tuple(owed))


async def _fixed(session: AsyncSession, office: Office, within: Stretch) -> list[tuple[Stretch, list[FixedDate]]]:
    calendar = await calendars.for_office(session, office.id)
    segments = await _pinned(session, office.id, within)
    return [
        (each, fixed_dates(pinned, month=each.first, calendar=calendar))
        for each in periods("MONTH", within)
        for days, pinned in segments
        if each.first in days
    ]


def _months(within: Stretch) -> list[Stretch]:
    """The months whose fixed days can lie in a range: those that touch it, and the one before, from whose end a day may
    roll into it."""
    before = month_of(month_of(within.first).first - ONE_DAY)
    return [before, *periods("MONTH", within)]


def _by_date(each: FixedDate) -> tuple[date, str, int]:
    return each.on, each.activity, each.day


async def _pinned(session: AsyncSession, office_id: int, within: Stretch) -> list[tuple[Stretch, EffectiveRules]]:
    """The range in stretches under the same versions of the same books, in order.

    Versions only ever go up, so where the first and the last day have the same, all days between have: a range without
    a publication in it costs two look-ups, each publication a few more.
    """
    known: dict[date, EffectiveRules] = {}

    async def on(day: date) -> EffectiveRules:
        if day not in known:
            known[day] = await rules.effective_on(session, office_id, day=day)
        return known[day]

    async def cut(part: Stretch) -> list[tuple[Stretch, EffectiveRules]]:
        first, last = await on(part.first), await on(part.last)
        if first.versions == last.versions:
            return [(part, first)]
        middle = part.first + (part.last - part.first) // 2
        return [*await cut(Stretch(part.first, middle)), *await cut(Stretch(middle + ONE_DAY, part.last))]

    return list(_joined(await cut(within)))


def _joined(parts: list[tuple[Stretch, EffectiveRules]]) -> Iterator[tuple[Stretch, EffectiveRules]]:
    whole, pinned = parts[0]
    for part, found in parts[1:]:
        if found.versions == pinned.versions:
            whole = Stretch(whole.first, part.last)
        else:
            yield whole, pinned
            whole, pinned = part, found
    yield whole, pinned


async def _heads_grade(session: AsyncSession, office: Office) -> int:
    """The grade of the office's heads. In a municipality directly under the centre (直辖市) the top of the tree is a
    city, and everything in it stands one step higher."""
    top = await offices.by_id(session, office.chain[0])
    municipal = top is not None and top.level == Level.CITY
    return ranks.heads_grade(level=office.level, kind=office.kind, municipal=municipal)
