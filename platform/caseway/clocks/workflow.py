"""What the events of a clock mean: its state, due instant and lateness are derived from them, never stored."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from caseway.clocks.arithmetic import Limit, due_date


class ClockKind(StrEnum):
    """What a clock measures."""

    FORWARD = "FORWARD"
    DIRECT_NOTICE = "DIRECT_NOTICE"
    ACCEPT_NOTICE = "ACCEPT_NOTICE"
    SIGN_FOR = "SIGN_FOR"
    OBJECT = "OBJECT"
    HANDLE = "HANDLE"
    REDO = "REDO"
    REVIEW_WINDOW = "REVIEW_WINDOW"
    ORDER = "ORDER"


#: Clocks of the proceeding: what the office owes the petitioner. The earliest running one is the case's due instant.
#: The others measure an order or the petitioner's own window.
STATUTORY = frozenset(
    {ClockKind.FORWARD, ClockKind.DIRECT_NOTICE, ClockKind.ACCEPT_NOTICE, ClockKind.HANDLE, ClockKind.REDO}
)


class Event(StrEnum):
    """What can happen to a clock."""

    START = "START"
    STOP = "STOP"
    RESTART = "RESTART"
    MOVE = "MOVE"
    EXTEND = "EXTEND"


class StoredEvent(Protocol):
    """A clock event as stored (a row of ``clock_event``)."""

    @property
    def clock_id(self) -> uuid.UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def office_id(self) -> int: ...
    @property
    def order_id(self) -> uuid.UUID | None: ...
    @property
    def facts(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a clock's explanation: what happened, when, to which due date it led and by which rule."""

    event: Event
    at: datetime
    #: Last day of the limit after this event, in Shanghai.
    due_date: date
    #: Rule or legal source; null where the event only stops the clock.
    rule: str | None


@dataclass(frozen=True, slots=True)
class ClockState:
    """A clock as its events have left it."""

    clock_id: uuid.UUID
    kind: ClockKind
    #: Office that owes what the clock measures.
    office_id: int
    order_id: uuid.UUID | None
    started_at: datetime
    limit: Limit
    due_at: datetime
    #: Null while it runs.
    stopped_at: datetime | None
    #: The due date may still change because the calendar of its year is not published.
    provisional: bool
    #: Extensions that were granted.
    extensions: int
    steps: tuple[Step, ...]

    @property
    def is_running(self) -> bool:
        """Neither stopped nor ended."""
        return self.stopped_at is None

    @property
    def is_statutory(self) -> bool:
        """Whether it counts for the case's due instant."""
        return self.kind in STATUTORY

    def missed_by(self, at: datetime) -> bool:
        """Whether something done at that instant comes too late. A limit in days ends before 24:00 of its last day; a
        limit in hours or minutes is still met at its very last instant."""
        return at > self.due_at if self.limit.unit.is_exact else at >= self.due_at

    def overdue(self, now: datetime) -> bool:
        """Running, and its limit has passed."""
        return self.is_running and self.missed_by(now)

    def breached(self, now: datetime) -> bool:
        """Its limit passed while it ran, whether or not it was stopped afterwards."""
        return self.missed_by(self.stopped_at or now)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a clock is due when it is (the short form: rule books add the chain of rules behind it)."""

    kind: ClockKind
    started_at: datetime
    limit: Limit
    due_date: date
    provisional: bool
    steps: tuple[Step, ...]


def explain(clock: ClockState) -> Explanation:
    """The start, the limit with its source, and every event that led to the present due date."""
    return Explanation(
        clock.kind, clock.started_at, clock.limit, due_date(clock.due_at), clock.provisional, clock.steps
    )


def derive(events: Iterable[StoredEvent]) -> list[ClockState]:
    """The clocks of a case from its events in order; oldest clock first."""
    clocks: dict[uuid.UUID, ClockState] = {}
    for event in events:
        before = clocks.get(event.clock_id)
        clocks[event.clock_id] = _start(event) if before is None else _next(before, event)
    return list(clocks.values())


def earliest_due(clocks: Iterable[ClockState]) -> datetime | None:
    """The due instant of a case: the earliest of its running statutory clocks (INV-08); null = none runs."""
    return min((clock.due_at for clock in clocks if clock.is_running and clock.is_statutory), default=None)


def _start(event: StoredEvent) -> ClockState:
    limit = Limit.of(event.facts["limit"])
    due_at = datetime.fromisoformat(event.facts["due_at"])
    return ClockState(
        clock_id=event.clock_id,
        kind=ClockKind(event.kind),
        office_id=event.office_id,
        order_id=event.order_id,
        started_at=event.at,
        limit=limit,
        due_at=due_at,
        stopped_at=None,
        provisional=event.facts["provisional"],
        extensions=0,
        steps=(Step(Event.START, event.at, due_date(due_at), limit.source),),
    )


def _next(clock: ClockState, event: StoredEvent) -> ClockState:
    kind = Event(event.event)
    if kind is Event.STOP:
        step = Step(kind, event.at, due_date(clock.due_at), None)
        return replace(clock, stopped_at=event.at, steps=(*clock.steps, step))
    due_at = datetime.fromisoformat(event.facts["due_at"])
    return replace(
        clock,
        due_at=due_at,
        stopped_at=None,
        provisional=event.facts["provisional"],
        extensions=clock.extensions + (kind is Event.EXTEND),
        steps=(*clock.steps, Step(kind, event.at, due_date(due_at), event.facts["rule"])),
    )
