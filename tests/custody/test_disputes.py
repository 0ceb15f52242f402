"""Objections, returns, bounces, and who decides them (scenario S3 "Wrong addressee"; INV-12)."""

from __future__ import annotations

from datetime import datetime

import pytest

from caseway.cases.errors import TransitionRefused
from caseway.cases.models import Case
from caseway.cases.workflow import PetitionClass, Stage
from caseway.custody import disputes, service
from caseway.custody.errors import (
    BounceNeedsDecision,
    CompetenceDecided,
    NoDispute,
    NotTheCommonSuperior,
    ObjectionLate,
    ObjectionNotPossible,
    RouteToAccused,
)
from caseway.custody.service import Ordered
from caseway.custody.workflow import OrderKind, OrderState
from caseway.errors import Conflict, InvalidInput, NotFound, NotPermitted
from support.factories import T0, case_key, days, make_case, refreshed, snapshot
from support.intakes import register
from support.province import Province, due_dates, shanghai

CITY, COUNTY, OTHER = "city_bureau", "county", "other_county"


async def sent_and_signed(
    province: Province, case: Case, sender: str, to: str, *, now: datetime, kind: OrderKind = OrderKind.FORWARD
) -> Ordered:
    """Forwarded and signed at the same instant."""
    given = {"instruction": "按职权办理"} if kind is OrderKind.HAND_OVER else {}
    order = await province.do(
        service.send, sender, kind=kind, to_office_id=province[to].id, now=now, **case_key(case), **given
    )
    signed: Ordered = await province.do(service.sign_for, to, city_id=case.city_id, order_id=order.order_id, now=now)
    return signed


async def objected(province: Province, case: Case, order: Ordered, *, now: datetime, who: str = COUNTY) -> None:
    await province.do(
        disputes.object_to, who, city_id=case.city_id, order_id=order.order_id, reason="不属本区管辖", now=now
    )


async def answered(
    province: Province, case: Case, order: Ordered, *, agree: bool, now: datetime, who: str = CITY
) -> None:
    await province.do(
        disputes.decide_objection,
        who,
        city_id=case.city_id,
        order_id=order.order_id,
        agree=agree,
        reason="属你区管辖",
        now=now,
    )


async def decided(province: Province, case: Case, who: str, named: str, *, now: datetime) -> disputes.Decided:
    done: disputes.Decided = await province.do(
        disputes.decide_competence,
        who,
        competent_office_id=province[named].id,
        reason="依照属地管理原则",
        now=now,
        **case_key(case),
    )
    return done


async def with_county(province: Province) -> tuple[Case, Ordered]:
    """Scenario S3: registered on 2026-09-29, with the county since 09-30."""
    case = await register(province, CITY, now=shanghai("2026-09-29 09:00"))
    return case, await sent_and_signed(province, case, CITY, COUNTY, now=shanghai("2026-09-30 09:00"))


async def test_a_wrong_addressee_objects_within_five_workdays_and_the_case_goes_back(province: Province) -> None:
    case, order = await with_county(province)
    assert (await due_dates(province.db, case))["OBJECT"] == "2026-10-13"
    before = await snapshot(province.db, case)
    with pytest.raises(ObjectionLate):
        await objected(province, case, order, now=shanghai("2026-10-14 00:00"))
    assert await snapshot(province.db, case) == before

    await objected(province, case, order, now=shanghai("2026-10-12 10:00"))
    assert (await refreshed(province.db, case)).stage == Stage.OBJECTED
    assert await province.holders(case) == [CITY, COUNTY]
    await answered(province, case, order, agree=True, now=shanghai("2026-10-13 10:00"))
    after = await refreshed(province.db, case)
    assert (after.stage, after.assignee_id) == (Stage.REGISTERED, (await province.actor(CITY)).person_id)
    assert await province.holders(case) == [CITY, COUNTY, CITY]
    # C6: the later of the old date (10-14, 15 days after 09-29) and the next workday.
    assert await due_dates(province.db, case) == {"FORWARD": "2026-10-14"}


