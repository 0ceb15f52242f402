"""The opinion and what follows it: answer, order to do it again, record how it was carried out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import limits, papers, repository
from caseway.cases.codes import Outcome, RecordKind
from caseway.cases.entry import Changed, changed, enter
from caseway.cases.errors import AnswerIncomplete, SameConclusion
from caseway.cases.hooks import listeners
from caseway.cases.models import Case, CaseRecord
from caseway.cases.record import record
from caseway.cases.texts import BODY, Check
from caseway.cases.workflow import Action, next_stage
from caseway.clocks import applicable, timers
from caseway.clocks import service as clocks
from caseway.clocks.arithmetic import Unit
from caseway.clocks.timers import TimerKind
from caseway.clocks.workflow import ClockKind, StartEvent
from caseway.db.crypto import KeyRing
from caseway.db.session import UnitOfWork
from caseway.rules import service as rules

#: Marks a redo order that revokes the opinion: the same conclusion may not come again on the same facts (INV-16).
REVOKED = "REVOKED"
#: The one timer of its kind that a case can have.
WINDOW_STEP = "window"
_LONGEST_REDO_DAYS = 365


@dataclass(frozen=True, slots=True)
class Opinion:
    """A written handling opinion (art. 32) as served. ``new_facts`` is what justifies the same conclusion after the
    first opinion was revoked."""

    outcome: Outcome
    text: str
    legal_basis: str
    remedies: str
    served_at: datetime | None
    new_facts: str | None = None


async def answer(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    opinion: Opinion,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Issue the opinion that was served (T17, after a redo T19). The handling clock stops and the petitioner's window
    for a review starts at the instant of service (INV-14).

    Raises ``AnswerIncomplete`` (not served, remedies not told), ``SameConclusion``.
    """
    entered = await enter(
        uow, policy, actor, Permission.CASE_ISSUE_ANSWER,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.ANSWER)
    if opinion.served_at is None or not opinion.remedies.strip():
        raise AnswerIncomplete
    earlier = await repository.records(uow.session, case, RecordKind.HANDLING_OPINION, RecordKind.REDO_ORDER)
    check = Check()
    parts = {
        RecordKind.HANDLING_OPINION: check.required("text", opinion.text, BODY),
        RecordKind.LEGAL_BASIS: check.required("legalBasis", opinion.legal_basis, BODY),
        RecordKind.REMEDIES: check.required("remedies", opinion.remedies, BODY),
    }
    new_facts = check.optional("newFacts", opinion.new_facts, BODY)
    served_at = check.past("servedAt", opinion.served_at, now=now, since=await _handling_since(uow, case))
    check.done()
    _not_repeated(earlier, opinion.outcome, new_facts)

    if new_facts is not None:
        await papers.write(uow, keyring, case, kind=RecordKind.INQUIRY, at=at, actor=actor, text=new_facts)
    paper_ids = []
    for kind, text in parts.items():
        paper = await papers.write(
            uow, keyring, case,
            kind=kind, at=at, actor=actor, text=text, served_at=served_at,
            outcome=opinion.outcome if kind is RecordKind.HANDLING_OPINION else None,
        )  # fmt: skip
        paper_ids.append(paper.id)
    await clocks.stop(uow, case, limits.ANSWERED, at=served_at, actor=actor)
    await listeners.case_answered(uow, case, actor=actor, at=served_at)
    await limits.begin(uow, case, StartEvent.RESULT_SUBMITTED, at=served_at, office_id=case.holder_id, actor=actor)
    effective = await rules.effective(uow.session, case.holder_id, at=served_at)
    due_at = await clocks.start(
        uow, case, ClockKind.REVIEW_WINDOW,
        at=served_at, office_id=case.holder_id, pinned=[applicable.review_window(effective)], actor=actor,
    )  # fmt: skip
    window = next(clock for clock in await clocks.running(uow.session, case) if clock.kind is ClockKind.REVIEW_WINDOW)
    await timers.set_timer(uow, case, TimerKind.WINDOW_LAPSED, WINDOW_STEP, window.due_at)
    await record(
        uow, case,
        type="case.answered", at=at, actor=actor,
        facts={"record_id": paper_ids[0], "outcome": opinion.outcome, "served_at": served_at},
        changes={"stage": stage, "due_at": due_at, "answered_at": served_at},
    )  # fmt: skip
    return changed(case, paper_ids[0])


async def order_redo(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    instruction: str,
    revokes: bool = False,
    within_days: int | None = None,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Order the holder to look at it again (T18), as the superior in whose area it lies. The petitioner's window goes
    on. ``within_days`` sets the limit, counted from the order; without it none runs, for the law names none."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_ORDER_REDO,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.ORDER_REDO)
    check = Check()
    text = check.required("instruction", instruction, BODY)
    if within_days is not None and not 1 <= within_days <= _LONGEST_REDO_DAYS:
        check.problem("withinDays", "OUT_OF_RANGE", f"Set 1 to {_LONGEST_REDO_DAYS} days.")
    check.done()
    paper = await papers.write(
        uow, keyring, case,
        kind=RecordKind.REDO_ORDER, at=at, actor=actor, text=text, outcome=REVOKED if revokes else None,
    )  # fmt: skip
    changes: dict[str, Any] = {"stage": stage}
    if within_days is not None:
        changes["due_at"] = await clocks.start(
            uow, case, ClockKind.REDO,
            at=at, office_id=case.holder_id, pinned=[applicable.ordered(within_days, Unit.DAY, "redo order")],
            actor=actor,
        )  # fmt: skip
    await record(
        uow, case,
        type="case.redo_ordered", at=at, actor=actor,
        facts={"record_id": paper.id, "revokes": revokes, "within_days": within_days}, changes=changes,
    )  # fmt: skip
    return changed(case, paper.id)


async def record_execution(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    text: str,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Record how a supporting opinion, or an agreement, was carried out (needed by T25, INV-17)."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_HANDLE,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.RECORD_EXECUTION)
    check = Check()
    body = check.required("text", text, BODY)
    check.done()
    paper = await papers.write(uow, keyring, case, kind=RecordKind.EXECUTION, at=at, actor=actor, text=body)
    await record(
        uow, case,
        type="handling.recorded", at=at, actor=actor,
        facts={"record_id": paper.id, "kind": RecordKind.EXECUTION}, changes={"stage": stage},
    )  # fmt: skip
    return changed(case, paper.id)


async def _handling_since(uow: UnitOfWork, case: Case) -> datetime:
    """The newest instant at which handling was started, moved or ordered anew: no opinion can be served before it."""
    steps = [
        step.at
        for clock in await clocks.clocks(uow.session, case)
        if clock.kind in (ClockKind.HANDLE, ClockKind.REDO, ClockKind.REVIEW_WINDOW)
        for step in clock.steps
    ]
    orders = [row.at for row in await repository.records(uow.session, case, RecordKind.REDO_ORDER)]
    return max([case.received_at, *steps, *orders])


def _not_repeated(earlier: list[CaseRecord], outcome: Outcome, new_facts: str | None) -> None:
    """INV-16: after a revocation not the same conclusion, unless there are new facts."""
    orders = [row for row in earlier if row.kind == RecordKind.REDO_ORDER]
    if not orders or orders[-1].outcome != REVOKED:
        return
    revoked = [row for row in earlier if row.kind == RecordKind.HANDLING_OPINION and row.at < orders[-1].at]
    if revoked and revoked[-1].outcome == outcome and new_facts is None:
        raise SameConclusion
