"""Escalations that are about to be proposed or raised: whom they go to, and what is kept of why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.cases.models import Case
from caseway.clocks.workflow import Layer, PinnedLimit
from caseway.db.base import new_id
from caseway.escalation import repository, targets
from caseway.escalation.ladders import Ladder
from caseway.escalation.models import Escalation
from caseway.escalation.triggers import ConditionSeen, Finding
from caseway.escalation.workflow import EscalationState
from caseway.tenancy.models import Office


@dataclass(frozen=True, slots=True)
class Sourced:
    """A ladder, and the office and the day (Asia/Shanghai) by whose rules it holds for a case."""

    ladder: Ladder
    office_id: int
    on: date
    #: Looked at for the rungs that follow one that was climbed, not for its first.
    is_climbed: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """What a person who applies or proposes says."""

    triggers: tuple[str, ...]
    reason: str
    tried: str | None = None


async def upper_office(
    session: AsyncSession, case: Case, sourced: Sourced, rung: int, *, holder: Office
) -> Office | None:
    """The office that a rung means now; ``None`` if nobody above answers to its code."""
    spec = sourced.ladder.rule.rungs[rung]
    owner = await repository.owner_of(session, sourced.ladder.ref.book)
    return await targets.target(session, case, code=spec.to, gives=spec.gives, owner=owner, holder=holder)


def draft(
    case: Case,
    sourced: Sourced,
    rung: int,
    *,
    occurrence: str,
    holder: Office,
    upper: Office | None,
    actor: Actor,
    finding: Finding | None = None,
    application: Application | None = None,
) -> Escalation:
    """The escalation of a rung, not stored yet: because a rule found it due, or because somebody applies."""
    rule, ref = sourced.ladder.rule, sourced.ladder.ref
    spec = rule.rungs[rung]
    limit = None
    if spec.answer_within is not None:
        limit = PinnedLimit(spec.answer_within, Layer.OFFICE, ref.book, ref.version, ref.row_id).facts()
    return Escalation(
        city_id=case.city_id,
        id=new_id(),
        case_id=case.id,
        rule_name=rule.name,
        rule_book=ref.book,
        rule_version=ref.version,
        rule_row=ref.row_id,
        rules_office_id=sourced.office_id,
        rules_on=sourced.on,
        rung=rung,
        to_code=spec.to,
        gives=spec.gives,
        state=EscalationState.PROPOSED,
        occurrence=occurrence,
        counted=sorted(finding.counted) if finding is not None else [],
        triggers=list(application.triggers) if application is not None else [],
        conditions=[asdict(each) for each in _seen(sourced, rung, finding, application)],
        is_automatic=finding is not None and finding.automatic,
        applied_by=actor.person_id,
        raised_by=None,
        from_office_id=holder.id,
        to_office_id=upper.id if upper is not None else None,
        answer_limit=limit,
        order_id=None,
        back_order_id=None,
        parent_id=None,
        proposed_at=None,
        raised_at=None,
        taken_at=None,
        ended_at=None,
        reason=application.reason if application is not None else None,
        tried=application.tried if application is not None else None,
        outcome=None,
        points=[],
        record_id=None,
    )


def _seen(
    sourced: Sourced, rung: int, finding: Finding | None, application: Application | None
) -> Sequence[ConditionSeen]:
    """What made it due, or what was applied for."""
    if finding is not None:
        return finding.conditions
    if application is None:
        return ()
    rule = sourced.ladder.rule
    allowed = (rule.next_when or rule.triggers) if rung else rule.triggers
    text = "a proposal by a person" if rung else "an application"
    return (ConditionSeen(text, " or ".join(allowed), " and ".join(application.triggers), met=True),)
