"""The calendar over HTTP: everybody reads the same days, administrators decide those of their office."""

from __future__ import annotations

from typing import Any

import pytest

from support import operations
from support.app import Answer, World

DAYS, HORIZON = operations.text("shared/CalendarDays"), operations.text("shared/CalendarHorizon")
ADD, REVOKE = operations.text("admin/AddLocalDay"), operations.text("admin/RevokeLocalDay")
#: 东乌旗 with one of its towns, and a county elsewhere.
BANNER, TOWN, COUNTY = "152525", "152525100", "330402"


async def office_id(world: World, code: str) -> str:
    """Global id of an office."""
    caller = await world.login("nanhu.clerk")
    found: str = (await caller(operations.text("shared/OfficeByCode"), code=code)).result["id"]
    return found


async def days(world: World, code: str, first: str, last: str | None = None) -> list[dict[str, Any]]:
    """Days of an office as a clerk elsewhere reads them."""
    caller = await world.login("nanhu.clerk")
    answer = await caller(DAYS, officeId=await office_id(world, code), fromOn=first, toOn=last or first)
    found: list[dict[str, Any]] = answer.data["calendarDays"]
    return found


async def add(world: World, who: str = "dongwuqi.admin", code: str = BANNER, **given: Any) -> Answer:
    """Decide a day."""
    known = {"dayOn": "2026-06-03", "kind": "HOLIDAY", "name": "那达慕", "basis": "旗人民政府决定"}
    caller = await world.login(who)
    return await caller(ADD, input={"officeId": await office_id(world, code), **known, **given})


async def test_everybody_reads_the_days_of_every_office(world: World) -> None:
    found = await days(world, COUNTY, "2026-09-18", "2026-09-21")
    assert [(each["dayOn"], each["kind"], each["isWorkday"], each["name"]) for each in found] == [
        ("2026-09-18", "WORKDAY", True, None),
        ("2026-09-19", "WEEKEND", False, None),
        ("2026-09-20", "MAKE_UP_WORKDAY", True, "国庆节"),
        ("2026-09-21", "WORKDAY", True, None),
    ]
    assert all("2026年部分节假日安排" in each["source"] and not each["isProvisional"] for each in found)
    assert all(each["localDay"] is None for each in found)
    (coming,) = await days(world, COUNTY, "2027-01-01")
    assert (coming["kind"], coming["isProvisional"], coming["source"]) == ("HOLIDAY", True, "全国年节及纪念日放假办法")


async def test_a_period_is_1_to_400_days(world: World) -> None:
    caller, office = await world.login("nanhu.clerk"), await office_id(world, COUNTY)
    assert len(await days(world, COUNTY, "2026-01-01", "2027-02-04")) == 400
    for first, last in (("2026-01-01", "2027-02-05"), ("2026-01-02", "2026-01-01")):
        assert (await caller(DAYS, officeId=office, fromOn=first, toOn=last)).codes == ["CALENDAR_RANGE"]


async def test_no_office_has_no_days_and_nobody_reads_none(world: World) -> None:
    caller = await world.login("nanhu.clerk")
    for nothing in ("nonsense", "", (await caller("{ viewer { person { id } } }")).result["person"]["id"]):
        answer = await caller(DAYS, officeId=nothing, fromOn="2026-01-01", toOn="2026-01-01")
        assert answer.data == {"calendarDays": None}
    given = {"officeId": await office_id(world, COUNTY), "fromOn": "2026-01-01", "toOn": "2026-01-01"}
    for document, variables in ((DAYS, given), (HORIZON, {})):
        assert (await world.post(document, variables, {})).codes == ["UNAUTHENTICATED"]


async def test_the_horizon_comes_near(world: World) -> None:
    caller = await world.login("nanhu.clerk")
    found = (await caller(HORIZON)).result
    assert found == {"publishedUntilOn": "2026-12-31", "daysLeft": 304, "missingYear": 2027, "isNear": False}
    world.dial.to("2026-11-01 00:00")
    found = (await (await world.login("nanhu.clerk"))(HORIZON)).result
    assert (found["daysLeft"], found["isNear"]) == (60, True)


