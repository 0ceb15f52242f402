"""Files of a year: the one that ships, and everything that can be wrong in one, each with its line and day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from caseway import bundle
from caseway.calendars import published, yearfile
from caseway.calendars.errors import CalendarFileInvalid
from caseway.calendars.workdays import DayKind, SpecialDay

#: The statutory days of 2027 and nothing more.
SOUND = """\
year: 2027
notice: 国务院办公厅关于2027年部分节假日安排的通知
source: a test
days_off:
  - {name: 元旦, from: 2027-01-01, to: 2027-01-03}
  - {name: 春节, from: 2027-02-05, to: 2027-02-11}
  - {name: 清明节, from: 2027-04-05}
  - {name: 劳动节, from: 2027-05-01, to: 2027-05-05}
  - {name: 端午节, from: 2027-06-09, to: 2027-06-09}
  - {name: 中秋节, from: 2027-09-15}
  - {name: 国庆节, from: 2027-10-01, to: 2027-10-07}
make_up_days:
  - {day: 2027-02-20, name: 春节}
  - {day: 2027-10-09, name: 国庆节}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test writes its file."""
    return tmp_path / "2027.yaml"


def faults(path: Path, text: str) -> list[tuple[int, str]]:
    """(line, code) of what is wrong with a text."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CalendarFileInvalid) as refused:
        yearfile.read(path)
    assert refused.value.code == "CALENDAR_FILE_INVALID"
    assert all(each.file == "2027.yaml" for each in refused.value.faults)
    assert all(str(each) in refused.value.message for each in refused.value.faults)
    return [(each.line, each.code) for each in refused.value.faults]


def test_the_shipped_file_is_what_the_package_says() -> None:
    shipped = yearfile.read(bundle.path("tenants", "calendar", "2026.yaml"))
    assert shipped.year == 2026 and shipped.days == published.years()[2026]
    assert shipped.notice is not None and "国办发明电〔2025〕7号" in shipped.notice


def test_every_shipped_file_is_sound_and_named_after_its_year() -> None:
    paths = sorted(bundle.path("tenants", "calendar").glob("*.yaml"))
    assert paths and all(path.name == f"{yearfile.read(path).year}.yaml" for path in paths)


def test_periods_become_days(path: Path) -> None:
    path.write_text(SOUND, encoding="utf-8")
    found = yearfile.read(path)
    assert len(found.days) == 3 + 7 + 1 + 5 + 1 + 1 + 7 + 2 and list(found.days) == sorted(found.days)
    assert SpecialDay(date(2027, 2, 8), DayKind.HOLIDAY, "春节") in found.days
    assert SpecialDay(date(2027, 2, 20), DayKind.MAKE_UP_WORKDAY, "春节") in found.days


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("2027-02-20, name", "2027-02-22, name", [(13, "MAKE_UP_DAY_NOT_ON_WEEKEND")]),
        ("2027-02-20, name", "2027-02-06, name", [(13, "DAY_OFF_AND_MADE_UP")]),
        ("{day: 2027-02-20,", "{day: 2027-10-09,", [(14, "DAY_TWICE")]),
        ("{day: 2027-02-20,", "{day: 2026-12-26,", [(13, "DAY_OF_OTHER_YEAR")]),
        ("from: 2027-04-05}", "from: 2027-04-04}", [(4, "STATUTORY_DAY_MISSING")]),
        ("  - {name: 中秋节, from: 2027-09-15}\n", "", [(4, "STATUTORY_DAY_MISSING")]),
        ("from: 2027-06-09, to", "from: 2027-06-10, to", [(9, "PERIOD_BACKWARDS")]),
        ("to: 2027-05-05", "to: 2027-05-31", [(8, "PERIOD_TOO_LONG")]),
        ("from: 2027-09-15}", "from: 2027-09-15, to: 2027-10-01}", [(10, "PERIOD_TOO_LONG")]),
        ("from: 2027-04-05", "from: 2027-04-31", [(7, "INVALID")]),
        ("from: 2027-04-05", "from: tomorrow", [(7, "INVALID")]),
        ("name: 清明节", 'name: ""', [(7, "INVALID")]),
        ("source: a test", "source: ' '", [(3, "INVALID")]),
        ("source: a test\n", "", [(1, "MISSING_KEY")]),
        ("source: a test", "source: a test\nlocal: []", [(4, "UNKNOWN_KEY")]),
        ("from: 2027-04-05", "form: 2027-04-05", [(7, "UNKNOWN_KEY")]),
        ("year: 2027", "year: 20270", [(1, "INVALID")]),
        ("year: 2027", "year: next", [(1, "INVALID")]),
        ("days_off:", "days_off: !!seq", [(4, "TAG")]),
        ("year: 2027", "year: [2027", [(2, "NOT_YAML")]),
    ],
    ids=lambda each: each if isinstance(each, str) else "-".join(code for _, code in each),
)
def test_a_fault_is_named_with_line_and_code(
    path: Path, before: str, after: str, expected: list[tuple[int, str]]
) -> None:
    assert before in SOUND
    assert faults(path, SOUND.replace(before, after)) == expected


def test_the_message_names_the_day_and_the_cure(path: Path) -> None:
    path.write_text(SOUND.replace("2027-02-20, name", "2027-02-22, name"), encoding="utf-8")
    with pytest.raises(CalendarFileInvalid, match=r"2027\.yaml:13: .*2027-02-22 is a Monday.* look into the notice"):
        yearfile.read(path)
    path.write_text(SOUND.replace("{day: 2027-02-20,", "{day: 2026-12-26,"), encoding="utf-8")
    with pytest.raises(CalendarFileInvalid, match=r"2026-12-26 does not lie in 2027.* load that one again"):
        yearfile.read(path)
    path.write_text(SOUND.replace("from: 2027-04-05}", "from: 2027-04-04}"), encoding="utf-8")
    with pytest.raises(CalendarFileInvalid, match=r"2027-04-05 \(清明节\) is off by regulation: add it"):
        yearfile.read(path)


def test_every_fault_is_told_at_once(path: Path) -> None:
    text = SOUND.replace("2027-02-20, name", "2027-02-22, name").replace("2027-10-09, name", "2027-10-02, name")
    assert faults(path, text) == [(13, "MAKE_UP_DAY_NOT_ON_WEEKEND"), (14, "DAY_OFF_AND_MADE_UP")]


def test_a_file_that_is_not_there_or_no_text_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(CalendarFileInvalid, match="UNREADABLE"):
        yearfile.read(tmp_path / "none.yaml")
    path.write_bytes(b"year: \xff\n")
    with pytest.raises(CalendarFileInvalid, match="NOT_UTF8"):
        yearfile.read(path)


def test_lists_of_days_pass_the_same_checks() -> None:
    days = list(published.years()[2026])
    assert yearfile.of_days(2026, days[::-1], source="a list").days == published.years()[2026]
    without_labour_day = [each for each in days if each.day != date(2026, 5, 1)]
    with pytest.raises(CalendarFileInvalid, match=r"a list:1: STATUTORY_DAY_MISSING: 2026-05-01"):
        yearfile.of_days(2026, without_labour_day, source="a list")
    moved = [SpecialDay(each.day + timedelta(days=366), each.kind, each.name) for each in days]
    with pytest.raises(CalendarFileInvalid, match="DAY_OF_OTHER_YEAR"):
        yearfile.of_days(2026, moved, source="a list")
