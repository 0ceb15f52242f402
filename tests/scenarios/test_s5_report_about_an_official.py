"""S5: a report about a town official (诸暨市 330681, 枫桥镇 330681109, 栎桥村 330681109295).

On 2026-07-06 (Mon), online, an accusation against P, a deputy head of 枫桥镇, reaches 诸暨市信访局; the informant does
not agree that the name is shown. R2 of the bureau is a relative of P; R1 is the registrar in charge. Zhejiang forwards
in five workdays, sooner than the law alone.
"""

from __future__ import annotations

from typing import Any

from caseway.gql import ids
from support.scenes import Desk, Scene, chain, due, entry, instant, local, stranger

BUREAU, BODY, TOWN = "330681-xfj", "330681-jw", "330681109"
P, R1, R2 = "zhuji-fengqiao.deputy", "zhuji-xfj.clerk", "zhuji-xfj.dispatcher"
INFORMANT = "举报人甲"


async def report(scene: Scene, **changes: Any) -> dict[str, Any]:
    """The accusation as an input: against P, unless the test says otherwise."""
    accused = {"personIds": [await scene.desk(P).person_id()]}
    return {
        "entry": entry(
            "2026-07-06 08:30",
            channel="NETWORK",
            title="反映镇干部问题",
            claim="反映枫桥镇某副镇长在项目发包中违反规定。",
            petitioners=[{"name": INFORMANT, "phone": "13900005678"}],
            nameConsent=False,
        ),
        "petitionClass": "ACCUSATION",
        "field": "CADRE_CONDUCT",
        "placeCode": TOWN,
        "accused": accused,
        **changes,
    }


async def registered(scene: Scene) -> str:
    """Step 1, and what is given: R2 opens the report, declares the interest at once, and R1 is in charge."""
    scene.at("2026-07-06 09:00")
    second = scene.desk(R2)
    case = str((await second.do("clerk/RegisterCase", **await report(scene)))["case"]["id"])
    scene.at("2026-07-06 09:05")
    declared = await second.do("shared/RecuseFromCase", caseId=case, reason="本人系被反映人亲属")
    assert declared["case"] is None
    return case


async def handed_over(scene: Scene) -> str:
    """Step 5: on 07-07 R1 hands it over to the discipline body, which signs for it."""
    case = await registered(scene)
    scene.at("2026-07-07 10:00")
    done = await scene.desk(R1).do("clerk/HandOverAccusation", caseId=case, officeId=await scene.office(BODY))
    scene.at("2026-07-07 15:00")
    await scene.desk("zhuji-jw.handler").sign(done["order"]["id"])
    return case


async def test_1_the_accused_office_and_person_are_stored_at_intake(scene: Scene) -> None:
    case = await registered(scene)
    now = await scene.desk(R1).seen(case)
    assert (now["stage"], now["holder"]["code"], now["petitionClass"]) == ("REGISTERED", BUREAU, "ACCUSATION")
    assert due(now, "FORWARD") == "2026-07-13"
    ((offices, persons, barred),) = await scene.facts(
        "select accused_office_ids, accused_person_ids, barred from cases"
    )
    town = ids.decode_number("Office", await scene.office(TOWN))
    official = ids.decode_number("Person", await scene.desk(P).person_id())
    relative = ids.decode_number("Person", await scene.desk(R2).person_id())
    assert (offices, persons) == ([town], [official])
    assert set(barred) == {town, -official, -relative}


async def test_2_to_4_it_goes_nowhere_but_to_the_competent_body(scene: Scene) -> None:
    case = await registered(scene)
    first = scene.desk(R1)
    before = await first.seen(case)
    for code, refusal in (
        # 2. The accused office. 3. Its subordinate village.
        ("330681109", "ROUTE_TO_ACCUSED"),
        ("330681109295", "ROUTE_TO_ACCUSED"),
        # 4. A sibling town, or any other office that is not the discipline body of the place.
        ("330681103", "NO_COMPETENCE"),
        ("330681110", "NO_COMPETENCE"),
        ("330681", "NO_COMPETENCE"),
        ("3306-xfj", "NO_COMPETENCE"),
        ("330402-jw", "NO_COMPETENCE"),
    ):
        to = {"caseId": case, "officeId": await scene.office(code)}
        assert await first.refused("dispatcher/ForwardCase", **to) == refusal, code
        assert await first.refused("clerk/HandOverAccusation", **to) == refusal, code
        assert await first.refused("dispatcher/AssistCase", instruction="", **to) == refusal, code
        assert await first.refused("dispatcher/CopyCase", **to) == refusal, code
    assert await first.seen(case) == before


