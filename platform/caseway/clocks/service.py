"""Starting, stopping, moving and extending the clocks of a case.

Every function appends typed events and answers the case's new due instant (the earliest of its running statutory
clocks), which the caller records with its own change of the case. Nothing else moves a due date (INV-07).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars import service as calendars
from caseway.calendars.workdays import Calendar
from caseway.clocks import applicable, course, planning, repository
from caseway.clocks.arithmetic import Due
from caseway.clocks.course import Course
from caseway.clocks.models import ClockEvent
from caseway.clocks.workflow import (
    STATUTORY,
    CaseKey,
    ClockKind,
    ClockState,
    Event,
    ExtensionRule,
    PinnedLimit,
    StartEvent,
    derive,
    earliest_due,
)
from caseway.db.base import new_id
from caseway.db.session import UnitOfWork
from caseway.rules import service as rules


class Doer(Protocol):
    """Who acts: the actor of the request."""

    @property
    def person_id(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Planned:
    """A clock that is about to start."""

    kind: ClockKind
    start: StartEvent
    at: datetime
    office_id: int
    pinned: tuple[PinnedLimit, ...]
    extension: ExtensionRule | None
    course: Course
    order_id: uuid.UUID | None = None

    @property
    def due_at(self) -> datetime:
        """The earliest of its limits."""
        return min(each.at for each in self.course.dues)


async def clocks(session: AsyncSession, case: CaseKey) -> list[ClockState]:
    """Every clock of the case, also those that have stopped."""
    return derive(await repository.events(session, case.city_id, case.id))


async def running(session: AsyncSession, case: CaseKey) -> list[ClockState]:
    """The clocks of the case that run."""
    return [clock for clock in await clocks(session, case) if clock.is_running]


async def due_at(session: AsyncSession, case: CaseKey) -> datetime | None:
    """The case's due instant, from its clock events alone; null = no statutory clock runs."""
    return earliest_due(await clocks(session, case))


def first_due(planned: Iterable[Planned]) -> datetime | None:
    """The due instant that clocks about to start will give a case without any other."""
    return min((each.due_at for each in planned if each.kind in STATUTORY), default=None)


async def prepare(
    session: AsyncSession,
    start: StartEvent,
    *,
    at: datetime,
    office_id: int,
    classes: Collection[str],
    kinds: Collection[ClockKind] | None = None,
    order_id: uuid.UUID | None = None,
    holds: Callable[[str], bool] = applicable.never,
) -> list[Planned]:
    """The clocks that an event starts for an office, by the rules in force there at that instant (INV-22).

    ``classes`` = what classes of deadline rows the case falls under; ``kinds`` = only these stages; ``holds`` decides
    the conditions of rows, which otherwise do not apply.
    """
    found = applicable.deadlines(
        await rules.effective(session, office_id, at=at), start, classes=classes, holds=holds, kinds=kinds
    )
    if not found:
        return []
    calendar = await calendars.for_office(session, office_id)
    return [
        Planned(kind, start, at, office_id, pinned, extension, course.begin(at, pinned, calendar), order_id)
        for kind, (pinned, extension) in found.items()
    ]


async def begin(
    uow: UnitOfWork, case: CaseKey, planned: Sequence[Planned], *, actor: Doer | None = None
) -> datetime | None:
    """Start the clocks that ``prepare`` found."""
    stored = await repository.events(uow.session, case.city_id, case.id)
    return await _append(uow, case, stored, [_started(each, actor) for each in planned])


async def start(
    uow: UnitOfWork,
    case: CaseKey,
    kind: ClockKind,
    *,
    at: datetime,
    office_id: int,
    pinned: Sequence[PinnedLimit],
    event: StartEvent = StartEvent.ORDERED,
    order_id: uuid.UUID | None = None,
    extension: ExtensionRule | None = None,
    actor: Doer | None = None,
) -> datetime | None:
    """Start one clock with the limits given, for the office that owes it. No actor = the platform."""
    calendar = await calendars.for_office(uow.session, office_id)
    planned = Planned(
        kind, event, at, office_id, tuple(pinned), extension, course.begin(at, pinned, calendar), order_id
    )
    return await begin(uow, case, [planned], actor=actor)


async def stop(
    uow: UnitOfWork,
    case: CaseKey,
    kind: ClockKind | Collection[ClockKind],
    *,
    at: datetime,
    order_id: uuid.UUID | None = None,
    actor: Doer | None = None,
) -> datetime | None:
    """Stop the running clocks of one or several kinds, or only those of an order. Without such a clock nothing
    happens."""
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = [clock for clock in derive(stored) if clock.is_running and _is(clock, kind, order_id)]
    return await _append(uow, case, stored, [_event(clock, Event.STOP, at, {}, actor) for clock in found])


async def stop_all(
    uow: UnitOfWork, case: CaseKey, *, at: datetime, actor: Doer | None = None, keep: Iterable[ClockKind] = ()
) -> datetime | None:
    """Stop every running clock but those of the kinds to keep: the proceeding has ended."""
    kept = frozenset(keep)
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = [clock for clock in derive(stored) if clock.is_running and clock.kind not in kept]
    return await _append(uow, case, stored, [_event(clock, Event.STOP, at, {}, actor) for clock in found])


