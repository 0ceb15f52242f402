"""Rungs that rules raise by themselves: by a clock, by a condition, by registrations; and that nothing dodges them."""

from __future__ import annotations

from typing import Any

from caseway.clocks.firing import run_due
from caseway.worker import EFFECTS
from support.ladders import Stairs, late
from support.scenes import Case, chain, clock, due, entry, instant, local, notice

TOWN, COUNTY = "330402100", "330402-xfj"
#: The county takes up what is late; ten days later the city is told, by itself.
LATE = {
    "trigger": ["OVERDUE"],
    "ladder": ["TOWN", "COUNTY", "CITY"],
    "after": late(0),
    "rungs": [
        {"to": "COUNTY", "gives": "TAKE_UP"},
        {"to": "CITY", "gives": "INFORM", "after": {"n": 10, "unit": "DAY"}, "automatic": True},
    ],
}


async def _ruled(stairs: Stairs, **parameters: Any) -> None:
    """南湖区 publishes a ladder for its whole area."""
    stairs.scene.at("2026-04-01 09:00")
    await stairs.ladder("nanhu.admin", "330402", "NH-90", **parameters)


async def _handled(stairs: Stairs, **changes: Any) -> str:
    """A matter of 凤桥镇, accepted on 04-22: its handling ends with 05-22 (LZJ-04)."""
    stairs.scene.at("2026-04-15 09:00")
    case = await stairs.registered("fengqiao.clerk", "2026-04-15 08:30", **changes)
    stairs.scene.at("2026-04-22 10:00")
    await stairs.handled("fengqiao.dispatcher", "fengqiao.handler", case, "2026-04-22 09:30")
    return case


def _moving(seen: Case) -> list[tuple[str, str]]:
    """The orders that move custody. That lateness is supervised as well (art. 40) is another rule's doing."""
    return [(each["kind"], each["state"]) for each in seen["orders"]["nodes"] if each["kind"] != "SUPERVISE"]


async def _events(stairs: Stairs, case: str) -> list[str]:
    return await stairs.scene.desk("fengqiao.handler").events(case)


async def test_what_is_late_goes_to_the_county_at_the_very_instant(stairs: Stairs) -> None:
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    town = stairs.scene.desk("fengqiao.handler")
    assert due(await town.seen(case), "HANDLE") == "2026-05-22"

    # What will happen is told beforehand, and why it does not yet.
    (finding,) = await stairs.findings("fengqiao.handler", case)
    assert (finding["rule"], finding["toOffice"]["code"], finding["gives"]) == ("NH-90", COUNTY, "TAKE_UP")
    assert local(finding["nextAt"]) == "2026-05-23 00:00"
    assert not finding["isDue"]
    assert [each["isMet"] for each in finding["conditions"]] == [True, False]
    assert finding["conditions"][1]["needed"] == "2026-05-23T00:00+08:00"

    await stairs.until("2026-05-22 23:59")
    assert await stairs.climbed("fengqiao.handler", case) == []

    await stairs.until("2026-05-23 00:00")
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert (row["state"], row["isAutomatic"], row["toOffice"]["code"]) == ("RAISED", True, COUNTY)
    assert local(row["raisedAt"]) == "2026-05-23 00:00"
    assert [each["isMet"] for each in row["whyEscalated"]] == [True, True]
    seen = await town.seen(case)
    assert (seen["stage"], seen["holder"]["code"]) == ("IN_TRANSIT", TOWN), "custody moves at the sign-for"
    assert due(seen, "HANDLE") == "2026-05-22", "the limit stays where it was"
    assert _moving(seen) == [("TAKE_UP", "DELIVERED")]


async def test_nobody_needs_to_sign_for_it(stairs: Stairs) -> None:
    """Receipt is deemed after one workday (T5): the county has it, and the escalation says so."""
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    await stairs.until("2026-05-23 00:00")  # a Saturday
    await stairs.until("2026-05-26 00:00")
    seen = await stairs.scene.desk("fengqiao.handler").seen(case)
    assert seen["holder"]["code"] == COUNTY
    (row,) = await stairs.climbed("nanhu-xfj.dispatcher", case)
    assert (row["state"], local(row["takenAt"])) == ("TAKEN", "2026-05-26 00:00")


