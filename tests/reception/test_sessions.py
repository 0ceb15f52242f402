"""Sessions over HTTP: who plans and records them, what is refused, who covers a turn, and who sees that nobody did."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from caseway.gql import ids
from support.app import World
from support.scenes import Desk, Scene, instant

DISTRICT, STREET = "120111", "120111001"


@pytest.fixture
def scene(world: World) -> Scene:
    """The demo's offices and staff on Monday, 2 March 2026, 09:00."""
    return Scene(world)


async def people(scene: Scene, *names: str) -> list[str]:
    """Global ids of staff by user name."""
    return [await scene.desk(name).person_id() for name in names]


def session(*leaders: str, day: str = "2026-03-20", **changes: Any) -> dict[str, Any]:
    """Two hours of visiting on the visit day."""
    given = {
        "activity": "VISIT",
        "form": "REGULAR_VISIT",
        "startsAt": instant(f"{day} 09:00"),
        "endsAt": instant(f"{day} 11:00"),
        "place": "西营门街道办事处",
        "leaderIds": list(leaders),
    }
    return given | changes


async def planned(desk: Desk, *leaders: str, **changes: Any) -> str:
    """The id of a session that was planned."""
    (done,) = (await desk.do("clerk/PlanSession", **session(*leaders, **changes)))["sessions"]
    return str(done["id"])


async def listed(desk: Desk, office_id: str, *, page: int = 50, after: str | None = None) -> dict[str, Any] | None:
    """A page of an office's sessions in March."""
    answer = await desk.send(
        "shared/ReceptionSessions",
        officeId=office_id, fromOn="2026-03-01", toOn="2026-03-31", first=page, after=after,
    )  # fmt: skip
    found: dict[str, Any] | None = answer.data["receptionSessions"]
    return found


async def coverage(desk: Desk, office_id: str) -> list[str]:
    """How the sessions of an office are covered, as somebody sees them."""
    found = await listed(desk, office_id)
    assert found is not None
    return [each["coverage"] for each in found["nodes"]]


async def test_leaders_who_came_their_substitutes_and_turns_of_nobody(scene: Scene) -> None:
    """INV-23: each turn is covered by exactly one person, and an uncovered session is seen above."""
    first, second, third = await people(scene, "xiqing.leader", "xiqing.leader2", "xiqing.leader3")
    desk, office = scene.desk("xiqing.clerk"), await scene.office(DISTRICT)
    gid = await planned(desk, first, second)
    scene.at("2026-03-20 12:00")
    done = await desk.do(
        "clerk/HoldSession", sessionId=gid, absences=[{"leaderId": second, "substituteId": third}], matters=4
    )
    assert (done["session"]["state"], done["session"]["coverage"], done["session"]["matters"]) == ("HELD", "COVERED", 4)
    turns = [(each["leader"]["id"], each["present"]["id"], each["isSubstituted"]) for each in done["session"]["turns"]]
    assert turns == [(first, first, False), (second, third, True)]

    other = await planned(desk, first, second, activity="RECEPTION", form="FIXED_PLACE")
    done = await desk.do("clerk/HoldSession", sessionId=other, absences=[{"leaderId": first}])
    assert done["session"]["coverage"] == "UNCOVERED"
    assert [each["isCovered"] for each in done["session"]["turns"]] == [False, True]
    for name in ("xiqing.dispatcher", "tianjin.supervisor"):
        assert sorted(await coverage(scene.desk(name), office)) == ["COVERED", "UNCOVERED"]


