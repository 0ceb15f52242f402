"""What the tests of the calendar share: a file of the year that nobody has published, and a county below a city."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from caseway.calendars.statutory import statutory_names
from caseway.calendars.workdays import DayKind, SpecialDay
from caseway.calendars.yearfile import YearFile, of_days

#: 2027 as no notice has it: the statutory days, one day more off, and one make-up day for it.
MORE_OFF, MADE_UP = date(2027, 2, 9), date(2027, 2, 20)


def year_2027(*, more_off: date = MORE_OFF, made_up: date | None = MADE_UP) -> YearFile:
    """2027 for a test."""
    days = [SpecialDay(day, DayKind.HOLIDAY, name) for day, name in statutory_names(2027).items()]
    days.append(SpecialDay(more_off, DayKind.HOLIDAY, "春节"))
    if made_up is not None:
        days.append(SpecialDay(made_up, DayKind.MAKE_UP_WORKDAY, "春节"))
    return of_days(2027, days, source="a test")


@pytest.fixture
def file_2027(tmp_path: Path) -> Path:
    """The same as a file."""
    off = "".join(
        f"  - {{name: {each.name}, from: {each.day}}}\n" for each in year_2027().days if each.kind is DayKind.HOLIDAY
    )
    path = tmp_path / "2027.yaml"
    made_up = f"make_up_days:\n  - {{day: {MADE_UP}, name: 春节}}\n"
    path.write_text(f"year: 2027\nnotice: 通知\nsource: a test\ndays_off:\n{off}{made_up}", encoding="utf-8")
    return path
