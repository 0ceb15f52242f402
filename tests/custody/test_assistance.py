"""Orders without custody: assistance, advice, reports, supervision, copies."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from caseway.cases.models import Case, CaseGrant, CaseRecord
from caseway.custody import assistance, service
from caseway.custody.errors import NoCompetence
from caseway.custody.service import Ordered
from caseway.custody.workflow import OrderKind, OrderState
from caseway.db.scope import SYSTEM_SCOPE
from caseway.errors import Conflict, InvalidInput, NotFound, NotPermitted
from caseway.tenancy.errors import WrongLevel
from support.factories import T0, TEST_KEYS, case_key, days, make_case, refreshed, snapshot
from support.province import Province, due_dates


async def ask(province: Province, case: Case, who: str, kind: OrderKind, to: str, **given: Any) -> Ordered:
    """An order without custody."""
    done: Ordered = await province.do(
        service.send,
        who,
        kind=kind,
        to_office_id=province[to].id,
        now=T0 + days(1),
        **{"instruction": "请协助"} | given,
        **case_key(case),
    )
    return done


async def live_grants(province: Province, case: Case) -> set[tuple[str, str]]:
    """(office, kind) of every grant that has not ended."""
    names = {office.id: name for name, office in province.offices.items()}
    async with province.db.reader(SYSTEM_SCOPE) as session:
        rows = await session.scalars(
            select(CaseGrant).where(CaseGrant.case_id == case.id, CaseGrant.until_at.is_(None))
        )
        return {(names[row.office_id], row.kind) for row in rows}


async def records(province: Province, case: Case) -> list[tuple[str, str | None]]:
    """Kind and text of every record."""
    async with province.db.reader(SYSTEM_SCOPE) as session:
        rows = await session.scalars(select(CaseRecord).where(CaseRecord.case_id == case.id).order_by(CaseRecord.at))
        return [(row.kind, row.text) for row in rows]


async def test_an_assisting_office_contributes_until_the_holder_ends_it(province: Province) -> None:
    case = await make_case(province.db, holder=province["county_bureau"])
    order = await ask(province, case, "county_bureau", OrderKind.ASSIST, "schools", report_due_at=T0 + days(8))
    assert await live_grants(province, case) == {("schools", "JOINT")}
    assert await due_dates(province.db, case) == {"ORDER": "2026-04-23"}
    named = {"city_id": case.city_id, "order_id": order.order_id}
    for text in ("第一次核实", "第二次核实"):
        await province.do(assistance.contribute, "schools", TEST_KEYS, text=text, now=T0 + days(2), **named)
    assert await records(province, case) == [("CONTRIBUTION", "第一次核实"), ("CONTRIBUTION", "第二次核实")]
    await province.do(assistance.end_assistance, "county_bureau", now=T0 + days(3), **named)
    assert await live_grants(province, case) == set()
    assert await due_dates(province.db, case) == {}
    assert (await refreshed(province.db, case)).granted == []
    with pytest.raises(NotFound):
        await province.do(assistance.contribute, "schools", TEST_KEYS, text="再次", now=T0 + days(4), **named)
    with pytest.raises(Conflict):
        await province.do(assistance.end_assistance, "county_bureau", now=T0 + days(4), **named)
    assert await province.holders(case) == ["county_bureau"]


async def test_advice_is_recorded_and_custody_stays(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    order = await ask(province, case, "town", OrderKind.ADVICE, "county_bureau")
    assert await live_grants(province, case) == {("county_bureau", "ADVISOR")}
    named = {"city_id": case.city_id, "order_id": order.order_id}
    with pytest.raises(InvalidInput):
        await province.do(assistance.advise, "county_bureau", TEST_KEYS, text=" ", now=T0 + days(2), **named)
    await province.do(assistance.advise, "county_bureau", TEST_KEYS, text="建议协调", now=T0 + days(2), **named)
    assert await records(province, case) == [("ADVICE", "建议协调")]
    assert await live_grants(province, case) == set()
    assert await province.holders(case) == ["town"]


async def test_advice_is_given_only_by_who_was_asked(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    order = await ask(province, case, "town", OrderKind.ADVICE, "county_bureau")
    before = await snapshot(province.db, case)
    with pytest.raises(NotPermitted):
        await province.do(
            assistance.advise,
            "city_bureau",
            TEST_KEYS,
            text="建议",
            now=T0 + days(2),
            city_id=case.city_id,
            order_id=order.order_id,
        )
    assert await snapshot(province.db, case) == before


async def test_urgent_information_is_reported_over_the_heads_of_levels(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    await ask(province, case, "town", OrderKind.REPORT_UP, "province_bureau")
    assert await live_grants(province, case) == {("province_bureau", "INFORMED")}
    with pytest.raises(WrongLevel):
        await ask(province, case, "town", OrderKind.REPORT_UP, "village")


async def test_a_superior_supervises_the_holder_who_replies_in_writing(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    order = await ask(province, case, "county_bureau", OrderKind.SUPERVISE, "town", report_due_at=T0 + days(6))
    assert await due_dates(province.db, case) == {"ORDER": "2026-04-21"}
    await province.do(
        assistance.reply_supervision,
        "town",
        TEST_KEYS,
        text="已加快办理",
        now=T0 + days(2),
        city_id=case.city_id,
        order_id=order.order_id,
    )
    assert [row.state for row in await province.orders(case)] == [OrderState.DONE]
    assert await records(province, case) == [("SUPERVISION_REPLY", "已加快办理")]
    assert await due_dates(province.db, case) == {}


async def test_supervision_is_addressed_to_the_holder_with_a_limit(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    before = await snapshot(province.db, case)
    with pytest.raises(InvalidInput):
        await ask(province, case, "county_bureau", OrderKind.SUPERVISE, "town")
    with pytest.raises(NoCompetence):
        await ask(province, case, "county_bureau", OrderKind.SUPERVISE, "other_town", report_due_at=T0 + days(6))
    assert await snapshot(province.db, case) == before


async def test_a_copy_informs_and_nothing_else(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    await ask(province, case, "town", OrderKind.COPY, "land", instruction=None)
    assert await live_grants(province, case) == {("land", "INFORMED")}
    after = await refreshed(province.db, case)
    assert (after.stage, after.holder_id) == (case.stage, case.holder_id)


async def test_decisions_and_platform_orders_are_not_sent_by_people(province: Province) -> None:
    case = await make_case(province.db, holder=province["town"])
    for kind in (OrderKind.DECIDED, OrderKind.BACKSTOP, OrderKind.MOVE_UP, OrderKind.SUCCESSION):
        with pytest.raises(NotPermitted):
            await ask(province, case, "town", kind, "other_town")