async def test_a_session_that_nobody_recorded_is_uncovered_when_its_day_has_ended(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    desk, office = scene.desk("xiqing.clerk"), await scene.office(DISTRICT)
    await planned(desk, leader)
    scene.at("2026-03-20 23:59")
    assert await coverage(desk, office) == ["PENDING"]
    scene.at("2026-03-21 00:00")
    assert await coverage(desk, office) == ["UNCOVERED"]
    assert await coverage(scene.desk("tianjin.leader"), office) == ["UNCOVERED"]


async def test_a_session_is_recorded_once_and_not_before_it_begins(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    desk = scene.desk("xiqing.clerk")
    gid, other = await planned(desk, leader), await planned(desk, leader)
    scene.at("2026-03-20 08:59")
    assert await desk.refused("clerk/HoldSession", sessionId=gid) == "SESSION_NOT_BEGUN"
    scene.at("2026-03-20 09:00")
    await desk.do("clerk/HoldSession", sessionId=gid)
    assert await desk.refused("clerk/HoldSession", sessionId=gid) == "SESSION_SETTLED"
    assert await desk.refused("clerk/CancelSession", sessionId=gid, reason="雨") == "SESSION_SETTLED"
    cancelled = await desk.do("clerk/CancelSession", sessionId=other, reason="台风停课停工")
    assert (cancelled["session"]["state"], cancelled["session"]["reason"]) == ("CANCELLED", "台风停课停工")
    assert await desk.refused("clerk/HoldSession", sessionId=other) == "SESSION_SETTLED"
    assert await coverage(desk, await scene.office(DISTRICT)) == ["COVERED", "CANCELLED"]


async def test_of_two_who_record_a_session_at_once_one_succeeds(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    gid = await planned(scene.desk("xiqing.clerk"), leader)
    scene.at("2026-03-20 12:00")
    desks = [scene.desk(name) for name in ("xiqing.clerk", "xiqing.dispatcher", "xiqing-xfj.dispatcher")]
    answers = await asyncio.gather(*(desk.attempt("clerk/HoldSession", sessionId=gid) for desk in desks))
    assert sorted(str(each.code) for each in answers) == ["None", "SESSION_SETTLED", "SESSION_SETTLED"]


async def test_a_cancelled_session_does_not_keep_the_visit_day(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    desk, office = scene.desk("xiqing.clerk"), await scene.office(DISTRICT)
    await desk.do("clerk/CancelSession", sessionId=await planned(desk, leader), reason="会议")
    scene.at("2026-03-21 00:00")
    found = await desk.send("shared/DutyStatement", officeId=office, fromOn="2026-03-20", toOn="2026-03-20")
    assert [each["state"] for each in found.data["dutyStatement"]["fixedDays"]] == ["MISSED"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"endsAt": instant("2026-03-20 09:00")}, "SESSION_TIMES"),
        ({"endsAt": instant("2026-03-21 00:01")}, "SESSION_TIMES"),
        ({"day": "2027-03-20"}, "SESSION_TOO_FAR"),
        ({"day": "2026-01-29"}, "SESSION_TOO_FAR"),
        ({"alsoOn": ["2026-03-21", "2028-01-01"]}, "SESSION_TOO_FAR"),
        ({"alsoOn": ["9999-12-31"]}, "SESSION_TOO_FAR"),
        ({"startsAt": "9999-12-31T23:59:59Z", "endsAt": "9999-12-31T23:59:59.5Z"}, "SESSION_TOO_FAR"),
        ({"startsAt": "0001-01-01T00:00:00Z"}, "SESSION_TOO_FAR"),
        ({"endsAt": "9999-12-31T23:59:59Z"}, "SESSION_TIMES"),
        ({"place": " "}, "INVALID_INPUT"),
        ({"place": "厅" * 201}, "INVALID_INPUT"),
        ({"leaderIds": []}, "INVALID_INPUT"),
        ({"leaderIds": ["nobody"]}, "INVALID_INPUT"),
        ({"alsoOn": ["2026-04-01"] * 63}, "INVALID_INPUT"),
    ],
)
async def test_a_session_that_cannot_be_is_refused_and_nothing_is_stored(
    scene: Scene, changes: dict[str, Any], code: str
) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    desk = scene.desk("xiqing.clerk")
    assert await desk.refused("clerk/PlanSession", **session(leader, **changes)) == code
    assert await scene.facts("select count(*) from reception_session") == [(0,)]


async def test_a_session_ends_with_its_day_at_the_latest(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    await planned(scene.desk("xiqing.clerk"), leader, endsAt=instant("2026-03-21 00:00"))


async def test_a_leader_is_named_once_and_has_a_post_in_the_office_or_below_it(scene: Scene) -> None:
    own, below, above, beside = await people(
        scene, "xiqing.leader", "xiyingmen.leader", "tianjin.leader", "heping.leader"
    )
    nobody = ids.encode("Person", 2_000_000_000)
    desk = scene.desk("xiqing.clerk")
    assert await desk.refused("clerk/PlanSession", **session(own, own)) == "INVALID_INPUT"
    for stranger in (above, beside, nobody):
        assert await desk.refused("clerk/PlanSession", **session(own, stranger)) == "LEADER_ELSEWHERE"
    gid = await planned(desk, own, below)
    scene.at("2026-03-20 12:00")
    for absence, code in (
        ({"leaderId": beside}, "LEADER_NOT_ROSTERED"),
        ({"leaderId": own, "substituteId": beside}, "LEADER_ELSEWHERE"),
        ({"leaderId": own, "substituteId": own}, "INVALID_INPUT"),
    ):
        assert await desk.refused("clerk/HoldSession", sessionId=gid, absences=[absence]) == code
    assert await desk.refused("clerk/HoldSession", sessionId=gid, matters=-1) == "INVALID_INPUT"
    twice = [{"leaderId": own}, {"leaderId": own}]
    assert await desk.refused("clerk/HoldSession", sessionId=gid, absences=twice) == "INVALID_INPUT"
    assert await scene.facts("select count(*) from reception_turn where present_id is not null") == [(0,)]


async def test_who_keeps_the_schedule_and_who_does_not(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    gid = await planned(scene.desk("xiqing.leader2"), leader)
    for name, code in (("xiqing.supervisor", "NOT_PERMITTED"), ("xiqing.admin", "NOT_PERMITTED"),
                       ("tianjin.supervisor", "NOT_PERMITTED"), ("tianjin.clerk", "NOT_PERMITTED"),
                       ("xiyingmen.leader", "NOT_FOUND"), ("heping.leader", "NOT_FOUND")):  # fmt: skip
        assert await scene.desk(name).refused("clerk/CancelSession", sessionId=gid, reason="会议") == code
    absent = ids.encode("ReceptionSession", 2_000_000_000)
    beside = scene.desk("heping.leader")
    hidden, nothing = [
        await beside.attempt("clerk/CancelSession", sessionId=each, reason="会议") for each in (gid, absent)
    ]
    assert hidden.raw == nothing.raw
    assert await scene.desk("xiqing.supervisor").refused("clerk/PlanSession", **session(leader)) == "NOT_PERMITTED"


async def test_a_petition_office_keeps_the_schedule_of_its_government(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    desk, office = scene.desk("xiqing-xfj.dispatcher"), await scene.office(DISTRICT)
    gid = await planned(desk, leader)
    (row,) = await scene.facts("select o.code from reception_session s join office o on o.id = s.office_id")
    assert row == (DISTRICT,)
    for asked in (office, await scene.office(f"{DISTRICT}-xfj")):
        found = await listed(desk, asked)
        assert found is not None
        assert [each["id"] for each in found["nodes"]] == [gid]
    scene.at("2026-03-20 12:00")
    held = await scene.desk("xiqing.clerk").do("clerk/HoldSession", sessionId=gid)
    assert held["session"]["office"]["code"] == DISTRICT


async def test_sessions_are_paged_by_their_begin(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    desk, office = scene.desk("xiqing.clerk"), await scene.office(DISTRICT)
    await desk.do(
        "clerk/PlanSession", **session(leader, day="2026-03-20", alsoOn=["2026-03-05", "2026-03-19", "2026-04-01"])
    )
    first = await listed(desk, office, page=2)
    assert first is not None
    assert [each["sessionOn"] for each in first["nodes"]] == ["2026-03-05", "2026-03-19"]
    assert [each["startsAt"][11:19] for each in first["nodes"]] == ["01:00:00", "01:00:00"]
    rest = await listed(desk, office, page=2, after=first["pageInfo"]["endCursor"])
    assert rest is not None
    assert ([each["sessionOn"] for each in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["2026-03-20"], False)
    assert await listed(scene.desk("xiyingmen.clerk"), office) is None


async def test_a_session_is_found_by_its_id_by_those_who_see_its_office(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    gid = await planned(scene.desk("xiqing.clerk"), leader)
    for name, seen in (("xiqing.supervisor", gid), ("tianjin.leader", gid),
                       ("xiyingmen.leader", None), ("heping.leader", None)):  # fmt: skip
        caller = await scene.world.login(name)
        found = (await caller("query ($id: ID!) { node(id: $id) { __typename id } }", id=gid)).data["node"]
        assert found == (seen and {"__typename": "ReceptionSession", "id": seen}), name


async def test_a_repeat_with_the_same_key_plans_nothing_again(scene: Scene) -> None:
    (leader,) = await people(scene, "xiqing.leader")
    desk, given = scene.desk("xiqing.clerk"), session(leader, alsoOn=["2026-03-21"])
    one, other = [await desk.attempt("clerk/PlanSession", **given, idempotencyKey="visit-day-march") for _ in range(2)]
    assert one.raw == other.raw and len(one.result["sessions"]) == 2
    assert await scene.facts("select count(*) from reception_session") == [(2,)]
    changed = {**given, "place": "别处", "idempotencyKey": "visit-day-march"}
    assert await desk.refused("clerk/PlanSession", **changed) == "IDEMPOTENCY_MISMATCH"


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("shared/DutyStatement", {"fromOn": "2026-03-02", "toOn": "2026-03-01"}, "RECEPTION_RANGE"),
        ("shared/DutyStatement", {"fromOn": "2026-01-01", "toOn": "2027-02-05"}, "RECEPTION_RANGE"),
        ("shared/ReceptionSessions", {"fromOn": "1999-12-31", "toOn": "2000-01-01"}, "RECEPTION_RANGE"),
        ("shared/FixedDays", {"year": 1999}, "RECEPTION_RANGE"),
        ("shared/FixedDays", {"year": 2100}, "RECEPTION_RANGE"),
        ("shared/ReceptionSchedule", {"month": "2026-13"}, "MONTH_INVALID"),
        ("shared/ReceptionSchedule", {"month": "2026-2"}, "MONTH_INVALID"),
        ("shared/ReceptionSchedule", {"month": "26-02-1"}, "MONTH_INVALID"),
    ],
)
async def test_a_range_that_cannot_be_answered_is_refused(
    scene: Scene, document: str, variables: dict[str, Any], code: str
) -> None:
    place = {"officeCode": DISTRICT} if "Schedule" in document else {"officeId": await scene.office(DISTRICT)}
    assert (await scene.desk("xiqing.clerk").send(document, **place, **variables)).codes == [code]