async def test_after_an_overdue_return_the_sender_has_until_the_next_workday(province: Province) -> None:
    case = await register(province, CITY, now=shanghai("2026-09-15 09:00"))
    order = await sent_and_signed(province, case, CITY, COUNTY, now=shanghai("2026-09-30 09:00"))
    await objected(province, case, order, now=shanghai("2026-10-13 10:00"))
    await answered(province, case, order, agree=True, now=shanghai("2026-10-16 10:00"))
    assert await due_dates(province.db, case) == {"FORWARD": "2026-10-19"}


async def test_an_objection_needs_reasons(province: Province) -> None:
    case, order = await with_county(province)
    with pytest.raises(InvalidInput) as refused:
        await province.do(
            disputes.object_to,
            COUNTY,
            city_id=case.city_id,
            order_id=order.order_id,
            reason="  ",
            now=shanghai("2026-10-12 10:00"),
        )
    assert refused.value.problems[0][:2] == ("reason", "REQUIRED")
    assert (await refreshed(province.db, case)).stage == Stage.SIGNED


async def test_a_registered_case_cannot_be_objected_to(province: Province) -> None:
    case, order = await with_county(province)
    await province.do(service.take_up, CITY, reason="重大事项", now=shanghai("2026-10-08 09:00"), **case_key(case))
    with pytest.raises(ObjectionNotPossible):
        await objected(province, case, order, now=shanghai("2026-10-09 10:00"), who=CITY)


async def test_a_second_forward_to_the_same_office_needs_a_decision_that_names_it(province: Province) -> None:
    case, order = await with_county(province)
    await objected(province, case, order, now=shanghai("2026-10-12 10:00"))
    await answered(province, case, order, agree=True, now=shanghai("2026-10-13 10:00"))
    before = await snapshot(province.db, case)
    with pytest.raises(BounceNeedsDecision):
        await sent_and_signed(province, case, CITY, COUNTY, now=shanghai("2026-10-13 11:00"))
    assert await snapshot(province.db, case) == before

    await decided(province, case, "city_conference", OTHER, now=shanghai("2026-10-13 12:00"))
    with pytest.raises(BounceNeedsDecision):
        await sent_and_signed(province, case, CITY, COUNTY, now=shanghai("2026-10-13 13:00"))
    await decided(province, case, "city_conference", COUNTY, now=shanghai("2026-10-13 14:00"))
    assert await province.holders(case) == [CITY, COUNTY, CITY]
    again = await sent_and_signed(province, case, CITY, COUNTY, now=shanghai("2026-10-13 15:00"))
    with pytest.raises(CompetenceDecided):
        await objected(province, case, again, now=shanghai("2026-10-14 10:00"))