async def test_the_further_rung_follows_by_itself(stairs: Stairs) -> None:
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    await stairs.until("2026-05-23 00:00")
    findings = await stairs.findings("fengqiao.handler", case)
    (second,) = [each for each in findings if each["rung"] == 2]
    assert local(second["nextAt"]) == "2026-06-03 00:00"  # ten days after 05-23
    assert second["isAutomatic"]
    await stairs.until("2026-06-02 23:59")
    assert len(await stairs.climbed("nanhu-xfj.dispatcher", case)) == 1
    await stairs.until("2026-06-03 00:00")
    _, row = await stairs.climbed("nanhu-xfj.dispatcher", case)
    assert (row["rung"], row["gives"], row["state"], row["toOffice"]["code"]) == (2, "INFORM", "RAISED", "3304-xfj")
    assert row["fromOffice"]["code"] == COUNTY, "from whoever holds the case then"
    assert (await stairs.notices("3304-xfj"))[-1]["gives"] == "INFORM"


async def test_an_answer_in_time_leaves_nothing_to_raise(stairs: Stairs) -> None:
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    stairs.scene.at("2026-05-22 23:58")
    await _answer(stairs, case, "2026-05-22 23:57")
    (finding,) = await stairs.findings("fengqiao.handler", case)
    assert finding["nextAt"] is None
    assert finding["conditions"][1]["seen"] == "the clock is stopped"
    await stairs.until("2026-06-30 00:00")
    assert await stairs.climbed("fengqiao.handler", case) == []


async def _answer(stairs: Stairs, case: str, served: str) -> None:
    await stairs.scene.desk("fengqiao.handler").do(
        "handler/AnswerCase",
        caseId=case, text="已修缮。", outcome="SUPPORTED", legalBasis="信访工作条例。",
        remedies="可申请复查。", servedAt=instant(served),
    )  # fmt: skip


async def test_who_answers_before_a_slow_worker_comes_hides_nothing(stairs: Stairs) -> None:
    """The limit passed at midnight; the answer comes at 8:00, before any worker did. The rung was due: it is recorded,
    the county is told, and closed, because there is nothing left to take up."""
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    stairs.scene.at("2026-05-23 08:00")
    await _answer(stairs, case, "2026-05-23 07:30")
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert (row["state"], row["isAutomatic"]) == ("CLOSED", True)
    assert len(await stairs.notices(COUNTY)) == 1
    assert (await stairs.scene.desk("fengqiao.handler").seen(case))["stage"] == "ANSWERED"
    await stairs.until("2026-06-30 00:00")
    assert len(await stairs.climbed("fengqiao.handler", case)) == 1


async def test_no_work_on_the_case_delays_it(stairs: Stairs) -> None:
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    handler, dispatcher = stairs.scene.desk("fengqiao.handler"), stairs.scene.desk("fengqiao.dispatcher")
    stairs.scene.at("2026-05-22 22:00")
    await handler.do("handler/RecordHandling", caseId=case, kind="INQUIRY", text="走访现场。")
    await dispatcher.do("dispatcher/AssignHandler", caseId=case, personId=await handler.person_id())
    yuxin = await stairs.scene.office("330402101")
    await handler.do("dispatcher/AssistCase", caseId=case, officeId=yuxin, instruction="请提供材料。")
    await handler.do("handler/DeclareUrgent", caseId=case, reason="群众情绪稳定，但事项紧急。")
    (finding,) = await stairs.findings("fengqiao.handler", case)
    assert local(finding["nextAt"]) == "2026-05-23 00:00"
    await stairs.until("2026-05-23 00:00")
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert local(row["raisedAt"]) == "2026-05-23 00:00"


async def test_sending_the_case_elsewhere_does_not_dodge_it(stairs: Stairs) -> None:
    """Late in the evening the town hands the case to its neighbour. At midnight the platform takes that back, and the
    case goes up: it is still the town that holds it."""
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    stairs.scene.at("2026-05-22 23:00")
    yuxin = await stairs.scene.office("330402101")
    handler = stairs.scene.desk("fengqiao.handler")
    await handler.do("handler/HandOverCase", caseId=case, officeId=yuxin, instruction="属你镇。")
    await stairs.until("2026-05-23 00:00")
    seen = await handler.seen(case)
    assert _moving(seen) == [("HAND_OVER", "RECALLED"), ("TAKE_UP", "DELIVERED")]
    assert chain(seen) == [(TOWN, "2026-04-15 09:00", None)]


