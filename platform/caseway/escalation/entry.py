"""The way into every operation on an escalation: which side acts, with which permission, and what comes out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import repository as cases
from caseway.cases.entry import admit
from caseway.cases.models import Case
from caseway.cases.workflow import Action
from caseway.custody.service import acts_for
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.escalation import repository
from caseway.escalation.models import Escalation
from caseway.escalation.workflow import Gives, Side

#: What the table of cases knows each kind of escalation as.
ACTION_OF = {
    Gives.INFORM: Action.REPORT_UP,
    Gives.SUPERVISE: Action.SUPERVISE,
    Gives.ADVISE: Action.ASK_ADVICE,
    Gives.TAKE_UP: Action.TAKE_UP,
}


@dataclass(frozen=True, slots=True)
class Escalated:
    """What an operation did: the case, its version and stage now, and the escalation."""

    city_id: int
    case_id: uuid.UUID
    version: int
    stage: str
    escalation_id: uuid.UUID
    order_id: uuid.UUID | None = None
    record_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """An escalation of a locked case on which one side may act. ``at`` is the instant of the event to come."""

    case: Case
    row: Escalation
    side: Side
    at: datetime
    known: Sequence[Escalation]


async def enter(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, escalation_id: uuid.UUID, now: datetime
) -> Met:
    """Lock the case of an escalation and ask for the permission of the actor's side: the upper office answers, the
    holder (and, for what is only proposed, the upper office of the rung before) is the lower side. Raises ``NotFound``,
    ``NotPermitted``."""
    case_id = await repository.case_of(uow.session, city_id, escalation_id)
    if case_id is None:
        raise NotFound
    case = await cases.lock(uow, city_id, case_id)
    known = await repository.of_case(uow.session, case)
    row = next((each for each in known if each.id == escalation_id), None)
    if row is None:
        raise NotFound
    upper = row.to_office_id is not None and await acts_for(uow, actor, row.to_office_id)
    before = next((each for each in reversed(known) if _precedes(each, row)), None)
    between = before is not None and before.to_office_id is not None and await acts_for(uow, actor, before.to_office_id)
    above = upper or (between and case.holder_id != actor.office_id)
    permission = Permission.CASE_ANSWER_ESCALATION if above else Permission.CASE_ESCALATE
    entered = await admit(uow, policy, actor, permission, case, now=now)
    return Met(case, row, Side.UPPER if upper else Side.LOWER, entered.at, known)


def escalated(case: Case, row: Escalation) -> Escalated:
    """The result of an operation on this escalation."""
    return Escalated(case.city_id, case.id, case.version, case.stage, row.id, row.order_id, row.record_id)


def root_of(occurrence: str) -> str:
    """What started the ladder, without the number of a rung that was proposed again."""
    return occurrence.partition("#")[0]


def _precedes(before: Escalation, row: Escalation) -> bool:
    return (
        before.rule_name == row.rule_name
        and before.rung == row.rung - 1
        and root_of(before.occurrence) == root_of(row.occurrence)
    )
