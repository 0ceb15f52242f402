"""Lateness presses the holder: by which office, once, without moving anything, and never where it must not be known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.rulebooks import bring
from support.scenes import Scene, instant, local, matter, notice

TOWN, COUNTY, BUREAU = "330402100", "330402", "330402-xfj"
PRESS = "id: N-1, kind: supervision, applies_to: SUBTREE, params: {by: PETITION_OFFICE, trigger: [OVERDUE]"


async def at_the_town(scene: Scene, **changes: Any) -> str:
    """04-15 (Wed): registered at 凤桥镇; FORWARD due 04-22 by 浙江, 04-30 by the law."""
    scene.at("2026-04-15 09:00")
    done = await scene.desk("fengqiao.clerk").do("clerk/RegisterCase", **matter("2026-04-15 09:00", **changes))
    return str(done["case"]["id"])


async def book(scene: Scene, tmp_path: Path, *rules: str) -> None:
    """A rule book for 南湖区."""
    await bring(
        scene.world.database.url, tmp_path / "books", *rules,
        system="nanhu", office=COUNTY, level="COUNTY", now=scene.world.dial.instant,
    )  # fmt: skip


async def supervisions(scene: Scene, case: str, username: str = "fengqiao.clerk") -> list[dict[str, Any]]:
    """What somebody sees of the supervisions of a case."""
    found: list[dict[str, Any]] = (await scene.desk(username).send("shared/CaseOversight", id=case)).data["case"][
        "supervisions"
    ]
    return found


async def test_it_opens_once_for_a_clock_however_many_of_its_limits_pass(scene: Scene) -> None:
    case = await at_the_town(scene)
    scene.at("2026-04-23 00:00")
    await scene.work()
    (found,) = await supervisions(scene, case)
    assert (found["supervisor"]["code"], found["supervised"]["code"], found["trigger"]) == (BUREAU, TOWN, "OVERDUE")
    assert (found["lateClock"], found["lateLayer"], found["lateOn"]) == ("FORWARD", "LAW", "2026-04-22")
    before = await scene.desk("fengqiao.clerk").seen(case)

    scene.at("2026-05-01 00:00")
    await scene.work()
    events = await scene.desk("fengqiao.clerk").events(case)
    assert events.count("clock.overdue") == 2
    assert events.count("case.supervised") == 1
    assert await supervisions(scene, case) == [found]
    now = await scene.desk("fengqiao.clerk").seen(case)
    # INV-10: no limit moved, custody stayed.
    assert [each["dueAt"] for each in now["clocks"]] == [each["dueAt"] for each in before["clocks"]]
    assert (now["stage"], now["holder"]["code"], now["dueOn"]) == ("REGISTERED", TOWN, "2026-04-22")


async def test_both_offices_are_told_and_it_stands_in_both_lists(scene: Scene) -> None:
    case = await at_the_town(scene)
    scene.at("2026-04-23 00:00")
    await scene.work()
    told = await scene.facts(
        "select o.code from outbox b join office o on o.id = b.office_id where b.kind = 'SUPERVISED'"
    )
    assert set(told) == {(TOWN,), (BUREAU,)} and len(told) == 2
    incoming = await scene.desk("fengqiao.dispatcher").incoming()
    assert len(incoming) == 1
    listed = (
        await scene.desk("nanhu-xfj.dispatcher").send("supervisor/Supervisions", officeId=await scene.office(BUREAU))
    ).data["supervisions"]["nodes"]
    assert [(each["case"]["id"], each["state"]) for each in listed] == [(case, "OPEN")]
    # The county above sees what its bureau supervises; the town next door sees nothing.
    for somebody, many in (("nanhu.leader", 1), ("jiaxing.supervisor", 1), ("yuxin.leader", 0), ("fengqiao.leader", 0)):
        answer = await scene.desk(somebody).send("supervisor/Supervisions", officeId=await scene.office(BUREAU))
        assert len(answer.data["supervisions"]["nodes"]) == many, somebody


async def test_a_rule_can_give_a_time_to_reply_and_its_lapse_is_seen(scene: Scene, tmp_path: Path) -> None:
    scene.at("2026-04-01 09:00")
    await book(
        scene, tmp_path, PRESS + ", reply_within: {n: 3, unit: WORKDAY}}",
        "id: N-2, kind: accountability, applies_to: SUBTREE, params: {trigger: SUPERVISION_REPLY_OVERDUE, count: 1,"
        " measure: ACCOUNTABILITY, subject: UNIT_HEAD, human_review: true}",
    )  # fmt: skip
    case = await at_the_town(scene)
    scene.at("2026-04-23 00:00")
    await scene.work()
    (found,) = await supervisions(scene, case)
    assert (found["state"], local(found["replyDueAt"])) == ("OPEN", "2026-04-29 00:00")
    # The row nearest to the law that names lateness is cited; the office's shorter time to reply counts.
    assert (found["book"], found["rule"]) == ("law-2022", "L22-28")

    scene.at("2026-04-29 00:00")
    await scene.work()
    (found,) = await supervisions(scene, case)
    assert found["state"] == "LAPSED"
    clerk = scene.desk("fengqiao.clerk")
    assert (await clerk.events(case)).count("supervision.lapsed") == 1
    told = await scene.facts(
        "select o.code from outbox b join office o on o.id = b.office_id where b.kind = 'SUPERVISION_LAPSED'"
    )
    assert told == [(BUREAU,)]
    # The rule that counts such lapses has opened a review where the supervision came from; the town is not told.
    reviews = (await scene.desk("nanhu.leader").send("supervisor/Reviews", officeId=await scene.office(BUREAU))).data[
        "accountabilityReviews"
    ]["nodes"]
    assert [(each["trigger"], each["subject"]["code"], each["isOpenedByRule"]) for each in reviews] == [
        ("SUPERVISION_REPLY_OVERDUE", TOWN, True)
    ]
    assert reviews[0]["evidence"][0]["lateLimits"][0]["clock"] == "FORWARD"
    hidden = await scene.desk("fengqiao.leader").send("supervisor/Reviews", officeId=await scene.office(BUREAU))
    assert hidden.data["accountabilityReviews"]["nodes"] == []

    # The reply is still owed, and counts when it comes.
    scene.at("2026-05-06 10:00")
    (order,) = [each for each in (await clerk.seen(case))["orders"]["nodes"] if each["kind"] == "SUPERVISE"]
    await clerk.do("handler/ReplyToSupervision", orderId=order["id"], text="已补办转送，原因另附。")
    (found,) = await supervisions(scene, case)
    assert found["state"] == "REPLIED"


async def test_the_petition_office_that_a_complaint_is_about_does_not_supervise_it(scene: Scene) -> None:
    case = await at_the_town(scene, accused={"officeIds": [await scene.office(BUREAU)]})
    scene.at("2026-04-23 00:00")
    await scene.work()
    (found,) = await supervisions(scene, case)
    assert found["supervisor"]["code"] == COUNTY
    accused = scene.desk("nanhu-xfj.dispatcher")
    assert await accused.case(case) is None
    answer = await accused.send("supervisor/Supervisions", officeId=await scene.office(COUNTY))
    assert answer.data["supervisions"]["nodes"] == []
    assert (
        await scene.facts("select 1 from outbox b join office o on o.id = b.office_id where o.code = %s", BUREAU) == []
    )


async def test_accusations_are_pressed_by_nobody(scene: Scene) -> None:
    scene.at("2026-04-15 09:00")
    clerk = scene.desk("nanhu.clerk")
    accused = {"officeIds": [await scene.office(TOWN)]}
    given = matter("2026-04-15 09:00", petitionClass="ACCUSATION", accused=accused)
    case = (await clerk.do("clerk/RegisterCase", **given))["case"]["id"]
    scene.at("2026-06-01 00:00")
    await scene.work()
    assert (await clerk.events(case)).count("clock.overdue") > 0
    assert await scene.facts("select 1 from supervision") == []
    assert await scene.facts("select 1 from custody_order where kind = 'SUPERVISE'") == []


async def test_what_was_done_late_but_before_the_worker_looked_is_pressed_no_more(scene: Scene) -> None:
    case = await at_the_town(scene)
    scene.at("2026-04-23 10:00")
    clerk = scene.desk("fengqiao.clerk")
    await clerk.do("handler/AcceptCase", caseId=case, notice=notice("2026-04-23 09:00"))
    await scene.work()
    events = await clerk.events(case)
    assert "clock.overdue" in events, "the lateness stays on record"
    assert "case.supervised" not in events


async def test_a_condition_decides_and_one_that_fails_opens_nothing_but_a_task(scene: Scene, tmp_path: Path) -> None:
    scene.at("2026-04-01 09:00")
    await book(
        scene, tmp_path,
        "id: N-1, kind: supervision, applies_to: SUBTREE, params: {by: JOINT_CONFERENCE, trigger: [OVERDUE],"
        " when: 'group_size >= 5'}",
        "id: N-3, kind: supervision, applies_to: SUBTREE, params: {by: COUNTY, trigger: [OVERDUE],"
        " when: 'group_size / (group_size - 7) > 0'}",
    )  # fmt: skip
    small = await at_the_town(scene)
    large = await at_the_town(scene, groupSize=7, petitioners=[{"name": "王和平"}], channel="VISIT")
    scene.at("2026-04-23 00:00")
    await scene.work()
    assert {each["supervisor"]["code"] for each in await supervisions(scene, small)} == {BUREAU}
    assert {each["supervisor"]["code"] for each in await supervisions(scene, large)} == {BUREAU, "330402-lxh"}
    tasks = await scene.facts("select t.facts->>'condition' from admin_task t where kind = 'CONDITION_FAILED'")
    assert tasks == [("group_size / (group_size - 7) > 0",)]


async def test_an_ordered_supervision_stands_beside_those_that_rules_open(scene: Scene) -> None:
    case = await at_the_town(scene)
    scene.at("2026-04-16 09:00")
    pressing = scene.desk("nanhu.supervisor")
    await pressing.do(
        "supervisor/SuperviseCase",
        caseId=case, officeId=await scene.office(TOWN), instruction="请报告进展。",
        reportDueAt=instant("2026-04-20 17:00"),
    )  # fmt: skip
    (found,) = await supervisions(scene, case)
    assert (found["trigger"], found["rule"], found["lateClock"]) == ("ORDERED", None, None)
    assert local(found["replyDueAt"]) == "2026-04-21 00:00"
    scene.at("2026-04-21 00:00")
    await scene.work()
    (found,) = await supervisions(scene, case)
    assert found["state"] == "LAPSED"
    # No rule counts such a lapse here: nobody is reviewed by itself.
    assert await scene.facts("select 1 from accountability_review") == []
    # The case ends before a reply.
    await scene.desk("fengqiao.clerk").do(
        "clerk/WithdrawCase", caseId=case, statement="本人自愿撤回。", signedAt=instant("2026-04-20 09:00")
    )
    (found,) = await supervisions(scene, case)
    assert found["state"] == "ENDED"
