"""How the dates of a clock follow from its events: the same fold serves each new event, the re-projection after a
calendar was published, and the recomputation of an explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from caseway.calendars.workdays import Calendar
from caseway.clocks.arithmetic import Due, Limit, Unit, day_of, end_of, extended, reckon, remaining
from caseway.clocks.workflow import Event, PinnedLimit

_MICROSECOND = timedelta(microseconds=1)


class Happened(Protocol):
    """What of an event matters for dates."""

    @property
    def event(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Course:
    """The dates of a clock after some of its events."""

    pinned: tuple[PinnedLimit, ...]
    dues: tuple[Due, ...]
    stopped_at: datetime | None = None
    suspended_at: datetime | None = None


def begin(started_at: datetime, pinned: Sequence[PinnedLimit], calendar: Calendar) -> Course:
    """The dates at the start: each limit counts from the same event."""
    return Course(tuple(pinned), tuple(reckon(started_at, each.limit, calendar) for each in pinned))


def follow(
    started_at: datetime, pinned: Sequence[PinnedLimit], later: Sequence[Happened], calendar: Calendar
) -> Course:
    """The dates after all events but the START, counted anew by one calendar."""
    course = begin(started_at, pinned, calendar)
    for place, each in enumerate(later):
        course = advance(started_at, course, each, later[:place], calendar)
    return course


def advance(
    started_at: datetime, course: Course, next: Happened, earlier: Sequence[Happened], calendar: Calendar
) -> Course:
    """The dates after one more event. ``earlier`` = the events since the start, which a reclassification counts anew
    under its other limits."""
    match Event(next.event):
        case Event.STOP:
            return replace(course, stopped_at=next.at)
        case Event.SUSPEND:
            return replace(course, suspended_at=next.at)
        case Event.RESUME:
            return replace(course, dues=_resumed(course, next.at, calendar), suspended_at=None)
        case Event.RESTART:
            return replace(course, dues=_restarted(course, next.at, calendar), stopped_at=None)
        case Event.MOVE:
            return replace(course, dues=_moved(course, next.at, calendar), stopped_at=None)
        case Event.EXTEND:
            extension = Limit.of(dict(next.facts["limit"]))
            return replace(course, dues=tuple(extended(each.at, extension, calendar) for each in course.dues))
        case Event.RECLASSIFY:
            pinned = tuple(PinnedLimit.of(each) for each in next.facts["limits"])
            before = [each for each in earlier if each.event not in (Event.RECLASSIFY, Event.REPROJECT)]
            return follow(started_at, pinned, before, calendar)
    return course


def _restarted(course: Course, at: datetime, calendar: Calendar) -> tuple[Due, ...]:
    """T3: the days that were left when it stopped, counted anew from the day of the restart. A limit that had passed
    already keeps its date."""
    if course.stopped_at is None:
        return course.dues
    found = []
    for pinned, due in zip(course.pinned, course.dues, strict=True):
        if _missed(pinned.limit, due, course.stopped_at):
            found.append(due)
            continue
        found.append(reckon(at, remaining(due.at, course.stopped_at, pinned.limit, calendar), calendar))
    return tuple(found)


def _moved(course: Course, at: datetime, calendar: Calendar) -> tuple[Due, ...]:
    """C6, an agreed return: the later of the old date and the next workday."""
    workday = calendar.next_workday(day_of(at))
    least = Due(end_of(workday), provisional=not calendar.is_published(workday))
    return tuple(each if each.at >= least.at else least for each in course.dues)


def _resumed(course: Course, at: datetime, calendar: Calendar) -> tuple[Due, ...]:
    """The time of a hearing in the second review is not counted (art. 36): whole days from the day it began to the day
    it ended are added, in the unit of each limit; exact limits get the exact time."""
    if course.suspended_at is None:
        return course.dues
    first, last = day_of(course.suspended_at), day_of(at)
    return tuple(
        _excluded(pinned.limit, due, first, last, at - course.suspended_at, calendar)
        for pinned, due in zip(course.pinned, course.dues, strict=True)
    )


def _excluded(limit: Limit, due: Due, first: date, last: date, length: timedelta, calendar: Calendar) -> Due:
    if limit.unit.is_exact:
        return replace(due, at=due.at + length)
    if limit.unit is Unit.WORKDAY:
        amount, unit = calendar.workdays_between(first, last), Unit.WORKDAY
    else:
        amount, unit = (last - first).days, Unit.DAY
    return reckon(due.at - _MICROSECOND, Limit(amount, unit, limit.source, limit.roll, limit.roll_on), calendar)


def _missed(limit: Limit, due: Due, at: datetime) -> bool:
    return at > due.at if limit.unit.is_exact else at >= due.at
