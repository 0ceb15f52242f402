"""Every guard, taken out alone, makes the walk find a leak: no guard is there for nothing, and the walk sees all of
them.

There are two locks. Behind row level security most guards of the application could go without anybody noticing, so they
are walked with the second lock opened (``single``); the second lock is walked with the application's guards opened.
Guards of the application are found in its source (``walk_guards.sites``): a new call of ``may``, ``allows`` or
``visibility`` is a new test, which first walks everything and fails when the walk finds nothing.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import true

from caseway.access.facts import BIT, case_facts
from caseway.access.permissions import Permission, Visibility
from caseway.access.plans_sql import Branch, branches
from caseway.access.policy import Policy
from caseway.cases import identity, loaders, queries, visibility
from caseway.cases.api import pieces
from caseway.cases.api import types as case_types
from caseway.cases.api.types import CaseType
from caseway.db.session import UnitOfWork
from caseway.errors import NotPermitted
from caseway.gql import ids
from support.walk import Leak, identity_texts, objects
from support.walk_attempts import absent_id, aimed, answers, differences
from support.walk_guards import Site, replaced, sites, taken_out
from support.walk_schema import document
from support.walk_world import Walked, unlocked

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Guards that keep something else than sight, each with what.
NOT_ABOUT_SIGHT = {
    "calendars.api:_may_read:allows:1": "days are public among staff; only the policy's default stands in it",
    "rules.cloning:clone:allows:1": "who may bring rules to an office; tests/rules/test_books_providing.py",
    **dict.fromkeys(
        ("simulation.land:able:allows:1", "simulation.land:counters:allows:1", "simulation.life:_registrar:allows:1"),
        "who is chosen to act in a simulation; the services ask anew",
    ),
    "cases.assignment:handlers:allows:1": "who is able to handle a case; tests/cases/test_assignment.py",
    "oversight.service:figure:allows:1": "small numbers, told to who sees the cases; tests/oversight/test_figures.py",
    "oversight.tables:may_ask:allows:2": "only an office's own rules take cards away from those who count; "
    "tests/oversight/test_statistics.py",
    "supervision.accountability:open_review:allows:1": "asked again right after; which refusal comes first",
}
#: Where a leak shows first, so that the walk ends soon: (actor, root).
_CASE = [("xiuzhou.clerk", "case"), ("fengqiao.clerk", "case"), ("nanhu.auditor", "case"), ("nanhu.clerk", "case")]
_ORDERS = [("fengqiao.auditor", "incomingOrders"), ("fengqiao.clerk", "incomingOrders"), ("fengqiao.auditor", "node")]
_EVERYTHING = [
    *_CASE, *_ORDERS, ("fengqiao.clerk", "caseCounts"), ("fengqiao.clerk", "accessOverrides"),
    ("fengqiao.clerk", "accessAttempts"), ("fengqiao.clerk", "accessExplain"), ("fengqiao.clerk", "office"),
    ("nanhu.clerk", "cases"), ("nanhu.clerk", "node"), ("fengqiao.handler", "case"), ("yuxin.handler", "case"),
]  # fmt: skip


async def first_leak(walked: Walked, ways: list[tuple[str, str]]) -> Leak | None:
    """Walk until something is told too much."""
    for name, root in ways:
        walker = await walked.walker(name)
        for leak in await walked.walk.questions(walker, walked.roots.of(root, thorough=root == "cases")):
            return leak
    return None


def hints(site: Site) -> list[tuple[str, str]]:
    """Where to look first."""
    by_function = {
        "overrides_of": [("fengqiao.clerk", "accessOverrides")], "counts": [("fengqiao.clerk", "caseCounts")],
        "access_attempts": [("fengqiao.clerk", "accessAttempts")], "explain": [("fengqiao.clerk", "accessExplain")],
        "shown_order": [("yuxin.handler", "node"), ("fengqiao.clerk", "node"), ("fengqiao.auditor", "node")],
        "_may_read": [("fengqiao.clerk", "office")], "readable": [("fengqiao.clerk", "dutyStatement")],
        "office_notices": [("fengqiao.admin", "officeNotices")], "shown_notice": [("fengqiao.admin", "node")],
        "reads_drafts": [("fengqiao.clerk", "ruleBook")], "drift": [("fengqiao.clerk", "rulePackDrift")],
        "tasks": [("fengqiao.clerk", "adminTasks")], "task": [("fengqiao.clerk", "node")],
        "_order": [("zhuji.clerk", "node"), ("nanhu.clerk", "case"), ("feicheng.leader", "case")],
        "list_of": [("hutun.clerk", "case")], "may_count": [("fengqiao.clerk", "metricValue")],
        "may_ask": [("fengqiao.leader", "statistics"), ("fengqiao.clerk", "protectedCounts")],
        "may_read": [("fengqiao.clerk", "accountabilityReviews"), ("yuxin.handler", "reportDuties")],
        "_allows": [("fengqiao.clerk", "supervisions")], "of_event": [("nanhu.dispatcher", "reportEventDuties")],
        "holders": [("nanhu.leader", "accountabilityReviews")],
        "registrations": [("nanhu.leader", "accountabilityReviews")],
        "may_see": [("xiuzhou.clerk", "case"), ("feicheng-lxh.clerk", "case")],
        "of": [("feicheng.leader", "case")], "_findings": [("zhuji.clerk", "case"), ("zhuji.handler", "case")],
    }  # fmt: skip
    return [*by_function.get(site.function, _ORDERS if "orders" in site.function else []), *_EVERYTHING]


@pytest.mark.parametrize("site", [each for each in sites() if str(each) not in NOT_ABOUT_SIGHT], ids=str)
async def test_a_guard_of_the_application_is_needed(
    single: Walked, monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    """The question, asked from this place, is always answered with yes."""
    taken_out(monkeypatch, site)
    if site.function in _BY_ATTEMPT:
        assert await _BY_ATTEMPT[site.function](single)
    else:
        assert await first_leak(single, hints(site)) is not None


async def _order_dealt_with(walked: Walked) -> list[str]:
    """An auditor of the discipline body learns from an order that a case of it was signed for."""
    return await differences(walked, await walked.walker("jiaxing-jw.auditor"))


async def _same_matter(walked: Walked) -> bool:
    """A handler looks for the matter of a case; a case from which the handler is recused matches too, and is counted in
    the event that the look leaves."""
    walker, case = await walked.walker("fengqiao.handler"), walked.case("handled")
    root = walked.attempts.at("caseMatterMatch", {"caseId": case.gid, "by": "PHONE"})
    text, variables = document("mutation", [root])
    answer = await walker.caller(text, **variables)
    seen = next(each for each in objects(answer.data) if each.get("__typename") == "CaseMatterMatchPayload")["matches"]
    looks = [json.loads(each["facts"])["found"] for each in objects(answer.data) if each.get("type") == "match.made"]
    return bool(looks[-1] != len(seen))


async def _rule(walked: Walked) -> bool:
    """An administrator takes a rule of another office out of force."""
    walker, field = await walked.walker("fengqiao.admin"), "overrideId"
    rules = (walked.built.places.overrides[0], ids.encode("AccessOverride", 999_999))
    real, absent = [
        await answers(walked, walker, [walked.attempts.at("accessOverrideRevoke", {field: gid})]) for gid in rules
    ]
    return real != absent


async def _new_facts(walked: Walked) -> bool:
    """New facts on an ended case that the registrar does not see."""
    walker, field = await walked.walker("yuxin.clerk"), "precedingCaseId"
    hidden, absent = [
        await answers(walked, walker, aimed(walked, ["caseRegister"], walker, field, gid))
        for gid in (walked.case("closed").gid, absent_id(walked, field))
    ]
    return hidden != absent


async def _reach(walked: Walked) -> bool:
    """An administrator gives a post to somebody who never had one in the area."""
    walker = await walked.walker("fengqiao.admin")
    post = {"officeId": walked.built.places.offices["330402100"], "roles": ["CLERK"], "title": "walk"}
    given = {"personId": walked.built.places.persons["zhuji.clerk"], "post": post}
    (answer,) = await answers(walked, walker, [walked.attempts.at("membershipGrant", given)])
    return "NOT_FOUND" not in answer


async def _task(walked: Walked) -> bool:
    """A clerk closes a task of the administrators."""
    walker, tasks = await walked.walker("fengqiao.clerk"), walked.built.places.tasks
    real, absent = [
        await answers(walked, walker, [walked.attempts.at("adminTaskClose", {"taskId": gid})])
        for gid in (tasks.office, ids.encode("AdminTask", uuid.UUID(int=7)))
    ]
    return real != absent


async def _evidence(walked: Walked) -> bool:
    """A supervisor puts a case of another county into the file of a review."""
    walker, case = await walked.walker("nanhu.supervisor"), walked.case("elsewhere")
    given = {"officeId": walked.built.places.offices["330402100"]}
    real, absent = [
        await answers(walked, walker, [walked.attempts.at("accountabilityReviewOpen", {**given, "caseIds": [gid]})])
        for gid in (case.gid, absent_id(walked, "caseId"))
    ]
    return real != absent


async def _report(walked: Walked) -> bool:
    """A clerk files the report on a case from which the clerk is recused."""
    walker, city = await walked.walker("fengqiao.clerk"), walked.case("nobody").key[0]
    real, absent = [
        await answers(walked, walker, [walked.attempts.at("reportFile", {"dutyId": gid})], judged=False)
        for gid in (walked.built.places.overseen.owed, ids.encode("ReportDuty", city, uuid.UUID(int=7)))
    ]
    return real != absent


_BY_ATTEMPT: dict[str, Callable[[Walked], Any]] = {
    "knows": _order_dealt_with, "_visible": _same_matter, "_preceding": _new_facts, "_reaches": _reach,
    "_administered": _rule, "put_right": _task, "_seen": _evidence, "file_event": _report,
}  # fmt: skip


def _everything(*args: Any, **named: Any) -> list[Branch]:
    return [Branch("any", true(), "", False)]


def _without_bars(*args: Any, **named: Any) -> int:
    return case_facts(*args, **named) & ~BIT["accused"]


async def _unfiltered(session: Any, policy: Policy, actor: Any, cases: Any, *, now: Any) -> list[visibility.CaseView]:
    grants = await loaders.grants_of(session, cases, office_id=actor.office_id)
    return [visibility.view(policy, actor, case, grants[case.city_id, case.id], now=now) for case in cases]


async def _shown_whatever_the_level(context: Any, city_id: int, case_id: Any) -> CaseType | None:
    seen = await case_types.seen_case(context, city_id, case_id)
    return CaseType.of(seen, now=context.now()) if seen is not None else None


def _unmasked(row: Any, name: str) -> pieces.MaskedPetitioner:
    return pieces.MaskedPetitioner(
        masked_name=name, is_representative=row.is_representative, residence_code=row.residence_code, has_phone=True
    )


#: Functions that are guards as a whole: what, by what it is replaced, and who notices where.
FUNCTIONS: dict[str, tuple[Any, Any, list[tuple[str, str]]]] = {
    "the row filter of lists": (branches, _everything, [("nanhu.clerk", "cases")]),
    "the row filter of notices": (branches, _everything, [("nanhu.dispatcher", "officeNotices")]),
    "the row filter of duties": (branches, _everything, [("fengqiao.clerk", "reportEventDuties")]),
    "the bars among the facts": (case_facts, _without_bars, [("fengqiao.handler", "case")]),
    "nothing below a stub": (visibility.views, _unfiltered, [("fengqiao.auditor", "node")]),
    "a card is no stub": (case_types.shown_case, _shown_whatever_the_level, [("nanhu.clerk", "case")]),
    "words only in what one may read": (
        queries.asked, lambda criteria: Permission.CASE_CARD, [("nanhu.dispatcher", "cases")],
    ),
    "masked names": (pieces.masked, _unmasked, [("yuxin.handler", "case")]),
}  # fmt: skip


@pytest.mark.parametrize("guard", FUNCTIONS)
async def test_a_function_that_guards_is_needed(single: Walked, monkeypatch: pytest.MonkeyPatch, guard: str) -> None:
    """The function, replaced by one that lets everything through."""
    original, substitute, ways = FUNCTIONS[guard]
    assert await first_leak(single, ways) is None, "the walk must be clean before the guard is gone"
    replaced(monkeypatch, original, substitute)
    assert await first_leak(single, ways) is not None


async def test_the_permissions_of_a_view_are_needed(single: Walked, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every permission in the view, a card shows its contents."""
    monkeypatch.setattr(Policy, "permissions", lambda self, actor, facts: frozenset(Permission))
    assert await first_leak(single, [("xiuzhou.clerk", "case")]) is not None


