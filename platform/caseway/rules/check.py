"""Static check of a book in its chain, before it is published: what would not work, and what would put it right.

Pure: everything outside the books that a check needs is given by the caller (``Outside``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from caseway.rules import check_ladders, check_limits, check_people
from caseway.rules.check_library import library
from caseway.rules.findings import Finding, FindingCode, RowInvalid
from caseway.rules.kinds import Kind
from caseway.rules.kinds.accountability import Accountability
from caseway.rules.kinds.metric import VOLUMES, MetricRule
from caseway.rules.place import OfficePlace, is_address, probes
from caseway.rules.resolve import resolve, row_reaches
from caseway.rules.rows import BookRole, BookVersion, Row, is_guarded
from caseway.rules.values import Level, Rank
from caseway.tenancy.models import OfficeKind

__all__ = ["ConditionProblem", "Outside", "check", "library", "look_at_row"]


class ConditionProblem(Protocol):
    """What is wrong with a condition's text."""

    @property
    def message(self) -> str: ...

    @property
    def hint(self) -> str | None: ...


def _no_problem(_text: str) -> Sequence[ConditionProblem]:
    return ()


def _unknown(_rank: Rank) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Outside:
    """What a check knows besides the books."""

    #: Ids of guarded rows whose very content was reviewed.
    reviewed: frozenset[str] = frozenset()
    #: What is wrong with a condition.
    condition: Callable[[str], Sequence[ConditionProblem]] = _no_problem
    #: How many people of the office have a rank; ``None`` = not known.
    headcount: Callable[[Rank], int | None] = _unknown
    #: Last day of the published calendar.
    published_until: date | None = None


NOTHING_ELSE = Outside()
#: Quality of rows of the law that are known to contradict the law above them.
CONFLICT = "conflict"


def check(
    draft: BookVersion,
    above: Sequence[BookVersion],
    place: OfficePlace | None = None,
    *,
    outside: Outside = NOTHING_ELSE,
) -> tuple[Finding, ...]:
    """Everything that speaks against publishing a version, and remarks (``is_note``), in the order of its rows.

    ``above`` are the versions of the chain in force when the draft would take effect; ``place`` is the office whose
    book it is, and is not needed for a layer of the law.
    """
    stands = place or OfficePlace(0, draft.book.jurisdiction, Level.PROVINCE, OfficeKind.GOVERNMENT)
    found = list(_rows(draft, outside))
    if not any(finding.code in _BROKEN for finding in found):
        found += _in_chain(draft, above, stands, outside)
    order = {row.id: position for position, row in enumerate(draft.rows)}
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: order.get(finding.row_id, -1)))


def look_at_row(row: Row, *, outside: Outside = NOTHING_ELSE) -> Iterator[Finding]:
    """What is wrong with a row by itself: its address, its parameters, its condition."""
    if not is_address(row.applies_to):
        yield Finding(
            FindingCode.UNKNOWN_REACH,
            "",
            row.id,
            "",
            f"{row.id}: {row.applies_to} is no address of offices",
            "use SELF, CHILDREN, CHILD_UNITS, SUBTREE, LEVEL:<level> or OFFICE:<code>",
        )
    try:
        model = row.model
    except RowInvalid as refusal:
        yield from refusal.findings
        return
    when = model.stated.get("when")
    for problem in outside.condition(when) if when is not None else ():
        hint = problem.hint or "correct the condition"
        yield Finding(FindingCode.CONDITION_INVALID, "", row.id, "when", f"{row.id}: {problem.message}", hint)


#: Findings after which the rows cannot be read as rules.
_BROKEN = frozenset(
    {
        *(
            FindingCode.UNKNOWN_KIND,
            FindingCode.UNKNOWN_PARAMETER,
            FindingCode.MISSING_PARAMETER,
            FindingCode.WRONG_TYPE,
        ),
        *(FindingCode.WRONG_UNIT, FindingCode.UNKNOWN_VALUE, FindingCode.UNKNOWN_RANK, FindingCode.NOT_POSITIVE),
        *(FindingCode.OUT_OF_RANGE, FindingCode.DAY_OUT_OF_RANGE, FindingCode.DAY_NOT_IN_EVERY_MONTH),
        *(FindingCode.DUPLICATE_VALUE, FindingCode.CONTRADICTION, FindingCode.UNKNOWN_REACH),
    }
)


