"""Disputes about competence: objecting, agreeing or refusing, referring to the superior, deciding (art. 23, 24).

The flow and its reasons are written down in docs/decisions/0007-bounce-and-backstop.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases.entry import admit, enter
from caseway.cases.models import Case
from caseway.cases.record import moment, record
from caseway.cases.texts import REASON, Check
from caseway.cases.workflow import Action, Stage, next_stage
from caseway.clocks import applicable, timers
from caseway.clocks import service as clocks
from caseway.clocks.timers import TimerKind
from caseway.clocks.workflow import ClockKind
from caseway.custody import repository, routes, transfer
from caseway.custody.errors import (
    BounceNeedsDecision,
    CompetenceDecided,
    NoDispute,
    NotTheCommonSuperior,
    ObjectionLate,
    ObjectionNotPossible,
)
from caseway.custody.models import CompetenceDecision, Custody, Order
from caseway.custody.service import Ordered, acts_for, heir, locked_order, ordered
from caseway.custody.workflow import SPECS, OrderEvent, OrderKind, OrderState, after, bounced, disputed
from caseway.db.base import new_id
from caseway.db.session import UnitOfWork
from caseway.errors import Conflict, NotPermitted
from caseway.rules import service as rules
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office, OfficeKind

#: Kinds of offices that decide for their seat.
_DECIDING = frozenset({OfficeKind.GOVERNMENT, OfficeKind.PETITION_OFFICE, OfficeKind.JOINT_CONFERENCE})


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision on competence did."""

    city_id: int
    case_id: uuid.UUID
    version: int
    stage: str
    decision_id: uuid.UUID
    #: The order that now brings the case to a third office, or back to the objector from the backstop office.
    order_id: uuid.UUID | None


async def object_to(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, order_id: uuid.UUID, reason: str, now: datetime
) -> Ordered:
    """Object to an order after signing for it, as a wrong addressee, with reasons, within 5 workdays (T6).

    Custody stays with the objector until the sender agrees. Raises ``CompetenceDecided``, ``ObjectionNotPossible``,
    ``BounceNeedsDecision``, ``ObjectionLate``.
    """
    case, order = await locked_order(uow, city_id, order_id)
    entered = await admit(uow, policy, actor, Permission.CASE_OBJECT, case, now=now)
    why = _reason(reason)
    stage = next_stage(case.stage, Action.OBJECT)
    await _refuse_decided(uow, case)
    brought_by = (await repository.present(uow.session, case)).order_id
    if brought_by != order.id or not SPECS[OrderKind(order.kind)].objectable or order.receiver_id != case.holder_id:
        raise ObjectionNotPossible
    known = await repository.orders(uow.session, case)
    if order.state == OrderState.UPHELD or bounced(known, order.sender_id, order.receiver_id):
        raise BounceNeedsDecision
    await _refuse_late(uow, case, order, at=entered.at)
    order.state, order.objected_at, order.objection = after(order.state, OrderEvent.OBJECT), entered.at, why
    await clocks.stop(uow, case, ClockKind.OBJECT, at=entered.at, order_id=order.id, actor=actor)
    await timers.cancel(uow, case, TimerKind.OBJECTION_LAPSED, order.id)
    due_at = await _await_answer(uow, case, order, actor=actor, at=entered.at)
    await record(
        uow,
        case,
        type="case.objected",
        at=entered.at,
        actor=actor,
        facts={"order_id": order.id, "to": order.sender_id},
        changes={"stage": stage, "due_at": due_at},
    )
    return ordered(case, order)


