"""S6: month-born month-closed, raised review, one list two deliveries (肥城 370983, 湖屯镇 370983105).

Chain of rules: law-2022, law-sd-2015, feicheng. C3 is the city leader linked to 湖屯镇, C5 the one linked to 石横镇.
"""

from __future__ import annotations

from typing import Any

from support.scenes import Case, Scene, by_book, chain, clock, due, instant, local, matter, notice

TOWN, UNIT, CONFERENCE, CITY = "370983105", "370983-zrzy", "370983-lxh", "370983"
C3, C5 = "feicheng.leader3", "feicheng.leader5"
ADVISER = "feicheng-lxh.leader"


async def registered(scene: Scene) -> str:
    """09-08: a first-time matter at 湖屯镇."""
    scene.at("2026-09-08 09:00")
    done = await scene.desk("hutun.clerk").do(
        "clerk/RegisterCase", **matter("2026-09-08 09:00", placeCode=TOWN, title="宅基地界址长期未定")
    )
    return str(done["case"]["id"])


async def raised(scene: Scene) -> str:
    """09-10 accepted, 09-14 raised for advice; the id of the case."""
    case = await registered(scene)
    clerk, handler = scene.desk("hutun.clerk"), scene.desk("hutun.handler")
    scene.at("2026-09-10 10:00")
    await scene.desk("hutun.leader").do("dispatcher/AssignHandler", caseId=case, personId=await handler.person_id())
    await handler.do("handler/AcceptCase", caseId=case, notice=notice("2026-09-10 09:30"))
    await handler.do("handler/StartHandling", caseId=case)
    assert await clerk.visibility(case) == "CARD"
    scene.at("2026-09-14 10:00")
    asked = await handler.do(
        "handler/AskAdvice",
        caseId=case,
        officeId=await scene.office(CONFERENCE),
        instruction="涉及多部门，申请提级研判。",
    )
    scene.at("2026-09-17 14:30")
    await scene.desk(ADVISER).do("leader/GiveAdvice", orderId=asked["order"]["id"], text="由自然资源部门负责化解。")
    return case


async def list_input(scene: Scene, case: str, **changes: Any) -> dict[str, Any]:
    """The responsibility list of the scenario: unit, leader, handler."""
    return {
        "caseId": case,
        "solvingOfficeId": await scene.office(UNIT),
        "leadPersonId": await scene.desk("feicheng-zrzy.leader").person_id(),
        "handlerPersonId": await scene.desk("feicheng-zrzy.handler").person_id(),
        "instruction": "重点事项，限期化解。",
        **changes,
    }


async def delivered(scene: Scene) -> tuple[str, dict[str, Any]]:
    """09-17 15:00: the list was delivered to the unit and to C3; the case and what the adviser was answered."""
    case = await raised(scene)
    scene.at("2026-09-17 15:00")
    done = await scene.desk(ADVISER).do("dispatcher/DeliverList", **await list_input(scene, case))
    return case, done


async def with_the_unit(scene: Scene) -> str:
    """09-18 09:00: the unit has signed."""
    case, done = await delivered(scene)
    scene.at("2026-09-18 09:00")
    await scene.desk("feicheng-zrzy.dispatcher").sign(done["order"]["id"])
    return case


async def overdue(scene: Scene) -> str:
    """10-01 00:00: not answered."""
    case = await with_the_unit(scene)
    scene.at("2026-10-01 00:00")
    await scene.work()
    return case


async def oversight(scene: Scene, username: str, case: str) -> Case:
    """What somebody sees of the list, the supervisions and the timeliness."""
    found: Case = (await scene.desk(username).send("shared/CaseOversight", id=case)).data["case"]
    return found


def layers(shown: Case) -> dict[str, tuple[str, str | None, int]]:
    """Timeliness, last day and days late, by measure."""
    return {each["measure"]: (each["timeliness"], each["dueOn"], each["daysLate"]) for each in shown["timeliness"]}


