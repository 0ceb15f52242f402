"""Periods of recurring duties, cut from the calendar: which of them touch a range of days, and when each has ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from caseway.clock import SHANGHAI

ONE_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LAST_OF_FIRST_HALF = 15
#: Months of one period, for those that are whole months counted from January.
_MONTHS = {"MONTH": 1, "TWO_MONTHS": 2, "QUARTER": 3, "HALF_YEAR": 6, "YEAR": 12}
#: Periods that the calendar cuts. TEN_DAYS has no fixed edges (see ``duties``); CAMPAIGN, EVENT and PERIODIC are no
#: stretches of the calendar at all.
CUT = frozenset({"DAY", "WORKDAY", "WEEK", "HALF_MONTH", *_MONTHS})


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Some days in a row, both ends included, in China's time zone."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def days(self) -> Iterator[date]:
        """Every day, the first one first."""
        return (self.first + number * ONE_DAY for number in range(len(self)))

    def touches(self, other: Stretch) -> bool:
        """Whether some day is in both."""
        return self.first <= other.last and other.first <= self.last


def midnight(day: date) -> datetime:
    """The first instant of a day (00:00 in China)."""
    return datetime.combine(day, time.min, SHANGHAI)


def ended_at(last: date) -> datetime:
    """The first instant after a day: what is owed until that day is judged then and not earlier (C1)."""
    return midnight(last + ONE_DAY)


def local_day(instant: datetime) -> date:
    """The day in China at an instant."""
    return instant.astimezone(SHANGHAI).date()


def periods(per: str, within: Stretch) -> Iterator[Stretch]:
    """The periods of this kind (``DAY`` … ``YEAR``) that touch the range, whole, the earliest first. Weeks begin on
    Monday, half months on the 1st and 16th, longer ones with January. For WORKDAY every day: which of them are workdays
    is the calendar's to say."""
    at = _start(per, within.first)
    while at <= within.last:
        last = _last(per, at)
        yield Stretch(at, last)
        at = last + ONE_DAY


def year_start(day: date) -> date:
    """1 January of the day's year: no period that touches the day began earlier, but a week."""
    return day.replace(month=1, day=1)


def earliest(within: Stretch) -> date:
    """The first day that any period touching the range can have."""
    return min(year_start(within.first), _start("WEEK", within.first))


def latest(within: Stretch) -> date:
    """The last day that any period touching the range can have."""
    return max(within.last.replace(month=12, day=31), _last("WEEK", _start("WEEK", within.last)))


def month_of(day: date) -> Stretch:
    """The whole month of a day."""
    return Stretch(_start("MONTH", day), _last("MONTH", _start("MONTH", day)))


def _start(per: str, day: date) -> date:
    match per:
        case "DAY" | "WORKDAY":
            return day
        case "WEEK":
            return day - day.weekday() * ONE_DAY
        case "HALF_MONTH":
            return day.replace(day=1 if day.day <= _LAST_OF_FIRST_HALF else _LAST_OF_FIRST_HALF + 1)
        case _ if per in _MONTHS:
            length = _MONTHS[per]
            return day.replace(month=(day.month - 1) // length * length + 1, day=1)
    raise ValueError(f"{per} is no stretch of the calendar")


def _last(per: str, start: date) -> date:
    match per:
        case "DAY" | "WORKDAY":
            return start
        case "WEEK":
            return start + _WEEK - ONE_DAY
        case "HALF_MONTH" if start.day == 1:
            return start.replace(day=_LAST_OF_FIRST_HALF)
    after = start.month - 1 + _MONTHS.get(per, 1)
    return date(start.year + after // 12, after % 12 + 1, 1) - ONE_DAY