async def test_what_a_rule_raised_is_not_recalled_below(stairs: Stairs) -> None:
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    await stairs.until("2026-05-23 00:00")
    stairs.scene.at("2026-05-23 09:00")
    (row,) = await stairs.climbed("fengqiao.handler", case)
    dispatcher = stairs.scene.desk("fengqiao.dispatcher")
    orders = (await stairs.scene.desk("fengqiao.handler").seen(case))["orders"]["nodes"]
    order = next(each["id"] for each in orders if each["kind"] == "TAKE_UP")
    assert await dispatcher.refused("dispatcher/RecallOrder", orderId=order) == "ESCALATION_STANDS"
    assert await dispatcher.refused("handler/RecallEscalation", escalationId=row["id"], reason="自行处理。") == (
        "ESCALATION_STEP_REFUSED"
    )
    seen = await stairs.scene.desk("fengqiao.handler").seen(case)
    assert (seen["stage"], _moving(seen)) == ("IN_TRANSIT", [("TAKE_UP", "DELIVERED")])


async def test_an_extension_that_is_granted_moves_it_as_it_moves_the_clock(stairs: Stairs) -> None:
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    stairs.scene.at("2026-05-18 10:00")
    leader = stairs.scene.desk("fengqiao.leader")
    await leader.do("leader/AssignLead", caseId=case, personId=await leader.person_id())
    await leader.do("leader/ExtendCase", caseId=case, days=30, reason="情况复杂。", notice=notice("2026-05-18 09:30"))
    (finding,) = await stairs.findings("fengqiao.handler", case)
    assert local(finding["nextAt"]) == "2026-06-22 00:00"
    await stairs.until("2026-06-21 23:59")
    assert await stairs.climbed("fengqiao.handler", case) == []
    await stairs.until("2026-06-22 00:00")
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert local(row["raisedAt"]) == "2026-06-22 00:00"


async def test_before_the_end_the_county_supervises(stairs: Stairs) -> None:
    """Three days before the end the county presses for a written reply: in its name, without anybody there."""
    rungs = [{"to": "COUNTY", "gives": "SUPERVISE", "answer_within": {"n": 2, "unit": "WORKDAY"}}]
    await _ruled(stairs, trigger=["DELAY"], ladder=["TOWN", "COUNTY"], after=late(-3), rungs=rungs)
    case = await _handled(stairs)
    await stairs.until("2026-05-19 00:00")
    seen = await stairs.scene.desk("fengqiao.handler").seen(case)
    (order,) = seen["orders"]["nodes"]
    assert (order["kind"], order["sender"]["code"], order["receiver"]["code"]) == ("SUPERVISE", COUNTY, TOWN)
    assert due(seen, "ORDER") == "2026-05-21"
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert row["state"] == "TAKEN"
    handler = stairs.scene.desk("fengqiao.handler")
    stairs.scene.at("2026-05-20 10:00")
    await handler.do("handler/ReplyToSupervision", orderId=order["id"], text="已安排现场处置。")
    supervisor = stairs.scene.desk("nanhu-xfj.supervisor")
    await supervisor.do("supervisor/CloseEscalation", escalationId=row["id"], reason="已答复。")
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert row["state"] == "CLOSED"