async def decide_objection(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    order_id: uuid.UUID,
    agree: bool,
    now: datetime,
    reason: str | None = None,
) -> Ordered:
    """The sender's answer to an objection. Agreed: the case is back at once, the sender signs by agreeing (T7).
    Refused, with a reason: it stays with the objector, who may refer the dispute (T8)."""
    case, order = await locked_order(uow, city_id, order_id)
    entered = await admit(uow, policy, actor, Permission.CASE_DECIDE_OBJECTION, case, now=now)
    if not await acts_for(uow, actor, order.sender_id):
        raise NotPermitted("Only the office that sent the case answers the objection.")
    if order.state != OrderState.OBJECTED:
        raise Conflict
    if agree:
        await transfer.give_back(uow, case, order, actor=actor, at=entered.at)
        return ordered(case, order)
    why = _reason(reason)
    stage = next_stage(case.stage, Action.REFUSE_OBJECTION)
    order.state, order.ended_at = after(order.state, OrderEvent.UPHOLD), entered.at
    due_at = await _answered(uow, case, order, actor=actor, at=entered.at)
    await record(
        uow,
        case,
        type="objection.refused",
        at=entered.at,
        actor=actor,
        reason=why,
        facts={"order_id": order.id, "to": order.receiver_id},
        changes={"stage": stage, "due_at": due_at},
    )
    return ordered(case, order)


async def refer_dispute(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, order_id: uuid.UUID, reason: str, now: datetime
) -> Ordered:
    """One of the two offices takes the dispute to the common superior. Meanwhile the superior's backstop office holds
    the case, so that it never lies between two chairs; the clocks run on."""
    case, order = await locked_order(uow, city_id, order_id)
    holds = case.holder_id == actor.office_id
    permission = Permission.CASE_OBJECT if holds else Permission.CASE_DECIDE_OBJECTION
    entered = await admit(uow, policy, actor, permission, case, now=now)
    if not (holds or await acts_for(uow, actor, order.sender_id)):
        raise NotPermitted("Only the two offices in dispute refer it.")
    why = _reason(reason)
    if order.state not in (OrderState.OBJECTED, OrderState.UPHELD):
        raise NoDispute
    brought_by = await _brought_by(uow, case)
    if brought_by is not None and brought_by.kind == OrderKind.BACKSTOP:
        raise Conflict("The dispute has been referred already: the backstop office holds the case.")
    if order.state == OrderState.UPHELD:
        await _refuse_decided(uow, case)
        order.state, order.ended_at = after(order.state, OrderEvent.REFER), None
    holding = await refer(uow, case, order, actor=actor, at=entered.at, reason=why)
    return ordered(case, holding or order)


async def refer(
    uow: UnitOfWork, case: Case, order: Order, *, actor: Actor, at: datetime, reason: str | None
) -> Order | None:
    """The dispute about an order goes to the common superior, which has a limit to decide; without a reason by the
    sender's silence. Answers the order by which the backstop office holds the case meanwhile, if it moved."""
    stage = next_stage(case.stage, Action.REFER_DISPUTE)
    first, second = await heir(uow, order.sender_id), await heir(uow, order.receiver_id)
    await _answered(uow, case, order, actor=actor, at=at)
    due_at = await _await_decision(uow, case, order, first, second, actor=actor, at=at)
    backstop = await backstop_for(uow, case, first, second)
    if backstop is None or backstop.id == case.holder_id:
        await record(
            uow,
            case,
            type="dispute.referred",
            at=at,
            actor=actor,
            reason=reason,
            facts={"order_id": order.id},
            changes={"stage": stage, "due_at": due_at},
        )
        return None
    return await transfer.move_now(
        uow, case, OrderKind.BACKSTOP, backstop, actor=actor, at=at, stage=stage, reason=reason
    )


async def _await_answer(uow: UnitOfWork, case: Case, order: Order, *, actor: Actor, at: datetime) -> datetime | None:
    """The sender has a limit to answer the objection."""
    effective = await rules.effective(uow.session, order.sender_id, at=at)
    pinned = applicable.answer_to_objection(effective)
    due_at = await clocks.start(
        uow, case, ClockKind.ANSWER_OBJECTION,
        at=at, office_id=order.sender_id, pinned=[pinned], order_id=order.id, actor=actor,
    )  # fmt: skip
    clock = await transfer.order_clock(uow, case, order, ClockKind.ANSWER_OBJECTION)
    assert clock is not None
    await timers.set_timer(uow, case, TimerKind.OBJECTION_UNANSWERED, order.id, clock.due_at)
    return due_at


