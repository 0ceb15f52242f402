"""What offices do to move a case, or to involve another office: send, sign for, recall, take up."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import repository as cases
from caseway.cases.entry import Entered, admit, enter, knows
from caseway.cases.models import Case
from caseway.cases.record import moment
from caseway.cases.texts import REASON, Check
from caseway.cases.workflow import Action, PetitionClass, Stage, next_stage
from caseway.clocks.arithmetic import due_date, end_of
from caseway.custody import repository, routes, transfer
from caseway.custody.errors import BounceNeedsDecision, NoCompetence, RecallTooLate
from caseway.custody.models import Order
from caseway.custody.routes import Route
from caseway.custody.workflow import SPECS, OrderEvent, OrderKind, OrderSpec, OrderState, after, bounced
from caseway.db.session import UnitOfWork
from caseway.errors import Conflict, NotFound, NotPermitted
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: A report or reply is due within a year.
_LONGEST_LIMIT = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Ordered:
    """What an operation on an order did: the case, its version and stage now, and the order."""

    city_id: int
    case_id: uuid.UUID
    version: int
    stage: str
    order_id: uuid.UUID
    #: The text that was recorded with it, if any.
    record_id: uuid.UUID | None = None


def ordered(case: Case, order: Order, record_id: uuid.UUID | None = None) -> Ordered:
    """The result of an operation on this order."""
    return Ordered(case.city_id, case.id, case.version, case.stage, order.id, record_id)


async def send(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    kind: OrderKind,
    city_id: int,
    case_id: uuid.UUID,
    to_office_id: int,
    now: datetime,
    instruction: str | None = None,
    report_due_at: datetime | None = None,
    expected_version: int | None = None,
) -> Ordered:
    """Send an order of any kind that people send (see ``workflow.SPECS``), and deliver it in the same transaction.

    With custody the case is then in transit and the sender still holds it; without, the receiver is involved at once.
    Raises what ``routes`` refuses, ``TransitionRefused``, ``BounceNeedsDecision``, ``InvalidInput``.
    """
    spec = SPECS[kind]
    entered = await _enter_to_send(
        uow, policy, actor, spec, city_id=city_id, case_id=case_id, now=now, expected_version=expected_version
    )
    case = entered.case
    text, due_at = _checked(spec, case, instruction, report_due_at, now)
    if spec.to_holder and to_office_id != case.holder_id:
        raise NoCompetence("This is addressed to the office that holds the case.")
    sender = await _office(uow, case.holder_id if spec.moves_custody else actor.office_id)
    route = await routes.resolve(uow.session, kind, case, sender=sender, target_id=to_office_id, at=entered.at)
    stage = next_stage(case.stage, spec.action)
    if spec.objectable:
        await _refuse_bounce(uow, case, route)
    order = transfer.new_order(
        case,
        kind,
        sender_id=sender.id,
        receiver_id=route.receiver.id,
        actor=actor,
        at=entered.at,
        instruction=text,
        report_due_at=due_at,
        copied=[office.id for office in route.copies],
    )
    await transfer.send(uow, case, order, stage=stage, actor=actor, at=entered.at)
    await transfer.deliver(uow, case, order, actor=actor, at=moment(case, entered.at))
    return ordered(case, order)


async def sign_for(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, order_id: uuid.UUID, now: datetime
) -> Ordered:
    """Sign for a case that an order brought (T4): custody moves here and the signer takes charge. Of two sign-fors the
    second is a ``Conflict``."""
    case, order = await locked_order(uow, city_id, order_id)
    own = case.holder_id == actor.office_id and order.receiver_id == actor.office_id
    if own and await knows(uow, policy, actor, case, now=now):
        # The own office holds it already; the policy would only say that there is nothing to sign for.
        after(order.state, OrderEvent.SIGN)
    entered = await admit(uow, policy, actor, Permission.CASE_SIGN_FOR, case, now=now)
    if not order.moves_custody or not await acts_for(uow, actor, order.receiver_id):
        raise NotPermitted
    after(order.state, OrderEvent.SIGN)
    await transfer.arrive(uow, case, order, actor=actor, at=entered.at, event="order.signed")
    return ordered(case, order)


async def recall(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, order_id: uuid.UUID, now: datetime
) -> Ordered:
    """Take back an order before it is signed (T3). Afterwards it is ``RecallTooLate``."""
    case, order = await locked_order(uow, city_id, order_id)
    dealt_with = order.state != OrderState.DELIVERED and await acts_for(uow, actor, order.sender_id)
    if dealt_with and await knows(uow, policy, actor, case, now=now):
        # The sender holds it no longer, so that the policy would only say that it may not.
        raise RecallTooLate if order.state != OrderState.RECALLED else Conflict
    entered = await admit(uow, policy, actor, Permission.CASE_RECALL, case, now=now)
    if not order.moves_custody or not SPECS[OrderKind(order.kind)].recallable or case.holder_id != actor.office_id:
        raise NotPermitted("Such an order cannot be recalled.")
    await transfer.call_back(uow, case, order, actor=actor, at=entered.at, event="order.recalled")
    return ordered(case, order)


async def take_up(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
) -> Ordered:
    """The superior takes a case to itself on its own initiative (提级办理): exactly one level up, sent and signed at
    once. No clock moves. The holder asks for the same with ``send`` of the kind TAKE_UP."""
    entered = await enter(
        uow,
        policy,
        actor,
        Permission.CASE_TAKE_UP,
        city_id=city_id,
        case_id=case_id,
        now=now,
        expected_version=expected_version,
    )
    case = entered.case
    check = Check()
    why = check.required("reason", reason, REASON)
    check.done()
    holder = await _office(uow, case.holder_id)
    route = await routes.resolve(
        uow.session, OrderKind.TAKE_UP, case, sender=holder, target_id=actor.office_id, at=entered.at
    )
    next_stage(case.stage, Action.TAKE_UP)
    stage = Stage.HANDLING if case.stage in (Stage.ACCEPTED, Stage.HANDLING) else Stage.SIGNED
    order = await transfer.move_now(
        uow,
        case,
        OrderKind.TAKE_UP,
        route.receiver,
        actor=actor,
        at=entered.at,
        event="case.taken_up",
        stage=stage,
        reason=why,
    )
    return ordered(case, order)


async def locked_order(uow: UnitOfWork, city_id: int, order_id: uuid.UUID) -> tuple[Case, Order]:
    """The order and its case, locked, as the actor's scope shows them. Raises ``NotFound``."""
    case_id = await repository.case_id_of(uow.session, city_id, order_id)
    if case_id is None:
        raise NotFound
    case = await cases.lock(uow, city_id, case_id)
    return case, await repository.order(uow.session, case, order_id)


