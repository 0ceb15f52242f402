"""Reading and writing clock events and timers; the only place of the slice that holds SQL."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Uuid, and_, bindparam, cast, column, delete, func, or_, select, table, tuple_, update
from sqlalchemy.dialects.postgresql import JSONPATH, insert
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.clocks.models import ClockEvent, Timer
from caseway.db.base import new_id

#: The case's row, locked together with its timer so that no moving transaction can meet a firing timer.
_cases = table("cases", column("city_id"), column("id", Uuid))

_TAKE = delete(Timer).where(
    Timer.city_id == bindparam("home"),
    Timer.id == bindparam("timer"),
    Timer.due_at <= bindparam("present"),
    Timer.dead_at.is_(None),
)

#: How many times the batch is looked at: enough to find a full one behind what other workers and writers hold.
_WINDOW = 5


async def events(session: AsyncSession, city_id: int, case_id: uuid.UUID) -> Sequence[ClockEvent]:
    """The clock events of a case in order."""
    found = await session.scalars(
        select(ClockEvent).where(ClockEvent.city_id == city_id, ClockEvent.case_id == case_id).order_by(ClockEvent.seq)
    )
    return found.all()


async def provisional_cases(
    session: AsyncSession, *, after: tuple[int, uuid.UUID] | None, limit: int
) -> list[tuple[int, uuid.UUID]]:
    """Keys of the cases with a clock event whose date is provisional, in order; the partial index holds no others."""
    statement = (
        select(ClockEvent.city_id, ClockEvent.case_id)
        .where(ClockEvent.facts.op("@@")(cast("$.dues[*][1] == true", JSONPATH)))
        .distinct()
        .order_by(ClockEvent.city_id, ClockEvent.case_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(ClockEvent.city_id, ClockEvent.case_id) > tuple_(*after))
    return [(city_id, case_id) for city_id, case_id in await session.execute(statement)]


async def add(session: AsyncSession, rows: Sequence[ClockEvent]) -> None:
    """Store clock events. What is pending (a case just registered) goes first, because they refer to it."""
    await session.flush()
    session.add_all(rows)
    await session.flush()


async def put_timer(
    session: AsyncSession, city_id: int, case_id: uuid.UUID, *, kind: str, step: str, due_at: datetime
) -> None:
    """Set a timer, or set the same one to another instant."""
    await session.flush()
    fresh = insert(Timer).values(city_id=city_id, id=new_id(), case_id=case_id, kind=kind, step=step, due_at=due_at)
    await session.execute(
        fresh.on_conflict_do_update(
            index_elements=["city_id", "case_id", "kind", "step"],
            set_={"due_at": due_at, "attempts": 0, "last_error": None, "dead_at": None},
        )
    )


async def delete_timers(
    session: AsyncSession, city_id: int, case_id: uuid.UUID, *, kind: str, step: str | None
) -> None:
    """Remove the timers of one kind of a case, or only the one with that step."""
    condition = and_(Timer.city_id == city_id, Timer.case_id == case_id, Timer.kind == kind)
    if step is not None:
        condition = and_(condition, Timer.step == step)
    await session.execute(delete(Timer).where(condition))


async def put_timers(
    session: AsyncSession, city_id: int, case_id: uuid.UUID, timers: Sequence[tuple[str, str, datetime]]
) -> None:
    """Set several timers of a case, each (kind, step, instant); one that stands already stays as it is."""
    await session.flush()
    rows = [
        {"city_id": city_id, "id": new_id(), "case_id": case_id, "kind": kind, "step": step, "due_at": due_at}
        for kind, step, due_at in timers
    ]
    await session.execute(
        insert(Timer).values(rows).on_conflict_do_nothing(index_elements=["city_id", "case_id", "kind", "step"])
    )


async def delete_timers_after(
    session: AsyncSession, city_id: int, case_id: uuid.UUID, clock_ids: Sequence[uuid.UUID], *, after: datetime
) -> None:
    """Remove the timers of some clocks that are not due yet; their steps begin with the clock's id."""
    if clock_ids:
        await session.execute(
            delete(Timer).where(
                Timer.city_id == city_id,
                Timer.case_id == case_id,
                Timer.due_at > after,
                func.split_part(Timer.step, ":", 1).in_([str(each) for each in clock_ids]),
            )
        )


