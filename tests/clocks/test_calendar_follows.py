"""Dates in an unpublished year: provisional, previewed, and counted anew by a recorded event once it is published."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from caseway.calendars import loading
from caseway.calendars.workdays import DayKind, SpecialDay
from caseway.calendars.yearfile import YearFile
from caseway.cases import jobs
from caseway.clock import SHANGHAI
from caseway.clocks import projection
from caseway.clocks.arithmetic import due_date
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from support.app import World
from support.scenes import Scene, due, matter

#: What a notice for 2027 could say: 01-02 to 01-03 off as well, 01-09 (a Saturday) worked.
NOTICE = YearFile(
    year=2027,
    notice="test notice",
    source="test",
    days=tuple(
        SpecialDay(day, kind, name)
        for day, kind, name in [
            (date(2027, 1, 1), DayKind.HOLIDAY, "元旦"),
            (date(2027, 1, 4), DayKind.HOLIDAY, "元旦"),
            (date(2027, 1, 9), DayKind.MAKE_UP_WORKDAY, "元旦"),
        ]
    ),
)


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


async def test_a_date_follows_the_notice_by_a_recorded_event(scene: Scene) -> None:
    scene.at("2026-12-29 10:00")
    clerk = scene.desk("jiaxing.clerk")
    case = (await clerk.do("clerk/RegisterCase", **matter("2026-12-29 10:00")))["case"]["id"]
    before = await clerk.seen(case)
    (forward,) = [each for each in before["clocks"] if each["kind"] == "FORWARD"]
    # Five workdays: 12-30, 12-31, and in 2027, whose notice nobody knows, 01-04, 01-05, 01-06.
    assert (forward["dueOn"], forward["isProvisional"]) == ("2027-01-06", True)

    database = Database(scene.world.database.url, pool_size=2)
    now = datetime(2027, 1, 2, 9, tzinfo=SHANGHAI).astimezone(UTC)
    try:
        async with database.reader(SYSTEM_SCOPE) as session:
            after = await loading.calendar_after(session, [NOTICE])
            found = [each async for each in projection.preview(session, lambda calendar: after)]
        assert [(due_date(each.due_at), due_date(each.new_due_at), each.provisional) for each in found] == [
            (date(2027, 1, 6), date(2027, 1, 7), False)
        ]
        # The preview changed nothing, and nothing moves before the notice is there.
        assert await jobs.follow_calendar(database, now=now) == 0
        assert due(await clerk.seen(case), "FORWARD") == "2027-01-06"

        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            await loading.load_year(uow, NOTICE, now=now)
        assert await jobs.follow_calendar(database, now=now) == 1
        assert await jobs.follow_calendar(database, now=now) == 0
    finally:
        await database.close()

    scene.at("2027-01-02 10:00")
    now_seen = await clerk.seen(case)
    (forward,) = [each for each in now_seen["clocks"] if each["kind"] == "FORWARD"]
    assert (forward["dueOn"], forward["isProvisional"]) == ("2027-01-07", False)
    assert now_seen["dueOn"] == "2027-01-07"
    # The event says which clock moved from where to where, and why.
    told = (await clerk.send("shared/CaseTimeline", id=case)).data["case"]["timeline"]["nodes"]
    (moved,) = [each for each in told if each["type"] == "clocks.reprojected"]
    (line,) = json.loads(moved["facts"])["clocks"]
    assert line["kind"] == "FORWARD" and line["from"] < line["until"]
    # And so does the explanation: its last step is the re-projection.
    shown = (await clerk.send("shared/ExplainDeadlines", id=case)).data["case"]["clocks"]
    (explained,) = [each["explanation"] for each in shown if each["kind"] == "FORWARD"]
    assert [each["event"] for each in explained["steps"]] == ["START", "REPROJECT"]
    assert explained["provisionalReason"] is None
    assert "2027年1月7日" in explained["page"]
