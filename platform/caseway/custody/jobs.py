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
from caseway.clocks.models import Timer
from caseway.clocks.timers import Effects, TimerKind
from caseway.custody import repository, succession, transfer
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
EFFECTS: Effects = {TimerKind.DEEMED_RECEIPT: deemed_receipt}
