"""Writing drafts over HTTP: what is refused at once, guards that stay, and documents that come back as they were."""

from __future__ import annotations

from typing import Any

import pytest

from caseway import bundle
from caseway.rules import yaml
from caseway.rules.yaml import LARGEST_BOOK
from support.operations import text
from support.rule_desks import Author, Rule, rule, span, view
from support.scenes import Scene

FORWARD: dict[str, Any] = {"stage": "FORWARD", "limit": {"n": 3, "unit": "WORKDAY"}, "start": "RECEIVED"}


def deadline(**changes: Any) -> Rule:
    """A limit with one thing wrong."""
    return rule("XZ-01", "deadline", **(FORWARD | changes))


@pytest.mark.parametrize(
    ("given", "code", "parameter"),
    [
        (deadline(lmit=span(3, "WORKDAY")), "UNKNOWN_PARAMETER", "lmit"),
        (deadline(limit=span(0, "WORKDAY")), "NOT_POSITIVE", "limit"),
        (deadline(limit="FORTNIGHT"), "UNKNOWN_VALUE", "limit"),
        (deadline(stage="FORWRD"), "UNKNOWN_VALUE", "stage"),
        (deadline(extend=span(1, "DAY"), extend_by="KING"), "UNKNOWN_RANK", "extend_by"),
        (deadline(start="CLOSED"), "STAGE_UNWATCHED", "start"),
        (deadline(when="case.grade =="), "CONDITION_INVALID", "when"),
        (rule("XZ-01", "deadline", stage="FORWARD", start="RECEIVED"), "MISSING_PARAMETER", "limit"),
        (rule("XZ-01", "dead_line", stage="FORWARD"), "UNKNOWN_KIND", None),
        (rule("XZ-01", "deadline", **FORWARD, appliesTo="NEIGHBOURS"), "UNKNOWN_REACH", None),
        (rule("XZ-01", "deadline", **FORWARD, appliesTo="LEVEL:PROVINCE"), "REACHES_NOBODY", None),
        (
            rule("XZ-01", "fixed_day", activity="VISIT", days=[32], roll="NEVER", levels=["COUNTY"]),
            "DAY_OUT_OF_RANGE",
            "days",
        ),
        (
            rule("XZ-01", "fixed_day", activity="VISIT", days=[31], roll="NEVER", levels=["COUNTY"]),
            "DAY_NOT_IN_EVERY_MONTH",
            "days",
        ),
    ],
)
async def test_a_wrong_rule_is_refused_at_once_and_leaves_the_draft_alone(
    xiuzhou: Author, given: Rule, code: str, parameter: str | None
) -> None:
    await xiuzhou.open()
    await xiuzhou.put(rule("XZ-09", "meeting", name="WEEKLY_TALK", per="WEEK"))
    before = await xiuzhou.draft()
    refusal = await xiuzhou.put_refused(given)
    finding = next(each for each in refusal["findings"] if each["code"] == code)
    assert (finding["parameter"], finding["ruleCode"]) == (parameter, "XZ-01")
    assert finding["cure"]
    assert await xiuzhou.draft() == before


