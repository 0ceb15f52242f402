"""What-ifs over HTTP: figures for those who may read the draft, cases for those who see them, nothing for others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from caseway.gql import ids
from support import app
from support.app import Dial, World
from support.database import Cluster
from support.pasts import NANHU, NOW, stricter
from support.scenes import Desk, Scene
from support.simulated import Year

DOCUMENT = "admin/RuleWhatIf"


@pytest.fixture
async def scene(cluster: Cluster, plain_year: Year, tmp_path: Path) -> AsyncIterator[Scene]:
    """The application on the plain year, at its end, with a stricter draft of 南湖区."""
    template = plain_year.database.name
    async with app.world(cluster, tmp_path, dial=Dial(NOW), template=template) as world:
        scene = Scene(world)
        yaml = stricter().replace("effective_from: 2026-01-01\n", "")
        await _admin(world).do("admin/ImportRuleDraft", officeId=await scene.office(NANHU), yaml=yaml)
        yield scene


def _admin(world: World) -> Desk:
    return Desk(world, "nanhu.admin")


async def _ask(scene: Scene, username: str, **changes: Any) -> dict[str, Any] | None:
    given = {"officeId": await scene.office(NANHU), "months": 12, "first": 100, **changes}
    found: dict[str, Any] | None = (await scene.desk(username).send(DOCUMENT, **given)).data["ruleWhatIf"]
    return found


async def test_the_administrator_is_told_figures_and_no_case(scene: Scene) -> None:
    found = await _ask(scene, "nanhu.admin")
    assert found is not None
    assert found["isComplete"] is True
    assert found["cases"] > 10
    assert found["changed"] > 5
    rules = {each["rule"]: each for each in found["rules"]}
    assert rules["nanhu-lively NL-12"]["after"] == {"total": 0, "late": 0}
    assert rules["nanhu-lively NL-01"]["after"]["late"] > rules["nanhu-lively NL-01"]["before"]["late"]
    assert any(each["office"] is not None and each["before"] != each["after"] for each in found["escalations"])
    assert any(each["office"]["name"] and each["before"] != each["after"] for each in found["offices"])
    assert found["changes"]["nodes"] == []


async def test_the_leader_sees_the_cases_of_the_area_with_both_dates(scene: Scene) -> None:
    found = await _ask(scene, "nanhu.leader")
    assert found is not None
    nodes = found["changes"]["nodes"]
    assert len(nodes) >= found["changed"]
    assert all(each["case"]["number"] for each in nodes)
    pairs = [clock for each in nodes for clock in each["clocks"]]
    shorter = [each for each in pairs if each["before"] and each["after"] and each["clock"] == "HANDLE"]
    assert shorter
    assert all(each["after"]["dueAt"] <= each["before"]["dueAt"] for each in shorter)
    assert any(each["after"] is None and each["clock"] == "COORDINATE" for each in pairs)
    assert any(rung["afterAt"] and not rung["beforeAt"] for each in nodes for rung in each["escalations"])


async def test_pages_follow_each_other(scene: Scene) -> None:
    whole = await _ask(scene, "nanhu.leader")
    assert whole is not None
    numbers = [each["case"]["number"] for each in whole["changes"]["nodes"]]
    met: list[str] = []
    after: str | None = None
    while True:
        page = await _ask(scene, "nanhu.leader", first=4, after=after)
        assert page is not None
        met += [each["case"]["number"] for each in page["changes"]["nodes"]]
        after = page["changes"]["pageInfo"]["endCursor"]
        if not page["changes"]["pageInfo"]["hasNextPage"]:
            break
    assert met == numbers
    assert len(set(met)) == len(met) > 8


async def test_a_forged_cursor_is_refused(scene: Scene) -> None:
    desk, office = scene.desk("nanhu.leader"), await scene.office(NANHU)
    answer = await desk.send(DOCUMENT, officeId=office, months=12, first=4, after="bm90aGluZw")
    assert answer.codes == ["MALFORMED_CURSOR"]


@pytest.mark.parametrize("username", ["jiaxing.admin", "xiuzhou.admin", "fengqiao.leader", "nanhu.clerk"])
async def test_nobody_else_learns_that_there_is_a_draft(scene: Scene, username: str) -> None:
    assert await _ask(scene, username) is None
    assert await _ask(scene, username, officeId=ids.encode("Office", 2_000_000_000)) is None


async def test_without_a_draft_and_for_no_office_there_is_nothing(scene: Scene) -> None:
    assert await _ask(scene, "xiuzhou.admin", officeId=await scene.office("330411")) is None
    assert await _ask(scene, "nanhu.admin", officeId="nonsense") is None


@pytest.mark.parametrize("months", [0, 37, -5])
async def test_a_period_out_of_bounds_is_refused(scene: Scene, months: int) -> None:
    answer = await scene.desk("nanhu.admin").send(DOCUMENT, officeId=await scene.office(NANHU), months=months)
    assert answer.codes == ["WHAT_IF_PERIOD"]


async def test_trying_changes_nothing(scene: Scene) -> None:
    office = await scene.office(NANHU)
    before = await scene.desk("nanhu.admin").send("admin/RuleFindings", officeId=office)
    first, second = await _ask(scene, "nanhu.leader"), await _ask(scene, "nanhu.leader")
    assert first == second
    assert (await scene.desk("nanhu.admin").send("admin/RuleFindings", officeId=office)).data == before.data
