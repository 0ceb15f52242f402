"""Orders dealt with twice, too late, from the wrong side or by two people at once."""

from __future__ import annotations

import asyncio

from bad_input.conftest import ORDER, Probe


async def test_a_stale_version_is_refused_and_names_the_present_one(probe: Probe) -> None:
    case_id, county = await probe.register(), await probe.office("330402")
    for version in (0, 2, -1, 2_147_483_647, -2_147_483_648):
        answer = await probe.refused(
            "jiaxing.dispatcher", "caseForward", "STALE_VERSION",
            caseId=case_id, officeId=county, expectedVersion=version,
        )  # fmt: skip
        assert "read it again" in answer.result["message"]
    await probe.done("jiaxing.dispatcher", "caseForward", caseId=case_id, officeId=county, expectedVersion=1)


async def test_a_case_is_signed_for_once_and_only_by_its_addressee(probe: Probe) -> None:
    case_id = await probe.register()
    order_id = await probe.forward("jiaxing.clerk", case_id, "330402")
    await probe.refused("jiaxing.dispatcher", "caseSignFor", "NOT_PERMITTED", orderId=order_id)
    await probe.refused("xiuzhou.dispatcher", "caseSignFor", "NOT_FOUND", orderId=order_id)
    await probe.sign("nanhu.dispatcher", order_id)
    await probe.refused("nanhu.dispatcher", "caseSignFor", "CONFLICT", orderId=order_id)
    await probe.refused("nanhu.clerk", "caseSignFor", "CONFLICT", orderId=order_id)


async def test_what_was_signed_for_is_not_recalled(probe: Probe) -> None:
    case_id = await probe.register()
    order_id = await probe.forward("jiaxing.clerk", case_id, "330402")
    await probe.refused("nanhu.dispatcher", "caseRecall", "NOT_PERMITTED", orderId=order_id)
    await probe.sign("nanhu.dispatcher", order_id)
    await probe.refused("jiaxing.clerk", "caseRecall", "RECALL_TOO_LATE", orderId=order_id)


async def test_what_was_recalled_is_neither_signed_for_nor_recalled_again(probe: Probe) -> None:
    case_id = await probe.register()
    order_id = await probe.forward("jiaxing.clerk", case_id, "330402")
    await probe.done("jiaxing.clerk", "caseRecall", selection=ORDER, orderId=order_id)
    for who, name in (("nanhu.dispatcher", "caseSignFor"), ("jiaxing.clerk", "caseRecall")):
        answer = await probe.attempt(who, name, orderId=order_id)
        assert answer.code in {"CONFLICT", "NOT_FOUND", "TRANSITION_REFUSED"}, answer.body


async def test_a_case_on_its_way_is_not_sent_again(probe: Probe) -> None:
    case_id = await probe.register()
    await probe.forward("jiaxing.clerk", case_id, "330402")
    target = await probe.office("330411")
    answer = await probe.refused(
        "jiaxing.dispatcher", "caseForward", "TRANSITION_REFUSED", caseId=case_id, officeId=target
    )
    allowed = {each["key"]: each["value"] for each in answer.result["details"]}["allowed"]
    assert "RECALL" in allowed and "<" not in allowed


async def test_an_objection_has_a_reason_and_comes_in_time(probe: Probe) -> None:
    case_id = await probe.register()
    order_id = await probe.forward("jiaxing.clerk", case_id, "330402")
    desk = "nanhu.dispatcher"
    await probe.refused(desk, "caseObject", "NOT_PERMITTED", orderId=order_id, reason="不属于本区管辖")
    await probe.sign(desk, order_id)
    for reason in ("", "   ", "\n\t", "\u3000"):
        await probe.refused(
            desk, "caseObject", "INVALID_INPUT", at="reason", problem="REQUIRED", orderId=order_id, reason=reason
        )
    await probe.refused("jiaxing.clerk", "caseObject", "NOT_PERMITTED", orderId=order_id, reason="不属于本区管辖")
    probe.world.dial.to("2026-03-10 09:00")
    await probe.refused(desk, "caseObject", "OBJECTION_LATE", orderId=order_id, reason="不属于本区管辖")


