"""Texts that are empty, blank, too long or too short: refused at their field, all problems of an input at once."""

from __future__ import annotations

from typing import Any

from bad_input.conftest import ORDER, Probe, instant

BLANKS = ("", "\t \u3000\u00a0\n")
GOOD = "请依法办理并说明理由"
TITLE, REASON, BODY = 200, 1_000, 20_000


async def check(probe: Probe, who: str, name: str, path: str, longest: int, /, **given: Any) -> None:
    """A required text: one character too many is refused, and so are blanks."""
    await check_longest(probe, who, name, path, longest, **given)
    for text in BLANKS:
        await probe.refused(who, name, "INVALID_INPUT", at=path, problem="REQUIRED", **with_text(given, path, text))


async def check_longest(probe: Probe, who: str, name: str, path: str, longest: int, /, **given: Any) -> None:
    """Any text: one character too many is refused."""
    for text in ("长" * (longest + 1), "x" * 60_000):
        await probe.refused(who, name, "INVALID_INPUT", at=path, problem="TOO_LONG", **with_text(given, path, text))


def with_text(given: dict[str, Any], path: str, text: str) -> dict[str, Any]:
    """The input with another text at a path such as ``entry.petitioners.0.name``."""
    name, _, rest = path.partition(".")
    if not rest:
        return given | {name: text}
    inner = given.get(name) or {}
    if isinstance(inner, list):
        return given
    if rest.partition(".")[0] == "petitioners":
        _, _, key = rest.split(".")[0:3]
        return given | {name: inner | {"petitioners": [inner["petitioners"][0] | {key: text}]}}
    return given | {name: with_text(inner, rest, text)}


async def test_texts_of_a_registration(probe: Probe) -> None:
    matter: dict[str, Any] = probe.matter()
    for path, longest in (("entry.title", TITLE), ("entry.claim", BODY), ("entry.petitioners.0.name", 100)):
        await check(probe, "jiaxing.clerk", "caseRegister", path, longest, **matter)
    for key, longest in (("phone", 40), ("address", 300), ("residenceCode", 12)):
        path = f"entry.petitioners.0.{key}"
        await check_longest(probe, "jiaxing.clerk", "caseRegister", path, longest, **matter)
    for path in ("field", "placeCode"):
        for text in (*BLANKS, "x" * 5_000, "LAND'--", "33\n", "３３０４０２", "land", "\u202e33", "LAND LAND"):
            if (path, text) == ("placeCode", "33"):
                continue
            await probe.refused(
                "jiaxing.clerk", "caseRegister", "INVALID_INPUT", at=path, problem="MALFORMED",
                **with_text(matter, path, text),
            )  # fmt: skip
    ended = await probe.register()
    statement: dict[str, Any] = {"statement": "本人撤回该信访事项", "signedAt": probe.ago(minutes=1)}
    await check_longest(probe, "jiaxing.clerk", "caseWithdraw", "statement", BODY, caseId=ended, **statement)
    await probe.done("jiaxing.clerk", "caseWithdraw", caseId=ended, **statement)
    facts: dict[str, Any] = {"newFacts": {"precedingCaseId": ended, "statement": GOOD}}
    await check(probe, "jiaxing.clerk", "caseRegister", "newFacts.statement", BODY, **(matter | facts))


async def test_all_problems_of_a_registration_are_told_at_once(probe: Probe) -> None:
    bad: dict[str, Any] = probe.entry(title=" ", claim="x" * (BODY + 1), receivedAt=probe.ahead(days=1), groupSize=0)
    bad["petitioners"] = [{"name": ""}, {"name": "长" * 101, "phone": "1" * 41}]
    answer = await probe.refused(
        "jiaxing.clerk", "caseRegister", "INVALID_INPUT",
        entry=bad, petitionClass="ACCUSATION", field="", placeCode="x",
    )  # fmt: skip
    paths = {each["path"] for each in answer.result["fieldErrors"]}
    assert paths == {
        "entry.title", "entry.claim", "entry.receivedAt", "entry.groupSize", "entry.petitioners.0.name",
        "entry.petitioners.1.name", "entry.petitioners.1.phone", "field", "placeCode", "accused.officeIds",
    }  # fmt: skip