async def _answered(uow: UnitOfWork, case: Case, order: Order, *, actor: Actor, at: datetime) -> datetime | None:
    await timers.cancel(uow, case, TimerKind.OBJECTION_UNANSWERED, order.id)
    return await clocks.stop(uow, case, ClockKind.ANSWER_OBJECTION, at=at, order_id=order.id, actor=actor)


async def _await_decision(
    uow: UnitOfWork, case: Case, order: Order, first: Office, second: Office, *, actor: Actor, at: datetime
) -> datetime | None:
    """The common superior has a limit to decide; where there is none, whoever holds the case answers for the time."""
    superior = (await _superiors(uow, first, second))[0]
    office_id = superior.id if superior is not None else case.holder_id
    effective = await rules.effective(uow.session, office_id, at=at)
    return await clocks.start(
        uow, case, ClockKind.DECIDE_DISPUTE,
        at=at, office_id=office_id, pinned=[applicable.decision_on_dispute(effective)], order_id=order.id, actor=actor,
    )  # fmt: skip


async def decide_competence(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    competent_office_id: int,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
) -> Decided:
    """The lowest common superior of the two offices, or a joint conference, names the competent office (art. 24).

    It ends a pending objection: in favour of the holder it stays; in favour of the sender it is returned; a third
    office, or one that does not hold it meanwhile, gets it by an order that cannot be objected to. Without a pending
    objection the decision allows what INV-12 forbids otherwise: forwarding to the named office again.
    """
    entered = await enter(
        uow,
        policy,
        actor,
        Permission.CASE_DECIDE_COMPETENCE,
        city_id=city_id,
        case_id=case_id,
        now=now,
        expected_version=expected_version,
    )
    case = entered.case
    why = _reason(reason)
    known = await repository.orders(uow.session, case)
    pair = disputed(known)
    if pair is None:
        raise NoDispute
    await _require_decider(uow, actor, await heir(uow, pair[0]), await heir(uow, pair[1]))
    holder = await heir(uow, case.holder_id)
    named = await _competent(uow, case, holder, competent_office_id)
    objected = next((order for order in known if order.state == OrderState.OBJECTED), None)
    stage = next_stage(case.stage, Action.DECIDE_COMPETENCE, to=None if objected else case.stage)
    decision = CompetenceDecision(
        city_id=case.city_id,
        id=new_id(),
        case_id=case.id,
        at=entered.at,
        office_id=actor.office_id,
        person_id=actor.person_id,
        competent_office_id=named.id,
        reason=why,
    )
    await repository.add(uow, decision)
    settled = objected is not None and named.id == holder.id
    await clocks.stop(uow, case, (ClockKind.ANSWER_OBJECTION, ClockKind.DECIDE_DISPUTE), at=entered.at, actor=actor)
    if objected is not None:
        await timers.cancel(uow, case, TimerKind.OBJECTION_UNANSWERED, objected.id)
    await record(
        uow,
        case,
        type="competence.decided",
        at=entered.at,
        actor=actor,
        reason=why,
        facts={"decision_id": decision.id, "competent": named.id, "between": list(pair)},
        changes={"stage": stage} if settled else {},
    )
    order = await _carry_out(uow, case, objected, named, actor=actor, at=entered.at) if objected is not None else None
    return Decided(case.city_id, case.id, case.version, case.stage, decision.id, order.id if order else None)


async def _carry_out(
    uow: UnitOfWork, case: Case, objected: Order, named: Office, *, actor: Actor, at: datetime
) -> Order | None:
    """End the objected order as decided, and bring the case where it belongs. The order that moves it, if any."""
    sender = await heir(uow, objected.sender_id)
    if named.id == case.holder_id:
        objected.state, objected.ended_at = after(objected.state, _verdict(objected, sender, named)), at
        await uow.session.flush()
        return None
    if named.id == sender.id and case.holder_id == objected.receiver_id:
        await transfer.give_back(uow, case, objected, actor=actor, at=moment(case, at), action=Action.DECIDE_COMPETENCE)
        return None
    objected.state, objected.ended_at = after(objected.state, _verdict(objected, sender, named)), at
    order = transfer.new_order(
        case, OrderKind.DECIDED, sender_id=case.holder_id, receiver_id=named.id, actor=actor, at=at
    )
    # An order leaves a settled dispute, not a pending one: that is what its recall or return would restore.
    order.stage_before = Stage.SIGNED
    stage = next_stage(case.stage, Action.DECIDE_COMPETENCE, to=Stage.IN_TRANSIT)
    await transfer.send(uow, case, order, stage=stage, actor=actor, at=at)
    await transfer.deliver(uow, case, order, actor=actor, at=moment(case, at))
    return order


