"""Reviews of guarded rules: what may reward fewer petitions stays off until somebody else has looked at it (S4.6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.session import UnitOfWork
from caseway.rules import content, drafts, repository
from caseway.rules.errors import RuleMissing, RuleNeedsReview, RuleNotGuarded, SecondPersonNeeded
from caseway.rules.models import Decision, RuleBook, RuleReview
from caseway.rules.rows import Row, is_guarded


async def record(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    row_id: str,
    decision: Decision,
    reason: str,
    revision: str | None = None,
    now: datetime,
) -> RuleReview:
    """Record what a person thinks of a guarded rule of the draft. It counts for exactly this wording, and changes
    nothing by itself: switching the rule on is another step. ``SecondPersonNeeded`` for whoever wrote the rule."""
    office = await drafts.permitted(uow, policy, actor, Permission.RULE_REVIEW, office_id=office_id)
    draft = await drafts.held(uow.session, office, revision=revision)
    row = draft.row(row_id)
    if row is None:
        raise RuleMissing(rule=row_id)
    if not is_guarded(row.guard):
        raise RuleNotGuarded(rule=row_id)
    if draft.editors.get(row_id) == actor.person_id:
        raise SecondPersonNeeded(
            f"you wrote {row_id} yourself: another person with the permission rule:review must look at it.", rule=row_id
        )
    return await repository.add_review(
        uow.session,
        book=draft.book,
        row_id=row_id,
        digest=content.row_digest(row),
        decision=decision.value,
        reason=reason,
        person_id=actor.person_id,
        reviewer_office_id=actor.office_id,
        at=now,
    )


async def approved(session: AsyncSession, book: RuleBook, rows: Iterable[Row]) -> frozenset[str]:
    """Ids of the guarded rows among these whose very wording was approved by its newest review."""
    guarded = {row.id: content.row_digest(row) for row in rows if is_guarded(row.guard)}
    if not guarded:
        return frozenset()
    newest: dict[str, RuleReview] = {}
    for review in await repository.reviews(session, book.id):
        if guarded.get(review.row_id) == review.digest:
            newest.setdefault(review.row_id, review)
    return frozenset(row_id for row_id, review in newest.items() if review.decision == Decision.APPROVED)


async def require(session: AsyncSession, book: RuleBook, rows: Iterable[Row]) -> None:
    """Refuse rows that are guarded, switched on and not reviewed."""
    switched_on = [row for row in rows if is_guarded(row.guard) and row.enabled and not row.withheld]
    reviewed = await approved(session, book, switched_on)
    missing = [row.id for row in switched_on if row.id not in reviewed]
    if missing:
        raise RuleNeedsReview(
            f"{', '.join(missing)} may reward fewer petitions: it stays off until another person has recorded a review "
            "of exactly this wording (ruleReviewRecord).",
            rule=missing[0],
        )
