"""Visit day on the 20th, rolled forward; daily, weekly, monthly and half-yearly duties of leaders.

天津市 12 > 西青区 120111 > 西营门街道 120111001; 和平区 120101 stands beside. Rule book ``tianjin`` v1 from 2026-01-01.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest_asyncio

from support import app
from support.app import Caller, Dial
from support.database import Cluster
from support.operations import text
from support.scenes import Desk, Scene, instant, local

CITY, DISTRICT, STREET, BESIDE = "12", "120111", "120111001", "120101"
VISIT_DAYS = [
    *("2026-01-20", "2026-02-24", "2026-03-20", "2026-04-20", "2026-05-20", "2026-06-22"),
    *("2026-07-20", "2026-08-20", "2026-09-20", "2026-10-20", "2026-11-20", "2026-12-21"),
]


@pytest_asyncio.fixture
async def scene(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Scene]:
    """The demo's offices and staff on 1 February 2026, 00:00 in China."""
    async with app.world(cluster, tmp_path, dial=Dial(datetime(2026, 1, 31, 16, tzinfo=UTC))) as world:
        yield Scene(world)


async def plan(desk: Desk, start: str, *leaders: str, activity: str = "RECEPTION", **more: Any) -> list[str]:
    """Plan a session of two hours from a local time such as ``2026-02-24 09:00``; the ids of all days."""
    day, _, hour = start.partition(" ")
    given = {
        "activity": activity,
        "form": "FIXED_PLACE",
        "startsAt": instant(start),
        "endsAt": instant(f"{day} {int(hour[:2]) + 2}:00"),
        "place": "区信访接待大厅",
        "leaderIds": list(leaders),
    }
    done = await desk.do("clerk/PlanSession", **given | more)
    return [each["id"] for each in done["sessions"]]


async def held(desk: Desk, start: str, *leaders: str, **more: Any) -> list[dict[str, Any]]:
    """Plan and record sessions that have begun."""
    ids = await plan(desk, start, *leaders, **more)
    return [(await desk.do("clerk/HoldSession", sessionId=each))["session"] for each in ids]


async def statement(desk: Desk, office_id: str, first: str, last: str) -> dict[str, Any] | None:
    """What the office owes in a range, as somebody sees it."""
    answer = await desk.send("shared/DutyStatement", officeId=office_id, fromOn=first, toOn=last)
    found: dict[str, Any] | None = answer.data["dutyStatement"]
    return found


async def duties(desk: Desk, office_id: str, first: str, last: str, **like: str) -> list[dict[str, Any]]:
    """The duties of a range with these values."""
    found = await statement(desk, office_id, first, last)
    assert found is not None
    return [each for each in found["duties"] if all(each[name] == value for name, value in like.items())]


def states(found: Sequence[dict[str, Any]]) -> dict[str, tuple[str, int]]:
    """State and what is missing by the leader's name."""
    return {each["leader"]["name"]: (each["state"], each["missing"]) for each in found}


async def test_visit_days_of_district_and_street_roll_to_the_next_workday(scene: Scene) -> None:
    """1 and 3"""
    desk = scene.desk("xiqing.dispatcher")
    for code in (DISTRICT, STREET):
        answer = await desk.send("shared/FixedDays", officeId=await scene.office(code), year=2026)
        days = answer.data["fixedDays"]
        assert [each["effectiveOn"] for each in days] == VISIT_DAYS
        assert {each["activity"] for each in days} == {"VISIT"} and not any(each["isProvisional"] for each in days)
        assert {(each["bookCode"], each["version"], each["ruleCode"]) for each in days[1]["sources"]} == {
            ("tianjin", 1, "TJ-01")
        }
    district = await scene.office(DISTRICT)
    next_year = (await desk.send("shared/FixedDays", officeId=district, year=2027)).data["fixedDays"]
    february = next(each for each in next_year if each["namedOn"] == "2027-02-20")
    assert (february["effectiveOn"], february["isProvisional"], february["reason"]) == (
        *("2027-02-22", True),
        "CALENDAR_NOT_PUBLISHED",
    )
    assert (await desk.send("shared/FixedDays", officeId=await scene.office(CITY), year=2026)).data["fixedDays"] == []


async def test_nothing_is_owed_on_a_provisional_date(scene: Scene) -> None:
    """3"""
    found = await statement(scene.desk("xiqing.leader"), await scene.office(DISTRICT), "2027-02-01", "2027-02-28")
    assert found is not None
    (day,) = found["fixedDays"]
    assert (day["state"], day["day"]["effectiveOn"]) == ("PROVISIONAL", "2027-02-22")
    assert {each["state"] for each in found["duties"] if each["per"] == "WEEK"} == {"PROVISIONAL"}
    assert {each["state"] for each in found["duties"] if each["per"] == "MONTH"} == {"PENDING"}