async def test_texts_of_orders(probe: Probe) -> None:
    case_id, county, sibling = await probe.register(), await probe.office("330402"), await probe.office("3304-zrzy")
    desk, case = "jiaxing.dispatcher", {"caseId": case_id}
    limit: dict[str, Any] = {"reportDueAt": probe.ahead(days=9)}
    down: dict[str, Any] = {"officeId": county, **case}
    await check_longest(probe, desk, "caseForward", "instruction", REASON, **down)
    await check(probe, desk, "caseAssign", "instruction", REASON, **limit, **down)
    await check_longest(probe, desk, "caseCopy", "instruction", REASON, **down)
    await check(probe, desk, "caseHandOver", "instruction", REASON, officeId=await probe.office("3306-xfj"), **case)
    await check(probe, desk, "caseAssist", "instruction", REASON, officeId=sibling, **case)
    up: dict[str, Any] = {"officeId": await probe.office("33-xfj"), **case}
    await check(probe, desk, "caseAskAdvice", "instruction", REASON, **up)
    await check(probe, desk, "caseReportUp", "instruction", REASON, **up)
    await check(probe, desk, "caseEscalate", "instruction", REASON, **up)
    await check(probe, "zhejiang-xfj.dispatcher", "caseTakeUp", "reason", REASON, **case)
    assist = await probe.done(desk, "caseAssist", selection=ORDER, officeId=sibling, instruction=GOOD, **case)
    help_order: dict[str, Any] = {"orderId": assist["order"]["id"]}
    await check(probe, "jiaxing-zrzy.dispatcher", "caseContribute", "text", BODY, **help_order)
    advice = await probe.done(desk, "caseAskAdvice", selection=ORDER, instruction=GOOD, **up)
    await check(probe, "zhejiang-xfj.leader", "caseAdvise", "text", BODY, orderId=advice["order"]["id"])


async def test_texts_of_disputes(probe: Probe) -> None:
    case_id = await probe.register()
    order_id = await probe.forward("jiaxing.clerk", case_id, "330402")
    await probe.sign("nanhu.dispatcher", order_id)
    order: dict[str, Any] = {"orderId": order_id}
    await check(probe, "nanhu.dispatcher", "caseObject", "reason", REASON, **order)
    await probe.done("nanhu.dispatcher", "caseObject", selection=ORDER, reason=GOOD, **order)
    await check(probe, "jiaxing.dispatcher", "caseObjectionDecide", "reason", REASON, agree=False, **order)
    await probe.done("jiaxing.dispatcher", "caseObjectionDecide", selection=ORDER, agree=False, reason=GOOD, **order)
    await check(probe, "nanhu.dispatcher", "caseDisputeRefer", "reason", REASON, **order)
    await probe.done("nanhu.dispatcher", "caseDisputeRefer", selection=ORDER, reason=GOOD, **order)
    given: dict[str, Any] = {"caseId": case_id, "competentOfficeId": await probe.office("330402")}
    await check(probe, "zhejiang-xfj.leader", "caseCompetenceDecide", "reason", REASON, **given)


async def test_texts_of_handling(probe: Probe) -> None:
    case_id, _ = await probe.arrived()
    desk, case, served = "fengqiao.handler", {"caseId": case_id}, {"servedAt": instant(probe.world.dial())}
    probe.world.dial.by(minutes=1)
    await check_longest(probe, desk, "caseAccept", "notice.text", BODY, notice=served, **case)
    refusal: dict[str, Any] = {"ground": "STATUTORY_PATH", "explanation": GOOD, "notice": served, **case}
    await check(probe, desk, "caseRefuseAcceptance", "explanation", BODY, **refusal)
    await check_longest(probe, desk, "caseRefuseAcceptance", "notice.text", BODY, **refusal)
    redirection: dict[str, Any] = {
        "path": "LITIGATION",
        "body": "南湖区人民法院",
        "explanation": GOOD,
        "notice": served,
        **case,
    }
    await check(probe, desk, "caseRedirect", "body", TITLE, **redirection)
    await check(probe, desk, "caseRedirect", "explanation", BODY, **redirection)
    await probe.done(desk, "caseAccept", notice=served, **case)
    await probe.done(desk, "caseStartHandling", **case)
    await check(probe, desk, "caseRecordAdd", "text", BODY, kind="INQUIRY", **case)
    await check_longest(
        probe, "fengqiao.leader", "caseExtend", "notice.text", BODY,
                days=10, reason=GOOD, notice={"servedAt": instant(probe.world.dial())}, **case,
    )  # fmt: skip
    probe.world.dial.by(days=1)
    opinion: dict[str, Any] = probe.opinion(case_id)
    for path in ("text", "legalBasis"):
        await check(probe, desk, "caseAnswer", path, BODY, **opinion)
    for path in ("remedies", "newFacts"):
        await check_longest(probe, desk, "caseAnswer", path, BODY, **opinion)
    await probe.done(desk, "caseAnswer", **opinion)
    await check(probe, desk, "caseExecutionRecord", "text", BODY, **case)
    await check(probe, "nanhu.dispatcher", "caseOrderRedo", "instruction", BODY, **case)


