"""Several mutations in one request: each answer shows the case as it is then, not as it was read before."""

from __future__ import annotations

from support.app import World
from support.scenes import Scene, matter, notice

ACCEPT_AND_BEGIN = """
mutation Both($accept: CaseAcceptInput!, $begin: CaseStartHandlingInput!) {
  first: caseAccept(input: $accept) { ... on CaseAcceptPayload { case { stage clocks { kind stoppedAt } } } }
  second: caseStartHandling(input: $begin) { ... on CaseStartHandlingPayload { case { stage clocks { kind } } } }
  again: caseStartHandling(input: $begin) { ... on Error { code } }
}
"""


async def test_each_answer_shows_what_the_mutation_left(world: World) -> None:
    scene = Scene(world)
    scene.at("2026-03-02 09:00")
    desk = scene.desk("fengqiao.clerk")
    case = (await desk.do("clerk/RegisterCase", **matter("2026-03-02 09:00")))["case"]["id"]
    caller = await world.login("fengqiao.clerk")
    answer = await caller(
        ACCEPT_AND_BEGIN,
        accept={"caseId": case, "notice": notice("2026-03-02 09:00")},
        begin={"caseId": case},
    )
    assert answer.data["first"]["case"]["stage"] == "ACCEPTED"
    assert answer.data["second"]["case"]["stage"] == "HANDLING"
    assert answer.data["again"]["code"] == "TRANSITION_REFUSED"
    running = {each["kind"] for each in answer.data["first"]["case"]["clocks"] if each["stoppedAt"] is None}
    assert "HANDLE" in running and "ACCEPT_NOTICE" not in running
