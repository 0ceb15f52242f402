"""How custody moves: delivering an order, its arrival, its way back. Everything here runs inside a transaction that was
permitted and holds the case locked; the callers decide whether it may happen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from caseway.access.actor import Actor
from caseway.access.permissions import Role
from caseway.cases import limits
from caseway.cases import repository as cases
from caseway.cases.codes import GrantKind
from caseway.cases.models import Case
from caseway.cases.record import holder_changes, record
from caseway.cases.workflow import Action, PetitionClass, Stage, next_stage
from caseway.clocks import applicable, timers
from caseway.clocks import service as clocks
from caseway.clocks.arithmetic import Unit, day_of, due_date
from caseway.clocks.timers import TimerKind
from caseway.clocks.workflow import ClockKind, ClockState, PinnedLimit, StartEvent
from caseway.custody import repository
from caseway.custody.models import Custody, Order
from caseway.custody.workflow import (
    SPECS,
    OrderEvent,
    OrderKind,
    OrderSpec,
    OrderState,
    after,
    goes_on,
    without_clocks,
)
from caseway.db.base import new_id
from caseway.db.session import UnitOfWork
from caseway.people import repository as people
from caseway.rules import service as rules
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office, OfficeKind

#: The clocks of sorting and notice: the one who must tell the petitioner next owes them.
NOTICE_CLOCKS = frozenset({ClockKind.FORWARD, ClockKind.DIRECT_NOTICE, ClockKind.ACCEPT_NOTICE})
#: Roles that send an accusation on to the competent body.
_SORTING = (Role.DISPATCHER, Role.CLERK, Role.HANDLER)


class Subject(Protocol):
    """What decides who takes care of a case."""

    @property
    def petition_class(self) -> str: ...
    @property
    def barred(self) -> Sequence[int]: ...


#: ``clocks.restart`` or ``clocks.move``.
Revival = Callable[..., Awaitable[datetime | None]]


def new_order(
    case: Case,
    kind: OrderKind,
    *,
    sender_id: int,
    receiver_id: int,
    actor: Actor,
    at: datetime,
    instruction: str | None = None,
    report_due_at: datetime | None = None,
    copied: Sequence[int] = (),
) -> Order:
    """An order that has just been sent."""
    return Order(
        city_id=case.city_id,
        id=new_id(),
        case_id=case.id,
        kind=kind,
        moves_custody=SPECS[kind].moves_custody,
        state=OrderState.SENT,
        sender_id=sender_id,
        receiver_id=receiver_id,
        sent_by=actor.person_id,
        sent_at=at,
        delivered_at=None,
        signed_at=None,
        signed_by=None,
        objected_at=None,
        ended_at=None,
        instruction=instruction,
        objection=None,
        copied_office_ids=list(copied),
        report_due_at=report_due_at,
        stage_before=case.stage,
    )


async def send(
    uow: UnitOfWork,
    case: Case,
    order: Order,
    *,
    stage: Stage,
    actor: Actor,
    at: datetime,
    facts: dict[str, Any] | None = None,
    changes: dict[str, Any] | None = None,
) -> None:
    """Store an order and the event of sending it. What it says is part of the order, never of the ledger."""
    spec = SPECS[OrderKind(order.kind)]
    await repository.add(uow, order)
    await record(
        uow,
        case,
        type=spec.event,
        at=at,
        actor=actor,
        facts={"order_id": order.id, "from": order.sender_id, "to": order.receiver_id, **(facts or {})},
        changes={"stage": stage, **(changes or {})},
    )


async def deliver(uow: UnitOfWork, case: Case, order: Order, *, actor: Actor, at: datetime) -> None:
    """Delivery: the receiver's clocks start, the sender's stop; custody stays (INV-03, INV-11)."""
    spec = SPECS[OrderKind(order.kind)]
    order.state, order.delivered_at = after(order.state, OrderEvent.DELIVER), at
    due_at = await _delivery_clocks(uow, case, order, spec, actor=actor, at=at)
    changes: dict[str, Any] = {"due_at": due_at}
    if spec.grant is not None:
        changes |= await cases.add_grant(
            uow, case, office_id=order.receiver_id, kind=spec.grant, at=at, order_id=order.id
        )
    for office_id in order.copied_office_ids:
        changes |= await _copy(uow, case, order, office_id, actor=actor, at=at)
    await record(
        uow,
        case,
        type="order.delivered",
        at=at,
        actor=actor,
        facts={"order_id": order.id, "to": order.receiver_id, "copied": list(order.copied_office_ids)},
        changes=changes,
    )


async def _delivery_clocks(
    uow: UnitOfWork, case: Case, order: Order, spec: OrderSpec, *, actor: Actor, at: datetime
) -> datetime | None:
    due_at = case.due_at
    continued = goes_on(order.kind, order.stage_before)
    if spec.fresh_notice and not continued:
        due_at = await clocks.stop_all(uow, case, at=at, actor=actor, keep=limits.KEPT_BY_MOVES)
    effective = await rules.effective(uow.session, order.receiver_id, at=at)
    own: dict[ClockKind, PinnedLimit] = {ClockKind.SIGN_FOR: applicable.receipt()}
    if not continued:
        own[ClockKind.OBJECT] = applicable.objection(effective)
    if order.report_due_at is not None:
        own[ClockKind.ORDER] = _report_limit(order, at)
    for kind in (each for each in spec.clocks if each in own):
        due_at = await clocks.start(
            uow, case, kind,
            at=at, office_id=order.receiver_id, pinned=[own[kind]], order_id=order.id, actor=actor,
        )  # fmt: skip
    if spec.moves_custody:
        due_at = await _clocks_by_rules(uow, case, order, spec, actor=actor, at=at)
    await _watch(uow, case, order, spec)
    return due_at


async def _clocks_by_rules(
    uow: UnitOfWork, case: Case, order: Order, spec: OrderSpec, *, actor: Actor, at: datetime
) -> datetime | None:
    """What delivery starts for the receiver by its own rules."""
    without = without_clocks(order.kind, order.stage_before)
    due_at = await clocks.due_at(uow.session, case)
    for event in spec.starts:
        planned = await limits.prepare(uow, case, event, at=at, office_id=order.receiver_id, order_id=order.id)
        wanted = [each for each in planned if each.kind not in without]
        if wanted:
            due_at = await clocks.begin(uow, case, wanted, actor=actor)
    return due_at


async def _watch(uow: UnitOfWork, case: Case, order: Order, spec: OrderSpec) -> None:
    """The timers of receipt and objection."""
    for kind, timer in ((ClockKind.SIGN_FOR, TimerKind.DEEMED_RECEIPT), (ClockKind.OBJECT, TimerKind.OBJECTION_LAPSED)):
        clock = await order_clock(uow, case, order, kind) if kind in spec.clocks else None
        if clock is not None:
            await timers.set_timer(uow, case, timer, order.id, clock.due_at)


def _report_limit(order: Order, at: datetime) -> PinnedLimit:
    assert order.report_due_at is not None
    return applicable.ordered((due_date(order.report_due_at) - day_of(at)).days, Unit.DAY, f"order {order.kind}")


async def _copy(
    uow: UnitOfWork, case: Case, order: Order, office_id: int, *, actor: Actor, at: datetime
) -> dict[str, Any]:
    copy = new_order(case, OrderKind.COPY, sender_id=order.sender_id, receiver_id=office_id, actor=actor, at=at)
    copy.state, copy.delivered_at = after(copy.state, OrderEvent.DELIVER), at
    await repository.add(uow, copy)
    return await cases.add_grant(uow, case, office_id=office_id, kind=GrantKind.INFORMED, at=at, order_id=copy.id)


async def order_clock(uow: UnitOfWork, case: Case, order: Order, kind: ClockKind) -> ClockState | None:
    """The newest clock of one kind of an order, running or not."""
    found = [
        clock for clock in await clocks.clocks(uow.session, case) if clock.kind is kind and clock.order_id == order.id
    ]
    return found[-1] if found else None


async def arrive(
    uow: UnitOfWork,
    case: Case,
    order: Order,
    *,
    actor: Actor,
    at: datetime,
    event: str,
    action: Action = Action.SIGN_FOR,
    facts: dict[str, Any] | None = None,
) -> None:
    """Sign-for, by a person or deemed: custody moves to the receiver, in whose hands the case then is (T4, T5)."""
    receiver = await _receiver(uow, order)
    sender_id = case.holder_id
    stage = next_stage(
        case.stage, action, to=Stage.HANDLING if goes_on(order.kind, order.stage_before) else Stage.SIGNED
    )
    order.state, order.signed_at, order.signed_by = after(order.state, OrderEvent.SIGN), at, actor.person_id
    due_at = await clocks.stop(
        uow, case, (ClockKind.SIGN_FOR, ClockKind.SIGN_AND_ROUTE), at=at, order_id=order.id, actor=actor
    )
    signed = await limits.prepare(uow, case, StartEvent.SIGNED, at=at, office_id=receiver.id, order_id=order.id)
    if signed:
        due_at = await clocks.begin(uow, case, signed, actor=actor)
    await timers.cancel(uow, case, TimerKind.DEEMED_RECEIPT, order.id)
    await cases.end_grant(uow, case, office_id=order.receiver_id, kind=GrantKind.ADDRESSEE, at=at)
    changes = await _pass(uow, case, order, receiver, at=at)
    if order.kind in (OrderKind.ASSIGN, OrderKind.KEY_ASSIGN):
        # 包案: whoever was put in charge answers for an assigned case until it is settled.
        changes["lead_id"] = case.lead_id
    in_charge = actor.person_id if actor.office_id == receiver.id else 0
    await record(
        uow,
        case,
        type=event,
        at=at,
        actor=actor,
        facts={"order_id": order.id, "from": sender_id, "to": receiver.id, **(facts or {})},
        changes={**changes, "stage": stage, "due_at": due_at, "assignee_id": in_charge},
    )


async def _receiver(uow: UnitOfWork, order: Order) -> Office:
    """The receiver, or whoever took over its duties while the order lay there."""
    found = await offices.by_id(uow.session, order.receiver_id)
    assert found is not None
    return await offices.successor(uow.session, found)


async def _pass(uow: UnitOfWork, case: Case, order: Order, to: Office, *, at: datetime) -> dict[str, Any]:
    """The next interval of the chain; the office that held until now becomes an earlier holder. Returns the changes of
    the case row."""
    await repository.pass_on(uow, case, to_office_id=to.id, at=at, order_id=order.id)
    granted = await cases.add_grant(
        uow, case, office_id=case.holder_id, kind=GrantKind.CUSTODY, at=at, order_id=order.id
    )
    return holder_changes(to) | granted


async def give_back(
    uow: UnitOfWork,
    case: Case,
    order: Order,
    *,
    actor: Actor,
    at: datetime,
    action: Action = Action.AGREE_OBJECTION,
) -> None:
    """An agreed or decided return: custody goes back to the sender at once, who has signed by agreeing (T7). The clocks
    of the refused order stop; the sender's own runs again under C6."""
    sender = await offices.by_id(uow.session, order.sender_id)
    assert sender is not None
    sender = await offices.successor(uow.session, sender)
    back_to = Stage(order.stage_before) if action is Action.AGREE_OBJECTION else Stage.REGISTERED
    stage = next_stage(case.stage, action, to=back_to)
    order.state, order.ended_at = after(order.state, OrderEvent.AGREE), at
    await _stop_clocks_of(uow, case, order, actor=actor, at=at)
    due_at = await _revive(uow, case, order, clocks.move, also_running=True, actor=actor, at=at)
    holder_id = case.holder_id
    changes = await _pass(uow, case, order, sender, at=at)
    await record(
        uow,
        case,
        type="case.returned",
        at=at,
        actor=actor,
        facts={"order_id": order.id, "from": holder_id, "to": sender.id},
        changes={
            **changes,
            "stage": stage,
            "due_at": due_at,
            "assignee_id": actor.person_id if actor.office_id == sender.id else 0,
        },
    )


