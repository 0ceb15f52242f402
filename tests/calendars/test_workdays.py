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
from caseway.calendars.workdays import Calendar, DayKind, SpecialDay

_DAY = timedelta(days=1)
FIRST, LAST = date(2007, 1, 1), date(2026, 12, 31)
EVERY_DAY = [FIRST + n * _DAY for n in range((LAST - FIRST).days + 1)]


def test_every_day_of_twenty_years_is_what_the_notices_say() -> None:
    wrong = [day for day in EVERY_DAY if calendar().is_workday(day) != chinese_calendar.is_workday(day)]
    assert wrong == []


def test_every_day_is_what_the_notices_call_it() -> None:
    for day in EVERY_DAY:
        kind, weekend = calendar().kind_of(day), day.weekday() >= 5
        if kind in (DayKind.WORKDAY, DayKind.WEEKEND):
            assert (kind is DayKind.WEEKEND) is weekend and calendar().name_of(day) is None
        else:
            assert calendar().name_of(day)
        assert weekend or kind is not DayKind.MAKE_UP_WORKDAY
        assert calendar().is_statutory_holiday(day) is (kind is DayKind.HOLIDAY)
        assert calendar().is_workday(day) is kind.is_workday


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        (date(2026, 2, 17), DayKind.HOLIDAY, "春节"),
        (date(2026, 6, 20), DayKind.HOLIDAY, "端午节"),  # a Saturday inside the holiday
        (date(2026, 9, 20), DayKind.MAKE_UP_WORKDAY, "国庆节"),
        (date(2026, 12, 20), DayKind.WEEKEND, None),
        (date(2026, 12, 21), DayKind.WORKDAY, None),
        (date(2015, 9, 3), DayKind.HOLIDAY, "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日"),
        # Weekend days inside announced periods that the package leaves out.
        (date(2011, 6, 5), DayKind.HOLIDAY, "端午节"),
        (date(2012, 6, 23), DayKind.HOLIDAY, "端午节"),
        (date(2027, 10, 2), DayKind.HOLIDAY, "国庆节"),
        (date(2027, 10, 9), DayKind.WEEKEND, None),
        (date(2028, 10, 3), DayKind.HOLIDAY, "国庆节、中秋节"),
    ],
)
def test_days_have_kinds_and_names(day: date, kind: DayKind, name: str | None) -> None:
    assert (calendar().kind_of(day), calendar().name_of(day)) == (kind, name)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 60, 250])
def test_adding_workdays_and_counting_them_agree_on_every_day(count: int) -> None:
    for day in EVERY_DAY:
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


def test_a_year_of_workdays_is_counted_as_day_by_day() -> None:
    """The years are laid out beforehand; counting one by one must give the same, also over several years."""
    for start in (date(2019, 12, 31), date(2024, 2, 29), date(2026, 10, 1), date(2026, 12, 31)):
        day = start
        for count in range(1, 600):
            day += _DAY
            while not calendar().kind_of(day).is_workday:
                day += _DAY
            assert calendar().add_workdays(start, count) == day


def test_nothing_is_added_or_counted() -> None:
    assert calendar().add_workdays(date(2026, 10, 1), 0) == date(2026, 10, 1)
    assert calendar().workdays_between(date(2026, 3, 2), date(2026, 3, 2)) == 0
    assert calendar().workdays_between(date(2026, 3, 2), date(2025, 3, 2)) == 0


def test_the_end_of_all_dates_is_an_overflow_and_no_endless_loop() -> None:
    with pytest.raises(OverflowError):
        calendar().add_workdays(date(9999, 12, 1), 1_000)


def _off(day: date, name: str = "古尔邦节") -> SpecialDay:
    return SpecialDay(day, DayKind.HOLIDAY, name)


def test_a_local_day_is_off_for_whoever_it_is_decided_for_alone() -> None:
    day = date(2026, 5, 27)
    local = calendar().with_local([_off(day)])
    assert local.kind_of(day) is DayKind.HOLIDAY and local.name_of(day) == "古尔邦节"
    assert local.is_statutory_holiday(day) and not local.is_workday(day)
    assert local.add_workdays(date(2026, 5, 26), 1) == date(2026, 5, 28)
    assert local.workdays_between(date(2026, 1, 1), date(2026, 12, 31)) == (
        calendar().workdays_between(date(2026, 1, 1), date(2026, 12, 31)) - 1
    )
    assert calendar().is_workday(day) and local.national is calendar()
    # Other years are the same.
    assert local.add_workdays(date(2024, 1, 1), 400) == calendar().add_workdays(date(2024, 1, 1), 400)


def test_the_nearest_office_is_heard_last() -> None:
    day = date(2026, 5, 27)
    works = SpecialDay(day, DayKind.MAKE_UP_WORKDAY, "照常上班")
    assert not calendar().with_local([_off(day)]).is_workday(day)
    assert calendar().with_local([_off(day), works]).is_workday(day)
    assert calendar().with_local([_off(day)]).with_local([works]).is_workday(day)
    assert calendar().with_local([works, _off(day)]).kind_of(day) is DayKind.HOLIDAY


def test_a_local_day_in_a_year_without_a_notice_counts_and_stays_provisional() -> None:
    day = date(2027, 5, 17)
    local = calendar().with_local([_off(day)])
    assert not local.is_workday(day) and not local.is_published(day)


def test_calendars_are_equal_when_they_hold_the_same() -> None:
    special = [_off(date(2026, 5, 27)), _off(date(2026, 5, 28))]
    one, other = Calendar.of(special, [2026]), Calendar.of(reversed(special), [2026])
    assert one == other and hash(one) == hash(other)
    assert one != Calendar.of(special, [2026, 2027])
    assert one != Calendar.of(special[:1], [2026])
    assert one != Calendar.of(special, [2026], revision=7) == Calendar.of([], [], revision=7)
    by_hand = one.with_local([_off(date(2026, 7, 1)), _off(date(2026, 7, 2))])
    assert by_hand == one.with_local([_off(date(2026, 7, 2))]).with_local([_off(date(2026, 7, 1))])
    assert by_hand not in (one, one.with_local([_off(date(2026, 7, 1))]))
    assert one.with_local([]) is one


def test_another_year_can_be_tried_out() -> None:
    """What a notice would change is reckoned on a copy; days of offices stay."""
    tried = calendar().with_local([_off(date(2027, 5, 17))]).with_year(2027, [_off(date(2027, 2, 1), "春节")])
    assert tried.is_published(date(2027, 5, 17)) and not calendar().is_published(date(2027, 5, 17))
    assert not tried.is_workday(date(2027, 2, 1)) and calendar().is_workday(date(2027, 2, 1))
    # The year is the file's alone now: what regulation alone had made of it is gone, what the office decided is not.
    assert tried.is_workday(date(2027, 10, 1)) and not tried.is_workday(date(2027, 5, 17))
    assert tried.add_workdays(date(2026, 1, 1), 100) == calendar().add_workdays(date(2026, 1, 1), 100)


def test_a_calendar_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        calendar().years = frozenset()  # type: ignore[misc]
    with pytest.raises(TypeError):
        calendar().special[FIRST] = _off(FIRST)  # type: ignore[index]
