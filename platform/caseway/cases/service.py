"""What the holder does with a case from its arrival to the opinion: accept, refuse, redirect, handle, extend."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import limits, papers, repository
from caseway.cases.codes import HandlingKind, RecordKind, RefusalGround, StatutoryPath
from caseway.cases.entry import Changed, changed, enter
from caseway.cases.errors import (
    AlreadyAccepted,
    MediationConsentRequired,
    NotForAccusations,
    NoticeRequired,
    SameGrade,
)
from caseway.cases.hooks import listeners
from caseway.cases.models import Case
from caseway.cases.record import record
from caseway.cases.texts import BODY, REASON, TITLE, Check
from caseway.cases.workflow import Action, Grade, PetitionClass, Stage, is_open, next_stage
from caseway.clocks import changes as clock_changes
from caseway.clocks import service as clocks
from caseway.clocks import timers
from caseway.clocks.arithmetic import Limit, Unit
from caseway.clocks.timers import TimerKind
from caseway.clocks.workflow import ClockKind, ClockState, StartEvent
from caseway.db.crypto import KeyRing
from caseway.db.session import UnitOfWork


@dataclass(frozen=True, slots=True)
class Notice:
    """How the petitioner was told: when it was served, or that there is no known way to reach anybody (art. 23)."""

    served_at: datetime | None = None
    contact_unknown: bool = False
    text: str | None = None


async def accept(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    notice: Notice,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Accept the matter and tell the petitioner (T9). Starts the handling clock of appeals and claims; one that runs
    since an earlier acceptance is never restarted (INV-10)."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_ACCEPT,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.ACCEPT)
    _competent(case)
    text = _told(case, notice, now)
    paper = await papers.write(
        uow, keyring, case,
        kind=RecordKind.ACCEPTANCE_NOTICE, at=at, actor=actor, text=text, served_at=notice.served_at,
    )  # fmt: skip
    due_at = await _sorted(uow, case, actor, at)
    if not await _handled(uow, case):
        due_at = await limits.begin(uow, case, StartEvent.ACCEPTED, at=at, office_id=case.holder_id, actor=actor)
    await record(
        uow, case,
        type="case.accepted", at=at, actor=actor,
        facts={"record_id": paper.id, "contact_unknown": notice.contact_unknown},
        changes={"stage": stage, "due_at": due_at},
    )  # fmt: skip
    return changed(case, paper.id)


async def refuse_acceptance(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    ground: RefusalGround,
    explanation: str,
    notice: Notice,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Not accept the matter on one of the legal grounds, and tell the petitioner why (T10)."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_REFUSE,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.REFUSE)
    _competent(case)
    if await _handled(uow, case):
        raise AlreadyAccepted
    check = Check()
    text = check.required("explanation", explanation, BODY)
    check.done()
    _told(case, notice, now)
    paper = await papers.write(
        uow, keyring, case,
        kind=RecordKind.REFUSAL_NOTICE, at=at, actor=actor, text=text, outcome=ground, served_at=notice.served_at,
    )  # fmt: skip
    facts = {
        "record_id": paper.id, "ground": ground, "article": ground.article, "contact_unknown": notice.contact_unknown
    }  # fmt: skip
    await end(uow, case, type="case.refused", stage=stage, actor=actor, at=at, facts=facts)
    return changed(case, paper.id)


async def redirect(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    path: StatutoryPath,
    body: str,
    explanation: str,
    notice: Notice,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Lead the matter to the procedure that must decide it, and tell the petitioner where to go (T11)."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_REDIRECT,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.REDIRECT)
    _competent(case)
    check = Check()
    named = check.required("body", body, TITLE)
    text = check.required("explanation", explanation, BODY)
    check.done()
    _told(case, notice, now)
    paper = await papers.write(
        uow, keyring, case,
        kind=RecordKind.REDIRECTION_NOTICE, at=at, actor=actor, text=f"{named}\n\n{text}", outcome=path,
        served_at=notice.served_at,
    )  # fmt: skip
    facts = {"record_id": paper.id, "path": path, "contact_unknown": notice.contact_unknown}
    await end(uow, case, type="case.redirected", stage=stage, actor=actor, at=at, facts=facts)
    return changed(case, paper.id)


async def start_handling(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Begin the inquiry (T12). No limit of handling moves: it counts from acceptance."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_HANDLE,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case = entered.case
    stage = next_stage(case.stage, Action.START_HANDLING)
    due_at = await clocks.stop(uow, case, ClockKind.RESPOND, at=entered.at, actor=actor)
    await record(
        uow, case,
        type="handling.started", at=entered.at, actor=actor, changes={"stage": stage, "due_at": due_at},
    )  # fmt: skip
    return changed(case)


async def add_record(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    kind: HandlingKind,
    text: str,
    consent: bool = False,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Record an inquiry, consultation, mediation or hearing (T13). Mediation needs the consent of both sides; nothing
    stops the handling clock."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_HANDLE,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.RECORD_HANDLING)
    check = Check()
    body = check.required("text", text, BODY)
    check.done()
    if kind is HandlingKind.MEDIATION and not consent:
        raise MediationConsentRequired
    paper = await papers.write(uow, keyring, case, kind=kind, at=at, actor=actor, text=body)
    changes: dict[str, Any] = {"stage": stage}
    if kind is HandlingKind.CONSULTATION:
        changes["due_at"] = await clocks.stop(uow, case, ClockKind.COORDINATE, at=at, actor=actor)
    await record(
        uow, case,
        type="handling.recorded", at=at, actor=actor, facts={"record_id": paper.id, "kind": kind}, changes=changes,
    )  # fmt: skip
    return changed(case, paper.id)


async def extend(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    days: int,
    reason: str,
    notice: Notice,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Extend the handling limits of a complex matter (T14): approved by whom the rules name, as often and as far as
    they allow (art. 34: once, 30 days), before expiry, the petitioner being told why. ``days`` counts from the last
    day of the old limit.

    Raises ``ExtensionCap``, ``ExtensionOnce``, ``ExtensionLate``, ``ExtensionRank`` (see clocks), ``NoticeRequired``.
    """
    entered = await enter(
        uow, policy, actor, Permission.CASE_EXTEND,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.EXTEND)
    check = Check()
    why = check.required("reason", reason, REASON)
    if days < 1:
        check.problem("days", "TOO_SMALL", "An extension has at least one day.")
    check.done()
    _told(case, notice, now)
    due_at = await clock_changes.extend(
        uow, case,
        at=at, extension=Limit(days, Unit.DAY, "extension"), reason=why, notified=True,
        approves=limits.approver(actor, sender_of=await _senders(uow, case)), actor=actor,
    )  # fmt: skip
    paper = await papers.write(
        uow, keyring, case,
        kind=RecordKind.EXTENSION_NOTICE, at=at, actor=actor, text=why, served_at=notice.served_at,
    )  # fmt: skip
    await record(
        uow, case,
        type="case.extended", at=at, actor=actor, reason=why,
        facts={"record_id": paper.id, "days": days, "contact_unknown": notice.contact_unknown},
        changes={"stage": stage, "due_at": due_at},
    )  # fmt: skip
    return changed(case, paper.id)


