"""What the worker does to orders when a timer comes due."""

from __future__ import annotations

import uuid
from datetime import datetime

from caseway.access.actor import SYSTEM_ACTOR
from caseway.cases import repository as cases
from caseway.cases.record import moment
from caseway.cases.workflow import Action
from caseway.clocks.models import Timer
from caseway.clocks.timers import Effects, TimerKind
from caseway.custody import repository, transfer
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


#: Timer kind -> effect, for the worker.
EFFECTS: Effects = {TimerKind.DEEMED_RECEIPT: deemed_receipt}
