"""What the events of a clock mean: its state, due instant and lateness are derived from them, never stored."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from caseway.clocks.arithmetic import Limit, Unit, due_date


class ClockKind(StrEnum):
    """What a clock measures."""

    FORWARD = "FORWARD"
    DIRECT_NOTICE = "DIRECT_NOTICE"
    ACCEPT_NOTICE = "ACCEPT_NOTICE"
    SIGN_FOR = "SIGN_FOR"
    OBJECT = "OBJECT"
    ANSWER_OBJECTION = "ANSWER_OBJECTION"
    DECIDE_DISPUTE = "DECIDE_DISPUTE"
    HANDLE = "HANDLE"
    HANDLE_ASSIGNED = "HANDLE_ASSIGNED"
    ASSIGNED = "ASSIGNED"
    COORDINATE = "COORDINATE"
    ANSWER = "ANSWER"
    DISPATCH = "DISPATCH"
    SIGN_AND_ROUTE = "SIGN_AND_ROUTE"
    RESPOND = "RESPOND"
    RESPOND_DISPOSE = "RESPOND_DISPOSE"
    CLOSE_CHECK = "CLOSE_CHECK"
    APPRAISE = "APPRAISE"
    REDO = "REDO"
    REVIEW_WINDOW = "REVIEW_WINDOW"
    DECIDE = "DECIDE"
    ORDER = "ORDER"
    ESCALATION_ANSWER = "ESCALATION_ANSWER"


#: Clocks of the proceeding: what the office owes the petitioner. The earliest running one is the case's due instant.
#: The others measure an order, one step inside an office, what follows the answer, or the petitioner's own window.
STATUTORY = frozenset(
    {
        ClockKind.FORWARD,
        ClockKind.DIRECT_NOTICE,
        ClockKind.ACCEPT_NOTICE,
        ClockKind.HANDLE,
        ClockKind.HANDLE_ASSIGNED,
        ClockKind.ASSIGNED,
        ClockKind.ANSWER,
        ClockKind.REDO,
        ClockKind.DECIDE,
    }
)


class StartEvent(StrEnum):
    """What a clock counts from: the ``start`` of a deadline row."""

    RECEIVED = "RECEIVED"
    REGISTERED = "REGISTERED"
    DISPATCHED = "DISPATCHED"
    DELIVERED = "DELIVERED"
    ASSIGNED = "ASSIGNED"
    SIGNED = "SIGNED"
    ACCEPTED = "ACCEPTED"
    RESULT_SUBMITTED = "RESULT_SUBMITTED"
    CLOSED = "CLOSED"
    #: The office or the platform set it by itself: an order's date, a window, a redo.
    ORDERED = "ORDERED"


class Layer(StrEnum):
    """Where a limit comes from."""

    LAW = "LAW"
    OFFICE = "OFFICE"
    #: A convention of the platform where law and offices are silent.
    PLATFORM = "PLATFORM"
    #: An order named the date.
    ORDER = "ORDER"


class Event(StrEnum):
    """What can happen to a clock."""

    START = "START"
    STOP = "STOP"
    RESTART = "RESTART"
    MOVE = "MOVE"
    EXTEND = "EXTEND"
    RECLASSIFY = "RECLASSIFY"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    REPROJECT = "REPROJECT"


class CaseKey(Protocol):
    """Any case: clocks and timers need nothing of it but its key."""

    @property
    def city_id(self) -> int: ...
    @property
    def id(self) -> uuid.UUID: ...


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
class Span:
    """A length of time without a source, as reminders use it."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class PinnedLimit:
    """One deadline row as it stood when the clock started (INV-22). Together with an instant it gives a date."""

    limit: Limit
    layer: Layer
    book: str | None = None
    version: int | None = None
    row_id: str | None = None
    #: Class of cases that the row is for; null = every case.
    case_class: str | None = None
    remind_before: tuple[Span, ...] = ()

    def facts(self) -> dict[str, Any]:
        """As stored with the event that pinned it."""
        return self.limit.facts() | {
            "layer": str(self.layer),
            "book": self.book,
            "version": self.version,
            "row": self.row_id,
            "case_class": self.case_class,
            "remind_before": [[each.amount, str(each.unit)] for each in self.remind_before],
        }

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> PinnedLimit:
        """Back from what ``facts()`` gave."""
        return cls(
            limit=Limit.of(dict(facts)),
            layer=Layer(facts["layer"]),
            book=facts["book"],
            version=facts["version"],
            row_id=facts["row"],
            case_class=facts["case_class"],
            remind_before=tuple(Span(amount, Unit(unit)) for amount, unit in facts["remind_before"]),
        )