async def call_back(
    uow: UnitOfWork,
    case: Case,
    order: Order,
    *,
    actor: Actor,
    at: datetime,
    event: str,
    ending: OrderEvent = OrderEvent.RECALL,
) -> None:
    """A recall before sign-for, or the receiver's refusal of a take-up: custody never left; the sender's clock runs
    again with the days that were left (T3)."""
    stage = next_stage(case.stage, Action.RECALL, to=Stage(order.stage_before))
    order.state, order.ended_at = after(order.state, ending), at
    await _stop_clocks_of(uow, case, order, actor=actor, at=at)
    due_at = await _revive(uow, case, order, clocks.restart, also_running=False, actor=actor, at=at)
    await timers.cancel(uow, case, TimerKind.DEEMED_RECEIPT, order.id)
    granted = await cases.end_grant(uow, case, office_id=order.receiver_id, kind=GrantKind.ADDRESSEE, at=at)
    await record(
        uow,
        case,
        type=event,
        at=at,
        actor=actor,
        facts={"order_id": order.id, "to": order.receiver_id},
        changes={"stage": stage, "due_at": due_at, **granted},
    )


async def _stop_clocks_of(uow: UnitOfWork, case: Case, order: Order, *, actor: Actor, at: datetime) -> None:
    """Whatever the order started for its receiver ends with it."""
    await clocks.stop(uow, case, tuple(ClockKind), at=at, order_id=order.id, actor=actor)
    for timer in (TimerKind.OBJECTION_LAPSED, TimerKind.OBJECTION_UNANSWERED):
        await timers.cancel(uow, case, timer, order.id)


