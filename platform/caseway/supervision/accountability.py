"""Reviews of accountability 问责: opened by a rule's count or by a person who cites a rule, decided by people.

A review points at an office and, where the rule names one, at a rank of its officials, never at a petitioner (INV-27).
It does nothing by itself. Its file holds how the cases were handled; the office it is about is told nothing beforehand.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import area_facts, case_facts, office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars import service as calendars
from caseway.cases import limits
from caseway.cases import repository as cases
from caseway.cases.hooks import listeners
from caseway.cases.models import Case, Registration
from caseway.cases.texts import BODY, REASON, Check
from caseway.cases.workflow import PetitionClass
from caseway.clocks import service as clocks
from caseway.clocks.arithmetic import day_of, due_date
from caseway.custody import repository as custody
from caseway.custody import routes
from caseway.custody.models import Order
from caseway.db.base import new_id
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound, NotPermitted
from caseway.escalation.counters import Occurrence, Reached, reached
from caseway.ledger.hashing import encode
from caseway.rules import service as rules
from caseway.rules.kinds.accountability import Accountability
from caseway.rules.merge import SourcedRow
from caseway.rules.resolve import EffectiveRules
from caseway.rules.rows import RowRef
from caseway.supervision import repository
from caseway.supervision.counting import LAPSED, counter_of
from caseway.supervision.errors import EvidenceNotSeen, NoAccountabilityRule, ReviewDecided
from caseway.supervision.models import AccountabilityEvidence, AccountabilityReview, ReviewState
from caseway.tenancy import repository as offices
from caseway.tenancy.errors import OfficeNotFound
from caseway.tenancy.models import Office

#: Cases in one file.
MOST_EVIDENCE = 20


async def open_review(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    subject_office_id: int,
    book: str,
    rule: str,
    case_ids: Sequence[tuple[int, uuid.UUID]],
    reason: str,
    now: datetime,
) -> AccountabilityReview:
    """Open a review about an office below, citing a rule that is in force for it. Its duty is the acting office's.
    Raises ``OfficeNotFound``, ``NotPermitted``, ``NoAccountabilityRule``, ``EvidenceNotSeen``, ``InvalidInput``."""
    subject = await offices.by_id(uow.session, subject_office_id)
    if subject is None:
        raise OfficeNotFound
    facts = office_facts(actor, subject.id, subject.path) | area_facts(actor, subject.path)
    if subject.id == actor.office_id:
        raise NotPermitted("An office does not open a review about itself: its superior does.")
    await policy.refresh(uow.session)
    evidence: list[Case] = []
    if policy.allows(actor, Permission.ACCOUNTABILITY_OPEN, facts):
        # Looked at under the actor's own scope: the permission opens it.
        evidence = [await _seen(uow, policy, actor, key, now=now) for key in dict.fromkeys(case_ids)]
    await policy.require(uow, actor, Permission.ACCOUNTABILITY_OPEN, facts)
    check = Check()
    why = check.required("reason", reason, REASON)
    if len(evidence) > MOST_EVIDENCE:
        check.problem("caseIds", "TOO_MANY", f"Name {MOST_EVIDENCE} cases at most.")
    check.done()
    cited = _cited(await rules.effective(uow.session, subject.id, at=now), book, rule) or _cited(
        await rules.effective(uow.session, actor.office_id, at=now), book, rule
    )
    if cited is None:
        raise NoAccountabilityRule
    row = _review(cited, office_id=actor.office_id, subject=subject, at=now, opened_by=actor.person_id, reason=why)
    await repository.add_review(uow, row, [await _evidence(uow.session, row, case, at=now) for case in evidence])
    return row


async def decide(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    review_id: uuid.UUID,
    dismiss: bool,
    decision: str,
    now: datetime,
) -> AccountabilityReview:
    """Decide a review of the acting office, or dismiss it, with reasons. What follows is done by people, elsewhere.
    Raises ``NotFound``, ``NotPermitted``, ``ReviewDecided``."""
    row = await repository.lock_review(uow.session, review_id)
    office = await offices.by_id(uow.session, row.office_id) if row is not None else None
    if row is None or office is None or not may_read(policy, actor, office):
        raise NotFound
    await policy.require(uow, actor, Permission.ACCOUNTABILITY_DECIDE, office_facts(actor, office.id, office.path))
    if await repository.is_barred(uow.session, row.id, actor.bars):
        raise NotFound
    check = Check()
    text = check.required("decision", decision, BODY)
    check.done()
    if row.state != ReviewState.OPEN:
        raise ReviewDecided
    row.state = ReviewState.DISMISSED if dismiss else ReviewState.DECIDED
    row.decided_at, row.decided_by, row.decision = now, actor.person_id, text
    await uow.session.flush()
    return row


def may_read(policy: Policy, actor: Actor, office: Office) -> bool:
    """Whether somebody reads the reviews whose duty an office has."""
    facts = office_facts(actor, office.id, office.path) | area_facts(actor, office.path)
    return policy.allows(actor, Permission.ACCOUNTABILITY_READ, facts)


async def on_registered(uow: UnitOfWork, case: Case, registration: Registration, *, at: datetime) -> None:
    """A matter was registered once more: rules of the places around it that count registrations are counted anew, each
    window opens one review. Guarded rules count nothing until people have switched them on."""
    if case.petition_class == PetitionClass.ACCUSATION:
        return
    known = await repository.registrations_of_matter(uow.session, case)
    place = await _place(uow.session, case) if len(known) > 1 else None
    if place is None:
        return
    happened = [Occurrence(row.id, row.received_at, row.channel, row.group_size, office.level) for row, office in known]
    seen: set[RowRef] = set()
    for office in [*await offices.ancestors(uow.session, place), place]:
        counting = [
            row
            for row in _rows(await rules.effective(uow.session, office.id, at=at))
            if row.ref not in seen and counter_of(row.params) is not None
        ]
        owners = await repository.owners_of(uow.session, {row.ref.book for row in counting}) if counting else {}
        for cited in counting:
            seen.add(cited.ref)
            await _count(uow, case, cited, happened, owner=owners.get(cited.ref.book, office), at=at)


async def on_lapse(uow: UnitOfWork, case: Case, order: Order, *, at: datetime) -> None:
    """A supervision was not replied to in time: a review is opened where a rule counts that."""
    sender = await offices.by_id(uow.session, order.sender_id)
    subject = await offices.by_id(uow.session, case.holder_id)
    assert sender is not None
    assert subject is not None
    for cited in _rows(await rules.effective(uow.session, subject.id, at=at)):
        params = cited.params
        if params.trigger != LAPSED or await repository.lapses(uow.session, case, at=at) < (params.count or 1):
            continue
        await _open_by_rule(
            uow, [case], cited, office=sender, subject=subject, occurrence=f"{cited.ref.row_id}:{order.id}", at=at
        )


async def _count(
    uow: UnitOfWork,
    case: Case,
    cited: SourcedRow[Accountability],
    happened: Sequence[Occurrence],
    *,
    owner: Office,
    at: datetime,
) -> None:
    counter = counter_of(cited.params)
    assert counter is not None
    asked = limits.Conditions(limits.known(case, at=at))
    if cited.params.when is not None and not asked(cited.params.when):
        await asked.report(uow, office_id=owner.id, at=at)
        return
    calendar = await calendars.for_chain(uow.session, owner.chain)
    spent = await repository.counted(uow.session, case, book=cited.ref.book, rule=cited.ref.row_id)
    for window in reached(happened, counter, calendar, spent=spent):
        subject = await _subject(uow.session, case, owner)
        office = owner if subject.id != owner.id else await offices.superior(uow.session, owner) or owner
        await _open_by_rule(
            uow, await repository.cases_of_matter(uow.session, case), cited,
            office=office, subject=subject, occurrence=f"{cited.ref.row_id}:{window.key}", at=at, window=window,
        )  # fmt: skip


async def _open_by_rule(
    uow: UnitOfWork,
    concerned: Sequence[Case],
    cited: SourcedRow[Accountability],
    *,
    office: Office,
    subject: Office,
    occurrence: str,
    at: datetime,
    window: Reached | None = None,
) -> None:
    """Open a review once for an occurrence, in the office whose duty it is, or the next above it that no case in the
    file is about."""
    key = f"{cited.ref.book}:{occurrence}"
    if await repository.is_reviewed(uow.session, key):
        return
    accused = {each for case in concerned for each in case.accused_office_ids}
    responsible: Office | None = office
    while responsible is not None and not routes.is_clean(responsible, accused):
        responsible = await offices.superior(uow.session, responsible)
    if responsible is None:
        return
    row = _review(cited, office_id=responsible.id, subject=subject, at=at, opened_by=0, reason=None)
    row.occurrence = key
    counted = [str(each.id) for each in window.occurrences] if window is not None else []
    file = [await _evidence(uow.session, row, case, at=at, counted=counted) for case in concerned]
    await repository.add_review(uow, row, file)


def _review(
    cited: SourcedRow[Accountability],
    *,
    office_id: int,
    subject: Office,
    at: datetime,
    opened_by: int,
    reason: str | None,
) -> AccountabilityReview:
    params = cited.params
    return AccountabilityReview(
        id=new_id(),
        office_id=office_id,
        subject_office_id=subject.id,
        subject_rank=params.subject.value if params.subject is not None else None,
        trigger=params.trigger,
        measure=params.measure,
        rule_book=cited.ref.book,
        rule_version=cited.ref.version,
        rule_row=cited.ref.row_id,
        occurrence=None,
        state=ReviewState.OPEN,
        opened_at=at,
        opened_by=opened_by,
        reason=reason,
        decided_at=None,
        decided_by=None,
        decision=None,
    )


async def _evidence(
    session: AsyncSession, review: AccountabilityReview, case: Case, *, at: datetime, counted: Iterable[str] = ()
) -> AccountabilityEvidence:
    """A case as it stands: dates, offices and limits that passed; nothing about persons, no text."""
    found = await clocks.clocks(session, case)
    late = [
        {
            "clock": clock.kind,
            "layer": limit.layer,
            "due_at": limit.due_at,
            "days": max((day_of(clock.stopped_at or at) - due_date(limit.due_at)).days, 0),
        }
        for clock in found
        for limit in clock.limits
        if limit.missed_by(clock.stopped_at or at)
    ]
    summary: dict[str, Any] = {
        "stage": case.stage,
        "holder": case.holder_id,
        "received_at": case.received_at,
        "answered_at": case.answered_at,
        "late": late,
        "holders": [each.office_id for each in await custody.intervals(session, case)],
        "registrations": len(await cases.registrations(session, case)),
        "counted": list(counted),
    }
    return AccountabilityEvidence(
        city_id=case.city_id, case_id=case.id, review_id=review.id, version=case.version, summary=encode(summary)
    )


async def _seen(uow: UnitOfWork, policy: Policy, actor: Actor, key: tuple[int, uuid.UUID], *, now: datetime) -> Case:
    case = await cases.get(uow.session, *key)
    if case is None:
        raise EvidenceNotSeen
    facts = case_facts(actor, case, await cases.grants(uow.session, case), now=now)
    if case.petition_class == PetitionClass.ACCUSATION or not policy.allows(actor, Permission.CASE_CARD, facts):
        raise EvidenceNotSeen
    return case


def _rows(effective: EffectiveRules) -> Iterable[SourcedRow[Accountability]]:
    return (row for rule in effective.of(Accountability) for row in rule.rows)


def _cited(effective: EffectiveRules, book: str, rule: str) -> SourcedRow[Accountability] | None:
    return next((row for row in _rows(effective) if (row.ref.book, row.ref.row_id) == (book, rule)), None)


async def _subject(session: AsyncSession, case: Case, owner: Office) -> Office:
    """The office whose handling is looked at: the last one inside the area of the rule's owner that held the case, else
    the owner itself."""
    held = [each.office_id for each in await custody.intervals(session, case)]
    known = await offices.by_ids(session, held)
    inside = (known[each] for each in reversed(held) if known[each].path.startswith(owner.path))
    return next(inside, owner)


async def _place(session: AsyncSession, case: Case) -> Office | None:
    """The lowest known office at or above the place that the matter is about."""
    codes = [case.place_code[:length] for length in (12, 9, 6, 4, 2) if length <= len(case.place_code)]
    known = await offices.by_codes(session, codes)
    return next((known[code] for code in codes if code in known), None)


listeners.listen(registered=on_registered)
