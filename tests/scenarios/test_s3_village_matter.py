"""S3: a village matter from city to town, and a wrong addressee (嘉兴市 3304, 南湖区 330402, 凤桥镇 330402100).

Chain of rules: law-2022, law-zj-2016, zhejiang, jiaxing.
"""

from __future__ import annotations

import asyncio

from support.scenes import Case, Scene, by_book, chain, clock, due, instant, local, matter, notice, stranger


async def k2_with_the_town(scene: Scene) -> tuple[str, dict[str, Case]]:
    """K2 from its registration to the sign-for of 凤桥镇; its id, and the city's or county's view after each step."""
    views: dict[str, Case] = {}
    city, county, town = (
        scene.desk("jiaxing.clerk"),
        scene.desk("nanhu.dispatcher"),
        scene.desk("fengqiao.dispatcher"),
    )

    # 04-15 (Wed) 09:00 joint reception day; registered K2.
    scene.at("2026-04-15 09:00")
    k2 = (await city.do("clerk/RegisterCase", **matter("2026-04-15 09:00")))["case"]["id"]
    views["registered"] = await city.seen(k2)

    # 04-16 10:00 forwarded to 南湖区.
    scene.at("2026-04-16 10:00")
    first = await city.forward(k2, await scene.office("330402"))
    views["forwarded"] = await city.seen(k2)
    scene.at("2026-04-16 12:00")
    views["at noon"] = await city.seen(k2)

    # 04-17 09:00 南湖区 signs.
    scene.at("2026-04-17 09:00")
    await county.sign(first)
    views["signed by the county"] = await county.seen(k2)

    # 04-20 14:00 forwarded to 凤桥镇; 16:00 凤桥镇 signs.
    scene.at("2026-04-20 14:00")
    second = await county.forward(k2, await scene.office("330402100"))
    views["forwarded again"] = await county.seen(k2)
    scene.at("2026-04-20 16:00")
    await town.sign(second)
    views["signed by the town"] = await town.seen(k2)
    return k2, views


async def accepted(scene: Scene, k2: str) -> None:
    """04-22: the handler of 凤桥镇 accepts, the notice is served; the town head takes charge."""
    scene.at("2026-04-22 10:00")
    town, handler = scene.desk("fengqiao.dispatcher"), scene.desk("fengqiao.handler")
    await town.do("dispatcher/AssignHandler", caseId=k2, personId=await handler.person_id())
    await handler.do("handler/AcceptCase", caseId=k2, notice=notice("2026-04-22 09:30"))
    leader = scene.desk("fengqiao.leader")
    await leader.do("leader/AssignLead", caseId=k2, personId=await leader.person_id())


async def test_custody_follows_the_orders_without_gap_or_overlap(scene: Scene) -> None:
    k2, views = await k2_with_the_town(scene)

    now = views["registered"]
    assert (now["stage"], now["holder"]["code"]) == ("REGISTERED", "3304")
    assert due(now, "FORWARD") == "2026-04-22"
    assert now["dueOn"] == "2026-04-22"
    # Five workdays of 浙江; the law alone would give 04-30.
    assert by_book(clock(now, "FORWARD")) == {"law-2022": "2026-04-30", "law-zj-2016": "2026-04-22"}

    # Delivered, and still held by the sender: the receiver has until 04-17 to sign.
    now = views["forwarded"]
    assert (now["stage"], now["holder"]["code"]) == ("IN_TRANSIT", "3304")
    assert due(now, "SIGN_FOR") == "2026-04-17"
    assert due(now, "ACCEPT_NOTICE") == "2026-04-23"
    assert local(clock(now, "FORWARD")["stoppedAt"]) == "2026-04-16 10:00"

    # At 04-16 12:00 the holder is 嘉兴市.
    assert views["at noon"]["holder"]["code"] == "3304"

    now = views["signed by the county"]
    assert (now["stage"], now["holder"]["code"]) == ("SIGNED", "330402")
    assert local(clock(now, "SIGN_FOR")["stoppedAt"]) == "2026-04-17 09:00"
    assert due(now, "ACCEPT_NOTICE") == "2026-04-23"

    now = views["forwarded again"]
    assert (now["stage"], now["holder"]["code"]) == ("IN_TRANSIT", "330402")
    assert by_book(clock(now, "ACCEPT_NOTICE")) == {"law-2022": "2026-05-05", "law-zj-2016": "2026-04-27"}
    assert due(now, "ACCEPT_NOTICE") == "2026-04-27"
    assert clock(now, "ACCEPT_NOTICE")["office"]["code"] == "330402100"

    now = views["signed by the town"]
    assert (now["stage"], now["holder"]["code"]) == ("SIGNED", "330402100")

    # 嘉兴市 [04-15 09:00, 04-17 09:00) · 南湖区 [04-17 09:00, 04-20 16:00) · 凤桥镇 [04-20 16:00, …)
    assert chain(now) == [
        ("3304", "2026-04-15 09:00", "2026-04-17 09:00"),
        ("330402", "2026-04-17 09:00", "2026-04-20 16:00"),
        ("330402100", "2026-04-20 16:00", None),
    ]
    ends = [(each["fromAt"], each["toAt"]) for each in now["custody"]]
    assert [until for _, until in ends[:-1]] == [since for since, _ in ends[1:]]

    # The earlier holders see their own interval.
    assert chain(await scene.desk("jiaxing.clerk").seen(k2)) == [("3304", "2026-04-15 09:00", "2026-04-17 09:00")]


