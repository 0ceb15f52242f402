"""How a proceeding ends after it was answered, or without an answer: close, withdraw, merge, archive."""

from __future__ import annotations

import uuid
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import papers, repository
from caseway.cases.codes import CloseGround, Outcome, RecordKind
from caseway.cases.entry import Changed, Entered, changed, enter
from caseway.cases.errors import (
    AnswerIncomplete,
    ExecutionNotRecorded,
    MergeRefused,
    NotForAccusations,
    StatementRequired,
    WindowOpen,
)
from caseway.cases.models import Case
from caseway.cases.record import record
from caseway.cases.service import end
from caseway.cases.texts import BODY, REASON, Check
from caseway.cases.workflow import Action, PetitionClass, Stage, next_stage
from caseway.clocks import service as clocks
from caseway.clocks.workflow import ClockKind
from caseway.db.crypto import KeyRing
from caseway.db.session import UnitOfWork
from caseway.errors import CasewayError, InvalidInput

_UNSORTED = frozenset({Stage.REGISTERED, Stage.SIGNED})


async def close(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    ground: CloseGround,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Close an answered case (T25): the agreement was performed, or the review window has lapsed, and a supporting
    opinion was carried out (INV-17).

    Raises ``ExecutionNotRecorded``, ``WindowOpen``.
    """
    entered = await enter(
        uow, policy, actor, Permission.CASE_CLOSE,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    stage = next_stage(entered.case.stage, Action.CLOSE)
    if (obstacle := await _obstacle(uow, entered.case, ground, entered.at)) is not None:
        raise obstacle
    await end(uow, entered.case, type="case.closed", stage=stage, actor=actor, at=entered.at, facts={"ground": ground})
    return changed(entered.case)


async def close_lapsed(uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> bool:
    """Close a case whose window has lapsed, as the platform does it. False if it cannot be closed (answered anew,
    under review, or the execution of a supporting opinion still to be recorded): then people close it later."""
    ground = CloseGround.WINDOW_LAPSED
    if case.stage != Stage.ANSWERED or await _obstacle(uow, case, ground, at) is not None:
        return False
    stage = next_stage(case.stage, Action.CLOSE)
    await end(uow, case, type="case.closed", stage=stage, actor=actor, at=at, facts={"ground": ground})
    return True


async def withdraw(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    statement: str,
    signed_at: datetime | None,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Record that the petitioner withdraws, in their own signed words (T26). An accusation is not ended by it: the
    event is recorded for the competent body and the stage stays."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_WITHDRAW,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    stage = next_stage(case.stage, Action.WITHDRAW)
    if signed_at is None or not statement.strip():
        raise StatementRequired
    check = Check()
    words = check.required("statement", statement, BODY)
    check.past("signedAt", signed_at, now=now, since=case.received_at)
    check.done()
    paper = await papers.write(
        uow, keyring, case, kind=RecordKind.WITHDRAWAL, at=at, actor=actor, text=words, served_at=signed_at
    )
    facts = {"record_id": paper.id, "signed_at": signed_at}
    if case.petition_class == PetitionClass.ACCUSATION:
        await record(uow, case, type="case.withdrawn", at=at, actor=actor, facts=facts, changes={})
    else:
        await end(uow, case, type="case.withdrawn", stage=stage, actor=actor, at=at, facts=facts)
    return changed(case, paper.id)


async def merge(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    target_id: uuid.UUID,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Join a case to another one of the same matter that the own office holds and that is open (T27). The target keeps
    the earlier dates: merging never lengthens a limit (INV-10).

    Raises ``MergeRefused``, ``NotFound`` for a target that the actor may not see.
    """
    if target_id == case_id:
        raise InvalidInput([("targetId", "SAME_CASE", "Choose another case.")])
    check = Check()
    why = check.required("reason", reason, REASON)
    check.done()
    source, target = await _both(
        uow, policy, actor, city_id=city_id, case_id=case_id, target_id=target_id, now=now, version=expected_version
    )
    stage = next_stage(source.case.stage, Action.MERGE)
    _mergeable(source.case, target.case)
    due_at = await _inherit_limits(uow, source.case, target.case, actor)
    await record(
        uow, target.case,
        type="registration.added", at=target.at, actor=actor, reason=why, facts={"merged_from": source.case.id},
        changes={
            "received_at": min(source.case.received_at, target.case.received_at),
            "registered_at": min(source.case.registered_at, target.case.registered_at),
            "due_at": due_at,
        },
    )  # fmt: skip
    await end(
        uow, source.case,
        type="case.merged", stage=stage, actor=actor, at=source.at, reason=why,
        facts={"into": target.case.id},
        changes={"merged_into_id": target.case.id, "matter_id": target.case.matter_id},
    )  # fmt: skip
    return changed(source.case)


async def archive(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Archive a proceeding that has ended and whose documents are complete (T28)."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_ARCHIVE,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case = entered.case
    stage = next_stage(case.stage, Action.ARCHIVE)
    needed = _DOCUMENTS.get(Stage(case.stage))
    if needed is not None and not await repository.records(uow.session, case, needed):
        raise AnswerIncomplete("The file is not complete: the document that ended the proceeding is missing.")
    await clocks.stop(uow, case, ClockKind.APPRAISE, at=entered.at, actor=actor)
    await record(uow, case, type="case.archived", at=entered.at, actor=actor, changes={"stage": stage})
    return changed(case)


#: The document without which a file of that stage is not complete.
_DOCUMENTS = {
    Stage.CLOSED: RecordKind.HANDLING_OPINION,
    Stage.NOT_ACCEPTED: RecordKind.REFUSAL_NOTICE,
    Stage.REDIRECTED: RecordKind.REDIRECTION_NOTICE,
    Stage.WITHDRAWN: RecordKind.WITHDRAWAL,
}


async def _obstacle(uow: UnitOfWork, case: Case, ground: CloseGround, at: datetime) -> CasewayError | None:
    """What still stands in the way of closing an answered case, if anything (INV-17)."""
    written = await repository.records(uow.session, case, RecordKind.HANDLING_OPINION, RecordKind.EXECUTION)
    opinion = [row for row in written if row.kind == RecordKind.HANDLING_OPINION][-1]
    executed = any(row.kind == RecordKind.EXECUTION and row.at > opinion.at for row in written)
    if not executed and (opinion.outcome == Outcome.SUPPORTED or ground is CloseGround.AGREEMENT_PERFORMED):
        return ExecutionNotRecorded()
    if ground is CloseGround.WINDOW_LAPSED:
        for clock in await clocks.running(uow.session, case):
            if clock.kind is ClockKind.REVIEW_WINDOW and not clock.missed_by(at):
                return WindowOpen(due_at=clock.due_at)
    return None


async def _both(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    target_id: uuid.UUID,
    now: datetime,
    version: int | None,
) -> tuple[Entered, Entered]:
    """Both cases, locked in the order of their ids, so that two merges the other way round cannot wait for each other.
    Both are looked up under the actor's own scope, before any permission opens it."""
    first, second = sorted((case_id, target_id))
    for each in (first, second):
        await repository.lock(uow, city_id, each)
    source = await enter(
        uow, policy, actor, Permission.CASE_MERGE,
        city_id=city_id, case_id=case_id, now=now, expected_version=version,
    )  # fmt: skip
    target = await enter(uow, policy, actor, Permission.CASE_MERGE, city_id=city_id, case_id=target_id, now=now)
    return source, target


def _mergeable(source: Case, target: Case) -> None:
    if PetitionClass.ACCUSATION in (source.petition_class, target.petition_class):
        raise NotForAccusations
    same_matter = source.matter_id == target.matter_id or (source.field, source.place_code) == (
        target.field,
        target.place_code,
    )
    if not (same_matter and target.is_open and target.holder_id == source.holder_id):
        raise MergeRefused
    if source.petition_class != target.petition_class or source.barred != target.barred:
        raise MergeRefused


async def _inherit_limits(uow: UnitOfWork, source: Case, target: Case, actor: Actor) -> datetime | None:
    """Start on the target every running limit of the source that ends before the target's own, counted from its old
    start. A target that is past acceptance keeps its handling limit, which merging does not touch."""
    due_at = target.due_at
    if target.stage not in _UNSORTED:
        return due_at
    for clock in await clocks.running(uow.session, source):
        if clock.is_statutory and (due_at is None or clock.due_at < due_at):
            due_at = await clocks.start(
                uow, target, clock.kind,
                at=clock.started_at, office_id=target.holder_id, pinned=[each.pinned for each in clock.limits],
                event=clock.start, extension=clock.extension, actor=actor,
            )  # fmt: skip
    return due_at
