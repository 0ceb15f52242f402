"""Static check of who is meant: ranks that nobody has, supervisors and addressees that nobody is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from caseway.rules import ranks
from caseway.rules.findings import Finding, FindingCode
from caseway.rules.kinds.leader_duty import LeaderDuty
from caseway.rules.kinds.rank_set import RankSet
from caseway.rules.kinds.report import Report
from caseway.rules.kinds.supervision import Supervision
from caseway.rules.place import OfficePlace
from caseway.rules.resolve import EffectiveRules
from caseway.rules.rows import BookVersion, Row
from caseway.rules.targets import answers
from caseway.rules.values import Rank

Headcount = Callable[[Rank], int | None]


def check(draft: BookVersion, place: OfficePlace, own: EffectiveRules, *, headcount: Headcount) -> Iterator[Finding]:
    """Findings about the people and bodies that a draft names; ``own`` are the rules of the office itself."""
    here = {sourced.ref.row_id for rule in own.rules for sourced in rule.rows if sourced.ref.book == draft.book.code}
    for row in draft.rows:
        match row.model:
            case RankSet() as model if row.id in here and people(model, headcount) == 0:
                yield _finding(
                    draft,
                    row,
                    FindingCode.RANK_SET_OF_NOBODY,
                    "min_rank" if model.min_rank else "includes",
                    f"{row.id}: nobody of the office belongs to {model.name}",
                    "name ranks that somebody of the office has, or give somebody the rank",
                )
            case LeaderDuty() as model if row.id in here and _on_duty(model, own, headcount) == 0:
                yield _finding(
                    draft,
                    row,
                    FindingCode.ROSTER_OF_NOBODY,
                    "actor",
                    f"{row.id}: nobody of the office is {model.actor}, so that the roster stays empty",
                    "name a rank that somebody has, or give somebody the rank",
                )
            case Supervision() as model if row.in_effect and answers(model.by, place) is False:
                yield _finding(
                    draft,
                    row,
                    FindingCode.SUPERVISION_BY_NOBODY,
                    "by",
                    f"{row.id}: nobody at or above {place.code} answers to {model.by}",
                    "name a body that stands above the supervised office",
                )
            case Report() as model if not set(model.to) - {model.sender}:
                yield _finding(
                    draft,
                    row,
                    FindingCode.REPORT_TO_NOBODY,
                    "to",
                    f"{row.id}: {model.name} has no addressee besides its sender",
                    "name the body that gets it",
                )


def people(model: RankSet, headcount: Headcount) -> int | None:
    """How many people belong to a set; ``None`` = not known."""
    wanted = set(model.includes or ())
    if model.min_rank is not None:
        wanted |= {rank for rank in Rank if (ranks.compare(rank, model.min_rank) or 0) > 0} | {model.min_rank}
    counts = [headcount(rank) for rank in wanted]
    known = [count for count in counts if count is not None]
    if not wanted or (len(known) < len(counts) and sum(known) == 0):
        return None
    return sum(known)


def _on_duty(model: LeaderDuty, own: EffectiveRules, headcount: Headcount) -> int | None:
    named = own.find(RankSet, model.actor.value)
    return people(named.params, headcount) if named is not None else headcount(model.actor)


def _finding(draft: BookVersion, row: Row, code: FindingCode, parameter: str, message: str, cure: str) -> Finding:
    return Finding(code, draft.book.code, row.id, parameter, message, cure)
