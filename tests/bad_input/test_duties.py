"""Instants, limits and conditions that do not hold: early, late, twice, too long, incomplete."""

from __future__ import annotations

from typing import Any

import pytest

from bad_input.conftest import Probe, instant

FAR = ("0001-01-01T00:00:00Z", "1900-01-01T00:00:00+08:00", "2026-03-01T00:00:00-23:59")


async def test_a_sixth_representative_is_refused_whatever_the_size_of_the_group(probe: Probe) -> None:
    people = [{"name": f"代表{number}"} for number in range(6)]
    for size, most in ((6, "3"), (7, "3"), (10, "3"), (11, "5"), (1_000_000, "5")):  # LZJ-01
        answer = await probe.refused(
            "jiaxing.clerk", "caseRegister", "REPRESENTATIVES_MAX", **probe.matter(petitioners=people, groupSize=size)
        )
        assert {"key": "maximum", "value": most} in answer.result["details"]
    for size in (0, -1, 5, 1_000_001, 2_147_483_647, -2_147_483_648):
        await probe.refused(
            "jiaxing.clerk", "caseRegister", "INVALID_INPUT", at="entry.groupSize",
            **probe.matter(petitioners=people, groupSize=size),
        )  # fmt: skip
    await probe.done("jiaxing.clerk", "caseRegister", **probe.matter(petitioners=people[:3], groupSize=7))
    await probe.done("jiaxing.clerk", "caseRegister", **probe.matter(petitioners=people[:5], groupSize=11))
    case_id = await probe.register()
    await probe.refused(
        "jiaxing.clerk", "caseRegistrationAdd", "REPRESENTATIVES_MAX",
        caseId=case_id, entry=probe.entry(petitioners=people, groupSize=6),
    )  # fmt: skip


async def test_ten_thousand_petitioners_are_refused_quickly(probe: Probe) -> None:
    crowd = [{"name": "众"} for _ in range(10_000)]
    answer = await probe.refused(
        "jiaxing.clerk", "caseRegister", "REPRESENTATIVES_MAX", **probe.matter(petitioners=crowd, groupSize=10_000)
    )
    assert len(answer.raw) < 2_000
    blank = [{"name": ""} for _ in range(10_000)]
    answer = await probe.refused(
        "jiaxing.clerk", "caseRegister", "INVALID_INPUT", **probe.matter(petitioners=blank, groupSize=10_000)
    )
    rubbish: dict[str, Any] = {"officeIds": ["rubbish"] * 10_000}
    many = await probe.refused("jiaxing.clerk", "caseRegister", "INVALID_INPUT", **probe.matter(accused=rubbish))
    assert max(len(answer.raw), len(many.raw)) < 30_000, "the answer to rubbish does not grow with it"


async def test_a_matter_was_received_in_the_last_ten_years_and_not_tomorrow(probe: Probe) -> None:
    tomorrow = (probe.ahead(seconds=1), probe.ahead(days=9_000), "9999-12-31T23:59:59Z")
    for at in tomorrow:
        await probe.refused(
            "jiaxing.clerk", "caseRegister", "INVALID_INPUT", at="entry.receivedAt", problem="FUTURE",
            **probe.matter(receivedAt=at),
        )  # fmt: skip
    for at in (probe.ago(days=3_700), "1900-01-01T00:00:00+08:00", "0001-01-02T00:00:00Z"):
        await probe.refused(
            "jiaxing.clerk", "caseRegister", "INVALID_INPUT", at="entry.receivedAt", problem="TOO_EARLY",
            **probe.matter(receivedAt=at),
        )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-03-01", "2026-03-01T09:00:00", "2026-02-30T09:00:00Z", "2026-03-01T25:00:00Z",
        "2026-03-01 09:00:00+08:00", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "10000-01-01T00:00:00Z",
        "２０２６-03-01T09:00:00Z", "2026-03-01T09:00:00+99:99", "2026-W09-1T09:00:00Z", 1_772_323_200, True, {}, [],
    ],
)  # fmt: skip
async def test_what_is_no_instant_is_refused_before_anything_runs(probe: Probe, text: Any) -> None:
    document = "query ($at: DateTime!) { cases(first: 1, filter: { receivedAt: { since: $at } }) { nodes { id } } }"
    answer = await probe.denied("jiaxing.clerk", document, "GRAPHQL_VALUE_INVALID", at=text)
    assert answer.status == 200