async def test_the_town_handles_extends_once_and_answers_in_time(scene: Scene) -> None:
    k2, _ = await k2_with_the_town(scene)
    await accepted(scene, k2)
    handler, leader = scene.desk("fengqiao.handler"), scene.desk("fengqiao.leader")

    # 04-22 accepted, notice served.
    now = await handler.seen(k2)
    assert (now["stage"], due(now, "HANDLE")) == ("ACCEPTED", "2026-05-22")
    assert by_book(clock(now, "HANDLE")) == {"law-2022": "2026-06-21", "law-zj-2016": "2026-05-22"}
    assert local(clock(now, "ACCEPT_NOTICE")["stoppedAt"]) == "2026-04-22 10:00"
    await handler.do("handler/StartHandling", caseId=k2)

    # 05-18 asks +60 days: EXTENSION_CAP 30 DAY, and nothing moves. Nobody but a leader of the office extends.
    scene.at("2026-05-18 09:00")
    longer = {"caseId": k2, "reason": "案情复杂，需现场勘测", "notice": notice("2026-05-18 08:30")}
    answer = await leader.attempt("leader/ExtendCase", days=60, **longer)
    assert answer.code == "EXTENSION_CAP"
    told = {each["key"]: each["value"] for each in answer.result["details"]}
    assert (told["amount"], told["unit"], told["source"]) == ("30", "DAY", "law-2022 L22-17")
    assert await handler.refused("leader/ExtendCase", days=30, **longer) == "NOT_PERMITTED"
    assert due(await handler.seen(k2), "HANDLE") == "2026-05-22"

    # 05-18 +30 days, approved by the town head, the reason sent to the petitioner.
    extended = await leader.do("leader/ExtendCase", days=30, **longer)
    assert (extended["case"]["stage"], extended["case"]["dueOn"]) == ("HANDLING", "2026-06-21")

    # 05-25 asks a second extension.
    scene.at("2026-05-25 09:00")
    again = longer | {"notice": notice("2026-05-25 08:30")}
    assert await leader.refused("leader/ExtendCase", days=1, **again) == "EXTENSION_ONCE"
    assert due(await handler.seen(k2), "HANDLE") == "2026-06-21"  # a Sunday, not moved

    # 06-18 opinion served, remedies told: on time. The review window ends 07-18 (Sat) and moves to 07-20.
    scene.at("2026-06-18 15:00")
    opinion = {
        "caseId": k2,
        "outcome": "EXPLAINED",
        "text": "经调查，处理意见如下。",
        "legalBasis": "《信访工作条例》第三十二条",
        "servedAt": instant("2026-06-18 14:00"),
    }
    assert await handler.refused("handler/AnswerCase", remedies=" ", **opinion) == "ANSWER_INCOMPLETE"
    await handler.do("handler/AnswerCase", remedies="三十日内可向南湖区人民政府申请复查。", **opinion)
    now = await handler.seen(k2)
    assert (now["stage"], now["isOverdue"]) == ("ANSWERED", False)
    assert clock(now, "HANDLE")["stoppedAt"] < clock(now, "HANDLE")["dueAt"]
    assert due(now, "REVIEW_WINDOW") == "2026-07-20"

    # 南湖区 and 嘉兴市, which held it, now see the answer beside the card.
    for before in ("jiaxing.clerk", "nanhu.dispatcher"):
        seen = await scene.desk(before).seen(k2)
        assert seen["visibility"] == "CARD"
        assert [each["kind"] for each in seen["records"]] == ["HANDLING_OPINION", "LEGAL_BASIS", "REMEDIES"]


