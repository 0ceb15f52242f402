"""The way back: a take-up is signed for, refused, handed back with points, or kept; nested ones unwind in order."""

from __future__ import annotations

from typing import Any

from support.ladders import Stairs
from support.scenes import chain, due, notice

TOWN, COUNTY, CITY = "330402100", "330402-xfj", "3304-xfj"
APPLY = "handler/ApplyForEscalation"
#: The county takes up what exceeds the town; from there it goes to the city.
RUNGS = [{"to": "COUNTY", "gives": "TAKE_UP"}, {"to": "CITY", "gives": "TAKE_UP"}]
LADDER: dict[str, Any] = {
    "trigger": ["OUT_OF_AUTHORITY", "MULTI_DEPT"],
    "ladder": ["TOWN", "COUNTY", "CITY"],
    "next_when": ["STILL_UNRESOLVED"],
    "rungs": RUNGS,
}
POINTS = ["核实宗地边界", "组织双方调解"]


async def _applied(stairs: Stairs, **ladder: Any) -> tuple[str, str]:
    """凤桥镇 handles a matter since 04-22 and has applied on 04-27 for the county to take it up."""
    stairs.scene.at("2026-04-01 09:00")
    await stairs.ladder("nanhu.admin", "330402", "NH-91", **(LADDER | ladder))
    stairs.scene.at("2026-04-15 09:00")
    case = await stairs.registered("fengqiao.clerk", "2026-04-15 08:30")
    stairs.scene.at("2026-04-22 10:00")
    await stairs.handled("fengqiao.dispatcher", "fengqiao.handler", case, "2026-04-22 09:30")
    stairs.scene.at("2026-04-27 10:00")
    done = await stairs.scene.desk("fengqiao.handler").do(
        APPLY, caseId=case, triggers=["OUT_OF_AUTHORITY"], reason="超出镇级权限。", tried="已调解两次。"
    )
    return case, done["escalation"]["id"]


async def _taken(stairs: Stairs) -> tuple[str, str]:
    """The county has signed on 04-28."""
    case, escalation = await _applied(stairs)
    stairs.scene.at("2026-04-28 09:00")
    done = await stairs.scene.desk("nanhu-xfj.dispatcher").do(
        "leader/AnswerEscalation", escalationId=escalation, answer="ACCEPT"
    )
    assert (done["escalation"]["state"], done["case"]["holder"]["code"]) == ("TAKEN", COUNTY)
    return case, escalation


async def test_the_county_takes_the_case_and_hands_it_back_with_points(stairs: Stairs) -> None:
    case, escalation = await _taken(stairs)
    county, town = stairs.scene.desk("nanhu-xfj.dispatcher"), stairs.scene.desk("fengqiao.dispatcher")
    before = await county.seen(case)
    assert (before["stage"], due(before, "HANDLE")) == ("HANDLING", "2026-05-22")

    stairs.scene.at("2026-05-06 10:00")
    done = await county.do("dispatcher/HandBackCase", caseId=case, points=POINTS)
    assert (done["case"]["stage"], done["case"]["holder"]["code"]) == ("IN_TRANSIT", COUNTY)
    assert (done["escalation"]["state"], done["escalation"]["points"]) == ("HANDED_BACK", POINTS)
    assert (done["order"]["kind"], done["order"]["receiver"]["code"]) == ("HAND_BACK", TOWN)
    (told,) = await stairs.notices(TOWN, "HANDED_BACK")
    assert told["state"] == "HANDED_BACK"

    stairs.scene.at("2026-05-06 15:00")
    seen = await town.sign(done["order"]["id"])
    assert (seen["stage"], seen["holder"]["code"]) == ("HANDLING", TOWN)
    await town.do(
        "dispatcher/AssignHandler", caseId=case, personId=await stairs.scene.desk("fengqiao.handler").person_id()
    )
    after = await stairs.scene.desk("fengqiao.handler").seen(case)
    assert due(after, "HANDLE") == "2026-05-22", "neither way moves the limit"
    assert chain(after) == [
        (TOWN, "2026-04-15 09:00", "2026-04-28 09:00"),
        (COUNTY, "2026-04-28 09:00", "2026-05-06 15:00"),
        (TOWN, "2026-05-06 15:00", None),
    ]
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert (row["id"], row["state"], row["points"]) == (escalation, "CLOSED", POINTS)
    assert row["backOrder"]["state"] == "SIGNED"
    events = await stairs.scene.desk("fengqiao.handler").events(case)
    assert [each for each in events if each.startswith("escalation.")] == [
        "escalation.raised", "escalation.accepted", "escalation.handed_back", "escalation.returned",
    ]  # fmt: skip


