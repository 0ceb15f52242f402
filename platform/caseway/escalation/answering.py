"""What the upper side does: take what was raised to it, advise, refuse, hand back, close."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import papers
from caseway.cases import repository as cases
from caseway.cases.codes import GrantKind, RecordKind
from caseway.cases.entry import enter as enter_case
from caseway.cases.record import moment, record
from caseway.cases.texts import BODY, REASON, TITLE, Check
from caseway.cases.workflow import Action, next_stage
from caseway.custody import repository as custody
from caseway.custody import routes, transfer
from caseway.custody.service import acts_for, heir
from caseway.custody.workflow import OrderEvent, OrderKind, OrderState, after
from caseway.db.crypto import KeyRing
from caseway.db.session import UnitOfWork
from caseway.errors import Conflict
from caseway.escalation import entry, following, orders, raising, repository, watching
from caseway.escalation.busy import busy
from caseway.escalation.entry import Escalated, Met, escalated
from caseway.escalation.errors import NotTakenUp
from caseway.escalation.workflow import (
    EscalationState,
    Gives,
    Side,
    Step,
    has_moved,
    innermost,
    must_be_innermost,
    next_state,
    released_with,
)
from caseway.notices.codes import NoticeKind
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: Points that one hand-back or advice names.
MOST_POINTS = 20


class Answer(StrEnum):
    """What the upper office says to what was raised to it."""

    ACCEPT = "ACCEPT"
    ADVISE = "ADVISE"
    REFUSE = "REFUSE"


async def answer(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    escalation_id: uuid.UUID,
    answer: Answer,
    text: str | None,
    points: Sequence[str],
    now: datetime,
) -> Escalated:
    """Accept (a take-up: sign for the case), advise, or refuse with a reason that is counted and shown.

    Advice and refusals need a text; advice may name points. Raises ``EscalationStepRefused``, ``Conflict`` while the
    case cannot be signed for, ``InvalidInput``.
    """
    met = await entry.enter(uow, policy, actor, city_id=city_id, escalation_id=escalation_id, now=now)
    after_it = next_state(met.row.state, met.row.gives, Step(answer), met.side, automatic=met.row.is_automatic)
    said, wanted = _checked(answer, text, points)
    with busy(uow, met.case):
        match answer:
            case Answer.ACCEPT:
                await _accept(uow, met, actor=actor)
            case Answer.ADVISE:
                await _advise(uow, keyring, met, said, wanted, actor=actor)
            case Answer.REFUSE:
                await _refuse(uow, met, said, actor=actor)
        met.row.state = after_it
        if not after_it.is_open:
            met.row.ended_at = met.at
        await _done(uow, met, _WORDS[answer], actor=actor)
    return escalated(met.case, met.row)


_WORDS = {Answer.ACCEPT: "accepted", Answer.ADVISE: "advised", Answer.REFUSE: "refused"}


async def hand_back(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    points: Sequence[str],
    now: datetime,
    expected_version: int | None = None,
) -> Escalated:
    """Return a case that the own office took up to where it came from, with what is still to be done there (交还).
    Custody moves at the sign-for below; no clock moves. Raises ``NotTakenUp``, what ``routes`` refuses,
    ``TransitionRefused``, ``InvalidInput``."""
    entered = await enter_case(
        uow, policy, actor, Permission.CASE_HAND_BACK,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    wanted = _points(points, required=True)
    known = await repository.of_case(uow.session, case)
    row = innermost(known)
    if row is None or row.to_office_id is None or not await acts_for(uow, actor, row.to_office_id):
        raise NotTakenUp
    after_it = next_state(row.state, row.gives, Step.HAND_BACK, Side.UPPER, automatic=row.is_automatic)
    stage = next_stage(case.stage, Action.HAND_BACK)
    holder, to = await _office(uow, case.holder_id), await heir(uow, row.from_office_id)
    accused = (await offices.by_ids(uow.session, case.accused_office_ids)).values()
    to = routes.check_target(OrderKind.HAND_BACK, case, holder, to, accused)
    with busy(uow, case):
        order = transfer.new_order(
            case, OrderKind.HAND_BACK,
            sender_id=holder.id, receiver_id=to.id, actor=actor, at=at, instruction="\n".join(wanted),
        )  # fmt: skip
        await transfer.send(uow, case, order, stage=stage, actor=actor, at=at, facts={"escalation_id": row.id})
        await transfer.deliver(uow, case, order, actor=actor, at=moment(case, at))
        row.state, row.points, row.back_order_id = after_it, wanted, order.id
        if row.rule_name:
            await raising.note(uow, case, row, "handed_back", actor=actor, at=moment(case, at))
        await uow.session.flush()
        await raising.tell(uow, case, row, to.id, at=at, kind=NoticeKind.HANDED_BACK)
        await watching.look(uow, case, at=moment(case, at))
    return Escalated(case.city_id, case.id, case.version, case.stage, row.id, order.id)


async def close(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, escalation_id: uuid.UUID, reason: str, now: datetime
) -> Escalated:
    """End an escalation: what was told is noted, what was supervised is done, advice was taken. Who closes a take-up
    keeps the case. Raises ``EscalationStepRefused``, ``EscalationNested``, ``InvalidInput``."""
    met = await entry.enter(uow, policy, actor, city_id=city_id, escalation_id=escalation_id, now=now)
    case, row = met.case, met.row
    after_it = next_state(row.state, row.gives, Step.CLOSE, met.side, automatic=row.is_automatic)
    check = Check()
    why = check.required("reason", reason, REASON)
    check.done()
    with busy(uow, case):
        if has_moved(row):
            must_be_innermost(row, met.known)
        outer = released_with(row, Step.CLOSE, met.known)
        await orders.finish(uow, case, row, actor=actor, at=met.at)
        row.state, row.ended_at, row.outcome = after_it, met.at, why
        await raising.note(uow, case, row, "closed", actor=actor, at=moment(case, met.at))
        for each in outer:
            await raising.end(uow, case, each, Step.RELEASE, at=moment(case, met.at))
        await watching.look(uow, case, at=moment(case, met.at))
    return escalated(case, row)


async def _accept(uow: UnitOfWork, met: Met, *, actor: Actor) -> None:
    case, row = met.case, met.row
    if Gives(row.gives).moves_custody:
        order = await custody.order(uow.session, case, row.order_id) if row.order_id is not None else None
        if order is None or order.state != OrderState.DELIVERED:
            raise Conflict("The case is on its way elsewhere: it comes to your office as soon as it has arrived there.")
        await transfer.arrive(uow, case, order, actor=actor, at=met.at, event="order.signed")
    await following.taken(uow, case, row, met.known, at=moment(case, met.at))


async def _advise(uow: UnitOfWork, keyring: KeyRing, met: Met, text: str, points: list[str], *, actor: Actor) -> None:
    """The advice is recorded (提级研判): custody never left, no clock moves, the adviser's view ends."""
    case, row = met.case, met.row
    assert row.order_id is not None
    order = await custody.order(uow.session, case, row.order_id)
    order.state, order.ended_at = after(order.state, OrderEvent.FINISH), met.at
    await uow.session.flush()
    granted = await cases.end_grant(uow, case, office_id=order.receiver_id, kind=GrantKind.ADVISOR, at=met.at)
    paper = await papers.write(
        uow, keyring, case, kind=RecordKind.ADVICE, at=met.at, actor=actor, text=text, order_id=order.id
    )
    await record(
        uow, case,
        type="advice.given", at=met.at, actor=actor,
        facts={"order_id": order.id, "record_id": paper.id}, changes=granted,
    )  # fmt: skip
    row.points, row.record_id = points, paper.id
    await raising.stop_answer_clock(uow, case, row, actor=actor, at=moment(case, met.at))


