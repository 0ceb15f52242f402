"""A clock as it would have run: its start under other rules, and everything that happened to it afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from caseway.calendars.workdays import Calendar
from caseway.clocks import course, planning
from caseway.clocks.course import Course
from caseway.clocks.workflow import (
    ClockKind,
    ClockState,
    Event,
    ExtensionRule,
    PinnedLimit,
    StartEvent,
    StoredEvent,
    derive,
)

_MICROSECOND = timedelta(microseconds=1)
_NOT_TIMED = planning.OTHERWISE_WATCHED


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that happened to a clock: since when it counts, and when it was recorded."""

    event: Event
    at: datetime
    known_at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlayedEvent:
    """A clock event as it would have been stored (see ``clocks.workflow.StoredEvent``)."""

    clock_id: uuid.UUID
    kind: str
    event: str
    at: datetime
    office_id: int
    order_id: uuid.UUID | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Late:
    """One limit that passed while its clock ran."""

    due_at: datetime
    #: The rule that the limit comes from, e.g. ``law-2022 L22-17``, and its layer.
    source: str
    layer: str
    #: When it was noticed: at once, or when a start that lay in the past was recorded. A busy worker is later.
    at: datetime = field(compare=False)


@dataclass(slots=True)
class Played:
    """A clock of a replay."""

    id: uuid.UUID
    kind: ClockKind
    start: StartEvent
    office_id: int
    order_id: uuid.UUID | None
    started_at: datetime
    #: When the start was recorded, and in which ledger event.
    known_at: datetime
    seq: int
    pinned: tuple[PinnedLimit, ...]
    extension: ExtensionRule | None
    calendar: Calendar
    #: Whether it ran in the past, too.
    was_recorded: bool
    turns: list[Turn] = field(default_factory=list)
    #: The order whose delivery stopped it, while it is stopped by one (only of clocks that were not recorded).
    stopped_by: uuid.UUID | None = None

    def ordered(self, *, until: datetime | None = None) -> list[Turn]:
        """What happened to it, in the order in which it was recorded; only what was before ``until``."""
        found = sorted(self.turns, key=lambda each: each.known_at)
        return found if until is None else [each for each in found if each.known_at < until]

    def events(self, *, until: datetime | None = None) -> list[PlayedEvent]:
        """Its events as they would have been stored."""
        calendar = self.calendar
        at_work = course.begin(self.started_at, self.pinned, calendar)
        facts = {
            "start": str(self.start),
            "limits": [each.facts() for each in self.pinned],
            "extension": self.extension.facts() if self.extension is not None else None,
        }
        found = [self._event(Event.START, self.started_at, facts | _dues(at_work))]
        turns = self.ordered(until=until)
        for place, each in enumerate(turns):
            at_work = course.advance(self.started_at, at_work, each, turns[:place], calendar)
            dues = {} if each.event in (Event.STOP, Event.SUSPEND) else _dues(at_work)
            found.append(self._event(each.event, each.at, {**each.facts, **dues}))
        return found

    def state(self, *, until: datetime | None = None) -> ClockState:
        """It as its events leave it."""
        (found,) = derive(self.events(until=until))
        return found

    def is_running(self, *, until: datetime) -> bool:
        """Whether it had started and not ended before an instant."""
        if self.known_at >= until:
            return False
        running = True
        for each in self.ordered(until=until):
            if each.event is Event.STOP:
                running = False
            elif each.event in (Event.RESTART, Event.MOVE):
                running = True
        return running

    @property
    def known(self) -> list[datetime]:
        """When each of its events was recorded."""
        return [self.known_at, *(each.known_at for each in self.ordered())]

    def _event(self, event: Event, at: datetime, facts: dict[str, Any]) -> PlayedEvent:
        return PlayedEvent(self.id, str(self.kind), str(event), at, self.office_id, self.order_id, facts)


def _dues(at_work: Course) -> dict[str, Any]:
    return {"dues": [[each.at.isoformat(), each.provisional] for each in at_work.dues]}


def lateness(events: Sequence[StoredEvent], known: Sequence[datetime], *, now: datetime) -> Iterator[Late]:
    """The limits of one clock that passed while it ran, oldest first. ``known`` = when each event was recorded.

    It mirrors the timers of clocks (``clocks.planning``): an event takes away what is not due yet and plans anew; what
    was due before stays and is looked at when it fires.
    """
    if ClockKind(events[0].kind) in _NOT_TIMED:
        return
    found: list[Late] = []
    waiting: dict[tuple[int, datetime], datetime] = {}
    for number, event in enumerate(events):
        state = derive(events[: number + 1])[0]
        at, known_at = event.at, known[number]
        waiting = {key: late_at for key, late_at in waiting.items() if late_at <= at}
        if state.is_running and state.suspended_at is None:
            for place, each in enumerate(state.limits):
                late_at = each.due_at + _MICROSECOND if each.limit.unit.is_exact else each.due_at
                if late_at > at or number == 0:
                    waiting.setdefault((place, each.due_at), late_at)
        until = known[number + 1] if number + 1 < len(events) else now
        for (place, due_at), late_at in sorted(waiting.items(), key=lambda each: (each[1], each[0])):
            fires_at = max(late_at, known_at)
            if fires_at > until or (fires_at == until and number + 1 < len(events)):
                continue
            del waiting[place, due_at]
            limit = state.limits[place] if place < len(state.limits) else None
            if limit is not None and limit.due_at == due_at and limit.missed_by(state.stopped_at or fires_at):
                found.append(Late(due_at, limit.limit.source, str(limit.layer), fires_at))
    yield from sorted(found)
