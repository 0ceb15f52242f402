"""Duties to report over HTTP: of periods, worked out; of events, opened when they happen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.rulebooks import bring
from support.scenes import Scene, local, matter

FORESTRY, TOWN, BANNER, BUREAU = "152525-lcj", "152525100", "152525", "152525-xfj"
MARCH = {"fromOn": "2026-03-01", "toOn": "2026-03-31"}


async def duties(scene: Scene, username: str, office: str, **days: str) -> list[dict[str, Any]]:
    """What somebody sees of an office's duties."""
    asked = {"officeId": await scene.office(office), **(days or MARCH)}
    found: list[dict[str, Any]] = (await scene.desk(username).send("clerk/ReportDuties", **asked)).data["reportDuties"]
    return found


def short(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Name, state and last day."""
    return [(each["name"], each["state"], each["dueOn"]) for each in found]


async def events(scene: Scene, username: str, office: str) -> list[dict[str, Any]]:
    """What somebody sees of the reports that events called for."""
    answer = await scene.desk(username).send("clerk/ReportEventDuties", officeId=await scene.office(office))
    found: list[dict[str, Any]] = answer.data["reportEventDuties"]["nodes"]
    return found


async def test_the_march_reports_of_unit_and_town_exist_or_are_missing(scene: Scene) -> None:
    """S2.12"""
    scene.at("2026-03-18 09:00")
    (pending,) = await duties(scene, "dongwuqi.leader", FORESTRY)
    assert (pending["name"], pending["state"], pending["rule"]) == ("MONTHLY_SUMMARY", "PENDING", "DWQ-19")
    assert (pending["periodFromOn"], pending["periodToOn"]) == ("2026-03-01", "2026-03-31")
    assert [(each["code"], each["office"]["code"]) for each in pending["to"]] == [
        ("PARTY_COMMITTEE", BANNER),
        ("GOVERNMENT", BANNER),
    ]
    assert [(each["code"], each["office"]["code"]) for each in pending["cc"]] == [("PETITION_OFFICE", BUREAU)]

    # The unit files its report; the town does not.
    unit = scene.desk("dongwuqi-lcj.handler")
    assert await unit.refused("clerk/FileReport", dutyId=pending["id"]) == "NOT_PERMITTED"
    scene.at("2026-03-31 16:00")
    done = await scene.desk("dongwuqi-lcj.leader").do(
        "clerk/FileReport", dutyId=pending["id"], text="三月接访下访工作小结。"
    )
    assert (done["duty"]["state"], done["duty"]["isLate"]) == ("MET", False)
    again = await scene.desk("dongwuqi-lcj.leader").refused("clerk/FileReport", dutyId=pending["id"])
    assert again == "REPORT_FILED"

    scene.at("2026-04-01 00:00")
    (filed,) = await duties(scene, "dongwuqi.leader", FORESTRY)
    (missing,) = await duties(scene, "dongwuqi.leader", TOWN)
    assert (filed["state"], local(filed["filedAt"]), filed["text"]) == (
        *("MET", "2026-03-31 16:00", "三月接访下访工作小结。"),
    )
    assert (missing["state"], missing["filedAt"], missing["dueOn"]) == ("MISSING", None, "2026-03-31")


async def test_a_report_that_comes_late_is_met_and_late(scene: Scene) -> None:
    scene.at("2026-04-02 09:00")
    (duty,) = await duties(scene, "dongwuqi-lcj.leader", FORESTRY)
    done = await scene.desk("dongwuqi-lcj.leader").do("clerk/FileReport", dutyId=duty["id"])
    assert (done["duty"]["state"], done["duty"]["isLate"], done["duty"]["text"]) == ("MET", True, None)


async def test_the_receivers_are_told(scene: Scene) -> None:
    scene.at("2026-03-31 16:00")
    (duty,) = await duties(scene, "dongwuqi-lcj.leader", FORESTRY)
    await scene.desk("dongwuqi-lcj.leader").do("clerk/FileReport", dutyId=duty["id"])
    told = await scene.facts(
        "select o.code, b.kind from outbox b join office o on o.id = b.office_id"
        " where b.kind = 'REPORT_FILED' order by 1"
    )
    assert told == [(BANNER, "REPORT_FILED"), (BUREAU, "REPORT_FILED")]


async def test_only_the_office_itself_and_those_above_it_see_what_it_owes(scene: Scene) -> None:
    scene.at("2026-03-18 09:00")
    for somebody in ("dongwuqi-lcj.handler", "dongwuqi.leader", "dongwuqi-xfj.dispatcher"):
        assert short(await duties(scene, somebody, FORESTRY)) == [("MONTHLY_SUMMARY", "PENDING", "2026-03-31")]
    for nobody in ("jiaxing.leader", "dongwuqi-zrzy.leader"):
        assert await duties(scene, nobody, FORESTRY) == [], nobody


async def test_a_longer_range_than_100_days_is_refused(scene: Scene) -> None:
    scene.at("2026-03-18 09:00")
    asked = {"officeId": await scene.office(TOWN), "fromOn": "2026-01-01", "toOn": "2026-04-11"}
    answer = await scene.desk("dongwuqi.leader").send("clerk/ReportDuties", **asked)
    assert answer.codes == ["DUTY_RANGE_TOO_LONG"]
    asked["toOn"] = "2026-04-10"
    answer = await scene.desk("dongwuqi.leader").send("clerk/ReportDuties", **asked)
    assert [each["dueOn"] for each in answer.data["reportDuties"]] == ["2026-01-31", "2026-02-28", "2026-03-31"]


async def test_the_petition_office_owes_its_weekly_and_monthly_bulletins_and_the_yearly_report(scene: Scene) -> None:
    """海盐: BACKLOG_WEEKLY_RANKING is about progress of handling only; L22-31 is the law's."""
    scene.at("2026-12-30 09:00")
    found = await duties(scene, "jiaxing-xfj.leader", "330424-xfj", fromOn="2026-12-28", toOn="2027-01-03")
    names = {name: {due for each, _, due in short(found) if each == name} for name, _, _ in short(found)}
    assert names["ANNUAL"] == {"2026-12-31"}
    assert names["BACKLOG_MONTHLY_BULLETIN"] == {"2026-12-31"}
    assert names["BACKLOG_WEEKLY_RANKING"] == {"2027-01-03"}
    assert len(names["BACKLOG_DAILY"]) == 7
    annual = next(each for each in found if each["name"] == "ANNUAL")
    assert [(each["code"], (each["office"] or {}).get("code")) for each in annual["to"]] == [
        *(("PARTY_COMMITTEE", "330424"), ("GOVERNMENT", "330424"), ("UPPER_PETITION_OFFICE", "3304-xfj")),
    ]
    assert annual["fields"][0] == "STATS"


async def test_nobody_files_what_was_never_owed(scene: Scene) -> None:
    scene.at("2026-03-18 09:00")
    (duty,) = await duties(scene, "dongwuqi-lcj.leader", FORESTRY)
    leader = scene.desk("dongwuqi-lcj.leader")
    assert await leader.refused("clerk/FileReport", dutyId=duty["id"][:-2]) == "MALFORMED_ID"
    (april,) = await duties(scene, "dongwuqi-lcj.leader", FORESTRY, fromOn="2026-04-01", toOn="2026-04-30")
    assert await leader.refused("clerk/FileReport", dutyId=april["id"]) == "REPORT_TOO_EARLY"
    # Somebody of another office knows the id, and learns nothing.
    assert await scene.desk("jiaxing.leader").refused("clerk/FileReport", dutyId=duty["id"]) == "NOT_FOUND"
    assert await scene.facts("select count(*) from report_filing") == [(0,)]


async def test_an_urgent_matter_is_reported_at_once(scene: Scene) -> None:
    """art. 25: no hours; the report is missing from the first instant until it is filed."""
    scene.at("2026-04-15 09:00")
    clerk = scene.desk("fengqiao.clerk")
    case = (await clerk.do("clerk/RegisterCase", **matter("2026-04-15 09:00")))["case"]["id"]
    assert await events(scene, "fengqiao.clerk", "330402100") == []
    scene.at("2026-04-15 10:00")
    done = await clerk.do("handler/DeclareUrgent", caseId=case, reason="涉及人员众多，情况紧急。")
    assert done["case"]["stage"] == "REGISTERED"

    (own,) = await events(scene, "fengqiao.clerk", "330402100")
    assert (own["name"], own["event"], own["state"]) == ("URGENT", "URGENT_MATTER", "MISSING")
    assert local(own["dueAt"]) == "2026-04-15 10:00"
    assert [(each["code"], (each["office"] or {}).get("code")) for each in own["to"]] == [
        ("PARTY_COMMITTEE", "330402"),
        ("GOVERNMENT", "330402"),
    ]
    # The petition office of the seat reports to the one above it and to the national one, which is not in the tree.
    line = next(
        each
        for each in await events(scene, "fengqiao-xfj.dispatcher", "330402100-xfj")
        if each["name"] == "URGENT_LINE"
    )
    assert [(each["code"], (each["office"] or {}).get("code")) for each in line["to"]] == [
        ("UPPER_PETITION_OFFICE", "330402-xfj"),
        ("NATIONAL_PETITION_OFFICE", None),
    ]

    scene.at("2026-04-15 10:20")
    filed = await clerk.do("clerk/FileReport", dutyId=own["id"], text="已报区委、区政府。")
    assert (filed["duty"]["state"], local(filed["duty"]["filedAt"])) == ("MET", "2026-04-15 10:20")
    assert await clerk.refused("clerk/FileReport", dutyId=own["id"]) == "REPORT_FILED"
    assert (await clerk.events(case))[-2:] == ["case.urgent", "report.filed"]
    # Elsewhere nobody sees that there is anything to report.
    assert await events(scene, "yuxin.clerk", "330402100") == []
    # The text is content: the county sees the report, not what it says.
    (seen,) = await events(scene, "nanhu.dispatcher", "330402100")
    assert (seen["state"], seen["text"]) == ("MET", None)


async def test_a_clue_is_owed_until_the_discipline_body_has_it(scene: Scene, tmp_path: Path) -> None:
    """CLUE_HANDOVER: opened by the registration of an accusation, met when the discipline body has signed for it."""
    await bring(
        scene.world.database.url, tmp_path / "books",
        "id: N-1, kind: report, applies_to: SELF, params: {name: CLUE_HANDOVER, sender: COUNTY, to: [DISCIPLINE],"
        " on_event: CLUE_FOUND, within: {n: 5, unit: WORKDAY}, direction: SIDE}",
        system="nanhu", office="330402", level="COUNTY", now=scene.at("2026-07-01 09:00"),
    )  # fmt: skip
    scene.at("2026-07-06 09:00")
    clerk = scene.desk("nanhu.clerk")
    accused = {"officeIds": [await scene.office("330402100")]}
    given = matter("2026-07-06 09:00", petitionClass="ACCUSATION", placeCode="330402", accused=accused)
    case = (await clerk.do("clerk/RegisterCase", **given))["case"]["id"]
    (owed,) = await events(scene, "nanhu.clerk", "330402")
    assert (owed["name"], owed["event"], owed["state"], owed["dueOn"]) == (
        *("CLUE_HANDOVER", "CLUE_FOUND", "PENDING", "2026-07-13"),
    )
    assert [(each["code"], each["office"]["code"]) for each in owed["to"]] == [("DISCIPLINE", "330402-jw")]
    # Colleagues, the accused town and the county's own superiors see no duty, because they see no case.
    for nobody in ("nanhu.handler", "nanhu.leader", "fengqiao.leader", "jiaxing.leader"):
        assert await events(scene, nobody, "330402") == [], nobody

    scene.at("2026-07-07 10:00")
    order = await clerk.do("clerk/HandOverAccusation", caseId=case, officeId=await scene.office("330402-jw"))
    assert await scene.facts("select filed_at from report_duty") == [(None,)]
    scene.at("2026-07-07 11:00")
    await scene.desk("nanhu-jw.dispatcher").sign(order["order"]["id"])
    ((filed_at, filed_by),) = await scene.facts("select filed_at, filed_by from report_duty")
    assert (local(filed_at.isoformat()), filed_by) == ("2026-07-07 11:00", 0)
