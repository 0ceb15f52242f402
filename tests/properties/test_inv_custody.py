"""One small example for each invariant of custody (domain 5.6); the machine proves them over random work."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from caseway.cases import assignment
from caseway.cases.models import Case
from caseway.cases.workflow import PetitionClass, Stage
from caseway.clocks.firing import run_due
from caseway.clocks.timers import TimerKind
from caseway.custody import disputes, jobs, service
from caseway.custody.errors import BounceNeedsDecision
from caseway.custody.service import Ordered
from caseway.custody.workflow import OrderKind, OrderState
from caseway.errors import Conflict, NotFound
from caseway.tenancy.errors import WrongLevel
from properties.land import Land
from support.database import FreshDatabase
from support.factories import T0, case_key, days, make_person, make_post, refreshed, snapshot
from support.intakes import register
from support.province import Province


async def send(
    province: Province, case: Case, who: str, to: str, *, at: float = 1, kind: OrderKind = OrderKind.FORWARD
) -> Ordered:
    """Send an order that needs no date."""
    sent: Ordered = await province.do(
        service.send,
        who,
        kind=kind,
        to_office_id=province[to].id,
        instruction=None if case.petition_class == PetitionClass.ACCUSATION else "请依法办理",
        now=T0 + days(at),
        **case_key(case),
    )
    return sent


async def sign(province: Province, sent: Ordered, who: str, *, at: float = 2) -> None:
    """Sign for an order."""
    await province.do(service.sign_for, who, city_id=sent.city_id, order_id=sent.order_id, now=T0 + days(at))


async def test_inv_01_one_office_holds_at_every_instant(province: Province, database: FreshDatabase) -> None:
    case = await register(province, "county_bureau")
    await sign(province, await send(province, case, "county_bureau", "town"), "town")
    with psycopg.connect(database.dsn, autocommit=True) as owner:
        second = (
            "insert into custody select city_id, case_id, seq + 1, office_id, from_at, null, order_id, follows_at "
            "from custody where to_at is null"
        )
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute(second)


async def test_inv_02_the_chain_has_no_gap_and_no_overlap(province: Province, database: FreshDatabase) -> None:
    case = await register(province, "county_bureau")
    await sign(province, await send(province, case, "county_bureau", "town"), "town")
    chain = await province.chain(case)
    assert [name for name, _, _ in chain] == ["county_bureau", "town"]
    assert chain[0][1] == T0 and chain[0][2] == chain[1][1]
    with psycopg.connect(database.dsn, autocommit=True) as owner:
        for torn in ("from_at = from_at + interval '1 hour'", "follows_at = follows_at - interval '1 hour'"):
            with pytest.raises(psycopg.errors.IntegrityError):
                owner.execute(f"update custody set {torn} where seq = 1")


async def test_inv_03_the_sender_holds_until_receipt_is_signed_or_deemed(province: Province) -> None:
    case = await register(province, "county_bureau")
    await send(province, case, "county_bureau", "town")
    assert await province.holders(case) == ["county_bureau"]
    await run_due(province.db, {TimerKind.DEEMED_RECEIPT: jobs.deemed_receipt}, now=T0 + days(1.5))
    assert await province.holders(case) == ["county_bureau"]
    await run_due(province.db, {TimerKind.DEEMED_RECEIPT: jobs.deemed_receipt}, now=T0 + days(4))
    assert await province.holders(case) == ["county_bureau", "town"]


async def test_inv_06_who_is_recused_neither_reads_nor_acts_and_the_case_finds_another(province: Province) -> None:
    clerk = await province.actor("town", "clerk")
    case = await register(province, clerk)
    await province.do(assignment.recuse, clerk, reason="系申请人近亲属", now=T0 + days(1), **case_key(case))
    for operation in (assignment.recuse, assignment.record_reason):
        with pytest.raises(NotFound):
            await province.do(operation, clerk, reason="需要了解情况", now=T0 + days(2), **case_key(case))
    assert await province.holders(case) == ["town", "county_bureau"]


async def test_inv_06_a_recused_officer_stays_recused_in_another_office(province: Province) -> None:
    clerk = await province.actor("town", "clerk")
    case = await register(province, clerk)
    await province.do(assignment.recuse, clerk, reason="系申请人近亲属", now=T0 + days(1), **case_key(case))
    person = await make_person(province.db)
    await make_post(province.db, person, province["county_bureau"])
    above = await province.actor("county_bureau", "dispatcher")
    moved = type(clerk)(**{name: getattr(above, name) for name in above.__slots__} | {"person_id": clerk.person_id,
                        "bars": (*above.bars, -clerk.person_id)})  # fmt: skip
    with pytest.raises(NotFound):
        await province.do(assignment.recuse, moved, reason="有利害关系", now=T0 + days(2), **case_key(case))


async def test_inv_12_the_same_two_offices_do_not_bounce_a_case_twice(province: Province) -> None:
    case = await register(province, "county_bureau")
    first = await send(province, case, "county_bureau", "town")
    await sign(province, first, "town")
    key = {"city_id": case.city_id, "order_id": first.order_id}
    await province.do(disputes.object_to, "town", reason="不属我镇管辖", now=T0 + days(2.1), **key)
    await province.do(disputes.decide_objection, "county_bureau", agree=True, now=T0 + days(2.2), **key)
    with pytest.raises(BounceNeedsDecision):
        await send(province, case, "county_bureau", "town", at=3)
    decision: dict[str, Any] = {"competent_office_id": province["town"].id, "reason": "属地管理", "now": T0 + days(3)}
    await province.do(disputes.decide_competence, "city_bureau", **decision, **case_key(case))
    await send(province, case, "county_bureau", "town", at=4)


async def test_inv_13_up_goes_one_level_and_down_over_a_head_is_copied(province: Province) -> None:
    case = await register(province, "town")
    with pytest.raises(WrongLevel):
        await send(province, case, "town", "city_bureau", kind=OrderKind.TAKE_UP)
    far = await register(province, "city_bureau")
    await send(province, far, "city_bureau", "town")
    assert [(order.kind, order.receiver_id) for order in await province.orders(far)] == [
        (OrderKind.FORWARD, province["town"].id),
        (OrderKind.COPY, province["county_bureau"].id),
    ]


async def test_inv_31_of_two_signatures_at_the_same_moment_one_counts(province: Province) -> None:
    case = await register(province, "county_bureau")
    sent = await send(province, case, "county_bureau", "town")
    signers = [await province.actor("town", role) for role in ("dispatcher", "clerk", "handler")]
    results = await asyncio.gather(
        *(
            province.do(service.sign_for, who, city_id=case.city_id, order_id=sent.order_id, now=T0 + days(2))
            for who in signers
        ),
        return_exceptions=True,
    )
    assert [type(each) for each in results if not isinstance(each, Ordered)] == [Conflict, Conflict]
    assert await province.holders(case) == ["county_bureau", "town"]


async def test_inv_31_of_two_hand_overs_at_the_same_moment_one_counts(province: Province) -> None:
    case = await register(province, "county_bureau")
    results = await asyncio.gather(
        *(send(province, case, "county_bureau", to) for to in ("town", "other_town", "land")), return_exceptions=True
    )
    assert len([each for each in results if isinstance(each, Ordered)]) == 1
    assert (await refreshed(province.db, case)).stage == Stage.IN_TRANSIT
    assert [order.state for order in await province.orders(case)] == [OrderState.DELIVERED]


async def test_inv_32_an_order_and_its_copies_go_out_together_or_not_at_all(
    province: Province, database: FreshDatabase
) -> None:
    case = await register(province, "city_bureau")
    before = await snapshot(province.db, case)
    with psycopg.connect(database.dsn, autocommit=True) as owner:
        land = Land(province.db, owner, province.policy, T0)
        stored = land.digest()
        owner.execute(
            "create function refuse() returns trigger language plpgsql as $$ begin raise 'the copy is lost'; end $$"
        )
        owner.execute(
            "create trigger lose_copies before insert on custody_order for each row "
            "when (new.kind = 'COPY') execute function refuse()"
        )
        with pytest.raises(DBAPIError):
            await send(province, case, "city_bureau", "town")
        assert land.digest() == stored
        assert await snapshot(province.db, case) == before
        owner.execute("drop trigger lose_copies on custody_order")
    await send(province, case, "city_bureau", "town", at=2)
    assert len(await province.orders(case)) == 2
