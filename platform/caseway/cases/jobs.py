"""What the worker does to cases when a timer comes due."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from caseway.access.actor import SYSTEM_ACTOR
from caseway.calendars import jobs as calendars
from caseway.cases import closing, repository
from caseway.cases.hooks import listeners
from caseway.cases.models import Case
from caseway.cases.record import moment, record
from caseway.cases.workflow import PetitionClass
from caseway.clocks import changes, planning, projection
from caseway.clocks import service as clocks
from caseway.clocks.models import Timer
from caseway.clocks.timers import Effects, TimerKind
from caseway.clocks.workflow import AppliedLimit, ClockState
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.notices import service as notices
from caseway.notices.codes import NoticeKind
from caseway.tenancy import repository as offices


async def window_lapsed(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """Close a case whose review window has lapsed (T25). Nothing happens if it was answered anew meanwhile, or if the
    execution of a supporting opinion is not recorded yet (INV-17)."""
    await uow.permitted()
    case = await repository.lock(uow, timer.city_id, timer.case_id)
    await closing.close_lapsed(uow, case, actor=SYSTEM_ACTOR, at=moment(case, now))


async def clock_due(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """One limit of a clock has passed: the ledger says so, the office that owes it and the one above are told, and
    whoever follows lateness acts. Nothing happens if the clock was stopped in time, or its date was moved meanwhile."""
    await uow.permitted()
    clock_id, place, due_at = planning.read_step(timer.step)
    case = await repository.lock(uow, timer.city_id, timer.case_id)
    clock = next((each for each in await clocks.clocks(uow.session, case) if each.clock_id == clock_id), None)
    limit = clock.limits[place] if clock is not None and place < len(clock.limits) else None
    if clock is None or limit is None or limit.due_at != due_at or not limit.missed_by(clock.stopped_at or now):
        return
    at = moment(case, now)
    await record(
        uow, case,
        type="clock.overdue", at=at, actor=SYSTEM_ACTOR,
        facts={
            "clock": str(clock_id), "kind": str(clock.kind), "layer": str(limit.layer), "source": limit.limit.source,
            "due_at": due_at, "office": clock.office_id,
        },
        changes={},
    )  # fmt: skip
    await _tell(uow, case, clock, NoticeKind.CLOCK_OVERDUE, f"overdue:{timer.step}", limit=limit, at=at, above=True)
    await listeners.clock_overdue(uow, case, clock=clock, limit=limit, at=at)


async def clock_reminder(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """A limit of a clock is about to pass: the office that owes it is told. Nothing happens if the clock was stopped or
    its date was moved meanwhile."""
    await uow.permitted()
    clock_id, place, due_at = planning.read_step(timer.step)
    case = await repository.lock(uow, timer.city_id, timer.case_id)
    clock = next((each for each in await clocks.clocks(uow.session, case) if each.clock_id == clock_id), None)
    if clock is None or not clock.is_running or place >= len(clock.limits) or clock.limits[place].due_at != due_at:
        return
    limit = clock.limits[place]
    await _tell(uow, case, clock, NoticeKind.CLOCK_DUE_SOON, f"due-soon:{timer.step}", limit=limit, at=now, above=False)


async def _tell(
    uow: UnitOfWork,
    case: Case,
    clock: ClockState,
    kind: NoticeKind,
    key: str,
    *,
    limit: AppliedLimit,
    at: datetime,
    above: bool,
) -> None:
    """Tell the office that owes it and, of ordinary cases, the one above."""
    office = await offices.by_id(uow.session, clock.office_id)
    if office is None:
        raise LookupError(f"there is no office {clock.office_id} that owes a clock")
    told = [office]
    if above and case.petition_class != PetitionClass.ACCUSATION:
        superior = await offices.superior(uow.session, office)
        told += [superior] if superior is not None else []
    for each in told:
        await notices.tell(
            uow,
            office_id=each.id, kind=kind, key=f"{key}:{each.id}", at=at, city_id=case.city_id, case_id=case.id,
            facts={
                "kind": str(clock.kind), "layer": str(limit.layer), "source": limit.limit.source,
                "due_at": limit.due_at,
            },
        )  # fmt: skip


async def reproject(uow: UnitOfWork, city_id: int, case_id: uuid.UUID, *, now: datetime) -> int:
    """Count the provisional limits of a case anew, because a calendar that they waited for is published (INV-07). The
    event names every clock with its date before and after. How many clocks; 0 writes nothing."""
    await uow.permitted()
    case = await repository.lock(uow, city_id, case_id)
    before = {each.clock_id: each for each in await clocks.clocks(uow.session, case)}
    at = moment(case, now)
    due_at, changed = await changes.reproject(uow, case, at=at)
    if not changed:
        return 0
    after = {each.clock_id: each for each in await clocks.clocks(uow.session, case)}
    moved = [
        {
            "clock": str(each), "kind": str(after[each].kind),
            "from": before[each].due_at.isoformat(), "until": after[each].due_at.isoformat(),
        }
        for each in changed
    ]  # fmt: skip
    await record(
        uow, case,
        type="clocks.reprojected", at=at, actor=SYSTEM_ACTOR, reason="calendar published",
        facts={"clocks": moved}, changes={"due_at": due_at},
    )  # fmt: skip
    return len(changed)


async def follow_calendar(
    database: Database, *, now: datetime, progress: Callable[[int, int], None] = lambda seen, moved: None
) -> int:
    """Let every provisional date follow the calendar as it is now published; how many clocks were counted anew.

    Each case is a transaction of its own, so nothing is half done whoever stops it, and a second run finds only what is
    left. Without a change since the last run it does nothing. ``progress`` hears how many cases were looked at and how
    many clocks moved."""
    async with database.reader(SYSTEM_SCOPE) as session:
        change = await calendars.to_follow(session)
    if change is None:
        return 0
    seen = moved = 0
    after: projection.CaseRef | None = None
    while True:
        async with database.reader(SYSTEM_SCOPE) as session:
            found = await projection.waiting(session, after=after)
        for city_id, case_id in found:
            async with database.unit(SYSTEM_SCOPE) as uow:
                moved += await reproject(uow, city_id, case_id, now=now)
        seen += len(found)
        progress(seen, moved)
        if not found:
            break
        after = found[-1]
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        await calendars.has_followed(uow, change)
    return moved


#: Timer kind -> effect, for the worker.
EFFECTS: Effects = {
    TimerKind.WINDOW_LAPSED: window_lapsed,
    TimerKind.CLOCK_DUE: clock_due,
    TimerKind.CLOCK_REMINDER: clock_reminder,
}