async def test_a_visit_on_another_day_does_not_keep_the_visit_day(scene: Scene) -> None:
    """4"""
    district, leader = await scene.office(DISTRICT), scene.desk("xiqing.leader3")
    desk = scene.desk("xiqing.dispatcher")
    scene.at("2026-02-20 16:00")
    (visit,) = await held(desk, "2026-02-20 09:00", await leader.person_id(), activity="VISIT")
    assert (visit["activity"], visit["state"], visit["coverage"]) == ("VISIT", "HELD", "COVERED")

    async def february() -> tuple[str, str]:
        found = await statement(desk, district, "2026-02-01", "2026-02-28")
        assert found is not None
        (day,) = found["fixedDays"]
        return day["day"]["effectiveOn"], day["state"]

    assert await february() == ("2026-02-24", "PENDING")
    scene.at("2026-02-24 23:59")
    assert await february() == ("2026-02-24", "PENDING")
    scene.at("2026-02-25 00:00")
    assert await february() == ("2026-02-24", "MISSED")
    # A session of the very day that is recorded late keeps it.
    await held(desk, "2026-02-24 09:00", await leader.person_id(), activity="VISIT")
    assert await february() == ("2026-02-24", "MET")


async def test_a_street_receives_every_day(scene: Scene) -> None:
    """5"""
    street, desk = await scene.office(STREET), scene.desk("xiyingmen.dispatcher")
    leaders = [await scene.desk(f"xiyingmen.{name}").person_id() for name in ("leader", "leader2")]
    scene.at("2026-02-01 08:00")
    days = [f"2026-02-{number:02}" for number in range(1, 29) if number not in (17, 18)]
    rota = await plan(desk, f"{days[0]} 09:00", leaders[0], alsoOn=days[1:])
    assert len(rota) == 26
    scene.at("2026-03-01 00:00")
    for session in rota:
        await desk.do("clerk/HoldSession", sessionId=session)
    for sees in (desk, scene.desk("xiqing.supervisor"), scene.desk("tianjin.supervisor")):
        (daily,) = await duties(sees, street, "2026-02-01", "2026-02-28", per="DAY")
        assert (daily["required"], daily["done"], daily["rate"]) == (28, 26, 0.9286)
        assert daily["uncoveredDays"] == ["2026-02-17", "2026-02-18"]
        assert (daily["state"], daily["missing"], daily["scope"], daily["leader"]) == ("SHORTFALL", 2, "OFFICE", None)
    found = await statement(desk, street, "2026-02-01", "2026-02-28")
    assert found is not None
    assert found["office"]["level"] == "TOWN"


async def test_a_week_without_any_workday_is_exempt_from_the_weekly_reception(scene: Scene) -> None:
    """6"""
    district, desk = await scene.office(DISTRICT), scene.desk("xiqing.dispatcher")
    scene.at("2026-03-02 00:00")
    weeks = {each["firstOn"]: each for each in await duties(desk, district, "2026-02-16", "2026-03-01", per="WEEK")}
    assert (weeks["2026-02-16"]["state"], weeks["2026-02-16"]["reason"]) == ("EXEMPT", "NO_WORKDAY_IN_WEEK")
    short = weeks["2026-02-23"]
    assert (short["lastOn"], short["state"], short["missing"]) == ("2026-03-01", "SHORTFALL", 1)


async def test_each_head_of_a_district_receives_once_a_month(scene: Scene) -> None:
    """7"""
    district, desk = await scene.office(DISTRICT), scene.desk("xiqing.clerk")
    scene.at("2026-02-11 17:00")
    await held(desk, "2026-02-11 14:00", await scene.desk("xiqing.leader").person_id())
    wanted = {"per": "MONTH", "scope": "EACH"}
    scene.at("2026-02-28 23:59")
    early = await duties(desk, district, "2026-02-01", "2026-02-28", **wanted)
    assert states(early) == {"郎国栋": ("PENDING", 0), "鲁晓云": ("PENDING", 0)}
    scene.at("2026-03-01 00:00")
    judged = await duties(desk, district, "2026-02-01", "2026-02-28", **wanted)
    assert states(judged) == {"郎国栋": ("MET", 0), "鲁晓云": ("SHORTFALL", 1)}
    assert {local(each["judgedAt"]) for each in judged} == {"2026-03-01 00:00"}


async def test_each_leader_of_the_city_receives_or_visits_in_a_half_year(scene: Scene) -> None:
    """8"""
    city, desk = await scene.office(CITY), scene.desk("tianjin.clerk")
    scene.at("2026-06-30 18:00")
    await held(desk, "2026-06-30 09:00", await scene.desk("tianjin.leader").person_id())
    early = await duties(desk, city, "2026-01-01", "2026-06-30", per="HALF_YEAR")
    assert {each["state"] for each in early} == {"PENDING"}
    scene.at("2026-07-01 00:00")
    judged = await duties(desk, city, "2026-01-01", "2026-06-30", per="HALF_YEAR")
    assert states(judged) == {"苏振邦": ("MET", 0), "潘玉良": ("SHORTFALL", 1)}


