"""The recorded events that may move a due date, each with actor, reason, time and rule (INV-07): extension,
reclassification, the hearing of a second review, and the publication of a calendar. The agreed return is in
``service.move``."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import datetime

from caseway.calendars import service as calendars
from caseway.clocks import applicable, projection, repository, service
from caseway.clocks.arithmetic import Limit, due_date, extended, reckon
from caseway.clocks.errors import (
    ClockNotRunning,
    ExtensionCap,
    ExtensionLate,
    ExtensionNotice,
    ExtensionOnce,
    ExtensionRank,
    ReclassificationLate,
    SuspensionNotAllowed,
)
from caseway.clocks.service import Doer
from caseway.clocks.workflow import CaseKey, ClockKind, ClockState, Event, StartEvent, derive, earliest_due
from caseway.db.session import UnitOfWork
from caseway.rules import service as rules

#: The only clock that a hearing stops (art. 36): that of the second review.
_STOPPED_BY_HEARING = frozenset({ClockKind.DECIDE})


async def extend(
    uow: UnitOfWork,
    case: CaseKey,
    *,
    at: datetime,
    extension: Limit,
    reason: str,
    notified: bool,
    approves: Callable[[str, ClockState], bool],
    kinds: Collection[ClockKind] = (ClockKind.HANDLE, ClockKind.HANDLE_ASSIGNED),
    actor: Doer | None = None,
) -> datetime | None:
    """Extend the running clocks of handling whose rules allow it (INV-09): before expiry, as often and as far as the
    smallest cap of the chain says, approved by the rank that it names, with a reason that the petitioner is told.

    The extension is counted from the last day of each limit. ``notified`` says that the notice goes out with this
    change; ``approves`` whether the actor has a rank that a rule names. Raises ``ClockNotRunning``, ``ExtensionLate``,
    ``ExtensionOnce``, ``ExtensionCap``, ``ExtensionRank``, ``ExtensionNotice``.
    """
    stored = await repository.events(uow.session, case.city_id, case.id)
    running = [clock for clock in derive(stored) if clock.is_running and clock.kind in kinds]
    if not running:
        raise ClockNotRunning(kind=str(next(iter(kinds))))
    extendable = [clock for clock in running if clock.extension is not None]
    if not extendable:
        raise ExtensionCap(amount=0, unit="DAY", source=running[0].limit.source)
    for clock in extendable:
        await _refuse_extension(uow, clock, extension, at=at, approves=approves)
    if not reason.strip() or not notified:
        raise ExtensionNotice
    rule = extendable[0].extension
    assert rule is not None
    facts = {"limit": extension.facts(), "rule": rule.cap.source, "reason": reason}
    return await service.change(uow, case, stored, extendable, Event.EXTEND, at=at, facts=facts, actor=actor)


async def _refuse_extension(
    uow: UnitOfWork, clock: ClockState, asked: Limit, *, at: datetime, approves: Callable[[str, ClockState], bool]
) -> None:
    rule = clock.extension
    assert rule is not None
    if clock.missed_by(at):
        raise ExtensionLate(due_at=clock.due_at, due_date=due_date(clock.due_at))
    if clock.extensions >= rule.times:
        raise ExtensionOnce(due_at=clock.due_at, due_date=due_date(clock.due_at), source=rule.cap.source)
    cap, calendar = rule.cap, await calendars.for_office(uow.session, clock.office_id)
    # In the cap's own unit the amounts decide, before a date is reckoned that no calendar reaches.
    too_long = asked.unit is cap.unit and asked.amount > cap.amount
    if too_long or extended(clock.due_at, asked, calendar).at > extended(clock.due_at, cap, calendar).at:
        raise ExtensionCap(amount=cap.amount, unit=str(cap.unit), source=cap.source)
    total = rule.total
    if total is not None and extended(clock.due_at, asked, calendar).at > reckon(clock.started_at, total, calendar).at:
        raise ExtensionCap(amount=total.amount, unit=str(total.unit), source=total.source)
    if rule.by is not None and not approves(rule.by, clock):
        raise ExtensionRank(rank=rule.by, source=cap.source)


async def reclassify(
    uow: UnitOfWork,
    case: CaseKey,
    *,
    at: datetime,
    classes: Collection[str],
    reason: str,
    holds: Callable[[str], bool] = applicable.never,
    actor: Doer | None = None,
) -> datetime | None:
    """Count the running clocks anew from their start by the rows that apply to other classes, of the rule versions that
    were in force when each started (INV-22). Only before expiry: a limit that has passed stays passed. A clock to
    which no row applies any more keeps its limits. Raises ``ReclassificationLate``."""
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = derive(stored)
    due_at = earliest_due(found)
    for clock in [each for each in found if each.is_running and each.start is not StartEvent.ORDERED]:
        effective = await rules.effective(uow.session, clock.office_id, at=clock.started_at)
        by_kind = applicable.deadlines(effective, clock.start, classes=classes, holds=holds, kinds=[clock.kind])
        if clock.kind not in by_kind:
            continue
        pinned, extension = by_kind[clock.kind]
        if pinned == tuple(each.pinned for each in clock.limits):
            continue
        if clock.missed_by(at):
            raise ReclassificationLate(kind=str(clock.kind), due_at=clock.due_at)
        facts = {
            "limits": [each.facts() for each in pinned],
            "extension": extension.facts() if extension is not None else None,
            "rule": "INV-07 reclassification",
            "reason": reason,
        }
        due_at = await service.change(
            uow, case, await repository.events(uow.session, case.city_id, case.id), [clock], Event.RECLASSIFY,
            at=at, facts=facts, actor=actor,
        )  # fmt: skip
    return due_at


async def suspend(
    uow: UnitOfWork, case: CaseKey, kind: ClockKind, *, at: datetime, reason: str, actor: Doer | None = None
) -> datetime | None:
    """Exclude time from a running clock from now on: only the hearing of a second review does (art. 36). Raises
    ``SuspensionNotAllowed``, ``ClockNotRunning``."""
    return await _exclude(uow, case, kind, Event.SUSPEND, at=at, reason=reason, actor=actor)


async def resume(
    uow: UnitOfWork, case: CaseKey, kind: ClockKind, *, at: datetime, reason: str, actor: Doer | None = None
) -> datetime | None:
    """Let time count again; the excluded days are added. Raises ``SuspensionNotAllowed``, ``ClockNotRunning``."""
    return await _exclude(uow, case, kind, Event.RESUME, at=at, reason=reason, actor=actor)


async def _exclude(
    uow: UnitOfWork, case: CaseKey, kind: ClockKind, event: Event, *, at: datetime, reason: str, actor: Doer | None
) -> datetime | None:
    if kind not in _STOPPED_BY_HEARING:
        raise SuspensionNotAllowed(kind=str(kind))
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = [
        clock
        for clock in derive(stored)
        if clock.is_running and clock.kind is kind and (clock.suspended_at is None) is (event is Event.SUSPEND)
    ]
    if not found:
        raise ClockNotRunning(kind=str(kind))
    facts = {"rule": "law-2022 L22-18", "reason": reason}
    return await service.change(uow, case, stored, found, event, at=at, facts=facts, actor=actor)


async def reproject(uow: UnitOfWork, case: CaseKey, *, at: datetime) -> tuple[datetime | None, list[uuid.UUID]]:
    """Count the provisional running clocks anew by the calendar as it is now known. Answers the case's due instant and
    the clocks that were counted anew (also where the date stayed: it is no longer provisional). The same calendar a
    second time changes nothing."""
    stored = await repository.events(uow.session, case.city_id, case.id)
    found = derive(stored)
    due_at, moved = earliest_due(found), []
    for clock in found:
        if not clock.is_running or not clock.provisional:
            continue
        after = projection.projected(clock, await calendars.for_office(uow.session, clock.office_id))
        if projection.stays(clock, after):
            continue
        moved.append(clock.clock_id)
        due_at = await service.store_dues(
            uow, case, clock, after, at=at, facts={"rule": "calendar published"}, stored=stored
        )
        stored = await repository.events(uow.session, case.city_id, case.id)
    return due_at, moved
