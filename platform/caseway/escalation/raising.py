"""Raising a rung: the escalation is recorded at its instant, both ends are told, and the order that carries it goes
out, at once or as soon as the case can be sent.

Nothing that is done to a case can make a rung vanish: what a rule has raised stands, whoever holds the case then. An
escalation moves no clock of the proceeding (INV-10).
"""

from __future__ import annotations

from datetime import datetime

from caseway.access.actor import SYSTEM_ACTOR, Actor
from caseway.calendars import service as calendars
from caseway.cases.models import Case
from caseway.cases.record import moment, record
from caseway.cases.workflow import Action, Stage, available
from caseway.clocks import service as clocks
from caseway.clocks.arithmetic import reckon
from caseway.clocks.workflow import ClockKind, PinnedLimit
from caseway.custody import repository as custody
from caseway.custody import transfer
from caseway.custody.models import Order
from caseway.custody.workflow import SPECS, OrderKind
from caseway.db.session import UnitOfWork
from caseway.escalation import repository, targets
from caseway.escalation.models import Escalation
from caseway.escalation.workflow import EscalationState, Gives, Side, Step, next_state
from caseway.notices import service as notices
from caseway.notices.codes import NoticeKind
from caseway.rules.findings import RowRef
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: The order that carries what the upper office gets.
ORDER_OF = {
    Gives.INFORM: OrderKind.REPORT_UP,
    Gives.SUPERVISE: OrderKind.SUPERVISE,
    Gives.ADVISE: OrderKind.ADVICE,
    Gives.TAKE_UP: OrderKind.TAKE_UP,
}
#: Stages in which there is nothing to take up any more, although the case is open.
_ANSWERED = frozenset({Stage.ANSWERED, Stage.UNDER_REVIEW})


async def propose(uow: UnitOfWork, case: Case, row: Escalation, *, actor: Actor, at: datetime) -> None:
    """Record that a rung is proposed: people decide whether it is raised. Both ends are told."""
    row.proposed_at = at
    await repository.add(uow, row)
    await note(uow, case, row, "proposed", actor=actor, at=at)
    await _tell_both(uow, case, row, actor=actor, at=at)


async def raise_(uow: UnitOfWork, case: Case, row: Escalation, *, actor: Actor, at: datetime) -> None:
    """Record that a rung is raised, now, and send its order. What is asked for may have come about already, there may
    be nobody to ask, or nothing left to ask about: then the escalation is closed as soon as it is recorded, and the
    upper office knows all the same."""
    row.raised_at, row.raised_by, row.state = at, actor.person_id, EscalationState.RAISED
    await repository.add(uow, row)
    await note(uow, case, row, "raised", actor=actor, at=at)
    await _tell_both(uow, case, row, actor=actor, at=at)
    if row.to_office_id is None:
        await _report_nobody(uow, row, at=at)
    await carry(uow, case, row, actor=actor, at=moment(case, at))


async def carry(uow: UnitOfWork, case: Case, row: Escalation, *, actor: Actor, at: datetime) -> None:
    """Send the order of a raised escalation, if it has none yet and the case can be sent; close it where nothing is
    left to ask for. Called again whenever the case has moved."""
    if row.state != EscalationState.RAISED or row.order_id is not None:
        return
    gives = Gives(row.gives)
    holder, upper = await _office(uow, case.holder_id), await _upper(uow, row)
    over = not case.is_open or (gives.moves_custody and case.stage in _ANSWERED)
    if upper is None or over or targets.is_reached(holder, upper, code=row.to_code):
        await end(uow, case, row, Step.END, at=at)
    elif not gives.moves_custody or await _can_leave(uow, case, row, at=at):
        await _send(uow, case, row, gives, holder, upper, actor=actor, at=moment(case, at))


async def end(uow: UnitOfWork, case: Case, row: Escalation, step: Step, *, at: datetime) -> None:
    """The platform ends an escalation, because there is nothing left of it."""
    row.state = next_state(row.state, row.gives, step, Side.PLATFORM, automatic=row.is_automatic)
    row.ended_at = at
    await stop_answer_clock(uow, case, row, actor=SYSTEM_ACTOR, at=at)
    await note(uow, case, row, "released" if step is Step.RELEASE else "closed", actor=SYSTEM_ACTOR, at=at)


async def stop_answer_clock(uow: UnitOfWork, case: Case, row: Escalation, *, actor: Actor, at: datetime) -> None:
    """The upper office has answered, or does not have to any more."""
    if row.order_id is not None:
        await clocks.stop(uow, case, ClockKind.ESCALATION_ANSWER, at=at, order_id=row.order_id, actor=actor)


async def note(uow: UnitOfWork, case: Case, row: Escalation, what: str, *, actor: Actor, at: datetime) -> None:
    """Record a step of an escalation in the ledger, and store it. What was written about it is not part of that."""
    await uow.session.flush()
    await record(
        uow, case,
        type=f"escalation.{what}", at=at, actor=actor,
        facts={
            "escalation_id": row.id, "rule": rule_of(row), "rung": row.rung, "gives": row.gives, "state": row.state,
            "from": row.from_office_id, "to": row.to_office_id, "triggers": list(row.triggers),
            "is_automatic": row.is_automatic,
        },
        changes={},
    )  # fmt: skip


