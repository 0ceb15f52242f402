"""Random work on one case by many offices: whatever is allowed or refused, the invariants of custody hold.

INV-01 and INV-02 (one holder, no gap, no overlap), INV-03 (the sender holds until sign-for), INV-04 (never with the
accused side), INV-12 (no second bounce without a decision), INV-13 (one level up at a time); the row is what its ledger
folds to, and its due date is what its clocks say.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from caseway.cases import rebuild
from caseway.cases.models import Case
from caseway.cases.workflow import Stage
from caseway.clocks import service as clocks
from caseway.clocks.firing import run_due
from caseway.custody import disputes, jobs, repository, routes, service
from caseway.custody.models import Order
from caseway.custody.workflow import SPECS, OrderKind, OrderState, Relation
from caseway.db.scope import SYSTEM_SCOPE
from caseway.errors import CasewayError
from caseway.ledger import service as ledger
from support.factories import T0, case_key, events, refreshed, snapshot
from support.intakes import register
from support.province import Province

_SENDABLE = [
    OrderKind.FORWARD,
    OrderKind.ASSIGN,
    OrderKind.HAND_OVER,
    OrderKind.TAKE_UP,
    OrderKind.ASSIST,
    OrderKind.COPY,
    OrderKind.REPORT_UP,
]
STEPS = 45

Step = Callable[[Province, Case, random.Random, datetime], Awaitable[Any]]


async def _send(province: Province, case: Case, chance: random.Random, now: datetime) -> Any:
    holder = next(name for name, office in province.offices.items() if office.id == case.holder_id)
    kind, everybody = chance.choice(_SENDABLE), list(province.offices.values())
    fitting = [each for each in everybody if routes.relation(province[holder], each) in SPECS[kind].reach]
    return await province.do(
        service.send,
        holder,
        kind=kind,
        to_office_id=chance.choice(fitting if fitting and chance.random() < 0.8 else everybody).id,
        instruction="按职权办理",
        report_due_at=now + timedelta(days=20),
        now=now,
        **case_key(case),
    )


def _on_order(operation: Callable[..., Awaitable[Any]], side: str, **given: Any) -> Step:
    async def step(province: Province, case: Case, chance: random.Random, now: datetime) -> Any:
        orders = [order for order in await province.orders(case) if order.moves_custody]
        if not orders:
            return None
        order = orders[-1] if chance.random() < 0.8 else chance.choice(orders)
        who = next(name for name, office in province.offices.items() if office.id == getattr(order, side))
        return await province.do(operation, who, city_id=case.city_id, order_id=order.id, now=now, **given)

    return step


async def _take_up(province: Province, case: Case, chance: random.Random, now: datetime) -> Any:
    who = chance.choice(list(province.offices))
    return await province.do(service.take_up, who, reason="重大事项", now=now, **case_key(case))


async def _decide(province: Province, case: Case, chance: random.Random, now: datetime) -> Any:
    deciders = ["city_conference", "county_conference", "county_bureau", "city_bureau", "province_bureau"]
    return await province.do(
        disputes.decide_competence,
        chance.choice(deciders),
        competent_office_id=chance.choice(list(province.offices.values())).id,
        reason="依照属地管理原则",
        now=now,
        **case_key(case),
    )


async def _wait(province: Province, case: Case, chance: random.Random, now: datetime) -> Any:
    await run_due(province.db, jobs.EFFECTS, now=now)


_STEPS: list[tuple[int, Step]] = [
    (6, _send),
    (6, _on_order(service.sign_for, "receiver_id")),
    (2, _on_order(service.recall, "sender_id")),
    (5, _on_order(disputes.object_to, "receiver_id", reason="不属我处管辖")),
    (3, _on_order(disputes.decide_objection, "sender_id", agree=True)),
    (3, _on_order(disputes.decide_objection, "sender_id", agree=False, reason="属你处管辖")),
    (2, _on_order(disputes.refer_dispute, "sender_id", reason="不能协商一致")),
    (2, _on_order(disputes.refer_dispute, "receiver_id", reason="不能协商一致")),
    (2, _take_up),
    (3, _decide),
    (1, _wait),
]


@pytest.mark.parametrize("seed", range(6))
async def test_random_work_keeps_the_invariants_of_custody(province: Province, seed: int) -> None:
    chance = random.Random(seed)
    accused = province["other_town"]
    case = await register(province, chance.choice(["city_bureau", "county_bureau", "town"]), accused=[accused])
    now, done = T0, 0
    for _ in range(STEPS):
        now += timedelta(hours=chance.choice([1, 3, 20]))
        (step,) = chance.choices([each for _, each in _STEPS], weights=[weight for weight, _ in _STEPS])
        before = await snapshot(province.db, case)
        try:
            await step(province, await refreshed(province.db, case), chance, now)
            done += 1
        except CasewayError:
            assert await snapshot(province.db, case) == before
        await _check(province, case, accused.id, before)
    assert done >= STEPS // 8


async def _check(province: Province, case: Case, accused_id: int, before: dict[str, Any]) -> None:
    chain = await province.chain(case)  # INV-01, INV-02
    stored = await refreshed(province.db, case)
    orders = await province.orders(case)
    moving = [order for order in orders if order.moves_custody and order.state == OrderState.DELIVERED]
    assert (stored.stage == Stage.IN_TRANSIT) == (len(moving) == 1)
    for order in moving:
        assert stored.holder_id == order.sender_id == before["holder_id"]  # INV-03
    held = [province[name] for name, _, _ in chain]
    touched = [office for office in province.offices.values() if office.id in stored.granted]
    for office in [*held, *touched]:
        assert accused_id not in office.chain  # INV-04
    await _check_directions(province, orders)
    await _check_projection(province, stored)
    _check_bounces(orders)


async def _check_directions(province: Province, orders: list[Order]) -> None:
    offices = {office.id: office for office in province.offices.values()}
    for order in orders:
        if order.moves_custody and order.kind not in (OrderKind.DECIDED, OrderKind.BACKSTOP):
            relation = routes.relation(offices[order.sender_id], offices[order.receiver_id])
            assert relation not in (Relation.FAR_ABOVE, Relation.ELSEWHERE)  # INV-13
            copied = {order.receiver_id for order in orders if order.kind == OrderKind.COPY}
            assert (relation is Relation.FAR_BELOW) == bool(order.copied_office_ids)
            assert copied.issuperset(order.copied_office_ids)


async def _check_projection(province: Province, stored: Case) -> None:
    told = await events(province.db, stored)
    async with province.db.reader(SYSTEM_SCOPE) as session:
        due_at = await clocks.due_at(session, stored)
        assert rebuild.row_differences(stored, told, due_at=due_at) == []
        assert rebuild.custody_differences(stored, told, await repository.intervals(session, stored)) == []
        assert await ledger.verify(session, stored.city_id, stored.id) == []


def _check_bounces(orders: list[Order]) -> None:
    """INV-12: between the same two offices at most one agreed return; a decided order comes in between otherwise."""
    returned = [(order.sender_id, order.receiver_id) for order in orders if order.state == OrderState.RETURNED]
    assert len({frozenset(pair) for pair in returned}) == len(returned)