async def test_texts_of_staffing_identity_and_matching(probe: Probe) -> None:
    case_id = await probe.handled()
    case, other = {"caseId": case_id}, await probe.register("fengqiao.clerk")
    leader: dict[str, Any] = {"personId": await probe.person("fengqiao.leader"), **case}
    await check_longest(probe, "fengqiao.leader", "caseLeadAssign", "reason", REASON, **leader)
    await check(probe, "fengqiao.handler", "caseRecuse", "reason", REASON, **case)
    await check(probe, "jiaxing.supervisor", "caseReasonRecord", "reason", REASON, **case)
    await check(probe, "fengqiao.handler", "caseIdentityRead", "purpose", 200, **case)
    power: dict[str, Any] = {"purpose": "电话回访信访人", **case}
    await check_longest(probe, "fengqiao.handler", "caseIdentityRead", "legalPower", REASON, **power)
    match: dict[str, Any] = {"caseId": other, "by": "TEXT", "text": "村道积水", "reason": "查重：是否同一事项"}
    await check(probe, "fengqiao.clerk", "caseMatterMatch", "reason", REASON, **match)
    await check(probe, "fengqiao.clerk", "caseMatterMatch", "text", TITLE, **match)
    for field, text in (("reason", "短"), ("text", "村")):
        await probe.refused(
            "fengqiao.clerk", "caseMatterMatch", "INVALID_INPUT", at=field, problem="TOO_SHORT", **match | {field: text}
        )
    merge: dict[str, Any] = {"caseId": other, "targetId": await probe.register("fengqiao.clerk"), "reason": GOOD}
    await check(probe, "fengqiao.clerk", "caseMerge", "reason", REASON, **merge)


async def test_texts_of_staff(probe: Probe) -> None:
    post: dict[str, Any] = {"officeId": await probe.office("3304"), "roles": ["HANDLER"]}
    person: dict[str, Any] = {"name": "新来的", "username": "new.person", "post": post}
    for changes, path in (
        ({"name": ""}, "name"),
        ({"name": " \t"}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"username": ""}, "username"),
        ({"username": "两个字 空格"}, "username"),
        ({"username": "x" * 5_000}, "username"),
        ({"locale": "xx"}, "locale"),
        ({"post": post | {"title": "长" * 101}}, "post.title"),
        ({"post": post | {"rank": "局长'; --"}}, "post.rank"),
        ({"post": post | {"rank": "X" * 5_000}}, "post.rank"),
        ({"post": post | {"portfolios": ["x"] * 1_000}}, "post.portfolios"),
        ({"post": post | {"validTo": probe.ago(days=1)}}, "post.validTo"),
        ({"post": post | {"validFrom": probe.ago(days=1)}}, "post.validFrom"),
    ):
        await probe.refused("jiaxing.admin", "staffCreate", "INVALID_INPUT", at=path, **person | changes)
    for changes, code in (
        ({"username": "jiaxing.clerk"}, "USERNAME_TAKEN"),
        ({"username": "JIAXING.Clerk"}, "USERNAME_TAKEN"),
        ({"password": "short"}, "PASSWORD_TOO_SHORT"),
        ({"password": "x" * 5_000}, "PASSWORD_TOO_LONG"),
        ({"password": "password12345"}, "PASSWORD_TOO_COMMON"),
        ({"post": post | {"roles": ["TENANT_ADMIN", "AUDITOR"]}}, "ROLE_COMBINATION"),
        ({"post": post | {"roles": ["PLATFORM_OPERATOR"]}}, "ROLE_NOT_GRANTABLE"),
    ):
        await probe.refused("jiaxing.admin", "staffCreate", code, **person | changes)
    answer = await probe.attempt("jiaxing.admin", "staffCreate", **person | {"post": post | {"roles": []}})
    assert answer.code is not None, answer.body