async def test_a_decision_counts_below_and_is_shown_with_its_reason(world: World) -> None:
    made = (await add(world)).result["localDay"]
    assert (made["dayOn"], made["kind"], made["name"], made["revokedAt"]) == ("2026-06-03", "HOLIDAY", "那达慕", None)
    for code, off in ((BANNER, True), (TOWN, True), (COUNTY, False)):
        (day,) = await days(world, code, "2026-06-03")
        assert day["isWorkday"] is not off and (day["localDay"] is not None) is off
        if off:
            assert day["source"] == day["localDay"]["basis"] == "旗人民政府决定"
            assert day["localDay"]["id"] == made["id"] and day["localDay"]["office"]["code"] == BANNER


async def test_it_is_taken_back(world: World) -> None:
    made = (await add(world)).result["localDay"]
    admin = await world.login("dongwuqi.admin")
    world.dial.by(minutes=1)
    done = await admin(REVOKE, input={"localDayId": made["id"]})
    assert done.result["localDay"]["revokedAt"] == "2026-03-02T01:01:00.000000Z"
    (day,) = await days(world, TOWN, "2026-06-03")
    assert day["isWorkday"] and day["localDay"] is None
    assert (await admin(REVOKE, input={"localDayId": made["id"]})).code == "LOCAL_DAY_NOT_FOUND"
    assert (await admin(REVOKE, input={"localDayId": "nonsense"})).code == "MALFORMED_ID"


@pytest.mark.parametrize("who", ["dongwuqi.clerk", "jiaxing.admin", "platform.operator", "nanhu.leader"])
async def test_others_decide_nothing_and_take_nothing_back(world: World, who: str) -> None:
    made = (await add(world)).result["localDay"]
    assert (await add(world, who, dayOn="2026-06-04")).code == "NOT_PERMITTED"
    refused = await (await world.login(who))(REVOKE, input={"localDayId": made["id"]})
    assert refused.code == "NOT_PERMITTED"
    found = await days(world, BANNER, "2026-06-03", "2026-06-04")
    assert [each["kind"] for each in found] == ["HOLIDAY", "WORKDAY"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"dayOn": "2026-03-02"}, "LOCAL_DAY_DATE"),
        ({"dayOn": "2026-10-02", "kind": "MAKE_UP_WORKDAY"}, "LOCAL_DAY_STATUTORY"),
        ({"kind": "MAKE_UP_WORKDAY"}, "LOCAL_DAY_UNCHANGED"),
        ({"name": " "}, "INVALID_INPUT"),
        ({"basis": "决" * 401}, "INVALID_INPUT"),
    ],
)
async def test_what_cannot_be_decided_is_refused_as_data(world: World, given: dict[str, Any], code: str) -> None:
    assert (await add(world, **given)).code == code
    (day,) = await days(world, BANNER, given.get("dayOn", "2026-06-03"))
    assert day["localDay"] is None


async def test_the_same_request_again_is_the_same_answer(world: World) -> None:
    key = "local-day-0001"
    first, again = [await add(world, idempotencyKey=key) for _ in range(2)]
    assert first.raw == again.raw and first.code is None
    assert (await add(world, idempotencyKey=key, name="另")).code == "IDEMPOTENCY_MISMATCH"
    assert (await add(world)).code == "LOCAL_DAY_TAKEN"
    # Another selection cannot be answered with the kept bytes: the decision is read as it is now.
    caller = await world.login("dongwuqi.admin")
    given = {"officeId": await office_id(world, BANNER), "dayOn": "2026-06-03", "kind": "HOLIDAY", "name": "那达慕"}
    short = """mutation M($input: CalendarLocalDayAddInput!) { calendarLocalDayAdd(input: $input) {
      __typename ... on CalendarLocalDayAddPayload { localDay { name } } } }"""
    answer = await caller(short, input={**given, "basis": "旗人民政府决定", "idempotencyKey": key})
    assert answer.result["localDay"] == {"name": "那达慕"}
