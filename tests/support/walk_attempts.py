"""Mutations aimed at what their sender does not see, and at what is not there."""

from __future__ import annotations

from support import walk_oracle as oracle
from support.walk import Walker
from support.walk_case import Known
from support.walk_schema import Root, document
from support.walk_values import nobodys
from support.walk_world import Walked

FIELDS = ("caseId", "targetId", "precedingCaseId", "orderId", "escalationId")
#: Root fields in one request.
_MANY = 20


async def answers(walked: Walked, walker: Walker, roots: list[Root], *, judged: bool = True) -> list[str]:
    """The answer to each mutation; mutations of one request run one after the other. ``judged`` = nothing may be
    told."""
    found: list[str] = []
    for start in range(0, len(roots), _MANY):
        text, variables = document("mutation", roots[start : start + _MANY])
        answer = await walker.caller(text, **variables)
        if judged:
            leaks = walked.walk.judge(walker, answer, "attempts")
            assert leaks == [], leaks[:5]
        found += [str(each) for each in answer.body["data"].values()]
    return found


async def differences(walked: Walked, walker: Walker) -> list[str]:
    """Mutations that tell this actor a hidden case, order or escalation from one that is not there. One hidden case for
    every kind of hiding: of a class, held somewhere, barred or not."""
    told: list[str] = []
    cases = hidden(walked, walker)
    for field in FIELDS:
        names = ["caseRegister"] if field == "precedingCaseId" else walked.attempts.names(field)
        absent = await answers(walked, walker, aimed(walked, names, walker, field, absent_id(walked, field)))
        for case in cases:
            gid = _aim(case, field)
            if gid is None:
                continue
            mine = await answers(walked, walker, aimed(walked, names, walker, field, gid))
            told += [
                f"{walker.name} {name}({field}) {case.name}: {one} instead of {other}"
                for name, one, other in zip(names, mine, absent, strict=True)
                if one != other
            ]
    return told


def absent_id(walked: Walked, field: str) -> str:
    """An id of the right type that nothing has."""
    places = walked.built.places
    real = {"orderId": places.orders, "escalationId": places.escalations}.get(field) or [places.cases[0].gid]
    return nobodys(real[0])


def _aim(case: Known, field: str) -> str | None:
    """What such a field names of a case; its newest, None if it has none."""
    parts = {"orderId": [each.gid for each in case.orders], "escalationId": [each.gid for each in case.escalations]}
    return next(reversed(parts[field]), None) if field in parts else case.gid


def aimed(walked: Walked, names: list[str], walker: Walker, field: str, gid: str) -> list[Root]:
    """The mutations with one id in their input; a target is given to a case that the actor works on, if there is
    one."""
    given: dict[str, object] = {field: gid}
    if field == "precedingCaseId":
        given = {"newFacts": {"precedingCaseId": gid, "statement": "走查"}}
    elif field == "targetId":
        own = (case for case in walked.built.cases if case.assignee == walker.name and case.is_open)
        worked_on = next(own, None)
        given |= {"caseId": worked_on.gid} if worked_on is not None else {}
    return [walked.attempts.at(name, given) for name in names]


def hidden(walked: Walked, walker: Walker) -> list[Known]:
    """One case of every kind that the actor does not see at all."""
    viewer = walker.viewer
    assert viewer is not None
    kinds: dict[tuple[bool, ...], Known] = {}
    for case in sorted(walked.built.cases, key=lambda case: (not case.escalations, not case.orders)):
        if walked.walk.level(viewer, case) == oracle.NONE:
            near = viewer.post.office in case.earlier | case.addressee | {case.holder}
            kinds.setdefault((case.accusation, oracle.barred(viewer, case), near), case)
    return list(kinds.values())