@dataclass(frozen=True, slots=True)
class AppliedLimit:
    """A pinned limit with the instant it has come to."""

    pinned: PinnedLimit
    due_at: datetime
    #: The due date may still change because the calendar of its year is not published.
    provisional: bool

    @property
    def limit(self) -> Limit:
        """Its length and source."""
        return self.pinned.limit

    @property
    def layer(self) -> Layer:
        """Where it comes from."""
        return self.pinned.layer

    def missed_by(self, at: datetime) -> bool:
        """Whether something done at that instant comes too late. A limit in days ends before 24:00 of its last day; a
        limit in hours or less is still met at its very last instant."""
        return at > self.due_at if self.limit.unit.is_exact else at >= self.due_at


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """Who may extend a clock and how far, as pinned when it started (INV-09)."""

    #: The smallest cap in the chain of rules.
    cap: Limit
    #: Rank that approves; null = whoever may extend at all.
    by: str | None
    times: int
    #: Longest whole length from the start; null = none is set.
    total: Limit | None

    def facts(self) -> dict[str, Any]:
        """As stored with the event that pinned it."""
        return {
            "cap": self.cap.facts(),
            "by": self.by,
            "times": self.times,
            "total": self.total.facts() if self.total is not None else None,
        }

    @classmethod
    def of(cls, facts: Mapping[str, Any] | None) -> ExtensionRule | None:
        """Back from what ``facts()`` gave; null for clocks that nobody may extend."""
        if facts is None:
            return None
        total = facts["total"]
        return cls(Limit.of(facts["cap"]), facts["by"], facts["times"], Limit.of(total) if total else None)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a clock's explanation: what happened, when, to which due date it led and by which rule."""

    event: Event
    at: datetime
    #: Last day of the clock after this event, in Shanghai.
    due_date: date
    #: Rule or legal source; null where the event only stops the clock.
    rule: str | None
    person_id: int
    #: The event's facts as stored: the length of an extension, what was left at a restart, the date ordered by a move.
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClockState:
    """A clock as its events have left it."""

    clock_id: uuid.UUID
    kind: ClockKind
    #: What it counts from.
    start: StartEvent
    #: Office that owes what the clock measures.
    office_id: int
    order_id: uuid.UUID | None
    started_at: datetime
    #: Every limit that applies, at least one; the earliest rules (C4, INV-08).
    limits: tuple[AppliedLimit, ...]
    extension: ExtensionRule | None
    #: Null while it runs.
    stopped_at: datetime | None
    #: Since when its time is excluded; null while time counts.
    suspended_at: datetime | None
    #: Extensions that were granted.
    extensions: int
    steps: tuple[Step, ...]

    @property
    def ruling(self) -> AppliedLimit:
        """The limit that ends first; of several that end together the first one pinned, the law's before an
        office's."""
        return min(self.limits, key=lambda each: each.due_at)

    @property
    def limit(self) -> Limit:
        """Length and source of the ruling limit."""
        return self.ruling.limit

    @property
    def due_at(self) -> datetime:
        """The earliest instant of all limits (C4)."""
        return self.ruling.due_at

    @property
    def provisional(self) -> bool:
        """Whether the due date may still change: any limit that could come to rule depends on an unpublished year."""
        return any(each.provisional for each in self.limits)

    @property
    def is_running(self) -> bool:
        """Neither stopped nor ended."""
        return self.stopped_at is None

    @property
    def is_statutory(self) -> bool:
        """Whether it counts for the case's due instant."""
        return self.kind in STATUTORY

    def missed_by(self, at: datetime) -> bool:
        """Whether something done at that instant comes too late."""
        return self.ruling.missed_by(at)

    def overdue(self, now: datetime) -> bool:
        """Running, time counting, and its limit has passed."""
        return self.is_running and self.suspended_at is None and self.missed_by(now)

    def breached(self, now: datetime) -> bool:
        """Its limit passed while it ran, whether or not it was stopped afterwards."""
        return self.missed_by(self.stopped_at or now)

    def of_layer(self, layer: Layer) -> tuple[AppliedLimit, ...]:
        """Its limits from one source."""
        return tuple(each for each in self.limits if each.layer is layer)


