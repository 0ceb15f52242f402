"""The yearly notices on holidays and make-up workdays, as far as they are published: the only user of their source."""

from __future__ import annotations

from functools import cache

from chinese_calendar.constants import holidays, workdays

from caseway.calendars.workdays import Calendar


@cache
def calendar() -> Calendar:
    """The calendar of all notices that this installation knows."""
    return Calendar(
        days_off=frozenset(holidays),
        make_up_days=frozenset(workdays),
        years=frozenset(day.year for day in holidays),
    )