async def acts_for(uow: UnitOfWork, actor: Actor, office_id: int) -> bool:
    """Whether the actor's office is this one, or the one that took over its duties (art. 24)."""
    return actor.office_id == office_id or actor.office_id == (await heir(uow, office_id)).id


async def heir(uow: UnitOfWork, office_id: int) -> Office:
    """The office, or the one that has its duties now."""
    return await offices.successor(uow.session, await _office(uow, office_id))


async def _enter_to_send(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    spec: OrderSpec,
    *,
    city_id: int,
    case_id: uuid.UUID,
    now: datetime,
    expected_version: int | None,
) -> Entered:
    """An accusation leaves an office only by its hand-over: whoever may hand it over learns from the route rules why it
    cannot go elsewhere (accused, no competence), and nobody else can send it at all."""
    case = await cases.lock(uow, city_id, case_id)
    permission = spec.permission
    if permission is None:
        raise NotPermitted("Such an order is sent by a decision, not by an office.")
    if case.petition_class == PetitionClass.ACCUSATION:
        permission = Permission.CASE_HAND_OVER_ACCUSATION
    return await admit(uow, policy, actor, permission, case, now=now, expected_version=expected_version)


def _checked(
    spec: OrderSpec, case: Case, instruction: str | None, report_due_at: datetime | None, now: datetime
) -> tuple[str | None, datetime | None]:
    check = Check()
    required: Callable[..., str | None] = check.required if spec.needs_instruction else check.optional
    text: str | None = None
    if case.petition_class == PetitionClass.ACCUSATION:
        if instruction is not None and instruction.strip():
            check.problem("instruction", "NOT_FOR_ACCUSATIONS", "An accusation says everything itself: leave this out.")
    else:
        text = required("instruction", instruction, REASON)
    if report_due_at is None:
        if spec.needs_limit:
            check.problem("reportDueAt", "REQUIRED", "Say until when the receiver reports.")
    elif report_due_at <= now:
        check.problem("reportDueAt", "PAST", "This lies in the past.")
    elif report_due_at > now + _LONGEST_LIMIT:
        check.problem("reportDueAt", "TOO_LATE", "This is more than a year ahead.")
    check.done()
    # Offices owe reports by day (C1): the limit ends with the day it was set to.
    return text, end_of(due_date(report_due_at)) if report_due_at is not None else None


async def _refuse_bounce(uow: UnitOfWork, case: Case, route: Route) -> None:
    """INV-12: once a case has bounced between two offices, neither sends it to the other again unless the newest
    decision names the receiver."""
    if not bounced(await repository.orders(uow.session, case), route.sender.id, route.receiver.id):
        return
    decisions = await repository.decisions(uow.session, case)
    if not decisions or decisions[0].competent_office_id != route.receiver.id:
        raise BounceNeedsDecision


async def _office(uow: UnitOfWork, office_id: int) -> Office:
    found = await offices.by_id(uow.session, office_id)
    assert found is not None
    return found