async def test_5_the_discipline_body_signs_and_the_bureau_keeps_a_stub(scene: Scene) -> None:
    case = await handed_over(scene)
    handler, first = scene.desk("zhuji-jw.handler"), scene.desk(R1)
    now = await handler.seen(case)
    assert (now["stage"], now["holder"]["code"], now["visibility"]) == ("SIGNED", BODY, "FULL")
    assert chain(now) == [
        (BUREAU, "2026-07-06 09:00", "2026-07-07 15:00"),
        (BODY, "2026-07-07 15:00", None),
    ]

    # 9. R1 after the hand-over: id, date, "handed over", and nothing else.
    assert await first.visibility(case) == "NONE"
    (stub,) = (await first.send("clerk/HandedOver")).data["caseStubs"]["nodes"]
    assert stub["number"] == now["number"]
    assert local(stub["registeredAt"]) == "2026-07-06 09:00"
    assert local(stub["handedOverAt"]) == "2026-07-07 15:00"
    again = (await first.send("shared/Node", id=stub["id"])).data["node"]
    assert (again["__typename"], again["number"]) == ("CaseStub", stub["number"])
    assert await first.refused("shared/ReadIdentity", caseId=case, purpose="回访核实") == "NOT_PERMITTED"
    assert await first.inbox() == []

    # Colleagues of the body see that it is there; the other staff of the bureau see the stub, R2 not even that.
    assert await scene.desk("zhuji-jw.leader").visibility(case) == "CARD"
    assert len((await scene.desk("zhuji-xfj.handler").send("clerk/HandedOver")).data["caseStubs"]["nodes"]) == 1
    assert (await scene.desk(R2).send("clerk/HandedOver")).data["caseStubs"]["nodes"] == []
    assert (await scene.desk(R2).send("shared/Node", id=stub["id"])).data["node"] is None


READS = ("shared/CaseView", "shared/Node", "shared/CaseTimeline", "shared/CaseActions", "auditor/CaseTrail")
LISTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("handler/Inbox", {"first": 100}),
    ("clerk/Register", {"first": 100}),
    ("clerk/HandedOver", {"first": 100}),
    ("dispatcher/IncomingOrders", {"first": 100}),
    ("dispatcher/SearchCases", {"first": 100, "filter": {"text": "项目发包"}}),
    ("dispatcher/SearchCases", {"first": 100, "filter": {"classes": ["ACCUSATION"]}}),
    ("leader/Overdue", {"first": 100}),
)


async def answers(scene: Scene, desk: Desk) -> list[bytes]:
    """What lists, searches and counts answer, byte by byte."""
    found = [(await desk.send(document, **variables)).raw for document, variables in LISTS]
    for code in (TOWN, "330681", "3306", BUREAU, BODY):
        found.append((await desk.send("leader/AreaCounts", officeId=await scene.office(code))).raw)
    return found


