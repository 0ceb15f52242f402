"""The public register, and which books count for whom: read by nobody, by everybody, at any day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database
from caseway.rules import service
from caseway.rules.kinds.fixed_day import FixedDay
from caseway.tenancy import repository as offices
from support.operations import text
from support.rule_desks import Author, effective, rule
from support.scenes import Scene


async def asked_by_nobody(scene: Scene, **variables: Any) -> dict[str, Any]:
    """The register without any token."""
    return dict((await scene.world.post(text("shared/RuleRegister"), variables, {})).data["ruleRegister"])


async def test_the_register_needs_no_login_and_lists_what_is_in_force(scene: Scene) -> None:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = await asked_by_nobody(scene, first=10, after=after)
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    codes = [each["code"] for each in found]
    assert codes == sorted(codes)
    assert {"law-2022", "law-zj-2016", "jiaxing", "feicheng", "xiuzhou"} <= set(codes)
    assert not {"tongxiang", "xihu", "xiyingmen"} & set(codes), "drafts are nobody's business"
    assert "law-2005" not in codes, "it counts no more since the law that replaced it"
    jiaxing = next(each for each in found if each["code"] == "jiaxing")
    assert (jiaxing["officeCode"], jiaxing["officeName"], jiaxing["role"]) == ("3304", "嘉兴市", "OFFICE")
    assert (jiaxing["number"], jiaxing["effectiveOn"], len(jiaxing["rules"]["nodes"])) == (1, "2026-01-01", 24)
    assert await asked_by_nobody(scene, officeCode="nowhere") == {
        "nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None},
    }  # fmt: skip


async def test_nobody_is_told_anything_else_about_rules(scene: Scene) -> None:
    """Every other root needs an office; and the register tells no staff."""
    for key, variables in (
        ("shared/RuleBookView", {"officeId": await scene.office("330411")}),
        ("shared/RuleBooks", {}),
        ("shared/RuleBookVersions", {"bookCode": "jiaxing"}),
        ("shared/RuleDiff", {"bookCode": "jiaxing", "fromNumber": 1, "toNumber": 1}),
        ("shared/EffectiveRules", {"officeId": await scene.office("330411")}),
        ("admin/RuleFindings", {"officeId": await scene.office("330411")}),
        ("admin/RuleKinds", {}),
        ("admin/RulePacks", {}),
        ("admin/RulePackDrift", {"packCode": "village-basics", "officeId": await scene.office("3304")}),
    ):
        answer = await scene.world.post(text(key), variables, {})
        assert answer.codes == ["UNAUTHENTICATED"], key
    told = json.dumps(await asked_by_nobody(scene, first=10), ensure_ascii=False)
    assert "傅家豪" not in told and "jiaxing.admin" not in told


async def test_a_publication_to_come_is_not_in_the_register_yet(scene: Scene, xiuzhou: Author) -> None:
    scene.at("2026-04-01 09:00")
    await xiuzhou.open()
    await xiuzhou.put(rule("XZ-09", "meeting", name="WEEKLY_TALK", per="WEEK"))
    await xiuzhou.publish(effectiveOn="2026-04-10")

    async def number() -> int:
        nodes = (await asked_by_nobody(scene, officeCode="330411"))["nodes"]
        return next(int(each["number"]) for each in nodes if each["code"] == "xiuzhou")

    assert await number() == 1
    scene.at("2026-04-10 00:00")
    assert await number() == 2


async def test_who_published_is_told_in_the_own_office_alone(scene: Scene, xiuzhou: Author) -> None:
    await xiuzhou.open()
    await xiuzhou.put(rule("XZ-09", "meeting", name="WEEKLY_TALK", per="WEEK"))
    await xiuzhou.publish()
    for username, told in (("xiuzhou.leader", True), ("xiuzhou.handler", False), ("jiaxing.admin", False)):
        nodes = (await scene.desk(username).send("shared/RuleBookVersions", bookCode="xiuzhou")).data
        newest = nodes["ruleBookVersions"]["nodes"][0]
        assert (newest["publishedBy"] is not None, newest["createdBy"] is not None) == (told, told), username


async def test_an_institution_stands_under_its_government(scene: Scene, xiuzhou: Author) -> None:
    """The petition office keeps its government's days; a department does not, unless a rule reaches it."""
    await xiuzhou.open()
    await xiuzhou.put(rule("XZ-02", "fixed_day", activity="VISIT", days=[10], roll="NEVER", levels=["COUNTY"]))
    await xiuzhou.publish()
    found = {
        code: {each["subject"] for each in await effective(xiuzhou.desk, await scene.office(code), "fixed_day")}
        for code in ("330411", "330411-xfj", "330411-zrzy")
    }
    assert found == {"330411": {"RECEPTION", "VISIT"}, "330411-xfj": {"RECEPTION", "VISIT"}, "330411-zrzy": set()}


async def test_another_process_sees_a_publication_with_its_next_question(scene: Scene, xiuzhou: Author) -> None:
    """What is remembered is named by its content: a process that knew the old rules does not go on with them."""
    database = Database(scene.world.database.url, pool_size=1)
    day = date(2026, 3, 2)

    async def visits() -> list[tuple[int, ...]]:
        async with database.reader(NO_SCOPE) as session:
            office = await offices.by_code(session, "330411")
            assert office is not None
            found = await service.effective_on(session, office.id, day=day)
        return [each.params.days for each in found.of(FixedDay) if each.params.activity == "VISIT"]

    try:
        assert await visits() == []
        await xiuzhou.open()
        await xiuzhou.put(rule("XZ-02", "fixed_day", activity="VISIT", days=[10], roll="NEVER", levels=["COUNTY"]))
        assert await visits() == []
        await xiuzhou.publish()
        assert await visits() == [(10,)]
    finally:
        await database.close()


async def test_a_day_is_a_day_in_china() -> None:
    assert service.day_of(datetime(2026, 5, 10, 15, 59, 59, tzinfo=UTC)) == date(2026, 5, 10)
    assert service.day_of(datetime(2026, 5, 10, 16, 0, tzinfo=UTC)) == date(2026, 5, 11)
