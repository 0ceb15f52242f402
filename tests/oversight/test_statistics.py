"""Statistics over HTTP: what is told, when a fact counts, and what is behind a number."""

from __future__ import annotations

from typing import Any

from support.app import World
from support.scenes import Scene, matter


async def _told(scene: Scene, username: str, office: str, **asked: Any) -> dict[str, Any] | None:
    await scene.work()
    found: dict[str, Any] | None = (
        await scene.desk(username).send("supervisor/AreaStatistics", officeId=await scene.office(office), **asked)
    ).data["statistics"]
    return found


def _values(line: dict[str, Any]) -> dict[str, int]:
    return {each["count"]: each["value"] for each in line["values"] if each["value"]}


async def test_a_case_counts_where_it_is_held_and_everything_adds_up(world: World) -> None:
    scene = Scene(world)
    scene.at("2026-03-02 09:00")
    clerk = scene.desk("nanhu.clerk")
    for title in ("路灯不亮", "井盖缺失"):
        await clerk.do("clerk/RegisterCase", **matter("2026-03-02 08:40", title=title))
    scene.at("2026-03-03 10:00")
    march = {"fromOn": "2026-03-01", "toOn": "2026-03-31"}
    city = await _told(scene, "jiaxing.supervisor", "3304", **march)
    assert city is not None
    total = _values(city["total"])
    assert total["REGISTERED"] == total["OPEN"] == 2
    assert sum(_values(line).get("OPEN", 0) for line in city["lines"]) == 2
    assert {line["office"]["name"] for line in city["lines"] if line["office"]} == {"南湖区"}
    assert all(each["definition"] for each in city["definitions"])
    assert city["asOfOn"] == "2026-03-03"
    earlier = await _told(scene, "jiaxing.supervisor", "3304", **march, asOfOn="2026-03-01")
    assert earlier is not None
    assert _values(earlier["total"]) == {}
    assert await _told(scene, "nanhu.clerk", "3304", **march) is None
    behind = await scene.desk("jiaxing.supervisor").send(
        "supervisor/StatisticsCases", officeId=await scene.office("3304"), count="REGISTERED", **march
    )
    assert len(behind.data["statisticsCases"]["nodes"]) == 2


async def test_stages_are_of_open_cases_alone(world: World) -> None:
    scene = Scene(world)
    caller = await world.login("jiaxing.supervisor")
    text = """query S($id: ID!, $counts: [StatisticsCount!]) {
      statistics(officeId: $id, fromOn: "2026-01-01", toOn: "2026-03-01", by: STAGE, counts: $counts) { asOfOn } }"""
    city = await scene.office("3304")
    assert (await caller(text, id=city, counts=["ANSWERED"])).codes == ["FIGURE_NOT_BY_STAGE"]
    assert (await caller(text, id=city)).data["statistics"] == {"asOfOn": "2026-03-02"}


async def test_what_is_not_in_the_numbers_is_refused_and_not_told_as_none(world: World) -> None:
    scene = Scene(world)
    supervisor = scene.desk("jiaxing.supervisor")
    asked = {"officeId": await scene.office("3304"), "fromOn": "2026-01-01", "toOn": "2026-03-01"}
    for given, code in (
        ({"classes": ["ACCUSATION", "SUGGESTION"]}, "FIGURE_PROTECTED"), ({"fields": [" "]}, "INVALID_INPUT"),
    ):  # fmt: skip
        assert (await supervisor.send("supervisor/AreaStatistics", **asked, filter=given)).codes == [code]
    late = {**asked, "toOn": "2099-01-01"}
    assert (await supervisor.send("supervisor/AreaStatistics", **late)).codes == ["FIGURE_PERIOD_INVALID"]
    overdue = await supervisor.send("supervisor/StatisticsCases", **asked, count="ANSWER_OVERDUE_LAW")
    assert overdue.codes == ["FIGURE_NOT_LISTED"]


async def test_only_months_that_are_over_are_told_of_what_is_protected(world: World) -> None:
    scene = Scene(world)
    leader, city = scene.desk("jiaxing.leader"), await scene.office("3304")
    asked = {"officeId": city, "accusations": True}
    assert (await leader.send("leader/ProtectedCounts", **asked, monthOn="2026-03-01")).codes == ["MONTH_NOT_OVER"]
    told = (await leader.send("leader/ProtectedCounts", **asked, monthOn="2026-02-01")).data["protectedCounts"]
    assert (told["total"], told["lines"], told["isSuppressed"]) == (0, [], False)


async def test_whoever_counts_without_seeing_is_told_protected_numbers_alone(world: World) -> None:
    """An office's own rule takes the cards away from its leaders."""
    scene = Scene(world)
    leader, county = scene.desk("nanhu.leader"), await scene.office("330402")
    asked = {"officeId": county, "fromOn": "2026-02-01", "toOn": "2026-02-28"}
    assert (await leader.send("supervisor/AreaStatistics", **asked)).data["statistics"] is not None
    await scene.desk("nanhu.admin").do(
        "admin/AddAccessOverride",
        officeId=county, role="leader", relation="below+ordinary", permission="case:card", effect="DENY",
    )  # fmt: skip
    scene.world.dial.by(minutes=1)
    assert (await leader.send("supervisor/AreaStatistics", **asked)).data["statistics"] is None
    behind = await leader.send("supervisor/StatisticsCases", **asked, count="REGISTERED")
    assert behind.data["statisticsCases"] is None
    month = {"officeId": county, "monthOn": "2026-02-01", "accusations": False}
    assert (await leader.send("leader/ProtectedCounts", **month)).data["protectedCounts"]["total"] == 0
