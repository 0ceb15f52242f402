"""S4 — Inheritance, publishing, versions (浙江 → 嘉兴 → 秀洲, 桐乡, 海盐; 西湖): what rule books do by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from support.rule_desks import Author, about, effective, rule, sources, span, values_of, view
from support.scenes import Scene

XIUZHOU, TONGXIANG, HAIYAN, PUJIANG, XIHU = "330411", "330483", "330424", "330726", "330106"


def forward(n: int, unit: str = "WORKDAY", **fields: Any) -> dict[str, Any]:
    """A limit for sending matters on."""
    return rule("XZ-01", "deadline", stage="FORWARD", limit=span(n, unit), start="RECEIVED", **fields)


def reception_days(*days: int, roll: str = "NEVER") -> dict[str, Any]:
    """Fixed reception days of a county."""
    return rule("XZ-02", "fixed_day", activity="RECEPTION", days=list(days), roll=roll, levels=["COUNTY"])


def bands(*pairs: tuple[int | None, int]) -> dict[str, Any]:
    """Representatives by the size of the group."""
    return rule("XZ-03", "intake", bands=[{"group_max": size, "reps_max": reps} for size, reps in pairs])


@pytest.fixture
def xiuzhou(scene: Scene) -> Author:
    """秀洲's administrator."""
    return Author(scene, "xiuzhou.admin", XIUZHOU)


async def test_1_handling_in_xiuzhou_is_limited_by_both_laws_and_says_so(scene: Scene) -> None:
    found = await about(
        scene.desk("xiuzhou.handler"), await scene.office(XIUZHOU), "deadline", "HANDLE APPEAL_CLAIM_31_6 ACCEPTED"
    )
    values = values_of(found)
    assert (values["limit"], values["extend"], values["total_max"]) == (
        span(30, "DAY"), span(30, "DAY"), span(90, "DAY"),
    )  # fmt: skip
    assert sources(found, "limit") == [("law-zj-2016", 1, "LZJ-04")]
    assert sources(found, "extend") == [("law-2022", 1, "L22-17")]
    assert [(each["value"], each["source"]["ruleCode"]) for each in found["limits"]] == [
        (span(60, "DAY"), "L22-17"), (span(30, "DAY"), "LZJ-04"),
    ]  # fmt: skip
    assert "extend 30 DAY (law-2022 v1 L22-17)" in found["sentence"]


async def test_1_the_one_conflict_of_the_law_is_told(scene: Scene) -> None:
    answer = await scene.desk("xiuzhou.handler").send(
        "shared/EffectiveRules", officeId=await scene.office(XIUZHOU), kind="deadline"
    )
    (conflict,) = answer.data["effectiveRules"]["conflicts"]
    assert (conflict["code"], conflict["ruleCode"], conflict["parameter"]) == ("LOOSER_THAN_PARENT", "LZJ-04", "extend")
    assert (conflict["parentBook"], conflict["parentRule"]) == ("law-2022", "L22-17")


async def test_2_tongxiang_cannot_publish_before_it_has_decided_what_happens_on_rest_days(scene: Scene) -> None:
    scene.at("2026-04-01 09:00")
    author = Author(scene, "tongxiang.admin", TONGXIANG)
    refusal = await author.publish_refused()
    assert refusal["code"] == "UNRESOLVED_PARAMETER"
    assert [(each["ruleCode"], each["parameter"]) for each in refusal["findings"]] == [("TX-01", "roll")]
    assert "TX-01.roll" in refusal["message"]
    assert "withholding" in refusal["findings"][0]["cure"]

    decided = rule(
        "TX-01", "fixed_day", activity="VISIT", days=[10, 15, 20], roll="NEXT_WORKDAY", levels=["COUNTY"],
        venue="TOWN", actor="LEADERS",
    )  # fmt: skip
    await author.put(decided)
    done = await author.publish()
    assert (done["version"]["state"], done["version"]["effectiveOn"], done["awaitsConfirmation"]) == (
        "PUBLISHED", "2026-04-01", False,
    )  # fmt: skip
    office = await scene.office(TONGXIANG)
    visits = await about(author.desk, office, "fixed_day", "VISIT")
    assert (values_of(visits)["days"], values_of(visits)["roll"]) == ([10, 15, 20], "NEXT_WORKDAY")
    reception = await about(author.desk, office, "fixed_day", "RECEPTION")
    assert (values_of(reception)["days"], values_of(reception)["roll"]) == ([15], "NEVER")
    assert sources(reception, "roll") == [("jiaxing", 1, "JX-15")]


async def test_3_the_day_of_the_city_stands_in_its_counties(scene: Scene) -> None:
    """海盐 repeats the day of 嘉兴, 桐乡 says nothing about it, 浦江 has its own: none moves it off a rest day."""
    desk = scene.desk("haiyan.admin")
    for code, subject, rows in (
        (HAIYAN, "RECEPTION", ["JX-15", "HY-02"]),
        (TONGXIANG, "RECEPTION", ["JX-15"]),
        (PUJIANG, "RECEPTION_AND_VISIT", ["PJ-01", "PJ-02"]),
    ):
        found = await about(desk, await scene.office(code), "fixed_day", subject)
        assert (values_of(found)["days"], values_of(found)["roll"]) == ([15], "NEVER")
        assert [row for _, _, row in sources(found, "days")] == rows


