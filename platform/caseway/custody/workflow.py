"""The vocabulary of custody and its two tables: what each kind of order does, and how an order lives (domain 5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from caseway.access.permissions import Permission
from caseway.cases.codes import GrantKind
from caseway.cases.workflow import Action, Stage
from caseway.clocks.workflow import ClockKind, StartEvent
from caseway.errors import Conflict


class Direction(StrEnum):
    """Where an order points in the tree of offices, seen from the sender's seat."""

    DOWN = "DOWN"
    SAME = "SAME"
    UP = "UP"


class Relation(StrEnum):
    """How a target office stands to a sender, as finely as the route rules need it."""

    SAME_SEAT = "SAME_SEAT"  # a government and the offices that act for it
    FELLOW_BUREAU = "FELLOW_BUREAU"  # two departments of one government
    OWN_BUREAU = "OWN_BUREAU"  # a government, or an office acting for it, to its department
    OWN_GOVERNMENT = "OWN_GOVERNMENT"  # a department to its government, or to an office acting for it
    SIBLING = "SIBLING"  # same level, same superior
    OTHER_CITY = "OTHER_CITY"  # same level, in another city
    BELOW = "BELOW"  # one level down
    FAR_BELOW = "FAR_BELOW"  # down over the head of a level
    ABOVE = "ABOVE"  # one level up
    FAR_ABOVE = "FAR_ABOVE"  # up over the head of a level
    ELSEWHERE = "ELSEWHERE"  # anything else

    @property
    def direction(self) -> Direction | None:
        """Where it points; ``None`` for offices that no order with custody can reach."""
        return _DIRECTIONS.get(self)


_DIRECTIONS = {
    Relation.SAME_SEAT: Direction.SAME,
    Relation.FELLOW_BUREAU: Direction.SAME,
    Relation.SIBLING: Direction.SAME,
    Relation.OTHER_CITY: Direction.SAME,
    Relation.OWN_BUREAU: Direction.DOWN,
    Relation.BELOW: Direction.DOWN,
    Relation.FAR_BELOW: Direction.DOWN,
    Relation.OWN_GOVERNMENT: Direction.UP,
    Relation.ABOVE: Direction.UP,
    Relation.FAR_ABOVE: Direction.UP,
}

_DOWN = frozenset({Relation.OWN_BUREAU, Relation.BELOW, Relation.FAR_BELOW})
_ONE_UP = frozenset({Relation.OWN_GOVERNMENT, Relation.ABOVE})
_OWN_GOVERNMENT = frozenset({Relation.SAME_SEAT, Relation.FELLOW_BUREAU, Relation.OWN_GOVERNMENT})
_LATERAL = _OWN_GOVERNMENT | {Relation.SIBLING, Relation.OTHER_CITY}
_ANY = frozenset(Relation)


class Duty(StrEnum):
    """What the receiver owes the sender in the end."""

    NONE = "NONE"
    OUTCOME = "OUTCOME"
    CLOSING_REPORT = "CLOSING_REPORT"
    CONTRIBUTION = "CONTRIBUTION"
    ADVICE = "ADVICE"
    WRITTEN_REPLY = "WRITTEN_REPLY"


class OrderKind(StrEnum):
    """What one office asks of another about a case."""

    FORWARD = "FORWARD"  # 转送
    ASSIGN = "ASSIGN"  # 交办
    HAND_OVER = "HAND_OVER"  # 移交
    ACCUSATION_HAND_OVER = "ACCUSATION_HAND_OVER"  # 检举移送
    TAKE_UP = "TAKE_UP"  # 提级办理
    HAND_BACK = "HAND_BACK"  # 交还: back from a take-up, with what is still to be done
    KEY_ASSIGN = "KEY_ASSIGN"  # 重点事项交办: with a responsibility list, by a superior who does not hold the case
    DECIDED = "DECIDED"  # 指定管辖: the common superior named the receiver
    BACKSTOP = "BACKSTOP"  # 兜底: holds while competence is disputed
    MOVE_UP = "MOVE_UP"  # nobody of the holder may act (recusal, accused office)
    SUCCESSION = "SUCCESSION"  # the holder was merged or abolished (art. 24)
    ADVICE = "ADVICE"  # 提级研判
    REPORT_UP = "REPORT_UP"  # 上报
    ASSIST = "ASSIST"  # 协办
    SUPERVISE = "SUPERVISE"  # 督办
    COPY = "COPY"  # 抄送


