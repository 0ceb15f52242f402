"""Two sources that were made apart say the same of twenty years, and the shipped days are those of the first."""

from __future__ import annotations

import csv
from datetime import date

import holidays
import pytest

from caseway import bundle
from caseway.calendars import crosscheck, loading, published, statutory
from caseway.calendars.statutory import statutory_days, statutory_names
from caseway.calendars.workdays import Calendar, DayKind, SpecialDay


def test_the_second_source_says_the_same_of_every_day_of_twenty_years() -> None:
    found = crosscheck.compare(published.calendar())
    assert found is not None
    assert found.years == tuple(range(2007, 2027)) and found.differing == ()


def test_the_comparison_notices_a_wrong_day() -> None:
    wrong = [SpecialDay(date(2026, 3, 4), DayKind.HOLIDAY, "错"), SpecialDay(date(2026, 9, 20), DayKind.HOLIDAY, "错")]
    right = [each for each in published.years()[2026] if each.day != date(2026, 9, 20)]
    found = crosscheck.compare(Calendar.of([*right, *wrong], [2026]))
    assert found is not None
    assert found.years == (2026,) and found.differing == (date(2026, 3, 4), date(2026, 9, 20))


def test_years_that_the_second_source_has_no_notice_of_are_not_compared() -> None:
    """It makes up days of 2027 by regulation, without make-up days: agreeing with that would prove nothing."""
    found = crosscheck.compare(published.calendar().with_year(2027, []))
    assert found is not None and 2027 not in found.years


@pytest.mark.parametrize("year", range(2004, 2027))
def test_what_is_off_by_regulation_is_off_in_every_notice(year: int) -> None:
    off = {each.day for each in published.years()[year] if each.kind is DayKind.HOLIDAY}
    assert statutory_days(year) <= off


@pytest.mark.parametrize("year", range(2007, 2037))
def test_lunar_holidays_agree_with_the_second_source(year: int) -> None:
    """It names the statutory days by itself, without any notice."""
    names = {
        "Chinese New Year (Spring Festival)": statutory.SPRING_FESTIVAL,
        "Chinese New Year's Eve": statutory.SPRING_FESTIVAL,
        "Tomb-Sweeping Day": statutory.QINGMING,
        "Dragon Boat Festival": statutory.DRAGON_BOAT,
        "Mid-Autumn Festival": statutory.MID_AUTUMN,
        "New Year's Day": statutory.NEW_YEAR,
        "Labor Day": statutory.LABOUR_DAY,
        "National Day": statutory.NATIONAL_DAY,
    }
    theirs = {
        (day, names[name])
        for day, joined in holidays.country_holidays("CN", years=year, language="en_US").items()
        for name in joined.split("; ")
        if name in names
    }
    ours = {(day, name) for day, joined in statutory_names(year).items() for name in joined.split("、")}
    assert ours == theirs


def test_the_shipped_days_are_those_of_the_package() -> None:
    """Frozen beside their migration: a newer package changes no database by itself."""
    path = bundle.path("alembic", "versions", "0004_add_calendars.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        shipped = [SpecialDay(date.fromisoformat(day), DayKind(kind), name) for day, kind, name in csv.reader(lines)]
    ours = [each for year in range(2004, 2027) for each in published.years()[year]]
    assert shipped == ours and len(shipped) > 700


def test_every_year_of_the_package_passes_the_checks_of_files() -> None:
    files = loading.installed_years()
    assert [each.year for each in files] == list(range(2004, 2027))
    assert all(each.source == "chinesecalendar 1.11.0" and each.notice is None for each in files)
