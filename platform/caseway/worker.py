"""The worker process: fires due timers, delivers messages, and does the chores that come round again and again.

Any number of workers may run side by side; what one has taken up the others pass over (``clocks.firing``,
``notices.jobs``).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
import uvloop

import caseway.custody.succession  # registers what custody does when a case ends
import caseway.leads.service  # registers who handles a key case when its unit has signed
import caseway.supervision.lateness  # registers what lateness opens
import caseway.supervision.occasions  # noqa: F401 - registers which events call for reports
from caseway import clock, monitoring
from caseway.access.policy import Policy
from caseway.calendars import jobs as calendars
from caseway.cases import jobs as cases
from caseway.clock import Clock
from caseway.clocks import firing
from caseway.clocks import repository as timers
from caseway.clocks.timers import Effects
from caseway.custody import jobs as custody
from caseway.db import idempotency, server
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.escalation import jobs as escalation
from caseway.notices import jobs as notices
from caseway.notices.webhook import Webhook
from caseway.oversight import counting, recount
from caseway.rules import jobs as rules
from caseway.settings import Settings

_log = structlog.get_logger("caseway.worker")

#: What each kind of timer does in this release.
EFFECTS: Effects = {
    **cases.EFFECTS,
    **custody.EFFECTS,
    **escalation.EFFECTS,
}

_PURGE_AT_MOST = 5_000

#: Shortest and longest pauses, in seconds: the one when something is due that somebody else holds, the other when the
#: database is away.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 30.0

#: A chore's work: it opens its own transactions.
Work = Callable[[Database, Policy, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that comes round again and again, whatever the cases do."""

    every: timedelta
    work: Work


async def _heartbeat(database: Database, policy: Policy, now: datetime) -> None:
    found = await monitoring.measure(database, now=now)
    behind, messages = found.timers, found.messages
    say = _log.warning if behind.dead or messages.dead else _log.info
    say(
        "heartbeat",
        waiting=behind.waiting,
        oldest_seconds=behind.oldest.total_seconds(),
        dead=behind.dead,
        messages_waiting=messages.waiting,
        messages_oldest_seconds=messages.oldest.total_seconds(),
        messages_dead=messages.dead,
        uncounted=found.statistics.waiting,
        uncounted_oldest_seconds=found.statistics.oldest.total_seconds(),
    )


async def _reassign(database: Database, policy: Policy, now: datetime) -> None:
    async with database.reader(SYSTEM_SCOPE) as session:
        await policy.refresh(session)
    async with database.unit(SYSTEM_SCOPE) as uow:
        if count := await custody.reassign_orphaned(uow, policy, now=now):
            _log.info("accusations_reassigned", count=count)


async def _look_ahead(database: Database, policy: Policy, now: datetime) -> None:
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        if await calendars.look_at_horizon(uow, now=now):
            _log.warning("calendar_ends_soon")


async def _follow_calendar(database: Database, policy: Policy, now: datetime) -> None:
    if count := await cases.follow_calendar(database, now=now):
        _log.info("clocks_reprojected", count=count)


async def _compare_books(database: Database, policy: Policy, now: datetime) -> None:
    if count := await rules.compare_books(database, now=now):
        _log.info("rule_books_clamped", count=count)


async def _purge(database: Database, policy: Policy, now: datetime) -> None:
    total, gone = 0, _PURGE_AT_MOST
    while gone == _PURGE_AT_MOST:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            gone = await idempotency.purge(uow.session, now=now, at_most=_PURGE_AT_MOST)
        total += gone
    if total:
        _log.info("idempotent_results_purged", count=total)


async def _purge_notices(database: Database, policy: Policy, now: datetime) -> None:
    if count := await notices.purge(database, now=now):
        _log.info("notices_purged", count=count)


CHORES: tuple[Chore, ...] = (
    Chore(timedelta(minutes=1), _heartbeat),
    Chore(timedelta(minutes=5), _reassign),
    Chore(timedelta(hours=1), _look_ahead),
    Chore(timedelta(seconds=30), _follow_calendar),
    Chore(timedelta(seconds=5), _compare_books),
    Chore(timedelta(hours=1), _purge),
    Chore(timedelta(hours=1), _purge_notices),
)


