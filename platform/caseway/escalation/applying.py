"""What the lower side does: apply for a matter to be raised, propose and raise a further rung, recall, hand on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases.entry import enter as enter_case
from caseway.cases.errors import TransitionRefused
from caseway.cases.models import Case
from caseway.cases.record import moment
from caseway.cases.texts import REASON, Check
from caseway.cases.workflow import Stage, next_stage
from caseway.clocks.arithmetic import day_of
from caseway.custody import repository as custody
from caseway.custody import transfer
from caseway.custody.workflow import OrderState
from caseway.db.session import UnitOfWork
from caseway.escalation import drafts, entry, orders, raising, repository, targets, watching
from caseway.escalation.busy import busy
from caseway.escalation.drafts import Application, Sourced
from caseway.escalation.entry import ACTION_OF, Escalated, escalated, root_of
from caseway.escalation.errors import (
    EscalationOpen,
    EscalationStepRefused,
    NoEscalationRule,
    NoFurtherRung,
    NoUpperOffice,
)
from caseway.escalation.models import Escalation
from caseway.escalation.workflow import EscalationState, Gives, Step, next_state
from caseway.rules.kinds.vocabulary import Trigger
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: Codes that one application names.
MOST_TRIGGERS = 10
_ANSWERED = frozenset({Stage.ANSWERED, Stage.UNDER_REVIEW})


async def apply(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    triggers: Sequence[str],
    reason: str,
    tried: str,
    now: datetime,
    expected_version: int | None = None,
) -> Escalated:
    """Apply for the matter to be raised (提级申请), naming why and what has been tried. What the upper office is asked
    for is what the rule of the holder says; nothing stops the holder's own limits (INV-10).

    Raises ``NoEscalationRule``, ``EscalationOpen``, ``NoUpperOffice``, ``TransitionRefused``, ``InvalidInput``.
    """
    entered = await enter_case(
        uow, policy, actor, Permission.CASE_ESCALATE,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    said = _checked(triggers, reason, tried)
    holder = await _office(uow, case.holder_id)
    sourced = await _ladder(uow, holder, said.triggers, now=now)
    known = await repository.of_case(uow.session, case)
    _refuse_open(sourced, known)
    spec = sourced.ladder.rule.rungs[0]
    next_stage(case.stage, ACTION_OF[spec.gives])
    upper = await _upper(uow, case, sourced, 0, holder)
    number = sum(each.rule_name == sourced.ladder.rule.name and each.rung == 0 for each in known) + 1
    row = drafts.draft(
        case, sourced, 0,
        occurrence=f"applied:{number}", holder=holder, upper=upper, actor=actor, application=said,
    )  # fmt: skip
    with busy(uow, case):
        await raising.raise_(uow, case, row, actor=actor, at=at)
        await watching.look(uow, case, at=moment(case, at))
    return escalated(case, row)


async def propose(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    escalation_id: uuid.UUID,
    triggers: Sequence[str],
    reason: str,
    now: datetime,
) -> Escalated:
    """Propose the rung that follows a raised one, because the matter is still unresolved: people raise it, or not.
    Raises ``NoFurtherRung``, ``NoEscalationRule``, ``EscalationOpen``, ``NoUpperOffice``, ``TransitionRefused``."""
    met = await entry.enter(uow, policy, actor, city_id=city_id, escalation_id=escalation_id, now=now)
    case, before = met.case, met.row
    said = _checked(triggers, reason, None)
    if not case.is_open or case.stage in _ANSWERED:
        raise TransitionRefused("The matter has been answered: there is nothing to raise further.")
    if before.raised_at is None or before.state == EscalationState.RECALLED:
        raise EscalationStepRefused(state=before.state, step="PROPOSE", allowed=[])
    sourced = await _begun(uow, before)
    rung = before.rung + 1
    if sourced is None or rung >= len(sourced.ladder.rule.rungs):
        raise NoFurtherRung
    allowed = sourced.ladder.rule.next_when or sourced.ladder.rule.triggers
    if not set(said.triggers) <= set(allowed):
        raise NoEscalationRule(triggers=list(said.triggers), allowed=list(allowed))
    again = [each for each in met.known if _same_run(each, before) and each.rung == rung]
    if any(each.state != EscalationState.RECALLED for each in again):
        raise EscalationOpen
    holder = await _office(uow, case.holder_id)
    upper = await _upper(uow, case, sourced, rung, holder)
    root = root_of(before.occurrence)
    row = drafts.draft(
        case, sourced, rung,
        occurrence=f"{root}#{len(again) + 1}" if again else root,
        holder=holder, upper=upper, actor=actor, application=said,
    )  # fmt: skip
    with busy(uow, case):
        await raising.propose(uow, case, row, actor=actor, at=met.at)
        await watching.look(uow, case, at=moment(case, met.at))
    return escalated(case, row)


async def raise_proposed(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, escalation_id: uuid.UUID, now: datetime
) -> Escalated:
    """Raise what was proposed: the upper office is asked now. Raises ``EscalationStepRefused``, ``NoUpperOffice``,
    ``TransitionRefused``."""
    met = await entry.enter(uow, policy, actor, city_id=city_id, escalation_id=escalation_id, now=now)
    case, row = met.case, met.row
    next_state(row.state, row.gives, Step.RAISE, met.side, automatic=False)
    next_stage(case.stage, ACTION_OF[Gives(row.gives)])
    sourced = await _begun(uow, row)
    if sourced is None:
        raise NoFurtherRung
    holder = await _office(uow, case.holder_id)
    row.to_office_id = (await _upper(uow, case, sourced, row.rung, holder)).id
    # Somebody has decided it: from here on it is that person's.
    row.is_automatic, row.from_office_id = False, holder.id
    with busy(uow, case):
        await raising.raise_(uow, case, row, actor=actor, at=met.at)
        await watching.look(uow, case, at=moment(case, met.at))
    return escalated(case, row)


async def recall(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, escalation_id: uuid.UUID, reason: str, now: datetime
) -> Escalated:
    """Withdraw what the own side proposed or applied for and the upper office has not taken yet. What a rule raised
    stands. Raises ``EscalationStepRefused``."""
    met = await entry.enter(uow, policy, actor, city_id=city_id, escalation_id=escalation_id, now=now)
    case, row = met.case, met.row
    why = _reason(reason)
    after = next_state(row.state, row.gives, Step.RECALL, met.side, automatic=row.is_automatic)
    with busy(uow, case):
        await _take_back(uow, case, row, actor=actor, at=met.at)
        row.state, row.ended_at, row.outcome = after, met.at, why
        await raising.note(uow, case, row, "recalled", actor=actor, at=moment(case, met.at))
        await watching.look(uow, case, at=moment(case, met.at))
    return escalated(case, row)


async def _take_back(uow: UnitOfWork, case: Case, row: Escalation, *, actor: Actor, at: datetime) -> None:
    if row.order_id is None:
        return
    order = await custody.order(uow.session, case, row.order_id)
    if order.moves_custody and order.state == OrderState.DELIVERED:
        await transfer.call_back(uow, case, order, actor=actor, at=at, event="order.recalled")
    else:
        await orders.finish(uow, case, row, actor=actor, at=at)


async def _ladder(uow: UnitOfWork, holder: Office, triggers: Sequence[str], *, now: datetime) -> Sourced:
    """The first rule in force for the holder today that names all of the reasons and lets it apply."""
    for sourced in await watching.sourced_for(uow.session, holder.id, day_of(now)):
        named = set(triggers) <= set(sourced.ladder.rule.triggers)
        if named and targets.may_apply(sourced.ladder.applicant, holder):
            return sourced
    raise NoEscalationRule(triggers=list(triggers))


async def _begun(uow: UnitOfWork, row: Escalation) -> Sourced | None:
    """The ladder of an escalation, by the rules under which it was begun."""
    for sourced in await watching.sourced_for(uow.session, row.rules_office_id, row.rules_on):
        if sourced.ladder.rule.name == row.rule_name and row.rung < len(sourced.ladder.rule.rungs):
            return sourced
    return None


def _refuse_open(sourced: Sourced, known: Sequence[Escalation]) -> None:
    if any(each.rule_name == sourced.ladder.rule.name and EscalationState(each.state).is_open for each in known):
        raise EscalationOpen


def _same_run(row: Escalation, other: Escalation) -> bool:
    return row.rule_name == other.rule_name and root_of(row.occurrence) == root_of(other.occurrence)


async def _upper(uow: UnitOfWork, case: Case, sourced: Sourced, rung: int, holder: Office) -> Office:
    found = await drafts.upper_office(uow.session, case, sourced, rung, holder=holder)
    if found is None or targets.is_reached(holder, found, code=sourced.ladder.rule.rungs[rung].to):
        raise NoUpperOffice(to=sourced.ladder.rule.rungs[rung].to)
    return found


def _checked(triggers: Sequence[str], reason: str, tried: str | None) -> Application:
    check = Check()
    named = tuple(dict.fromkeys(each.strip() for each in triggers))
    if not named:
        check.problem("triggers", "REQUIRED", "Name at least one reason.")
    elif len(named) > MOST_TRIGGERS:
        check.problem("triggers", "TOO_MANY", f"Name {MOST_TRIGGERS} reasons at most.")
    elif unknown := [each for each in named if each not in Trigger.__members__]:
        check.problem("triggers", "UNKNOWN", f"These are no reasons: {', '.join(unknown)[:200]}.")
    why = check.required("reason", reason, REASON)
    attempts = check.required("tried", tried, REASON) if tried is not None else None
    check.done()
    return Application(named, why, attempts)


def _reason(reason: str) -> str:
    check = Check()
    why = check.required("reason", reason, REASON)
    check.done()
    return why


async def _office(uow: UnitOfWork, office_id: int) -> Office:
    found = await offices.by_id(uow.session, office_id)
    assert found is not None
    return found
