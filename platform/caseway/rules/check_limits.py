"""Static check of limits and fixed days: stages that nothing watches, extensions without approval, days to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from caseway.rules.findings import Finding, FindingCode
from caseway.rules.kinds import Merge
from caseway.rules.kinds.deadline import Deadline
from caseway.rules.kinds.fixed_day import FixedDay
from caseway.rules.merge import SourcedRow
from caseway.rules.order import Verdict, against
from caseway.rules.resolve import EffectiveRules, Rule
from caseway.rules.rows import BookVersion
from caseway.rules.watching import STARTS, can_start


def check(draft: BookVersion, resolved: Sequence[EffectiveRules], *, published_until: date | None) -> Iterator[Finding]:
    """Findings about the limits and fixed days of a draft, at each of the places."""
    for row in draft.rows:
        if isinstance(row.model, Deadline) and not can_start(row.model.stage, row.model.start):
            yield Finding(
                FindingCode.STAGE_UNWATCHED,
                draft.book.code,
                row.id,
                "start",
                f"{row.id}: when {row.model.start} happens, {row.model.stage} is over, so that no clock watches it",
                f"start it with one of {', '.join(sorted(STARTS[row.model.stage]))}",
            )
        if isinstance(row.model, FixedDay) and row.in_effect and row.model.roll != "NEVER":
            yield from _provisional(draft, row.id, published_until)
    for rules in resolved:
        for rule in rules.of(Deadline):
            own = [sourced for sourced in rule.rows if sourced.ref.book == draft.book.code]
            for sourced in own:
                yield from _extension(rule, sourced)
                yield from _wider(rules, sourced)


def _extension(rule: Rule[Deadline], sourced: SourcedRow[Deadline]) -> Iterator[Finding]:
    """An extension needs somebody who approves it, and the petitioner is told of it."""
    if sourced.params.extend is None:
        return
    ref = sourced.ref
    if rule.params.extend_by is None:
        yield Finding(
            FindingCode.EXTENSION_WITHOUT_RANK,
            ref.book,
            ref.row_id,
            "extend_by",
            f"{ref.row_id} allows an extension, and nobody is named who approves it",
            "give extend_by, such as UNIT_HEAD",
        )
    if not rule.params.extend_notify:
        yield Finding(
            FindingCode.EXTENSION_WITHOUT_NOTICE,
            ref.book,
            ref.row_id,
            "extend_notify",
            f"{ref.row_id} allows an extension of which the petitioner is not told",
            "give extend_notify: true",
        )


def _wider(rules: EffectiveRules, sourced: SourcedRow[Deadline]) -> Iterator[Finding]:
    """A limit for one class of cases is held against the limits above that hold for every case."""
    own = sourced.params
    if own.case_class is None:
        return
    for rule in rules.of(Deadline):
        for above in rule.rows:
            same = (above.params.stage, above.params.start, above.params.case_class) == (own.stage, own.start, None)
            if not same or above.ref.book == sourced.ref.book or above.params.when is not None:
                continue
            if against(Merge.MAX, own.limit, above.params.limit) is Verdict.LOOSER:
                yield Finding(
                    FindingCode.LONGER_THAN_LAW,
                    sourced.ref.book,
                    sourced.ref.row_id,
                    "limit",
                    f"{sourced.ref.row_id} gives {own.case_class} cases {own.limit}, longer than {above.params.limit}"
                    f" for every case in {above.ref}",
                    f"give at most {above.params.limit}",
                    above.ref,
                )


def _provisional(draft: BookVersion, row_id: str, published_until: date | None) -> Iterator[Finding]:
    if published_until is None or draft.effective_from <= published_until:
        return
    yield Finding(
        FindingCode.PROVISIONAL_DAYS,
        draft.book.code,
        row_id,
        "days",
        f"{row_id}: the calendar is published until {published_until}, and days rolled after that are provisional",
        "nothing has to be done: they are fixed when the calendar is published",
        is_note=True,
    )