async def test_the_month_rules_and_the_law_runs_beside_it(scene: Scene) -> None:
    case = await registered(scene)
    now = await scene.desk("hutun.clerk").seen(case)
    assert now["isFirstTime"]
    assert by_book(clock(now, "HANDLE")) == {"feicheng": "2026-09-30"}
    scene.at("2026-09-10 10:00")
    await scene.desk("hutun.clerk").do("handler/AcceptCase", caseId=case, notice=notice("2026-09-10 09:30"))
    now = await scene.desk("hutun.clerk").seen(case)
    dues = {book: day for each in now["clocks"] if each["kind"] == "HANDLE" for book, day in by_book(each).items()}
    assert dues == {"feicheng": "2026-09-30", "law-2022": "2026-11-09"}
    assert now["dueOn"] == "2026-09-30"


async def test_advice_leaves_custody_and_limits_alone(scene: Scene) -> None:
    case = await raised(scene)
    now = await scene.desk("hutun.handler").seen(case)
    assert (now["stage"], now["holder"]["code"], now["dueOn"]) == ("HANDLING", TOWN, "2026-09-30")
    assert [each["kind"] for each in now["records"]][-1] == "ADVICE"


async def test_one_list_is_delivered_to_the_unit_and_to_the_linked_leader(scene: Scene) -> None:
    case, done = await delivered(scene)
    assert (done["case"]["stage"], done["case"]["holder"]["code"]) == ("IN_TRANSIT", TOWN)
    order = done["order"]
    assert (order["kind"], order["sender"]["code"], order["receiver"]["code"]) == ("KEY_ASSIGN", CONFERENCE, UNIT)
    found = done["responsibilityList"]
    assert (found["solvingUnit"]["code"], found["deliveredBy"]["code"]) == (UNIT, CONFERENCE)
    assert found["leadLeader"]["id"] == await scene.desk("feicheng-zrzy.leader").person_id()
    assert found["namedHandler"]["id"] == await scene.desk("feicheng-zrzy.handler").person_id()
    assert [each["id"] for each in found["linkedLeaders"]] == [await scene.desk(C3).person_id()]
    assert (found["book"], found["rule"]) == ("feicheng", "FC-16")
    assert local(found["deliveredAt"]) == "2026-09-17 15:00"

    # Both have it, at the same instant: the order waits at the unit, C3 sees card and list, also in the list of cases.
    assert await scene.desk("feicheng-zrzy.dispatcher").incoming() == [order["id"]]
    assert (await oversight(scene, "feicheng-zrzy.handler", case))["responsibilityList"] == found
    assert await scene.desk(C3).visibility(case) == "CARD"
    assert (await oversight(scene, C3, case))["responsibilityList"] == found
    assert await scene.desk(C3).inbox() == [case]

    # C5, and the other town, receive nothing and see nothing.
    for nobody in (C5, "shiheng.dispatcher", "shiheng.leader"):
        assert await scene.desk(nobody).case(case) is None, nobody
        assert await scene.desk(nobody).inbox() == [], nobody

    # The duty of FC-17 was met by it.
    duties = (
        await scene.desk("feicheng-xfj.leader").send(
            "clerk/ReportEventDuties", officeId=await scene.office("370983-xfj")
        )
    ).data["reportEventDuties"]["nodes"]
    assert [(each["name"], each["event"], each["state"], each["rule"]) for each in duties] == [
        ("ONE_LIST_TWO_DELIVERIES", "KEY_CASE_ASSIGNED", "MET", "FC-17")
    ]