async def test_an_assignment_reports_after_now_and_within_a_year(probe: Probe) -> None:
    given: dict[str, Any] = {
        "caseId": await probe.register(),
        "officeId": await probe.office("330402"),
        "instruction": "请办理并报告",
    }
    for at, problem in (
        (probe.ago(seconds=1), "PAST"),
        (instant(probe.world.dial()), "PAST"),
        ("0001-01-01T00:00:00Z", "PAST"),
        (probe.ahead(days=367), "TOO_LATE"),
        ("9999-12-31T23:59:59Z", "TOO_LATE"),
    ):
        await probe.refused(
            "jiaxing.dispatcher", "caseAssign", "INVALID_INPUT", at="reportDueAt", problem=problem,
            reportDueAt=at, **given,
        )  # fmt: skip


async def test_accepting_needs_a_notice_that_was_served_after_the_receipt(probe: Probe) -> None:
    case_id, _ = await probe.arrived()
    desk, case = "fengqiao.handler", {"caseId": case_id}
    await probe.refused(desk, "caseAccept", "NOTICE_REQUIRED", notice={}, **case)
    both: dict[str, Any] = {"servedAt": instant(probe.world.dial()), "contactUnknown": True}
    await probe.refused(desk, "caseAccept", "NOTICE_REQUIRED", notice=both, **case)
    for at, problem in ((probe.ahead(seconds=1), "FUTURE"), (probe.ago(hours=2), "TOO_EARLY"), (FAR[1], "TOO_EARLY")):
        await probe.refused(
            desk, "caseAccept", "INVALID_INPUT", at="notice.servedAt", problem=problem, notice={"servedAt": at}, **case
        )
    await probe.refused(desk, "caseStartHandling", "TRANSITION_REFUSED", **case)
    await probe.refused(desk, "caseAnswer", "TRANSITION_REFUSED", **probe.opinion(case_id))


async def test_an_extension_is_short_once_and_in_time(probe: Probe) -> None:
    case_id = await probe.handled()
    leader, told = "fengqiao.leader", {"servedAt": instant(probe.world.dial())}
    given: dict[str, Any] = {"caseId": case_id, "reason": "案情复杂，需要测绘", "notice": told}
    for days in (0, -1, -2_147_483_648):
        await probe.refused(leader, "caseExtend", "INVALID_INPUT", at="days", problem="TOO_SMALL", days=days, **given)
    for days in (31, 60, 2_147_483_647):
        await probe.refused(leader, "caseExtend", "EXTENSION_CAP", days=days, **given)
    await probe.refused(leader, "caseExtend", "NOTICE_REQUIRED", days=10, **given | {"notice": {}})
    await probe.refused("fengqiao.handler", "caseExtend", "NOT_PERMITTED", days=10, **given)
    await probe.done(leader, "caseExtend", days=10, **given)
    await probe.refused(leader, "caseExtend", "EXTENSION_ONCE", days=10, **given)
    other = await probe.handled()
    probe.world.dial.by(days=90)
    told = {"servedAt": instant(probe.world.dial())}
    late: dict[str, Any] = {"caseId": other, "reason": "案情复杂，需要测绘", "notice": told}
    await probe.refused(leader, "caseExtend", "EXTENSION_LATE", days=10, **late)


async def test_an_answer_is_served_and_tells_the_remedies(probe: Probe) -> None:
    case_id = await probe.handled()
    desk = "fengqiao.handler"
    for changes in ({"servedAt": None}, {"remedies": ""}, {"remedies": " \u3000 "}):
        await probe.refused(desk, "caseAnswer", "ANSWER_INCOMPLETE", **probe.opinion(case_id) | changes)
    for changes, path, problem in (
        ({"servedAt": probe.ahead(minutes=1)}, "servedAt", "FUTURE"),
        ({"servedAt": "9999-12-31T23:59:59Z"}, "servedAt", "FUTURE"),
        ({"servedAt": probe.ago(days=5)}, "servedAt", "TOO_EARLY"),
        ({"servedAt": "0001-01-01T00:00:00Z"}, "servedAt", "TOO_EARLY"),
        ({"text": ""}, "text", "REQUIRED"),
        ({"legalBasis": " "}, "legalBasis", "REQUIRED"),
    ):
        await probe.refused(
            desk, "caseAnswer", "INVALID_INPUT", at=path, problem=problem, **probe.opinion(case_id) | changes
        )
    await probe.refused(
        desk, "caseRecordAdd", "MEDIATION_CONSENT_REQUIRED", caseId=case_id, kind="MEDIATION", text="调解记录"
    )


