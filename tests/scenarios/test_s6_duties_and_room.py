"""Duties of two city leaders in September, and the room that a town has to have.

肥城市 370983 > 湖屯镇 370983105, 石横镇 370983106. Rule book ``feicheng`` v1 from 2026-01-01.
"""

from __future__ import annotations

from typing import Any

from support.scenes import Desk, Scene, instant

CITY, TOWN, NEIGHBOUR = "370983", "370983105", "370983106"
THIRD, FIFTH = "鲁志远", "岳文清"


async def record(desk: Desk, day: str, leader: str, **more: Any) -> None:
    """A session of one leader that took place, from nine to five."""
    given = {
        "activity": "DUTY_SHIFT",
        "form": "PUBLIC",
        "startsAt": instant(f"{day} 09:00"),
        "endsAt": instant(f"{day} 17:00"),
        "place": "市信访局来访接待中心",
        "leaderIds": [leader],
    }
    done = await desk.do("clerk/PlanSession", **given | more)
    await desk.do("clerk/HoldSession", sessionId=done["sessions"][0]["id"])


async def test_city_leaders_owe_two_days_on_duty_and_a_visit_each_month(scene: Scene) -> None:
    """The petition bureau keeps the schedule; C3 has done everything, C5 is one day short, and never visited."""
    bureau = scene.desk("feicheng-xfj.clerk")
    third, fifth = [await scene.desk(f"feicheng.{name}").person_id() for name in ("leader3", "leader5")]
    scene.at("2026-09-30 18:00")
    for day in ("2026-09-03", "2026-09-21"):
        await record(bureau, day, third)
    await record(bureau, "2026-09-10", fifth)
    await record(bureau, "2026-09-24", third, activity="VISIT", form="CASE_VISIT", place="湖屯镇人民政府")

    async def judged(name: str) -> dict[str, tuple[str, int]]:
        answer = await scene.desk("feicheng.leader").send(
            "shared/DutyStatement", officeId=await scene.office(CITY), fromOn="2026-09-01", toOn="2026-09-30"
        )
        mine = [
            each
            for each in answer.data["dutyStatement"]["duties"]
            if each["per"] == "MONTH" and each["leader"] is not None and each["leader"]["name"] == name
        ]
        return {each["activity"]: (each["state"], each["missing"]) for each in mine}

    assert await judged(FIFTH) == {"DUTY_SHIFT": ("PENDING", 0), "VISIT": ("PENDING", 0)}
    scene.at("2026-10-01 00:00")
    assert await judged(THIRD) == {"DUTY_SHIFT": ("MET", 0), "VISIT": ("MET", 0)}
    assert await judged(FIFTH) == {"DUTY_SHIFT": ("SHORTFALL", 1), "VISIT": ("SHORTFALL", 1)}


async def test_a_town_has_a_reception_place_of_fifty_square_metres(scene: Scene) -> None:
    """48 is below the standard of FC-09, 50 meets it."""
    town, clerk = await scene.office(TOWN), scene.desk("hutun.clerk")

    async def room(desk: Desk) -> dict[str, Any] | None:
        found = (await desk.send("shared/ResourceStandards", officeId=town)).data["resourceStandards"]
        return next((each for each in found if each["item"] == "RECEPTION_AREA"), None)

    before = await room(clerk)
    assert before is not None
    assert (before["state"], before["amount"], before["least"], before["unit"]) == (
        *("UNDECLARED", None, 50.0),
        "SQUARE_METRE",
    )
    for amount, state in ((48, "BELOW_STANDARD"), (50, "MET"), (49.99, "BELOW_STANDARD"), (50.01, "MET")):
        done = await clerk.do("clerk/DeclareResource", item="RECEPTION_AREA", amount=amount)
        assert (done["standard"]["state"], done["standard"]["amount"]) == (state, amount)
    after = await room(scene.desk("feicheng.supervisor"))
    assert after is not None
    assert (after["state"], after["amount"]) == ("MET", 50.01)
    assert {each["ruleCode"] for each in after["sources"]} == {"FC-09"}
    assert await room(scene.desk("shiheng.leader")) is None
    for item, amount, code in (
        ("VILLAGE_AGENT", 1, "RESOURCE_NOT_ASKED"),
        ("RECEPTION_AREA", -1, "INVALID_INPUT"),
        ("RECEPTION_AREA", 0.001, "INVALID_INPUT"),
        ("RECEPTION_AREA", 1e11, "INVALID_INPUT"),
    ):
        assert await clerk.refused("clerk/DeclareResource", item=item, amount=amount) == code
    assert await scene.desk("hutun.handler").refused("clerk/DeclareResource", item="RECEPTION_AREA", amount=60) == (
        "NOT_PERMITTED"
    )
    # Every declaration stays on record.
    assert await scene.facts("select amount::text from resource_declaration order by id") == [
        *(("48.00",), ("50.00",), ("49.99",)),
        ("50.01",),
    ]
