"""Custody that nobody's decision moves: recused offices, merged offices, moved offices, and cases that have ended.

Importing this module registers it with the cases slice (see ``caseway.cases.hooks``).
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from caseway.access.actor import SYSTEM_ACTOR, Actor
from caseway.cases import repository as cases
from caseway.cases.codes import GrantKind
from caseway.cases.hooks import listeners
from caseway.cases.models import Case
from caseway.cases.record import moment, record
from caseway.cases.workflow import Stage
from caseway.clocks import service as clocks
from caseway.clocks import timers
from caseway.clocks.timers import TimerKind
from caseway.clocks.workflow import ClockKind
from caseway.custody import repository, routes, transfer
from caseway.custody.errors import NobodyToMoveTo
from caseway.custody.models import Order
from caseway.custody.workflow import SPECS, Duty, OrderEvent, OrderKind, OrderState, after
from caseway.db.session import UnitOfWork
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: Cases changed between two looks for more: bounds the memory of one administrative change.
BATCH = 200
#: What ends an order that waited when its case ended.
_ENDINGS = {OrderState.OBJECTED: OrderEvent.SETTLE}


async def move_up(uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> None:
    """The holder has nobody left who may handle the case: it is with the next superior at once (INV-06)."""
    if case.stage == Stage.IN_TRANSIT:
        return  # it is leaving anyway: the receiver signs, or receipt is deemed within a workday
    start = await _office(uow, case.holder_id)
    to = await routes.lowest_clean(uow.session, start, case, strictly_above=True)
    if to is None:
        raise NobodyToMoveTo
    await transfer.move_now(uow, case, OrderKind.MOVE_UP, to, actor=SYSTEM_ACTOR, at=moment(case, at))


async def case_answered(uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> None:
    """The answer is the closing report that assignments asked for: the assigners see it, their limits stop."""
    for order in await repository.orders(uow.session, case):
        if SPECS[OrderKind(order.kind)].duty is Duty.CLOSING_REPORT:
            await clocks.stop(uow, case, ClockKind.ORDER, at=at, order_id=order.id, actor=actor)


async def case_ended(uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> None:
    """Nothing waits on a case that has ended: open orders end, what they opened is closed, their timers go."""
    ended = await repository.waiting(uow.session, case)
    if not ended:
        return
    changes: dict[str, Any] = {}
    for order in ended:
        moving = OrderEvent.RECALL if order.moves_custody else OrderEvent.FINISH
        order.state, order.ended_at = after(order.state, _ENDINGS.get(OrderState(order.state), moving)), at
        await timers.cancel(uow, case, TimerKind.DEEMED_RECEIPT, order.id)
        grant = SPECS[OrderKind(order.kind)].grant
        if grant not in (None, GrantKind.INFORMED):
            changes |= await cases.end_grant(uow, case, office_id=order.receiver_id, kind=str(grant), at=at)
    await record(
        uow,
        case,
        type="orders.ended",
        at=at,
        actor=actor,
        facts={"order_ids": [order.id for order in ended]},
        changes=changes,
    )


async def succeed(uow: UnitOfWork, pairs: Iterable[tuple[int, int]], *, now: datetime) -> int:
    """The duties of merged or abolished offices (art. 24), given as (old office, successor): every open case they hold
    moves, and every order that waits for them waits for the successor. How many cases and orders.

    A case about the successor goes to the nearest superior that is free of the complaint instead.
    """
    changed = 0
    for old_id, new_id in pairs:
        old, new = await _office(uow, old_id), await _office(uow, new_id)
        await _inherit_complaints(uow, old, new, now)
        changed += await _hand_on_cases(uow, old, new, now)
        changed += await _readdress(uow, old, new, now)
    return changed


async def restamp(uow: UnitOfWork, office_ids: Sequence[int], *, now: datetime) -> int:
    """After offices were moved in the tree: all cases they hold, also those that have ended, are stamped with the new
    levels, so that every list and total of the new area has them. How many.

    An open case that its holder has thereby taken to the accused side moves to the nearest superior free of the
    complaint, and no order brings one there any more (INV-04).
    """
    moved = await offices.by_ids(uow.session, office_ids)
    count = 0
    async for case in _held(uow, list(moved), is_open=False):
        holder = moved[case.holder_id]
        levels = {f"l{depth}": value for depth, value in enumerate(holder.levels, start=1)}
        await record(uow, case, type="office.restamped", at=moment(case, now), actor=SYSTEM_ACTOR, changes=levels)
        if case.is_open and routes.is_accused(holder, case.accused_office_ids):
            await _leave_accused_side(uow, case, holder, now)
        count += 1
    for office in moved.values():
        await _turn_away(uow, office, now)
    return count


async def _inherit_complaints(uow: UnitOfWork, old: Office, new: Office, now: datetime) -> None:
    """A complaint about an office is one about its successor, which has its staff and its duties (art. 24; INV-04)."""
    after_id: uuid.UUID | None = None
    while batch := await repository.about(uow.session, old.id, after=after_id, limit=BATCH):
        for city_id, case_id in batch:
            case = await cases.lock(uow, city_id, case_id)
            if new.id not in case.accused_office_ids:
                await record(
                    uow,
                    case,
                    type="accused.succeeded",
                    at=moment(case, now),
                    actor=SYSTEM_ACTOR,
                    facts={},
                    changes={
                        "accused_office_ids": sorted({*case.accused_office_ids, new.id}),
                        "barred": sorted({*case.barred, new.id}),
                    },
                )
            await _call_back_from(uow, case, now)
            holder = await _office(uow, case.holder_id)
            if case.is_open and holder.id != old.id and routes.is_accused(holder, case.accused_office_ids):
                await _leave_accused_side(uow, case, holder, now)
        after_id = batch[-1][1]


async def _call_back_from(uow: UnitOfWork, case: Case, now: datetime) -> None:
    """Take back what is on its way to an office on the accused side."""
    order = await repository.moving(uow.session, case)
    if order is None or not routes.is_accused(await _office(uow, order.receiver_id), case.accused_office_ids):
        return
    await transfer.call_back(uow, case, order, actor=SYSTEM_ACTOR, at=moment(case, now), event="order.recalled")


async def _leave_accused_side(uow: UnitOfWork, case: Case, holder: Office, now: datetime) -> None:
    order = await repository.moving(uow.session, case)
    if order is not None:
        await transfer.call_back(uow, case, order, actor=SYSTEM_ACTOR, at=moment(case, now), event="order.recalled")
    to = await routes.lowest_clean(uow.session, holder, case)
    if to is None:
        raise NobodyToMoveTo
    await transfer.move_now(
        uow,
        case,
        OrderKind.MOVE_UP,
        to,
        actor=SYSTEM_ACTOR,
        at=moment(case, now),
        stage=Stage(case.stage),
    )


async def _turn_away(uow: UnitOfWork, office: Office, now: datetime) -> None:
    """Take back what is on its way to an office that now stands on the accused side of the case."""
    after_id: uuid.UUID | None = None
    while batch := await repository.addressed_open(uow.session, office.id, after=after_id, limit=BATCH):
        for city_id, case_id, order_id in batch:
            case = await cases.lock(uow, city_id, case_id)
            order = await repository.order(uow.session, case, order_id)
            if order.moves_custody and routes.is_accused(office, case.accused_office_ids):
                at = moment(case, now)
                await transfer.call_back(uow, case, order, actor=SYSTEM_ACTOR, at=at, event="order.recalled")
        after_id = batch[-1][2]


async def _hand_on_cases(uow: UnitOfWork, old: Office, new: Office, now: datetime) -> int:
    count = 0
    async for case in _held(uow, [old.id], is_open=True):
        to: Office | None = new
        if routes.is_accused(new, case.accused_office_ids):
            to = await routes.lowest_clean(uow.session, new, case)
        if to is None:
            raise NobodyToMoveTo
        order = await repository.moving(uow.session, case)
        if order is not None and to.id != new.id:
            # Its sender has no heir that may hold the case: whoever holds it now sends it anew (INV-03).
            at = moment(case, now)
            await transfer.call_back(uow, case, order, actor=SYSTEM_ACTOR, at=at, event="order.recalled")
        await transfer.move_now(
            uow,
            case,
            OrderKind.SUCCESSION,
            to,
            actor=SYSTEM_ACTOR,
            at=moment(case, now),
            stage=Stage(case.stage),
        )
        count += 1
    return count


async def _held(uow: UnitOfWork, office_ids: Sequence[int], *, is_open: bool) -> AsyncIterator[Case]:
    after_id: uuid.UUID | None = None
    while batch := await repository.held(uow.session, office_ids, is_open=is_open, after=after_id, limit=BATCH):
        for city_id, case_id in batch:
            yield await cases.lock(uow, city_id, case_id)
        after_id = batch[-1][1]


async def _readdress(uow: UnitOfWork, old: Office, new: Office, now: datetime) -> int:
    count, after_id = 0, None
    while batch := await repository.addressed_open(uow.session, old.id, after=after_id, limit=BATCH):
        for city_id, case_id, order_id in batch:
            case = await cases.lock(uow, city_id, case_id)
            order = await repository.order(uow.session, case, order_id)
            unfit = new.id == case.holder_id or routes.is_accused(new, case.accused_office_ids)
            if unfit and order.moves_custody:
                await transfer.call_back(
                    uow, case, order, actor=SYSTEM_ACTOR, at=moment(case, now), event="order.recalled"
                )
            else:
                await _to_successor(uow, case, order, new, at=moment(case, now))
            count += 1
        after_id = batch[-1][2]
    return count


async def _to_successor(uow: UnitOfWork, case: Case, order: Order, new: Office, *, at: datetime) -> None:
    old_id, order.receiver_id = order.receiver_id, new.id
    grant, changes = SPECS[OrderKind(order.kind)].grant, dict[str, Any]()
    if grant is not None:
        changes = await cases.end_grant(uow, case, office_id=old_id, kind=grant, at=at)
        if not routes.is_accused(new, case.accused_office_ids):
            changes = await cases.add_grant(uow, case, office_id=new.id, kind=grant, at=at, order_id=order.id)
    await record(
        uow,
        case,
        type="order.readdressed",
        at=at,
        actor=SYSTEM_ACTOR,
        facts={"order_id": order.id, "from": old_id, "to": new.id},
        changes=changes,
    )


async def _office(uow: UnitOfWork, office_id: int) -> Office:
    found = await offices.by_id(uow.session, office_id)
    assert found is not None
    return found


listeners.register(move_up=move_up, case_ended=case_ended, case_answered=case_answered)
