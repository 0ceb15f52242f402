"""Ending the order without custody that carried an escalation: what its receiver saw through it ends with it."""

from __future__ import annotations

from datetime import datetime

from caseway.access.actor import Actor
from caseway.cases import repository as cases
from caseway.cases.codes import GrantKind
from caseway.cases.models import Case
from caseway.cases.record import moment, record
from caseway.clocks import service as clocks
from caseway.clocks.workflow import ClockKind
from caseway.custody import repository as custody
from caseway.custody.workflow import SPECS, OrderEvent, OrderKind, OrderState, after
from caseway.db.session import UnitOfWork
from caseway.escalation.models import Escalation


async def finish(uow: UnitOfWork, case: Case, row: Escalation, *, actor: Actor, at: datetime) -> None:
    """End the order of an escalation, if it still waits for something. Who was told stays told."""
    order = await custody.order(uow.session, case, row.order_id) if row.order_id is not None else None
    if order is None or order.moves_custody or order.state != OrderState.DELIVERED:
        return
    order.state, order.ended_at = after(order.state, OrderEvent.FINISH), at
    await uow.session.flush()
    await clocks.stop(uow, case, (ClockKind.ORDER, ClockKind.ESCALATION_ANSWER), at=at, order_id=order.id, actor=actor)
    grant = SPECS[OrderKind(order.kind)].grant
    waits = any(
        each.kind == order.kind and each.receiver_id == order.receiver_id and each.state == OrderState.DELIVERED
        for each in await custody.orders(uow.session, case)
    )
    if grant is not GrantKind.ADVISOR or waits:
        return
    granted = await cases.end_grant(uow, case, office_id=order.receiver_id, kind=grant, at=at)
    await record(
        uow, case,
        type="orders.ended", at=moment(case, at), actor=actor, facts={"order_ids": [order.id]}, changes=granted,
    )  # fmt: skip