async def test_a_case_is_closed_after_its_execution_and_its_window(probe: Probe) -> None:
    case_id = await probe.handled()
    desk, case = "fengqiao.handler", {"caseId": case_id}
    await probe.refused(desk, "caseClose", "TRANSITION_REFUSED", ground="WINDOW_LAPSED", **case)
    await probe.done(desk, "caseAnswer", **probe.opinion(case_id))
    probe.world.dial.by(minutes=1)
    for ground in ("WINDOW_LAPSED", "AGREEMENT_PERFORMED"):
        await probe.refused(desk, "caseClose", "EXECUTION_NOT_RECORDED", ground=ground, **case)
    await probe.done(desk, "caseExecutionRecord", text="道路已经修好，双方确认。", **case)
    await probe.refused(desk, "caseClose", "WINDOW_OPEN", ground="WINDOW_LAPSED", **case)
    await probe.refused("fengqiao.clerk", "caseArchive", "TRANSITION_REFUSED", **case)
    await probe.done(desk, "caseClose", ground="AGREEMENT_PERFORMED", **case)
    await probe.refused(desk, "caseClose", "NOT_PERMITTED", ground="AGREEMENT_PERFORMED", **case)


async def test_a_revoked_opinion_does_not_come_again_and_a_redo_has_a_sensible_limit(probe: Probe) -> None:
    case_id = await probe.handled()
    desk, superior = "fengqiao.handler", "nanhu.dispatcher"
    given: dict[str, Any] = {"caseId": case_id, "instruction": "事实不清，责令重新办理", "revokes": True}
    await probe.refused(superior, "caseOrderRedo", "TRANSITION_REFUSED", **given)
    await probe.done(desk, "caseAnswer", **probe.opinion(case_id))
    for days in (0, -1, 366, 2_147_483_647):
        await probe.refused(superior, "caseOrderRedo", "INVALID_INPUT", at="withinDays", withinDays=days, **given)
    await probe.done(superior, "caseOrderRedo", **given)
    probe.world.dial.by(hours=1)
    await probe.refused(desk, "caseAnswer", "SAME_CONCLUSION", **probe.opinion(case_id))


async def test_a_withdrawal_is_the_petitioners_own_signed_word(probe: Probe) -> None:
    case_id = await probe.register()
    given: dict[str, Any] = {"caseId": case_id, "statement": "本人自愿撤回该信访事项"}
    await probe.refused("jiaxing.clerk", "caseWithdraw", "STATEMENT_REQUIRED", **given)
    signed: dict[str, Any] = {"signedAt": probe.ago(minutes=1)}
    await probe.refused("jiaxing.clerk", "caseWithdraw", "STATEMENT_REQUIRED", **given | signed | {"statement": " "})
    for at, problem in ((probe.ahead(minutes=1), "FUTURE"), (probe.ago(days=30), "TOO_EARLY")):
        await probe.refused(
            "jiaxing.clerk", "caseWithdraw", "INVALID_INPUT", at="signedAt", problem=problem, signedAt=at, **given
        )


async def test_cases_that_do_not_belong_together_are_not_merged(probe: Probe) -> None:
    first, other = await probe.register("fengqiao.clerk"), await probe.register("fengqiao.clerk", field="HOUSING")
    given: dict[str, Any] = {"caseId": first, "reason": "同一事项重复登记"}
    who = "fengqiao.clerk"
    await probe.refused(who, "caseMerge", "INVALID_INPUT", at="targetId", problem="SAME_CASE", targetId=first, **given)
    await probe.refused(who, "caseMerge", "MERGE_REFUSED", targetId=other, **given)
    fresh: dict[str, Any] = {"newFacts": {"precedingCaseId": first, "statement": "发现新的事实"}}
    await probe.refused(who, "caseRegister", "NOT_CLOSED", **probe.matter(**fresh))