@dataclass(frozen=True, slots=True)
class OrderSpec:
    """One row of the operations table. The agreed return (退回) is not a row: it is the end of an objected order."""

    #: Targets that the order may reach; the route refuses others with WRONG_LEVEL.
    reach: frozenset[Relation]
    moves_custody: bool
    #: Ledger event of sending it.
    event: str
    #: The case's transition; the stage follows the table of cases.
    action: Action
    #: Asked of the policy; ``None`` = only the platform, or a decision that was permitted by itself, sends it.
    permission: Permission | None = None
    #: What the receiver gets when the order is delivered.
    grant: GrantKind | None = None
    duty: Duty = Duty.NONE
    recallable: bool = False
    objectable: bool = False
    #: Addressed to whoever holds the case.
    to_holder: bool = False
    #: Carries accusations (nothing else), or ordinary cases (nothing else), or, if ``None``, both.
    for_accusations: bool | None = None
    #: A superior's order: reaches also a department whose own fields do not cover the case.
    overrides_fields: bool = False
    #: Needs a date by which the receiver reports or replies.
    needs_limit: bool = False
    needs_instruction: bool = False
    #: Clocks of the order itself, started at delivery for the receiver, whatever the rules say besides.
    clocks: tuple[ClockKind, ...] = ()
    #: Events of deadline rows that delivery of the order is.
    starts: tuple[StartEvent, ...] = (StartEvent.DELIVERED, StartEvent.DISPATCHED)
    #: The sender's clock of sorting or notice stops at delivery and the receiver's notice clock starts (INV-11).
    #: Otherwise the clocks of the proceeding stay as they are.
    fresh_notice: bool = False


_SIGN = (ClockKind.SIGN_FOR,)
_SIGN_OR_OBJECT = (ClockKind.SIGN_FOR, ClockKind.OBJECT)

