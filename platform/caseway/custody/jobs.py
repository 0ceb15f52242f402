"""What the worker does to orders when a timer comes due, and to accusations whose officer has left."""

from __future__ import annotations

import uuid
from datetime import datetime

from caseway.access.actor import SYSTEM_ACTOR
from caseway.access.policy import Policy
from caseway.cases import assignment
from caseway.cases import repository as cases
from caseway.cases.record import moment, record
from caseway.cases.workflow import Action
from caseway.clocks import service as clocks
from caseway.clocks.models import Timer
from caseway.clocks.timers import Effects, TimerKind
from caseway.clocks.workflow import ClockKind
from caseway.custody import disputes, repository, succession, transfer
from caseway.custody.workflow import OrderState
from caseway.db.session import UnitOfWork


async def deemed_receipt(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """Nobody signed within the limit (T5): custody moves as if the receiver had, and the breach is part of the event.
    Nothing happens if the order was signed or recalled meanwhile."""
    await uow.permitted()
    case = await cases.lock(uow, timer.city_id, timer.case_id)
    order = await repository.order(uow.session, case, uuid.UUID(timer.step))
    if order.state != OrderState.DELIVERED:
        return
    await transfer.arrive(
        uow,
        case,
        order,
        actor=SYSTEM_ACTOR,
        at=moment(case, now),
        event="order.deemed_signed",
        action=Action.DEEM_RECEIPT,
        facts={"breach": "SIGN_FOR", "due_at": timer.due_at, "office": order.receiver_id},
    )


async def accepted_by_silence(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """Nobody objected within the window (art. 23): silence accepts the order. Nothing happens if it was objected to,
    returned or decided about meanwhile."""
    await uow.permitted()
    case = await cases.lock(uow, timer.city_id, timer.case_id)
    order = await repository.order(uow.session, case, uuid.UUID(timer.step))
    clock = await transfer.order_clock(uow, case, order, ClockKind.OBJECT)
    if clock is None or not clock.is_running:
        return
    at = moment(case, now)
    due_at = await clocks.stop(uow, case, ClockKind.OBJECT, at=at, order_id=order.id)
    await record(
        uow,
        case,
        type="order.accepted_by_silence",
        at=at,
        actor=SYSTEM_ACTOR,
        facts={"order_id": order.id, "office": order.receiver_id, "due_at": timer.due_at},
        changes={"due_at": due_at},
    )


async def referred_by_silence(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """The sender did not answer an objection within its limit: the dispute goes to the common superior. Nothing happens
    if it was answered, referred or decided meanwhile."""
    await uow.permitted()
    case = await cases.lock(uow, timer.city_id, timer.case_id)
    order = await repository.order(uow.session, case, uuid.UUID(timer.step))
    clock = await transfer.order_clock(uow, case, order, ClockKind.ANSWER_OBJECTION)
    if order.state != OrderState.OBJECTED or clock is None or not clock.is_running:
        return
    await disputes.refer(uow, case, order, actor=SYSTEM_ACTOR, at=moment(case, now), reason=None)


async def reassign_orphaned(uow: UnitOfWork, policy: Policy, *, now: datetime, limit: int = 50) -> int:
    """Give accusations whose officer has left the post to somebody in the same office who may hand them over, else to
    the office above. How many were found: the caller repeats until it is fewer than ``limit``."""
    await uow.permitted()
    found = await repository.orphaned_accusations(uow.session, now=now, limit=limit)
    for city_id, case_id in found:
        case = await cases.lock(uow, city_id, case_id)
        able = await assignment.handlers(uow.session, policy, case, now=now)
        at = moment(case, now)
        if not able:
            await succession.move_up(uow, case, actor=SYSTEM_ACTOR, at=at)
            continue
        await record(
            uow,
            case,
            type="handler.assigned",
            at=at,
            actor=SYSTEM_ACTOR,
            facts={"person_id": able[0], "previous_id": case.assignee_id},
            changes={"assignee_id": able[0]},
        )
    return len(found)


#: Timer kind -> effect, for the worker.
EFFECTS: Effects = {
    TimerKind.DEEMED_RECEIPT: deemed_receipt,
    TimerKind.OBJECTION_LAPSED: accepted_by_silence,
    TimerKind.OBJECTION_UNANSWERED: referred_by_silence,
}
