"""Packs and clones over HTTP: many offices in one call, and nothing the second time."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from support.rule_desks import Author, about, rule, sources, span, values_of, view
from support.scenes import Desk, Scene

DAXING = "330402100204"


async def apply(desk: Desk, area: str, pack: str = "village-basics", **fields: Any) -> dict[str, Any]:
    """Apply a pack to an area."""
    return await desk.do("admin/ApplyRulePack", packCode=pack, officeId=area, **fields)


async def count(scene: Scene, code: str) -> int:
    """Villages below an office that may receive cases."""
    ((number,),) = await scene.facts(
        "select count(*) from office v, office top where top.code = %s and starts_with(v.path, top.path)"
        " and v.level = 'VILLAGE' and v.kind = 'GOVERNMENT' and v.valid_to is null and not v.virtual"
        " and not v.statistical_only",
        code,
    )
    return int(number)


async def test_a_pack_reaches_a_thousand_villages_in_one_call(scene: Scene) -> None:
    """Every village of 嘉兴, more than the 605 of the largest county of the seeds, within a request's time."""
    villages = await count(scene, "3304")
    assert villages > 605
    desk, area = scene.desk("jiaxing.admin"), await scene.office("3304")
    began = perf_counter()
    done = await apply(desk, area)
    took = perf_counter() - began
    assert (done["published"], done["unchanged"], done["untouchedCount"]) == (villages, 0, 0)
    assert took < 30
    told = "select count(*), count(distinct office_id) from outbox where kind = 'RULES_CHANGED'"
    assert await scene.facts(told) == [(villages, villages)], "every village is told of its new rules"
    before = await scene.facts("select count(*), max(number) from rule_book_version")
    again = await apply(desk, area)
    assert (again["published"], again["proposed"], again["unchanged"]) == (0, 0, villages)
    assert await scene.facts("select count(*), max(number) from rule_book_version") == before
    assert await scene.facts(told) == [(villages, villages)]
    office = await scene.office(DAXING)
    duty = await about(scene.desk("daxing.clerk"), office, "leader_duty", await _subject(scene, office))
    assert [row for _, _, row in sources(duty, "min")] == ["VB-01"]


async def _subject(scene: Scene, office: str) -> str:
    answer = await scene.desk("daxing.clerk").send("shared/EffectiveRules", officeId=office, kind="leader_duty")
    rules = answer.data["effectiveRules"]["rules"]
    return str(next(each["subject"] for each in rules if "VB-01" in each["sentence"]))


async def test_what_a_village_writes_itself_stays(scene: Scene) -> None:
    desk, town = scene.desk("nanhu.admin"), await scene.office("330402100")
    author = Author(scene, "daxing.admin", DAXING)
    await author.open()
    await author.put(rule("DX-01", "meeting", name="VILLAGE_TALK", level="VILLAGE", per="WEEK"))
    open_ = await apply(desk, town)
    assert [(each["office"]["code"], each["outcome"]) for each in open_["untouched"]] == [(DAXING, "DRAFT_OPEN")]
    await author.publish()
    await apply(desk, town)
    shown = await view(author.desk, await scene.office(DAXING))
    assert shown is not None
    assert [each["code"] for each in shown["inForce"]["rules"]["nodes"]] == [
        "DX-01",
        "VB-01",
        "VB-02",
        "VB-03",
        "VB-04",
    ]

    # Changed for itself: kept, and told as drift, until somebody says to overwrite it.
    await author.open()
    await author.put(rule("VB-04", "meeting", name="OPEN_MATTERS", level="VILLAGE", per="WEEK", chair="VILLAGE_HEAD"))
    await author.publish()
    kept = await apply(desk, town)
    assert kept["published"] == 0
    drift = await _drift(desk, town)
    assert drift[DAXING] == {"isApplied": False, "missingRules": [], "differingRules": ["VB-04"]}
    assert all(each["isApplied"] for code, each in drift.items() if code != DAXING)
    replaced = await apply(desk, town, overwrites=True)
    assert replaced["published"] == 1
    assert (await _drift(desk, town))[DAXING]["isApplied"] is True


async def _drift(desk: Desk, area: str) -> dict[str, dict[str, Any]]:
    answer = await desk.send("admin/RulePackDrift", packCode="village-basics", officeId=area)
    return {
        each["office"]["code"]: {name: value for name, value in each.items() if name != "office"}
        for each in answer.data["rulePackDrift"]["nodes"]
    }