async def test_two_rules_of_one_book_do_not_disagree(xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(rule("XZ-01", "fixed_day", activity="VISIT", days=[10], roll="NEVER", levels=["COUNTY"]))
    second = rule("XZ-02", "fixed_day", activity="VISIT", days=[20], roll="NEXT_WORKDAY", levels=["COUNTY"])
    refusal = await xiuzhou.put_refused(second)
    assert (refusal["code"], refusal["findings"][0]["parentRule"]) == ("SAME_OFFICE_DISAGREES", "XZ-01")


async def test_a_rule_is_taken_out(xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(rule("XZ-09", "meeting", name="WEEKLY_TALK", per="WEEK"))
    given = await xiuzhou.given(ruleCode="XZ-09")
    await xiuzhou.desk.do("admin/RemoveRule", **given)
    assert (await xiuzhou.draft() or {})["rules"] == {}
    assert await xiuzhou.desk.refused("admin/RemoveRule", **given) == "RULE_MISSING"


async def test_inputs_have_bounds(xiuzhou: Author) -> None:
    await xiuzhou.open()
    deep: Any = "CODE"
    for _ in range(8):
        deep = [deep]
    caller = await xiuzhou.scene.world.login("xiuzhou.admin")
    given = await xiuzhou.given(rule=rule("XZ-01", "meeting", name=deep))
    assert (await caller(text("admin/PutRule"), input=given)).codes == ["GRAPHQL_VALUE_INVALID"]
    long = rule("X" * 41, "meeting", name="TALK") | {"isWithheld": True}
    answer = await xiuzhou.desk.attempt("admin/PutRule", **await xiuzhou.given(rule=long))
    assert answer.code == "INVALID_INPUT"
    assert {(each["path"], each["code"]) for each in answer.result["fieldErrors"]} == {
        ("rule.code", "TOO_LONG"), ("rule.withheldReason", "BLANK"),
    }  # fmt: skip
    twice = rule("XZ-01", "meeting", name="TALK")
    twice["parameters"] *= 2
    answer = await xiuzhou.desk.attempt("admin/PutRule", **await xiuzhou.given(rule=twice))
    assert {each["code"] for each in answer.result["fieldErrors"]} == {"DUPLICATE"}


@pytest.mark.parametrize(
    ("name", "username", "office"),
    [("jiaxing", "jiaxing.admin", "3304"), ("haiyan", "haiyan.admin", "330424"), ("zhejiang", "zhejiang.admin", "33")],
)
async def test_a_published_book_comes_back_from_its_own_document(
    scene: Scene, name: str, username: str, office: str
) -> None:
    """Export, import, export: not a word is different."""
    author = Author(scene, username, office)
    (published,) = await _documents(author, name)
    shipped = yaml.parse_one(bundle.text("tenants", "rulebooks", f"{name}.yaml"))
    assert yaml.parse_one(published) == shipped, "what was declared is what is exported"
    await author.desk.do("admin/ImportRuleDraft", **await author.given(yaml=published))
    drafted, _ = await _documents(author, name)
    assert yaml.parse_one(drafted).rows == shipped.rows
    assert yaml.parse_one(drafted).excluded == shipped.excluded
    await author.desk.do("admin/ImportRuleDraft", **await author.given(yaml=drafted))
    assert (await _documents(author, name))[0] == drafted


async def _documents(author: Author, code: str) -> list[str]:
    """The versions of a book as documents, newest first."""
    found = (await author.desk.send("shared/RuleBookVersions", bookCode=code)).data["ruleBookVersions"]
    return [each["yaml"] for each in found["nodes"]]


async def test_a_document_is_imported_whole_or_not_at_all(scene: Scene, xiuzhou: Author) -> None:
    (present,) = await _documents(xiuzhou, "xiuzhou")
    rules = (
        "- {id: XZ-01, kind: deadline, applies_to: SELF, params: {stage: FORWARD, limit: {n: 10, unit: WORKDAY}, start:"
        " RECEIVED}}\n- {id: XZ-02, kind: meeting, applies_to: SELF, params: {name: TALK}}"
    )
    longer = present.replace("rules: []", f"rules:\n{rules}").replace("rules: 0, kinds: 0", "rules: 2, kinds: 2")
    answer = await xiuzhou.desk.attempt("admin/ImportRuleDraft", **await xiuzhou.given(yaml=longer))
    assert answer.code == "LOOSER_THAN_PARENT"
    assert await xiuzhou.draft() is None, "not even a draft was opened"
    fine = longer.replace("n: 10", "n: 3")
    done = await xiuzhou.desk.do("admin/ImportRuleDraft", **await xiuzhou.given(yaml=fine))
    assert done["version"]["number"] == 2
    assert list((await xiuzhou.draft() or {})["rules"]) == ["XZ-01", "XZ-02"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("330411", "330402"), "RULE_BOOK_MISMATCH"),
        (lambda text: text.replace("system: xiuzhou", "system: other"), "RULE_BOOK_MISMATCH"),
        (lambda text: text + "rulez: []\n", "UNKNOWN_KEY"),
        (lambda text: text.replace("rules: []", "rules: *all"), "YAML_ALIAS"),
        (lambda text: text.replace("rules: []", "rules: !!python/name:os.system []"), "YAML_TAG"),
        (lambda text: "{", "NOT_YAML"),
        (lambda text: "# " + "x" * LARGEST_BOOK, "BOOK_TOO_LARGE"),
    ],
)
async def test_a_document_that_is_no_book_of_the_office_is_refused(xiuzhou: Author, change: Any, code: str) -> None:
    (present,) = await _documents(xiuzhou, "xiuzhou")
    answer = await xiuzhou.desk.attempt("admin/ImportRuleDraft", **await xiuzhou.given(yaml=change(present)))
    assert answer.code == code
    assert await xiuzhou.draft() is None