async def test_6_the_accused_side_notices_nothing(scene: Scene) -> None:
    """Everybody in 枫桥镇 and in its village, whatever their role: the same answers as for a case that does not exist,
    and the same lists and totals as before."""
    scene.at("2026-07-06 08:00")
    clerk, leader = scene.desk("zhuji-fengqiao.clerk"), scene.desk("zhuji-fengqiao.leader")
    for number in range(12):
        ordinary = await report(scene, petitionClass="APPEAL_CLAIM", field="LAND", accused=None)
        ordinary["entry"] |= {"receivedAt": instant("2026-07-06 07:30"), "title": f"宅基地确权 {number}"}
        await clerk.do("clerk/RegisterCase", **ordinary)
    staff = [scene.desk(username) for username in await scene.colleagues(TOWN)]
    roles = {desk.username.rpartition(".")[2] for desk in staff}
    assert roles >= {"clerk", "handler", "dispatcher", "leader", "deputy", "supervisor", "admin", "auditor"}
    before = {desk.username: await answers(scene, desk) for desk in staff}
    counted = (await leader.send("leader/AreaCounts", officeId=await scene.office(TOWN))).data["caseCounts"]
    assert [(each["petitionClass"], each["count"]) for each in counted] == [("APPEAL_CLAIM", 12)]

    case = await registered(scene)
    for desk in staff:
        assert await desk.visibility(case) == "NONE", desk.username
        assert await answers(scene, desk) == before[desk.username], desk.username

    scene.at("2026-07-07 10:00")
    done = await scene.desk(R1).do("clerk/HandOverAccusation", caseId=case, officeId=await scene.office(BODY))
    order = str(done["order"]["id"])
    await scene.desk("zhuji-jw.handler").sign(order)
    for desk in staff:
        who = desk.username
        for document in READS:
            real, none = await desk.send(document, id=case), await desk.send(document, id=stranger(case))
            assert real.raw == none.raw, who
            assert list(real.data.values()) == [None], who
        assert (await desk.send("shared/Node", id=order)).data["node"] is None, who
        for document, more in (
            ("clerk/HandOverAccusation", {"officeId": await scene.office(BODY)}),
            ("shared/ReadIdentity", {"purpose": "了解情况"}),
            ("shared/RecuseFromCase", {"reason": "申请回避"}),
        ):
            real = await desk.attempt(document, caseId=case, **more)
            none = await desk.attempt(document, caseId=stranger(case), **more)
            assert (real.raw, real.code) == (none.raw, "NOT_FOUND"), who
        assert await answers(scene, desk) == before[who], who


async def test_7_whoever_is_recused_sees_nothing_and_the_attempt_is_logged(scene: Scene) -> None:
    case = await registered(scene)
    scene.at("2026-07-06 16:00")
    second = scene.desk(R2)
    for document in READS:
        real, none = await second.send(document, id=case), await second.send(document, id=stranger(case))
        assert real.raw == none.raw
        assert list(real.data.values()) == [None]
    assert await second.inbox() == []
    assert await second.refused("shared/ReadIdentity", caseId=case, purpose="了解情况") == "NOT_FOUND"

    audited = await scene.desk("zhuji-xfj.auditor").send("auditor/AccessAttempts", first=100)
    lines = [each for each in audited.data["accessAttempts"]["nodes"] if each["subject"] == case]
    assert {each["action"] for each in lines} == {"case", "node", "caseIdentityRead"}
    assert {each["outcome"] for each in lines} == {"NOT_FOUND"}
    assert {each["person"]["id"] for each in lines} == {await second.person_id()}
    assert {local(each["at"]) for each in lines} == {"2026-07-06 16:00"}
    # An id that exists nowhere leaves the same line: the log tells nobody which of the two it was.
    assert [each for each in audited.data["accessAttempts"]["nodes"] if each["subject"] == stranger(case)]
    assert await scene.desk("zhuji-xfj.auditor").visibility(case) == "NONE"


async def test_8_every_read_of_the_name_is_in_the_ledger(scene: Scene) -> None:
    case = await registered(scene)
    first = scene.desk(R1)
    now = await first.seen(case)
    assert now["visibility"] == "FULL"
    assert now["claims"][0]["claim"] == "反映枫桥镇某副镇长在项目发包中违反规定。"
    assert INFORMANT not in now["petitioners"][0]["maskedName"]
    purposes = ["核对登记信息", "电话告知受理情况", "准备移送材料"]
    for hour, purpose in zip((10, 11, 14), purposes, strict=True):
        scene.at(f"2026-07-06 {hour}:00")
        read = await first.do("shared/ReadIdentity", caseId=case, purpose=purpose)
        assert [each["name"] for each in read["petitioners"]] == [INFORMANT]
    timeline = (await first.send("shared/CaseTimeline", id=case)).data["case"]["timeline"]["nodes"]
    reads = [each for each in timeline if each["type"] == "identity.read"]
    assert [(local(each["at"]), each["reason"]) for each in reads] == [
        ("2026-07-06 10:00", purposes[0]),
        ("2026-07-06 11:00", purposes[1]),
        ("2026-07-06 14:00", purposes[2]),
    ]
    assert {each["office"]["code"] for each in reads} == {BUREAU}
    # No purpose, no name, and no row.
    assert await first.refused("shared/ReadIdentity", caseId=case, purpose="看看") == "INVALID_INPUT"
    rows = await scene.facts("select count(*) from ledger_event where type = 'identity.read'")
    assert rows == [(3,)]