async def test_a_hand_back_needs_points_and_a_take_up(stairs: Stairs) -> None:
    case, _ = await _taken(stairs)
    county = stairs.scene.desk("nanhu-xfj.dispatcher")
    assert await county.refused("dispatcher/HandBackCase", caseId=case, points=[]) == "INVALID_INPUT"
    assert await county.refused("dispatcher/HandBackCase", caseId=case, points=["a" * 201]) == "INVALID_INPUT"
    assert await county.refused("dispatcher/HandBackCase", caseId=case, points=["x"] * 21) == "INVALID_INPUT"
    stairs.scene.at("2026-04-28 10:00")
    other = await stairs.registered("nanhu-xfj.clerk", "2026-04-28 09:30")
    assert await county.refused("dispatcher/HandBackCase", caseId=other, points=POINTS) == "NOT_TAKEN_UP"
    assert await stairs.scene.desk("fengqiao.dispatcher").refused(
        "dispatcher/HandBackCase", caseId=case, points=POINTS
    ) == "NOT_PERMITTED"  # fmt: skip


async def test_what_is_handed_back_is_not_objected_to(stairs: Stairs) -> None:
    case, _ = await _taken(stairs)
    stairs.scene.at("2026-05-06 10:00")
    done = await stairs.scene.desk("nanhu-xfj.dispatcher").do("dispatcher/HandBackCase", caseId=case, points=POINTS)
    town = stairs.scene.desk("fengqiao.dispatcher")
    await town.sign(done["order"]["id"])
    refused = {"orderId": done["order"]["id"], "reason": "不归本镇。"}
    assert await town.refused("dispatcher/ObjectToOrder", **refused) == "TRANSITION_REFUSED"


async def test_nobody_signs_and_the_case_is_back_all_the_same(stairs: Stairs) -> None:
    case, _ = await _taken(stairs)
    stairs.scene.at("2026-05-06 10:00")
    await stairs.scene.desk("nanhu-xfj.dispatcher").do("dispatcher/HandBackCase", caseId=case, points=POINTS)
    await stairs.until("2026-05-08 00:00")
    seen = await stairs.scene.desk("fengqiao.dispatcher").seen(case)
    assert (seen["holder"]["code"], seen["stage"]) == (TOWN, "HANDLING")
    (row,) = await stairs.climbed("fengqiao.dispatcher", case)
    assert row["state"] == "CLOSED"


