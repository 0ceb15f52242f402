"""Statements over HTTP under changing rules, posts and offices: what is pinned, and who stands for whom."""

from __future__ import annotations

from typing import Any

import pytest

from support.app import World
from support.scenes import Desk, Scene

STREET = "120111001"

BOOK = """
schema_version: 1
system: {system}
name: 西营门街道规则
role: office
office: {{level: TOWN, code: '120111001'}}
inherits: tianjin
rules:
- id: W-1
  kind: leader_duty
  applies_to: SELF
  params: {{activity: RECEPTION, actor: HEADS, scope: EACH, min: {least}, unit: SESSION, per: WEEK}}
- id: W-2
  kind: fixed_day
  applies_to: SELF
  params: {{activity: RECEPTION, days: [5], roll: NEVER}}
"""


@pytest.fixture
def scene(world: World) -> Scene:
    """The demo's offices and staff on Monday, 2 March 2026, 09:00."""
    return Scene(world)


async def publish(scene: Scene, *, least: int, day: str) -> None:
    """A version of the street's own book, in force from a day on."""
    desk, office = scene.desk("xiyingmen.admin"), await scene.office(STREET)
    system = (await desk.send("shared/RuleBookView", officeId=office)).data["ruleBook"]["code"]
    draft = await desk.do("admin/ImportRuleDraft", officeId=office, yaml=BOOK.format(system=system, least=least))
    revision = draft["version"]["revision"]
    done = await desk.do("admin/PublishRuleBook", officeId=office, revision=revision, effectiveOn=day)
    assert done["awaitsConfirmation"] is False


async def statement(desk: Desk, office_id: str, first: str, last: str) -> dict[str, Any]:
    """What the office owes in a range."""
    answer = await desk.send("shared/DutyStatement", officeId=office_id, fromOn=first, toOn=last)
    found: dict[str, Any] = answer.data["dutyStatement"]
    return found


async def test_duties_are_pinned_to_the_version_in_force_when_their_period_begins(scene: Scene) -> None:
    """INV-22: a version that comes in the middle of a week or month counts from the next one on."""
    await publish(scene, least=1, day="2026-03-04")
    scene.at("2026-03-05 09:00")
    await publish(scene, least=2, day="2026-03-18")
    scene.at("2026-06-01 00:00")
    found = await statement(scene.desk("xiyingmen.leader"), await scene.office(STREET), "2026-03-01", "2026-04-30")
    weeks = {each["firstOn"]: each for each in found["duties"] if each["per"] == "WEEK" and each["scope"] == "EACH"}
    asked = {day: (each["least"], each["sources"][0]["version"]) for day, each in weeks.items()}
    assert {day: asked[day] for day in sorted(asked)[:4]} == {
        "2026-03-09": (1, 1),
        "2026-03-16": (1, 1),
        "2026-03-23": (2, 2),
        "2026-03-30": (2, 2),
    }
    own = [each["day"]["effectiveOn"] for each in found["fixedDays"] if each["day"]["activity"] == "RECEPTION"]
    assert own == ["2026-04-05"], "the book did not stand on 1 March"
    days = await scene.desk("xiyingmen.leader").send("shared/FixedDays", officeId=await scene.office(STREET), year=2026)
    assert [each["namedOn"] for each in days.data["fixedDays"] if each["activity"] == "RECEPTION"][:2] == [
        "2026-04-05",
        "2026-05-05",
    ]


async def test_a_leader_who_leaves_owes_nothing_for_the_month_of_leaving(scene: Scene) -> None:
    district = await scene.office("120111")
    leader = await scene.desk("xiqing.leader2").person_id()
    scene.at("2026-03-16 09:00")
    await scene.desk("xiqing.admin").do("admin/DeactivateStaff", personId=leader)
    scene.at("2026-04-01 00:00")
    found = await statement(scene.desk("xiqing.clerk"), district, "2026-03-01", "2026-03-31")
    monthly = {each["leader"]["name"]: each for each in found["duties"] if each["per"] == "MONTH"}
    assert (monthly["鲁晓云"]["state"], monthly["鲁晓云"]["reason"]) == ("EXEMPT", "NOT_IN_POST_THROUGHOUT")
    assert (monthly["郎国栋"]["state"], monthly["郎国栋"]["missing"]) == ("SHORTFALL", 1)
    scene.at("2026-05-01 00:00")
    april = await statement(scene.desk("xiqing.clerk"), district, "2026-04-01", "2026-04-30")
    assert {each["leader"]["name"] for each in april["duties"] if each["per"] == "MONTH"} == {"郎国栋"}


async def test_a_petition_office_shows_its_governments_duties_and_a_discipline_body_owes_none(scene: Scene) -> None:
    """A joint conference and a petition office stand for their government; the complaint body has its own rules."""
    clerk = scene.desk("feicheng-xfj.clerk")
    city = await statement(scene.desk("feicheng.leader"), await scene.office("370983"), "2026-03-01", "2026-03-31")
    for code in ("370983-xfj", "370983-lxh", "370983"):
        found = await statement(clerk, await scene.office(code), "2026-03-01", "2026-03-31")
        assert found["office"]["code"] == "370983"
        assert len(found["duties"]) == len(city["duties"]) > 0
    body = await statement(scene.desk("feicheng.leader"), await scene.office("370983-jw"), "2026-03-01", "2026-03-31")
    assert (body["fixedDays"], body["duties"]) == ([], [])


async def test_the_heads_of_a_city_that_records_only_deputies_are_vacant(scene: Scene) -> None:
    """ZJP-01: every chief receives each month; nobody of 嘉兴's demo staff has the rank of its chief."""
    found = await statement(scene.desk("jiaxing.leader"), await scene.office("3304"), "2026-03-01", "2026-03-31")
    (chief,) = [each for each in found["duties"] if each["sources"][0]["ruleCode"] == "ZJP-01"]
    assert (chief["state"], chief["reason"], chief["leader"]) == ("VACANT", "NOBODY_HAS_THE_RANK", None)
    town = await statement(scene.desk("jiaxing.leader"), await scene.office("330402100"), "2026-03-01", "2026-03-31")
    (chief,) = [each for each in town["duties"] if each["sources"][0]["ruleCode"] == "ZJP-01"]
    assert (chief["state"], chief["leader"]["name"]) == ("PENDING", "郭婷婷")


async def test_the_inherited_reception_day_stands_whatever_day_it_is(scene: Scene) -> None:
    """S4.3: 海盐 on a Sunday in Spring Festival."""
    days = await scene.desk("haiyan.clerk").send("shared/FixedDays", officeId=await scene.office("330424"), year=2026)
    reception = [each for each in days.data["fixedDays"] if each["activity"] == "RECEPTION"]
    assert [each["effectiveOn"] for each in reception] == [f"2026-{month:02}-15" for month in range(1, 13)]
    assert {each["roll"] for each in reception} == {"NEVER"}
    behind = {each["bookCode"] for each in reception[1]["sources"] if each["parameter"] == "roll"}
    assert "jiaxing" in behind