async def test_the_time_for_an_answer_is_a_clock_of_the_upper_office(stairs: Stairs) -> None:
    rungs = [
        {"to": "COUNTY", "gives": "ADVISE", "answer_within": {"n": 3, "unit": "WORKDAY"}},
        {"to": "CITY", "gives": "ADVISE", "automatic": True},
    ]
    await _ruled(stairs, trigger=["DELAY"], ladder=["TOWN", "COUNTY", "CITY"], after=late(-10), rungs=rungs)
    case = await _handled(stairs)
    await stairs.until("2026-05-12 00:00")
    seen = await stairs.scene.desk("fengqiao.handler").seen(case)
    answering = clock(seen, "ESCALATION_ANSWER")
    assert (answering["dueOn"], answering["office"]["code"]) == ("2026-05-15", COUNTY)
    assert seen["dueOn"] == "2026-05-22", "it is no limit of the proceeding"
    # The county does not answer: the city is asked, as the rule says.
    await stairs.until("2026-05-16 00:00")
    first, second = await stairs.climbed("fengqiao.handler", case)
    assert (first["state"], second["state"], second["toOffice"]["code"]) == ("RAISED", "RAISED", "3304-xfj")
    # An advice that comes late is still advice, by the ordinary operation too.
    stairs.scene.at("2026-05-18 09:00")
    order = next(each for each in (await stairs.scene.desk("fengqiao.handler").seen(case))["orders"]["nodes"])
    await stairs.scene.desk("nanhu-xfj.leader").do("leader/GiveAdvice", orderId=order["id"], text="先行调解。")
    first, _ = await stairs.climbed("fengqiao.handler", case)
    assert first["state"] == "ANSWERED"
    assert clock(await stairs.scene.desk("fengqiao.handler").seen(case), "ESCALATION_ANSWER") is not None


async def test_a_condition_that_time_fulfils_is_looked_at_every_midnight(stairs: Stairs) -> None:
    when = "days_open >= 20 && group_size >= 5 && stage == 'HANDLING'"
    rungs = [{"to": "COUNTY", "gives": "INFORM"}]
    await _ruled(stairs, trigger=["GROUP"], ladder=["TOWN", "COUNTY"], when=when, rungs=rungs)
    group = await _handled(stairs, groupSize=12)
    single = await stairs.registered("fengqiao.clerk", "2026-04-22 08:30")
    (finding,) = await stairs.findings("fengqiao.handler", group)
    assert local(finding["nextAt"]) == "2026-05-05 00:00"
    assert finding["conditions"][1]["seen"] == "days_open = 7, group_size = 12, stage = HANDLING"
    await stairs.until("2026-05-04 23:59")
    assert await stairs.climbed("fengqiao.handler", group) == []
    await stairs.until("2026-05-05 00:00")
    (row,) = await stairs.climbed("fengqiao.handler", group)
    assert local(row["raisedAt"]) == "2026-05-05 00:00"
    await stairs.until("2026-06-30 00:00")
    assert len(await stairs.climbed("fengqiao.handler", group)) == 1, "once for a case"
    assert await stairs.climbed("fengqiao.dispatcher", single) == []


async def test_a_condition_that_cannot_be_answered_passes_nothing_and_is_reported(stairs: Stairs) -> None:
    rungs = [{"to": "COUNTY", "gives": "TAKE_UP"}]
    await _ruled(stairs, trigger=["DELAY"], ladder=["TOWN", "COUNTY"], when="100 / extensions > 1", rungs=rungs)
    case = await _handled(stairs)
    await stairs.until("2026-06-30 00:00")
    assert await stairs.climbed("fengqiao.handler", case) == []
    (finding,) = await stairs.findings("fengqiao.handler", case)
    assert "zero" in finding["problem"] and not finding["isDue"]
    found = (await stairs.scene.desk("fengqiao.admin").send("admin/AdminTasks")).data["adminTasks"]["nodes"]
    (task,) = [each for each in found if each["kind"] == "CONDITION_FAILED"]
    assert "100 / extensions > 1" in str(task["facts"])
    assert case not in str(task)


