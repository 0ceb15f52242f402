"""S6: a town applies for a raised review (FC-14), is advised, and the next rung is proposed and raised by people."""

from __future__ import annotations

from support.ladders import HUTUN, Stairs
from support.scenes import by_book, chain, clock, due, local

APPLY = "handler/ApplyForEscalation"


async def _applied(stairs: Stairs) -> tuple[str, str]:
    """09-14: 湖屯镇 has applied; the case and the escalation."""
    case = await stairs.town_case()
    stairs.scene.at("2026-09-14 10:00")
    done = await stairs.scene.desk("hutun.handler").do(
        APPLY, caseId=case, triggers=["MULTI_DEPT"], reason="涉及住建、自然资源两个部门。", tried="已两次组织调解。"
    )
    return case, done["escalation"]["id"]


async def test_the_town_applies_and_keeps_the_case_and_its_limits(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    seen = await stairs.scene.desk("hutun.handler").seen(case)
    assert (seen["stage"], seen["holder"]["code"]) == ("HANDLING", HUTUN)
    # Month-born, month-closed: the town's limit runs on, and the law's too.
    assert by_book(clock(seen, "HANDLE"))["law-2022"] == "2026-11-09"
    assert chain(seen) == [(HUTUN, "2026-09-08 10:00", None)]
    assert [each["kind"] for each in seen["orders"]["nodes"]] == ["ADVICE"]

    (row,) = await stairs.climbed("hutun.handler", case)
    assert row["id"] == escalation
    assert (row["rule"], row["rung"], row["toCode"], row["gives"]) == ("FC-14", 1, "JOINT_CONFERENCE_OFFICE", "ADVISE")
    assert (row["state"], row["isAutomatic"], row["triggers"]) == ("RAISED", False, ["MULTI_DEPT"])
    assert (row["fromOffice"]["code"], row["toOffice"]["code"]) == (HUTUN, "370983-lxh")
    assert (row["reason"], row["tried"]) == ("涉及住建、自然资源两个部门。", "已两次组织调解。")
    assert row["whyEscalated"] == [
        {"text": "an application", "needed": "OUT_OF_AUTHORITY or MULTI_DEPT", "seen": "MULTI_DEPT", "isMet": True}
    ]
    assert row["appliedBy"]["name"] == "陈桂芳"


async def test_the_joint_conference_is_asked_and_advises(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    await stairs.until("2026-09-14 10:01")
    (told,) = await stairs.notices("370983-lxh")
    assert (told["gives"], told["state"], told["rule"]) == ("ADVISE", "RAISED", "feicheng v1 FC-14")

    conference = stairs.scene.desk("feicheng-lxh.dispatcher")
    waiting = (await conference.send("leader/IncomingEscalations")).data["incomingEscalations"]["nodes"]
    assert [each["id"] for each in waiting] == [escalation]
    assert waiting[0]["case"]["title"] == "村道积水"  # who is asked for advice sees the content

    stairs.scene.at("2026-09-17 15:00")
    done = await conference.do(
        "leader/AnswerEscalation",
        escalationId=escalation, answer="ADVISE", text="由自然资源局牵头化解。",
        points=["十日内现场核实", "书面答复当事人"],
    )  # fmt: skip
    assert done["escalation"]["state"] == "ANSWERED"
    seen = await stairs.scene.desk("hutun.handler").seen(case)
    assert (seen["holder"]["code"], seen["stage"]) == (HUTUN, "HANDLING")
    assert [(each["kind"], each["text"]) for each in seen["records"]][-1] == ("ADVICE", "由自然资源局牵头化解。")
    (row,) = await stairs.climbed("hutun.handler", case)
    assert row["points"] == ["十日内现场核实", "书面答复当事人"]
    assert local(row["endedAt"]) == "2026-09-17 15:00"
    assert (await conference.send("leader/IncomingEscalations")).data["incomingEscalations"]["nodes"] == []
    # Its view of the content has ended with the advice; the area still shows it the card.
    assert await conference.visibility(case) == "CARD"


async def test_still_unresolved_the_next_rung_is_proposed_and_raised_by_people(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    conference = stairs.scene.desk("feicheng-lxh.dispatcher")
    stairs.scene.at("2026-09-17 15:00")
    await conference.do("leader/AnswerEscalation", escalationId=escalation, answer="ADVISE", text="牵头化解。")
    before = await stairs.scene.desk("hutun.handler").seen(case)

    await stairs.until("2026-10-08 09:00")
    findings = await stairs.findings("hutun.handler", case)
    (following,) = [each for each in findings if each["rung"] == 2]
    assert (following["toCode"], following["toOffice"]["code"]) == ("CITY_LEADERS", "370983")
    assert (following["isDue"], following["isAutomatic"], following["nextAt"]) == (False, False, None)
    assert following["conditions"][-1]["needed"] == "STILL_UNRESOLVED"

    proposed = await stairs.scene.desk("hutun.handler").do(
        "handler/ProposeEscalation", escalationId=escalation, triggers=["STILL_UNRESOLVED"], reason="研判后仍未化解。"
    )
    assert (proposed["escalation"]["state"], proposed["escalation"]["rung"]) == ("PROPOSED", 2)
    assert proposed["escalation"]["toOffice"]["code"] == "370983"
    # Proposed is not raised: nothing waits for the city leaders yet.
    leader = stairs.scene.desk("feicheng.leader")
    assert (await leader.send("leader/IncomingEscalations")).data["incomingEscalations"]["nodes"] == []

    # The joint conference raises it.
    stairs.scene.at("2026-10-08 11:00")
    raised = await stairs.scene.desk("feicheng-lxh.leader").do(
        "leader/RaiseEscalation", escalationId=proposed["escalation"]["id"]
    )
    assert (raised["escalation"]["state"], local(raised["escalation"]["raisedAt"])) == ("RAISED", "2026-10-08 11:00")
    waiting = (await leader.send("leader/IncomingEscalations")).data["incomingEscalations"]["nodes"]
    assert [each["id"] for each in waiting] == [proposed["escalation"]["id"]]

    after = await stairs.scene.desk("hutun.handler").seen(case)
    assert after["dueOn"] == before["dueOn"] == "2026-09-30", "no escalation moves a limit"
    assert due(after, "HANDLE") == due(before, "HANDLE")
    assert after["holder"]["code"] == HUTUN


async def test_an_application_needs_a_rule_that_names_the_reason(stairs: Stairs) -> None:
    case = await stairs.town_case()
    desk = stairs.scene.desk("hutun.handler")
    given = {"caseId": case, "reason": "理由", "tried": "尝试"}
    assert await desk.refused(APPLY, **given, triggers=["GROUP"]) == "NO_ESCALATION_RULE"
    assert await desk.refused(APPLY, **given, triggers=["MULTI_DEPT", "GROUP"]) == "NO_ESCALATION_RULE"
    assert await desk.refused(APPLY, **given, triggers=["NO_SUCH_REASON"]) == "INVALID_INPUT"
    assert await desk.refused(APPLY, **given, triggers=[]) == "INVALID_INPUT"
    assert await desk.refused(APPLY, **{**given, "tried": " "}, triggers=["MULTI_DEPT"]) == "INVALID_INPUT"
    assert await stairs.climbed("hutun.handler", case) == []
    assert (await desk.seen(case))["orders"]["nodes"] == []


async def test_who_is_not_the_applicant_of_the_rule_does_not_apply(stairs: Stairs) -> None:
    """FC-14 is for towns and departments: the city itself does not apply to its own joint conference."""
    stairs.scene.at("2026-09-08 10:00")
    case = await stairs.registered("feicheng.clerk", "2026-09-08 09:30", placeCode=HUTUN)
    code = await stairs.scene.desk("feicheng.dispatcher").refused(
        APPLY, caseId=case, triggers=["MULTI_DEPT"], reason="理由", tried="尝试"
    )
    assert code == "NO_ESCALATION_RULE"


async def test_a_ladder_is_climbed_once_at_a_time(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    desk = stairs.scene.desk("hutun.handler")
    again = {"caseId": case, "triggers": ["OUT_OF_AUTHORITY"], "reason": "超越职权。", "tried": "已请示。"}
    assert await desk.refused(APPLY, **again) == "ESCALATION_OPEN"
    # Once it is refused, with a reason that is kept, the town may apply again.
    conference = stairs.scene.desk("feicheng-lxh.leader")
    assert (
        await conference.refused("leader/AnswerEscalation", escalationId=escalation, answer="REFUSE") == "INVALID_INPUT"
    )
    await conference.do("leader/AnswerEscalation", escalationId=escalation, answer="REFUSE", text="属镇级职权。")
    stairs.scene.at("2026-09-21 10:00")
    await desk.do(APPLY, **again)
    first, second = await stairs.climbed("hutun.handler", case)
    assert (first["state"], first["outcome"]) == ("REFUSED", "属镇级职权。")
    assert second["state"] == "RAISED"


async def test_the_applicant_withdraws_what_nobody_has_taken(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    desk = stairs.scene.desk("hutun.handler")
    stairs.scene.at("2026-09-15 10:00")
    done = await desk.do("handler/RecallEscalation", escalationId=escalation, reason="已自行协调解决。")
    stairs.scene.at("2026-09-15 10:01")
    assert done["escalation"]["state"] == "RECALLED"
    assert await stairs.scene.desk("feicheng-lxh.dispatcher").visibility(case) == "CARD"
    refused = {"escalationId": escalation, "answer": "ACCEPT"}
    assert (
        await stairs.scene.desk("feicheng-lxh.dispatcher").refused("leader/AnswerEscalation", **refused)
        == "ESCALATION_STEP_REFUSED"
    )


async def test_the_last_rung_has_none_above(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    desk = stairs.scene.desk("hutun.handler")
    reasons = {"triggers": ["STILL_UNRESOLVED"], "reason": "仍未化解。"}
    second = (await desk.do("handler/ProposeEscalation", escalationId=escalation, **reasons))["escalation"]["id"]
    assert await desk.refused("handler/ProposeEscalation", escalationId=escalation, **reasons) == "ESCALATION_OPEN"
    await desk.do("leader/RaiseEscalation", escalationId=second)
    assert await desk.refused("handler/ProposeEscalation", escalationId=second, **reasons) == "NO_FURTHER_RUNG"
    # Only what the rule names takes a matter further.
    assert await stairs.scene.desk("hutun.handler").case(case) is not None


async def test_a_proposal_that_was_withdrawn_can_be_made_again(stairs: Stairs) -> None:
    _, escalation = await _applied(stairs)
    desk = stairs.scene.desk("hutun.handler")
    reasons = {"triggers": ["STILL_UNRESOLVED"], "reason": "仍未化解。"}
    other = {"triggers": ["MULTI_DEPT"], "reason": "多部门。"}
    assert await desk.refused("handler/ProposeEscalation", escalationId=escalation, **other) == "NO_ESCALATION_RULE"
    first = (await desk.do("handler/ProposeEscalation", escalationId=escalation, **reasons))["escalation"]["id"]
    await desk.do("handler/RecallEscalation", escalationId=first, reason="再等等。")
    second = (await desk.do("handler/ProposeEscalation", escalationId=escalation, **reasons))["escalation"]
    assert second["state"] == "PROPOSED"
    assert second["id"] != first


async def test_nobody_outside_learns_of_an_escalation(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    node = await stairs.scene.desk("shiheng.leader").send("shared/Node", id=escalation)
    assert node.data["node"] is None
    answer = {"escalationId": escalation, "answer": "REFUSE", "text": "不予受理。"}
    assert await stairs.scene.desk("shiheng.leader").refused("leader/AnswerEscalation", **answer) == "NOT_FOUND"
    # The superior of the superior sees the card, and answers nothing that was not asked of it.
    assert await stairs.scene.desk("feicheng.leader").refused("leader/AnswerEscalation", **answer) == "NOT_PERMITTED"
    assert await stairs.scene.desk("hutun.clerk").refused("leader/AnswerEscalation", **answer) == "NOT_PERMITTED"
    (row,) = await stairs.climbed("hutun.handler", case)
    assert row["state"] == "RAISED"
