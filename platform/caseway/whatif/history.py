"""What is stored about a case, as a replay reads it, and what it needs to know besides."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol

from caseway.calendars.workdays import Calendar
from caseway.cases.record import decode
from caseway.clocks.workflow import StoredEvent
from caseway.escalation.counters import Occurrence
from caseway.escalation.models import Escalation
from caseway.rules.resolve import EffectiveRules
from caseway.tenancy.models import Office


class Recorded(Protocol):
    """A ledger event."""

    @property
    def seq(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def facts(self) -> dict[str, Any]: ...


class OrderLike(Protocol):
    """An order between offices."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def sender_id(self) -> int: ...
    @property
    def receiver_id(self) -> int: ...
    @property
    def sent_at(self) -> datetime: ...
    @property
    def delivered_at(self) -> datetime | None: ...
    @property
    def signed_at(self) -> datetime | None: ...
    @property
    def objected_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def stage_before(self) -> str: ...


@dataclass(frozen=True)
class History:
    """Everything that happened to one case, each list in order."""

    city_id: int
    case_id: uuid.UUID
    number: str
    events: Sequence[Recorded]
    clock_events: Sequence[StoredEvent]
    orders: Sequence[OrderLike]
    #: Registrations of the matter, also with its other cases, each with the instant at which it was entered.
    registrations: Sequence[tuple[datetime, Occurrence]]
    escalations: Sequence[Escalation]

    @cached_property
    def orders_by_id(self) -> Mapping[uuid.UUID, OrderLike]:
        """The orders by their ids."""
        return {each.id: each for each in self.orders}

    @cached_property
    def served(self) -> Mapping[datetime, datetime]:
        """When an answer was served -> when that was recorded: until then every clock ran on."""
        return {
            datetime.fromisoformat(each.facts["served_at"]): each.at
            for each in self.events
            if each.type == "case.answered"
        }

    def known_at(self, at: datetime) -> datetime:
        """When something that counts from an instant was recorded."""
        return self.served.get(at, at)

    @property
    def petition_class(self) -> str:
        """The class under which it was registered; it never changes."""
        return str(self.events[0].facts["set"]["petition_class"])


def columns_of(event: Recorded) -> dict[str, Any]:
    """The columns of the case that an event set."""
    return decode(event.facts.get("set", {}))


class MissingCode(StrEnum):
    """Why the history cannot tell what would have been."""

    #: Replayed under the rules that were in force, it does not come out as it was.
    HISTORY_DIFFERS = "HISTORY_DIFFERS"
    #: An office stands elsewhere in the tree than it did then.
    OFFICE_CHANGED = "OFFICE_CHANGED"
    #: A condition asks for something that was not recorded.
    CONDITION = "CONDITION"
    #: Its limits were taken over from a merged case.
    TAKEN_OVER = "TAKEN_OVER"
    #: Somebody did what these rules would have refused; what they would have done instead is not known.
    REFUSED = "REFUSED"
    #: Who approved something is recorded, not the rank that they had then.
    RANK = "RANK"
    #: A rung would have been proposed; what people would have decided is not known.
    DECISION = "DECISION"
    #: The case would have moved to another office; what would have been done there is not known.
    MOVED = "MOVED"


@dataclass(frozen=True, slots=True, order=True)
class Missing:
    """One thing that the history does not tell."""

    code: MissingCode
    #: The rule that asks for it, e.g. ``JX-15``; empty if none in particular does.
    rule: str
    #: What is missing, in words.
    what: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What a replay looks up: nothing of it changes while it runs."""

    rules: Callable[[int, date], EffectiveRules]
    calendar: Callable[[int], Calendar]
    office: Callable[[int], Office]
    #: The last instant at which an office, or one above it, was moved in the tree; null = never.
    moved_at: Callable[[int], datetime | None]
    now: datetime
