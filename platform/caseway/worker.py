"""The worker process: fires due timers, oldest first and exactly once, and clears away what has expired.

A timer, its case and its effect are one transaction: whoever kills the process in the middle undoes all of it, and
another worker finds the timer as it was. Any number of workers may run side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
import uvloop

import caseway.custody.succession  # noqa: F401 - registers what custody does when a case ends
from caseway import clock
from caseway.access.policy import Policy
from caseway.cases import jobs as cases
from caseway.clock import Clock
from caseway.clocks import repository, timers
from caseway.clocks.models import Timer
from caseway.clocks.repository import lag
from caseway.clocks.timers import Effects
from caseway.custody import jobs as custody
from caseway.db import idempotency, server
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.settings import Settings

__all__ = ["EFFECTS", "lag", "run", "run_due", "serve"]

_log = structlog.get_logger("caseway.worker")

#: Timers of one transaction: few enough that no case is locked for long.
BATCH = 20
_PURGE_EVERY = timedelta(hours=1)
_PURGE_AT_MOST = 5_000
_HEARTBEAT_EVERY = timedelta(minutes=1)
_REASSIGN_EVERY = timedelta(minutes=5)
_LONGEST_PAUSE = 30.0


#: What each kind of timer does in this release.
EFFECTS: Effects = {**cases.EFFECTS, **custody.EFFECTS}


class NoEffect(RuntimeError):
    """A timer is of a kind that this release knows no effect for: an older or newer worker may know it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What one look for due timers found and did."""

    claimed: int
    fired: int


async def run_due(database: Database, known: Effects, now: datetime) -> int:
    """Fire everything that is due at an instant, and answer how many effects were applied."""
    fired = 0
    while (tick := await _tick(database, known, now)).claimed:
        fired += tick.fired
    return fired


async def _tick(database: Database, known: Effects, now: datetime) -> Tick:
    """One transaction: claim a batch, apply each effect in its own savepoint, commit all of them."""
    fired = 0
    current: Timer | None = None
    try:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            claimed = await repository.claim(uow.session, now=now, limit=BATCH)
            for current in claimed:
                fired += await _fire(uow, known, current, now)
            current = None
    except Exception as error:
        if current is None:
            raise
        # The transaction itself broke while this timer was at work: count it against the timer, or the oldest one could
        # block all others for ever.
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            await _failed(uow, current, error, now)
        return Tick(claimed=1, fired=0)
    return Tick(len(claimed), fired)


async def _fire(uow: UnitOfWork, known: Effects, timer: Timer, now: datetime) -> bool:
    """Apply one effect; true if the timer still stood. A failure undoes this effect alone and postpones its timer."""
    try:
        async with uow.session.begin_nested():
            if not await repository.take(uow.session, timer, now=now):
                return False
            effect = known.get(timer.kind)
            if effect is None:
                raise NoEffect(timer.kind)
            await effect(uow, timer, now)
    except Exception as error:
        await _failed(uow, timer, error, now)
        return False
    return True


async def _failed(uow: UnitOfWork, timer: Timer, error: Exception, now: datetime) -> None:
    dead = await timers.fail(uow, timer, error=error, now=now)
    _log.error(
        "timer_dead" if dead else "timer_failed",
        kind=timer.kind,
        city_id=timer.city_id,
        case_id=str(timer.case_id),
        attempts=timer.attempts + 1,
        exc_info=error,
    )


class _Chores:
    """What the worker does besides timers, each at its own pace."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purged_at: datetime | None = None
        self._heard_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._policy = Policy()

    async def run(self, now: datetime) -> None:
        if self._heard_at is None or now - self._heard_at >= _HEARTBEAT_EVERY:
            await self._heartbeat(now)
            self._heard_at = now
        if self._purged_at is None or now - self._purged_at >= _PURGE_EVERY:
            await self._purge(now)
            self._purged_at = now
        if self._looked_at is None or now - self._looked_at >= _REASSIGN_EVERY:
            await self._reassign(now)
            self._looked_at = now

    async def _heartbeat(self, now: datetime) -> None:
        async with self._database.reader(SYSTEM_SCOPE) as session:
            behind = await lag(session, now=now)
        say = _log.warning if behind.dead else _log.info
        say("heartbeat", waiting=behind.waiting, oldest_seconds=behind.oldest.total_seconds(), dead=behind.dead)

    async def _reassign(self, now: datetime) -> None:
        async with self._database.reader(SYSTEM_SCOPE) as session:
            await self._policy.refresh(session)
        async with self._database.unit(SYSTEM_SCOPE) as uow:
            if count := await custody.reassign_orphaned(uow, self._policy, now=now):
                _log.info("accusations_reassigned", count=count)

    async def _purge(self, now: datetime) -> None:
        total, gone = 0, _PURGE_AT_MOST
        while gone == _PURGE_AT_MOST:
            async with self._database.unit(SYSTEM_SCOPE) as uow:
                await uow.permitted()
                gone = await idempotency.purge(uow.session, now=now, at_most=_PURGE_AT_MOST)
            total += gone
        if total:
            _log.info("idempotent_results_purged", count=total)


async def serve(
    database: Database, known: Effects, *, now: Clock, stop: asyncio.Event, poll_seconds: float = 1.0
) -> None:
    """Work until told to stop; a batch that has begun is finished. A database that is away is waited for."""
    chores = _Chores(database)
    failures = 0
    while not stop.is_set():
        pause = poll_seconds
        try:
            tick = await _tick(database, known, now())
            await chores.run(now())
            failures = 0
            if tick.claimed == BATCH:
                continue
        except Exception:
            # Whatever it is, timers must not stand still because of it.
            failures += 1
            pause = min(poll_seconds * 2.0 ** min(failures, 10), _LONGEST_PAUSE)
            _log.exception("worker_trouble", pause_seconds=pause)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    database = Database(server.address(settings).sqlalchemy, pool_size=2, max_overflow=1, pooler=settings.db_pooler)
    _log.info("worker_started")
    try:
        await serve(database, EFFECTS, now=clock.now, stop=stop, poll_seconds=settings.worker_poll_seconds)
    finally:
        await database.close()
        _log.info("worker_stopped")
