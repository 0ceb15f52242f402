"""Reviews of accountability: opened by people or a rule's count, about offices and ranks, decided by people alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caseway.rules.kinds.accountability import Accountability
from support.rulebooks import bring, place, rules_for, shipped
from support.scenes import Scene, entry, local, matter

TOWN, COUNTY, CITY = "330402100", "330402", "3304"
COUNT = (
    "id: N-1, kind: accountability, applies_to: SELF, params: {trigger: SAME_MATTER_GROUP_VISITS_TO_CITY, count: 3,"
    " window: {n: 7, unit: DAY}, subject: UNIT_HEAD, measure: SUSPEND_TO_HANDLE, human_review: true}"
)
ASSESSMENT = {"book": "law-2022", "rule": "L22-32"}


async def reviews(scene: Scene, username: str, office: str) -> list[dict[str, Any]]:
    """What somebody sees of the reviews of an office."""
    answer = await scene.desk(username).send("supervisor/Reviews", officeId=await scene.office(office))
    found: list[dict[str, Any]] = answer.data["accountabilityReviews"]["nodes"]
    return found


async def town_case(scene: Scene) -> str:
    """A case that 凤桥镇 holds, overdue since 04-23."""
    scene.at("2026-04-15 09:00")
    done = await scene.desk("fengqiao.clerk").do("clerk/RegisterCase", **matter("2026-04-15 09:00"))
    return str(done["case"]["id"])


async def opened(scene: Scene, case: str) -> dict[str, Any]:
    """A review that 南湖区's supervisor opened about the town."""
    scene.at("2026-05-08 09:00")
    done = await scene.desk("nanhu.supervisor").do(
        "supervisor/OpenReview",
        officeId=await scene.office(TOWN), **ASSESSMENT, caseIds=[case], reason="逾期未转送，督办未复。",
    )  # fmt: skip
    review: dict[str, Any] = done["review"]
    return review


async def test_a_review_points_at_an_office_and_holds_how_the_case_was_handled(scene: Scene) -> None:
    case = await town_case(scene)
    found = await opened(scene, case)
    assert (found["state"], found["trigger"], found["measure"]) == ("OPEN", "YEARLY_ASSESSMENT", "ASSESSMENT_REFERENCE")
    assert (found["office"]["code"], found["subject"]["code"], found["subjectRank"]) == (COUNTY, TOWN, "HEADS")
    assert (found["isOpenedByRule"], found["reason"]) == (False, "逾期未转送，督办未复。")
    (file,) = found["evidence"]
    assert (file["case"]["id"], file["stage"], file["version"]) == (case, "REGISTERED", 1)
    late = [(each["clock"], each["layer"], each["dueOn"], each["daysLate"]) for each in file["lateLimits"]]
    assert ("FORWARD", "LAW", "2026-04-22", 16) in late and ("FORWARD", "LAW", "2026-04-30", 8) in late
    # The file stays as it was, whatever happens to the case afterwards.
    scene.at("2026-05-09 09:00")
    await scene.desk("fengqiao.clerk").do(
        "clerk/WithdrawCase", caseId=case, statement="本人自愿撤回。", signedAt="2026-05-08T09:00:00+08:00"
    )
    ((file,),) = [each["evidence"] for each in await reviews(scene, "nanhu.leader", COUNTY)]
    assert (file["stage"], file["case"]["stage"]) == ("REGISTERED", "WITHDRAWN")


async def test_the_office_it_is_about_learns_nothing_and_those_above_do(scene: Scene) -> None:
    found = await opened(scene, await town_case(scene))
    for somebody in ("nanhu.supervisor", "nanhu.leader", "nanhu.auditor", "jiaxing.leader", "jiaxing-xfj.supervisor"):
        assert [each["id"] for each in await reviews(scene, somebody, COUNTY)] == [found["id"]], somebody
    nobodies = (
        "fengqiao.leader",
        "fengqiao.supervisor",
        "fengqiao.auditor",
        "nanhu.handler",
        "nanhu.admin",
        "yuxin.leader",
    )
    for nobody in nobodies:
        assert await reviews(scene, nobody, COUNTY) == [], nobody
        assert await reviews(scene, nobody, TOWN) == [], nobody
        assert (await scene.desk(nobody).send("shared/Node", id=found["id"])).data["node"] is None
    assert await scene.facts("select 1 from outbox") == []


async def test_people_decide_once_with_reasons_and_nothing_follows_by_itself(scene: Scene) -> None:
    case = await town_case(scene)
    found = await opened(scene, case)
    before = await scene.desk("fengqiao.clerk").events(case)
    scene.at("2026-05-10 09:00")
    given = {"reviewId": found["id"], "dismiss": False, "decision": "责令书面检查。"}
    assert await scene.desk("nanhu.supervisor").refused("leader/DecideReview", **given) == "NOT_PERMITTED"
    assert await scene.desk("jiaxing.leader").refused("leader/DecideReview", **given) == "NOT_PERMITTED"
    assert await scene.desk("fengqiao.leader").refused("leader/DecideReview", **given) == "NOT_FOUND"
    assert (
        await scene.desk("nanhu.leader").refused("leader/DecideReview", **given | {"decision": " "}) == "INVALID_INPUT"
    )
    done = (await scene.desk("nanhu.leader").do("leader/DecideReview", **given))["review"]
    assert (done["state"], done["decision"], local(done["decidedAt"])) == (
        "DECIDED",
        "责令书面检查。",
        "2026-05-10 09:00",
    )
    assert (
        await scene.desk("nanhu.leader").refused("leader/DecideReview", **given | {"dismiss": True}) == "REVIEW_DECIDED"
    )
    assert await scene.desk("fengqiao.clerk").events(case) == before


