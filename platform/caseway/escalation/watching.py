"""Looks at cases for the rules: what is due is raised, and a timer waits for what will be.

The rules look whenever something has happened to a case, and when a timer says that time alone may have changed what
they see. They look first at the instant that was planned, as the case was then, so that a slow worker, or somebody who
is quicker than it, changes nothing; then at the present. Importing this module registers it with the cases slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import SYSTEM_ACTOR
from caseway.cases.hooks import listeners
from caseway.cases.models import Case, Registration
from caseway.cases.record import moment
from caseway.cases.workflow import PetitionClass
from caseway.clocks import timers
from caseway.clocks.arithmetic import day_of
from caseway.clocks.timers import TimerKind
from caseway.db.session import UnitOfWork
from caseway.escalation import drafts, following, raising, repository
from caseway.escalation.busy import busy, is_busy
from caseway.escalation.drafts import Sourced
from caseway.escalation.ladders import ladders
from caseway.escalation.models import Escalation
from caseway.escalation.snapshots import snapshot
from caseway.escalation.triggers import Finding, evaluate, first_due
from caseway.notices import service as notices
from caseway.rules import service as rules
from caseway.tenancy import repository as offices

#: A case has one timer, for whatever comes first.
STEP = "next"
#: Events that change nothing that rules look at, or that another event follows at once.
SILENT = frozenset(
    {
        *("case.registered", "registration.added", "clock.overdue", "identity.read", "reason.recorded", "match.made"),
        *("handler.assigned", "lead.assigned", "recusal.declared", "case.copied", "case.archived", "orders.ended"),
        *("list.delivered", "list.link_ended", "report.filed", "supervision.lapsed", "case.forwarded"),
        *("case.assigned", "case.handed_over", "case.key_assigned", "case.designated", "advice.asked"),
    }
)
_EACH_TIME_KEY = "caseway.escalation.rules"


@dataclass(frozen=True, slots=True)
class Look:
    """What the rules say about a case: each finding with the ladder it is about."""

    findings: tuple[tuple[Sourced, Finding], ...]

    @property
    def due(self) -> list[tuple[Sourced, Finding]]:
        """What fires."""
        return [each for each in self.findings if each[1].fires]


async def on_recorded(uow: UnitOfWork, case: Case, type: str, *, at: datetime) -> None:
    """Something has happened to a case."""
    if case.petition_class == PetitionClass.ACCUSATION or type in SILENT or is_busy(uow, case):
        return
    with busy(uow, case):
        if type in following.TAKE_UPS:
            await following.adopt(uow, case)
        await following.follow(uow, case, at=at)
        await look(uow, case, at=at)


async def on_registered(uow: UnitOfWork, case: Case, registration: Registration, *, at: datetime) -> None:
    """A matter was registered, for the first time or once more."""
    if case.petition_class != PetitionClass.ACCUSATION:
        with busy(uow, case):
            await look(uow, case, at=at)


async def look(uow: UnitOfWork, case: Case, *, at: datetime, planned_at: datetime | None = None) -> None:
    """Raise what is due, and plan the next look. ``planned_at`` = the instant of a timer that has just fired."""
    known = await repository.of_case(uow.session, case)
    sources = await watched(uow.session, case, known)
    if not sources:
        # Custody may have left the office whose rules watched the case.
        await timers.cancel(uow, case, TimerKind.ESCALATION_RUNG)
        return
    if planned_at is None:
        planned_at = await repository.planned(uow.session, case)
    if planned_at is not None and planned_at < at:
        stage = await repository.stage_at(uow.session, case, planned_at)
        past = await look_at(uow.session, case, known, sources, at=planned_at, stage=stage)
        await _raise(uow, case, past.due, at=at)
    while True:
        known = await repository.of_case(uow.session, case)
        sources = await watched(uow.session, case, known)
        found = await look_at(uow.session, case, known, sources, at=at, stage=case.stage)
        if not found.due:
            break
        await _raise(uow, case, found.due, at=at)
    await _report_failures(uow, case, found, at=at)
    await _plan(uow, case, found)


async def look_at(
    session: AsyncSession,
    case: Case,
    known: Sequence[Escalation],
    sources: Sequence[Sourced],
    *,
    at: datetime,
    stage: str,
) -> Look:
    """What the rules say about a case at an instant. Changes nothing: the same answers why, why not and when."""
    with_values = any(each.ladder.rule.when is not None for each in sources)
    seen = await snapshot(session, case, known, at=at, stage=stage, with_values=with_values)
    found: list[tuple[Sourced, Finding]] = []
    for sourced in sources:
        findings = evaluate(sourced.ladder.rule, seen)
        found += [(sourced, each) for each in findings if (each.rung > 0) is sourced.is_climbed]
    return Look(tuple(found))


async def applying(session: AsyncSession, case: Case, known: Sequence[Escalation]) -> list[Sourced]:
    """Every ladder that a case can climb: those of the holder's rules for what has not begun, as they stood on the day
    of registration (INV-22), and those that were begun, as they stood when they were."""
    holder = case.holder_id
    found = await sourced_for(session, holder, day_of(case.registered_at))
    for row in _last_of_each(known):
        begun = await sourced_for(session, row.rules_office_id, row.rules_on)
        found += [
            Sourced(each.ladder, each.office_id, each.on, is_climbed=True)
            for each in begun
            if each.ladder.rule.name == row.rule_name
        ]
    return found


async def watched(session: AsyncSession, case: Case, known: Sequence[Escalation]) -> list[Sourced]:
    """Those among them that time or events can bring forward without a person."""
    return [
        each
        for each in await applying(session, case, known)
        if (each.ladder.rule.goes_on_by_itself if each.is_climbed else each.ladder.rule.watches)
    ]


async def sourced_for(session: AsyncSession, office_id: int, on: date) -> list[Sourced]:
    """The ladders of an office on a day; looked up once in a transaction."""
    cache: dict[tuple[int, date], list[Sourced]] = session.info.setdefault(_EACH_TIME_KEY, {})
    if (office_id, on) not in cache:
        effective = await rules.effective_on(session, office_id, day=on)
        cache[office_id, on] = [Sourced(each, office_id, on) for each in ladders(effective)]
    return list(cache[office_id, on])


def _last_of_each(known: Sequence[Escalation]) -> list[Escalation]:
    """Of each ladder that was begun by a rule, the rung that was raised last."""
    last: dict[str, Escalation] = {}
    for row in known:
        if row.rule_name and row.raised_at is not None:
            last[row.rule_name] = row
    return list(last.values())


async def _raise(uow: UnitOfWork, case: Case, due: Sequence[tuple[Sourced, Finding]], *, at: datetime) -> None:
    for sourced, finding in due:
        holder = await offices.by_id(uow.session, case.holder_id)
        assert holder is not None
        upper = await drafts.upper_office(uow.session, case, sourced, finding.rung, holder=holder)
        row = drafts.draft(
            case, sourced, finding.rung,
            occurrence=finding.occurrence, holder=holder, upper=upper, actor=SYSTEM_ACTOR, finding=finding,
        )  # fmt: skip
        act = raising.raise_ if finding.automatic else raising.propose
        await act(uow, case, row, actor=SYSTEM_ACTOR, at=moment(case, at))


async def _report_failures(uow: UnitOfWork, case: Case, found: Look, *, at: datetime) -> None:
    """A condition that cannot be answered passes nothing: the administrators of its office put it right."""
    for sourced, finding in found.findings:
        if finding.failed is not None:
            text = sourced.ladder.rule.when or ""
            await notices.open_task(
                uow,
                kind="CONDITION_FAILED", key=f"CONDITION_FAILED:{sourced.office_id}:{text}",
                office_id=sourced.office_id, at=at,
                facts={"condition": text, "problem": finding.failed, "rule": str(sourced.ladder.ref)},
            )  # fmt: skip


async def _plan(uow: UnitOfWork, case: Case, found: Look) -> None:
    due_at = first_due(finding for _, finding in found.findings)
    if due_at is None:
        await timers.cancel(uow, case, TimerKind.ESCALATION_RUNG)
    else:
        await timers.set_timer(uow, case, TimerKind.ESCALATION_RUNG, STEP, due_at)


listeners.listen(recorded=on_recorded, registered=on_registered)