async def test_who_sees_the_case_while_the_town_handles_it(scene: Scene) -> None:
    k2, _ = await k2_with_the_town(scene)
    await accepted(scene, k2)
    scene.at("2026-04-28 09:00")

    # 凤桥镇: handler and lead FULL, other staff CARD; its administrator has no right to any case.
    for username in ("fengqiao.handler", "fengqiao.leader"):
        assert await scene.desk(username).visibility(k2) == "FULL", username
    for username in ("fengqiao.clerk", "fengqiao.dispatcher", "fengqiao.supervisor", "fengqiao.auditor"):
        assert await scene.desk(username).visibility(k2) == "CARD", username
    assert await scene.desk("fengqiao.admin").visibility(k2) == "NONE"

    # 南湖区 and 嘉兴市: CARD, and no answer yet.
    for username in ("nanhu.clerk", "nanhu.dispatcher", "nanhu.leader", "jiaxing.clerk", "jiaxing.supervisor"):
        seen = await scene.desk(username).seen(k2)
        assert seen["visibility"] == "CARD", username
        assert (seen["title"], seen["claims"], seen["petitioners"]) == (None, None, None)
        assert seen["records"] in (None, [])
        assert seen["assignee"] is None

    # 余新镇, 海盐, 大星村: NONE, which answers exactly like a case that does not exist.
    for place in ("yuxin", "haiyan", "daxing"):
        for role in ("clerk", "handler", "dispatcher", "leader", "supervisor", "admin", "auditor"):
            desk = scene.desk(f"{place}.{role}")
            for document in ("shared/CaseView", "shared/Node"):
                real, none = await desk.send(document, id=k2), await desk.send(document, id=stranger(k2))
                assert real.raw == none.raw, f"{place}.{role}"
                assert list(real.data.values()) == [None]
            assert k2 not in await desk.inbox()

    # The public sees nothing.
    nobody = await scene.world.post("query Case($id: ID!) { case(id: $id) { id } }", {"id": k2}, {})
    assert nobody.codes == ["UNAUTHENTICATED"]


# ---- Wrong addressee -------------------------------------------------------------------------------------------------


async def k3_with_xiuzhou(scene: Scene, *, signed_at: str = "2026-10-08 09:00") -> tuple[str, str]:
    """K3 registered at 嘉兴市 on 2026-09-29, delivered to 秀洲区 on 09-30 and signed for there; case and order."""
    scene.at("2026-09-29 10:00")
    city = scene.desk("jiaxing.clerk")
    registered = await city.do("clerk/RegisterCase", **matter("2026-09-29 10:00"))
    assert registered["case"]["dueOn"] == "2026-10-12"
    k3 = registered["case"]["id"]
    scene.at("2026-09-30 15:00")
    order = await city.forward(k3, await scene.office("330411"))
    # The holiday from 10-01 to 10-07 has no workday: 10-08 is the first, 10-10 a make-up workday, a Saturday.
    seen = await city.seen(k3)
    assert (due(seen, "SIGN_FOR"), due(seen, "OBJECT")) == ("2026-10-08", "2026-10-13")
    scene.at(signed_at)
    await scene.desk("xiuzhou.dispatcher").sign(order)
    return k3, order


