"""Orders to offices that cannot receive them: unknown, of another level, closed, suspended, accused."""

from __future__ import annotations

from typing import Any

from bad_input.conftest import Probe
from caseway.gql.ids import encode


async def test_an_office_that_does_not_exist_receives_nothing(probe: Probe) -> None:
    case_id = await probe.register()
    nowhere = encode("Office", 2_000_000_000)
    for name, more in (
        ("caseForward", {}),
        ("caseAssign", {"instruction": "请核实处理", "reportDueAt": probe.ahead(days=9)}),
        ("caseHandOver", {"instruction": "请核实处理"}),
        ("caseCopy", {}),
        ("caseAssist", {"instruction": "请核实处理"}),
    ):
        await probe.refused("jiaxing.dispatcher", name, "OFFICE_NOT_FOUND", caseId=case_id, officeId=nowhere, **more)


async def test_an_order_goes_only_where_its_kind_reaches(probe: Probe) -> None:
    """Forward not upwards, escalate not over a level, assign not to the side, nothing to the office itself."""
    town = await probe.register("fengqiao.clerk")
    city, county = await probe.office("3304"), await probe.office("330402")
    sibling, own = await probe.office("330402101"), await probe.office("330402100")
    desk = "fengqiao.dispatcher"
    await probe.refused(desk, "caseForward", "WRONG_LEVEL", caseId=town, officeId=county)
    await probe.refused(desk, "caseForward", "SAME_OFFICE", caseId=town, officeId=own)
    for name in ("caseEscalate", "caseAskAdvice"):
        await probe.refused(desk, name, "WRONG_LEVEL", caseId=town, officeId=city, instruction="请提级研判办理")
    limit: dict[str, Any] = {"instruction": "请办理并报告", "reportDueAt": probe.ahead(days=9)}
    await probe.refused(desk, "caseAssign", "WRONG_LEVEL", caseId=town, officeId=sibling, **limit)
    elsewhere = await probe.office("330681109")
    await probe.refused(desk, "caseForward", "WRONG_LEVEL", caseId=town, officeId=elsewhere)


async def test_a_closed_office_receives_nothing_and_names_its_successor(probe: Probe) -> None:
    case_id = await probe.register()
    old, new = await probe.office("3304-ly"), await probe.office("3304-zrzy")
    await probe.done("jiaxing.admin", "officeMerge", selection="office { id }", officeId=old, intoId=new)
    answer = await probe.refused("jiaxing.dispatcher", "caseForward", "OFFICE_CLOSED", caseId=case_id, officeId=old)
    assert [each["key"] for each in answer.result["details"]] == ["successor_id"]
    await probe.refused("jiaxing.admin", "officeRename", "OFFICE_CLOSED", officeId=old, name="新林业局")
    await probe.refused("jiaxing.admin", "officeSuspend", "OFFICE_CLOSED", officeId=old)
    post: dict[str, Any] = {"officeId": old, "roles": ["HANDLER"]}
    await probe.refused("jiaxing.admin", "staffCreate", "OFFICE_CLOSED", name="新人", username="new.person", post=post)


async def test_a_suspended_office_receives_nothing_and_registers_nothing(probe: Probe) -> None:
    case_id, town = await probe.register(), await probe.office("330402101")
    await probe.refused("jiaxing.admin", "officeResume", "OFFICE_NOT_SUSPENDED", officeId=town)
    await probe.done("jiaxing.admin", "officeSuspend", selection="office { id }", officeId=town)
    await probe.refused("jiaxing.dispatcher", "caseForward", "OFFICE_SUSPENDED", caseId=case_id, officeId=town)
    await probe.refused("yuxin.clerk", "caseRegister", "OFFICE_SUSPENDED", **probe.matter())
    await probe.refused("jiaxing.admin", "officeSuspend", "OFFICE_SUSPENDED", officeId=town)


async def test_nothing_goes_to_the_accused_or_to_anybody_below_them(probe: Probe) -> None:
    """Not to the county complained about, nor to its departments, petition office, towns or villages."""
    case_id = await probe.register(accused={"officeIds": [await probe.office("330402")]})
    for code in ("330402", "330402-xfj", "330402-zrzy", "330402100", "330402100-xfj", "330402100204"):
        target = await probe.office(code)
        await probe.refused("jiaxing.dispatcher", "caseForward", "ROUTE_TO_ACCUSED", caseId=case_id, officeId=target)
        for name in ("caseCopy", "caseAssist"):
            await probe.refused(
                "jiaxing.dispatcher", name, "ROUTE_TO_ACCUSED",
                caseId=case_id, officeId=target, instruction="请协助了解情况",
            )  # fmt: skip
    await probe.forward("jiaxing.dispatcher", case_id, "330411")