async def test_if_either_delivery_fails_neither_is_made(scene: Scene) -> None:
    """INV-32"""
    case = await raised(scene)
    scene.at("2026-09-17 14:50")
    adviser, admin = scene.desk(ADVISER), scene.desk("feicheng.admin")
    links = (await adviser.send("shared/LiaisonLinks", officeId=await scene.office(TOWN))).data["liaisonLinks"]["nodes"]
    await admin.do("admin/EndLink", linkId=links[0]["id"])
    stored = [
        f"select count(*) from {table} where case_id = %s"
        for table in (
            "custody_order",
            "case_grant",
            "ledger_event",
            "clock_event",
            "timer",
            "responsibility_list",
            "outbox",
        )
    ]
    key = (await scene.facts("select id from cases"))[0][0]
    before = [await scene.facts(each, key) for each in stored]
    seen = await scene.desk("hutun.handler").seen(case)

    # The unit would get it, the linked leader cannot: nobody gets anything.
    scene.at("2026-09-17 15:00")
    assert await adviser.refused("dispatcher/DeliverList", **await list_input(scene, case)) == "LEADER_NOT_LINKED"
    assert [await scene.facts(each, key) for each in stored] == before
    assert await scene.desk("hutun.handler").seen(case) == seen
    assert await scene.desk("feicheng-zrzy.dispatcher").incoming() == []
    assert await scene.desk("feicheng-zrzy.dispatcher").case(case) is None

    # The linked leader would get it, the unit cannot.
    await admin.do("admin/LinkLeader", personId=await scene.desk(C3).person_id(), areaId=await scene.office(TOWN))
    for changes in (
        {"leadPersonId": await scene.desk("hutun.leader").person_id()},
        {"handlerPersonId": await scene.desk("hutun.handler").person_id()},
    ):
        refused = await adviser.refused("dispatcher/DeliverList", **await list_input(scene, case, **changes))
        assert refused == "NOT_RESPONSIBLE"
    outside = await list_input(scene, case, solvingOfficeId=await scene.office("330402-zrzy"))
    assert await adviser.refused("dispatcher/DeliverList", **outside) in ("WRONG_LEVEL", "NOT_RESPONSIBLE")
    assert [await scene.facts(each, key) for each in stored] == before
    assert await scene.desk(C3).case(case) is None

    # Nobody below delivers lists, and nobody at the side.
    assert await scene.desk("hutun.dispatcher").refused("dispatcher/DeliverList", **await list_input(scene, case)) in (
        "NO_LIST_RULE",
        "NOT_PERMITTED",
    )
    assert (
        await scene.desk("shiheng.dispatcher").refused("dispatcher/DeliverList", **await list_input(scene, case))
        == "NOT_FOUND"
    )

    await adviser.do("dispatcher/DeliverList", **await list_input(scene, case))
    assert await scene.desk(C3).visibility(case) == "CARD"


async def test_the_unit_signs_and_no_limit_moves(scene: Scene) -> None:
    case, done = await delivered(scene)
    before = (await scene.desk("feicheng-zrzy.dispatcher").seen(case))["clocks"]
    scene.at("2026-09-18 09:00")
    await scene.desk("feicheng-zrzy.dispatcher").sign(done["order"]["id"])
    handler = scene.desk("feicheng-zrzy.handler")
    now = await handler.seen(case)
    assert (now["stage"], now["holder"]["code"], now["visibility"]) == ("HANDLING", UNIT, "FULL")
    assert now["assignee"]["id"] == await handler.person_id()
    assert now["lead"]["id"] == await scene.desk("feicheng-zrzy.leader").person_id()
    assert chain(now) == [
        (TOWN, "2026-09-08 09:00", "2026-09-18 09:00"),
        (UNIT, "2026-09-18 09:00", None),
    ]
    handling = [each for each in now["clocks"] if each["kind"] == "HANDLE"]
    assert [each["dueAt"] for each in handling] == [each["dueAt"] for each in before if each["kind"] == "HANDLE"]
    assert all(each["stoppedAt"] is None for each in handling)
    assert now["dueOn"] == "2026-09-30"