async def tell(
    uow: UnitOfWork,
    case: Case,
    row: Escalation,
    office_id: int,
    *,
    at: datetime,
    kind: NoticeKind = NoticeKind.ESCALATED,
) -> None:
    """Tell an office how an escalation stands."""
    await notices.tell(
        uow,
        office_id=office_id, kind=kind, key=f"escalation:{row.id}:{row.state}", at=at,
        city_id=case.city_id, case_id=case.id,
        facts={"escalation_id": row.id, "gives": row.gives, "state": row.state, "rule": rule_of(row)},
    )  # fmt: skip


def rule_of(row: Escalation) -> str | None:
    """The rule as people cite it, such as ``feicheng/1 FC-14``; null for a take-up without a rule."""
    if row.rule_book is None or row.rule_version is None or row.rule_row is None:
        return None
    return str(RowRef(row.rule_book, row.rule_version, row.rule_row))


async def _tell_both(uow: UnitOfWork, case: Case, row: Escalation, *, actor: Actor, at: datetime) -> None:
    for office_id in (row.from_office_id, row.to_office_id):
        if office_id is not None and office_id != actor.office_id:
            await tell(uow, case, row, office_id, at=at)


async def _report_nobody(uow: UnitOfWork, row: Escalation, *, at: datetime) -> None:
    """A rule asks somebody who does not exist, or whom every case of this kind is about: its office puts it right."""
    await notices.open_task(
        uow,
        kind="ESCALATION_TO_NOBODY", key=f"{row.rules_office_id}:{rule_of(row)}:{row.rung}",
        office_id=row.rules_office_id, at=at, facts={"rule": rule_of(row), "to": row.to_code},
    )  # fmt: skip


async def _can_leave(uow: UnitOfWork, case: Case, row: Escalation, *, at: datetime) -> bool:
    """Whether the case can be sent up now. An order that is on its way somewhere else, and that people could still take
    back, does not hold up what a rule raises: the platform takes it back."""
    if case.stage == Stage.IN_TRANSIT and row.is_automatic:
        order = await custody.moving(uow.session, case)
        known = await repository.of_case(uow.session, case)
        ours = order is not None and any(order.id in (each.order_id, each.back_order_id) for each in known)
        if order is not None and not ours and SPECS[OrderKind(order.kind)].recallable:
            await transfer.call_back(uow, case, order, actor=SYSTEM_ACTOR, at=moment(case, at), event="order.recalled")
    return Action.TAKE_UP in available(case.stage)


async def _send(
    uow: UnitOfWork,
    case: Case,
    row: Escalation,
    gives: Gives,
    holder: Office,
    upper: Office,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Send and deliver the order, and start the time for the answer."""
    downwards = gives is Gives.SUPERVISE
    sender, receiver = (upper, holder) if downwards else (holder, upper)
    limit = PinnedLimit.of(row.answer_limit) if row.answer_limit is not None else None
    reply_due_at = None
    if downwards and limit is not None:
        reply_due_at = reckon(at, limit.limit, await calendars.for_office(uow.session, holder.id)).at
    order: Order = transfer.new_order(
        case, ORDER_OF[gives],
        sender_id=sender.id, receiver_id=receiver.id, actor=actor, at=at,
        instruction=row.reason or f"依据 {rule_of(row)} 提级。", report_due_at=reply_due_at,
    )  # fmt: skip
    stage = Stage.IN_TRANSIT if gives.moves_custody else Stage(case.stage)
    await transfer.send(uow, case, order, stage=stage, actor=actor, at=at, facts={"escalation_id": row.id})
    await transfer.deliver(uow, case, order, actor=actor, at=moment(case, at))
    row.order_id, row.from_office_id = order.id, holder.id
    if downwards:
        # The order goes out in the name of the upper office: from now on it supervises.
        row.state = next_state(row.state, gives, Step.ACCEPT, Side.PLATFORM, automatic=row.is_automatic)
        row.taken_at = at
    elif limit is not None:
        await clocks.start(
            uow, case, ClockKind.ESCALATION_ANSWER,
            at=moment(case, at), office_id=upper.id, pinned=[limit], order_id=order.id, actor=actor,
        )  # fmt: skip
    await uow.session.flush()


async def next_above(uow: UnitOfWork, case: Case, row: Escalation) -> Office | None:
    """Whom an escalation goes to when the case must not go any more to whom it went."""
    owner = await repository.owner_of(uow.session, row.rule_book) if row.rule_book is not None else None
    holder = await _office(uow, case.holder_id)
    return await targets.target(uow.session, case, code=row.to_code, gives=Gives(row.gives), owner=owner, holder=holder)


async def _upper(uow: UnitOfWork, row: Escalation) -> Office | None:
    """The office that is asked, or the one that has its duties now."""
    if row.to_office_id is None:
        return None
    return await offices.successor(uow.session, await _office(uow, row.to_office_id))


async def _office(uow: UnitOfWork, office_id: int) -> Office:
    found = await offices.by_id(uow.session, office_id)
    assert found is not None
    return found