def derive(events: Iterable[StoredEvent]) -> list[ClockState]:
    """The clocks of a case from its events in order; oldest clock first."""
    clocks: dict[uuid.UUID, ClockState] = {}
    for event in events:
        follow(clocks, event)
    return list(clocks.values())


def follow(clocks: dict[uuid.UUID, ClockState], event: StoredEvent) -> None:
    """Bring the clocks of a case, by their ids, to where one more event leads them."""
    before = clocks.get(event.clock_id)
    clocks[event.clock_id] = _start(event) if before is None else _next(before, event)


def earliest_due(clocks: Iterable[ClockState]) -> datetime | None:
    """The due instant of a case: the earliest of its running statutory clocks (INV-08); null = none runs."""
    return min((clock.due_at for clock in clocks if clock.is_running and clock.is_statutory), default=None)


def dues_of(facts: Mapping[str, Any]) -> list[tuple[datetime, bool]]:
    """The instants that an event led to, one per limit, and whether each is provisional."""
    return [(datetime.fromisoformat(at), provisional) for at, provisional in facts["dues"]]


def _applied(pinned: Sequence[PinnedLimit], facts: Mapping[str, Any]) -> tuple[AppliedLimit, ...]:
    return tuple(
        AppliedLimit(each, due_at, provisional)
        for each, (due_at, provisional) in zip(pinned, dues_of(facts), strict=True)
    )


def _start(event: StoredEvent) -> ClockState:
    limits = _applied([PinnedLimit.of(each) for each in event.facts["limits"]], event.facts)
    ruling = min(limits, key=lambda each: each.due_at)
    person_id = event.facts.get("person_id", 0)
    step = Step(Event.START, event.at, due_date(ruling.due_at), ruling.limit.source, person_id, event.facts)
    return ClockState(
        clock_id=event.clock_id,
        kind=ClockKind(event.kind),
        start=StartEvent(event.facts["start"]),
        office_id=event.office_id,
        order_id=event.order_id,
        started_at=event.at,
        limits=limits,
        extension=ExtensionRule.of(event.facts["extension"]),
        stopped_at=None,
        suspended_at=None,
        extensions=0,
        steps=(step,),
    )


def _next(clock: ClockState, event: StoredEvent) -> ClockState:
    kind, facts = Event(event.event), event.facts
    limits, extension = clock.limits, clock.extension
    if kind is Event.RECLASSIFY:
        limits = _applied([PinnedLimit.of(each) for each in facts["limits"]], facts)
        extension = ExtensionRule.of(facts["extension"])
    elif kind not in (Event.STOP, Event.SUSPEND):
        limits = _applied([each.pinned for each in clock.limits], facts)
    ruling = min(limits, key=lambda each: each.due_at)
    step = Step(kind, event.at, due_date(ruling.due_at), facts.get("rule"), facts.get("person_id", 0), facts)
    stopped_at, suspended_at = clock.stopped_at, clock.suspended_at
    match kind:
        case Event.STOP:
            stopped_at = event.at
        case Event.SUSPEND:
            suspended_at = event.at
        case Event.RESUME:
            suspended_at = None
        case Event.RESTART | Event.MOVE:
            stopped_at = None
    return replace(
        clock,
        limits=limits,
        extension=extension,
        stopped_at=stopped_at,
        suspended_at=suspended_at,
        extensions=clock.extensions + (kind is Event.EXTEND),
        steps=(*clock.steps, step),
    )