#: Domain 5.4, one row per kind.
SPECS: MappingProxyType[OrderKind, OrderSpec] = MappingProxyType(
    {
        OrderKind.FORWARD: OrderSpec(
            reach=_DOWN | _OWN_GOVERNMENT,
            moves_custody=True,
            event="case.forwarded",
            action=Action.FORWARD,
            permission=Permission.CASE_FORWARD,
            grant=GrantKind.ADDRESSEE,
            duty=Duty.OUTCOME,
            recallable=True,
            objectable=True,
            for_accusations=False,
            clocks=_SIGN_OR_OBJECT,
            fresh_notice=True,
        ),
        OrderKind.ASSIGN: OrderSpec(
            reach=_DOWN,
            moves_custody=True,
            event="case.assigned",
            action=Action.ASSIGN,
            permission=Permission.CASE_ASSIGN,
            grant=GrantKind.ADDRESSEE,
            duty=Duty.CLOSING_REPORT,
            recallable=True,
            objectable=True,
            for_accusations=False,
            overrides_fields=True,
            needs_limit=True,
            needs_instruction=True,
            clocks=(*_SIGN_OR_OBJECT, ClockKind.ORDER),
            starts=(StartEvent.DELIVERED, StartEvent.DISPATCHED, StartEvent.ASSIGNED),
            fresh_notice=True,
        ),
        OrderKind.HAND_OVER: OrderSpec(
            reach=_LATERAL,
            moves_custody=True,
            event="case.handed_over",
            action=Action.HAND_OVER,
            permission=Permission.CASE_HAND_OVER,
            grant=GrantKind.ADDRESSEE,
            recallable=True,
            objectable=True,
            for_accusations=False,
            needs_instruction=True,
            clocks=_SIGN_OR_OBJECT,
        ),
        OrderKind.ACCUSATION_HAND_OVER: OrderSpec(
            reach=_ANY,  # by cadre-management authority, not by level: the competence check decides
            moves_custody=True,
            event="case.accusation_handed_over",
            action=Action.HAND_OVER_ACCUSATION,
            permission=Permission.CASE_HAND_OVER_ACCUSATION,
            grant=GrantKind.ADDRESSEE,
            for_accusations=True,
            clocks=_SIGN,
            fresh_notice=True,
        ),
        OrderKind.TAKE_UP: OrderSpec(
            reach=_ONE_UP,
            moves_custody=True,
            event="case.take_up_requested",
            action=Action.TAKE_UP,
            permission=Permission.CASE_ESCALATE,
            grant=GrantKind.ADDRESSEE,
            recallable=True,
            needs_instruction=True,
            clocks=_SIGN,
        ),
        OrderKind.HAND_BACK: OrderSpec(
            reach=_ANY,  # to where the take-up had come from
            moves_custody=True,
            event="case.handed_back",
            action=Action.HAND_BACK,
            grant=GrantKind.ADDRESSEE,
            for_accusations=False,
            overrides_fields=True,
            needs_instruction=True,
            clocks=_SIGN,
            starts=(),
        ),
        OrderKind.KEY_ASSIGN: OrderSpec(
            reach=_DOWN | {Relation.SAME_SEAT},
            moves_custody=True,
            event="case.key_assigned",
            action=Action.DELIVER_LIST,
            grant=GrantKind.ADDRESSEE,
            duty=Duty.CLOSING_REPORT,
            for_accusations=False,
            overrides_fields=True,
            needs_instruction=True,
            clocks=_SIGN,
            starts=(StartEvent.DELIVERED, StartEvent.DISPATCHED, StartEvent.ASSIGNED),
            fresh_notice=True,
        ),
        OrderKind.DECIDED: OrderSpec(
            reach=_ANY,
            moves_custody=True,
            event="case.designated",
            action=Action.DECIDE_COMPETENCE,
            grant=GrantKind.ADDRESSEE,
            duty=Duty.OUTCOME,
            overrides_fields=True,
            clocks=_SIGN,
            fresh_notice=True,
        ),
        OrderKind.BACKSTOP: OrderSpec(
            reach=_ANY, moves_custody=True, event="dispute.referred", action=Action.REFER_DISPUTE
        ),
        OrderKind.MOVE_UP: OrderSpec(reach=_ANY, moves_custody=True, event="case.moved_up", action=Action.MOVE_UP),
        OrderKind.SUCCESSION: OrderSpec(reach=_ANY, moves_custody=True, event="case.succeeded", action=Action.SUCCEED),
        OrderKind.ADVICE: OrderSpec(
            reach=_ONE_UP | {Relation.SAME_SEAT},
            moves_custody=False,
            event="advice.asked",
            action=Action.ASK_ADVICE,
            permission=Permission.CASE_ASK_ADVICE,
            grant=GrantKind.ADVISOR,
            duty=Duty.ADVICE,
            needs_instruction=True,
        ),
        OrderKind.REPORT_UP: OrderSpec(
            reach=_ONE_UP | {Relation.FAR_ABOVE, Relation.SAME_SEAT},
            moves_custody=False,
            event="case.reported_up",
            action=Action.REPORT_UP,
            permission=Permission.CASE_REPORT_UP,
            grant=GrantKind.INFORMED,
            needs_instruction=True,
        ),
        OrderKind.ASSIST: OrderSpec(
            reach=_ANY,
            moves_custody=False,
            event="case.assisted",
            action=Action.ASSIST,
            permission=Permission.CASE_ASSIST,
            grant=GrantKind.JOINT,
            duty=Duty.CONTRIBUTION,
            recallable=True,
            needs_instruction=True,
            clocks=(ClockKind.ORDER,),
        ),
        OrderKind.SUPERVISE: OrderSpec(
            reach=_DOWN,
            moves_custody=False,
            event="case.supervised",
            action=Action.SUPERVISE,
            permission=Permission.CASE_SUPERVISE,
            duty=Duty.WRITTEN_REPLY,
            to_holder=True,
            needs_limit=True,
            needs_instruction=True,
            clocks=(ClockKind.ORDER,),
        ),
        OrderKind.COPY: OrderSpec(
            reach=_ANY,
            moves_custody=False,
            event="case.copied",
            action=Action.COPY,
            permission=Permission.CASE_COPY,
            grant=GrantKind.INFORMED,
        ),
    }
)


class OrderState(StrEnum):
    """Where an order stands in its life."""

    SENT = "SENT"
    DELIVERED = "DELIVERED"
    SIGNED = "SIGNED"
    OBJECTED = "OBJECTED"
    RETURNED = "RETURNED"  # the sender, or a decision, took it back
    UPHELD = "UPHELD"  # the objection was refused
    SETTLED = "SETTLED"  # the dispute ended otherwise: a decision for a third office, or the end of the case
    RECALLED = "RECALLED"
    REFUSED = "REFUSED"  # the upper office did not take the case
    DONE = "DONE"  # without custody: contributed, advised, replied, taken notice of


class OrderEvent(StrEnum):
    """What can happen to an order."""

    DELIVER = "DELIVER"
    SIGN = "SIGN"
    OBJECT = "OBJECT"
    AGREE = "AGREE"
    UPHOLD = "UPHOLD"
    SETTLE = "SETTLE"
    REFER = "REFER"
    RECALL = "RECALL"
    REFUSE = "REFUSE"
    FINISH = "FINISH"