async def _revive(
    uow: UnitOfWork, case: Case, order: Order, revival: Revival, *, also_running: bool, actor: Actor, at: datetime
) -> datetime | None:
    """Let the sender's clock of sorting or notice run again: the one that stopped when the order was delivered, or,
    where the order left it alone, the one that runs."""
    known = await clocks.clocks(uow.session, case)
    for clock in known:
        stopped_by_it = clock.stopped_at == order.delivered_at
        if clock.kind in NOTICE_CLOCKS and (stopped_by_it or (also_running and clock.is_running)):
            await revival(uow, case, clock.kind, at=at, order_id=clock.order_id, actor=actor)
    return await clocks.due_at(uow.session, case)


async def move_now(
    uow: UnitOfWork,
    case: Case,
    kind: OrderKind,
    to: Office,
    *,
    actor: Actor,
    at: datetime,
    event: str | None = None,
    stage: Stage | None = None,
    reason: str | None = None,
    instruction: str | None = None,
) -> Order:
    """Custody moves at once by an order that is sent and signed in the same instant: nobody has to sign, because a
    superior takes the case, or because the present office can no longer hold it. No clock moves (INV-10)."""
    spec = SPECS[kind]
    order = new_order(
        case, kind, sender_id=case.holder_id, receiver_id=to.id, actor=actor, at=at, instruction=instruction
    )
    order.state = after(after(order.state, OrderEvent.DELIVER), OrderEvent.SIGN)
    order.delivered_at = order.signed_at = at
    order.signed_by = actor.person_id
    await repository.add(uow, order)
    holder_id = case.holder_id
    changes = await _pass(uow, case, order, to, at=at)
    await record(
        uow,
        case,
        type=event or spec.event,
        at=at,
        actor=actor,
        reason=reason,
        facts={"order_id": order.id, "from": holder_id, "to": to.id},
        changes={
            **changes,
            "stage": stage or next_stage(case.stage, spec.action),
            "assignee_id": actor.person_id if actor.office_id == to.id else await keeper(uow, case, to, at=at),
        },
    )
    return order


async def keeper(uow: UnitOfWork, case: Subject, office: Office, *, at: datetime) -> int:
    """Who is in charge of a case that came to an office without anybody signing: 0, for the office to decide.

    An accusation outside the competent body nobody else there would ever see: it gets the first person who sorts and is
    not barred."""
    if case.petition_class != PetitionClass.ACCUSATION or office.kind == OfficeKind.DISCIPLINE:
        return 0
    able = await people.handlers(uow.session, office.id, roles=_SORTING, now=at)
    chains = await cases.chains(uow.session, able, at=at)
    barred = set(case.barred)
    return next((each for each in able if barred.isdisjoint({-each, *chains.get(each, ())})), 0)


async def begin_custody(uow: UnitOfWork, case: Case, *, at: datetime) -> None:
    """The first interval of the chain (INV-02: it starts with the registration)."""
    await repository.add(
        uow,
        Custody(
            city_id=case.city_id,
            case_id=case.id,
            seq=0,
            office_id=case.holder_id,
            from_at=at,
            to_at=None,
            order_id=None,
            follows_at=None,
        ),
    )