class _Chores:
    """Does each chore at its own pace; one that fails is logged and has its turn again, and holds up no other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._policy = Policy()
        self._done_at: dict[Chore, datetime] = {}

    async def run(self, now: datetime) -> None:
        """Do what it is time for."""
        for chore in CHORES:
            if chore in self._done_at and now - self._done_at[chore] < chore.every:
                continue
            self._done_at[chore] = now
            try:
                await chore.work(self._database, self._policy, now)
            except Exception:
                _log.exception("chore_failed", chore=chore.work.__name__.strip("_"))


#: One look at what there is to do. Answers for how many seconds there is nothing more; 0 = look again at once.
Look = Callable[[], Awaitable[float]]


async def serve(
    database: Database,
    known: Effects,
    *,
    now: Clock,
    stop: asyncio.Event,
    poll_seconds: float = 1.0,
    consumers: int = 1,
    webhook: Webhook | None = None,
) -> None:
    """Work until told to stop; a batch that has begun is finished. A database that is away is waited for.

    ``consumers`` look for timers side by side, each on a connection of its own; messages, statistics, their checks and
    chores need four more. ``poll_seconds`` is the longest sleep, for timers that are set meanwhile; what is known of is
    met at its instant.
    """
    chores = _Chores(database)

    def consumer() -> Look:
        limit = firing.BATCH

        async def fire() -> float:
            nonlocal limit
            done = await firing.tick(database, known, now(), limit=limit)
            limit = done.following
            if done.claimed:
                return 0.0
            async with database.reader(SYSTEM_SCOPE) as session:
                following = await timers.next_due(session)
            return _until(following, now(), poll_seconds)

        return fire

    async def deliver() -> float:
        return 0.0 if await notices.deliver(database, now=now(), webhook=webhook) else poll_seconds

    async def count() -> float:
        return 0.0 if await counting.fold(database) else poll_seconds

    async def compare() -> float:
        found = await recount.check_next(database, now=now())
        if found is None:
            return _LONGEST_PAUSE
        say = _log.error if found.differences or found.forgotten else _log.info
        say("statistics_checked", cases=found.cases, differences=found.differences, forgotten=found.forgotten)
        return 0.0

    async def do_chores() -> float:
        await chores.run(now())
        return poll_seconds

    async with asyncio.TaskGroup() as tasks:
        for look in (*(consumer() for _ in range(consumers)), deliver, count, compare, do_chores):
            tasks.create_task(_again_and_again(look, stop, poll_seconds))


async def _again_and_again(look: Look, stop: asyncio.Event, poll_seconds: float) -> None:
    failures = 0
    while not stop.is_set():
        try:
            pause = await look()
            failures = 0
        except Exception:
            # Whatever it is, timers must not stand still because of it.
            failures += 1
            pause = min(poll_seconds * 2.0 ** min(failures, 10), _LONGEST_PAUSE)
            _log.exception("worker_trouble", pause_seconds=pause)
        if pause:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)


def _until(following: datetime | None, now: datetime, longest: float) -> float:
    """Seconds until an instant, never longer than the poll. What is due already is held by somebody else: looking for
    it all the time would not help."""
    if following is None:
        return longest
    return min((following - now) / timedelta(seconds=1) if following > now else _SHORTEST_PAUSE, longest)


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    webhook = Webhook.of(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    consumers = settings.worker_consumers
    database = Database(
        server.address(settings).sqlalchemy, pool_size=consumers + 4, max_overflow=1, pooler=settings.db_pooler
    )
    _log.info("worker_started")
    try:
        await serve(
            database,
            EFFECTS,
            now=clock.now,
            stop=stop,
            poll_seconds=settings.worker_poll_seconds,
            consumers=consumers,
            webhook=webhook,
        )
    finally:
        await database.close()
        _log.info("worker_stopped")