async def test_a_guard_is_not_taken_off_by_leaving_it_out(scene: Scene) -> None:
    author = Author(scene, "xiyingmen.admin", "120111001")
    (present,) = await _documents(author, "xiyingmen")
    bare = present.replace("guard: flagged, ", "")
    assert bare != present
    answer = await author.desk.attempt("admin/ImportRuleDraft", **await author.given(yaml=bare))
    assert answer.code == "FLAGGED_RULE_NEEDS_REVIEW"
    again = rule("XY-10", "metric")
    again["parameters"] = [
        {"name": "code", "value": "PETITION_VOLUME"}, {"name": "target", "value": {"op": "DOWN"}},
    ]  # fmt: skip
    assert await author.desk.refused("admin/PutRule", **await author.given(rule=again)) == "FLAGGED_RULE_NEEDS_REVIEW"
    await author.put(again | {"isEnabled": False})
    assert (await author.draft() or {})["rules"]["XY-10"]["guard"] == "flagged"


async def test_whoever_wrote_a_guarded_rule_does_not_review_it(scene: Scene) -> None:
    author = Author(scene, "xiyingmen.admin", "120111001")
    changed = rule("XY-10", "metric", isEnabled=False)
    changed["parameters"] = [{"name": "code", "value": "PETITION_VOLUME"}]
    await author.put(changed)
    given = await author.given(ruleCode="XY-10", decision="APPROVED", reason="看过。")
    assert await author.desk.refused("leader/RecordRuleReview", **given) == "SECOND_PERSON_NEEDED"
    leader = scene.desk("xiyingmen.leader")
    await leader.do("leader/RecordRuleReview", **given)
    # The approval is for that wording: another one needs another review.
    other = changed | {"isEnabled": True, "parameters": [{"name": "code", "value": "SKIP_LEVEL_VISITS"}]}
    assert await author.desk.refused("admin/PutRule", **await author.given(rule=other)) == "FLAGGED_RULE_NEEDS_REVIEW"
    await author.put(changed | {"isEnabled": True})
    plain = given | {"ruleCode": "XY-01"}
    assert await leader.refused("leader/RecordRuleReview", **plain) == "RULE_NOT_GUARDED"
    assert await leader.refused("leader/RecordRuleReview", **(given | {"ruleCode": "XY-99"})) == "RULE_MISSING"


async def test_only_administrators_write_and_only_some_publish(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    given = await xiuzhou.given()
    talk = rule("XZ-09", "meeting", name="WEEKLY_TALK", per="WEEK")
    for username in ("xiuzhou.handler", "xiuzhou.leader", "xiuzhou.auditor", "jiaxing.admin", "platform.operator"):
        desk = scene.desk(username)
        assert await desk.refused("admin/PutRule", **given, rule=talk) == "NOT_PERMITTED", username
        assert await desk.refused("admin/OpenRuleDraft", **given) == "NOT_PERMITTED", username
        assert await desk.refused("admin/DiscardRuleDraft", **given) == "NOT_PERMITTED", username
    assert await scene.desk("xiuzhou.handler").refused(
        "admin/PublishRuleBook", **given, revision=await xiuzhou.revision()
    ) == "NOT_PERMITTED"  # fmt: skip
    shown = await view(scene.desk("xiuzhou.handler"), given["officeId"])
    assert shown is not None
    assert shown["draft"] is None


async def test_a_target_on_volumes_is_guarded_under_whatever_code_it_comes(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    target = rule("XZ-20", "metric", target={"op": "DOWN"})
    target["parameters"].append({"name": "code", "value": "PETITION_VOLUME"})
    assert (await xiuzhou.put_refused(target))["code"] == "VOLUME_AS_TARGET"
    answer = await xiuzhou.desk.attempt("admin/PutRule", **await xiuzhou.given(rule=target | {"guard": "flagged"}))
    assert answer.code == "FLAGGED_RULE_NEEDS_REVIEW"
    await xiuzhou.put(target | {"guard": "flagged", "isEnabled": False})
    assert (await xiuzhou.publish())["version"]["state"] == "PUBLISHED"