async def test_1_an_objection_is_possible_until_the_fifth_workday(scene: Scene) -> None:
    k3, order = await k3_with_xiuzhou(scene)
    dispatcher = scene.desk("xiuzhou.dispatcher")
    scene.at("2026-10-14 00:00")
    before = await dispatcher.seen(k3)
    answer = await dispatcher.attempt("dispatcher/ObjectToOrder", orderId=order, reason="不属本区")
    assert answer.code == "OBJECTION_LATE"
    assert await dispatcher.seen(k3) == before


async def test_1_the_last_minute_of_the_fifth_workday_is_in_time(scene: Scene) -> None:
    _, order = await k3_with_xiuzhou(scene)
    scene.at("2026-10-13 23:59")
    done = await scene.desk("xiuzhou.dispatcher").do("dispatcher/ObjectToOrder", orderId=order, reason="不属本区")
    assert done["case"]["stage"] == "OBJECTED"


async def objected_and_returned(scene: Scene, order: str, *, returned_at: str) -> Case:
    """Objection on 10-12 with reasons; 嘉兴市 agrees at the time given. The case after it."""
    scene.at("2026-10-12 10:00")
    objected = await scene.desk("xiuzhou.dispatcher").do(
        "dispatcher/ObjectToOrder", orderId=order, reason="涉事地块在南湖区"
    )
    assert (objected["case"]["stage"], objected["case"]["holder"]["code"]) == ("OBJECTED", "330411")
    scene.at(returned_at)
    city = scene.desk("jiaxing.clerk")
    agreed = await city.do("dispatcher/DecideObjection", orderId=order, agree=True)
    assert agreed["case"]["holder"]["code"] == "3304"
    return await city.seen(agreed["case"]["id"])


async def test_2_and_3_an_agreed_return_gives_the_sender_the_next_workday(scene: Scene) -> None:
    k3, order = await k3_with_xiuzhou(scene)
    # 2. 嘉兴市 agrees 10-13: FORWARD due 10-14 (C6).
    back = await objected_and_returned(scene, order, returned_at="2026-10-13 16:00")
    assert (back["stage"], due(back, "FORWARD")) == ("REGISTERED", "2026-10-14")
    # 3. Forwarded to 南湖区 on 10-14: on time.
    scene.at("2026-10-14 17:00")
    city = scene.desk("jiaxing.clerk")
    await city.forward(k3, await scene.office("330402"))
    sorted_ = clock(await city.seen(k3), "FORWARD")
    assert sorted_["isOverdue"] is False
    assert sorted_["breach"] is None
    assert sorted_["stoppedAt"] < sorted_["dueAt"]


async def test_2_the_next_workday_counts_where_the_old_date_has_passed(scene: Scene) -> None:
    _, order = await k3_with_xiuzhou(scene)
    # Agreed on Friday 10-16: the old date was 10-12, the next workday is Monday 10-19.
    back = await objected_and_returned(scene, order, returned_at="2026-10-16 16:00")
    assert due(back, "FORWARD") == "2026-10-19"
    assert back["dueOn"] == "2026-10-19"


async def test_3_forwarding_a_day_later_is_late(scene: Scene) -> None:
    k3, order = await k3_with_xiuzhou(scene)
    await objected_and_returned(scene, order, returned_at="2026-10-13 16:00")
    scene.at("2026-10-15 09:00")
    city = scene.desk("jiaxing.clerk")
    late = await city.seen(k3)
    assert (late["isOverdue"], clock(late, "FORWARD")["isOverdue"]) == (True, True)
    assert k3 in [each["id"] for each in (await city.send("leader/Overdue")).data["cases"]["nodes"]]
    await city.forward(k3, await scene.office("330402"))
    sorted_ = clock(await city.seen(k3), "FORWARD")
    assert (sorted_["dueOn"], local(sorted_["stoppedAt"])) == ("2026-10-14", "2026-10-15 09:00")
    assert (sorted_["breach"]["code"], sorted_["breach"]["days"]) == ("LATE_FORWARD", 1)