async def test_10_the_city_counts_accusations_without_telling_small_numbers(scene: Scene) -> None:
    await handed_over(scene)
    city, area = scene.desk("shaoxing-xfj.supervisor"), await scene.office("3306")

    async def accusations() -> list[tuple[int | None, bool]]:
        counted = (await city.send("leader/AreaCounts", officeId=area)).data["caseCounts"]
        return [(each["count"], each["isSuppressed"]) for each in counted if each["petitionClass"] == "ACCUSATION"]

    assert await accusations() == [(None, True)]  # shown as <5
    for _ in range(3):
        await scene.desk(R1).do("clerk/RegisterCase", **await report(scene, accused={"isUnknown": True}))
    assert await accusations() == [(None, True)]
    await scene.desk(R1).do("clerk/RegisterCase", **await report(scene, accused={"isUnknown": True}))
    assert await accusations() == [(5, False)]
    assert await city.inbox() == []


async def test_11_the_body_reads_the_name_by_consent_or_by_its_own_power(scene: Scene) -> None:
    case = await handed_over(scene)
    handler = scene.desk("zhuji-jw.handler")
    masked = (await handler.seen(case))["petitioners"][0]["maskedName"]
    assert INFORMANT not in masked
    asked = {"caseId": case, "purpose": "核实反映内容"}
    assert await handler.refused("shared/ReadIdentity", **asked) == "CONSENT_REQUIRED"
    read = await handler.do("shared/ReadIdentity", legalPower="《监察法》第十八条", **asked)
    assert [each["name"] for each in read["petitioners"]] == [INFORMANT]
    assert (await handler.events(case)).count("identity.read") == 1


async def test_12_the_accused_official_sees_nothing_after_a_change_of_post(scene: Scene) -> None:
    case = await handed_over(scene)
    # P moves to 诸暨市信访局 on 2026-08-01.
    scene.at("2026-08-01 09:00")
    official, admin = scene.desk(P), scene.desk("zhuji.admin")
    viewer = (await official.send("shared/Viewer")).data["viewer"]
    (post,) = viewer["memberships"]
    await admin.do("admin/EndMembership", membershipId=post["id"])
    await admin.do(
        "admin/GrantMembership",
        personId=viewer["person"]["id"],
        post={
            "officeId": await scene.office(BUREAU),
            "roles": ["LEADER"],
            "rank": "SECTION_DEPUTY",
            "portfolios": [],
            "title": "副局长",
        },
    )
    scene.at("2026-08-01 10:00")
    moved = (await official.send("shared/Viewer")).data["viewer"]
    assert moved["actingOffice"]["code"] == BUREAU

    # P opens the case: NONE, also the stub that the new colleagues have, and the new office's totals lack it.
    for document in READS:
        real, none = await official.send(document, id=case), await official.send(document, id=stranger(case))
        assert real.raw == none.raw
        assert list(real.data.values()) == [None]
    (stub,) = (await scene.desk("zhuji-xfj.leader").send("clerk/HandedOver")).data["caseStubs"]["nodes"]
    assert (await official.send("shared/Node", id=stub["id"])).data["node"] is None
    assert (await official.send("clerk/HandedOver")).data["caseStubs"]["nodes"] == []
    assert await official.inbox() == []
    assert (await official.send("leader/AreaCounts", officeId=await scene.office("330681"))).data["caseCounts"] == []
    assert await scene.facts("select 1 from access_event where subject = %s and action = 'case'", case)
