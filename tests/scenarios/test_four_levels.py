"""Cases that move between city, county, town and village, from registration to the answer that the first office reads.

嘉兴市 3304 > 南湖区 330402 > 凤桥镇 330402100 > 大星村 330402100204.
"""

from __future__ import annotations

from support.scenes import Scene, chain, due, instant, local, matter, notice


async def test_a_case_goes_from_city_to_town_and_its_answer_is_read_in_the_city(scene: Scene) -> None:
    county, town, village = [await scene.office(code) for code in ("330402", "330402100", "330402100204")]

    # The city registers and sends down.
    scene.at("2026-03-02 09:00")
    clerk = scene.desk("jiaxing.clerk")
    registered = await clerk.do("clerk/RegisterCase", **matter("2026-03-02 08:40"))
    case = registered["case"]["id"]
    assert registered["isPassedOn"] is False
    assert (registered["case"]["stage"], registered["case"]["holder"]["code"]) == ("REGISTERED", "3304")
    assert registered["case"]["dueOn"] == "2026-03-09"
    scene.at("2026-03-02 11:00")
    first = await clerk.forward(case, county, instruction="请依法办理")

    # The county finds it among its orders, signs and sends on.
    scene.at("2026-03-03 09:00")
    dispatcher = scene.desk("nanhu.dispatcher")
    assert await dispatcher.incoming() == [first]
    assert (await dispatcher.sign(first))["holder"]["code"] == "330402"
    assert await dispatcher.incoming() == []
    second = await dispatcher.forward(case, town)

    # The town signs, gives it to a handler, accepts and handles it with the village's help.
    scene.at("2026-03-04 10:00")
    await scene.desk("fengqiao.dispatcher").sign(second)
    handler = scene.desk("fengqiao.handler")
    assert await handler.visibility(case) == "CARD"
    await scene.desk("fengqiao.dispatcher").do(
        "dispatcher/AssignHandler", caseId=case, personId=await handler.person_id()
    )
    assert await handler.visibility(case) == "FULL"
    assert await handler.inbox() == [case]
    scene.at("2026-03-05 15:00")
    accepted = await handler.do("handler/AcceptCase", caseId=case, notice=notice("2026-03-05 14:30"))
    assert (accepted["case"]["stage"], accepted["case"]["dueOn"]) == ("ACCEPTED", "2026-04-04")
    await handler.do("handler/StartHandling", caseId=case)
    helping = await handler.do("dispatcher/AssistCase", caseId=case, officeId=village, instruction="请核实积水地段")
    scene.at("2026-03-09 09:00")
    neighbour = scene.desk("daxing.handler")
    assert await neighbour.visibility(case) == "CONTENT"
    assert (await neighbour.seen(case))["title"] == "村道积水"
    await neighbour.do("handler/ContributeToCase", orderId=helping["order"]["id"], text="积水地段共三处，已拍照。")
    scene.at("2026-03-10 09:00")
    recorded = await handler.do("handler/RecordHandling", caseId=case, kind="INQUIRY", text="现场勘查，排水沟堵塞。")
    assert recorded["case"]["stage"] == "HANDLING"

    # The opinion is served; the petitioner's window begins.
    scene.at("2026-03-20 16:00")
    answered = await handler.do(
        "handler/AnswerCase",
        caseId=case,
        outcome="SUPPORTED",
        text="四月底前疏通排水沟并修复路面。",
        legalBasis="《浙江省农村公路条例》",
        remedies="三十日内可向南湖区人民政府申请复查。",
        servedAt=instant("2026-03-20 15:00"),
    )
    assert answered["case"]["stage"] == "ANSWERED"
    assert local(answered["case"]["answeredAt"]) == "2026-03-20 15:00"

    # The city, which held it first, reads the answer, but not what was said and recorded on the way.
    read = await clerk.seen(case)
    assert read["visibility"] == "CARD"
    assert [each["kind"] for each in read["records"]] == ["HANDLING_OPINION", "LEGAL_BASIS", "REMEDIES"]
    assert read["records"][0]["text"] == "四月底前疏通排水沟并修复路面。"
    assert (read["title"], read["claims"], read["petitioners"]) == (None, None, None)
    assert await clerk.events(case) == [
        "case.registered",
        "case.forwarded",
        "order.delivered",
        "case.answered",
    ]

    # One chain, without a gap.
    assert chain(await handler.seen(case)) == [
        ("3304", "2026-03-02 09:00", "2026-03-03 09:00"),
        ("330402", "2026-03-03 09:00", "2026-03-04 10:00"),
        ("330402100", "2026-03-04 10:00", None),
    ]

    # Carried out, closed, archived.
    scene.at("2026-04-28 09:00")
    assert (
        await handler.refused("handler/CloseCase", caseId=case, ground="AGREEMENT_PERFORMED")
        == "EXECUTION_NOT_RECORDED"
    )
    await handler.do("handler/RecordExecution", caseId=case, text="排水沟已疏通，路面已修复。")
    closed = await handler.do("handler/CloseCase", caseId=case, ground="AGREEMENT_PERFORMED")
    assert closed["case"]["stage"] == "CLOSED"
    archived = await scene.desk("fengqiao.clerk").do("clerk/ArchiveCase", caseId=case)
    assert archived["case"]["stage"] == "ARCHIVED"


