"""Lateness presses the holder: supervisions that rules open by themselves, and replies that do not come.

Everything here happens in the transaction that records the lateness. A supervision is an order without custody: it
moves no limit (INV-10), and the office that the case is about never learns of it, because it is never the holder.
"""

from __future__ import annotations

from datetime import datetime

from caseway.access.actor import SYSTEM_ACTOR
from caseway.calendars import service as calendars
from caseway.cases import limits
from caseway.cases.hooks import listeners
from caseway.cases.models import Case
from caseway.cases.record import moment, record
from caseway.cases.workflow import Action, PetitionClass, next_stage
from caseway.clocks.arithmetic import Limit, Unit, due_date, reckon
from caseway.clocks.workflow import AppliedLimit, ClockKind, ClockState
from caseway.custody import transfer
from caseway.custody.models import Order
from caseway.custody.workflow import SPECS, Duty, OrderKind, OrderState
from caseway.db.session import UnitOfWork
from caseway.notices import service as notices
from caseway.notices.codes import NoticeKind
from caseway.rules import service as rules
from caseway.rules.rows import RowRef
from caseway.supervision import accountability, repository
from caseway.supervision.models import Supervision
from caseway.supervision.supervisors import supervisor
from caseway.supervision.workflow import OF_DISCIPLINE, Cause, Opening, cause_of, openings
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: The event of ``caseSupervise`` and of a supervision that a rule opened.
_SUPERVISED = SPECS[OrderKind.SUPERVISE].event


async def on_overdue(uow: UnitOfWork, case: Case, *, clock: ClockState, limit: AppliedLimit, at: datetime) -> None:
    """A limit has passed: rules that name lateness open their supervisions, or a reply to one has not come."""
    order = await repository.order_of(uow.session, case, clock.order_id) if clock.order_id is not None else None
    if clock.kind is ClockKind.ORDER and order is not None and order.kind == OrderKind.SUPERVISE:
        await _lapse(uow, case, order, at=at)
        return
    cause = cause_of(clock.kind)
    if cause is Cause.NO_FEEDBACK and not _owes_report(order):
        cause = None
    if cause is None or not case.is_open or not clock.is_running:
        return
    holder = await offices.by_id(uow.session, case.holder_id)
    assert holder is not None
    asked = limits.Conditions(limits.known(case, at=at))
    for opening in openings(await rules.effective(uow.session, holder.id, at=at), cause):
        for_accusation = opening.by in OF_DISCIPLINE
        if for_accusation is not (case.petition_class == PetitionClass.ACCUSATION):
            continue
        if await repository.is_supervised(uow.session, case, clock_id=clock.clock_id, by=opening.by):
            continue
        if opening.when is not None and not asked(opening.when):
            continue
        owner = await repository.owner_of(uow.session, opening.ref.book)
        by = await supervisor(uow.session, case, by=opening.by, owner=owner, holder=holder)
        if by is not None:
            await _open(uow, case, opening, cause, by=by, holder=holder, clock=clock, limit=limit, at=at)
    await asked.report(uow, office_id=holder.id, at=at)


async def note_ordered(uow: UnitOfWork, case: Case, type: str, *, at: datetime) -> None:
    """An officer has ordered a supervision: it stands in the list like those that rules open."""
    if type != _SUPERVISED:
        return
    for order in await repository.unexplained(uow.session, case):
        await repository.add_supervision(uow, _row(case, order, Cause.ORDERED))
        await _tell(uow, case, order, NoticeKind.SUPERVISED, office_id=order.receiver_id, at=at)


async def _open(
    uow: UnitOfWork,
    case: Case,
    opening: Opening,
    cause: Cause,
    *,
    by: Office,
    holder: Office,
    clock: ClockState,
    limit: AppliedLimit,
    at: datetime,
) -> None:
    instant = moment(case, at)
    order = transfer.new_order(
        case, OrderKind.SUPERVISE,
        sender_id=by.id, receiver_id=holder.id, actor=SYSTEM_ACTOR, at=instant,
        instruction=_instruction(case, limit), report_due_at=await _reply_due(uow, opening, holder, instant),
    )  # fmt: skip
    facts = {
        "trigger": cause, "clock": clock.kind, "layer": limit.layer, "due_at": limit.due_at, "rule": str(opening.ref),
    }  # fmt: skip
    stage = next_stage(case.stage, Action.SUPERVISE)
    await transfer.send(uow, case, order, stage=stage, actor=SYSTEM_ACTOR, at=instant, facts=facts)
    row = _row(case, order, cause)
    row.clock_id, row.clock_kind = clock.clock_id, clock.kind
    row.layer, row.due_at, row.by_code = limit.layer, limit.due_at, opening.by
    row.rule_book, row.rule_version, row.rule_row = _ref(opening.ref)
    await repository.add_supervision(uow, row)
    await transfer.deliver(uow, case, order, actor=SYSTEM_ACTOR, at=moment(case, instant))
    for office_id in (holder.id, by.id):
        await _tell(uow, case, order, NoticeKind.SUPERVISED, office_id=office_id, at=instant)


async def _lapse(uow: UnitOfWork, case: Case, order: Order, *, at: datetime) -> None:
    """The written reply did not come: the supervising office is told, and where a rule counts such lapses a review is
    opened. The duty to reply stays."""
    if order.state != OrderState.DELIVERED:
        return
    await record(
        uow, case,
        type="supervision.lapsed", at=moment(case, at), actor=SYSTEM_ACTOR,
        facts={"order_id": order.id, "to": order.receiver_id, "due_at": order.report_due_at}, changes={},
    )  # fmt: skip
    await _tell(uow, case, order, NoticeKind.SUPERVISION_LAPSED, office_id=order.sender_id, at=at)
    await accountability.on_lapse(uow, case, order, at=moment(case, at))


def _owes_report(order: Order | None) -> bool:
    return order is not None and SPECS[OrderKind(order.kind)].duty is Duty.CLOSING_REPORT


def _instruction(case: Case, limit: AppliedLimit) -> str | None:
    if case.petition_class == PetitionClass.ACCUSATION:
        return None
    return f"期限 {due_date(limit.due_at).isoformat()} 已过，请尽快办理并书面说明逾期原因和后续安排。"


async def _reply_due(uow: UnitOfWork, opening: Opening, holder: Office, at: datetime) -> datetime | None:
    """When the written reply is due; ``None`` where no rule gives a number (the law of 2022 gives none)."""
    if opening.reply_within is None:
        return None
    calendar = await calendars.for_chain(uow.session, holder.chain)
    within = Limit(opening.reply_within.n, Unit(opening.reply_within.unit.value), str(opening.ref))
    return reckon(at, within, calendar).at


def _row(case: Case, order: Order, cause: Cause) -> Supervision:
    return Supervision(
        city_id=case.city_id,
        order_id=order.id,
        case_id=case.id,
        office_id=order.sender_id,
        subject_office_id=order.receiver_id,
        trigger=cause,
        opened_at=order.sent_at,
    )


def _ref(ref: RowRef) -> tuple[str, int, str]:
    return ref.book, ref.version, ref.row_id


async def _tell(uow: UnitOfWork, case: Case, order: Order, kind: NoticeKind, *, office_id: int, at: datetime) -> None:
    await notices.tell(
        uow,
        office_id=office_id,
        kind=kind,
        key=f"{kind}:{order.id}",
        at=at,
        city_id=case.city_id,
        case_id=case.id,
        facts={"order_id": order.id, "due_at": order.report_due_at},
    )


listeners.listen(recorded=note_ordered, clock_overdue=on_overdue)
