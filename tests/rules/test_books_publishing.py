"""Publishing over HTTP: whole checks, two persons, two administrators at once, the way back, what changes below."""

from __future__ import annotations

import asyncio
from typing import Any

from caseway import demo
from caseway.db.session import Database
from caseway.gql import ids
from caseway.rules import jobs, rechecks
from support.rule_desks import Author, about, effective, rule, sources, span, values_of
from support.scenes import Scene

WEEKLY = {
    "activity": "RECEPTION", "actor": "LEADERS", "scope": "EACH", "min": 1, "unit": "SESSION", "per": "WEEK",
}  # fmt: skip


def days(*on: int, roll: str = "NEVER", code: str = "XZ-02", level: str = "COUNTY") -> dict[str, Any]:
    """Fixed visit days: nothing that the law speaks of."""
    return rule(code, "fixed_day", activity="VISIT", days=list(on), roll=roll, levels=[level])


def forward(n: int, unit: str = "WORKDAY", code: str = "XZ-01", **fields: Any) -> dict[str, Any]:
    """A limit that the law has too."""
    return rule(code, "deadline", stage="FORWARD", limit=span(n, unit), start="RECEIVED", **fields)


async def versions(author: Author) -> list[tuple[int, str]]:
    """Number and state of every version that the author sees, newest first."""
    book = (await author.desk.send("shared/RuleBookView", officeId=await author.scene.office(author.office))).data
    found = await author.desk.send("shared/RuleBookVersions", bookCode=book["ruleBook"]["code"])
    return [(each["number"], each["state"]) for each in found.data["ruleBookVersions"]["nodes"]]


async def test_the_street_confirms_the_weekly_count_and_can_publish(scene: Scene) -> None:
    """S1.9."""
    scene.at("2026-04-01 09:00")
    author = Author(scene, "xiyingmen.admin", "120111001")
    refusal = await author.publish_refused()
    assert refusal["code"] == "UNRESOLVED_PARAMETER"
    assert {each["ruleCode"] for each in refusal["findings"]} == {"XY-02"}
    assert "XY-02" in refusal["message"]
    assert await versions(author) == [(1, "DRAFT")]
    await author.put(rule("XY-02", "leader_duty", **WEEKLY))
    done = await author.publish()
    assert (done["version"]["number"], done["version"]["state"]) == (1, "PUBLISHED")
    duty = await about(
        scene.desk("xiqing.admin"), await scene.office("120111001"), "leader_duty", _subject("RECEPTION LEADERS EACH")
    )
    assert ("xiyingmen", 1, "XY-02") in sources(duty, "min")


def _subject(start: str) -> Any:
    """Any subject that begins so."""

    class Begins(str):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, str) and other.startswith(start)

        __hash__ = str.__hash__

    return Begins(start)


async def test_a_rule_may_be_withheld_so_that_the_rest_can_be_published(scene: Scene) -> None:
    scene.at("2026-04-01 09:00")
    author = Author(scene, "xiyingmen.admin", "120111001")
    await author.put(
        rule(
            "XY-02", "leader_duty", **WEEKLY,
            unresolved=["assumed_count"], isWithheld=True, withheldReason="次数待区里明确。",
        )
    )  # fmt: skip
    await author.publish()
    duties = await effective(author.desk, await scene.office("120111001"), "leader_duty")
    assert not [each for each in duties if "XY-02" in each["sentence"]], "withheld, so without effect"


async def test_a_version_does_not_date_back(scene: Scene, xiuzhou: Author) -> None:
    scene.at("2026-04-01 09:00")
    await xiuzhou.open()
    await xiuzhou.put(days(10))
    refusal = await xiuzhou.publish_refused(effectiveOn="2026-03-31")
    assert refusal["code"] == "EFFECTIVE_IN_PAST"
    assert {"key": "earliest", "value": "2026-04-01"} in refusal["details"]
    # 16:30 in UTC is half past midnight in China: the day there counts.
    scene.at("2026-04-02 00:30")
    assert (await xiuzhou.publish_refused(effectiveOn="2026-04-01"))["code"] == "EFFECTIVE_IN_PAST"
    assert await versions(xiuzhou) == [(2, "DRAFT"), (1, "PUBLISHED")]
    done = await xiuzhou.publish(effectiveOn="2026-04-02")
    assert done["version"]["isInForce"] is True


