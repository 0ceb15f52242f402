"""What ends a clock that was never recorded: the events of the ledger that end clocks of its kind. Clocks that were
recorded need none of this, for their own events say when they ended."""

from __future__ import annotations

import uuid
from datetime import datetime

from caseway.cases import limits
from caseway.cases.codes import HandlingKind
from caseway.clocks.workflow import ClockKind, Event
from caseway.custody.transfer import NOTICE_CLOCKS
from caseway.custody.workflow import SPECS, OrderKind, goes_on
from caseway.whatif.history import History, Recorded, columns_of

_SIGNED = frozenset({"order.signed", "order.deemed_signed"})
#: Ends with the sign-for of its own order.
_UNTIL_SIGNED = frozenset({ClockKind.SIGN_FOR, ClockKind.SIGN_AND_ROUTE})
#: Kinds that some event of the ledger ends before the case does, and those that nothing else ends.
ENDED_BY_EVENTS = frozenset(limits.ARRIVAL) | frozenset(limits.ANSWERED) | _UNTIL_SIGNED | {ClockKind.APPRAISE}
ENDED_WITH_THE_CASE = frozenset({ClockKind.CLOSE_CHECK})


def turn(
    event: Recorded,
    kind: ClockKind,
    order_id: uuid.UUID | None,
    stopped_by: uuid.UUID | None,
    history: History,
    *,
    is_running: bool,
) -> tuple[Event, datetime] | None:
    """What an event does to a clock of a kind, and since when; null = nothing. ``stopped_by`` = the order whose
    delivery stopped it, if that is what did."""
    subject = _order_of(event)
    if event.type in ("order.recalled", "case.returned") and kind in NOTICE_CLOCKS and subject != order_id:
        is_return = event.type == "case.returned"
        if stopped_by == subject or (is_return and is_running):
            return (Event.MOVE if is_return else Event.RESTART), event.at
    if not is_running:
        return None
    if _ends(event, kind, order_id, subject, history):
        at = datetime.fromisoformat(event.facts["served_at"]) if event.type == "case.answered" else event.at
        return Event.STOP, at
    return None


def stopping_order(event: Recorded) -> uuid.UUID | None:
    """The order whose delivery an event is."""
    return _order_of(event) if event.type == "order.delivered" else None


def _order_of(event: Recorded) -> uuid.UUID | None:
    found = event.facts.get("order_id")
    return uuid.UUID(found) if found is not None else None


def _ends(
    event: Recorded, kind: ClockKind, order_id: uuid.UUID | None, subject: uuid.UUID | None, history: History
) -> bool:
    if columns_of(event).get("is_open") is False:
        return True
    match event.type:
        case "order.delivered":
            order = history.orders_by_id.get(subject) if subject is not None else None
            fresh = order is not None and SPECS[OrderKind(order.kind)].fresh_notice
            moved = order is not None and fresh and not goes_on(order.kind, order.stage_before)
            return moved and kind not in limits.KEPT_BY_MOVES
        case "order.recalled" | "case.returned":
            return subject == order_id
        case "case.accepted":
            return kind in limits.ARRIVAL
        case "handling.started":
            return kind is ClockKind.RESPOND
        case "handling.recorded":
            return kind is ClockKind.COORDINATE and event.facts["kind"] == HandlingKind.CONSULTATION
        case "case.answered":
            return kind in limits.ANSWERED
        case "case.archived":
            return kind is ClockKind.APPRAISE
    return event.type in _SIGNED and kind in _UNTIL_SIGNED and subject == order_id
