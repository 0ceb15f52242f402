"""What happens to escalations when something happens to the case: their orders are signed, recalled or replied to, the
case moves on, or it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from caseway.access.actor import SYSTEM_ACTOR
from caseway.cases import repository as cases
from caseway.cases.codes import RecordKind
from caseway.cases.models import Case
from caseway.cases.record import moment
from caseway.clocks.arithmetic import day_of
from caseway.custody import repository as custody
from caseway.custody.models import Order
from caseway.custody.workflow import OrderKind, OrderState
from caseway.db.base import new_id
from caseway.db.session import UnitOfWork
from caseway.escalation import raising, repository
from caseway.escalation.errors import EscalationStands
from caseway.escalation.models import Escalation
from caseway.escalation.workflow import (
    EscalationState,
    Gives,
    Side,
    Step,
    available,
    has_moved,
    innermost,
    next_state,
    released_with,
)
from caseway.tenancy import repository as offices

#: Events by which an office takes a case up without a rule: asked by the holder, or on the upper office's initiative.
TAKE_UPS = frozenset({"case.take_up_requested", "case.taken_up"})
#: Code of the upper office of such a take-up.
_ONE_UP = "SUPERIOR"


async def adopt(uow: UnitOfWork, case: Case) -> None:
    """A take-up without a rule has the same way back as any other: keep it as an escalation too."""
    known = await repository.of_case(uow.session, case)
    ours = {each.order_id for each in known}
    for order in await custody.orders(uow.session, case):
        if order.kind == OrderKind.TAKE_UP and order.id not in ours:
            await repository.add(uow, _adopted(case, order, known))


def _adopted(case: Case, order: Order, known: Sequence[Escalation]) -> Escalation:
    taken = order.state == OrderState.SIGNED
    inner = innermost(known)
    return Escalation(
        city_id=case.city_id,
        id=new_id(),
        case_id=case.id,
        rule_name="",
        rule_book=None,
        rule_version=None,
        rule_row=None,
        rules_office_id=order.sender_id,
        rules_on=day_of(order.sent_at),
        rung=0,
        to_code=_ONE_UP,
        gives=Gives.TAKE_UP,
        state=EscalationState.TAKEN if taken else EscalationState.RAISED,
        occurrence=str(order.id),
        is_automatic=False,
        applied_by=order.sent_by,
        raised_by=order.sent_by,
        from_office_id=order.sender_id,
        to_office_id=order.receiver_id,
        answer_limit=None,
        order_id=order.id,
        back_order_id=None,
        parent_id=inner.id if taken and inner is not None else None,
        proposed_at=None,
        raised_at=order.sent_at,
        taken_at=order.signed_at,
        ended_at=None,
        reason=None,
        tried=None,
        outcome=None,
        record_id=None,
    )


async def follow(uow: UnitOfWork, case: Case, *, at: datetime) -> None:
    """Bring every escalation of a case up to date with its orders and its holder, and send what waits to be sent.

    Raises ``EscalationStands`` when somebody has taken back what a rule raised: the whole operation is undone.
    """
    known = await repository.of_case(uow.session, case)
    if not case.is_open:
        await _end_all(uow, case, known, at=at)
        return
    waiting = [each for each in known if EscalationState(each.state).is_open]
    if not waiting:
        return
    orders = {each.id: each for each in await custody.orders(uow.session, case)}
    for row in waiting:
        order = orders.get(row.order_id) if row.order_id is not None else None
        back = orders.get(row.back_order_id) if row.back_order_id is not None else None
        if row.state in (EscalationState.RAISED, EscalationState.TAKEN) and order is not None:
            await _answered(uow, case, row, order, known, at=at)
        elif row.state == EscalationState.HANDED_BACK and back is not None:
            await _came_back(uow, case, row, back, at=at)
    await _release(uow, case, known, at=at)
    for row in waiting:
        await raising.carry(uow, case, row, actor=SYSTEM_ACTOR, at=moment(case, at))


async def taken(uow: UnitOfWork, case: Case, row: Escalation, known: Sequence[Escalation], *, at: datetime) -> None:
    """The upper office has the case, or has begun with what it was asked for."""
    inner = innermost([each for each in known if each.id != row.id])
    row.taken_at = at
    if row.gives == Gives.TAKE_UP:
        row.parent_id = inner.id if inner is not None else None
    await raising.stop_answer_clock(uow, case, row, actor=SYSTEM_ACTOR, at=at)


async def _answered(
    uow: UnitOfWork, case: Case, row: Escalation, order: Order, known: Sequence[Escalation], *, at: datetime
) -> None:
    """What has become of the order that went up."""
    if order.state == OrderState.SIGNED and row.state == EscalationState.RAISED:
        row.state = _by_platform(row, Step.ACCEPT)
        await taken(uow, case, row, known, at=at)
        await _note(uow, case, row, "accepted", at=at)
    elif order.state == OrderState.RECALLED and row.state == EscalationState.RAISED:
        await _recalled(uow, case, row, at=at)
    elif order.state == OrderState.DONE and order.kind == OrderKind.ADVICE:
        advice = await cases.records(uow.session, case, RecordKind.ADVICE)
        row.state = next_state(row.state, row.gives, Step.ADVISE, Side.UPPER, automatic=row.is_automatic)
        row.record_id = next((each.id for each in reversed(advice) if each.order_id == order.id), None)
        row.ended_at = at
        await raising.stop_answer_clock(uow, case, row, actor=SYSTEM_ACTOR, at=at)
        await _note(uow, case, row, "advised", at=at)


async def _recalled(uow: UnitOfWork, case: Case, row: Escalation, *, at: datetime) -> None:
    """The order was taken back. Only who applied can withdraw; when the platform itself did it, because the case must
    not go there any more, the next one above is asked."""
    if await repository.newest_person(uow.session, case):
        if row.is_automatic:
            raise EscalationStands(rule=raising.rule_of(row))
        row.state = next_state(row.state, row.gives, Step.RECALL, Side.LOWER, automatic=False)
        row.ended_at = at
        await raising.stop_answer_clock(uow, case, row, actor=SYSTEM_ACTOR, at=at)
        await _note(uow, case, row, "recalled", at=at)
        return
    await raising.stop_answer_clock(uow, case, row, actor=SYSTEM_ACTOR, at=at)
    row.order_id = None
    upper = await raising.next_above(uow, case, row)
    row.to_office_id = upper.id if upper is not None else None
    await uow.session.flush()


async def _came_back(uow: UnitOfWork, case: Case, row: Escalation, back: Order, *, at: datetime) -> None:
    if back.state == OrderState.SIGNED:
        row.state, row.ended_at = _by_platform(row, Step.SIGN_BACK), at
        await _note(uow, case, row, "returned", at=at)
    elif back.state == OrderState.RECALLED:
        row.state, row.back_order_id = _by_platform(row, Step.STAY), None
        await uow.session.flush()


async def _release(uow: UnitOfWork, case: Case, known: Sequence[Escalation], *, at: datetime) -> None:
    """The office that took a case up has passed it on by an ordinary order: there is nothing to hand back any more."""
    inner = innermost(known)
    if inner is None or inner.state != EscalationState.TAKEN or inner.to_office_id is None:
        return
    holder = await offices.by_id(uow.session, inner.to_office_id)
    if holder is None or case.holder_id in (holder.id, (await offices.successor(uow.session, holder)).id):
        return
    outer = released_with(inner, Step.RELEASE, known)
    for row in (inner, *outer):
        await raising.end(uow, case, row, Step.RELEASE, at=moment(case, at))


async def _end_all(uow: UnitOfWork, case: Case, known: Sequence[Escalation], *, at: datetime) -> None:
    """The case has ended: what went furthest ends first."""
    moved = [each for each in known if has_moved(each)]
    for row in [each for each in known if not has_moved(each)] + moved[::-1]:
        if Step.END in available(row.state, row.gives, Side.PLATFORM, automatic=row.is_automatic):
            await raising.end(uow, case, row, Step.END, at=moment(case, at))


def _by_platform(row: Escalation, step: Step) -> EscalationState:
    return next_state(row.state, row.gives, step, Side.PLATFORM, automatic=row.is_automatic)


async def _note(uow: UnitOfWork, case: Case, row: Escalation, what: str, *, at: datetime) -> None:
    """In the ledger, unless the order's own event says the same: without a rule there is nothing to add."""
    if row.rule_name:
        await raising.note(uow, case, row, what, actor=SYSTEM_ACTOR, at=moment(case, at))
    else:
        await uow.session.flush()
