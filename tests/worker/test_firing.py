"""How the worker goes about it: batches that end in time, pauses until the next instant, chores that fail alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic

import psycopg
import pytest

from caseway import clock, worker
from caseway.access.policy import Policy
from caseway.clocks import firing, repository, timers
from caseway.clocks.models import Timer
from caseway.clocks.timers import Effects, TimerKind
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.notices import service
from caseway.notices.codes import NoticeKind
from caseway.worker import Chore
from support.bare_cases import Key, bare_case, platform_unit
from support.database import FreshDatabase
from support.factories import make_office

NOW = datetime(2026, 4, 17, 16, tzinfo=UTC)
KIND = TimerKind.DEEMED_RECEIPT


async def put(pool: Database, key: Key, *, due_at: datetime = NOW, step: str = "1") -> None:
    """A timer of a case."""
    async with platform_unit(pool) as uow:
        await timers.set_timer(uow, key, KIND, step, due_at)


def ask(database: FreshDatabase, query: str) -> list[tuple[object, ...]]:
    """Past every lock."""
    with psycopg.connect(database.dsn) as connection:
        return connection.execute(query).fetchall()


async def serving(
    pool: Database, known: Effects, *, until: asyncio.Event, seconds: float, poll_seconds: float
) -> float:
    """Serve on the real clock until something has happened, and answer when; ``TimeoutError`` if it does not."""
    stop, started = asyncio.Event(), monotonic()
    task = asyncio.create_task(worker.serve(pool, known, now=clock.now, stop=stop, poll_seconds=poll_seconds))
    try:
        await asyncio.wait_for(until.wait(), seconds)
        return monotonic() - started
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def test_a_batch_ends_in_time_and_the_next_one_is_no_larger_than_what_could_be_done(
    pool: Database, database: FreshDatabase
) -> None:
    for number in range(40):
        await put(pool, await bare_case(pool), due_at=NOW - timedelta(seconds=40 - number), step=f"{number:02}")
    order: list[str] = []

    async def slow(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        order.append(timer.step)
        await asyncio.sleep(0.03)

    first = await firing.tick(pool, {KIND: slow}, NOW)
    assert first.claimed == 40 and 1 <= first.fired <= 8
    assert first.following == 10
    second = await firing.tick(pool, {KIND: slow}, NOW, limit=first.following)
    assert second.claimed == 10
    assert len(ask(database, "select 1 from timer")) == 40 - first.fired - second.fired
    await firing.run_due(pool, {KIND: slow}, NOW)
    assert order == sorted(order) and len(order) == 40

    async def quick(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        order.append(timer.step)

    assert (await firing.tick(pool, {KIND: quick}, NOW, limit=10)).following == 20
    assert (await firing.tick(pool, {KIND: quick}, NOW, limit=90)).following == firing.BATCH


async def test_a_failure_that_comes_to_light_only_when_it_is_written_is_known_to_be_its_own(
    pool: Database, database: FreshDatabase
) -> None:
    """An effect that leaves something unwritten which the database refuses."""
    broken, sound = await bare_case(pool), await bare_case(pool)
    await put(pool, broken, due_at=NOW - timedelta(hours=1))
    await put(pool, sound)
    fired: list[object] = []

    async def leaves_rubbish(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        fired.append(timer.case_id)
        if timer.case_id == broken.id:
            uow.session.add(Timer(city_id=33, id=timer.id, case_id=None, kind="X", step="1", due_at=now))

    assert await firing.run_due(pool, {KIND: leaves_rubbish}, NOW) == 1
    assert ask(database, "select case_id, attempts from timer") == [(broken.id, 1)]
    assert fired[-1] == sound.id


async def test_a_timer_that_was_set_anew_after_its_effect_failed_keeps_its_new_instant(
    pool: Database, database: FreshDatabase
) -> None:
    key = await bare_case(pool)
    await put(pool, key)
    async with platform_unit(pool) as uow:
        (claimed,) = await repository.claim(uow.session, now=NOW, limit=1)
    await put(pool, key, due_at=NOW + timedelta(days=3))
    async with platform_unit(pool) as uow:
        await timers.fail(uow, claimed, error=LookupError("too late"), now=NOW)
    assert ask(database, "select due_at, attempts, last_error from timer") == [(NOW + timedelta(days=3), 0, None)]


async def test_the_worker_sleeps_until_the_next_timer_is_due_and_not_until_its_next_poll(pool: Database) -> None:
    fired = asyncio.Event()

    async def note(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        assert now >= timer.due_at
        fired.set()

    await put(pool, await bare_case(pool), due_at=clock.now() + timedelta(seconds=1.5))
    assert await serving(pool, {KIND: note}, until=fired, seconds=20, poll_seconds=60) < 20


async def test_the_next_instant_is_that_of_the_oldest_timer_that_is_not_dead(
    pool: Database, database: FreshDatabase
) -> None:
    async def following() -> datetime | None:
        async with pool.reader(SYSTEM_SCOPE) as session:
            return await repository.next_due(session)

    assert await following() is None
    for days in (3, 1, 2):
        await put(pool, await bare_case(pool), due_at=NOW + timedelta(days=days))
    assert await following() == NOW + timedelta(days=1)
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("update timer set dead_at = due_at where due_at = (select min(due_at) from timer)")
    assert await following() == NOW + timedelta(days=2)


async def test_several_consumers_share_the_work_and_each_timer_fires_once(
    pool: Database, database: FreshDatabase
) -> None:
    for number in range(260):
        await put(pool, await bare_case(pool), due_at=NOW - timedelta(seconds=number), step=f"{number}")
    fired: list[str] = []
    stop, done = asyncio.Event(), asyncio.Event()

    async def note(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        fired.append(timer.step)
        if len(fired) == 260:
            done.set()

    task = asyncio.create_task(
        worker.serve(pool, {KIND: note}, now=lambda: NOW, stop=stop, poll_seconds=0.05, consumers=3)
    )
    await asyncio.wait_for(done.wait(), 30)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert sorted(fired, key=int) == [f"{number}" for number in range(260)]
    assert ask(database, "select 1 from timer") == []


async def test_the_same_loop_delivers_what_offices_are_told(pool: Database, database: FreshDatabase) -> None:
    office = await make_office(pool)
    async with platform_unit(pool) as uow:
        await service.tell(uow, office_id=office.id, kind=NoticeKind.ESCALATED, key="k", at=NOW, facts={})
    stop = asyncio.Event()
    task = asyncio.create_task(worker.serve(pool, {}, now=lambda: NOW, stop=stop, poll_seconds=0.02))
    for _ in range(500):
        if ask(database, "select office_id from office_notice") == [(office.id,)]:
            break
        await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert ask(database, "select office_id from office_notice") == [(office.id,)]


async def test_a_chore_that_fails_has_its_turn_again_and_holds_up_no_other(
    pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    instant = NOW
    begun, again = asyncio.Event(), asyncio.Event()

    async def fails(database: Database, policy: Policy, now: datetime) -> None:
        done.append("fails")
        raise LookupError

    async def works(database: Database, policy: Policy, now: datetime) -> None:
        done.append("works")
        (again if begun.is_set() else begun).set()

    monkeypatch.setattr(worker, "CHORES", (Chore(timedelta(minutes=1), fails), Chore(timedelta(minutes=5), works)))
    stop = asyncio.Event()
    task = asyncio.create_task(worker.serve(pool, {}, now=lambda: instant, stop=stop, poll_seconds=0.01))
    await asyncio.wait_for(begun.wait(), 10)
    await asyncio.sleep(0.1)
    assert done == ["fails", "works"]
    for _ in range(5):
        instant += timedelta(minutes=1)
        await asyncio.sleep(0.1)
    await asyncio.wait_for(again.wait(), 10)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert done.count("fails") >= 2 and done.count("works") == 2
