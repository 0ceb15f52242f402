"""A case as escalation rules look at it, read from its rows: at present, or as it was at an instant that has passed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars import service as calendars
from caseway.calendars.workdays import Calendar
from caseway.cases.models import Case
from caseway.cases.workflow import Stage, is_open
from caseway.clocks import repository as clock_events
from caseway.clocks.workflow import ClockKind, ClockState, Layer, derive
from caseway.custody import repository as custody
from caseway.custody.models import Order
from caseway.custody.workflow import OrderKind, OrderState, times_returned
from caseway.escalation import repository
from caseway.escalation.counters import Occurrence
from caseway.escalation.models import Escalation
from caseway.escalation.triggers import Climbed, ClockSeen, Snapshot
from caseway.escalation.values import CaseFacts, RunningLimit
from caseway.escalation.workflow import EscalationState, has_moved
from caseway.tenancy import repository as offices

_MICROSECOND = timedelta(microseconds=1)
#: Stages in which an answer was served and nothing is done about the matter.
ANSWERED = frozenset({Stage.ANSWERED, Stage.UNDER_REVIEW})


async def snapshot(
    session: AsyncSession,
    case: Case,
    escalations: Sequence[Escalation],
    *,
    at: datetime,
    stage: str,
    with_values: bool,
) -> Snapshot:
    """The case at an instant not before its newest change but one. ``stage`` is where it stood then; ``with_values`` =
    also read what conditions may ask."""
    events = await clock_events.events(session, case.city_id, case.id)
    clocks = derive(event for event in events if event.at <= at)
    calendar = await calendars.for_office(session, case.holder_id)
    registrations = await repository.registrations(session, case, until=at)
    facts = (
        await _facts(session, case, clocks, registrations, escalations, stage=stage, calendar=calendar)
        if with_values
        else None
    )

    def values(instant: datetime, names: Collection[str]) -> Mapping[str, Any]:
        return facts.values(instant, names) if facts is not None else {}

    return Snapshot(
        now=at,
        stage=stage,
        is_open=is_open(stage),
        is_answered=stage in ANSWERED,
        clocks=[seen(each) for each in clocks],
        registrations=registrations,
        climbed=[_climbed(each) for each in escalations],
        values=values,
        calendar=calendar,
    )


def seen(clock: ClockState) -> ClockSeen:
    """A clock as rules look at it."""
    return ClockSeen(
        id=clock.clock_id,
        stage=clock.kind,
        due_at=clock.due_at,
        late_at=_late(clock.due_at, is_exact=clock.limit.unit.is_exact),
        stopped_at=clock.stopped_at,
        is_suspended=clock.suspended_at is not None,
    )


def _late(due_at: datetime, *, is_exact: bool) -> datetime:
    """The first instant that is too late: limits in hours or less are still met at their last instant."""
    return due_at + _MICROSECOND if is_exact else due_at


def _climbed(escalation: Escalation) -> Climbed:
    return Climbed(
        rule=escalation.rule_name,
        rung=escalation.rung,
        occurrence=escalation.occurrence,
        state=EscalationState(escalation.state),
        raised_at=escalation.raised_at,
        counted=frozenset(escalation.counted),
    )


async def _facts(
    session: AsyncSession,
    case: Case,
    clocks: Sequence[ClockState],
    registrations: Sequence[Occurrence],
    escalations: Sequence[Escalation],
    *,
    stage: str,
    calendar: Calendar,
) -> CaseFacts:
    found = await offices.by_ids(session, [case.holder_id, case.registering_office_id])
    holder, registering = found[case.holder_id], found[case.registering_office_id]
    orders = await custody.orders(session, case)
    supervisions = _of(orders, OrderKind.SUPERVISE)
    handling = [each for each in clocks if each.kind is ClockKind.HANDLE]
    return CaseFacts(
        petition_class=case.petition_class,
        proceeding=case.proceeding,
        stage=stage,
        channel=case.channel,
        field=case.field,
        place_code=case.place_code,
        grade=case.grade,
        is_first_time=case.is_first_time,
        group_size=case.group_size,
        registrations=len(registrations),
        bounces=times_returned(orders),
        redos=sum(each.kind is ClockKind.REDO for each in clocks),
        extensions=handling[-1].extensions if handling else 0,
        assistants=sum(each.state == OrderState.DELIVERED for each in _of(orders, OrderKind.ASSIST)),
        holder_level=holder.level,
        holder_kind=holder.kind,
        level_registered=registering.level,
        received_at=case.received_at,
        registered_at=case.registered_at,
        under_supervision=any(each.state == OrderState.DELIVERED for each in supervisions),
        supervisions=len(supervisions),
        escalations=sum(each.raised_at is not None for each in escalations),
        escalation_depth=sum(map(has_moved, escalations)),
        escalations_refused=sum(each.state == EscalationState.REFUSED for each in escalations),
        held_since=(await custody.present(session, case)).from_at,
        limits=tuple(running_limits(clocks)),
        calendar=calendar,
    )


def _of(orders: Sequence[Order], kind: OrderKind) -> list[Order]:
    return [each for each in orders if each.kind == kind]


def running_limits(clocks: Sequence[ClockState]) -> list[RunningLimit]:
    """The limits of the proceeding that run."""
    return [
        RunningLimit(
            stage=clock.kind,
            due_at=each.due_at,
            late_at=_late(each.due_at, is_exact=each.limit.unit.is_exact),
            is_law=each.layer is Layer.LAW,
        )
        for clock in clocks
        if clock.is_running and clock.is_statutory and clock.suspended_at is None
        for each in clock.limits
    ]
