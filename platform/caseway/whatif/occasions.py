"""Which events of a case are start events of deadline rows, and for whom: read from the ledger, so that also a clock
that no rule asked for at the time has its start."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from caseway.cases import limits
from caseway.cases.workflow import Stage
from caseway.clocks.workflow import ClockKind, StartEvent
from caseway.custody.workflow import SPECS, OrderKind, without_clocks
from caseway.whatif.history import History, OrderLike, Recorded, columns_of

#: Clocks start for these events only while none of the kind and start runs (INV-10).
ONLY_ONCE = (ClockKind.HANDLE, StartEvent.ACCEPTED)
_SIGNED = frozenset({"order.signed", "order.deemed_signed"})


@dataclass(frozen=True, slots=True)
class Occasion:
    """A start event: what can count from it, since when, and for which office."""

    start: StartEvent
    #: What is counted from, and when it was recorded.
    at: datetime
    known_at: datetime
    #: The ledger event that it is part of.
    seq: int
    office_id: int
    order_id: uuid.UUID | None = None
    #: The clocks that can start.
    kinds: frozenset[ClockKind] = field(default=frozenset(ClockKind))
    #: The case as it was: what decides which rows are about it, and what their conditions may ask.
    case: Any = None

    @property
    def classes(self) -> frozenset[str]:
        """The classes of deadline rows that the case fell under."""
        return limits.classes_of(self.case)

    def values(self) -> dict[str, Any]:
        """What conditions of rows could ask."""
        return limits.known(self.case, at=self.at)


def occasions(
    event: Recorded, before: Mapping[str, Any], history: History, kind_of: Callable[[int], str]
) -> Iterator[Occasion]:
    """The start events that a ledger event stands for. ``before`` = the columns of the case until then; ``kind_of`` =
    the kind of an office."""
    match event.type:
        case "case.registered":
            case = SimpleNamespace(**columns_of(event))
            kinds = limits.of_arrival(kind_of(case.holder_id))
            yield _occasion(StartEvent.RECEIVED, case.received_at, event, case, case.holder_id, kinds=kinds)
            yield _occasion(StartEvent.REGISTERED, case.registered_at, event, case, case.holder_id)
        case "order.delivered":
            order = history.orders_by_id.get(uuid.UUID(event.facts["order_id"]))
            if order is not None and SPECS[OrderKind(order.kind)].moves_custody:
                yield from _delivery(event, order, SimpleNamespace(**before))
        case _ if event.type in _SIGNED:
            order_id = uuid.UUID(event.facts["order_id"])
            case = SimpleNamespace(**before)
            yield _occasion(StartEvent.SIGNED, event.at, event, case, event.facts["to"], order_id=order_id)
        case "case.accepted":
            case = SimpleNamespace(**before)
            yield _occasion(StartEvent.ACCEPTED, event.at, event, case, case.holder_id)
        case "case.answered":
            case, served_at = SimpleNamespace(**before), datetime.fromisoformat(event.facts["served_at"])
            yield _occasion(StartEvent.RESULT_SUBMITTED, served_at, event, case, case.holder_id)
        case _ if columns_of(event).get("stage") == Stage.CLOSED:
            case = SimpleNamespace(**before)
            yield _occasion(StartEvent.CLOSED, event.at, event, case, case.holder_id)


def _delivery(event: Recorded, order: OrderLike, case: Any) -> Iterator[Occasion]:
    kinds = frozenset(ClockKind) - without_clocks(order.kind, order.stage_before)
    for start in SPECS[OrderKind(order.kind)].starts:
        yield _occasion(start, event.at, event, case, order.receiver_id, order_id=order.id, kinds=kinds)


def _occasion(
    start: StartEvent,
    at: datetime,
    event: Recorded,
    case: Any,
    office_id: int,
    *,
    order_id: uuid.UUID | None = None,
    kinds: frozenset[ClockKind] = frozenset(ClockKind),
) -> Occasion:
    return Occasion(start, at, event.at, event.seq, office_id, order_id, kinds, case)
