"""Counting working days: weekends and holidays are skipped, make-up workdays (调休) count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from caseway.calendars.statutory import statutory_days

_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are working days in the whole country.

    In a year without a published notice weekends and the statutory holidays are days off; what is counted there is
    provisional, because the notice may add make-up workdays and move days off.
    """

    #: Days off by the notices: the holidays and the days off around them.
    days_off: frozenset[date]
    #: Saturdays and Sundays on which people work.
    make_up_days: frozenset[date]
    #: Years whose notice is known.
    years: frozenset[int]

    def is_published(self, day: date) -> bool:
        """Whether the notice for the day's year is known; if not, the answers about it are provisional."""
        return day.year in self.years

    def is_workday(self, day: date) -> bool:
        """Whether offices work on that day."""
        if day.year not in self.years:
            return day.weekday() < _SATURDAY and day not in statutory_days(day.year)
        return day in self.make_up_days or (day.weekday() < _SATURDAY and day not in self.days_off)

    def next_workday(self, day: date) -> date:
        """The first workday after that day."""
        return self.add_workdays(day, 1)

    def workday_from(self, day: date) -> date:
        """The day itself if it is a workday, else the next one."""
        return day if self.is_workday(day) else self.next_workday(day)

    def add_workdays(self, day: date, count: int) -> date:
        """The ``count``-th workday after that day, which is not counted itself (convention C2); 0 gives the day."""
        if count < 0:
            raise ValueError("workdays are counted forward only")
        while count:
            day += _DAY
            count -= self.is_workday(day)
        return day

    def workdays_between(self, after: date, until: date) -> int:
        """How many workdays lie after the one day, up to and including the other; 0 if it is not later."""
        return sum(self.is_workday(after + n * _DAY) for n in range(1, (until - after).days + 1))