async def test_a_case_sent_to_the_wrong_county_comes_back_and_goes_elsewhere(scene: Scene) -> None:
    xiuzhou, nanhu = await scene.office("330411"), await scene.office("330402")
    scene.at("2026-03-02 09:00")
    clerk = scene.desk("jiaxing.clerk")
    case = (await clerk.do("clerk/RegisterCase", **matter("2026-03-02 09:00")))["case"]["id"]
    wrong = await clerk.forward(case, xiuzhou)
    scene.at("2026-03-03 09:00")
    dispatcher = scene.desk("xiuzhou.dispatcher")
    await dispatcher.sign(wrong)
    objected = await dispatcher.do("dispatcher/ObjectToOrder", orderId=wrong, reason="地块位于南湖区凤桥镇")
    assert (objected["case"]["stage"], objected["case"]["holder"]["code"]) == ("OBJECTED", "330411")

    # The sender agrees: the case is back at once, and the wrong addressee is an earlier holder.
    scene.at("2026-03-04 09:00")
    returned = await clerk.do("dispatcher/DecideObjection", orderId=wrong, agree=True)
    assert (returned["case"]["stage"], returned["case"]["holder"]["code"]) == ("REGISTERED", "3304")
    assert returned["order"]["state"] == "RETURNED"
    assert await dispatcher.visibility(case) == "CARD"
    assert await scene.desk("xiuzhou.handler").refused(
        "handler/AcceptCase", caseId=case, notice={"contactUnknown": True}
    ) in ("NOT_PERMITTED",)

    right = await clerk.forward(case, nanhu)
    scene.at("2026-03-05 09:00")
    signed = await scene.desk("nanhu.dispatcher").sign(right)
    assert (signed["stage"], signed["holder"]["code"]) == ("SIGNED", "330402")
    assert chain(await scene.desk("nanhu.dispatcher").seen(case)) == [
        ("3304", "2026-03-02 09:00", "2026-03-03 09:00"),
        ("330411", "2026-03-03 09:00", "2026-03-04 09:00"),
        ("3304", "2026-03-04 09:00", "2026-03-05 09:00"),
        ("330402", "2026-03-05 09:00", None),
    ]


async def test_the_county_takes_a_case_up_from_the_town(scene: Scene) -> None:
    scene.at("2026-03-02 09:00")
    town = scene.desk("fengqiao.clerk")
    case = (await town.do("clerk/RegisterCase", **matter("2026-03-02 09:00")))["case"]["id"]
    await town.do("handler/AcceptCase", caseId=case, notice=notice("2026-03-02 09:00"))
    await town.do("handler/StartHandling", caseId=case)
    assert due(await town.seen(case), "HANDLE") == "2026-04-01"

    # Two levels up is one too many; the level right above takes it, and the limit goes on.
    scene.at("2026-03-16 10:00")
    city = scene.desk("jiaxing.dispatcher")
    assert await city.refused("dispatcher/TakeUpCase", caseId=case, reason="涉及多个部门") == "WRONG_LEVEL"
    county = scene.desk("nanhu.dispatcher")
    assert await county.visibility(case) == "CARD"
    taken = await county.do("dispatcher/TakeUpCase", caseId=case, reason="涉及多个部门")
    assert (taken["case"]["stage"], taken["case"]["holder"]["code"]) == ("HANDLING", "330402")
    assert taken["case"]["dueOn"] == "2026-04-01"
    assert await county.visibility(case) == "FULL"
    assert await town.visibility(case) == "CARD"
    assert await town.refused("handler/RecordHandling", caseId=case, kind="INQUIRY", text="再查") == "NOT_PERMITTED"
    await county.do("handler/RecordHandling", caseId=case, kind="CONSULTATION", text="会商三部门。")
    scene.at("2026-04-10 10:00")
    await county.do(
        "handler/AnswerCase",
        caseId=case,
        outcome="EXPLAINED",
        text="说明情况。",
        legalBasis="《信访工作条例》",
        remedies="三十日内可向嘉兴市人民政府申请复查。",
        servedAt=instant("2026-04-10 09:00"),
    )
    assert chain(await county.seen(case)) == [
        ("330402100", "2026-03-02 09:00", "2026-03-16 10:00"),
        ("330402", "2026-03-16 10:00", None),
    ]
    assert (await town.seen(case))["records"][0]["kind"] == "HANDLING_OPINION"