async def test_a_pack_is_refused_where_it_cannot_stand(scene: Scene) -> None:
    """The town pack limits signing to one workday; a city that says half a day makes it looser there."""
    city = Author(scene, "jiaxing.admin", "3304")
    await city.open()
    await city.put(
        rule("JX-90", "deadline", stage="SIGN_AND_ROUTE", limit=span(4, "HOUR"), start="DELIVERED", appliesTo="SUBTREE")
    )
    await city.publish()
    done = await apply(scene.desk("nanhu.admin"), await scene.office("330402"), pack="town-basics")
    assert (done["published"], done["proposed"]) == (0, 0)
    assert done["untouchedCount"] == len(done["untouched"]) > 5
    assert {(each["outcome"], *each["findingCodes"]) for each in done["untouched"]} == {
        ("REFUSED", "LOOSER_THAN_PARENT")
    }


async def test_only_who_administers_an_area_brings_rules_to_it(scene: Scene) -> None:
    nanhu, jiaxing = await scene.office("330402"), await scene.office("3304")
    for username, area in (
        ("nanhu.admin", jiaxing), ("fengqiao.admin", nanhu), ("nanhu.leader", nanhu), ("xiuzhou.admin", nanhu),
    ):  # fmt: skip
        desk = scene.desk(username)
        refused = await desk.attempt("admin/ApplyRulePack", packCode="village-basics", officeId=area)
        assert refused.code == "NOT_PERMITTED", username
        assert await _drift(desk, area) == {}
        cloned = await desk.attempt("admin/CloneRuleBook", sourceId=await scene.office("330411"), officeIds=[area])
        assert cloned.code == "NOT_PERMITTED", username
    assert await scene.facts("select count(*) from rule_book b join office o on o.id = b.office_id"
                             " where starts_with(o.code, '330402')") == [(0,)]  # fmt: skip
    unknown = await scene.desk("nanhu.admin").attempt("admin/ApplyRulePack", packCode="no-pack", officeId=nanhu)
    assert unknown.code == "RULE_PACK_UNKNOWN"
    assert "village-basics" in unknown.result["message"]
    late = await scene.desk("nanhu.admin").attempt(
        "admin/ApplyRulePack", packCode="village-basics", officeId=nanhu, effectiveOn="2026-01-01"
    )
    assert late.code == "EFFECTIVE_IN_PAST"


async def test_a_book_is_cloned_to_neighbours(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(
        rule(
            "XZ-02",
            "fixed_day",
            activity="VISIT",
            days=[10, 20],
            roll="NEVER",
            levels=["COUNTY"],
            clause="每月两天下访。",
        )
    )
    await xiuzhou.publish()
    desk = scene.desk("jiaxing.admin")
    source, nanhu, haiyan = [await scene.office(code) for code in ("330411", "330402", "330424")]
    done = await desk.do("admin/CloneRuleBook", sourceId=source, officeIds=[nanhu, haiyan])
    assert done["published"] == 1
    assert [(each["office"]["code"], each["outcome"]) for each in done["untouched"]] == [("330424", "DIFFERS")]
    again = await desk.do("admin/CloneRuleBook", sourceId=source, officeIds=[nanhu])
    assert (again["published"], again["unchanged"]) == (0, 1)
    shown = await view(scene.desk("nanhu.admin"), nanhu)
    assert shown is not None
    (cloned,) = shown["inForce"]["rules"]["nodes"]
    assert (cloned["code"], cloned["clause"], values_of(cloned)["days"]) == ("XZ-02", "每月两天下访。", [10, 20])
    ((members,),) = await scene.facts("select count(*) from membership m join office o on o.id = m.office_id"
                                      " where o.code = '330402'")  # fmt: skip
    assert members == 7, "no people go along"
    nothing = await desk.attempt("admin/CloneRuleBook", sourceId=await scene.office("330402-xfj"), officeIds=[haiyan])
    assert nothing.code == "NOT_FOUND"


async def test_what_touches_the_law_waits_for_a_second_person_of_the_office(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(rule("XZ-01", "deadline", stage="FORWARD", limit=span(3, "WORKDAY"), start="RECEIVED"))
    await xiuzhou.publish()
    await xiuzhou.confirm("xiuzhou.leader")
    desk, nanhu = scene.desk("jiaxing.admin"), await scene.office("330402")
    done = await desk.do("admin/CloneRuleBook", sourceId=await scene.office("330411"), officeIds=[nanhu])
    assert (done["published"], done["proposed"]) == (0, 1)
    author = Author(scene, "nanhu.admin", "330402")
    draft = await author.draft()
    assert draft is not None
    assert draft["state"] == "PROPOSED"
    confirmed = await author.confirm("nanhu.leader")
    assert confirmed["version"]["state"] == "PUBLISHED"
