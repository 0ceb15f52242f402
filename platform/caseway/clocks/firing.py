"""Firing due timers: oldest first and exactly once, whoever else does the same at the same time.

Timers, their cases and their effects are one transaction: whoever kills the process in the middle undoes all of it, and
another worker finds the timers as they were. A transaction takes a batch, because committing is what costs most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import structlog

from caseway.clocks import repository, timers
from caseway.clocks.models import Timer
from caseway.clocks.timers import Effects
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork

_log = structlog.get_logger("caseway.worker")

#: Most and fewest timers that one transaction locks, and the seconds after which it takes up no further one: whoever
#: wants to change a case that is locked in it waits no longer than that.
BATCH, _SMALLEST_BATCH = 100, 10
_LONGEST_BATCH = 0.2


class NoEffect(RuntimeError):
    """A timer is of a kind that this release knows no effect for: an older or newer worker may know it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What one look for due timers found and did."""

    claimed: int
    fired: int
    #: How many the next look should take: no more than can be fired in time.
    following: int = BATCH


async def run_due(database: Database, known: Effects, now: datetime) -> int:
    """Fire everything that is due at an instant, and answer how many effects were applied."""
    fired, limit = 0, BATCH
    while (done := await tick(database, known, now, limit=limit)).claimed:
        fired, limit = fired + done.fired, done.following
    return fired


async def tick(database: Database, known: Effects, now: datetime, *, limit: int = BATCH) -> Tick:
    """One transaction: claim a batch, apply one effect after the other, commit all of them.

    An effect that fails undoes the whole transaction; it alone is put off, counted and logged, and the others, which
    nobody has seen, are done again by the next look. What breaks the connection is counted in the same way: otherwise
    the oldest timer could block all others for ever.
    """
    batch = _Batch(known, now)
    try:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            return await batch.run(uow, limit)
    except Exception as error:
        if batch.at_work is None:
            raise
        await _put_off(database, batch.at_work, error, now)
    return Tick(claimed=1, fired=0, following=limit)


class _Batch:
    """The timers of one transaction, and which of them is at work."""

    def __init__(self, known: Effects, now: datetime) -> None:
        self._known = known
        self._now = now
        self.at_work: Timer | None = None

    async def run(self, uow: UnitOfWork, limit: int) -> Tick:
        """Whatever fails is the caller's to undo."""
        claimed = await repository.claim(uow.session, now=self._now, limit=limit)
        fired, started, following = 0, monotonic(), min(2 * limit, BATCH)
        for place, timer in enumerate(claimed):
            if fired and monotonic() - started > _LONGEST_BATCH:
                following = max(place, _SMALLEST_BATCH)
                break
            self.at_work = timer
            # An effect before it may have cancelled it or set it to a later instant.
            if await repository.take(uow.session, timer, now=self._now):
                await self._effect(uow, timer)
                fired += 1
        self.at_work = None
        return Tick(len(claimed), fired, following)

    async def _effect(self, uow: UnitOfWork, timer: Timer) -> None:
        effect = self._known.get(timer.kind)
        if effect is None:
            raise NoEffect(timer.kind)
        await effect(uow, timer, self._now)
        # What it left to be written is written now: if that fails, it is known whose failure it is.
        await uow.session.flush()


async def _put_off(database: Database, timer: Timer, error: Exception, now: datetime) -> None:
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        dead = await timers.fail(uow, timer, error=error, now=now)
    _log.error(
        "timer_dead" if dead else "timer_failed",
        kind=timer.kind,
        city_id=timer.city_id,
        case_id=str(timer.case_id),
        attempts=timer.attempts + 1,
        exc_info=error,
    )
