"""Fixed days resolve to the dates of the scenarios, and every day of the month to exactly one date or none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.calendars.periods import ONE_DAY, Stretch, periods
from caseway.calendars.published import calendar
from caseway.reception.fixed_days import CALENDAR_NOT_PUBLISHED, FixedDate, fixed_dates, roll
from caseway.rules.resolve import EffectiveRules
from reception.books import decided, fixed, own, rules_of, seed

YEAR = Stretch(date(2026, 1, 1), date(2026, 12, 31))
DISTRICT = rules_of("120111", "COUNTY", seed("tianjin"))
STREET = rules_of("120111001", "TOWN", seed("tianjin"), own("120111"))


def of_year(rules: EffectiveRules, year: Stretch = YEAR) -> Iterator[FixedDate]:
    """Every fixed day of a year."""
    for month in periods("MONTH", year):
        yield from fixed_dates(rules, month=month.first, calendar=calendar())


def shown(rules: EffectiveRules) -> list[str]:
    """The dates of 2026, as the scenarios write them."""
    return [each.on.strftime("%m-%d") for each in of_year(rules)]


@pytest.mark.parametrize("rules", [DISTRICT, STREET], ids=["district", "street"])
def test_the_visit_day_rolls_to_the_next_workday(rules: EffectiveRules) -> None:
    """S1.1"""
    assert shown(rules) == [
        *("01-20", "02-24", "03-20", "04-20", "05-20", "06-22"),
        *("07-20", "08-20", "09-20", "10-20", "11-20", "12-21"),
    ]
    assert all(each.provisional is None for each in of_year(rules))


def test_only_days_in_holiday_periods_roll_where_the_rule_says_so() -> None:
    """S1.2: a plain Sunday stays, a Saturday inside a holiday rolls."""
    changed = decided(seed("tianjin"), "TJ-01", roll_on="STATUTORY_HOLIDAY")
    assert shown(rules_of("120111", "COUNTY", changed)) == [
        *("01-20", "02-24", "03-20", "04-20", "05-20", "06-22"),
        *("07-20", "08-20", "09-20", "10-20", "11-20", "12-20"),
    ]


def test_a_date_without_a_published_calendar_is_provisional() -> None:
    """S1.3"""
    (found,) = fixed_dates(DISTRICT, month=date(2027, 2, 1), calendar=calendar())
    assert (found.on, found.named, found.provisional) == (date(2027, 2, 22), date(2027, 2, 20), CALENDAR_NOT_PUBLISHED)


def test_a_date_that_rolls_into_a_year_without_calendar_is_provisional_too() -> None:
    rules = rules_of("1", "COUNTY", own("1", fixed(days=[31], short_month="SKIP", roll_on="NON_WORKDAY")))
    (found,) = fixed_dates(rules, month=date(2026, 12, 1), calendar=calendar())
    assert found.on == date(2026, 12, 31) and found.provisional is None
    (found,) = fixed_dates(rules, month=date(2027, 1, 1), calendar=calendar())
    assert found.named == date(2027, 1, 31) and found.provisional == CALENDAR_NOT_PUBLISHED


def test_a_day_that_never_moves_is_certain_without_any_calendar() -> None:
    rules = rules_of("330424", "COUNTY", seed("jiaxing"))
    (found,) = fixed_dates(rules, month=date(2031, 2, 1), calendar=calendar())
    assert (found.on, found.provisional, found.roll_on) == (date(2031, 2, 15), None, None)


def test_neither_the_city_nor_villages_keep_a_day_of_counties_and_towns() -> None:
    for code, level in (("12", "CITY"), ("120111001001", "VILLAGE")):
        assert shown(rules_of(code, level, seed("tianjin"))) == []


def test_a_county_adds_days_of_its_own_beside_those_it_inherits() -> None:
    """S4.2: the visit days roll, the reception day of the city does not."""
    rules = rules_of("330483", "COUNTY", seed("jiaxing"), decided(seed("tongxiang"), "TX-01", roll="NEXT_WORKDAY"))
    found = fixed_dates(rules, month=date(2026, 8, 1), calendar=calendar())
    assert [(each.activity, each.on) for each in found] == [
        ("VISIT", date(2026, 8, 10)),
        ("RECEPTION", date(2026, 8, 15)),
        ("VISIT", date(2026, 8, 17)),
        ("VISIT", date(2026, 8, 20)),
    ]
    assert date(2026, 8, 15).weekday() == 5, "a Saturday"
    rolled = next(each for each in found if each.on == date(2026, 8, 17))
    assert (rolled.day, rolled.named) == (15, date(2026, 8, 15))


def test_an_office_without_days_of_its_own_keeps_those_above_and_says_whose_they_are() -> None:
    """S4.3: 海盐 and 浦江."""
    haiyan = rules_of("330424", "COUNTY", seed("jiaxing"))
    (february,) = fixed_dates(haiyan, month=date(2026, 2, 1), calendar=calendar())
    assert (february.on, february.roll) == (date(2026, 2, 15), "NEVER")
    assert february.on.weekday() == 6 and calendar().is_statutory_holiday(february.on)
    assert {name: [str(ref) for ref in refs] for name, refs in february.sources.items()} == {
        name: ["jiaxing v1 JX-15"] for name in ("day", "roll", "levels", "joint")
    }
    pujiang = rules_of("330726", "COUNTY", seed("pujiang"))
    (august,) = fixed_dates(pujiang, month=date(2026, 8, 1), calendar=calendar())
    assert (august.on, august.actor) == (date(2026, 8, 15), "LEADERS")


def test_each_day_names_the_rows_that_set_it() -> None:
    """S4.4: [15, 25] keeps the day above and adds one."""
    days = own("330411", fixed(activity="RECEPTION", days=[15, 25], roll="NEVER"))
    rules = rules_of("330411", "COUNTY", seed("jiaxing"), days)
    found = fixed_dates(rules, month=date(2026, 5, 1), calendar=calendar())
    assert [(each.on.day, [ref.row_id for ref in each.sources["day"]]) for each in found] == [
        (15, ["JX-15", "R-1"]),
        (25, ["R-1"]),
    ]


@pytest.mark.parametrize(("short", "expected"), [("LAST_DAY", [28, 31]), ("SKIP", [31])])
def test_a_day_that_a_month_does_not_have(short: str, expected: list[int]) -> None:
    rules = rules_of("1", "COUNTY", own("1", fixed(days=[31], roll="NEVER", short_month=short)))
    found = [
        each.on.day
        for month in (date(2026, 2, 1), date(2026, 3, 1))
        for each in fixed_dates(rules, month=month, calendar=calendar())
    ]
    assert found == expected


def test_a_roll_that_nobody_has_decided_gives_no_date() -> None:
    assert shown(rules_of("1", "COUNTY", own("1", fixed(roll="UNSPECIFIED")))) == []


@given(st.dates(date(2007, 1, 1), date(2026, 12, 1)), st.sampled_from([None, "NON_WORKDAY", "STATUTORY_HOLIDAY"]))
def test_rolling_ends_on_the_first_day_that_does_not_roll(day: date, roll_on: str | None) -> None:
    """INV-24: one date by the roll rule and the calendar; no earlier workday was passed over."""
    kept, certain = roll(day, roll="NEXT_WORKDAY", roll_on=roll_on, calendar=calendar())
    assert certain and kept >= day
    assert kept == day or calendar().is_workday(kept)
    passed = [day + number * ONE_DAY for number in range((kept - day).days)]
    assert not any(calendar().is_workday(each) for each in passed)
    if roll_on != "STATUTORY_HOLIDAY":
        assert calendar().is_workday(kept)
    elif kept == day:
        assert not calendar().is_statutory_holiday(day)
    assert roll(day, roll="NEVER", roll_on=roll_on, calendar=calendar()) == (day, True)


@given(st.lists(st.integers(1, 28), min_size=1, max_size=5, unique=True), st.integers(1, 12))
def test_every_fixed_day_of_a_month_resolves_to_one_date(days: list[int], month: int) -> None:
    rules = rules_of("1", "TOWN", own("1", fixed(days=days)))
    found = fixed_dates(rules, month=date(2026, month, 9), calendar=calendar())
    assert sorted(each.day for each in found) == sorted(days)
    assert [each.on for each in found] == sorted(each.on for each in found)