async def test_when_the_month_ends_a_supervision_opens_and_nothing_moves(scene: Scene) -> None:
    case = await with_the_unit(scene)
    scene.at("2026-09-30 23:59")
    await scene.work()
    handler = scene.desk("feicheng-zrzy.handler")
    assert (await oversight(scene, "feicheng-zrzy.handler", case))["supervisions"] == []

    scene.at("2026-10-01 00:00")
    await scene.work()
    now = await handler.seen(case)
    assert (now["isOverdue"], now["dueOn"], now["stage"], now["holder"]["code"]) == (
        True,
        "2026-09-30",
        "HANDLING",
        UNIT,
    )
    assert {due(now, "HANDLE")} | {each["dueOn"] for each in now["clocks"] if each["kind"] == "HANDLE"} == {
        *("2026-09-30", "2026-11-09"),
    }
    events = (await handler.send("shared/CaseTimeline", id=case)).data["case"]["timeline"]["nodes"]
    late = [each for each in events if each["type"] == "clock.overdue"]
    assert ['"layer": "OFFICE"' in each["facts"] for each in late] == [True]
    (pressed,) = [each for each in events if each["type"] == "case.supervised"]
    assert '"trigger": "OVERDUE"' in pressed["facts"]
    assert local(pressed["at"]) == "2026-10-01 00:00"

    shown = await oversight(scene, "feicheng-zrzy.handler", case)
    (found,) = shown["supervisions"]
    assert (found["trigger"], found["state"]) == ("OVERDUE", "OPEN")
    assert (found["supervisor"]["code"], found["supervised"]["code"]) == ("370983-xfj", UNIT)
    assert (found["book"], found["rule"]) == ("law-2022", "L22-28")
    assert (found["lateClock"], found["lateLayer"], found["lateOn"]) == ("HANDLE", "OFFICE", "2026-09-30")
    # The law of 2022 gives no number for the reply: no limit of its own runs.
    assert found["replyDueAt"] is None
    assert not [each for each in now["clocks"] if each["kind"] == "ORDER"]
    assert layers(shown) == {"LAW": ("RUNNING", "2026-11-09", 0), "OFFICE": ("LATE", "2026-09-30", 1)}

    # Doing it again changes nothing; the petition office finds it in its list.
    await scene.work()
    assert len((await oversight(scene, "feicheng-zrzy.handler", case))["supervisions"]) == 1
    supervisor = scene.desk("feicheng-xfj.supervisor")
    listed = (await supervisor.send("supervisor/Supervisions", officeId=await scene.office("370983-xfj"))).data
    assert [each["case"]["id"] for each in listed["supervisions"]["nodes"]] == [case]

    # The holder replies in writing.
    scene.at("2026-10-09 10:00")
    (order,) = [each for each in now["orders"]["nodes"] if each["kind"] == "SUPERVISE"]
    await handler.do("handler/ReplyToSupervision", orderId=order["id"], text="界址已测绘，十月底前答复。")
    (found,) = (await oversight(scene, "feicheng-zrzy.handler", case))["supervisions"]
    assert (found["state"], local(found["repliedAt"])) == ("REPLIED", "2026-10-09 10:00")


async def test_answered_on_time_by_the_law_and_28_days_late_by_the_month(scene: Scene) -> None:
    case = await overdue(scene)
    scene.at("2026-10-28 10:00")
    await scene.desk("feicheng-zrzy.handler").do(
        "handler/AnswerCase",
        caseId=case, outcome="SUPPORTED", text="支持诉求，确定界址。", legalBasis="《土地管理法》第十四条",
        remedies="可在三十日内申请复查。", servedAt=instant("2026-10-28 09:30"),
    )  # fmt: skip
    shown = await oversight(scene, "feicheng-zrzy.handler", case)
    assert layers(shown) == {"LAW": ("ON_TIME", "2026-11-09", 0), "OFFICE": ("LATE", "2026-09-30", 28)}

    scene.at("2026-10-28 10:05")
    leader = scene.desk("feicheng.leader")
    asked = {"officeId": await scene.office(CITY), "code": "ON_TIME_CLOSURE_RATE"}
    rates = (await leader.send("supervisor/MetricValue", **asked, fromOn="2026-10-01", toOn="2026-10-31")).data
    parts = {each["measure"]: each for each in rates["metricValue"]["parts"]}
    assert (parts["LAW"]["value"], parts["LAW"]["onTime"], parts["LAW"]["closed"]) == (1.0, 1, 1)
    assert (parts["OFFICE"]["value"], parts["OFFICE"]["onTime"], parts["OFFICE"]["closed"]) == (0.0, 0, 1)
    assert rates["metricValue"]["metric"]["mayBeTarget"]
    assert local(rates["metricValue"]["asOfAt"]) == "2026-10-28 10:05"
    # At the end of September it was open and not late; on the first of October it was overdue and open.
    rates = (await leader.send("supervisor/MetricValue", **asked, fromOn="2026-09-01", toOn="2026-09-30")).data
    parts = {each["measure"]: each for each in rates["metricValue"]["parts"]}
    assert [(each["closed"], each["overdueOpen"]) for each in parts.values()] == [(0, 0), (0, 1)]
    # Those who do not count the area are told nothing.
    for nobody in (C3, "hutun.handler", "shiheng.leader"):
        found = await scene.desk(nobody).send("supervisor/MetricValue", **asked, fromOn="2026-10-01", toOn="2026-10-31")
        assert found.data["metricValue"] is None, nobody


