"""A published year as a small file, the way the State Council's notices put it, and everything that can be wrong in it.

    year: 2026
    notice: title and number of the notice
    source: where the days were read
    days_off:
      - {name: 元旦, from: 2026-01-01, to: 2026-01-03}
    make_up_days:
      - {day: 2026-01-04, name: 元旦}

Whatever is loaded, from a file or from the package, passes the same checks; each fault names file, line and day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import msgspec

from caseway.calendars.errors import CalendarFileInvalid
from caseway.calendars.statutory import statutory_names
from caseway.calendars.workdays import DayKind, SpecialDay
from caseway.tenancy import declarations
from caseway.tenancy.declarations import DeclarationRefused, Document, Fault, Place

_SATURDAY = 5
#: The longest holiday since there are notices had ten days (Spring Festival 2020); more is a slip of the pen.
LONGEST_HOLIDAY = 15
_LONGEST_TEXT, _LONGEST_NAME = 400, 60
#: Make-up days are as old as the holiday regulation of 1999; the tables of solar terms end with the century.
FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True)
class YearFile:
    """One year with all its special days, in order, without fault."""

    year: int
    #: None when the source does not say which notice it follows.
    notice: str | None
    source: str
    days: tuple[SpecialDay, ...]


class _Holiday(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """A period of days off."""

    name: str
    first: date
    last: date | None = None


class _MakeUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day on which people work, and the holiday that it makes up for."""

    day: date
    name: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    year: int
    notice: str
    source: str
    days_off: list[_Holiday]
    make_up_days: list[_MakeUp] = []


@dataclass(frozen=True, slots=True)
class _Entry:
    """A special day and the place that gives it."""

    place: Place
    special: SpecialDay


def read(path: Path) -> YearFile:
    """The year that a file describes. ``CalendarFileInvalid`` with every fault by line, day and cure."""
    try:
        document = declarations.read(path)
    except DeclarationRefused as refusal:
        raise CalendarFileInvalid(refusal.faults) from None
    faults: list[Fault] = []
    content = declarations.typed(document, (), document.value, _File, faults)
    if content is None:
        raise CalendarFileInvalid(faults)
    if not FIRST_YEAR <= content.year <= LAST_YEAR:
        faults.append(document.fault(("year",), "INVALID", f"write a year from {FIRST_YEAR} to {LAST_YEAR}"))
        raise CalendarFileInvalid(faults)
    faults += _text_faults(document, content)
    senseless: list[Fault] = []
    entries = list(_entries(document, content, senseless))
    # A period without its days would seem to leave statutory days out: one fault is told once.
    faults += senseless + check(document, content.year, entries, is_whole=not senseless)
    if faults:
        raise CalendarFileInvalid(faults)
    return YearFile(content.year, content.notice.strip(), content.source.strip(), _days(entries))


def of_days(year: int, days: Sequence[SpecialDay], *, source: str) -> YearFile:
    """A year out of a list of special days that no file holds, under the same checks; ``source`` names the list."""
    document = Document(source, None)
    entries = [_Entry((), each) for each in days]
    if faults := check(document, year, entries):
        raise CalendarFileInvalid(faults)
    return YearFile(year, None, source, _days(entries))


def check(document: Document, year: int, entries: Sequence[_Entry], *, is_whole: bool = True) -> list[Fault]:
    """What is wrong with the special days of a year; with days that belong together only if it ``is_whole``."""
    faults: list[Fault] = []
    known: dict[date, DayKind] = {}
    for entry in entries:
        day, kind = entry.special.day, entry.special.kind
        if day.year != year:
            faults.append(
                document.fault(
                    entry.place,
                    "DAY_OF_OTHER_YEAR",
                    f"{day} does not lie in {year}: it belongs into the file of {day.year}, load that one again too",
                )
            )
        if day in known:
            faults.append(_twice(document, entry, same=known[day] is kind))
        known.setdefault(day, kind)
        if kind is DayKind.MAKE_UP_WORKDAY and day.weekday() < _SATURDAY:
            faults.append(
                document.fault(
                    entry.place,
                    "MAKE_UP_DAY_NOT_ON_WEEKEND",
                    f"{day} is a {day:%A}: people make up on a Saturday or Sunday, look into the notice again",
                )
            )
    for day, name in statutory_names(year).items() if is_whole else ():
        if known.get(day) is not DayKind.HOLIDAY:
            faults.append(
                document.fault(
                    ("days_off",), "STATUTORY_DAY_MISSING", f"{day} ({name}) is off by regulation: add it to days_off"
                )
            )
    return faults


def _twice(document: Document, entry: _Entry, *, same: bool) -> Fault:
    day = entry.special.day
    if same:
        return document.fault(entry.place, "DAY_TWICE", f"{day} is given twice: take one of them out")
    return document.fault(
        entry.place, "DAY_OFF_AND_MADE_UP", f"{day} is a day off and a make-up day: take it out of one of the lists"
    )


def _entries(document: Document, content: _File, faults: list[Fault]) -> Iterator[_Entry]:
    """Every special day of the file; periods that make no sense are faults and give none."""
    for index, period in enumerate(content.days_off):
        place: Place = ("days_off", index)
        length = ((period.last or period.first) - period.first).days + 1
        if length < 1:
            faults.append(
                document.fault(
                    (*place, "to"), "PERIOD_BACKWARDS", f"{period.last} lies before {period.first}: swap them"
                )
            )
        elif length > LONGEST_HOLIDAY:
            faults.append(
                document.fault(
                    (*place, "to"),
                    "PERIOD_TOO_LONG",
                    f"{period.first} to {period.last} are {length} days, a holiday has at most {LONGEST_HOLIDAY}: "
                    "look into the notice again",
                )
            )
        else:
            for step in range(length):
                day = period.first + timedelta(days=step)
                yield _Entry(place, SpecialDay(day, DayKind.HOLIDAY, period.name.strip()))
    for index, made_up in enumerate(content.make_up_days):
        special = SpecialDay(made_up.day, DayKind.MAKE_UP_WORKDAY, made_up.name.strip())
        yield _Entry(("make_up_days", index), special)


def _text_faults(document: Document, content: _File) -> Iterator[Fault]:
    """Texts that are empty or too long."""
    texts: list[tuple[Place, str, int]] = [
        (("notice",), content.notice, _LONGEST_TEXT),
        (("source",), content.source, _LONGEST_TEXT),
        *((("days_off", index, "name"), each.name, _LONGEST_NAME) for index, each in enumerate(content.days_off)),
        *(
            (("make_up_days", index, "name"), each.name, _LONGEST_NAME)
            for index, each in enumerate(content.make_up_days)
        ),
    ]
    for place, text, longest in texts:
        if not 1 <= len(text.strip()) <= longest:
            yield document.fault(place, "INVALID", f"write 1 to {longest} characters here")


def _days(entries: Sequence[_Entry]) -> tuple[SpecialDay, ...]:
    return tuple(sorted(entry.special for entry in entries))
