"""What involved offices give back without holding the case: contributions, advice, replies to supervision."""

from __future__ import annotations

import uuid
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import papers
from caseway.cases import repository as cases
from caseway.cases.codes import GrantKind, RecordKind
from caseway.cases.entry import Entered, admit
from caseway.cases.models import Case
from caseway.cases.record import record
from caseway.cases.texts import BODY, Check
from caseway.clocks import service as clocks
from caseway.clocks.workflow import ClockKind
from caseway.custody.models import Order
from caseway.custody.service import Ordered, acts_for, locked_order, ordered
from caseway.custody.workflow import OrderEvent, OrderKind, OrderState, after
from caseway.db.crypto import KeyRing
from caseway.db.session import UnitOfWork
from caseway.errors import Conflict, NotPermitted


async def contribute(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    order_id: uuid.UUID,
    text: str,
    now: datetime,
) -> Ordered:
    """An assisting office adds its part (协办). It may do so several times, until the holder ends the assistance."""
    entered, order = await _enter(
        uow, policy, actor, Permission.CASE_CONTRIBUTE, OrderKind.ASSIST, city_id, order_id, now
    )
    await _require_receiver(uow, actor, order)
    return await _write(
        uow, keyring, entered, order, RecordKind.CONTRIBUTION, "assistance.contributed", actor=actor, text=text
    )


async def end_assistance(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, order_id: uuid.UUID, now: datetime
) -> Ordered:
    """The holder ends an assistance: the assisting office no longer sees the content."""
    entered, order = await _enter(uow, policy, actor, Permission.CASE_ASSIST, OrderKind.ASSIST, city_id, order_id, now)
    case, at = entered.case, entered.at
    order.state, order.ended_at = after(order.state, OrderEvent.FINISH), at
    due_at = await clocks.stop(uow, case, ClockKind.ORDER, at=at, order_id=order.id, actor=actor)
    granted = await cases.end_grant(uow, case, office_id=order.receiver_id, kind=GrantKind.JOINT, at=at)
    await record(
        uow,
        case,
        type="assistance.ended",
        at=at,
        actor=actor,
        facts={"order_id": order.id, "to": order.receiver_id},
        changes={"due_at": due_at, **granted},
    )
    return ordered(case, order)


async def advise(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    order_id: uuid.UUID,
    text: str,
    now: datetime,
) -> Ordered:
    """The superior's advice is recorded (提级研判): custody never left, no clock moves, its view ends."""
    entered, order = await _enter(uow, policy, actor, Permission.CASE_ADVISE, OrderKind.ADVICE, city_id, order_id, now)
    await _require_receiver(uow, actor, order)
    body = _text(text)
    order.state, order.ended_at = after(order.state, OrderEvent.FINISH), entered.at
    granted = await cases.end_grant(
        uow, entered.case, office_id=order.receiver_id, kind=GrantKind.ADVISOR, at=entered.at
    )
    return await _write(
        uow, keyring, entered, order, RecordKind.ADVICE, "advice.given", actor=actor, text=body, changes=granted
    )


async def reply_supervision(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    order_id: uuid.UUID,
    text: str,
    now: datetime,
) -> Ordered:
    """The holder's written reply to a supervision (督办). Whoever holds the case now owes it."""
    entered, order = await _enter(
        uow, policy, actor, Permission.CASE_REPLY_SUPERVISION, OrderKind.SUPERVISE, city_id, order_id, now
    )
    body = _text(text)
    order.state, order.ended_at = after(order.state, OrderEvent.FINISH), entered.at
    await clocks.stop(uow, entered.case, ClockKind.ORDER, at=entered.at, order_id=order.id, actor=actor)
    return await _write(
        uow, keyring, entered, order, RecordKind.SUPERVISION_REPLY, "supervision.replied", actor=actor, text=body
    )


async def _enter(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    permission: Permission,
    kind: OrderKind,
    city_id: int,
    order_id: uuid.UUID,
    now: datetime,
) -> tuple[Entered, Order]:
    case, order = await locked_order(uow, city_id, order_id)
    entered = await admit(uow, policy, actor, permission, case, now=now)
    if order.kind != kind:
        raise NotPermitted("This is another kind of order.")
    if order.state != OrderState.DELIVERED:
        raise Conflict
    return entered, order


async def _require_receiver(uow: UnitOfWork, actor: Actor, order: Order) -> None:
    if not await acts_for(uow, actor, order.receiver_id):
        raise NotPermitted("This was asked of another office.")


def _text(text: str) -> str:
    check = Check()
    body = check.required("text", text, BODY)
    check.done()
    return body


async def _write(
    uow: UnitOfWork,
    keyring: KeyRing,
    entered: Entered,
    order: Order,
    kind: RecordKind,
    event: str,
    *,
    actor: Actor,
    text: str,
    changes: dict[str, object] | None = None,
) -> Ordered:
    case: Case = entered.case
    paper = await papers.write(
        uow, keyring, case, kind=kind, at=entered.at, actor=actor, text=_text(text), order_id=order.id
    )
    await record(
        uow,
        case,
        type=event,
        at=entered.at,
        actor=actor,
        facts={"order_id": order.id, "record_id": paper.id},
        changes=changes or {},
    )
    return ordered(case, order, paper.id)