async def test_the_street_owes_its_weekly_reception_once_it_has_confirmed_the_count(scene: Scene) -> None:
    """9"""
    street, admin = await scene.office(STREET), scene.desk("xiyingmen.admin")
    draft = (await admin.send("shared/RuleBookView", officeId=street)).data["ruleBook"]["draft"]
    refused = await admin.attempt("admin/PublishRuleBook", officeId=street, revision=draft["revision"])
    assert refused.code == "UNRESOLVED_PARAMETER"
    assert {each["ruleCode"] for each in refused.result["findings"]} == {"XY-02"}
    (row,) = [each for each in draft["rules"]["nodes"] if each["code"] == "XY-02"]
    rule = {name: row[name] for name in ("code", "kind", "appliesTo", "parameters")}
    put = await admin.do("admin/PutRule", officeId=street, rule=rule)
    await admin.do("admin/PublishRuleBook", officeId=street, revision=put["version"]["revision"])
    scene.at("2026-02-16 00:00")
    weekly = await duties(scene.desk("xiyingmen.clerk"), street, "2026-02-02", "2026-02-15", per="WEEK")
    # The first week that began under the book; the one before began without it.
    assert {(each["firstOn"], each["leader"]["name"], each["state"], each["missing"]) for each in weekly} == {
        (day, name, "SHORTFALL", 1) for day in ("2026-02-02", "2026-02-09") for name in ("任海生", "袁桂英")
    }


async def test_everybody_sees_the_published_schedule_and_nothing_else(scene: Scene) -> None:
    """10"""
    desk = scene.desk("xiqing.dispatcher")
    leaders = [await scene.desk(f"xiqing.{name}").person_id() for name in ("leader", "leader2")]
    await plan(desk, "2026-02-24 09:00", *leaders, activity="VISIT", form="REGULAR_VISIT", place="西营门街道办事处")
    await plan(desk, "2026-02-25 09:00", leaders[0], isPublic=False)
    (cancelled,) = await plan(desk, "2026-02-26 09:00", leaders[0])
    await desk.do("clerk/CancelSession", sessionId=cancelled, reason="区里会议")
    nobody = Caller(scene.world, "")
    for code in (DISTRICT, f"{DISTRICT}-xfj"):
        schedule = await nobody(text("shared/ReceptionSchedule"), officeCode=code, month="2026-02")
        (shown,) = schedule.data["receptionSchedule"]["nodes"]
        assert shown == {
            "activity": "VISIT",
            "form": "REGULAR_VISIT",
            "sessionOn": "2026-02-24",
            "startsAt": "2026-02-24T01:00:00.000000Z",
            "endsAt": "2026-02-24T03:00:00.000000Z",
            "place": "西营门街道办事处",
            "leaders": ["郎国栋", "鲁晓云"],
        }
    empty = await nobody(text("shared/ReceptionSchedule"), officeCode="nowhere", month="2026-02")
    assert empty.data["receptionSchedule"]["nodes"] == []
    district = await scene.office(DISTRICT)
    month = {"officeId": district, "fromOn": "2026-02-01", "toOn": "2026-02-28"}
    for document in ("shared/DutyStatement", "shared/ReceptionSessions"):
        assert (await nobody(text(document), **month)).codes == ["UNAUTHENTICATED"]


async def test_the_city_sees_its_districts_and_nobody_sees_sideways_or_upward(scene: Scene) -> None:
    """11"""
    month = ("2026-02-01", "2026-02-28")
    offices = {code: await scene.office(code) for code in (CITY, DISTRICT, STREET, BESIDE)}
    seen = {
        name: {code for code, office_id in offices.items() if await statement(scene.desk(name), office_id, *month)}
        for name in ("tianjin.leader", "xiqing.supervisor", "xiqing-xfj.dispatcher", "heping.leader", "xiyingmen.clerk")
    }
    assert seen == {
        "tianjin.leader": {CITY, DISTRICT, STREET, BESIDE},
        "xiqing.supervisor": {DISTRICT, STREET},
        "xiqing-xfj.dispatcher": {DISTRICT, STREET},
        "heping.leader": {BESIDE},
        "xiyingmen.clerk": {STREET},
    }
    beside = scene.desk("heping.leader")
    hidden = await beside.send("shared/DutyStatement", officeId=offices[DISTRICT], fromOn=month[0], toOn=month[1])
    absent = await beside.send(
        "shared/DutyStatement", officeId="T2ZmaWNlOjIwMDAwMDAwMDA", fromOn=month[0], toOn=month[1]
    )
    assert hidden.raw == absent.raw