async def grade(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    grade: Grade,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Say how much the case asks of the office. The running limits are counted anew from their start by the rows for
    the new class, as they stood when each clock started; the law's stay (INV-07, INV-08).

    Raises ``SameGrade``, ``ReclassificationLate`` once a limit that would change has passed.
    """
    entered = await enter(
        uow, policy, actor, Permission.CASE_GRADE,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.GRADE)
    check = Check()
    why = check.required("reason", reason, REASON)
    check.done()
    if case.grade == grade:
        raise SameGrade
    asked = limits.Conditions(limits.known(case, at=at) | {"grade": str(grade)})
    due_at = await clock_changes.reclassify(
        uow, case, at=at, classes=limits.classes_of(case, grade=grade), reason=why, holds=asked, actor=actor
    )
    await asked.report(uow, office_id=case.holder_id, at=at)
    await record(
        uow, case,
        type="case.graded", at=at, actor=actor, reason=why, facts={"from": case.grade, "to": grade},
        changes={"stage": stage, "grade": grade, "due_at": due_at},
    )  # fmt: skip
    return changed(case)


async def end(
    uow: UnitOfWork,
    case: Case,
    *,
    type: str,
    stage: Stage,
    actor: Actor,
    at: datetime,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
    changes: dict[str, Any] | None = None,
) -> None:
    """Record the event that ends a proceeding: every clock stops, nothing waits on it any more."""
    if is_open(stage):
        raise ValueError(f"{stage} is an open stage")
    due_at = await clocks.stop_all(uow, case, at=at, actor=actor)
    if stage is Stage.CLOSED:
        await limits.begin(uow, case, StartEvent.CLOSED, at=at, office_id=case.holder_id, actor=actor)
    await timers.cancel(uow, case, TimerKind.WINDOW_LAPSED)
    ending = {"stage": stage, "is_open": False, "closed_at": at, "due_at": due_at}
    await record(uow, case, type=type, at=at, actor=actor, reason=reason, facts=facts, changes=ending | (changes or {}))
    await listeners.case_ended(uow, case, actor=actor, at=at)


def _competent(case: Case) -> None:
    """Accusations are decided by the discipline body alone; anybody else only hands them over."""
    if case.petition_class == PetitionClass.ACCUSATION and not case.held_by_discipline:
        raise NotForAccusations("An accusation is decided by the discipline body: hand it over.")


def _told(case: Case, notice: Notice, now: datetime) -> str | None:
    """Check the notice; its own text, if any."""
    check = Check()
    text = check.optional("notice.text", notice.text, BODY)
    if notice.served_at is not None:
        check.past("notice.servedAt", notice.served_at, now=now, since=case.received_at)
    check.done()
    if (notice.served_at is None) is not notice.contact_unknown:
        raise NoticeRequired
    return text


async def _sorted(uow: UnitOfWork, case: Case, actor: Actor, at: datetime) -> datetime | None:
    """Stop the clocks of arrival; the due instant without them."""
    return await clocks.stop(uow, case, limits.ARRIVAL, at=at, actor=actor)


async def _handled(uow: UnitOfWork, case: Case) -> bool:
    """Whether the matter was accepted before, by an earlier holder: what acceptance starts is never restarted
    (INV-10)."""
    return any(
        clock.kind is ClockKind.HANDLE and clock.start is StartEvent.ACCEPTED
        for clock in await clocks.running(uow.session, case)
    )


async def _senders(uow: UnitOfWork, case: Case) -> Callable[[ClockState], int | None]:
    """Who sent the order that a clock belongs to."""
    found = await repository.order_senders(uow.session, case)
    return lambda clock: found.get(clock.order_id) if clock.order_id is not None else None
