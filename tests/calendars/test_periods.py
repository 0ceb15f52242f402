"""Periods cut the calendar without gaps and overlaps, and every instant belongs to the day that China has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.calendars.periods import CUT, ONE_DAY, Stretch, earliest, ended_at, latest, local_day, midnight, periods

DAYS = st.dates(date(2001, 1, 1), date(2098, 12, 31))


@pytest.mark.parametrize(
    ("per", "day", "first", "last"),
    [
        ("DAY", date(2026, 2, 17), date(2026, 2, 17), date(2026, 2, 17)),
        ("WEEK", date(2026, 2, 18), date(2026, 2, 16), date(2026, 2, 22)),
        ("WEEK", date(2026, 1, 1), date(2025, 12, 29), date(2026, 1, 4)),
        ("HALF_MONTH", date(2026, 2, 15), date(2026, 2, 1), date(2026, 2, 15)),
        ("HALF_MONTH", date(2026, 2, 16), date(2026, 2, 16), date(2026, 2, 28)),
        ("MONTH", date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        ("TWO_MONTHS", date(2026, 4, 30), date(2026, 3, 1), date(2026, 4, 30)),
        ("QUARTER", date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31)),
        ("HALF_YEAR", date(2026, 6, 30), date(2026, 1, 1), date(2026, 6, 30)),
        ("YEAR", date(2026, 7, 1), date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_day_lies_in_the_period_that_the_calendar_gives_it(per: str, day: date, first: date, last: date) -> None:
    assert list(periods(per, Stretch(day, day))) == [Stretch(first, last)]


@given(st.sampled_from(sorted(CUT)), DAYS, st.integers(0, 800))
def test_periods_follow_one_another_over_the_whole_range(per: str, first: date, length: int) -> None:
    within = Stretch(first, first + timedelta(days=length))
    found = list(periods(per, within))
    assert within.first in found[0] and within.last in found[-1]
    assert all(each.touches(within) for each in found)
    assert all(later.first == sooner.last + ONE_DAY for sooner, later in pairwise(found))
    assert earliest(within) <= found[0].first and found[-1].last <= latest(within)


@given(DAYS)
def test_a_day_ends_when_the_next_begins(day: date) -> None:
    assert ended_at(day) == midnight(day + ONE_DAY)
    assert local_day(midnight(day)) == day == local_day(ended_at(day) - timedelta(microseconds=1))


def test_days_are_chinas() -> None:
    assert local_day(datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC)) == date(2026, 2, 28)
    assert local_day(datetime(2026, 2, 28, 16, 0, tzinfo=UTC)) == date(2026, 3, 1)


def test_what_no_calendar_cuts_is_refused() -> None:
    with pytest.raises(ValueError, match="CAMPAIGN"):
        list(periods("CAMPAIGN", Stretch(date(2026, 1, 1), date(2026, 1, 2))))