async def test_4_a_limit_is_never_made_longer(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    before = await xiuzhou.draft()
    refusal = await xiuzhou.put_refused(forward(10))
    assert refusal["code"] == "LOOSER_THAN_PARENT"
    (finding,) = refusal["findings"]
    assert (finding["parentBook"], finding["parentRule"]) == ("law-zj-2016", "LZJ-02")
    assert "LZJ-02" in refusal["message"]
    assert await xiuzhou.draft() == before, "a refused change leaves the draft as it was"


async def test_4_a_shorter_limit_counts_from_its_first_day(scene: Scene, xiuzhou: Author) -> None:
    scene.at("2026-05-05 09:00")
    await xiuzhou.open(effectiveOn="2026-05-11")
    await xiuzhou.put(forward(3))
    done = await xiuzhou.publish()
    # The law speaks of sending on too: a second person is needed.
    assert done["awaitsConfirmation"] is True
    assert done["version"]["state"] == "PROPOSED"
    done = await xiuzhou.confirm("xiuzhou.leader")
    assert (done["version"]["number"], done["version"]["state"], done["version"]["effectiveOn"]) == (
        2, "PUBLISHED", "2026-05-11",
    )  # fmt: skip
    office, desk = await scene.office(XIUZHOU), xiuzhou.desk
    before = await about(desk, office, "deadline", "FORWARD RECEIVED", at="2026-05-10T15:59:59Z")
    after = await about(desk, office, "deadline", "FORWARD RECEIVED", at="2026-05-10T16:00:00Z")
    assert [each["source"]["ruleCode"] for each in before["limits"]] == ["L22-09", "LZJ-02"]
    assert [(each["value"], each["source"]["bookCode"], each["source"]["version"]) for each in after["limits"]] == [
        (span(15, "DAY"), "law-2022", 1), (span(5, "WORKDAY"), "law-zj-2016", 1), (span(3, "WORKDAY"), "xiuzhou", 2),
    ]  # fmt: skip


async def test_4_days_of_the_city_stay_and_do_not_move(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(reception_days(15, 25))
    missing = await xiuzhou.put_refused(reception_days(25))
    assert missing["code"] == "MISSING_PARENT_DAY"
    assert "15" in missing["message"]
    assert missing["findings"][0]["parentRule"] == "JX-15"
    locked = await xiuzhou.put_refused(reception_days(15, 25, roll="NEXT_WORKDAY"))
    assert locked["code"] == "LOCKED"
    assert locked["findings"][0]["parentRule"] == "JX-15"
    draft = await xiuzhou.draft()
    assert draft is not None
    assert draft["rules"]["XZ-02"]["parameters"]["days"] == [15, 25], "the accepted wording stands"


async def test_4_representatives_are_only_ever_fewer(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    assert (await xiuzhou.put_refused(bands((10, 4), (None, 5))))["code"] == "LOOSER_THAN_PARENT"
    assert (await xiuzhou.put_refused(bands((10, 3), (None, 6))))["code"] == "LOOSER_THAN_PARENT"
    await xiuzhou.put(bands((10, 3), (None, 5)))


async def test_5_xihu_is_told_every_limit_that_it_has_not_set(scene: Scene) -> None:
    scene.at("2026-04-01 09:00")
    author = Author(scene, "xihu.admin", XIHU)
    refusal = await author.publish_refused()
    assert refusal["code"] == "UNRESOLVED_PARAMETER"
    unset = {each["ruleCode"] for each in refusal["findings"] if each["code"] == "UNRESOLVED_PARAMETER"}
    assert unset >= {f"XH-0{number}" for number in range(2, 8)}
    assert (await author.draft() or {})["state"] == "DRAFT"


async def test_6_a_guarded_rule_stays_off_until_somebody_else_has_looked_at_it(scene: Scene) -> None:
    scene.at("2026-04-01 09:00")
    author = Author(scene, "xiyingmen.admin", "120111001")
    draft = await author.draft()
    assert draft is not None
    assert (draft["rules"]["XY-10"]["guard"], draft["rules"]["XY-10"]["isEnabled"]) == ("flagged", False)
    volume = {"code": "PETITION_VOLUME", "target": {"op": "DOWN"}, "flag": "VOLUME_INCENTIVE"}
    switched_on = {
        "code": "XY-10",
        "kind": "metric",
        "parameters": [{"name": name, "value": value} for name, value in volume.items()],
    }
    answer = await author.desk.attempt("admin/PutRule", **await author.given(rule=switched_on))
    assert answer.code == "FLAGGED_RULE_NEEDS_REVIEW"
    assert {"key": "rule", "value": "XY-10"} in answer.result["details"]
    assert await author.draft() == draft, "nothing changes until the review is recorded"

    review = await author.given(ruleCode="XY-10", decision="APPROVED", reason="只作内部参考，不排名。")
    done = await scene.desk("xiyingmen.leader").do("leader/RecordRuleReview", **review)
    assert (done["ruleCode"], done["decision"]) == ("XY-10", "APPROVED")
    assert await author.draft() == draft, "a review changes nothing by itself"
    await author.put(switched_on)
    draft = await author.draft()
    assert draft is not None
    assert (draft["rules"]["XY-10"]["guard"], draft["rules"]["XY-10"]["isEnabled"]) == ("flagged", True)

    refused = await scene.desk("xiyingmen.leader").do(
        "leader/RecordRuleReview", **(review | {"decision": "REFUSED", "reason": "还是不用。"})
    )
    assert refused["decision"] == "REFUSED"
    codes = {each["code"] for each in (await author.publish_refused())["findings"]}
    assert "FLAGGED_RULE_NEEDS_REVIEW" in codes, "the newest review counts"


async def test_7_a_draft_is_seen_by_its_office_alone(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(forward(3))
    office = await scene.office(XIUZHOU)
    for username in ("xiuzhou.admin", "xiuzhou.leader", "xiuzhou.auditor"):
        found = await view(scene.desk(username), office)
        assert found is not None
        assert found["draft"]["number"] == 2, username
    for username in ("xiuzhou.handler", "xiuzhou-xfj.leader", "jiaxing.admin", "tongxiang.admin", "zhejiang.admin"):
        found = await view(scene.desk(username), office)
        assert found is not None
        assert (found["draft"], found["inForce"]["number"]) == (None, 1), username
        numbers = (await scene.desk(username).send("shared/RuleBookVersions", bookCode="xiuzhou")).data
        assert [each["number"] for each in numbers["ruleBookVersions"]["nodes"]] == [1], username
        diff = await scene.desk(username).send("shared/RuleDiff", bookCode="xiuzhou", fromNumber=1, toNumber=2)
        assert diff.data["ruleDiff"] is None, username
        findings = await scene.desk(username).send("admin/RuleFindings", officeId=office)
        assert findings.data["ruleFindings"] == [], username


async def test_7_asking_for_another_s_draft_is_like_asking_for_one_that_is_not_there(scene: Scene) -> None:
    """桐乡 has a draft and has never published; 海盐-xfj has no book at all: others cannot tell the two apart."""
    asker = scene.desk("xiuzhou.admin")
    with_draft, without = await scene.office(TONGXIANG), await scene.office("330424-xfj")
    for key in ("shared/RuleBookView", "admin/RuleFindings"):
        one = await asker.send(key, officeId=with_draft)
        other = await asker.send(key, officeId=without)
        assert one.raw == other.raw, key
    one, other = [await asker.send("shared/RuleBookVersions", bookCode=code) for code in ("tongxiang", "none")]
    assert one.raw == other.raw
    for key, fields in (
        ("admin/OpenRuleDraft", {}),
        ("admin/PutRule", {"rule": forward(3)}),
        ("admin/RemoveRule", {"ruleCode": "TX-01"}),
        ("admin/DiscardRuleDraft", {}),
        ("admin/PublishRuleBook", {"revision": "00"}),
        ("leader/ConfirmRuleBook", {"revision": "00"}),
        ("admin/RollBackRuleBook", {"versionNumber": 1}),
        ("leader/RecordRuleReview", {"ruleCode": "TX-01", "decision": "APPROVED", "reason": "看过。"}),
    ):
        one, other = [await asker.attempt(key, officeId=each, **fields) for each in (with_draft, without)]
        assert (one.code, one.raw) == ("NOT_PERMITTED", other.raw), key
    assert await effective(asker, without, "fixed_day") == await effective(
        asker, await scene.office(HAIYAN), "fixed_day"
    )


async def test_7_published_rules_are_in_the_public_register(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(reception_days(15, 25))
    found = await register(scene, XIUZHOU)
    assert list(found) == ["jiaxing", "law-2022", "law-zj-2016", "xiuzhou", "zhejiang"]
    assert (found["xiuzhou"]["number"], found["xiuzhou"]["rules"]["nodes"]) == (1, []), "the draft is not in it"
    await xiuzhou.publish()
    found = await register(scene, XIUZHOU)
    assert (found["xiuzhou"]["number"], found["xiuzhou"]["officeName"]) == (2, "秀洲区")
    assert [each["code"] for each in found["xiuzhou"]["rules"]["nodes"]] == ["XZ-02"]
    assert "tongxiang" not in await register(scene, TONGXIANG), "what was never published is not in it"


async def register(scene: Scene, office_code: str) -> dict[str, Any]:
    """The public register, asked by nobody."""
    from support.operations import text

    answer = await scene.world.post(text("shared/RuleRegister"), {"officeCode": office_code}, {})
    return {each["code"]: each for each in answer.data["ruleRegister"]["nodes"]}
