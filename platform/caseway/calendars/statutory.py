"""The days off that the national holiday regulation fixes by itself, without any notice.

They are needed twice: as the days off of a year that no notice has been published for yet (what is reckoned with them
is provisional), and to see whether a notice that is loaded leaves one out. The days that a notice moves to or from
weekends are not among them: nobody can compute those.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

_DAY = timedelta(days=1)

NEW_YEAR, SPRING_FESTIVAL, QINGMING, LABOUR_DAY = "元旦", "春节", "清明节", "劳动节"
DRAGON_BOAT, MID_AUTUMN, NATIONAL_DAY = "端午节", "中秋节", "国庆节"
#: Between the names of two holidays that fall on one day.
_AND = "、"

#: Spring Festival, Dragon Boat Festival and Mid-Autumn Festival (lunar 1-1, 5-5 and 8-15) as (month, day). Later years
#: know only the holidays of the solar calendar until somebody adds them or their notice is published.
_LUNAR: dict[int, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]] = {
    2004: ((1, 22), (6, 22), (9, 28)),
    2005: ((2, 9), (6, 11), (9, 18)),
    2006: ((1, 29), (5, 31), (10, 6)),
    2007: ((2, 18), (6, 19), (9, 25)),
    2008: ((2, 7), (6, 8), (9, 14)),
    2009: ((1, 26), (5, 28), (10, 3)),
    2010: ((2, 14), (6, 16), (9, 22)),
    2011: ((2, 3), (6, 6), (9, 12)),
    2012: ((1, 23), (6, 23), (9, 30)),
    2013: ((2, 10), (6, 12), (9, 19)),
    2014: ((1, 31), (6, 2), (9, 8)),
    2015: ((2, 19), (6, 20), (9, 27)),
    2016: ((2, 8), (6, 9), (9, 15)),
    2017: ((1, 28), (5, 30), (10, 4)),
    2018: ((2, 16), (6, 18), (9, 24)),
    2019: ((2, 5), (6, 7), (9, 13)),
    2020: ((1, 25), (6, 25), (10, 1)),
    2021: ((2, 12), (6, 14), (9, 21)),
    2022: ((2, 1), (6, 3), (9, 10)),
    2023: ((1, 22), (6, 22), (9, 29)),
    2024: ((2, 10), (6, 10), (9, 17)),
    2025: ((1, 29), (5, 31), (10, 6)),
    2026: ((2, 17), (6, 19), (9, 25)),
    2027: ((2, 6), (6, 9), (9, 15)),
    2028: ((1, 26), (5, 28), (10, 3)),
    2029: ((2, 13), (6, 16), (9, 22)),
    2030: ((2, 3), (6, 5), (9, 12)),
    2031: ((1, 23), (6, 24), (10, 1)),
    2032: ((2, 11), (6, 12), (9, 19)),
    2033: ((1, 31), (6, 1), (9, 8)),
    2034: ((2, 19), (6, 20), (9, 27)),
    2035: ((2, 8), (6, 10), (9, 16)),
    2036: ((1, 28), (5, 30), (10, 4)),
}


def qingming(year: int) -> date:
    """Tomb-Sweeping Day by the usual formula for solar terms, right for 2001-2099."""
    short = year % 100
    return date(year, 4, int(short * 0.2422 + 4.81) - short // 4)


@cache
def statutory_names(year: int) -> Mapping[date, str]:
    """The statutory days off of a year with the names of their holidays, by the edition of the holiday regulation that
    counts for that year: 1999 (until 2007), 2007 (from 2008), 2013 (from 2014), 2024 (from 2025)."""
    found: dict[date, str] = {}

    def add(name: str, *days: date) -> None:
        for day in days:
            found[day] = f"{found[day]}{_AND}{name}" if day in found else name

    add(NEW_YEAR, date(year, 1, 1))
    if year >= 2008:
        add(QINGMING, qingming(year))
    add(LABOUR_DAY, *(date(year, 5, number) for number in _labour_days(year)))
    add(NATIONAL_DAY, *(date(year, 10, number) for number in (1, 2, 3)))
    if year in _LUNAR:
        spring, dragon_boat, mid_autumn = (date(year, month, day) for month, day in _LUNAR[year])
        add(SPRING_FESTIVAL, *(spring + step * _DAY for step in _spring_steps(year)))
        if year >= 2008:
            add(DRAGON_BOAT, dragon_boat)
            add(MID_AUTUMN, mid_autumn)
    return MappingProxyType(found)


def _labour_days(year: int) -> range:
    """The days of May that are off: three until 2007, one from 2008, two from 2025."""
    return range(1, 4 if year <= 2007 else 2 if year < 2025 else 3)


def _spring_steps(year: int) -> range:
    """The days off around the first day of the lunar year: New Year's Eve belongs to them from 2008 to 2013 (instead of
    the third day) and again from 2025."""
    if year >= 2025:
        return range(-1, 3)
    return range(-1, 2) if 2008 <= year <= 2013 else range(3)


@cache
def statutory_days(year: int) -> frozenset[date]:
    """The statutory days off of a year, see ``statutory_names``."""
    return frozenset(statutory_names(year))