async def test_an_accusation_leaves_only_for_the_discipline_body_with_authority(probe: Probe) -> None:
    case_id = await probe.register(
        "nanhu.clerk", petitionClass="ACCUSATION", accused={"officeIds": [await probe.office("330402101")]}
    )
    desk = "nanhu.clerk"
    for code in ("330402100", "330402-xfj", "3304-xfj"):
        await probe.refused(desk, "caseForward", "NO_COMPETENCE", caseId=case_id, officeId=await probe.office(code))
    wrong = await probe.office("330411-jw")
    await probe.refused(desk, "caseHandOverAccusation", "NO_COMPETENCE", caseId=case_id, officeId=wrong)
    accused = await probe.office("330402101-jw")
    await probe.refused(desk, "caseHandOverAccusation", "ROUTE_TO_ACCUSED", caseId=case_id, officeId=accused)
    right = await probe.office("330402-jw")
    await probe.done(desk, "caseHandOverAccusation", selection="order { state }", caseId=case_id, officeId=right)


async def test_an_office_without_competence_for_the_field_receives_nothing(probe: Probe) -> None:
    case_id = await probe.register()
    education, discipline = await probe.office("3304-jy"), await probe.office("3304-jw")
    conference = await probe.office("3304-lxh")
    for target in (education, discipline, conference):
        await probe.refused("jiaxing.dispatcher", "caseForward", "NO_COMPETENCE", caseId=case_id, officeId=target)
    await probe.refused(
        "jiaxing.dispatcher", "caseHandOverAccusation", "NOT_PERMITTED", caseId=case_id, officeId=discipline
    )


async def test_an_accusation_names_whom_it_is_about_and_only_who_exists(probe: Probe) -> None:
    matter: dict[str, Any] = probe.matter(petitionClass="ACCUSATION")
    await probe.refused(
        "jiaxing.clerk", "caseRegister", "INVALID_INPUT", at="accused.officeIds", problem="REQUIRED", **matter
    )
    unknown: dict[str, Any] = {
        "officeIds": [encode("Office", 2_000_000_000)],
        "personIds": [encode("Person", 2_000_000_000)],
    }
    answer = await probe.refused(
        "jiaxing.clerk", "caseRegister", "INVALID_INPUT", at="accused.officeIds", **matter | {"accused": unknown}
    )
    assert "accused.personIds" in {each["path"] for each in answer.result["fieldErrors"]}
    crowd: dict[str, Any] = {"officeIds": [await probe.office("330402101")] * 5_000}
    await probe.refused(
        "jiaxing.clerk", "caseRegister", "INVALID_INPUT", at="accused.officeIds", **matter | {"accused": crowd}
    )


async def test_offices_that_cannot_be_are_not_made(probe: Probe) -> None:
    admin, city = "jiaxing.admin", await probe.office("3304")
    county, town = await probe.office("330402"), await probe.office("330402100")
    child: dict[str, Any] = {"officeId": city, "kind": "DEPARTMENT", "code": "3304-new", "name": "新局"}
    for changes, code in (
        ({"code": "3304-jy"}, "CODE_TAKEN"),
        ({"kind": "GOVERNMENT", "level": "CITY"}, "WRONG_LEVEL"),
        ({"officeId": await probe.office("3304-jy")}, "WRONG_LEVEL"),
    ):
        await probe.refused(admin, "officeCreateChild", code, **child | changes)
    for changes, path in (
        ({"code": "有 空格"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "x" * 300}, "code"),
        ({"name": " "}, "name"),
        ({"name": "长" * 5_000}, "name"),
        ({"name": "新\n局"}, "name"),
    ):
        await probe.refused(admin, "officeCreateChild", "INVALID_INPUT", at=path, **child | changes)
    await probe.refused(admin, "officeMove", "OFFICE_CYCLE", officeId=county, parentId=town)
    await probe.refused(admin, "officeMove", "OFFICE_CYCLE", officeId=county, parentId=county)
    await probe.refused(admin, "officeMove", "NOT_PERMITTED", officeId=city, parentId=county)
    await probe.refused(admin, "officeMerge", "OFFICE_CYCLE", officeId=town, intoId=town)
    await probe.refused(admin, "officeMerge", "WRONG_LEVEL", officeId=town, intoId=await probe.office("330411"))
    await probe.refused("nanhu.admin", "officeRename", "NOT_PERMITTED", officeId=city, name="改名")
    await probe.refused("jiaxing.clerk", "officeRename", "NOT_PERMITTED", officeId=city, name="改名")
    await probe.done(admin, "officeCreateChild", selection="office { code }", **child)


async def test_a_split_needs_parts_that_make_sense(probe: Probe) -> None:
    admin, county = "jiaxing.admin", await probe.office("330402")
    part: dict[str, Any] = {"code": "330402-a", "name": "一区", "children": ["330402100"]}
    for parts, problem in (
        ([], "REQUIRED"),
        ([part, part], "DUPLICATE"),
        ([part, part | {"code": "330402-b"}], "DUPLICATE"),
        ([part | {"children": ["330411100"]}], "UNKNOWN"),
    ):
        given = {"officeId": county, "parts": parts}
        await probe.refused(admin, "officeSplit", "INVALID_INPUT", at="parts", problem=problem, **given)
    await probe.refused(
        admin, "officeSplit", "INVALID_INPUT", at="successorCode", officeId=county, parts=[part], successorCode="330411"
    )
    taken = part | {"code": "330411"}
    await probe.refused(admin, "officeSplit", "CODE_TAKEN", officeId=county, parts=[taken])
