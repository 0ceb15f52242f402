"""Static check of escalations: ladders without a target, dead ends, loops, rungs that nothing reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from caseway.rules.findings import Finding, FindingCode
from caseway.rules.kinds.deadline import Deadline
from caseway.rules.kinds.escalation import Escalation, Rung
from caseway.rules.kinds.vocabulary import Trigger
from caseway.rules.place import OfficePlace
from caseway.rules.resolve import EffectiveRules, in_chain
from caseway.rules.rows import BookVersion, Row
from caseway.rules.targets import RUNGS, STARTS, answers, depth
from caseway.rules.values import Level, Span

#: Triggers that happen without anybody reporting them.
_BY_ITSELF = frozenset({Trigger.OVERDUE, Trigger.DELAY, Trigger.LONG_DELAY, Trigger.NO_FEEDBACK})


def check(
    draft: BookVersion, above: Sequence[BookVersion], place: OfficePlace, resolved: Sequence[EffectiveRules]
) -> Iterator[Finding]:
    """Findings about the escalations of a draft."""
    ladders = [(row, row.model) for row in draft.rows if isinstance(row.model, Escalation)]
    for row, model in ladders:
        tell = _Teller(draft, row)
        yield from _targets(tell, model, place, below=row.applies_to != "SELF")
        yield from _rungs(tell, model, place)
        yield from _start(tell, model, resolved)
    others = [
        (row, row.model)
        for version in above
        if in_chain(version.book, place)
        for row in version.rows
        if row.in_effect and isinstance(row.model, Escalation)
    ]
    yield from _raise_each_other(draft, ladders, others)


class _Teller:
    """Makes findings about one row."""

    def __init__(self, draft: BookVersion, row: Row) -> None:
        self.book, self.row_id = draft.book.code, row.id

    def __call__(self, code: FindingCode, parameter: str, message: str, cure: str) -> Finding:
        return Finding(code, self.book, self.row_id, parameter, f"{self.row_id}: {message}", cure)


def _targets(tell: _Teller, model: Escalation, place: OfficePlace, *, below: bool) -> Iterator[Finding]:
    if not model.steps:
        yield tell(
            FindingCode.ESCALATION_NO_TARGET,
            "ladder",
            "the ladder ends where it starts, so that nobody is asked",
            "add the body above, or rungs",
        )
    for rung in model.steps:
        if rung.to in STARTS:
            yield tell(
                FindingCode.ESCALATION_DEAD_END,
                "ladder",
                f"{rung.to} is where a matter starts, and no body above that",
                "name a body above, such as PARENT or JOINT_CONFERENCE_OFFICE",
            )
        elif rung.to not in RUNGS and rung.to not in Level.__members__:
            yield tell(
                FindingCode.ESCALATION_DEAD_END,
                "ladder",
                f"{rung.to} is no body that a matter can go up to",
                f"name a level, or one of {', '.join(sorted(RUNGS))}",
            )
        elif answers(rung.to, place, below=below) is False:
            yield tell(
                FindingCode.ESCALATION_DEAD_END,
                "ladder",
                f"nobody above {place.code} answers to {rung.to}",
                "name a body that stands above the office",
            )


def _rungs(tell: _Teller, model: Escalation, place: OfficePlace) -> Iterator[Finding]:
    passed: list[str] = []
    bodies = [model.ladder[0], *(rung.to for rung in model.steps)] if model.ladder else []
    for body, following in pairwise([*bodies, ""]):
        if following in passed or (following == body and model.rungs is None):
            yield tell(
                FindingCode.ESCALATION_LOOP,
                "ladder",
                f"the ladder comes back to {following}, which it has passed",
                f"name {following} once",
            )
        passed.append(body)
    seen: set[tuple[str, str]] = set()
    for rung in model.rungs or ():
        if (rung.to, rung.gives) in seen:
            yield tell(
                FindingCode.ESCALATION_LOOP,
                "rungs",
                f"{rung.to} is asked twice for {rung.gives}",
                "ask for more the second time, or leave it out",
            )
        seen.add((rung.to, rung.gives))
    for before, after in pairwise(model.rungs or ()):
        yield from _reachable(tell, before, after, place)


def _reachable(tell: _Teller, before: Rung, after: Rung, place: OfficePlace) -> Iterator[Finding]:
    """Whether the second of two rungs can ever be raised."""
    here, there = depth(before.to, place), depth(after.to, place)
    if before.gives == "TAKE_UP" and here is not None and there is not None and there >= here:
        yield tell(
            FindingCode.ESCALATION_UNREACHABLE_RUNG,
            "rungs",
            f"{before.to} has taken the matter up, and {after.to} does not stand above it",
            f"put {after.to} before {before.to}, or leave it out",
        )
    if after.automatic and after.after is None and before.answer_within is None:
        yield tell(
            FindingCode.ESCALATION_UNREACHABLE_RUNG,
            "rungs",
            f"{after.to} follows by itself when {before.to} is over, and {before.to} never has to answer",
            f"give {before.to} answer_within, or {after.to} after",
        )


def _start(tell: _Teller, model: Escalation, resolved: Sequence[EffectiveRules]) -> Iterator[Finding]:
    """Whether the ladder can start by itself, where it is meant to."""
    first = model.steps[0] if model.steps else None
    by_itself = model.after is not None or model.counter is not None or model.when is not None
    if first is not None and first.automatic and not by_itself and not _BY_ITSELF & set(model.trigger):
        yield tell(
            FindingCode.ESCALATION_NEVER_STARTS,
            "rungs",
            f"{first.to} is asked by itself, and nothing says when",
            "give after, when or counter, or let a person apply",
        )
    if model.after is None:
        return
    limits = [
        sourced.params.limit
        for rules in resolved
        for rule in rules.of(Deadline)
        for sourced in rule.rows
        if sourced.params.stage is model.after.clock and sourced.params.waits() is None
    ]
    if not limits:
        yield tell(
            FindingCode.ESCALATION_NEVER_STARTS,
            "after",
            f"no limit watches {model.after.clock}, so that its instant never comes",
            "choose a stage that has a limit, or add a deadline for it",
        )
    elif all(_lies_before(model.after.offset, limit) for limit in limits):
        yield tell(
            FindingCode.ESCALATION_NEVER_STARTS,
            "after",
            f"{model.after.offset} from the due instant of {model.after.clock} lies before its clock starts",
            "come closer to the due instant",
        )


def _lies_before(offset: Span, limit: object) -> bool:
    return isinstance(limit, Span) and offset.unit == limit.unit and -offset.n >= limit.n


def _raise_each_other(
    draft: BookVersion, own: Sequence[tuple[Row, Escalation]], others: Sequence[tuple[Row, Escalation]]
) -> Iterator[Finding]:
    """Escalations each of which goes on when the other one starts: a matter would climb both for ever."""
    for position, (row, model) in enumerate(own):
        for other_row, other in (*own[position + 1 :], *others):
            there, back = _goes_on(model, other), _goes_on(other, model)
            if there and back:
                yield _Teller(draft, row)(
                    FindingCode.ESCALATION_LOOP,
                    "next_when",
                    f"goes on with {', '.join(there)}, which starts {other_row.id}, and {other_row.id} goes on with"
                    f" {', '.join(back)}, which starts this one",
                    f"take {there[0]} out of next_when, or {back[0]} out of the trigger",
                )


def _goes_on(first: Escalation, second: Escalation) -> list[Trigger]:
    return sorted(set(first.next_when or ()) & set(second.trigger))