#: (state, event) -> state: the life of every order.
LIFE: MappingProxyType[tuple[OrderState, OrderEvent], OrderState] = MappingProxyType(
    {
        (OrderState.SENT, OrderEvent.DELIVER): OrderState.DELIVERED,
        (OrderState.DELIVERED, OrderEvent.SIGN): OrderState.SIGNED,
        (OrderState.DELIVERED, OrderEvent.RECALL): OrderState.RECALLED,
        (OrderState.DELIVERED, OrderEvent.REFUSE): OrderState.REFUSED,
        (OrderState.DELIVERED, OrderEvent.FINISH): OrderState.DONE,
        (OrderState.SIGNED, OrderEvent.OBJECT): OrderState.OBJECTED,
        (OrderState.OBJECTED, OrderEvent.AGREE): OrderState.RETURNED,
        (OrderState.OBJECTED, OrderEvent.UPHOLD): OrderState.UPHELD,
        (OrderState.OBJECTED, OrderEvent.SETTLE): OrderState.SETTLED,
        # The objector does not accept the refusal and takes the dispute to the superior.
        (OrderState.UPHELD, OrderEvent.REFER): OrderState.OBJECTED,
    }
)


def after(state: str, event: OrderEvent) -> OrderState:
    """The state that ``event`` leads to; ``Conflict`` when somebody else has already dealt with the order."""
    try:
        return LIFE[OrderState(state), event]
    except KeyError:
        raise Conflict("This order was dealt with a moment ago: read the case again.", state=str(state)) from None


#: States of an order that was objected to, whatever became of it.
_DISPUTED = frozenset({OrderState.OBJECTED, OrderState.UPHELD, OrderState.RETURNED, OrderState.SETTLED})


class OrderLike(Protocol):
    """The columns of an order that the bounce rules read."""

    kind: str
    state: str
    sender_id: int
    receiver_id: int


def _came_back(orders: Sequence[OrderLike]) -> Iterable[tuple[int, int]]:
    """Every time a case came back, as (who had sent it, who gave it back): agreed returns, and hand-backs in the
    guise of a new order to the office it had come from."""
    sent: set[tuple[int, int]] = set()
    for order in orders:
        pair, reverse = (order.sender_id, order.receiver_id), (order.receiver_id, order.sender_id)
        if order.state == OrderState.RETURNED:
            yield pair
        elif SPECS[OrderKind(order.kind)].objectable and order.state not in (
            OrderState.SENT,
            OrderState.DELIVERED,
            OrderState.RECALLED,
        ):
            if reverse in sent:
                yield reverse
            sent.add(pair)


def times_returned(orders: Sequence[OrderLike]) -> int:
    """How often a case came back from an office that it had been sent to."""
    return sum(1 for _ in _came_back(orders))


def disputed(orders: Sequence[OrderLike]) -> tuple[int, int] | None:
    """The two offices (sender, receiver) that last disagreed about the case: by an objection, or by sending it back."""
    objected = [order for order in orders if order.state in _DISPUTED]
    if objected:
        return objected[-1].sender_id, objected[-1].receiver_id
    back = list(_came_back(orders))
    return back[-1] if back else None


def bounced(orders: Sequence[OrderLike], first_id: int, second_id: int) -> bool:
    """Whether the case has already bounced between the two, in either direction (INV-12)."""
    return any({first_id, second_id} == set(pair) for pair in _came_back(orders))


#: Stages of a matter that is being handled: it goes on being handled where it arrives (T15).
_HANDLED = frozenset({Stage.ACCEPTED, Stage.HANDLING})


def goes_on(kind: str, stage_before: str) -> bool:
    """Whether an order brings a matter that is being handled already, and the receiver just goes on with it. An
    accusation starts anew with the competent body."""
    return stage_before in _HANDLED and kind != OrderKind.ACCUSATION_HAND_OVER


def without_clocks(kind: str, stage_before: str) -> frozenset[ClockKind]:
    """The clocks that the delivery of an order does not start for the receiver, whatever its rules say. A matter that
    is being handled brings no notice of acceptance with it; a hand-over leaves the sender's notice clock as it runs;
    only what is assigned has the limits of assigned matters."""
    spec = SPECS[OrderKind(kind)]
    found = set() if spec.fresh_notice and not goes_on(kind, stage_before) else {ClockKind.ACCEPT_NOTICE}
    return frozenset(found if StartEvent.ASSIGNED in spec.starts else found | {ClockKind.HANDLE_ASSIGNED})
