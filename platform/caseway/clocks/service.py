"""Starting, stopping, moving and extending the clocks of a case.

Every function appends typed events and answers the case's new due instant (the earliest of its running statutory
clocks), which the caller records with its own change of the case. Nothing else moves a due date (INV-07).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars.published import calendar
from caseway.clocks import limits, repository
from caseway.clocks.arithmetic import Due, Limit, day_of, due_date, end_of, extended, reckon, remaining
from caseway.clocks.errors import ClockNotRunning, ExtensionCap, ExtensionLate, ExtensionNotice, ExtensionOnce
from caseway.clocks.models import ClockEvent
from caseway.clocks.workflow import ClockKind, ClockState, Event, derive, earliest_due
from caseway.db.base import new_id
from caseway.db.session import UnitOfWork


class CaseKey(Protocol):
    """Any case: clocks need nothing of it but its key."""

    @property
    def city_id(self) -> int: ...
    @property
    def id(self) -> uuid.UUID: ...


class Doer(Protocol):
    """Who acts: the actor of the request."""

    @property
    def person_id(self) -> int: ...


async def clocks(session: AsyncSession, case: CaseKey) -> list[ClockState]:
    """Every clock of the case, also those that have stopped."""
    return derive(await repository.events(session, case.city_id, case.id))


async def running(session: AsyncSession, case: CaseKey) -> list[ClockState]:
    """The clocks of the case that run."""
    return [clock for clock in await clocks(session, case) if clock.is_running]


async def due_at(session: AsyncSession, case: CaseKey) -> datetime | None:
    """The case's due instant, from its clock events alone; null = no statutory clock runs."""
    return earliest_due(await clocks(session, case))


async def start(
    uow: UnitOfWork,
    case: CaseKey,
    kind: ClockKind | str,
    *,
    at: datetime,
    office_id: int,
    limit: Limit | None = None,
    order_id: uuid.UUID | None = None,
    actor: Doer | None = None,
) -> datetime | None:
    """Start a clock for the office that owes it; without ``limit`` the law's own. No actor = the platform."""
    kind = ClockKind(kind)
    limit = limit or limits.LAW[kind]
    clock_id = new_id()
    facts = _facts(reckon(at, limit, calendar()), actor) | {"limit": limit.facts()}
    return await _append(
        uow.session,
        case,
        await repository.events(uow.session, case.city_id, case.id),
        [
            ClockEvent(
                id=clock_id,
                clock_id=clock_id,
                kind=kind,
                event=Event.START,
                at=at,
                office_id=office_id,
                order_id=order_id,
                facts=facts,
            )
        ],
    )


async def stop(
    uow: UnitOfWork,
    case: CaseKey,
    kind: ClockKind | str,
    *,
    at: datetime,
    order_id: uuid.UUID | None = None,
    actor: Doer | None = None,
) -> datetime | None:
    """Stop the running clocks of one kind, or only that of an order. Without such a clock nothing happens."""
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = [clock for clock in derive(stored) if clock.is_running and _is(clock, kind, order_id)]
    return await _append(uow.session, case, stored, [_stopped(clock, at, actor) for clock in found])


async def stop_all(
    uow: UnitOfWork, case: CaseKey, *, at: datetime, actor: Doer | None = None, keep: Iterable[ClockKind] = ()
) -> datetime | None:
    """Stop every running clock but those of the kinds to keep: the proceeding has ended."""
    kept = frozenset(keep)
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = [clock for clock in derive(stored) if clock.is_running and clock.kind not in kept]
    return await _append(uow.session, case, stored, [_stopped(clock, at, actor) for clock in found])


async def restart(
    uow: UnitOfWork,
    case: CaseKey,
    kind: ClockKind | str,
    *,
    at: datetime,
    order_id: uuid.UUID | None = None,
    actor: Doer | None = None,
) -> datetime | None:
    """Let the newest stopped clock of a kind run again with the days that were left when it stopped (T3, recall).

    The days are counted anew from the day of the restart: an order that lay with the receiver for two days moves the
    sender's date by two days, and an order recalled on its day of delivery does not move it. A clock whose limit had
    passed already when it stopped keeps its old date. Without a stopped clock of the kind nothing happens.
    """
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = derive(stored)
    clock = _newest(found, kind, order_id)
    if clock is None or clock.stopped_at is None:
        return earliest_due(found)
    due = Due(clock.due_at, clock.provisional)
    if not clock.missed_by(clock.stopped_at):
        left = remaining(clock.due_at, clock.stopped_at, clock.limit, calendar())
        due = reckon(at, left, calendar())
    return await _append(uow.session, case, stored, [_moved(clock, Event.RESTART, at, due, "T3 remaining days", actor)])