async def test_4_a_second_forward_to_the_same_office_needs_a_decision(scene: Scene) -> None:
    k3, order = await k3_with_xiuzhou(scene)
    await objected_and_returned(scene, order, returned_at="2026-10-13 16:00")
    city, xiuzhou = scene.desk("jiaxing.clerk"), await scene.office("330411")
    before = await city.seen(k3)
    assert await city.refused("dispatcher/ForwardCase", caseId=k3, officeId=xiuzhou) == "BOUNCE_NEEDS_DECISION"
    assert await city.seen(k3) == before

    # A party of the dispute does not decide it; 嘉兴市's joint conference does.
    decision = {"caseId": k3, "competentOfficeId": xiuzhou, "reason": "地块权属登记在秀洲区"}
    assert (
        await scene.desk("jiaxing.leader").refused("leader/DecideCompetence", **decision) == "NOT_THE_COMMON_SUPERIOR"
    )
    await scene.desk("jiaxing-lxh.leader").do("leader/DecideCompetence", **decision)
    again = await city.forward(k3, xiuzhou)
    scene.at("2026-10-14 09:00")
    dispatcher = scene.desk("xiuzhou.dispatcher")
    assert (await dispatcher.sign(again))["holder"]["code"] == "330411"
    assert (
        await dispatcher.refused("dispatcher/ObjectToOrder", orderId=again, reason="仍不属本区") == "COMPETENCE_DECIDED"
    )


async def test_5_a_recall_is_possible_until_the_receiver_signs(scene: Scene) -> None:
    scene.at("2026-04-15 09:00")
    city, county = scene.desk("jiaxing.clerk"), scene.desk("nanhu.dispatcher")
    nanhu = await scene.office("330402")
    case = (await city.do("clerk/RegisterCase", **matter("2026-04-15 09:00")))["case"]["id"]
    scene.at("2026-04-16 10:00")
    first = await city.forward(case, nanhu)
    assert await county.visibility(case) == "CONTENT"

    # Between delivery and sign-for: custody never left, and the clock of sorting runs again with the days left.
    scene.at("2026-04-16 15:00")
    recalled = await city.do("dispatcher/RecallOrder", orderId=first)
    assert (recalled["order"]["state"], recalled["case"]["stage"]) == ("RECALLED", "REGISTERED")
    now = await city.seen(case)
    assert chain(now) == [("3304", "2026-04-15 09:00", None)]
    assert clock(now, "FORWARD")["stoppedAt"] is None
    assert due(now, "FORWARD") == "2026-04-22"
    assert await scene.desk("nanhu.clerk").visibility(case) == "NONE"
    assert await scene.desk("nanhu.clerk").refused("dispatcher/SignForCase", orderId=first) == "NOT_FOUND"

    # After sign-for.
    second = await city.forward(case, nanhu)
    scene.at("2026-04-17 09:00")
    await county.sign(second)
    assert await city.refused("dispatcher/RecallOrder", orderId=second) == "RECALL_TOO_LATE"
    assert (await county.seen(case))["holder"]["code"] == "330402"


async def test_5_of_two_simultaneous_sign_fors_one_succeeds(scene: Scene) -> None:
    scene.at("2026-04-15 09:00")
    city = scene.desk("jiaxing.clerk")
    case = (await city.do("clerk/RegisterCase", **matter("2026-04-15 09:00")))["case"]["id"]
    order = await city.forward(case, await scene.office("330402"))
    scene.at("2026-04-16 09:00")
    rivals = [scene.desk(name) for name in ("nanhu.dispatcher", "nanhu.clerk", "nanhu.handler")]
    for each in rivals:
        await each.person_id()  # logged in before, so that the requests meet at the case
    answers = await asyncio.gather(*(each.attempt("dispatcher/SignForCase", orderId=order) for each in rivals))
    assert sorted(str(answer.code) for answer in answers) == ["CONFLICT", "CONFLICT", "None"]
    winner = next(desk for desk, answer in zip(rivals, answers, strict=True) if answer.code is None)
    assert (await winner.seen(case))["assignee"]["id"] == await winner.person_id()
    # One custody row was written.
    assert chain(await winner.seen(case)) == [
        ("3304", "2026-04-15 09:00", "2026-04-16 09:00"),
        ("330402", "2026-04-16 09:00", None),
    ]