async def test_who_sees_what_on_the_second_of_october(scene: Scene) -> None:
    case = await overdue(scene)
    scene.at("2026-10-02 10:00")
    assert await scene.desk("feicheng-zrzy.handler").visibility(case) == "FULL"

    # 湖屯镇: card and its own part, not the list.
    town = await scene.desk("hutun.handler").seen(case)
    assert town["visibility"] == "CARD"
    assert [each["office"]["code"] for each in town["custody"]] == [TOWN]
    assert (await oversight(scene, "hutun.handler", case))["responsibilityList"] is None

    # C3: card and list; nothing of content, history, orders or who handles it otherwise.
    leader = await scene.desk(C3).seen(case)
    assert leader["visibility"] == "CARD"
    assert (leader["title"], leader["records"], leader["assignee"], leader["custody"]) == (None, None, None, [])
    assert leader["orders"]["nodes"] == []
    shown = await oversight(scene, C3, case)
    assert shown["responsibilityList"]["solvingUnit"]["code"] == UNIT
    assert shown["supervisions"] == []
    assert await scene.desk(C3).refused("supervisor/RecordReason", caseId=case, reason="想了解内容") == "NOT_PERMITTED"

    # The joint conference office: card, content with a recorded reason.
    adviser = scene.desk(ADVISER)
    assert (await adviser.seen(case))["visibility"] == "CARD"
    await adviser.do("supervisor/RecordReason", caseId=case, reason="跟踪研判意见落实情况")
    assert (await adviser.seen(case))["visibility"] == "FULL"

    # 石横镇 and C5: nothing.
    for nobody in ("shiheng.leader", "shiheng.dispatcher", C5):
        assert await scene.desk(nobody).visibility(case) == "NONE", nobody
        assert (await scene.desk(nobody).send("shared/CaseOversight", id=case)).data["case"] is None

    # No list contains any unit but the one that solves the matter.
    asked = '{ __type(name: "ResponsibilityList") { fields { name } } }'
    answered = await (await scene.world.login(ADVISER))(asked)
    names = {each["name"] for each in answered.data["__type"]["fields"]}
    assert names == {
        *("solvingUnit", "leadLeader", "namedHandler", "linkedLeaders"),
        *("deliveredAt", "deliveredBy", "order", "book", "bookVersion", "rule"),
    }


async def test_the_link_ends_and_with_it_what_the_leader_sees(scene: Scene) -> None:
    case = await with_the_unit(scene)
    scene.at("2026-09-20 10:00")
    (link,) = (await scene.desk(C3).send("shared/LiaisonLinks", officeId=await scene.office(TOWN))).data[
        "liaisonLinks"
    ]["nodes"]
    assert link["leader"]["id"] == await scene.desk(C3).person_id()
    assert await scene.desk("hutun.leader").refused("admin/EndLink", linkId=link["id"]) == "NOT_PERMITTED"
    await scene.desk("feicheng.leader").do("admin/EndLink", linkId=link["id"])
    assert await scene.desk(C3).visibility(case) == "NONE"
    assert await scene.desk(C3).inbox() == []
    assert await scene.desk("feicheng.leader").refused("admin/EndLink", linkId=link["id"]) == "LINK_ENDED"
