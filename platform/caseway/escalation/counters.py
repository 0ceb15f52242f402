"""Windowed counters: when registrations of one matter come so close together that a rule counts them.

A counter runs over the registrations of one matter, never over what one person has done. Its window is counted like
every limit (convention C2): the day of the first registration does not count, ``7 DAY`` ends with the seventh day after
it, in Asia/Shanghai. A registration belongs to the day on which the matter was brought, also when it is entered later:
what was counted before stays counted, and only what no window has used yet is counted anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from caseway.calendars.workdays import Calendar
from caseway.clocks.arithmetic import Limit, Unit, day_of, due_date, reckon

#: What a window may be counted in.
WINDOW_UNITS = (Unit.DAY, Unit.WORKDAY)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One registration of the matter, as far as a counter looks at it."""

    id: uuid.UUID
    #: When the matter was brought: not when it was entered.
    at: datetime
    #: NETWORK, LETTER, PHONE, FAX or VISIT.
    channel: str
    #: People who came together.
    group_size: int
    #: Level of the office that registered it.
    level: str


@dataclass(frozen=True, slots=True)
class Counter:
    """How many registrations within which window a rule asks for; the filters that are null let everything through."""

    #: At least 1.
    count: int
    #: Length of the window; its unit is DAY or WORKDAY.
    window: Limit
    #: Smallest group that counts.
    group_min: int | None = None
    channel: str | None = None
    #: Level of the registering office that counts.
    at_level: str | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("a counter counts to 1 at least")
        if self.window.unit not in WINDOW_UNITS:
            raise ValueError("the window of a counter is counted in days or workdays")

    def counts(self, occurrence: Occurrence) -> bool:
        """Whether a registration is one of those that are counted."""
        return (
            (self.channel is None or occurrence.channel == self.channel)
            and (self.group_min is None or occurrence.group_size >= self.group_min)
            and (self.at_level is None or occurrence.level == self.at_level)
        )

    def last_day(self, first: Occurrence, calendar: Calendar) -> date:
        """The last day of the window that a registration opens, in Asia/Shanghai."""
        return due_date(reckon(first.at, self.window, calendar).at)


@dataclass(frozen=True, slots=True)
class Reached:
    """A window in which the count was reached."""

    #: When: the instant of the last of the registrations.
    at: datetime
    #: The registrations that made it up, in order. None of them is counted in another window.
    occurrences: tuple[Occurrence, ...]

    @property
    def key(self) -> str:
        """Names the window for good: the registration that completed it."""
        return str(self.occurrences[-1].id)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a counter is at an instant."""

    #: Registrations that count together at present.
    counted: int
    #: Last day on which one more registration would count with them, in Asia/Shanghai; null while none counts.
    until_on: date | None


def ordered(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    """By the instant at which the matter was brought; two at the same instant by their ids."""
    return sorted(occurrences, key=lambda each: (each.at, each.id.bytes))


def reached(
    occurrences: Iterable[Occurrence],
    counter: Counter,
    calendar: Calendar,
    *,
    spent: Collection[uuid.UUID] = (),
) -> tuple[Reached, ...]:
    """The windows in which the count is reached, each once and as early as possible, oldest first.

    ``spent`` are the ids of registrations that an earlier window has used: they are not counted again, so that a
    registration entered late can complete a window of its own but never repeats one that was reported.
    """
    found: list[Reached] = []
    waiting: list[Occurrence] = []
    for occurrence in _counted(occurrences, counter, spent):
        waiting = [*_open(waiting, occurrence.at, counter, calendar), occurrence]
        if len(waiting) == counter.count:
            found.append(Reached(occurrence.at, tuple(waiting)))
            waiting = []
    return tuple(found)


def standing(
    occurrences: Iterable[Occurrence],
    counter: Counter,
    calendar: Calendar,
    *,
    now: datetime,
    spent: Collection[uuid.UUID] = (),
) -> Standing:
    """How many registrations count together at an instant, and until when one more would join them.

    Windows that were reached are not part of it, whether or not they are among ``spent`` already.
    """
    known = [each for each in occurrences if each.at <= now]
    used = {each.id for window in reached(known, counter, calendar, spent=spent) for each in window.occurrences}
    waiting = _open(list(_counted(known, counter, {*spent, *used})), now, counter, calendar)
    return Standing(len(waiting), counter.last_day(waiting[0], calendar) if waiting else None)


def _counted(occurrences: Iterable[Occurrence], counter: Counter, spent: Collection[uuid.UUID]) -> Iterable[Occurrence]:
    return (each for each in ordered(occurrences) if each.id not in spent and counter.counts(each))


def _open(waiting: Sequence[Occurrence], at: datetime, counter: Counter, calendar: Calendar) -> list[Occurrence]:
    """Those whose window is still open at an instant."""
    return [each for each in waiting if day_of(at) <= counter.last_day(each, calendar)]
