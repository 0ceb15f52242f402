"""What the package with the notices of past years knows: one source that years are loaded from, and its only user.

The truth is the table of days (see ``service``); this is where the shipped years came from, and where those of a newer
edition of the package can be taken from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.metadata import version

from chinese_calendar.constants import Holiday, holidays, workdays

from caseway.calendars import statutory
from caseway.calendars.workdays import Calendar, DayKind, SpecialDay

#: Names that the package writes without their last sign.
_WHOLE_NAMES = {"清明": statutory.QINGMING, "端午": statutory.DRAGON_BOAT, "中秋": statutory.MID_AUTUMN}
#: Days inside announced periods (4-6 June 2011, 22-24 June 2012) that the package leaves out. Both are weekend days, so
#: no workday is counted differently; what rolls on holidays only would be.
_LEFT_OUT = (
    SpecialDay(date(2011, 6, 5), DayKind.HOLIDAY, statutory.DRAGON_BOAT),
    SpecialDay(date(2012, 6, 23), DayKind.HOLIDAY, statutory.DRAGON_BOAT),
)


def source() -> str:
    """Which edition of the package is installed, in words."""
    return f"chinesecalendar {version('chinesecalendar')}"


@cache
def years() -> Mapping[int, tuple[SpecialDay, ...]]:
    """The special days of every year that the installed package knows, in the order of the days."""
    found: dict[int, list[SpecialDay]] = defaultdict(list)
    for kind, days in ((DayKind.HOLIDAY, holidays), (DayKind.MAKE_UP_WORKDAY, workdays)):
        for day, name in days.items():
            found[day.year].append(SpecialDay(day, kind, _name(name)))
    for each in _LEFT_OUT:
        if each.day not in holidays:
            found[each.day.year].append(each)
    return {year: tuple(sorted(days)) for year, days in sorted(found.items())}


@cache
def calendar() -> Calendar:
    """The national calendar of all notices that the installed package knows."""
    return Calendar.of((each for days in years().values() for each in days), years())


def _name(english: str) -> str:
    name: str = Holiday(english).chinese
    return _WHOLE_NAMES.get(name, name)
