"""When a limit ends: days and workdays after an event, in Shanghai time, to the instant (conventions C1-C3)."""

from __future__ import annotations

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
    HOUR = "HOUR"
    MINUTE = "MINUTE"

    @property
    def is_exact(self) -> bool:
        """Counted from instant to instant, not in whole days."""
        return self in (Unit.HOUR, Unit.MINUTE)


class Roll(StrEnum):
    """What happens to a limit that ends on a rest day (C3)."""

    #: It stays: limits of offices.
    NEVER = "NEVER"
    #: It runs on to the end of the next workday: windows of petitioners.
    NEXT_WORKDAY = "NEXT_WORKDAY"


@dataclass(frozen=True, slots=True)
class Limit:
    """A length of time with its legal source, e.g. 15 DAY by ``law-2022 L22-09 art. 22``. An amount of 0 days ends with
    the very day."""

    amount: int
    unit: Unit
    source: str
    roll: Roll = Roll.NEVER

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("a limit is not negative")

    def facts(self) -> dict[str, Any]:
        """As stored with a clock event."""
        return {"amount": self.amount, "unit": str(self.unit), "source": self.source, "roll": str(self.roll)}

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Limit:
        """Back from what ``facts()`` gave."""
        return cls(facts["amount"], Unit(facts["unit"]), facts["source"], Roll(facts["roll"]))


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends, and whether that may still change because a year's calendar is not published."""

    at: datetime
    provisional: bool


def day_of(instant: datetime) -> date:
    """The day an instant lies in, in Shanghai."""
    return instant.astimezone(SHANGHAI).date()


def end_of(day: date) -> datetime:
    """24:00 of a day in Shanghai, in UTC: the first instant that is too late."""
    return datetime.combine(day + _DAY, time(), SHANGHAI).astimezone(UTC)


def due_date(due_at: datetime) -> date:
    """The day shown to people for a due instant: 24:00 belongs to the day it ends."""
    return day_of(due_at - _MICROSECOND)


def due(start: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """When the limit ends that starts with an event at ``start``: for days 24:00 of the last day, in UTC."""
    return reckon(start, limit, calendar).at


def reckon(start: datetime, limit: Limit, calendar: Calendar) -> Due:
    """Like ``due``, and whether the result is provisional. Limits in plain days never are, unless they roll."""
    if limit.unit.is_exact:
        length = timedelta(hours=limit.amount) if limit.unit is Unit.HOUR else timedelta(minutes=limit.amount)
        return Due(start + length, provisional=False)
    first = day_of(start)
    if limit.unit is Unit.WORKDAY:
        last = calendar.add_workdays(first, limit.amount)
    else:
        last = first + limit.amount * _DAY
    asked = limit.unit is Unit.WORKDAY
    if limit.roll is Roll.NEXT_WORKDAY:
        last = calendar.workday_from(last)
        asked = True
    # Years are published one after the other: if the last day's is known, so are those of the days before.
    return Due(end_of(last), provisional=asked and not calendar.is_published(last))


def extended(due_at: datetime, extension: Limit, calendar: Calendar) -> Due:
    """A due instant moved by an extension, which is counted from the last day of the old limit."""
    return reckon(due_at if extension.unit.is_exact else due_at - _MICROSECOND, extension, calendar)


def remaining(due_at: datetime, at: datetime, limit: Limit, calendar: Calendar) -> Limit:
    """What is left of a limit at an instant, in whole units; ``due_at`` must not have passed."""
    if limit.unit.is_exact:
        seconds = timedelta(hours=1) if limit.unit is Unit.HOUR else timedelta(minutes=1)
        amount = (due_at - at) // seconds
    elif limit.unit is Unit.WORKDAY:
        amount = calendar.workdays_between(day_of(at), due_date(due_at))
    else:
        amount = (due_date(due_at) - day_of(at)).days
    return Limit(amount, limit.unit, limit.source, limit.roll)
