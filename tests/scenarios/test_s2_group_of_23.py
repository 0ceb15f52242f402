"""S2: a group of 23 at the petition office of 东乌旗 152525: registration, leader in charge, custody, sight.

Not here: attendance of the units, duty checklists and monthly reports, which are no matter of cases and custody.
"""

from __future__ import annotations

from support.scenes import Scene, chain, clock, due, instant, local, matter, notice, stranger

#: Units U1 林业和草原局, U2 自然资源局; town T 乌里雅斯太镇; leaders L1 (education) and L2 (land and pasture).
BUREAU, U1, U2, T = "152525-xfj", "152525-lcj", "152525-zrzy", "152525100"
L1, L2 = "dongwuqi-xfj.leader", "dongwuqi-xfj.leader2"


def herders(number: int) -> list[dict[str, str]]:
    """Representatives of the group."""
    return [{"name": f"牧民代表{each}", "phone": f"1390479000{each}"} for each in range(number)]


async def registered(scene: Scene) -> str:
    """Step 2: K1 with five representatives of 23, at 09:22."""
    scene.at("2026-03-18 09:22")
    done = await scene.desk("dongwuqi-xfj.clerk").do("clerk/RegisterCase", **visit(5))
    return str(done["case"]["id"])


def visit(representatives: int) -> dict[str, object]:
    """A group of 23 about pasture compensation, in the hall since 09:20."""
    return matter(
        "2026-03-18 09:20",
        title="草场补偿",
        petitioners=herders(representatives),
        groupSize=23,
        field="GRASSLAND",
        placeCode="152525100",
    )


async def led(scene: Scene, k1: str) -> None:
    """Step 7: L1 hands over to L2 at 09:50."""
    first, second = scene.desk(L1), scene.desk(L2)
    scene.at("2026-03-18 09:25")
    await first.do("leader/AssignLead", caseId=k1, personId=await first.person_id())
    scene.at("2026-03-18 09:50")
    done = await first.do("leader/AssignLead", caseId=k1, personId=await second.person_id(), reason="OUT_OF_PORTFOLIO")
    assert done["case"]["holder"]["code"] == BUREAU


async def assigned(scene: Scene, k1: str) -> str:
    """Step 8: assigned to U1 at 10:30, U2 assists, T is informed; the order to U1."""
    scene.at("2026-03-18 10:30")
    clerk = scene.desk("dongwuqi-xfj.clerk")
    order = await clerk.do(
        "dispatcher/AssignCase",
        caseId=k1,
        officeId=await scene.office(U1),
        instruction="核实草场补偿标准并答复",
        reportDueAt=instant("2026-05-29 18:00"),
    )
    assert (order["case"]["stage"], order["case"]["holder"]["code"]) == ("IN_TRANSIT", BUREAU)
    await clerk.do("dispatcher/AssistCase", caseId=k1, officeId=await scene.office(U2), instruction="提供草场权属资料")
    await clerk.do("dispatcher/CopyCase", caseId=k1, officeId=await scene.office(T))
    return str(order["order"]["id"])


async def test_1_a_sixth_representative_is_refused_and_nothing_is_stored(scene: Scene) -> None:
    scene.at("2026-03-18 09:20")
    answer = await scene.desk("dongwuqi-xfj.clerk").attempt("clerk/RegisterCase", **visit(6))
    assert answer.code == "REPRESENTATIVES_MAX"
    assert await scene.desk("dongwuqi-xfj.clerk").inbox() == []
    for table in ("cases", "matter", "registration", "petitioner", "ledger_event", "custody", "clock_event"):
        assert await scene.facts(f"select count(*) from {table}") == [(0,)], table  # names from the line above


async def test_2_five_representatives_speak_for_the_group(scene: Scene) -> None:
    k1 = await registered(scene)
    now = await scene.desk("dongwuqi-xfj.clerk").seen(k1)
    assert (now["stage"], now["holder"]["code"]) == ("REGISTERED", BUREAU)
    assert local(now["registeredAt"]) == "2026-03-18 09:22"
    assert local(now["receivedAt"]) == "2026-03-18 09:20"
    assert now["groupSize"] == 23
    assert due(now, "FORWARD") == "2026-04-02"
    assert clock(now, "FORWARD")["limit"]["amount"] == 15

    # Stored identities: 5, each masked where they are not asked for with a purpose.
    assert [each["isRepresentative"] for each in now["petitioners"]] == [True] * 5
    assert all("牧民代表" not in each["maskedName"] for each in now["petitioners"])
    assert await scene.facts("select count(*) from petitioner") == [(5,)]