def _verdict(objected: Order, sender: Office, named: Office) -> OrderEvent:
    if named.id == objected.receiver_id:
        return OrderEvent.UPHOLD
    return OrderEvent.AGREE if named.id == sender.id else OrderEvent.SETTLE


async def backstop_for(uow: UnitOfWork, case: Case, first: Office, second: Office) -> Office | None:
    """Who holds a disputed case meanwhile: the common superior's backstop office, else its petition office, else the
    superior itself; the next one up if the case is about them. ``None`` if there is nobody."""
    superior = (await _superiors(uow, first, second))[0]
    while superior is not None:
        chosen = await offices.by_id(uow.session, superior.backstop_id) if superior.backstop_id is not None else None
        if chosen is not None and routes.is_clean(chosen, case.accused_office_ids) and _may_hold(chosen):
            return chosen
        if (found := await routes.for_seat(uow.session, superior, case.accused_office_ids)) is not None:
            return found
        superior = await offices.superior(uow.session, superior)
    return None


def _may_hold(office: Office) -> bool:
    return office.kind not in (OfficeKind.JOINT_CONFERENCE, OfficeKind.DISCIPLINE)


async def _superiors(uow: UnitOfWork, first: Office, second: Office) -> tuple[Office | None, Office | None]:
    """The lowest office above both that is a party of the dispute in neither, and the lowest one at or above both."""
    common = await offices.lowest_common(uow.session, first, second)
    if common is None:
        return None, None
    is_party = common.id in (first.seat_id, second.seat_id) or common.kind != OfficeKind.GOVERNMENT
    return (await offices.superior(uow.session, common) if is_party else common), common


async def _require_decider(uow: UnitOfWork, actor: Actor, first: Office, second: Office) -> None:
    """Raise ``NotTheCommonSuperior`` unless the actor's office decides for the common superior, or is a joint
    conference of the lowest place that both belong to (of either side's line, where nothing is above both)."""
    superior, common = await _superiors(uow, first, second)
    if superior is not None and actor.seat_id == superior.id and actor.kind in _DECIDING:
        return
    places: Sequence[int] = (common.id,) if common is not None else (*first.chain, *second.chain)
    if actor.kind == OfficeKind.JOINT_CONFERENCE and actor.seat_id in places:
        return
    raise NotTheCommonSuperior(superior_id=superior.id if superior is not None else None)


async def _competent(uow: UnitOfWork, case: Case, holder: Office, office_id: int) -> Office:
    target = await offices.by_id(uow.session, office_id)
    accused = (await offices.by_ids(uow.session, case.accused_office_ids)).values()
    return routes.check_target(OrderKind.DECIDED, case, holder, target, accused)


async def _brought_by(uow: UnitOfWork, case: Case) -> Order | None:
    present: Custody = await repository.present(uow.session, case)
    return await repository.order(uow.session, case, present.order_id) if present.order_id is not None else None


async def _refuse_decided(uow: UnitOfWork, case: Case) -> None:
    decisions = await repository.decisions(uow.session, case)
    if decisions and decisions[0].competent_office_id == case.holder_id:
        raise CompetenceDecided


async def _refuse_late(uow: UnitOfWork, case: Case, order: Order, *, at: datetime) -> None:
    clock = await transfer.order_clock(uow, case, order, ClockKind.OBJECT)
    if clock is None:
        raise ObjectionNotPossible
    if clock.missed_by(at):
        raise ObjectionLate(due_at=clock.due_at)


def _reason(text: str | None) -> str:
    check = Check()
    reason = check.required("reason", text, REASON)
    check.done()
    return reason
