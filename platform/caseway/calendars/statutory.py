"""The statutory holidays of a year that no notice has been published for yet: computed, hence provisional."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

_DAY = timedelta(days=1)

#: Spring Festival, Dragon Boat Festival and Mid-Autumn Festival (lunar 1-1, 5-5 and 8-15) as (month, day). Later years
#: know only the holidays of the solar calendar until somebody adds them or their notice is published.
_LUNAR: dict[int, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]] = {
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
def statutory_days(year: int) -> frozenset[date]:
    """The days off that the holiday regulation of 2024 fixes itself. The days that a notice moves to or from weekends
    are not among them: nobody can compute those."""
    days = {date(year, 1, 1), qingming(year), date(year, 5, 1), date(year, 5, 2)}
    days |= {date(year, 10, number) for number in (1, 2, 3)}
    if year in _LUNAR:
        spring, dragon_boat, mid_autumn = (date(year, month, day) for month, day in _LUNAR[year])
        days |= {spring - _DAY, spring, spring + _DAY, spring + 2 * _DAY, dragon_boat, mid_autumn}
    return frozenset(days)