async def restart(
    uow: UnitOfWork,
    case: CaseKey,
    kind: ClockKind,
    *,
    at: datetime,
    order_id: uuid.UUID | None = None,
    actor: Doer | None = None,
) -> datetime | None:
    """Let the newest stopped clock of a kind run again with the days that were left when it stopped (T3, recall).

    The days are counted anew from the day of the restart: an order that lay with the receiver for two days moves the
    sender's date by two days, and an order recalled on its day of delivery does not move it. A limit that had passed
    already when the clock stopped keeps its old date. Without a stopped clock of the kind nothing happens.
    """
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = derive(stored)
    clock = _newest(found, kind, order_id)
    if clock is None or clock.stopped_at is None:
        return earliest_due(found)
    return await change(uow, case, stored, [clock], Event.RESTART, at=at, facts={"rule": "T3"}, actor=actor)


async def move(
    uow: UnitOfWork,
    case: CaseKey,
    kind: ClockKind,
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
    return await change(uow, case, stored, [clock], Event.MOVE, at=at, facts={"rule": "C6"}, actor=actor)


async def change(
    uow: UnitOfWork,
    case: CaseKey,
    stored: Sequence[ClockEvent],
    changing: Sequence[ClockState],
    event: Event,
    *,
    at: datetime,
    facts: dict[str, Any],
    actor: Doer | None,
) -> datetime | None:
    """Append one event to each of the clocks, with the dates it leads to by the calendar of the clock's office."""
    new = []
    for clock in changing:
        calendar = await calendars.for_office(uow.session, clock.office_id)
        draft = _event(clock, event, at, dict(facts), actor)
        _, *later = clock.steps
        after = course.advance(clock.started_at, _course(clock), draft, later, calendar)
        draft.facts = draft.facts | _dues(after)
        new.append(draft)
    return await _append(uow, case, stored, new)


async def store_dues(
    uow: UnitOfWork,
    case: CaseKey,
    clock: ClockState,
    after: Course,
    *,
    at: datetime,
    facts: dict[str, Any],
    stored: Sequence[ClockEvent],
) -> datetime | None:
    """Append a re-projection: dates that were counted anew from all events."""
    return await _append(uow, case, stored, [_event(clock, Event.REPROJECT, at, facts | _dues(after), None)])


def _course(clock: ClockState) -> Course:
    return Course(
        pinned=tuple(each.pinned for each in clock.limits),
        dues=tuple(Due(each.due_at, each.provisional) for each in clock.limits),
        stopped_at=clock.stopped_at,
        suspended_at=clock.suspended_at,
    )


def _is(clock: ClockState, kind: ClockKind | Collection[ClockKind], order_id: uuid.UUID | None) -> bool:
    fits = clock.kind == kind if isinstance(kind, str) else clock.kind in kind
    return fits and order_id in (None, clock.order_id)


def _newest(found: Sequence[ClockState], kind: ClockKind, order_id: uuid.UUID | None) -> ClockState | None:
    return next((clock for clock in reversed(found) if _is(clock, kind, order_id)), None)


def _dues(after: Course) -> dict[str, Any]:
    return {"dues": [[each.at.isoformat(), each.provisional] for each in after.dues]}


def _started(planned: Planned, actor: Doer | None) -> ClockEvent:
    clock_id = new_id()
    return ClockEvent(
        id=clock_id,
        clock_id=clock_id,
        kind=planned.kind,
        event=Event.START,
        at=planned.at,
        office_id=planned.office_id,
        order_id=planned.order_id,
        facts={
            "start": str(planned.start),
            "limits": [each.facts() for each in planned.pinned],
            "extension": planned.extension.facts() if planned.extension is not None else None,
            "person_id": actor.person_id if actor is not None else 0,
            **_dues(planned.course),
        },
    )


def _event(clock: ClockState, event: Event, at: datetime, facts: dict[str, Any], actor: Doer | None) -> ClockEvent:
    return ClockEvent(
        id=new_id(),
        clock_id=clock.clock_id,
        kind=clock.kind,
        event=event,
        at=at,
        office_id=clock.office_id,
        order_id=clock.order_id,
        facts={"person_id": actor.person_id if actor is not None else 0, **facts},
    )


async def _append(
    uow: UnitOfWork, case: CaseKey, stored: Sequence[ClockEvent], new: list[ClockEvent]
) -> datetime | None:
    """Store new events behind those of the case, plan the timers of the clocks they belong to, and derive the case's
    due instant from all of them."""
    for number, event in enumerate(new, start=len(stored) + 1):
        event.city_id, event.case_id, event.seq = case.city_id, case.id, number
    found = derive([*stored, *new])
    if new:
        await repository.add(uow.session, new)
        touched = {event.clock_id for event in new}
        by_office: dict[int, Calendar] = {}
        for clock in found:
            if clock.clock_id in touched and clock.office_id not in by_office:
                by_office[clock.office_id] = await calendars.for_office(uow.session, clock.office_id)
        for office_id, calendar in by_office.items():
            await planning.replan(
                uow.session,
                case.city_id,
                case.id,
                [each for each in found if each.clock_id in touched and each.office_id == office_id],
                at=max(event.at for event in new),
                calendar=calendar,
            )
    return earliest_due(found)
