"""Counting working days against the published notices, and beyond them."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest
from chinese_calendar.solar_terms import SolarTerms
from hypothesis import given
from hypothesis import strategies as st

from caseway.calendars.published import calendar
from caseway.calendars.statutory import qingming, statutory_days

_DAY = timedelta(days=1)
FIRST, LAST = date(2007, 1, 1), date(2026, 12, 31)
EVERY_DAY = [FIRST + n * _DAY for n in range((LAST - FIRST).days + 1)]


def test_every_day_of_twenty_years_is_what_the_notices_say() -> None:
    wrong = [day for day in EVERY_DAY if calendar().is_workday(day) != chinese_calendar.is_workday(day)]
    assert wrong == []


@pytest.mark.parametrize("count", [1, 3, 5, 10])
def test_adding_workdays_and_counting_them_agree_on_every_day(count: int) -> None:
    last_start = LAST - 40 * _DAY
    for day in EVERY_DAY:
        if day > last_start:
            break
        end = calendar().add_workdays(day, count)
        assert calendar().workdays_between(day, end) == count
        assert calendar().is_workday(end)
        assert calendar().workdays_between(day, end - _DAY) == count - 1


@pytest.mark.parametrize(("count", "span"), [(1, 11), (3, 13), (5, 15), (10, 22)])
def test_the_longest_spans_are_those_of_spring_festival_2020(count: int, span: int) -> None:
    longest = max((calendar().add_workdays(day, count) - day).days for day in EVERY_DAY if day <= LAST - 40 * _DAY)
    assert longest == span


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ],
)
def test_make_up_days_of_2026_are_workdays_on_weekends(day: date) -> None:
    assert day.weekday() >= 5
    assert calendar().is_workday(day)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 1), date(2026, 1, 3)),
        (date(2026, 2, 15), date(2026, 2, 23)),
        (date(2026, 4, 4), date(2026, 4, 6)),
        (date(2026, 5, 1), date(2026, 5, 5)),
        (date(2026, 6, 19), date(2026, 6, 21)),
        (date(2026, 9, 25), date(2026, 9, 27)),
        (date(2026, 10, 1), date(2026, 10, 7)),
    ],
)
def test_holidays_of_2026_are_off(first: date, last: date) -> None:
    assert not any(calendar().is_workday(first + n * _DAY) for n in range((last - first).days + 1))


@pytest.mark.parametrize(("month", "workdays"), [(3, 22), (5, 19), (6, 21), (9, 22), (10, 18)])
def test_months_of_2026_have_as_many_workdays_as_the_notice_gives(month: int, workdays: int) -> None:
    days = [date(2026, month, 1) + n * _DAY for n in range(31)]
    assert sum(calendar().is_workday(day) for day in days if day.month == month) == workdays


@given(st.dates(FIRST, LAST - 60 * _DAY), st.integers(0, 20), st.integers(0, 20))
def test_workdays_add_up(day: date, first: int, second: int) -> None:
    assert calendar().add_workdays(calendar().add_workdays(day, first), second) == calendar().add_workdays(
        day, first + second
    )


@given(st.dates(FIRST, date(2040, 1, 1)))
def test_the_next_workday_is_later_and_nothing_before_it_is_one(day: date) -> None:
    following = calendar().next_workday(day)
    assert following > day
    assert calendar().is_workday(following)
    assert not any(calendar().is_workday(day + n * _DAY) for n in range(1, (following - day).days))
    assert calendar().workday_from(day) == (day if calendar().is_workday(day) else following)


def test_workdays_are_counted_forward_only() -> None:
    with pytest.raises(ValueError, match="forward"):
        calendar().add_workdays(FIRST, -1)


def test_a_year_without_a_notice_is_provisional() -> None:
    assert calendar().is_published(date(2026, 12, 31))
    assert not calendar().is_published(date(2027, 1, 1))


def test_beyond_the_notices_weekends_and_statutory_days_are_off() -> None:
    off = [date(2027, 1, 1), date(2027, 2, 5), date(2027, 2, 8), date(2027, 6, 9), date(2027, 9, 15), date(2027, 10, 1)]
    assert not any(calendar().is_workday(day) for day in off)
    assert not calendar().is_workday(date(2027, 2, 20))
    # The provisional visit day of scenario 1: Saturday the 20th rolls to Monday the 22nd.
    assert calendar().workday_from(date(2027, 2, 20)) == date(2027, 2, 22)


@pytest.mark.parametrize("year", range(2027, 2037))
def test_a_year_has_thirteen_statutory_days_unless_two_festivals_meet(year: int) -> None:
    overlap = 1 if year in (2028, 2031) else 0  # Mid-Autumn falls on a National Day
    assert len(statutory_days(year)) == 13 - overlap


def test_beyond_the_known_lunar_years_the_solar_holidays_remain() -> None:
    assert date(2050, 10, 1) in statutory_days(2050)
    assert len(statutory_days(2050)) == 7


def test_tomb_sweeping_day_agrees_with_the_solar_terms_of_the_source() -> None:
    for year in range(2001, 2100):
        terms = {name: day for day, name in chinese_calendar.get_solar_terms(date(year, 4, 1), date(year, 4, 30))}
        assert terms[SolarTerms.pure_brightness.value[1]] == qingming(year), year