async def test_the_same_two_offices_do_not_bounce_a_case_twice(probe: Probe) -> None:
    case_id = await probe.register()
    order_id = await probe.forward("jiaxing.clerk", case_id, "330402")
    await probe.sign("nanhu.dispatcher", order_id)
    await probe.done("nanhu.dispatcher", "caseObject", selection=ORDER, orderId=order_id, reason="不属于本区管辖")
    await probe.refused("nanhu.dispatcher", "caseObjectionDecide", "NOT_PERMITTED", orderId=order_id, agree=True)
    await probe.refused(
        "jiaxing.dispatcher", "caseObjectionDecide", "INVALID_INPUT", at="reason", orderId=order_id, agree=False
    )
    await probe.done("jiaxing.dispatcher", "caseObjectionDecide", selection=ORDER, orderId=order_id, agree=True)
    await probe.refused("jiaxing.dispatcher", "caseObjectionDecide", "CONFLICT", orderId=order_id, agree=True)
    target = await probe.office("330402")
    await probe.refused("jiaxing.dispatcher", "caseForward", "BOUNCE_NEEDS_DECISION", caseId=case_id, officeId=target)
    await probe.refused("nanhu.dispatcher", "caseObject", "NOT_PERMITTED", orderId=order_id, reason="不属于本区管辖")


async def test_without_a_dispute_there_is_nothing_to_refer_or_decide(probe: Probe) -> None:
    case_id, order_id = await probe.arrived("fengqiao.dispatcher")
    await probe.refused(
        "fengqiao.dispatcher", "caseDisputeRefer", "NO_DISPUTE", orderId=order_id, reason="请上级指定管辖"
    )
    await probe.refused("nanhu.dispatcher", "caseObjectionDecide", "CONFLICT", orderId=order_id, agree=True)
    own = await probe.office("330402100")
    await probe.refused(
        "jiaxing.dispatcher", "caseCompetenceDecide", "NO_DISPUTE",
        caseId=case_id, competentOfficeId=own, reason="指定由凤桥镇办理",
    )  # fmt: skip


async def test_of_two_forwards_at_once_one_goes_out(probe: Probe) -> None:
    case_id = await probe.register()
    targets = [await probe.office(code) for code in ("330402", "330411", "330424", "330402", "330411")]
    answers = await asyncio.gather(
        *(
            probe.send("jiaxing.dispatcher", "caseForward", selection=ORDER, caseId=case_id, officeId=target)
            for target in targets
        )
    )
    assert sorted(str(each.code) for each in answers) == ["None", *["TRANSITION_REFUSED"] * 4]
    orders = await probe.rows("select receiver_id from custody_order where kind = 'FORWARD'")
    assert len(orders) == 1


async def test_of_two_forwards_on_one_version_the_later_is_told_to_read_again(probe: Probe) -> None:
    case_id = await probe.register()
    targets = [await probe.office(code) for code in ("330402", "330411")]
    answers = await asyncio.gather(
        *(
            probe.send("jiaxing.dispatcher", "caseForward", caseId=case_id, officeId=target, expectedVersion=1)
            for target in targets
        )
    )
    assert sorted(str(each.code) for each in answers) == ["None", "STALE_VERSION"]


async def test_of_signing_and_recalling_at_once_exactly_one_happens(probe: Probe) -> None:
    for _ in range(6):
        case_id = await probe.register()
        order_id = await probe.forward("jiaxing.clerk", case_id, "330402")
        signed, recalled = await asyncio.gather(
            probe.send("nanhu.dispatcher", "caseSignFor", orderId=order_id),
            probe.send("jiaxing.dispatcher", "caseRecall", orderId=order_id),
        )
        assert (signed.code is None) != (recalled.code is None), (signed.body, recalled.body)
        assert {signed.code, recalled.code} - {None} <= {
            "CONFLICT", "RECALL_TOO_LATE", "NOT_FOUND", "TRANSITION_REFUSED",
        }  # fmt: skip
        ((holder, state),) = await probe.rows(
            "select o.code, r.state from custody_order r join cases c on c.id = r.case_id"
            " join office o on o.id = c.holder_id order by r.sent_at desc limit 1"
        )
        assert (holder, state) in {("330402", "SIGNED"), ("3304", "RECALLED")}


async def test_of_many_who_sign_at_once_one_succeeds(probe: Probe) -> None:
    case_id = await probe.register()
    order_id = await probe.forward("jiaxing.clerk", case_id, "330402")
    staff = ("nanhu.clerk", "nanhu.dispatcher", "nanhu.clerk", "nanhu.dispatcher")
    answers = await asyncio.gather(*(probe.send(who, "caseSignFor", orderId=order_id) for who in staff))
    assert sorted(str(each.code) for each in answers) == ["CONFLICT", "CONFLICT", "CONFLICT", "None"]
    assert await probe.rows("select count(*) from custody") == [(2,)]
