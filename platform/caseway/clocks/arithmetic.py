"""When a limit ends: spans of time after an event, in Shanghai time, to the instant (conventions C1-C3)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from caseway.calendars.workdays import Calendar
from caseway.clock import SHANGHAI

_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class Unit(StrEnum):
    """What a limit is counted in."""

    DAY = "DAY"
    WORKDAY = "WORKDAY"
    MONTH = "MONTH"
    #: The last day of the month in which the event lies; the amount is 0.
    END_OF_MONTH = "END_OF_MONTH"
    HOUR = "HOUR"
    MINUTE = "MINUTE"
    SECOND = "SECOND"

    @property
    def is_exact(self) -> bool:
        """Counted from instant to instant, not in whole days."""
        return self in _EXACT


_EXACT = {
    Unit.HOUR: timedelta(hours=1),
    Unit.MINUTE: timedelta(minutes=1),
    Unit.SECOND: timedelta(seconds=1),
}


class Roll(StrEnum):
    """What happens to a limit that ends on a rest day (C3)."""

    #: It stays: limits of offices.
    NEVER = "NEVER"
    #: It runs on to the end of the next workday: windows of petitioners.
    NEXT_WORKDAY = "NEXT_WORKDAY"


class RollOn(StrEnum):
    """Which days make a limit roll."""

    #: Every day on which offices do not work.
    NON_WORKDAY = "NON_WORKDAY"
    #: Only days inside an announced holiday period, whatever day of the week; a plain weekend does not.
    STATUTORY_HOLIDAY = "STATUTORY_HOLIDAY"


@dataclass(frozen=True, slots=True)
class Limit:
    """A length of time with its source, e.g. 15 DAY by ``law-2022 L22-09``. An amount of 0 days ends with the very
    day."""

    amount: int
    unit: Unit
    source: str
    roll: Roll = Roll.NEVER
    roll_on: RollOn = RollOn.NON_WORKDAY

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("a limit is not negative")

    def facts(self) -> dict[str, Any]:
        """As stored with a clock event."""
        found: dict[str, Any] = {
            "amount": self.amount,
            "unit": str(self.unit),
            "source": self.source,
            "roll": str(self.roll),
        }
        return found if self.roll is Roll.NEVER else found | {"roll_on": str(self.roll_on)}

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Limit:
        """Back from what ``facts()`` gave."""
        return cls(
            facts["amount"],
            Unit(facts["unit"]),
            facts["source"],
            Roll(facts["roll"]),
            RollOn(facts.get("roll_on", RollOn.NON_WORKDAY)),
        )


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends, and whether that may still change because a year's calendar is not published."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    """A day that did not count, or from which a limit rolled on."""

    day: date
    #: WEEKEND or HOLIDAY.
    kind: str
    #: Name of the holiday; empty for a plain weekend.
    name: str


def day_of(instant: datetime) -> date:
    """The day an instant lies in, in Shanghai."""
    return instant.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """0:00 of a day in Shanghai, in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def end_of(day: date) -> datetime:
    """24:00 of a day in Shanghai, in UTC: the first instant that is too late."""
    return start_of(day + _DAY)


def due_date(due_at: datetime) -> date:
    """The day shown to people for a due instant: 24:00 belongs to the day it ends."""
    return day_of(due_at - _MICROSECOND)


def due(start: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """When the limit ends that starts with an event at ``start``: for days 24:00 of the last day, in UTC."""
    return reckon(start, limit, calendar).at


def reckon(start: datetime, limit: Limit, calendar: Calendar) -> Due:
    """Like ``due``, and whether the result is provisional. Limits in plain days and months never are, unless they
    roll."""
    if limit.unit in _EXACT:
        return Due(start + limit.amount * _EXACT[limit.unit], provisional=False)
    last = _counted(day_of(start), limit, calendar)
    asked = limit.unit is Unit.WORKDAY
    if limit.roll is Roll.NEXT_WORKDAY:
        asked = True
        if _rolls(last, limit, calendar):
            last = calendar.next_workday(last)
    # Years are published one after the other: if the last day's is known, so are those of the days before.
    return Due(end_of(last), provisional=asked and not calendar.is_published(last))


def skipped(start: datetime, limit: Limit, calendar: Calendar) -> list[Skipped]:
    """The days that the count of a limit passed over, and those it rolled on from, in order."""
    if limit.unit in _EXACT:
        return []
    first, last = day_of(start), _counted(day_of(start), limit, calendar)
    found = list(_rest_days(first, last, calendar)) if limit.unit is Unit.WORKDAY else []
    if limit.roll is Roll.NEXT_WORKDAY and _rolls(last, limit, calendar):
        found += _rest_days(last - _DAY, calendar.next_workday(last), calendar)
    return found


def extended(due_at: datetime, extension: Limit, calendar: Calendar) -> Due:
    """A due instant moved by an extension, which is counted from the last day of the old limit."""
    return reckon(due_at if extension.unit.is_exact else due_at - _MICROSECOND, extension, calendar)


def remaining(due_at: datetime, at: datetime, limit: Limit, calendar: Calendar) -> Limit:
    """What is left of a limit at an instant, in whole units; ``due_at`` must not have passed. Months are left as
    days: the days to a date."""
    if limit.unit in _EXACT:
        amount = (due_at - at) // _EXACT[limit.unit]
        return Limit(amount, limit.unit, limit.source, limit.roll, limit.roll_on)
    if limit.unit is Unit.WORKDAY:
        amount = calendar.workdays_between(day_of(at), due_date(due_at))
        return Limit(amount, limit.unit, limit.source, limit.roll, limit.roll_on)
    return Limit((due_date(due_at) - day_of(at)).days, Unit.DAY, limit.source, limit.roll, limit.roll_on)


def before(due_at: datetime, amount: int, unit: Unit, calendar: Calendar) -> datetime:
    """The instant a span before the due instant, for reminders: in days or workdays 0:00 of the day so many days before
    the last one."""
    if unit in _EXACT:
        return due_at - amount * _EXACT[unit]
    day = due_date(due_at)
    if unit is Unit.WORKDAY:
        while amount:
            day -= _DAY
            amount -= calendar.is_workday(day)
        return start_of(day)
    return start_of(day - amount * _DAY if unit is Unit.DAY else _months_after(day, -amount))


def _counted(first: date, limit: Limit, calendar: Calendar) -> date:
    """The last day of a limit that is counted in days, before it rolls."""
    match limit.unit:
        case Unit.WORKDAY:
            return calendar.add_workdays(first, limit.amount)
        case Unit.MONTH:
            return _months_after(first, limit.amount)
        case Unit.END_OF_MONTH:
            return first.replace(day=monthrange(first.year, first.month)[1])
    return first + limit.amount * _DAY


def _months_after(day: date, months: int) -> date:
    """The same day number so many months later, or the last day of that month (C2)."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _rolls(day: date, limit: Limit, calendar: Calendar) -> bool:
    if limit.roll_on is RollOn.STATUTORY_HOLIDAY:
        return calendar.is_statutory_holiday(day)
    return not calendar.is_workday(day)


def _rest_days(after: date, until: date, calendar: Calendar) -> Iterator[Skipped]:
    for number in range(1, (until - after).days + 1):
        day = after + number * _DAY
        if not calendar.is_workday(day):
            yield Skipped(day, str(calendar.kind_of(day)), calendar.name_of(day) or "")