async def claim(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[Timer]:
    """Lock the oldest due timers and their cases until the end of the transaction; what others hold is passed over.
    The timers are detached: they say what was claimed, whatever happens to the rows afterwards."""
    # The window is found by due date first: joined at once, the planner walks all cases, because it cannot know that
    # the row policies let the platform see every one of them.
    window = (
        select(Timer.city_id, Timer.id)
        .where(Timer.due_at <= now, Timer.dead_at.is_(None))
        .order_by(Timer.due_at, Timer.id)
        .limit(limit * _WINDOW)
        .subquery("due")
    )
    found = await session.scalars(
        select(Timer)
        .join(window, and_(window.c.city_id == Timer.city_id, window.c.id == Timer.id))
        .join(_cases, and_(_cases.c.city_id == Timer.city_id, _cases.c.id == Timer.case_id))
        .where(Timer.due_at <= now, Timer.dead_at.is_(None))
        .order_by(Timer.due_at, Timer.id)
        .limit(limit)
        # NO KEY UPDATE, as every writer of a case takes: one that only refers to the case does not hold the timer up.
        .with_for_update(of=[Timer, _cases], skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    claimed = found.all()
    for timer in claimed:
        session.expunge(timer)
    return claimed


async def take(session: AsyncSession, timer: Timer, *, now: datetime) -> bool:
    """Delete a claimed timer. False if it no longer stands as claimed: an effect earlier in the same transaction may
    have cancelled it or set it to a later instant."""
    # Past the unit of work: nothing is loaded from it, and it is run once for every timer.
    taken = await (await session.connection()).execute(
        _TAKE, {"home": timer.city_id, "timer": timer.id, "present": now}
    )
    return taken.rowcount == 1


async def postpone(
    session: AsyncSession, timer: Timer, *, attempts: int, due_at: datetime, error: str, dead: bool
) -> None:
    """Record a failed attempt: the timer is tried again at ``due_at``, or lies dead until it is set anew. One that was
    set anew or tried by somebody else since it was claimed stays as it is."""
    await session.execute(
        update(Timer)
        .where(
            Timer.city_id == timer.city_id,
            Timer.id == timer.id,
            Timer.due_at == timer.due_at,
            Timer.attempts == timer.attempts,
        )
        .values(attempts=attempts, due_at=due_at, last_error=error, dead_at=due_at if dead else None)
        .execution_options(synchronize_session=False)
    )


async def dead(session: AsyncSession, *, limit: int) -> Sequence[Timer]:
    """Timers whose effect failed too often, the longest dead first."""
    found = await session.scalars(
        select(Timer).where(Timer.dead_at.is_not(None)).order_by(Timer.dead_at, Timer.id).limit(limit)
    )
    return found.all()


async def revive(session: AsyncSession, timer_id: uuid.UUID | None, *, due_at: datetime) -> Sequence[Timer]:
    """Make one dead timer, or all of them, due again with no attempt counted; the last error stays to be read."""
    condition = (
        Timer.dead_at.is_not(None) if timer_id is None else and_(Timer.dead_at.is_not(None), Timer.id == timer_id)
    )
    found = await session.scalars(
        update(Timer)
        .where(condition)
        .values(attempts=0, due_at=due_at, dead_at=None)
        .returning(Timer)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return found.all()


async def next_due(session: AsyncSession) -> datetime | None:
    """The earliest instant at which a timer is due, past or future; null if none waits."""
    found: datetime | None = await session.scalar(select(func.min(Timer.due_at)).where(Timer.dead_at.is_(None)))
    return found


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the worker is behind."""

    #: Timers that are due and wait.
    waiting: int
    #: How long the oldest of them has waited; zero if none waits.
    oldest: timedelta
    #: Timers whose effect failed too often.
    dead: int


async def lag(session: AsyncSession, *, now: datetime) -> Lag:
    """Count what is due or dead. Timers that wait for another try after a failure are not due before that."""
    row = (
        await session.execute(
            select(
                func.count().filter(Timer.dead_at.is_(None)),
                func.min(Timer.due_at).filter(Timer.dead_at.is_(None)),
                func.count().filter(Timer.dead_at.is_not(None)),
            ).where(or_(Timer.due_at <= now, Timer.dead_at.is_not(None)))
        )
    ).one()
    waiting, oldest, dead = row
    return Lag(waiting, now - oldest if oldest is not None else timedelta(0), dead)
