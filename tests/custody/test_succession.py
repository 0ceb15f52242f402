"""Custody without anybody's decision: recusal, merged and moved offices, ended cases (art. 24, 28; INV-06)."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from caseway.cases import answering, assignment, closing
from caseway.cases import service as cases
from caseway.cases.codes import Outcome
from caseway.cases.workflow import PetitionClass, Stage
from caseway.custody import jobs, service, succession
from caseway.custody.errors import NobodyToMoveTo
from caseway.custody.workflow import OrderKind, OrderState
from caseway.people.models import Membership
from caseway.tenancy.models import Office
from support.factories import T0, TEST_KEYS, case_key, days, events, make_case, platform_unit, refreshed
from support.province import Province, due_dates


async def merge(province: Province, old: str, new: str) -> int:
    """Close one office in favour of another and hand its duties over, as administration does."""
    async with platform_unit(province.db) as uow:
        closed = await uow.session.get_one(Office, province[old].id)
        closed.valid_to, closed.successor_id = T0 + days(3), province[new].id
        await uow.session.flush()
        return await succession.succeed(uow, [(province[old].id, province[new].id)], now=T0 + days(3))


async def test_a_case_with_nobody_left_to_handle_it_moves_one_level_up(province: Province) -> None:
    only = await province.actor("town", "handler")
    case = await make_case(province.db, holder=province["town"], assignee=only)
    await province.do(assignment.recuse, only, reason="系申请人近亲属", now=T0 + days(1), **case_key(case))
    assert await province.holders(case) == ["town", "county_bureau"]
    after = await refreshed(province.db, case)
    assert (after.assignee_id, after.stage) == (0, Stage.REGISTERED)


async def test_an_accusation_that_moves_up_is_seen_by_somebody_there(province: Province) -> None:
    only, above = await province.actor("town", "clerk"), await province.actor("county_bureau", "clerk")
    case = await make_case(
        province.db,
        holder=province["town"],
        assignee=only,
        petition_class=PetitionClass.ACCUSATION,
        accused=[province["other_town"]],
    )
    await province.do(assignment.recuse, only, reason="系被反映人近亲属", now=T0 + days(1), **case_key(case))
    assert await province.holders(case) == ["town", "county_bureau"]
    assert (await refreshed(province.db, case)).assignee_id == above.person_id


async def test_at_the_top_there_is_nobody_to_move_to(province: Province) -> None:
    only = await province.actor("province_bureau", "handler")
    case = await make_case(province.db, holder=province["province_bureau"], assignee=only)
    with pytest.raises(NobodyToMoveTo):
        await province.do(assignment.recuse, only, reason="系申请人近亲属", now=T0 + days(1), **case_key(case))
    assert await province.holders(case) == ["province_bureau"]


async def test_the_successor_of_a_merged_office_holds_its_cases_and_gets_its_orders(province: Province) -> None:
    held = await make_case(province.db, holder=province["town"])
    closed = await make_case(province.db, holder=province["town"], stage=Stage.CLOSED)
    coming = await make_case(province.db, holder=province["county_bureau"])
    order = await province.do(
        service.send,
        "county_bureau",
        kind=OrderKind.FORWARD,
        to_office_id=province["town"].id,
        now=T0 + days(1),
        **case_key(coming),
    )
    assert await merge(province, "town", "other_town") == 2
    assert await province.holders(held) == ["town", "other_town"]
    assert await province.holders(closed) == ["town"]
    assert (await refreshed(province.db, coming)).granted == [province["other_town"].id]
    await province.do(service.sign_for, "other_town", city_id=coming.city_id, order_id=order.order_id, now=T0 + days(4))
    assert await province.holders(coming) == ["county_bureau", "other_town"]


async def test_a_case_about_the_successor_goes_to_the_superior_instead(province: Province) -> None:
    held = await make_case(province.db, holder=province["town"], accused=[province["other_town"]])
    await merge(province, "town", "other_town")
    assert await province.holders(held) == ["town", "county_bureau"]


async def test_moved_offices_restamp_what_they_hold(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    async with platform_unit(province.db) as uow:
        moved = await uow.session.get_one(Office, province["town"].id)
        moved.l3 = province["other_county"].id
        await uow.session.flush()
        assert await succession.restamp(uow, [moved.id], now=T0 + days(1)) == 1
    after = await refreshed(province.db, case)
    assert (after.l3, after.l4, after.holder_id) == (province["other_county"].id, case.l4, case.holder_id)
    assert (await events(province.db, case))[-1].type == "office.restamped"


async def test_nothing_waits_on_a_case_that_was_withdrawn(province: Province) -> None:
    case = await make_case(province.db, holder=province["county_bureau"])
    key = case_key(case)
    for kind, to in ((OrderKind.ASSIST, "schools"), (OrderKind.COPY, "town"), (OrderKind.FORWARD, "land")):
        await province.do(
            service.send,
            "county_bureau",
            kind=kind,
            to_office_id=province[to].id,
            instruction="请办理",
            now=T0 + days(1),
            **key,
        )
    await province.do(
        closing.withdraw,
        "county_bureau",
        TEST_KEYS,
        statement="本人自愿撤回",
        signed_at=T0 + days(2),
        now=T0 + days(2),
        **key,
    )
    assert [order.state for order in await province.orders(case)] == [
        OrderState.DONE,
        OrderState.DONE,
        OrderState.RECALLED,
    ]
    assert (await refreshed(province.db, case)).granted == [province["town"].id]
    assert await province.holders(case) == ["county_bureau"]


async def test_an_accusation_whose_officer_left_the_post_goes_to_a_colleague(province: Province) -> None:
    leaving = await province.actor("county_bureau", "clerk")
    case = await make_case(
        province.db,
        holder=province["county_bureau"],
        assignee=leaving,
        petition_class=PetitionClass.ACCUSATION,
        accused=[province["town"]],
    )
    async with platform_unit(province.db) as uow:
        assert await jobs.reassign_orphaned(uow, province.policy, now=T0 + days(1)) == 0
        await uow.session.execute(update(Membership).values(valid_to=T0 + days(2)))
    colleague = await province.actor("county_bureau", "dispatcher")
    async with platform_unit(province.db) as uow:
        assert await jobs.reassign_orphaned(uow, province.policy, now=T0 + days(3)) == 1
        assert await jobs.reassign_orphaned(uow, province.policy, now=T0 + days(3)) == 0
    after = await refreshed(province.db, case)
    assert after.assignee_id == colleague.person_id
    assert (await events(province.db, case))[-1].person_id == 0


async def test_with_no_colleague_left_the_accusation_moves_up(province: Province) -> None:
    leaving = await province.actor("county_bureau", "clerk")
    case = await make_case(
        province.db,
        holder=province["county_bureau"],
        assignee=leaving,
        petition_class=PetitionClass.ACCUSATION,
        accused=[province["town"]],
    )
    above = await province.actor("city_bureau", "clerk")
    async with platform_unit(province.db) as uow:
        gone = update(Membership).where(Membership.person_id == leaving.person_id).values(valid_to=T0 + days(2))
        await uow.session.execute(gone)
        assert await jobs.reassign_orphaned(uow, province.policy, now=T0 + days(3)) == 1
    assert await province.holders(case) == ["county_bureau", "city_bureau"]
    assert (await refreshed(province.db, case)).assignee_id == above.person_id


async def test_the_answer_is_the_report_that_an_assignment_asked_for(province: Province) -> None:
    clerk, handler = await province.actor("county", "dispatcher"), await province.actor("town", "handler")
    case = await make_case(province.db, holder=province["county"], assignee=clerk)
    sent = await province.do(
        service.send,
        clerk,
        kind=OrderKind.ASSIGN,
        to_office_id=province["town"].id,
        instruction="请按期办结",
        report_due_at=T0 + days(90),
        now=T0,
        **case_key(case),
    )
    await province.do(service.sign_for, handler, city_id=case.city_id, order_id=sent.order_id, now=T0 + days(1))
    told = cases.Notice(served_at=T0 + days(2))
    await province.do(cases.accept, handler, keyring=TEST_KEYS, notice=told, now=T0 + days(2), **case_key(case))
    await province.do(cases.start_handling, handler, now=T0 + days(3), **case_key(case))
    assert "ORDER" in await due_dates(province.db, case)
    opinion = answering.Opinion(
        outcome=Outcome.EXPLAINED, text="已核实", legal_basis="条例", remedies="可申请复查", served_at=T0 + days(9)
    )
    await province.do(answering.answer, handler, keyring=TEST_KEYS, opinion=opinion, now=T0 + days(9), **case_key(case))
    assert set(await due_dates(province.db, case)) == {"REVIEW_WINDOW"}


async def test_a_complaint_about_a_merged_office_is_one_about_its_successor(province: Province) -> None:
    clerk = await province.actor("county_bureau", "clerk")
    case = await make_case(province.db, holder=province["county_bureau"], assignee=clerk, accused=[province["town"]])
    with_successor = await make_case(province.db, holder=province["other_town"], accused=[province["town"]])
    assert await merge(province, "town", "other_town") >= 0
    after = await refreshed(province.db, case)
    assert {province["town"].id, province["other_town"].id} <= set(after.accused_office_ids) & set(after.barred)
    assert after.holder_id == province["county_bureau"].id
    assert await province.holders(with_successor) == ["other_town", "county_bureau"]