async def test_consent_is_needed(single: Walked, monkeypatch: pytest.MonkeyPatch) -> None:
    """An informant's name stays unknown to the competent body's handler without consent or a power of law."""
    case, walker = single.case("held"), await single.walker("nanhu-jw.handler")
    root = single.attempts.at("caseIdentityRead", {"caseId": case.gid})
    (before,) = await answers(single, walker, [root])
    assert "CONSENT_REQUIRED" in before

    async def consented(*args: Any) -> None:
        return None

    monkeypatch.setattr(identity, "_consented", consented)
    leaks = await single.walk.questions(walker, [root], kind="mutation")
    assert leaks
    assert identity_texts(case)


async def test_every_mutation_asks_the_policy(scratch: Walked, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the policy grants whatever is asked, every mutation tells a stranger a hidden case or order from none."""

    async def granted(self: Policy, uow: UnitOfWork, *args: Any) -> None:
        await uow.permitted()

    walker = await scratch.walker("zhuji.leader")
    monkeypatch.setattr(Policy, "require", granted)
    target = {"targetId": scratch.case("returned").gid}
    silent: list[str] = []
    with unlocked(scratch, "scopes"):
        for field, gid in (("caseId", scratch.case("sibling").gid), ("orderId", scratch.case("waiting").orders[0].gid)):
            # Whoever has recused themself sees nothing any more: that comes last.
            names = sorted(scratch.attempts.names(field), key=lambda name: name == "caseRecuse")
            told = []
            for key in (gid, absent_id(scratch, field)):
                given = [{field: key} | (target if name == "caseMerge" else {}) for name in names]
                roots = [scratch.attempts.at(name, each) for name, each in zip(names, given, strict=True)]
                told.append(await answers(scratch, walker, roots, judged=False))
            silent += [name for name, one, other in zip(names, *told, strict=True) if one == other]
    assert silent == []


async def test_not_permitted_is_not_said_of_what_is_hidden(single: Walked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Saying "not permitted" where "not found" is due tells that something is there."""

    async def not_permitted(*args: Any) -> None:
        raise NotPermitted

    monkeypatch.setattr(Policy, "require", not_permitted)
    assert await differences(single, await single.walker("zhuji.leader"))


def _open_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked of the application, it says yes; its scope for the second lock stays what it is."""
    monkeypatch.setattr(Policy, "visibility", lambda *args: Visibility.FULL)
    monkeypatch.setattr(Policy, "permissions", lambda *args: frozenset(Permission))
    replaced(monkeypatch, branches, _everything)


#: People to whom the second lock alone shows nothing of these cases: unrelated, beside, barred, without any case right.
BEHIND: tuple[tuple[str, str], ...] = (
    ("zhuji.leader", "rich"), ("yuxin.leader", "colleague"), ("fengqiao.handler", "recused"),
    ("fengqiao.supervisor", "followed"), ("daxing.leader", "village"), ("fengqiao.dispatcher", "accusation"),
    ("fengqiao.admin", "nobody"), ("platform.operator", "sibling"), ("nanhu-zrzy.handler", "complaint"),
)  # fmt: skip


async def _told(walked: Walked, who: tuple[tuple[str, str], ...] = BEHIND) -> set[tuple[str, str]]:
    found = set()
    for name, case in who:
        walker, gid = await walked.walker(name), walked.case(case).gid
        asked = [walked.roots.one("case", {"id": gid}), walked.roots.one("cases", {"first": 100})]
        leaks = await walked.walk.questions(walker, asked)
        found |= {(name, case) for leak in leaks if leak.case == case}
    return found


async def test_the_second_lock_holds_alone(locked: Walked, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every guard of the application open, the rows stay closed."""
    _open_application(monkeypatch)
    assert await _told(locked) == set()


@pytest.mark.parametrize(
    ("function", "who"),
    [("scopes", (("zhuji.leader", "rich"),)), ("bars", (("fengqiao.handler", "recused"), BEHIND[3]))],
)
async def test_both_halves_of_the_second_lock_are_needed(
    scratch: Walked, monkeypatch: pytest.MonkeyPatch, function: str, who: tuple[tuple[str, str], ...]
) -> None:
    """Without principals everybody sees all rows, without bars the barred see theirs."""
    _open_application(monkeypatch)
    with unlocked(scratch, function):
        assert await _told(scratch, who) == set(who)


async def test_barred_cases_and_few_accusations_are_not_counted(scratch: Walked) -> None:
    """Counting is the database's own guard: its bars, its suppression and its check of the area."""
    assert await first_leak(scratch, [("xiuzhou.leader", "caseCounts")]) is None
    for function, name in (("bars", "fengqiao.supervisor"), ("suppression", "zhejiang.leader")):
        with unlocked(scratch, function):
            assert await first_leak(scratch, [(name, "caseCounts")]) is not None, function
