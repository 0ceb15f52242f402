"""S4 — Inheritance, publishing, versions: what the rules of 秀洲 330411 and 西湖 330106 mean for their cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from support.rule_desks import Author, rule, span
from support.scenes import Scene, by_book, clock, due, matter

XIUZHOU, XIHU = "330411", "330106"


async def shorter_from_may_11(scene: Scene) -> None:
    """秀洲 publishes FORWARD 3 WORKDAY, valid from 2026-05-11."""
    author = Author(scene, "xiuzhou.admin", XIUZHOU)
    await author.open(effectiveOn="2026-05-11")
    await author.put(rule("XZ-01", "deadline", stage="FORWARD", limit=span(3, "WORKDAY"), start="RECEIVED"))
    await author.publish()
    await author.confirm("xiuzhou.leader")


async def test_4_a_case_keeps_the_version_it_started_under(scene: Scene) -> None:
    scene.at("2026-05-05 09:00")
    await shorter_from_may_11(scene)
    office = scene.desk("xiuzhou-xfj.clerk")

    scene.at("2026-05-06 09:00")
    old = (await office.do("clerk/RegisterCase", **matter("2026-05-06 09:00", placeCode=XIUZHOU)))["case"]["id"]
    scene.at("2026-05-11 09:00")
    new = (await office.do("clerk/RegisterCase", **matter("2026-05-11 09:00", placeCode=XIUZHOU)))["case"]["id"]

    # Registered 05-06: v1, five workdays of 浙江, 05-09 is a make-up workday: 05-12. Registered 05-11: v2: 05-14.
    before, after = await office.seen(old), await office.seen(new)
    assert (before["dueOn"], due(before, "FORWARD")) == ("2026-05-12", "2026-05-12")
    assert set(by_book(clock(before, "FORWARD"))) == {"law-2022", "law-zj-2016"}
    assert (after["dueOn"], due(after, "FORWARD")) == ("2026-05-14", "2026-05-14")
    assert by_book(clock(after, "FORWARD"))["xiuzhou"] == "2026-05-14"
    explained = (await office.send("shared/ExplainDeadlines", id=new)).data["case"]["clocks"]
    (forward,) = [each for each in explained if each["kind"] == "FORWARD"]
    (ruling,) = [each for each in forward["limits"] if each["dueOn"] == "2026-05-14"]
    assert (ruling["book"], ruling["bookVersion"], ruling["rule"], ruling["layer"]) == ("xiuzhou", 2, "XZ-01", "OFFICE")


@pytest.mark.parametrize(
    ("group", "representatives", "code"),
    [(10, 4, "REPRESENTATIVES_MAX"), (11, 5, None), (11, 6, "REPRESENTATIVES_MAX")],
)
async def test_4_representatives_by_the_size_of_the_group(
    scene: Scene, group: int, representatives: int, code: str | None
) -> None:
    scene.at("2026-05-06 09:00")
    people = [{"name": f"代表{number}"} for number in range(representatives)]
    entry = matter("2026-05-06 09:00", placeCode=XIUZHOU, petitioners=people, groupSize=group)
    answer = await scene.desk("xiuzhou.clerk").attempt("clerk/RegisterCase", **entry)
    assert answer.code == code
    if code is not None:
        told = {each["key"]: each["value"] for each in answer.result["details"]}
        assert told["maximum"] == ("3" if group == 10 else "5")
        assert "LZJ-01" in told["source"] or "L22-02" in told["source"]
        assert await scene.facts("select 1 from registration") == []


async def xihu_decides(scene: Scene) -> None:
    """西湖 sets 30 minutes for signing and routing and publishes without the rules that it has not decided."""
    author = Author(scene, "xihu.admin", XIHU)
    draft = await author.draft()
    assert draft is not None
    for code, given in draft["rules"].items():
        parameters: dict[str, Any] = dict(given["parameters"])
        if code == "XH-04":
            parameters["limit"] = span(30, "MINUTE")
            await author.put(rule(code, given["kind"], appliesTo=given["appliesTo"], unresolved=[], **parameters))
        elif given["unresolved"]:
            await author.put(
                rule(
                    code, given["kind"],
                    appliesTo=given["appliesTo"], unresolved=given["unresolved"], isWithheld=True,
                    withheldReason="not decided yet", **parameters,
                )
            )  # fmt: skip
    await author.publish()
    # It speaks of channels, as the law does: a second person confirms.
    done = await author.confirm("xihu.leader")
    assert done["version"]["state"] == "PUBLISHED", done


@pytest.mark.parametrize(("seconds", "late"), [(1800, None), (1801, 1)])
async def test_5_signing_and_routing_is_measured_to_the_second(scene: Scene, seconds: int, late: int | None) -> None:
    scene.at("2026-04-01 08:00")
    await xihu_decides(scene)
    # Rules count from the day they take effect.
    scene.at("2026-04-02 09:00")
    province, county = scene.desk("zhejiang-xfj.clerk"), scene.desk("xihu.dispatcher")
    case = (await province.do("clerk/RegisterCase", **matter("2026-04-02 09:00", placeCode=XIHU)))["case"]["id"]
    delivered = scene.at("2026-04-02 10:00")
    order = await province.forward(case, await scene.office(XIHU))
    before = clock(await province.seen(case), "SIGN_AND_ROUTE")
    assert (before["limit"]["amount"], before["limit"]["unit"], before["isStatutory"]) == (30, "MINUTE", False)
    scene.world.dial.instant = delivered + timedelta(seconds=seconds)
    await county.sign(order)
    routed = clock(await county.seen(case), "SIGN_AND_ROUTE")
    assert routed["stoppedAt"] is not None
    assert (routed["breach"] or {}).get("seconds") == late
    assert (routed["breach"] or {}).get("code") == (None if late is None else "LATE_SIGN_AND_ROUTE")