async def test_a_refused_take_up_leaves_the_case_where_it_was(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    stairs.scene.at("2026-04-28 09:00")
    done = await stairs.scene.desk("nanhu-xfj.leader").do(
        "leader/AnswerEscalation", escalationId=escalation, answer="REFUSE", text="属镇级职权，请依法处理。"
    )
    assert done["escalation"]["state"] == "REFUSED"
    handler = stairs.scene.desk("fengqiao.handler")
    seen = await handler.seen(case)
    assert (seen["stage"], seen["holder"]["code"], due(seen, "HANDLE")) == ("HANDLING", TOWN, "2026-05-22")
    assert [(each["kind"], each["state"]) for each in seen["orders"]["nodes"]] == [("TAKE_UP", "REFUSED")]
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert row["outcome"] == "属镇级职权，请依法处理。"
    # Nobody signs for it later, and the county does not answer twice.
    order = seen["orders"]["nodes"][0]["id"]
    assert await stairs.scene.desk("nanhu-xfj.handler").attempt("dispatcher/SignForCase", orderId=order)
    again = {"escalationId": escalation, "answer": "ACCEPT"}
    assert await stairs.scene.desk("nanhu-xfj.leader").refused("leader/AnswerEscalation", **again) == (
        "ESCALATION_STEP_REFUSED"
    )
    await stairs.until("2026-05-10 00:00")
    assert (await handler.seen(case))["holder"]["code"] == TOWN


async def test_signing_for_the_order_is_accepting(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    order = (await stairs.scene.desk("fengqiao.handler").seen(case))["orders"]["nodes"][0]["id"]
    stairs.scene.at("2026-04-28 09:00")
    await stairs.scene.desk("nanhu-xfj.handler").sign(order)
    (row,) = await stairs.climbed("nanhu-xfj.handler", case)
    assert (row["id"], row["state"]) == (escalation, "TAKEN")


async def test_who_applied_for_a_take_up_may_take_it_back_before_it_is_signed(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs)
    order = (await stairs.scene.desk("fengqiao.handler").seen(case))["orders"]["nodes"][0]["id"]
    stairs.scene.at("2026-04-27 15:00")
    await stairs.scene.desk("fengqiao.handler").do("dispatcher/RecallOrder", orderId=order)
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert (row["id"], row["state"]) == (escalation, "RECALLED")
    assert (await stairs.scene.desk("fengqiao.handler").seen(case))["stage"] == "HANDLING"


async def _nested(stairs: Stairs) -> tuple[str, str, str]:
    """The city has taken from the county what the county had taken from the town."""
    case, first = await _taken(stairs)
    county = stairs.scene.desk("nanhu-xfj.leader")
    stairs.scene.at("2026-05-06 10:00")
    second = (
        await county.do(
            "handler/ProposeEscalation", escalationId=first, triggers=["STILL_UNRESOLVED"], reason="区级仍难化解。"
        )
    )["escalation"]["id"]
    await county.do("leader/RaiseEscalation", escalationId=second)
    stairs.scene.at("2026-05-07 09:00")
    city = stairs.scene.desk("jiaxing-xfj.dispatcher")
    done = await city.do("leader/AnswerEscalation", escalationId=second, answer="ACCEPT")
    assert done["case"]["holder"]["code"] == CITY
    return case, first, second


async def test_nested_take_ups_come_back_in_order(stairs: Stairs) -> None:
    case, first, second = await _nested(stairs)
    county, city = stairs.scene.desk("nanhu-xfj.dispatcher"), stairs.scene.desk("jiaxing-xfj.dispatcher")
    # The county has nothing to close or to hand back while the city has the case.
    closing = {"escalationId": first, "reason": "已办结。"}
    assert await county.refused("supervisor/CloseEscalation", **closing) == "NOT_PERMITTED"
    await city.do("dispatcher/CopyCase", caseId=case, officeId=await stairs.scene.office(COUNTY))
    stairs.scene.at("2026-05-07 10:00")
    assert await county.refused("supervisor/CloseEscalation", **closing) == "ESCALATION_NESTED"
    assert await county.refused("dispatcher/HandBackCase", caseId=case, points=POINTS) == "NOT_PERMITTED"

    stairs.scene.at("2026-05-08 09:00")
    order = (await city.do("dispatcher/HandBackCase", caseId=case, points=["市级已协调"]))["order"]
    assert order["receiver"]["code"] == COUNTY, "it comes back to where the city took it from"
    stairs.scene.at("2026-05-08 10:00")
    await county.sign(order["id"])
    states = {each["id"]: each["state"] for each in await stairs.climbed("nanhu-xfj.dispatcher", case)}
    assert states == {first: "TAKEN", second: "CLOSED"}

    stairs.scene.at("2026-05-08 11:00")
    order = (await county.do("dispatcher/HandBackCase", caseId=case, points=POINTS))["order"]
    assert order["receiver"]["code"] == TOWN
    await stairs.scene.desk("fengqiao.dispatcher").sign(order["id"])
    states = {each["id"]: each["state"] for each in await stairs.climbed("fengqiao.dispatcher", case)}
    assert states == {first: "CLOSED", second: "CLOSED"}


async def test_who_closes_a_take_up_keeps_the_case(stairs: Stairs) -> None:
    case, first, second = await _nested(stairs)
    stairs.scene.at("2026-05-08 09:00")
    city = stairs.scene.desk("jiaxing-xfj.dispatcher")
    await city.do("supervisor/CloseEscalation", escalationId=second, reason="由市局直接办结。")
    states = {each["id"]: each["state"] for each in await stairs.climbed("jiaxing-xfj.dispatcher", case)}
    assert states == {first: "CLOSED", second: "CLOSED"}, "the county has nothing to hand back any more"
    assert (await city.seen(case))["holder"]["code"] == CITY
    assert await city.refused("dispatcher/HandBackCase", caseId=case, points=POINTS) == "NOT_TAKEN_UP"


async def test_an_ordinary_order_ends_what_could_be_handed_back(stairs: Stairs) -> None:
    """The county sends the case on by an ordinary order instead: the take-up is over."""
    case, escalation = await _taken(stairs)
    stairs.scene.at("2026-05-06 10:00")
    county = stairs.scene.desk("nanhu-xfj.dispatcher")
    government = await stairs.scene.office("330402")
    sent = await county.do("handler/HandOverCase", caseId=case, officeId=government, instruction="请区政府办理。")
    (row,) = await stairs.climbed("nanhu-xfj.dispatcher", case)
    assert row["state"] == "TAKEN", "it is still the county that holds it"
    await stairs.scene.desk("nanhu.dispatcher").sign(sent["order"]["id"])
    (row,) = await stairs.climbed("nanhu-xfj.dispatcher", case)
    assert (row["id"], row["state"]) == (escalation, "CLOSED")


async def test_a_take_up_without_a_rule_has_the_same_way_back(stairs: Stairs) -> None:
    """``caseTakeUp`` on the superior's own initiative, and ``caseEscalate`` on the holder's."""
    stairs.scene.at("2026-04-15 09:00")
    case = await stairs.registered("fengqiao.clerk", "2026-04-15 08:30")
    stairs.scene.at("2026-04-16 09:00")
    county = stairs.scene.desk("nanhu.dispatcher")
    await county.do("dispatcher/TakeUpCase", caseId=case, reason="影响面广，区里直接办理。")
    (row,) = await stairs.climbed("nanhu.dispatcher", case)
    assert (row["rule"], row["gives"], row["state"]) == (None, "TAKE_UP", "TAKEN")
    stairs.scene.at("2026-04-17 09:00")
    done = await county.do("dispatcher/HandBackCase", caseId=case, points=POINTS)
    await stairs.scene.desk("fengqiao.dispatcher").sign(done["order"]["id"])
    (row,) = await stairs.climbed("fengqiao.dispatcher", case)
    assert row["state"] == "CLOSED"

    stairs.scene.at("2026-04-20 09:00")
    sent = await stairs.scene.desk("fengqiao.dispatcher").do(
        "dispatcher/EscalateCase", caseId=case, officeId=await stairs.scene.office("330402"), instruction="请区里办理。"
    )
    await county.sign(sent["order"]["id"])
    _, row = await stairs.climbed("nanhu.dispatcher", case)
    assert (row["state"], row["toOffice"]["code"]) == ("TAKEN", "330402")


async def test_an_accepted_matter_stays_accepted_on_its_way(stairs: Stairs) -> None:
    """Taken up between acceptance and inquiry: nobody accepts it twice, and handling goes on where it arrives."""
    stairs.scene.at("2026-04-15 09:00")
    case = await stairs.registered("fengqiao.clerk", "2026-04-15 08:30")
    stairs.scene.at("2026-04-22 10:00")
    handler = stairs.scene.desk("fengqiao.handler")
    await stairs.scene.desk("fengqiao.dispatcher").do(
        "dispatcher/AssignHandler", caseId=case, personId=await handler.person_id()
    )
    await handler.do("handler/AcceptCase", caseId=case, notice=notice("2026-04-22 09:30"))
    county = stairs.scene.desk("nanhu.dispatcher")
    stairs.scene.at("2026-04-23 10:00")
    await county.do("dispatcher/TakeUpCase", caseId=case, reason="区里直接办理。")
    seen = await county.seen(case)
    assert (seen["stage"], due(seen, "HANDLE")) == ("HANDLING", "2026-05-22")


async def test_when_the_case_ends_nothing_waits(stairs: Stairs) -> None:
    case, escalation = await _applied(stairs, rungs=[{"to": "COUNTY", "gives": "ADVISE"}])
    stairs.scene.at("2026-04-28 09:00")
    await stairs.scene.desk("fengqiao.handler").do(
        "clerk/WithdrawCase", caseId=case, statement="本人自愿撤回。", signedAt="2026-04-28T08:30:00+08:00"
    )
    (row,) = await stairs.climbed("fengqiao.handler", case)
    assert (row["id"], row["state"]) == (escalation, "CLOSED")
