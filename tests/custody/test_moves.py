"""Sending, signing for, recalling, taking up: stages, holders, clocks and grants (scenarios S2, S3, S5)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.event import listen

from caseway.cases import service as handling
from caseway.cases.errors import TransitionRefused
from caseway.cases.models import Case
from caseway.cases.service import Notice
from caseway.cases.workflow import PetitionClass, Stage
from caseway.clocks.firing import run_due
from caseway.custody import jobs, loaders, service
from caseway.custody.errors import NoCompetence, RecallTooLate, RouteToAccused
from caseway.custody.service import Ordered
from caseway.custody.workflow import OrderKind, OrderState
from caseway.errors import Conflict, InvalidInput, NotFound, NotPermitted, StaleVersion
from caseway.tenancy.errors import WrongLevel
from support.factories import T0, TEST_KEYS, case_key, days, events, make_case, refreshed, snapshot
from support.intakes import register
from support.province import Province, due_dates, shanghai


async def send(
    province: Province,
    case: Case,
    sender: str,
    to: str,
    *,
    now: datetime,
    kind: OrderKind = OrderKind.FORWARD,
    **given: Any,
) -> Ordered:
    """One office sends the case to another."""
    done: Ordered = await province.do(
        service.send, sender, kind=kind, to_office_id=province[to].id, now=now, **case_key(case), **given
    )
    return done


async def sign(province: Province, case: Case, who: str, done: Ordered, *, now: datetime) -> Ordered:
    """The receiver signs."""
    signed: Ordered = await province.do(service.sign_for, who, city_id=case.city_id, order_id=done.order_id, now=now)
    return signed


async def moved(province: Province, case: Case, sender: str, to: str, *, now: datetime, **given: Any) -> Ordered:
    """Sent and signed an hour later."""
    return await sign(
        province, case, to, await send(province, case, sender, to, now=now, **given), now=now + timedelta(hours=1)
    )


async def test_a_village_matter_goes_from_city_over_county_to_town(province: Province) -> None:
    """Scenario S3 under the limits of the national regulation alone."""
    case = await register(province, "city_bureau", now=shanghai("2026-04-15 09:00"))
    assert await due_dates(province.db, case) == {"FORWARD": "2026-04-30"}

    first = await send(province, case, "city_bureau", "county_bureau", now=shanghai("2026-04-16 10:00"))
    assert (await refreshed(province.db, case)).stage == Stage.IN_TRANSIT
    assert await province.holders(case) == ["city_bureau"]
    assert await due_dates(province.db, case) == {
        "SIGN_FOR": "2026-04-17",
        "ACCEPT_NOTICE": "2026-05-01",
        "OBJECT": "2026-04-23",
    }

    await sign(province, case, "county_bureau", first, now=shanghai("2026-04-17 09:00"))
    second = await send(province, case, "county_bureau", "town", now=shanghai("2026-04-20 14:00"))
    assert (await due_dates(province.db, case))["ACCEPT_NOTICE"] == "2026-05-05"
    await sign(province, case, "town", second, now=shanghai("2026-04-20 16:00"))

    assert await province.chain(case) == [
        ("city_bureau", shanghai("2026-04-15 09:00"), shanghai("2026-04-17 09:00")),
        ("county_bureau", shanghai("2026-04-17 09:00"), shanghai("2026-04-20 16:00")),
        ("town", shanghai("2026-04-20 16:00"), None),
    ]
    after = await refreshed(province.db, case)
    assert after.stage == Stage.SIGNED
    assert after.assignee_id == (await province.actor("town")).person_id
    assert set(after.granted) == {province["city_bureau"].id, province["county_bureau"].id}
    types = [event.type for event in await events(province.db, case)]
    assert types == ["case.registered", *["case.forwarded", "order.delivered", "order.signed"] * 2]


async def test_an_assignment_to_a_bureau_has_a_limit_and_assistance_leaves_custody(province: Province) -> None:
    """Scenario S2, steps 2 and 8 to 10."""
    case = await register(province, "county_bureau", now=shanghai("2026-03-18 09:22"), group_size=23)
    assert await due_dates(province.db, case) == {"FORWARD": "2026-04-02"}
    order = await send(
        province,
        case,
        "county_bureau",
        "land",
        now=shanghai("2026-03-18 10:30"),
        kind=OrderKind.ASSIGN,
        instruction="依法处理并报告结果",
        report_due_at=shanghai("2026-04-30 12:00"),
    )
    await send(
        province,
        case,
        "county_bureau",
        "schools",
        now=shanghai("2026-03-18 10:30"),
        kind=OrderKind.ASSIST,
        instruction="协助核实",
    )
    due = await due_dates(province.db, case)
    assert (due["ACCEPT_NOTICE"], due["ORDER"]) == ("2026-04-02", "2026-04-30")
    await sign(province, case, "land", order, now=shanghai("2026-03-18 10:45"))
    await province.do(
        handling.accept,
        await province.actor("land"),
        TEST_KEYS,
        notice=Notice(served_at=shanghai("2026-03-20 09:00")),
        now=shanghai("2026-03-20 10:00"),
        **case_key(case),
    )
    assert (await due_dates(province.db, case))["HANDLE"] == "2026-05-19"
    assert await province.chain(case) == [
        ("county_bureau", shanghai("2026-03-18 09:22"), shanghai("2026-03-18 10:45")),
        ("land", shanghai("2026-03-18 10:45"), None),
    ]


async def test_a_forward_over_a_level_copies_who_was_passed_over(province: Province) -> None:
    case = await make_case(province.db, holder=province["city_bureau"])
    done = await send(province, case, "city_bureau", "village", now=T0 + days(1))
    orders = await province.orders(case)
    assert [(order.kind, order.receiver_id) for order in orders if order.kind == OrderKind.COPY] == [
        (OrderKind.COPY, province["county_bureau"].id),
        (OrderKind.COPY, province["town"].id),
    ]
    main = next(order for order in orders if order.id == done.order_id)
    assert main.copied_office_ids == [province["county_bureau"].id, province["town"].id]
    granted = set((await refreshed(province.db, case)).granted)
    assert granted == {province[name].id for name in ("county_bureau", "town", "village")}


@pytest.mark.parametrize(
    ("sender", "to", "kind", "refusal"),
    [
        ("town", "county_bureau", OrderKind.FORWARD, WrongLevel),
        ("town", "city", OrderKind.TAKE_UP, WrongLevel),
        ("county_bureau", "schools", OrderKind.FORWARD, NoCompetence),
        ("county_bureau", "county_discipline", OrderKind.FORWARD, NoCompetence),
        ("county_bureau", "county_conference", OrderKind.HAND_OVER, NoCompetence),
    ],
)
async def test_a_refused_route_changes_nothing(
    province: Province, sender: str, to: str, kind: OrderKind, refusal: type[Exception]
) -> None:
    case = await make_case(province.db, holder=province[sender])
    before = await snapshot(province.db, case)
    with pytest.raises(refusal):
        await send(province, case, sender, to, now=T0 + days(1), kind=kind, instruction="请办理")
    assert await snapshot(province.db, case) == before
    assert await province.orders(case) == []


async def test_an_order_says_everything_that_is_wrong_with_it_at_once(province: Province) -> None:
    case = await make_case(province.db, holder=province["county_bureau"])
    before = await snapshot(province.db, case)
    with pytest.raises(InvalidInput) as refused:
        await send(province, case, "county_bureau", "land", now=T0 + days(1), kind=OrderKind.ASSIGN, report_due_at=T0)
    assert [problem[:2] for problem in refused.value.problems] == [
        ("instruction", "REQUIRED"),
        ("reportDueAt", "PAST"),
    ]
    assert await snapshot(province.db, case) == before


async def test_a_stale_version_is_refused(province: Province) -> None:
    case = await make_case(province.db, holder=province["county_bureau"])
    with pytest.raises(StaleVersion):
        await send(province, case, "county_bureau", "land", now=T0 + days(1), expected_version=case.version + 1)


async def test_a_case_in_transit_is_not_sent_again(province: Province) -> None:
    case = await make_case(province.db, holder=province["county_bureau"])
    await send(province, case, "county_bureau", "land", now=T0 + days(1))
    with pytest.raises(TransitionRefused):
        await send(province, case, "county_bureau", "town", now=T0 + days(1))
    assert len(await province.orders(case)) == 1


async def test_a_recall_gives_back_the_remaining_days_and_after_signing_it_is_too_late(province: Province) -> None:
    case = await register(province, "city_bureau", now=shanghai("2026-04-15 09:00"))
    order = await send(province, case, "city_bureau", "county_bureau", now=shanghai("2026-04-16 10:00"))
    await province.do(
        service.recall, "city_bureau", city_id=case.city_id, order_id=order.order_id, now=shanghai("2026-04-16 15:00")
    )
    after = await refreshed(province.db, case)
    assert (after.stage, after.granted) == (Stage.REGISTERED, [])
    assert await due_dates(province.db, case) == {"FORWARD": "2026-04-30"}
    assert await province.holders(case) == ["city_bureau"]
    with pytest.raises(NotFound):
        await sign(province, case, "county_bureau", order, now=shanghai("2026-04-16 16:00"))

    again = await moved(province, case, "city_bureau", "county_bureau", now=shanghai("2026-04-17 10:00"))
    before = await snapshot(province.db, case)
    with pytest.raises(RecallTooLate):
        await province.do(
            service.recall, "city_bureau", city_id=case.city_id, order_id=again.order_id, now=T0 + days(5)
        )
    assert await snapshot(province.db, case) == before


async def test_a_recall_from_a_county_restores_the_county_s_own_notice_clock(province: Province) -> None:
    case = await register(province, "city_bureau", now=shanghai("2026-04-15 09:00"))
    await moved(province, case, "city_bureau", "county_bureau", now=shanghai("2026-04-16 10:00"))
    order = await send(province, case, "county_bureau", "town", now=shanghai("2026-04-20 14:00"))
    await province.do(
        service.recall, "county_bureau", city_id=case.city_id, order_id=order.order_id, now=shanghai("2026-04-20 15:00")
    )
    assert (await refreshed(province.db, case)).stage == Stage.SIGNED
    assert await due_dates(province.db, case) == {"ACCEPT_NOTICE": "2026-05-01"}


async def test_of_two_sign_fors_at_once_one_succeeds_and_the_other_is_a_conflict(province: Province) -> None:
    case = await make_case(province.db, holder=province["city_bureau"])
    order = await send(province, case, "city_bureau", "county_bureau", now=T0 + days(1))
    people = [await province.actor("county_bureau", role) for role in ("clerk", "handler")]
    done = await asyncio.gather(
        *(
            province.do(service.sign_for, who, city_id=case.city_id, order_id=order.order_id, now=T0 + days(2))
            for who in people
        ),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "Ordered"]
    assert await province.holders(case) == ["city_bureau", "county_bureau"]
    assert (await refreshed(province.db, case)).assignee_id in {who.person_id for who in people}


async def test_signing_twice_is_a_conflict_and_changes_nothing(province: Province) -> None:
    case = await make_case(province.db, holder=province["city_bureau"])
    order = await moved(province, case, "city_bureau", "county_bureau", now=T0 + days(1))
    before = await snapshot(province.db, case)
    with pytest.raises(Conflict):
        await sign(province, case, "county_bureau", order, now=T0 + days(3))
    assert await snapshot(province.db, case) == before


async def test_only_the_addressee_signs(province: Province) -> None:
    case = await make_case(province.db, holder=province["city_bureau"])
    order = await send(province, case, "city_bureau", "county_bureau", now=T0 + days(1))
    before = await snapshot(province.db, case)
    for who, refusal in (("town", NotFound), ("other_city", NotFound), ("city_bureau", NotPermitted)):
        with pytest.raises(refusal):
            await sign(province, case, who, order, now=T0 + days(2))
    assert await snapshot(province.db, case) == before


async def test_receipt_is_deemed_when_nobody_signs_and_the_breach_is_recorded(province: Province) -> None:
    case = await register(province, "city_bureau", now=shanghai("2026-04-15 09:00"))
    order = await send(province, case, "city_bureau", "county_bureau", now=shanghai("2026-04-16 10:00"))
    late = shanghai("2026-04-18 00:05")
    await run_due(province.db, jobs.EFFECTS, now=late)
    after = await refreshed(province.db, case)
    assert (after.stage, after.assignee_id) == (Stage.SIGNED, 0)
    assert await province.chain(case) == [
        ("city_bureau", shanghai("2026-04-15 09:00"), late),
        ("county_bureau", late, None),
    ]
    last = (await events(province.db, case))[-1]
    assert (last.type, last.facts["breach"], last.person_id) == ("order.deemed_signed", "SIGN_FOR", 0)
    with pytest.raises(Conflict):
        await sign(province, case, "county_bureau", order, now=late + timedelta(minutes=5))


async def test_a_hand_over_during_handling_goes_on_with_the_same_clock(province: Province) -> None:
    case = await register(province, "land", now=shanghai("2026-04-15 09:00"))
    assert await due_dates(province.db, case) == {"DIRECT_NOTICE": "2026-04-30"}
    key = case_key(case)
    notice = Notice(served_at=shanghai("2026-04-16 09:00"))
    who = await province.actor("land")
    await province.do(handling.accept, who, TEST_KEYS, notice=notice, now=shanghai("2026-04-16 10:00"), **key)
    await province.do(handling.start_handling, who, now=shanghai("2026-04-17 10:00"), **key)
    order = await send(
        province,
        case,
        "land",
        "county_bureau",
        now=shanghai("2026-04-20 10:00"),
        kind=OrderKind.HAND_OVER,
        instruction="涉及多个部门",
    )
    assert await due_dates(province.db, case) == {"HANDLE": "2026-06-15", "SIGN_FOR": "2026-04-21"}
    await sign(province, case, "county_bureau", order, now=shanghai("2026-04-20 11:00"))
    assert (await refreshed(province.db, case)).stage == Stage.HANDLING
    assert await due_dates(province.db, case) == {"HANDLE": "2026-06-15"}


async def test_a_hand_over_to_another_city_keeps_the_case_its_home_and_its_clocks(province: Province) -> None:
    case = await register(province, "city_bureau", now=shanghai("2026-04-15 09:00"))
    await moved(
        province,
        case,
        "city_bureau",
        "other_city",
        now=shanghai("2026-04-16 10:00"),
        kind=OrderKind.HAND_OVER,
        instruction="属该市管辖",
    )
    after = await refreshed(province.db, case)
    assert (after.city_id, after.number) == (case.city_id, case.number)
    assert after.l2 == province["other_city"].id
    assert await province.holders(case) == ["city_bureau", "other_city"]
    assert (await due_dates(province.db, case))["FORWARD"] == "2026-04-30"


async def test_a_superior_takes_up_one_level_and_no_further(province: Province) -> None:
    case = await register(province, "town", now=shanghai("2026-04-15 09:00"))
    before = await snapshot(province.db, case)
    with pytest.raises(WrongLevel):
        await province.do(service.take_up, "city_bureau", reason="重大事项", now=T0 + days(1), **case_key(case))
    assert await snapshot(province.db, case) == before
    await province.do(service.take_up, "county_bureau", reason="重大事项", now=T0 + days(1), **case_key(case))
    after = await refreshed(province.db, case)
    assert (after.stage, after.assignee_id) == (Stage.SIGNED, (await province.actor("county_bureau")).person_id)
    assert await province.holders(case) == ["town", "county_bureau"]
    assert await due_dates(province.db, case) == {"FORWARD": "2026-04-30"}


async def test_an_escalation_moves_when_the_superior_signs(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    order = await send(
        province, case, "town", "county_bureau", now=T0 + days(1), kind=OrderKind.TAKE_UP, instruction="超出职权"
    )
    assert await province.holders(case) == ["town"]
    await sign(province, case, "county_bureau", order, now=T0 + days(2))
    assert await province.holders(case) == ["town", "county_bureau"]


async def test_an_accusation_goes_only_to_the_competent_body_and_leaves_a_stub(province: Province) -> None:
    """Scenario S5, steps 1 to 5 and 9."""
    clerk = await province.actor("county_bureau", "clerk")
    case = await register(
        province,
        clerk,
        now=shanghai("2026-07-06 09:00"),
        petition_class=PetitionClass.ACCUSATION,
        accused=[province["town"]],
    )
    before = await snapshot(province.db, case)
    key = case_key(case)
    for kind, to, refusal in (
        (OrderKind.FORWARD, "town", RouteToAccused),
        (OrderKind.FORWARD, "village", RouteToAccused),
        (OrderKind.ASSIST, "village", RouteToAccused),
        (OrderKind.FORWARD, "other_town", NoCompetence),
        (OrderKind.ACCUSATION_HAND_OVER, "other_town", NoCompetence),
        (OrderKind.COPY, "city", NoCompetence),
    ):
        with pytest.raises(refusal):
            await province.do(
                service.send, clerk, kind=kind, to_office_id=province[to].id, now=shanghai("2026-07-06 10:00"), **key
            )
    assert await snapshot(province.db, case) == before

    order = await province.do(
        service.send,
        clerk,
        kind=OrderKind.ACCUSATION_HAND_OVER,
        to_office_id=province["county_discipline"].id,
        now=shanghai("2026-07-07 10:00"),
        **key,
    )
    with pytest.raises(NotPermitted):
        await province.do(
            service.recall, clerk, city_id=case.city_id, order_id=order.order_id, now=shanghai("2026-07-07 10:30")
        )
    await sign(province, case, "county_discipline", order, now=shanghai("2026-07-07 11:00"))
    after = await refreshed(province.db, case)
    assert (after.stage, after.held_by_discipline) == (Stage.SIGNED, True)
    assert after.granted == [province["county_bureau"].id]
    assert await province.holders(case) == ["county_bureau", "county_discipline"]


async def test_nobody_of_the_accused_side_finds_the_case_to_act_on_it(province: Province) -> None:
    case = await register(
        province, "county_bureau", petition_class=PetitionClass.ACCUSATION, accused=[province["town"]]
    )
    with pytest.raises(NotFound):
        await send(province, case, "town", "county_discipline", now=T0 + days(1), kind=OrderKind.ACCUSATION_HAND_OVER)


async def test_the_sender_may_not_recall_an_order_of_another_office(province: Province) -> None:
    case = await make_case(province.db, holder=province["city_bureau"])
    order = await send(province, case, "city_bureau", "county_bureau", now=T0 + days(1))
    with pytest.raises(NotPermitted):
        await province.do(
            service.recall, "county_bureau", city_id=case.city_id, order_id=order.order_id, now=T0 + days(1)
        )
    assert (await province.orders(case))[0].state == OrderState.DELIVERED


async def test_of_two_forwards_at_once_only_one_leaves(province: Province) -> None:
    case = await make_case(province.db, holder=province["county_bureau"])
    await province.actor("county_bureau")
    done = await asyncio.gather(
        *(send(province, case, "county_bureau", to, now=T0 + days(1)) for to in ("town", "other_town")),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in done) == ["Ordered", "TransitionRefused"]
    assert len(await province.orders(case)) == 1


async def test_custody_of_many_cases_is_read_with_one_query_each(province: Province) -> None:
    cases = [await make_case(province.db, holder=province["city_bureau"]) for _ in range(3)]
    await moved(province, cases[0], "city_bureau", "county_bureau", now=T0 + days(1))
    keys = [(case.city_id, case.id) for case in cases]
    scope = province.policy.scope(await province.actor("city_bureau"))
    statements: list[str] = []
    async with province.db.reader(scope) as session:
        listen(province.db.engine.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        intervals = await loaders.intervals(session, keys)
        orders = await loaders.orders(session, keys)
        decisions = await loaders.decisions(session, keys)
    assert [len(intervals[key]) for key in keys] == [2, 1, 1]
    assert [len(orders[key]) for key in keys] == [1, 0, 0]
    assert decisions == {key: [] for key in keys}
    assert len(statements) == 3


async def test_loaders_show_nothing_of_what_the_scope_hides(province: Province) -> None:
    case = await make_case(province.db, holder=province["city_bureau"])
    key = (case.city_id, case.id)
    async with province.db.reader(province.policy.scope(await province.actor("other_city"))) as session:
        assert await loaders.intervals(session, [key]) == {key: []}