async def test_only_an_office_above_opens_one_and_only_on_a_rule_in_force(scene: Scene) -> None:
    case = await town_case(scene)
    town, county = await scene.office(TOWN), await scene.office(COUNTY)
    given = {"officeId": town, **ASSESSMENT, "caseIds": [case], "reason": "逾期"}
    for username, changes, code in (
        ("nanhu.supervisor", {"rule": "L22-28"}, "NO_ACCOUNTABILITY_RULE"),
        # 秦都's red line: of another place, and switched off there.
        ("nanhu.supervisor", {"book": "qindu", "rule": "QN-11"}, "NO_ACCOUNTABILITY_RULE"),
        ("nanhu.supervisor", {"officeId": county}, "NOT_PERMITTED"),
        ("fengqiao.supervisor", {"officeId": county}, "NOT_PERMITTED"),
        ("yuxin.leader", {"caseIds": []}, "NOT_PERMITTED"),
        ("nanhu.handler", {"caseIds": []}, "NOT_PERMITTED"),
        ("nanhu.supervisor", {"reason": ""}, "INVALID_INPUT"),
    ):
        found = await scene.desk(username).refused("supervisor/OpenReview", **given | changes)
        assert found == code, (username, changes)
    assert await scene.facts("select 1 from accountability_review") == []


async def test_the_file_holds_only_ordinary_cases_that_the_opener_sees(scene: Scene) -> None:
    await town_case(scene)
    accused = {"officeIds": [await scene.office(TOWN)]}
    given = matter("2026-04-15 09:00", petitionClass="ACCUSATION", accused=accused)
    accusation = (await scene.desk("nanhu.clerk").do("clerk/RegisterCase", **given))["case"]["id"]
    abroad = (
        await scene.desk("zhuji.clerk").do("clerk/RegisterCase", **matter("2026-04-15 09:00", placeCode="330681"))
    )["case"]["id"]
    for hidden in (accusation, abroad):
        refused = await scene.desk("nanhu.supervisor").refused(
            "supervisor/OpenReview", officeId=await scene.office(TOWN), **ASSESSMENT, caseIds=[hidden], reason="逾期"
        )
        assert refused == "EVIDENCE_NOT_SEEN"


async def test_whoever_is_kept_from_the_case_does_not_see_the_review(scene: Scene) -> None:
    case = await town_case(scene)
    found = await opened(scene, case)
    await scene.desk("nanhu.leader").do("shared/RecuseFromCase", caseId=case, reason="与当事人有利害关系")
    assert await reviews(scene, "nanhu.leader", COUNTY) == []
    given = {"reviewId": found["id"], "dismiss": True, "decision": "不予追究。"}
    assert await scene.desk("nanhu.leader").refused("leader/DecideReview", **given) == "NOT_FOUND"
    assert len(await reviews(scene, "nanhu.supervisor", COUNTY)) == 1


async def test_a_red_line_is_off_until_people_have_reviewed_it() -> None:
    """秦都's QN-11 stands in the shipped book, flagged, and has no effect."""
    (book,) = shipped("qindu")
    row = next(each for each in book.rows if each.id == "QN-11")
    assert (row.guard, row.enabled) == ("flagged", False)
    found = rules_for(place("610402", "61", "6104"), ["qindu"])
    assert "SAME_MATTER_GROUP_VISITS_TO_CITY" not in {rule.params.trigger for rule in found.of(Accountability)}


async def test_a_count_opens_one_review_by_people_and_warns_nobody(scene: Scene, tmp_path: Path) -> None:
    """6.1: registrations of one matter at an office are counted; the file holds the handling history."""
    await bring(
        scene.world.database.url, tmp_path / "books", COUNT,
        system="nanhu", office=COUNTY, level="COUNTY", now=scene.at("2026-04-01 09:00"),
    )  # fmt: skip
    clerk = scene.desk("jiaxing.clerk")
    group = {"groupSize": 6, "channel": "VISIT"}
    scene.at("2026-04-15 09:00")
    case = (await clerk.do("clerk/RegisterCase", **matter("2026-04-15 09:00", placeCode=TOWN, **group)))["case"]["id"]

    async def again(moment: str, **changes: Any) -> int:
        scene.at(moment)
        await clerk.do("clerk/AddRegistration", caseId=case, entry=entry(moment, **{**group, **changes}))
        ((many,),) = await scene.facts("select count(*) from accountability_review")
        return int(many)

    # A letter, a small party and a day outside the window do not count.
    assert await again("2026-04-16 09:00", channel="LETTER", groupSize=1) == 0
    assert await again("2026-04-17 09:00", groupSize=4) == 0
    assert await again("2026-04-18 09:00") == 0
    assert await again("2026-04-23 09:00") == 0
    assert await again("2026-04-24 09:00") == 1
    # The window is used up; the next visits begin a new one.
    assert await again("2026-04-25 09:00") == 1

    (found,) = await reviews(scene, "jiaxing.leader", CITY)
    assert (found["trigger"], found["subjectRank"], found["isOpenedByRule"], found["reason"]) == (
        *("SAME_MATTER_GROUP_VISITS_TO_CITY", "UNIT_HEAD", True, None),
    )
    # No office of the district ever held it, so the rule's own district is looked at, by the city.
    assert (found["office"]["code"], found["subject"]["code"], found["rule"]) == (CITY, COUNTY, "N-1")
    assert found["evidence"][0]["case"]["id"] == case
    told = await scene.facts(
        "select 1 from outbox b join office o on o.id = b.office_id where starts_with(o.code, %s)", COUNTY
    )
    assert told == []
    assert await reviews(scene, "nanhu.leader", CITY) == []