async def move(
    uow: UnitOfWork,
    case: CaseKey,
    kind: ClockKind | str,
    *,
    at: datetime,
    order_id: uuid.UUID | None = None,
    actor: Doer | None = None,
) -> datetime | None:
    """An agreed return (C6): the newest clock of a kind runs again until the later of its old due date and the next
    workday. Without such a clock nothing happens."""
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = derive(stored)
    clock = _newest(found, kind, order_id)
    if clock is None:
        return earliest_due(found)
    due = Due(clock.due_at, clock.provisional)
    workday = calendar().next_workday(day_of(at))
    if end_of(workday) > clock.due_at:
        due = Due(end_of(workday), provisional=not calendar().is_published(workday))
    return await _append(uow.session, case, stored, [_moved(clock, Event.MOVE, at, due, "C6 agreed return", actor)])


async def extend(
    uow: UnitOfWork,
    case: CaseKey,
    kind: ClockKind | str = ClockKind.HANDLE,
    *,
    at: datetime,
    extension: Limit,
    reason: str,
    notified: bool,
    actor: Doer | None = None,
) -> datetime | None:
    """Extend a running clock (INV-09): once, before expiry, within the cap, with a reason that the petitioner is told.

    The extension is counted from the last day of the old limit. ``notified`` says that the notice goes out with this
    change.
    """
    stored = await repository.events(uow.session, case.city_id, case.id)
    clock = _newest([clock for clock in derive(stored) if clock.is_running], kind, None)
    if clock is None:
        raise ClockNotRunning(kind=str(kind))
    if clock.missed_by(at):
        raise ExtensionLate(due_at=clock.due_at, due_date=due_date(clock.due_at))
    if clock.extensions:
        raise ExtensionOnce(due_at=clock.due_at, due_date=due_date(clock.due_at))
    cap = limits.EXTENSION_CAP
    # In the cap's own unit the amounts decide, before a date is reckoned that no calendar reaches.
    too_long = extension.unit is cap.unit and extension.amount > cap.amount
    if too_long or extended(clock.due_at, extension, calendar()).at > extended(clock.due_at, cap, calendar()).at:
        raise ExtensionCap(amount=cap.amount, unit=str(cap.unit), source=cap.source)
    due = extended(clock.due_at, extension, calendar())
    if not reason.strip() or not notified:
        raise ExtensionNotice
    event = _moved(clock, Event.EXTEND, at, due, extension.source, actor)
    event.facts |= {"limit": extension.facts()}
    return await _append(uow.session, case, stored, [event])


def _is(clock: ClockState, kind: ClockKind | str, order_id: uuid.UUID | None) -> bool:
    return clock.kind == kind and order_id in (None, clock.order_id)


def _newest(found: list[ClockState], kind: ClockKind | str, order_id: uuid.UUID | None) -> ClockState | None:
    return next((clock for clock in reversed(found) if _is(clock, kind, order_id)), None)


def _facts(due: Due, actor: Doer | None) -> dict[str, Any]:
    return {
        "due_at": due.at.isoformat(),
        "provisional": due.provisional,
        "person_id": actor.person_id if actor is not None else 0,
    }


def _event(clock: ClockState, event: Event, at: datetime, facts: dict[str, Any]) -> ClockEvent:
    return ClockEvent(
        id=new_id(),
        clock_id=clock.clock_id,
        kind=clock.kind,
        event=event,
        at=at,
        office_id=clock.office_id,
        order_id=clock.order_id,
        facts=facts,
    )


def _stopped(clock: ClockState, at: datetime, actor: Doer | None) -> ClockEvent:
    return _event(clock, Event.STOP, at, {"person_id": actor.person_id if actor is not None else 0})


def _moved(clock: ClockState, event: Event, at: datetime, due: Due, rule: str, actor: Doer | None) -> ClockEvent:
    return _event(clock, event, at, _facts(due, actor) | {"rule": rule})


async def _append(
    session: AsyncSession, case: CaseKey, stored: Sequence[ClockEvent], new: list[ClockEvent]
) -> datetime | None:
    """Store new events behind those of the case and derive its due instant from all of them."""
    for number, event in enumerate(new, start=len(stored) + 1):
        event.city_id, event.case_id, event.seq = case.city_id, case.id, number
    if new:
        await repository.add(session, new)
    return earliest_due(derive([*stored, *new]))