async def _refuse(uow: UnitOfWork, met: Met, reason: str, *, actor: Actor) -> None:
    case, row = met.case, met.row
    row.outcome = reason
    order = await custody.order(uow.session, case, row.order_id) if row.order_id is not None else None
    if order is not None and order.moves_custody and order.state == OrderState.DELIVERED:
        await transfer.call_back(
            uow, case, order, actor=actor, at=met.at, event="take_up.refused", ending=OrderEvent.REFUSE
        )
    else:
        await orders.finish(uow, case, row, actor=actor, at=met.at)


async def _done(uow: UnitOfWork, met: Met, what: str, *, actor: Actor) -> None:
    case, row = met.case, met.row
    if row.rule_name or row.state == EscalationState.REFUSED:
        await raising.note(uow, case, row, what, actor=actor, at=moment(case, met.at))
    await uow.session.flush()
    await raising.tell(uow, case, row, row.from_office_id, at=met.at)
    await watching.look(uow, case, at=moment(case, met.at))


def _checked(answer: Answer, text: str | None, points: Sequence[str]) -> tuple[str, list[str]]:
    check = Check()
    said = ""
    if answer is Answer.ADVISE:
        said = check.required("text", text, BODY)
    elif answer is Answer.REFUSE:
        said = check.required("text", text, REASON)
    elif text is not None and text.strip():
        check.problem("text", "NOT_NEEDED", "Who accepts says nothing more: leave this out.")
    if points and answer is not Answer.ADVISE:
        check.problem("points", "NOT_NEEDED", "Only advice names points: leave this out.")
    check.done()
    return said, _points(points, required=False)


def _points(points: Sequence[str], *, required: bool) -> list[str]:
    check = Check()
    if required and not points:
        check.problem("points", "REQUIRED", "Say what is still to be done, one point each.")
    if len(points) > MOST_POINTS:
        check.problem("points", "TOO_MANY", f"Name {MOST_POINTS} points at most.")
    found = [check.required(f"points.{place}", each, TITLE) for place, each in enumerate(points[:MOST_POINTS])]
    check.done()
    return found


async def _office(uow: UnitOfWork, office_id: int) -> Office:
    found = await offices.by_id(uow.session, office_id)
    assert found is not None
    return found
