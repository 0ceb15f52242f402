"""Events of cases that call for a report: urgent matters, key cases assigned, supervisions replied to, clues found."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars import service as calendars
from caseway.cases.entry import Changed, changed, enter
from caseway.cases.hooks import listeners
from caseway.cases.models import Case, Registration
from caseway.cases.record import record
from caseway.cases.texts import REASON, Check
from caseway.cases.workflow import Action, PetitionClass, next_stage
from caseway.db.base import new_id
from caseway.db.session import UnitOfWork
from caseway.leads import repository as leads
from caseway.rules import service as rules
from caseway.supervision import reporting, repository
from caseway.supervision.models import ReportDuty
from caseway.supervision.report_duties import Occasion, due_after
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office, OfficeKind

_ARRIVED = frozenset({"order.signed", "order.deemed_signed"})
#: Offices that report for a seat, besides the one where the event happened.
_FOR_THE_SEAT = (OfficeKind.PETITION_OFFICE, OfficeKind.JOINT_CONFERENCE)


async def declare_urgent(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """State that a matter is urgent and major (art. 25): from that instant the reports are owed that the rules ask for
    at once. Nothing else follows by itself; the case keeps its place and its limits."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_REPORT_UP,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    next_stage(case.stage, Action.REPORT_UP)
    check = Check()
    why = check.required("reason", reason, REASON)
    check.done()
    seq = await record(uow, case, type="case.urgent", at=at, actor=actor, reason=why, changes={})
    holder = await offices.by_id(uow.session, case.holder_id)
    assert holder is not None
    await _open(uow, case, Occasion.URGENT_MATTER, await _senders(uow, holder), occurrence=str(seq), at=at)
    return changed(case)


async def on_recorded(uow: UnitOfWork, case: Case, type: str, *, at: datetime) -> None:
    """What has just happened to a case may call for a report, or be the report that was owed."""
    if type == "list.delivered":
        await _key_case(uow, case, at=at)
    elif type == "supervision.replied":
        await _replied(uow, case, at=at)
    elif type in _ARRIVED and case.petition_class == PetitionClass.ACCUSATION and case.held_by_discipline:
        # The hand-over of the clue is the report.
        for row in await repository.unmet(uow.session, case, event=Occasion.CLUE_FOUND):
            row.filed_at, row.filed_by = at, 0
        await uow.session.flush()


async def on_registered(uow: UnitOfWork, case: Case, registration: Registration, *, at: datetime) -> None:
    """An accusation outside the competent body is a clue that its registrar hands over."""
    if case.petition_class != PetitionClass.ACCUSATION or case.held_by_discipline:
        return
    holder = await offices.by_id(uow.session, case.holder_id)
    assert holder is not None
    await _open(uow, case, Occasion.CLUE_FOUND, [holder], occurrence=str(registration.id), at=at)


async def _key_case(uow: UnitOfWork, case: Case, *, at: datetime) -> None:
    """One list, two deliveries: the duty is met by the delivery itself, which brought both in one transaction."""
    row = await leads.newest(uow.session, case)
    assert row is not None
    deliverer = await offices.by_id(uow.session, row.office_id)
    assert deliverer is not None
    await _open(
        uow, case, Occasion.KEY_CASE_ASSIGNED, await _senders(uow, deliverer),
        occurrence=str(row.id), at=at, met_by=row.person_id,
    )  # fmt: skip


async def _replied(uow: UnitOfWork, case: Case, *, at: datetime) -> None:
    order_id = await repository.newest_reply(uow.session, case)
    order = await repository.order_of(uow.session, case, order_id) if order_id is not None else None
    if order is None or case.petition_class == PetitionClass.ACCUSATION:
        return
    known = await offices.by_ids(uow.session, [order.sender_id, case.holder_id])
    involved = [known[each] for each in dict.fromkeys((order.sender_id, case.holder_id))]
    await _open(uow, case, Occasion.SUPERVISION_RESULT, involved, occurrence=str(order.id), at=at)


async def _senders(uow: UnitOfWork, office: Office) -> list[Office]:
    """The office where it happened, and those that act for its seat."""
    found = [office]
    for kind in _FOR_THE_SEAT:
        each = await offices.institution(uow.session, office.seat_id, kind)
        if each is not None and each.id != office.id:
            found.append(each)
    return found


async def _open(
    uow: UnitOfWork,
    case: Case,
    event: Occasion,
    senders: Sequence[Office],
    *,
    occurrence: str,
    at: datetime,
    met_by: int | None = None,
) -> None:
    """Open the duties that the rules of these offices tie to the event; ``met_by`` = who met them with it. Offices that
    the case is about owe nothing on it: they must not learn of it."""
    for office in senders:
        if not set(case.barred).isdisjoint(office.answers_to):
            continue
        calendar = await calendars.for_chain(uow.session, office.chain)
        for rule in await reporting.sending_rules(uow.session, office, day=rules.day_of(at)):
            if rule.on_event != event:
                continue
            row = ReportDuty(
                city_id=case.city_id,
                id=new_id(),
                case_id=case.id,
                office_id=office.id,
                event=event,
                occurrence=occurrence,
                name=rule.name,
                rule_book=rule.ref.book,
                rule_version=rule.ref.version,
                rule_row=rule.ref.row_id,
                opened_at=at,
                due_at=due_after(at, rule.within, calendar),
                filed_at=at if met_by is not None else None,
                filed_by=met_by,
                body=None,
            )
            await repository.open_duty(uow, row)


listeners.listen(recorded=on_recorded, registered=on_registered)
