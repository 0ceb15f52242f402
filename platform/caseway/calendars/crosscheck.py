"""A second opinion on the published years, where the package that has one is installed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from typing import Any

from caseway.calendars.workdays import Calendar

#: Before it the two sources are known to differ (in one day).
_FIRST = 2007


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which years both sources know, and the days of them on which they say the opposite."""

    years: tuple[int, ...]
    differing: tuple[date, ...]


def compare(calendar: Calendar) -> Comparison | None:
    """Compare every day of the published years; None when the second source is not installed. It takes seconds. Years
    whose notice the second source does not have are left out: it has no make-up day in them."""
    try:
        other: Any = import_module("holidays")
    except ImportError:
        return None
    known = sorted(year for year in calendar.years if year >= _FIRST)
    country = other.country_holidays("CN", years=known)
    years = sorted({day.year for day in country.weekend_workdays}.intersection(known))
    differing = (
        day for year in years for day in _days(year) if calendar.is_workday(day) != bool(country.is_working_day(day))
    )
    return Comparison(tuple(years), tuple(differing))


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=step) for step in range((date(year + 1, 1, 1) - first).days)]