async def test_7_the_lead_changes_and_custody_does_not(scene: Scene) -> None:
    k1 = await registered(scene)
    await led(scene, k1)
    clerk, second = scene.desk("dongwuqi-xfj.clerk"), scene.desk(L2)
    now = await clerk.seen(k1)
    assert now["lead"]["id"] == await second.person_id()
    assert chain(now) == [(BUREAU, "2026-03-18 09:22", None)]
    assert now["assignee"]["id"] == await clerk.person_id()
    assert (await scene.desk(L1).visibility(k1), await second.visibility(k1)) == ("CARD", "FULL")
    timeline = (await second.send("shared/CaseTimeline", id=k1)).data["case"]["timeline"]["nodes"]
    changes = [each for each in timeline if each["type"] == "lead.assigned"]
    assert [(local(each["at"]), each["reason"]) for each in changes] == [
        ("2026-03-18 09:25", None),
        ("2026-03-18 09:50", "OUT_OF_PORTFOLIO"),
    ]


async def test_8_and_9_custody_moves_at_the_sign_for(scene: Scene) -> None:
    k1 = await registered(scene)
    await led(scene, k1)
    order = await assigned(scene, k1)

    # 8. Still held by the bureau; the unit owes the notice 15 days after delivery.
    now = await scene.desk("dongwuqi-xfj.clerk").seen(k1)
    assert (now["stage"], now["holder"]["code"]) == ("IN_TRANSIT", BUREAU)
    assert due(now, "ACCEPT_NOTICE") == "2026-04-02"
    assert due(now, "ORDER") == "2026-05-29"
    assert due(now, "SIGN_FOR") == "2026-03-19"

    # 9. U1 signs at 10:45:00.
    scene.at("2026-03-18 10:45")
    handler = scene.desk("dongwuqi-lcj.handler")
    signed = await handler.sign(order)
    assert (signed["stage"], signed["holder"]["code"]) == ("SIGNED", U1)
    assert chain(await handler.seen(k1)) == [
        (BUREAU, "2026-03-18 09:22", "2026-03-18 10:45"),
        (U1, "2026-03-18 10:45", None),
    ]


async def test_10_the_unit_accepts_and_the_handling_limit_begins(scene: Scene) -> None:
    k1 = await registered(scene)
    order = await assigned(scene, k1)
    scene.at("2026-03-18 10:45")
    handler = scene.desk("dongwuqi-lcj.handler")
    await handler.sign(order)
    scene.at("2026-03-20 10:00")
    accepted = await handler.do("handler/AcceptCase", caseId=k1, notice=notice("2026-03-20 09:00"))
    assert (accepted["case"]["stage"], accepted["case"]["dueOn"]) == ("ACCEPTED", "2026-05-19")
    now = await handler.seen(k1)
    assert due(now, "HANDLE") == "2026-05-19"
    assert local(clock(now, "ACCEPT_NOTICE")["stoppedAt"]) == "2026-03-20 10:00"


async def test_who_sees_the_case_after_step_9(scene: Scene) -> None:
    k1 = await registered(scene)
    await led(scene, k1)
    order = await assigned(scene, k1)
    scene.at("2026-03-18 10:45")
    await scene.desk("dongwuqi-lcj.handler").sign(order)

    # U1's handler and L2, who stays in charge of what was assigned: FULL.
    assert await scene.desk("dongwuqi-lcj.handler").visibility(k1) == "FULL"
    assert await scene.desk(L2).visibility(k1) == "FULL"
    assert await scene.desk("dongwuqi-lcj.leader").visibility(k1) == "CARD"
    # U2: CONTENT, with masked names.
    for username in ("dongwuqi-zrzy.handler", "dongwuqi-zrzy.dispatcher", "dongwuqi-zrzy.leader"):
        seen = await scene.desk(username).seen(k1)
        assert (seen["visibility"], seen["title"]) == ("CONTENT", "草场补偿"), username
        assert all("牧民代表" not in each["maskedName"] for each in seen["petitioners"])
    assert (
        await scene.desk("dongwuqi-zrzy.handler").refused("shared/ReadIdentity", caseId=k1, purpose="核对申请人")
        == "NOT_PERMITTED"
    )
    # 旗信访局: CARD and its own part.
    clerk = scene.desk("dongwuqi-xfj.clerk")
    seen = await clerk.seen(k1)
    assert (seen["visibility"], seen["title"]) == ("CARD", None)
    assert chain(seen) == [(BUREAU, "2026-03-18 09:22", "2026-03-18 10:45")]
    assert await clerk.events(k1) == [
        "case.registered",
        "lead.assigned",
        "lead.assigned",
        "case.assigned",
        "order.delivered",
        "case.assisted",
        "order.delivered",
        "case.copied",
        "order.delivered",
    ]
    # T: CARD, it was informed.
    for role in ("clerk", "handler", "dispatcher", "leader"):
        assert await scene.desk(f"wuliyasitai.{role}").visibility(k1) == "CARD", role
    # Other sumu: NONE.
    for role in ("clerk", "dispatcher", "leader"):
        desk = scene.desk(f"huretunaoer.{role}")
        real = await desk.send("shared/CaseView", id=k1)
        assert real.raw == (await desk.send("shared/CaseView", id=stranger(k1))).raw
        assert await desk.visibility(k1) == "NONE"
        assert await desk.inbox() == []