async def test_registrations_that_come_close_together_are_counted(stairs: Stairs) -> None:
    counter = {
        "of": "REGISTRATION", "channel": "VISIT", "group_min": 5, "count": 3, "window": {"n": 7, "unit": "DAY"},
    }  # fmt: skip
    rungs = [{"to": "COUNTY", "gives": "INFORM"}]
    await _ruled(stairs, trigger=["REPEAT_GTE_3"], ladder=["TOWN", "COUNTY"], counter=counter, rungs=rungs)
    case = await _handled(stairs, groupSize=8)
    handler = stairs.scene.desk("fengqiao.handler")

    async def again(received: str, size: int) -> None:
        await handler.do("clerk/AddRegistration", caseId=case, entry=entry(received, groupSize=size))

    stairs.scene.at("2026-04-27 10:00")
    await again("2026-04-27 09:00", 8)  # twelve days after the first: a window of its own
    await again("2026-04-27 09:30", 2)  # too few people
    (finding,) = await stairs.findings("fengqiao.handler", case)
    assert finding["conditions"][1]["seen"] == "1, one more counts until 2026-05-04"
    assert finding["nextAt"] is None
    stairs.scene.at("2026-05-06 10:00")
    await again("2026-05-04 23:00", 6)
    assert await stairs.climbed("fengqiao.handler", case) == []
    # Entered late, but brought in time: the window is full now.
    await again("2026-05-01 09:00", 5)
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert (row["gives"], row["isAutomatic"], local(row["raisedAt"])) == ("INFORM", True, "2026-05-06 10:00")
    await again("2026-05-06 09:00", 5)
    assert len(await stairs.climbed("fengqiao.handler", case)) == 1, "what was counted is not counted again"


async def test_a_rung_may_be_proposed_only(stairs: Stairs) -> None:
    rungs = [{"to": "COUNTY", "gives": "TAKE_UP", "automatic": False}]
    await _ruled(stairs, trigger=["OVERDUE"], ladder=["TOWN", "COUNTY"], after=late(0), rungs=rungs)
    case = await _handled(stairs)
    await stairs.until("2026-05-23 00:00")
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert (row["state"], row["raisedAt"]) == ("PROPOSED", None)
    assert (await stairs.scene.desk("fengqiao.handler").seen(case))["stage"] == "HANDLING"
    stairs.scene.at("2026-05-25 09:00")
    done = await stairs.scene.desk("fengqiao.leader").do("leader/RaiseEscalation", escalationId=row["id"])
    assert (done["escalation"]["state"], done["case"]["stage"]) == ("RAISED", "IN_TRANSIT")


async def test_lateness_starts_a_ladder_that_names_it(stairs: Stairs) -> None:
    """A rule that names OVERDUE and raises its first rung by itself needs no instant of its own."""
    rungs = [{"to": "COUNTY", "gives": "INFORM", "automatic": True}]
    await _ruled(stairs, trigger=["OVERDUE"], ladder=["TOWN", "COUNTY"], rungs=rungs)
    case = await _handled(stairs)
    await stairs.until("2026-05-23 00:00")
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert local(row["raisedAt"]) == "2026-05-23 00:00"


async def test_the_office_that_is_complained_about_is_passed_over(stairs: Stairs) -> None:
    await _ruled(stairs, **LATE)
    accused = {"officeIds": [await stairs.scene.office(COUNTY)]}
    case = await _handled(stairs, accused=accused)
    (finding,) = await stairs.findings("fengqiao.handler", case)
    assert finding["toOffice"]["code"] == "330402"
    await stairs.until("2026-05-23 00:00")
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert row["toOffice"]["code"] == "330402"
    assert await stairs.notices(COUNTY) == []


async def test_a_rule_of_tomorrow_does_not_reach_the_cases_of_today(stairs: Stairs) -> None:
    """A case keeps the rules under which it was registered (INV-22)."""
    case = await _handled(stairs)
    stairs.scene.at("2026-04-23 09:00")
    await stairs.ladder("nanhu.admin", "330402", "NH-90", **LATE)
    assert await stairs.findings("fengqiao.handler", case) == []
    later = await stairs.registered("fengqiao.clerk", "2026-04-23 08:30")
    assert len(await stairs.findings("fengqiao.dispatcher", later)) == 1
    await stairs.until("2026-05-23 00:00")
    assert await stairs.climbed("fengqiao.handler", case) == []


async def test_two_workers_raise_a_rung_once(stairs: Stairs) -> None:
    await _ruled(stairs, **LATE)
    case = await _handled(stairs)
    now = stairs.scene.at("2026-05-23 00:00")
    for _ in range(2):
        await run_due(stairs.database, EFFECTS, now)
    assert len(await stairs.climbed("fengqiao.handler", case)) == 1
    assert (await _events(stairs, case)).count("escalation.raised") == 1
