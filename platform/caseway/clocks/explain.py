"""Why a clock is due when it is: every limit with its rule, the days skipped one by one, every event with who caused
it, and what may still change. The explanation is complete: ``recompute`` finds the same instant from it alone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from caseway.calendars.workdays import Calendar, DayKind, SpecialDay
from caseway.clocks import course
from caseway.clocks.arithmetic import Limit, Roll, Skipped, Unit, day_of, due_date, skipped
from caseway.clocks.workflow import ClockKind, ClockState, Event, ExtensionRule, PinnedLimit, StartEvent, Step

#: Why a date may still move.
CALENDAR_NOT_PUBLISHED = "CALENDAR_NOT_PUBLISHED"
_DAY = timedelta(days=1)
_SATURDAY = 5
#: Rest days are listed so far beyond the last date: an agreed return looks for the next workday.
_BEYOND = timedelta(days=20)


@dataclass(frozen=True, slots=True)
class ExplainedLimit:
    """One limit that applies, and what it came to."""

    pinned: PinnedLimit
    #: The day it would end on by the start alone, before any other event.
    first_due_date: date
    #: Days that its first count passed over, and those it rolled on from.
    skipped: tuple[Skipped, ...]
    due_at: datetime
    due_date: date
    provisional: bool
    #: Whether it is the one that rules (C4).
    rules: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a clock is due when it is."""

    clock_id: uuid.UUID
    kind: ClockKind
    start: StartEvent
    started_at: datetime
    #: First day that is counted: the day after the event (C2). Limits in hours or less count from the instant.
    counted_from: date
    limits: tuple[ExplainedLimit, ...]
    extension: ExtensionRule | None
    #: What happened after the start, in order.
    steps: tuple[Step, ...]
    #: Every day without work from the start to beyond the last date, for whoever counts again.
    rest_days: tuple[Skipped, ...]
    due_at: datetime
    due_date: date
    provisional: bool
    provisional_reason: str | None

    @property
    def ruling(self) -> ExplainedLimit:
        """The limit that ends first."""
        return next(each for each in self.limits if each.rules)


def explain(clock: ClockState, calendar: Calendar) -> Explanation:
    """The explanation of a clock, by the calendar of the office that owes it."""
    later = clock.steps[1:]
    course_at_start = course.begin(clock.started_at, [each.pinned for each in clock.limits], calendar)
    limits = tuple(
        ExplainedLimit(
            pinned=each.pinned,
            first_due_date=due_date(begun.at),
            skipped=tuple(skipped(clock.started_at, each.limit, calendar)),
            due_at=each.due_at,
            due_date=due_date(each.due_at),
            provisional=each.provisional,
            rules=each is clock.ruling,
        )
        for each, begun in zip(clock.limits, course_at_start.dues, strict=True)
    )
    last = max([due_date(each.due_at) for each in clock.limits] + [day_of(step.at) for step in later], default=None)
    assert last is not None
    needed = any(_needs_calendar(step) for step in clock.steps)
    return Explanation(
        clock_id=clock.clock_id,
        kind=clock.kind,
        start=clock.start,
        started_at=clock.started_at,
        counted_from=day_of(clock.started_at) + _DAY,
        limits=limits,
        extension=clock.extension,
        steps=tuple(clock.steps),
        rest_days=tuple(_rest_days(day_of(clock.started_at), last + _BEYOND, calendar)) if needed else (),
        due_at=clock.due_at,
        due_date=due_date(clock.due_at),
        provisional=clock.provisional,
        provisional_reason=CALENDAR_NOT_PUBLISHED if clock.provisional else None,
    )


def recompute(explanation: Explanation) -> datetime:
    """The due instant, counted again from the explanation alone: its start, its limits, its events and its list of days
    without work. It is the clock's own unless a calendar has changed since without a recorded event."""
    first, *later = explanation.steps
    pinned = [PinnedLimit.of(each) for each in first.facts["limits"]]
    after = course.follow(explanation.started_at, pinned, later, _sheet(explanation))
    return min(each.at for each in after.dues)


def _needs_calendar(step: Step) -> bool:
    """Whether a step counts workdays or looks for one."""
    lengths = [Limit.of(dict(each)) for each in step.facts.get("limits", ())]
    lengths += [Limit.of(step.facts["limit"])] if step.event is Event.EXTEND else []
    return step.event is Event.MOVE or any(each.unit is Unit.WORKDAY or each.roll is not Roll.NEVER for each in lengths)


def _rest_days(first: date, last: date, calendar: Calendar) -> Sequence[Skipped]:
    days = [first + number * _DAY for number in range((last - first).days + 1)]
    return [
        Skipped(day, str(calendar.kind_of(day)), calendar.name_of(day) or "")
        for day in days
        if not calendar.is_workday(day)
    ]


def _sheet(explanation: Explanation) -> Calendar:
    """A calendar that knows nothing but the list of days without work, as a reader of the explanation would."""
    rest = {each.day: each for each in explanation.rest_days}
    first, last = explanation.counted_from, max([*rest, explanation.due_date])
    special = [
        SpecialDay(day, DayKind.HOLIDAY, each.name) for day, each in rest.items() if each.kind != DayKind.WEEKEND
    ]
    for number in range((last - first).days + 1):
        day = first + number * _DAY
        if day not in rest and day.weekday() >= _SATURDAY:
            special.append(SpecialDay(day, DayKind.MAKE_UP_WORKDAY, ""))
    return Calendar.of(special, range(first.year - 1, last.year + 2))