async def test_handing_a_case_back_by_a_new_order_counts_as_a_bounce(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    await sent_and_signed(province, case, "town", "other_town", now=T0 + days(1), kind=OrderKind.HAND_OVER)
    back = await sent_and_signed(province, case, "other_town", "town", now=T0 + days(2), kind=OrderKind.HAND_OVER)
    with pytest.raises(BounceNeedsDecision):
        await objected(province, case, back, now=T0 + days(3), who="town")
    with pytest.raises(BounceNeedsDecision):
        await sent_and_signed(province, case, "town", "other_town", now=T0 + days(3), kind=OrderKind.HAND_OVER)
    await decided(province, case, "county_bureau", "other_town", now=T0 + days(3))
    await sent_and_signed(province, case, "town", "other_town", now=T0 + days(4), kind=OrderKind.HAND_OVER)
    assert await province.holders(case) == ["town", "other_town", "town", "other_town"]


async def test_a_refused_objector_cannot_object_again_but_may_refer_the_dispute(province: Province) -> None:
    case, order = await with_county(province)
    await objected(province, case, order, now=shanghai("2026-10-08 10:00"))
    await answered(province, case, order, agree=False, now=shanghai("2026-10-09 10:00"))
    assert (await refreshed(province.db, case)).stage == Stage.SIGNED
    assert await province.holders(case) == [CITY, COUNTY]
    with pytest.raises(BounceNeedsDecision):
        await objected(province, case, order, now=shanghai("2026-10-09 11:00"))
    await referred(province, case, order, now=shanghai("2026-10-09 12:00"), who=COUNTY)
    assert (await refreshed(province.db, case)).stage == Stage.OBJECTED
    assert await province.holders(case) == [CITY, COUNTY, "province_bureau"]


async def referred(province: Province, case: Case, order: Ordered, *, now: datetime, who: str) -> None:
    await province.do(
        disputes.refer_dispute, who, city_id=case.city_id, order_id=order.order_id, reason="双方不能协商一致", now=now
    )


@pytest.mark.parametrize("named", [COUNTY, "city", OTHER])
async def test_the_backstop_office_holds_until_the_decision_is_carried_out(province: Province, named: str) -> None:
    case, order = await with_county(province)
    await objected(province, case, order, now=shanghai("2026-10-08 10:00"))
    before = await due_dates(province.db, case)
    assert before.pop("ANSWER_OBJECTION") == "2026-10-14"
    await referred(province, case, order, now=shanghai("2026-10-08 11:00"), who=CITY)
    assert await province.holders(case) == [CITY, COUNTY, "province_bureau"]
    # No clock of the proceeding moves: the sender's limit to answer ends, and the superior's to decide begins.
    assert await due_dates(province.db, case) == before | {"DECIDE_DISPUTE": "2026-10-14"}
    done = await decided(province, case, "province_bureau", named, now=shanghai("2026-10-09 10:00"))
    assert done.stage == Stage.IN_TRANSIT
    assert done.order_id is not None
    signed = await province.do(
        service.sign_for, named, city_id=case.city_id, order_id=done.order_id, now=shanghai("2026-10-09 11:00")
    )
    assert signed.stage == Stage.SIGNED
    assert await province.holders(case) == [CITY, COUNTY, "province_bureau", named]
    first = (await province.orders(case))[0]
    assert first.state == (OrderState.UPHELD if named == COUNTY else OrderState.SETTLED)
    with pytest.raises(CompetenceDecided):
        await province.do(
            disputes.object_to,
            named,
            city_id=case.city_id,
            order_id=done.order_id,
            reason="不属我处",
            now=shanghai("2026-10-09 12:00"),
        )


async def test_a_dispute_is_referred_once(province: Province) -> None:
    case, order = await with_county(province)
    await objected(province, case, order, now=shanghai("2026-10-08 10:00"))
    await referred(province, case, order, now=shanghai("2026-10-08 11:00"), who=COUNTY)
    before = await snapshot(province.db, case)
    with pytest.raises(Conflict):
        await referred(province, case, order, now=shanghai("2026-10-08 12:00"), who=CITY)
    assert await snapshot(province.db, case) == before


@pytest.mark.parametrize(("named", "stage", "holders"), [
    (COUNTY, Stage.SIGNED, [CITY, COUNTY]),
    (CITY, Stage.REGISTERED, [CITY, COUNTY, CITY]),
    (OTHER, Stage.IN_TRANSIT, [CITY, COUNTY]),
])  # fmt: skip
async def test_a_decision_ends_a_pending_objection(
    province: Province, named: str, stage: Stage, holders: list[str]
) -> None:
    case, order = await with_county(province)
    await objected(province, case, order, now=shanghai("2026-10-08 10:00"))
    await decided(province, case, "city_conference", named, now=shanghai("2026-10-09 10:00"))
    assert (await refreshed(province.db, case)).stage == stage
    assert await province.holders(case) == holders


@pytest.mark.parametrize("who", [CITY, "city", "province_bureau"])
async def test_towns_of_one_county_are_decided_by_their_county_and_nobody_above(province: Province, who: str) -> None:
    case = await make_case(province.db, holder=province["town"])
    order = await sent_and_signed(province, case, "town", "other_town", now=T0 + days(1), kind=OrderKind.HAND_OVER)
    await objected(province, case, order, now=T0 + days(1.5), who="other_town")
    before = await snapshot(province.db, case)
    with pytest.raises(NotTheCommonSuperior):
        await decided(province, case, who, "town", now=T0 + days(2))
    assert await snapshot(province.db, case) == before
    await decided(province, case, "county_bureau", "town", now=T0 + days(2))
    assert await province.holders(case) == ["town", "other_town", "town"]


async def test_neither_party_decides_its_own_dispute(province: Province) -> None:
    case, order = await with_county(province)
    await objected(province, case, order, now=shanghai("2026-10-08 10:00"))
    for who in ("city", CITY, COUNTY):
        with pytest.raises(NotTheCommonSuperior):
            await decided(province, case, who, COUNTY, now=shanghai("2026-10-09 10:00"))
    await decided(province, case, "province", COUNTY, now=shanghai("2026-10-09 10:00"))


async def test_without_a_dispute_there_is_nothing_to_decide(province: Province) -> None:
    case, order = await with_county(province)
    with pytest.raises(NoDispute):
        await decided(province, case, "city_conference", COUNTY, now=shanghai("2026-10-08 10:00"))
    with pytest.raises(NoDispute):
        await referred(province, case, order, now=shanghai("2026-10-08 10:00"), who=COUNTY)


async def test_no_decision_names_an_accused_office(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"], accused=[province["other_county"]])
    order = await sent_and_signed(province, case, "town", "other_town", now=T0 + days(1), kind=OrderKind.HAND_OVER)
    await objected(province, case, order, now=T0 + days(2), who="other_town")
    with pytest.raises(RouteToAccused):
        await decided(province, case, "county_bureau", "far_town", now=T0 + days(3))


async def test_only_the_sender_answers_an_objection(province: Province) -> None:
    case, order = await with_county(province)
    await objected(province, case, order, now=shanghai("2026-10-08 10:00"))
    for who, refusal in ((COUNTY, NotPermitted), ("city", NotPermitted), (OTHER, NotFound)):
        with pytest.raises(refusal):
            await answered(province, case, order, agree=True, now=shanghai("2026-10-09 10:00"), who=who)
    assert (await refreshed(province.db, case)).stage == Stage.OBJECTED


async def test_an_answered_objection_is_not_answered_again(province: Province) -> None:
    case, order = await with_county(province)
    await objected(province, case, order, now=shanghai("2026-10-08 10:00"))
    await answered(province, case, order, agree=False, now=shanghai("2026-10-09 10:00"))
    with pytest.raises(Conflict):
        await answered(province, case, order, agree=True, now=shanghai("2026-10-09 11:00"))
    assert await province.holders(case) == [CITY, COUNTY]


async def test_an_objected_case_is_not_sent_on(province: Province) -> None:
    case, order = await with_county(province)
    await objected(province, case, order, now=shanghai("2026-10-08 10:00"))
    with pytest.raises(TransitionRefused):
        await sent_and_signed(province, case, COUNTY, "town", now=shanghai("2026-10-09 10:00"))


async def test_an_accusation_that_was_handed_over_is_not_objected_to(province: Province) -> None:
    clerk = await province.actor("county_bureau", "clerk")
    case = await register(province, clerk, petition_class=PetitionClass.ACCUSATION, accused=[province["town"]])
    order = await province.do(
        service.send,
        clerk,
        kind=OrderKind.ACCUSATION_HAND_OVER,
        to_office_id=province["county_discipline"].id,
        now=T0 + days(1),
        **case_key(case),
    )
    body = await province.actor("county_discipline")
    await province.do(service.sign_for, body, city_id=case.city_id, order_id=order.order_id, now=T0 + days(2))
    with pytest.raises((NotPermitted, ObjectionNotPossible)):
        await objected(province, case, order, now=T0 + days(2), who="county_discipline")