async def test_past_present_and_future_each_have_their_version(scene: Scene, xiuzhou: Author) -> None:
    scene.at("2026-04-01 09:00")
    await xiuzhou.open()
    await xiuzhou.put(days(10))
    await xiuzhou.publish(effectiveOn="2026-05-01")
    await xiuzhou.open()
    await xiuzhou.put(days(10, 20))
    await xiuzhou.publish(effectiveOn="2026-06-01")
    office = await scene.office("330411")

    async def on(day: str) -> list[Any]:
        found = await effective(xiuzhou.desk, office, "fixed_day", at=f"{day}T12:00:00+08:00")
        return [values_of(each)["days"] for each in found if each["subject"] == "VISIT"]

    assert [await on(day) for day in ("2026-04-30", "2026-05-01", "2026-05-31", "2026-06-01")] == [
        [], [[10]], [[10]], [[10, 20]],
    ]  # fmt: skip
    answer = await xiuzhou.desk.send("shared/EffectiveRules", officeId=office, at="2020-06-01T00:00:00Z")
    assert [each["bookCode"] for each in answer.data["effectiveRules"]["books"]] == [
        "law-2022", "law-2005", "law-zj-2016",
    ]  # fmt: skip
    answer = await xiuzhou.desk.send("shared/EffectiveRules", officeId=office, at="2026-06-02T00:00:00Z")
    assert "law-2005" not in [each["bookCode"] for each in answer.data["effectiveRules"]["books"]]