def _rows(draft: BookVersion, outside: Outside) -> Iterator[Finding]:
    seen: set[str] = set()
    for row in draft.rows:
        if row.id in seen:
            yield _finding(draft, row, FindingCode.DUPLICATE_ROW, "", f"{row.id} stands twice", "give it another id")
        seen.add(row.id)
        yield from (_in_book(draft, finding) for finding in look_at_row(row, outside=outside))
        yield from _undecided(draft, row)
        yield from _volume(draft, row)
        if is_guarded(row.guard) and row.enabled and row.id not in outside.reviewed:
            yield _finding(
                draft,
                row,
                FindingCode.FLAGGED_RULE_NEEDS_REVIEW,
                "",
                f"{row.id} is guarded ({row.guard}) and switched on without a recorded review of this content",
                "record a review by another person, or leave it off",
            )


def _undecided(draft: BookVersion, row: Row) -> Iterator[Finding]:
    if row.withheld:
        return
    for name in row.undecided:
        yield _finding(
            draft,
            row,
            FindingCode.UNRESOLVED_PARAMETER,
            name,
            f"{row.id}.{name} is undecided",
            f"decide {name} of {row.id}, or publish without it by withholding the rule with a reason",
        )


def _volume(draft: BookVersion, row: Row) -> Iterator[Finding]:
    """Numbers of petitions and of upward visits are no targets: what would reward fewer of them is guarded."""
    model = None if is_guarded(row.guard) or not row.enabled else _model(row)
    if isinstance(model, MetricRule) and model.target is not None and (model.code in VOLUMES or model.flag is not None):
        yield _finding(
            draft,
            row,
            FindingCode.VOLUME_AS_TARGET,
            "target",
            f"{row.id} sets a target on {model.code}, which may reward fewer petitions",
            "leave the target out, or guard the rule (guard: flagged) so that it stays off until a recorded review",
        )
    elif isinstance(model, Accountability) and model.flag is not None:
        yield _finding(
            draft,
            row,
            FindingCode.VOLUME_AS_TARGET,
            "flag",
            f"{row.id} may reward fewer petitions ({model.flag}) and is not guarded",
            "guard the rule (guard: flagged), so that it stays off until a recorded review",
        )


def _model(row: Row) -> Kind | None:
    try:
        return row.model
    except RowInvalid:
        return None


def _in_chain(
    draft: BookVersion, above: Sequence[BookVersion], place: OfficePlace, outside: Outside
) -> Iterator[Finding]:
    """What the rows come to, at the office and at every kind of place below it."""
    places = probes(place, [row.applies_to for row in draft.rows])
    resolved = [resolve((*above, draft), each) for each in places]
    for rules in resolved:
        yield from (_of_norms(draft, finding) for finding in rules.conflicts if finding.book == draft.book.code)
    yield from _reach(draft, places)
    yield from check_limits.check(draft, resolved, published_until=outside.published_until)
    yield from check_ladders.check(draft, above, place, resolved)
    yield from check_people.check(draft, place, resolved[0], headcount=outside.headcount)


def _of_norms(draft: BookVersion, finding: Finding) -> Finding:
    """A conflict between two layers of the law that the book itself declares (``quality: conflict``) is a remark: the
    stricter value has the effect, and nobody here can change the law."""
    declared = any(row.id == finding.row_id and row.quality == CONFLICT for row in draft.rows)
    return replace(finding, is_note=True) if declared and draft.book.role is BookRole.LAW else finding


def _reach(draft: BookVersion, places: Sequence[OfficePlace]) -> Iterator[Finding]:
    if draft.book.role is BookRole.LAW:
        return
    for row in draft.rows:
        if not any(row_reaches(draft.book, row, each) for each in places):
            yield _finding(
                draft,
                row,
                FindingCode.REACHES_NOBODY,
                "",
                f"{row.id} applies to {row.applies_to}, and no office of that sort can lie there",
                "apply it to offices at or below your own, at the levels that it names",
            )


def _in_book(draft: BookVersion, finding: Finding) -> Finding:
    return replace(finding, book=draft.book.code)


def _finding(draft: BookVersion, row: Row, code: FindingCode, parameter: str, message: str, cure: str) -> Finding:
    return Finding(code, draft.book.code, row.id, parameter, message, cure)