async def test_whoever_proposes_does_not_confirm(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(forward(3))
    done = await xiuzhou.publish()
    assert done["awaitsConfirmation"] is True
    revision = await xiuzhou.revision()
    given = await xiuzhou.given(revision=revision)
    assert await xiuzhou.desk.refused("leader/ConfirmRuleBook", **given) == "SECOND_PERSON_NEEDED"
    assert await scene.desk("xiuzhou.auditor").refused("leader/ConfirmRuleBook", **given) == "NOT_PERMITTED"
    assert await versions(xiuzhou) == [(2, "PROPOSED"), (1, "PUBLISHED")]
    await xiuzhou.confirm("xiuzhou.leader")
    assert await versions(xiuzhou) == [(2, "PUBLISHED"), (1, "PUBLISHED")]
    assert await xiuzhou.desk.refused("leader/ConfirmRuleBook", **given) == "RULE_DRAFT_MISSING"


async def test_any_change_voids_a_proposal(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(forward(3))
    await xiuzhou.publish()
    proposed = await xiuzhou.revision()
    await xiuzhou.put(forward(4))
    leader = scene.desk("xiuzhou.leader")
    stale = await xiuzhou.given(revision=proposed)
    assert await leader.refused("leader/ConfirmRuleBook", **stale) == "STALE_VERSION"
    present = await xiuzhou.given(revision=await xiuzhou.revision())
    assert await leader.refused("leader/ConfirmRuleBook", **present) == "NOTHING_PROPOSED"
    assert await versions(xiuzhou) == [(2, "DRAFT"), (1, "PUBLISHED")]


async def test_a_rule_taken_out_of_the_law_s_field_needs_two_as_well(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(forward(3))
    await xiuzhou.publish()
    await xiuzhou.confirm("xiuzhou.leader")
    await xiuzhou.open()
    await xiuzhou.desk.do("admin/RemoveRule", **await xiuzhou.given(ruleCode="XZ-01"))
    assert (await xiuzhou.publish())["awaitsConfirmation"] is True


async def test_of_two_who_publish_at_once_one_succeeds(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(days(10))
    given = await xiuzhou.given(revision=await xiuzhou.revision())
    answers = await asyncio.gather(
        *(
            scene.desk(username).attempt("admin/PublishRuleBook", **given)
            for username in ("xiuzhou.admin", "xiuzhou.leader", "xiuzhou.admin", "xiuzhou.leader")
        )
    )
    assert sorted(str(answer.code) for answer in answers) == ["None", *["RULE_DRAFT_MISSING"] * 3]
    assert await versions(xiuzhou) == [(2, "PUBLISHED"), (1, "PUBLISHED")]


async def test_of_two_who_edit_what_they_have_read_one_is_told(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    read = await xiuzhou.revision()
    first, second = await asyncio.gather(
        xiuzhou.desk.attempt("admin/PutRule", **await xiuzhou.given(rule=days(10), revision=read)),
        xiuzhou.desk.attempt("admin/PutRule", **await xiuzhou.given(rule=days(20, code="XZ-05"), revision=read)),
    )
    assert sorted(str(answer.code) for answer in (first, second)) == ["None", "STALE_VERSION"]
    draft = await xiuzhou.draft()
    assert draft is not None
    assert len(draft["rules"]) == 1


async def test_what_somebody_changed_meanwhile_is_not_published_unread(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(days(10))
    read = await xiuzhou.revision()
    await xiuzhou.put(days(10, 20))
    assert (await xiuzhou.publish_refused(revision=read))["code"] == "STALE_VERSION"
    assert await versions(xiuzhou) == [(2, "DRAFT"), (1, "PUBLISHED")]


async def test_one_draft_at_a_time(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    given = await xiuzhou.given()
    assert await xiuzhou.desk.refused("admin/OpenRuleDraft", **given) == "RULE_DRAFT_EXISTS"
    await xiuzhou.desk.do("admin/DiscardRuleDraft", **given)
    assert await xiuzhou.desk.refused("admin/PutRule", **given, rule=days(10)) == "RULE_DRAFT_MISSING"
    assert (await xiuzhou.open())["number"] == 3, "the number of what was discarded is not used again"
    assert await versions(xiuzhou) == [(3, "DRAFT"), (2, "DISCARDED"), (1, "PUBLISHED")]


async def test_an_office_without_a_book_begins_with_version_one(scene: Scene) -> None:
    nanhu = Author(scene, "nanhu.admin", "330402")
    opened = await nanhu.open(note="本区规则第一版")
    assert (opened["number"], opened["state"], opened["note"]) == (1, "DRAFT", "本区规则第一版")
    await nanhu.put(days(5, code="NH-01"))
    done = await nanhu.publish()
    assert (done["version"]["number"], done["version"]["isInForce"]) == (1, True)
    given = await nanhu.given(revision=done["version"]["revision"])
    assert await nanhu.desk.refused("admin/PublishRuleBook", **given) == "RULE_DRAFT_MISSING"


async def test_an_unchanged_draft_is_not_published(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(days(10))
    await xiuzhou.publish()
    await xiuzhou.open()
    assert (await xiuzhou.publish_refused())["code"] == "NOTHING_CHANGED"


async def test_rolling_back_publishes_an_old_content_as_a_new_version(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(days(10))
    await xiuzhou.publish()
    await xiuzhou.open()
    await xiuzhou.put(days(10, 20))
    await xiuzhou.put(days(5, code="XZ-03") | {"kind": "meeting", "parameters": _meeting()})
    await xiuzhou.publish()
    back = await xiuzhou.desk.do(
        "admin/RollBackRuleBook", **await xiuzhou.given(versionNumber=2, note="第三版有误，恢复第二版。")
    )
    assert (back["version"]["number"], back["version"]["state"], back["version"]["basisNumber"]) == (4, "PUBLISHED", 2)
    assert await versions(xiuzhou) == [(number, "PUBLISHED") for number in (4, 3, 2, 1)]
    desk, office = xiuzhou.desk, await scene.office("330411")
    assert values_of(await about(desk, office, "fixed_day", "VISIT"))["days"] == [10]
    diff = (await desk.send("shared/RuleDiff", bookCode="xiuzhou", fromNumber=2, toNumber=4)).data["ruleDiff"]
    assert diff == {"added": [], "removed": [], "changed": []}
    diff = (await desk.send("shared/RuleDiff", bookCode="xiuzhou", fromNumber=3, toNumber=4)).data["ruleDiff"]
    assert [each["code"] for each in diff["removed"]] == ["XZ-03"]
    (changed,) = diff["changed"]
    assert changed["differences"] == [{"name": "days", "beforeValue": [10, 20], "afterValue": [10]}]
    nothing = await desk.attempt("admin/RollBackRuleBook", **await xiuzhou.given(versionNumber=9))
    assert nothing.code == "NOT_FOUND"


def _meeting() -> list[dict[str, Any]]:
    return [{"name": "name", "value": "OPEN_MATTERS"}, {"name": "per", "value": "MONTH"}]


async def test_a_stricter_rule_above_clamps_what_is_below_and_tells_it(scene: Scene, xiuzhou: Author) -> None:
    """Publishing is not blocked by the books below; their administrators get a task, and the stricter value counts."""
    await xiuzhou.open()
    await xiuzhou.put(forward(4))
    await xiuzhou.publish()
    await xiuzhou.confirm("xiuzhou.leader")
    city = Author(scene, "jiaxing.admin", "3304")
    await city.open()
    await city.put(forward(2, code="JX-90", appliesTo="SUBTREE"))
    assert (await city.publish())["awaitsConfirmation"] is True
    done = await city.confirm("jiaxing.leader")
    assert (done["clampedBooks"], done["comparesFurther"]) == (1, False)
    tasks = await _tasks(scene, "330411")
    assert [(task["rule"], task["parameter"], task["code"]) for task in tasks] == [
        ("XZ-01", "limit", "LOOSER_THAN_PARENT")
    ]
    assert "JX-90" in tasks[0]["message"]
    found = await about(xiuzhou.desk, await scene.office("330411"), "deadline", "FORWARD RECEIVED")
    assert values_of(found)["limit"] == span(2, "WORKDAY")
    # Again with the same wording above: nothing new to tell.
    await city.open()
    await city.put(days(8, code="JX-91", level="CITY"))
    await city.publish()
    assert await _tasks(scene, "330411") == tasks
    # Written anew, the task is done; the city's next tightening is told again.
    await xiuzhou.open()
    await xiuzhou.put(forward(2))
    await xiuzhou.publish()
    await xiuzhou.confirm("xiuzhou.leader")
    assert await _tasks(scene, "330411") == []
    await city.open()
    await city.put(forward(1, code="JX-90", appliesTo="SUBTREE"))
    await city.publish()
    await city.confirm("jiaxing.leader")
    assert [task["parent_rule"] for task in await _tasks(scene, "330411")] == ["JX-90"]


async def test_the_worker_goes_on_where_the_publication_stopped(
    scene: Scene, xiuzhou: Author, monkeypatch: Any
) -> None:
    """Books below are compared in parts: the first in the transaction, the rest by the worker."""

    monkeypatch.setattr(rechecks, "AT_ONCE", 1)
    monkeypatch.setattr(rechecks, "PART", 2)
    await xiuzhou.open()
    await xiuzhou.put(forward(4))
    await xiuzhou.publish()
    await xiuzhou.confirm("xiuzhou.leader")
    city = Author(scene, "jiaxing.admin", "3304")
    await city.open()
    await city.put(forward(2, code="JX-90", appliesTo="SUBTREE"))
    await city.publish()
    done = await city.confirm("jiaxing.leader")
    assert done["comparesFurther"] is True
    assert await _tasks(scene, "330411") == []
    database = Database(scene.world.database.url, pool_size=1)
    try:
        assert await jobs.compare_books(database, now=scene.world.dial.instant, parts=100) == 1
        assert await jobs.compare_books(database, now=scene.world.dial.instant) == 0
    finally:
        await database.close()
    assert len(await _tasks(scene, "330411")) == 1


async def test_a_moved_office_is_told_what_is_looser_there(scene: Scene, xiuzhou: Author) -> None:
    """The move is not refused; its answer says which rules are clamped in the new place."""
    await xiuzhou.open()
    await xiuzhou.put(days(10))
    await xiuzhou.put(rule("XZ-07", "deadline", stage="RESPOND", limit=span(3, "WORKDAY"), start="DISPATCHED"))
    await xiuzhou.publish()
    scene.at("2026-04-01 09:00")
    operator = scene.desk("platform.operator")
    post = {"officeId": await scene.office("3305"), "roles": ["TENANT_ADMIN"], "title": "系统管理员"}
    await scene.desk("zhejiang.admin").do(
        "admin/HireStaff", name="沈湖州", username="huzhou.admin", password=demo.password(), post=post
    )
    huzhou = Author(scene, "huzhou.admin", "3305")
    await huzhou.open()
    await huzhou.put(
        rule("HZ-90", "deadline", stage="RESPOND", limit=span(1, "WORKDAY"), start="DISPATCHED", appliesTo="SUBTREE")
    )
    await huzhou.publish()
    done = await operator.do(
        "admin/MoveOffice", officeId=await scene.office("330411"), parentId=await scene.office("3305")
    )
    assert done["office"]["code"] == "330411"
    (finding,) = done["ruleFindings"]
    assert (finding["code"], finding["ruleCode"], finding["parentRule"]) == ("LOOSER_THAN_PARENT", "XZ-07", "HZ-90")
    assert [task["rule"] for task in await _tasks(scene, "330411")] == ["XZ-07"]


async def test_those_whom_a_changed_rule_reaches_are_told_once(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(days(10))
    await xiuzhou.publish()
    told = "select o.code, m.facts from outbox m join office o on o.id = m.office_id where m.kind = 'RULES_CHANGED'"
    facts = {"book": "xiuzhou", "version": 2, "effective_on": "2026-03-02"}
    assert await scene.facts(told) == [("330411", facts)], "what concerns the office alone is told to it alone"
    await xiuzhou.open()
    reaching = rule("XZ-07", "deadline", stage="RESPOND", limit=span(3, "WORKDAY"), start="DISPATCHED")
    await xiuzhou.put(reaching | {"appliesTo": "SUBTREE"})
    await xiuzhou.publish()
    third = [code for code, facts in await scene.facts(told) if facts["version"] == 3]
    towns = await scene.facts(
        "select code from office where parent_id = (select id from office where code = '330411') and level = 'TOWN'"
        " and kind = 'GOVERNMENT' and valid_to is null and not statistical_only and not virtual"
    )
    assert sorted(third) == sorted(["330411", *(code for (code,) in towns)])


async def test_a_refused_publication_tells_everything_at_once(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(days(10, roll="UNSPECIFIED", code="XZ-02"))
    await xiuzhou.put(rule("XZ-08", "supervision", by="NOBODY_KNOWN", modes=["NOTICE"], unresolved=["modes"]))
    findings = (await xiuzhou.desk.send("admin/RuleFindings", officeId=await scene.office("330411"))).data
    refusal = await xiuzhou.publish_refused()
    told = {(each["code"], each["ruleCode"]) for each in refusal["findings"]}
    assert {("UNRESOLVED_PARAMETER", "XZ-02"), ("UNRESOLVED_PARAMETER", "XZ-08")} <= told
    assert told == {(each["code"], each["ruleCode"]) for each in findings["ruleFindings"] if not each["isRemark"]}
    assert all(each["cure"] for each in refusal["findings"])


async def test_repeats_with_one_key_publish_once(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(days(10))
    given = await xiuzhou.given(revision=await xiuzhou.revision(), idempotencyKey="publish-0001")
    first, second = [await xiuzhou.desk.attempt("admin/PublishRuleBook", **given) for _ in range(2)]
    assert first.raw == second.raw
    assert first.code is None
    assert await versions(xiuzhou) == [(2, "PUBLISHED"), (1, "PUBLISHED")]


async def test_published_rows_cannot_be_changed_even_in_the_database(scene: Scene, xiuzhou: Author) -> None:
    """Row level security refuses it to the application's role, whatever the code says."""
    from sqlalchemy import text as sql

    from caseway.db.scope import SYSTEM_SCOPE

    await xiuzhou.open()
    await xiuzhou.put(days(10))
    await xiuzhou.publish()
    database = Database(scene.world.database.url, pool_size=1)
    try:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            gone = await uow.session.execute(sql("delete from rule_row where row_id = 'XZ-02'"))
            changed = await uow.session.execute(
                sql("update rule_book_version set note = 'x' where state = 'PUBLISHED'")
            )
            assert (gone.rowcount, changed.rowcount) == (0, 0)  # type: ignore[attr-defined]
    finally:
        await database.close()
    assert values_of(await about(xiuzhou.desk, await scene.office("330411"), "fixed_day", "VISIT"))["days"] == [10]


async def _tasks(scene: Scene, code: str) -> list[dict[str, Any]]:
    """The facts of the open tasks about clamped rules of an office."""
    number = ids.decode_number("Office", await scene.office(code))
    rows = await scene.facts(
        "select facts from admin_task where kind = 'RULE_CLAMPED' and office_id = %s and closed_at is null order by id",
        number,
    )
    return [facts for (facts,) in rows]
