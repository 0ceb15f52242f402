"""Timers on a real database: set and cancelled with the case, fired once, oldest first, whatever happens."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import psycopg
import pytest

from caseway import worker
from caseway.clocks import firing, repository, timers
from caseway.clocks.models import Timer
from caseway.clocks.timers import TimerKind
from caseway.db import retries
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from support.bare_cases import Key, bare_case, platform_unit
from support.database import FreshDatabase

NOW = datetime(2026, 4, 17, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
KIND = TimerKind.DEEMED_RECEIPT


async def put(pool: Database, key: Key, *, due_at: datetime = NOW, step: str = "1", kind: str = KIND) -> None:
    async with platform_unit(pool) as uow:
        await timers.set_timer(uow, key, kind, step, due_at)


async def bump(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """The effect of these tests: the case's group grows by one, which shows how often it was applied."""
    connection = await uow.session.connection()
    await connection.exec_driver_sql(
        "update cases set group_size = group_size + 1, changed_at = $1 where city_id = $2 and id = $3",
        (now, timer.city_id, timer.case_id),
    )


def ask(database: FreshDatabase, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.dsn) as connection:
        return connection.execute(query).fetchall()


async def until(come_true: Callable[[], bool]) -> None:
    """Wait for something that another task brings about, at most ten seconds."""
    for _ in range(500):
        if come_true():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


def effects_applied(database: FreshDatabase) -> list[int]:
    return sorted(int(str(row[0])) - 1 for row in ask(database, "select group_size from cases"))


async def test_a_due_timer_fires_once_and_is_gone(pool: Database, database: FreshDatabase) -> None:
    key = await bare_case(pool)
    await put(pool, key)
    assert await firing.run_due(pool, {KIND: bump}, NOW - timedelta(microseconds=1)) == 0
    assert await firing.run_due(pool, {KIND: bump}, NOW) == 1
    assert await firing.run_due(pool, {KIND: bump}, NOW + HOUR) == 0
    assert effects_applied(database) == [1]
    assert ask(database, "select 1 from timer") == []


async def test_timers_fire_oldest_first(pool: Database) -> None:
    order: list[str] = []

    async def note(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        order.append(timer.step)

    ages = list(range(50))
    Random(1).shuffle(ages)
    for age in ages:
        await put(pool, await bare_case(pool), due_at=NOW - age * HOUR, step=f"{50 - age:02}")
    assert await firing.run_due(pool, {KIND: note}, NOW) == 50
    assert order == sorted(order)


async def test_setting_a_timer_again_moves_it_and_cancelling_removes_it(
    pool: Database, database: FreshDatabase
) -> None:
    key = await bare_case(pool)
    await put(pool, key)
    await put(pool, key, due_at=NOW + HOUR)
    await put(pool, key, step="2")
    await put(pool, key, step="3")
    async with platform_unit(pool) as uow:
        await timers.cancel(uow, key, KIND, "2")
        await timers.cancel(uow, key, KIND, "of nobody")
    assert ask(database, "select step, due_at from timer order by step") == [("1", NOW + HOUR), ("3", NOW)]
    async with platform_unit(pool) as uow:
        await timers.cancel(uow, key, KIND)
    assert ask(database, "select 1 from timer") == []


async def test_a_timer_vanishes_with_the_transaction_that_set_it(pool: Database, database: FreshDatabase) -> None:
    key = await bare_case(pool)

    async def set_and_fail() -> None:
        async with platform_unit(pool) as uow:
            await timers.set_timer(uow, key, KIND, "1", NOW)
            raise LookupError

    with pytest.raises(LookupError):
        await set_and_fail()
    assert ask(database, "select 1 from timer") == []


async def test_an_effect_may_cancel_or_move_other_timers_of_the_batch_and_set_its_own_anew(
    pool: Database, database: FreshDatabase
) -> None:
    key, fired = await bare_case(pool), []

    async def upset(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        fired.append(timer.step)
        await timers.cancel(uow, key, KIND, "cancelled")
        await timers.set_timer(uow, key, KIND, "moved", NOW + HOUR)
        await timers.set_timer(uow, key, KIND, timer.step, NOW + 2 * HOUR)

    await put(pool, key, step="first", due_at=NOW - HOUR)
    await put(pool, key, step="cancelled")
    await put(pool, key, step="moved")
    assert await firing.run_due(pool, {KIND: upset}, NOW) == 1
    assert fired == ["first"]
    assert ask(database, "select step from timer order by due_at") == [("moved",), ("first",)]


async def test_a_failing_effect_leaves_no_trace_but_its_reason_and_does_not_hold_up_others(
    pool: Database, database: FreshDatabase
) -> None:
    broken, sound = await bare_case(pool), await bare_case(pool)

    async def half_done(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        await bump(uow, timer, now)
        if timer.case_id == broken.id:
            raise LookupError("no such office")

    await put(pool, broken, due_at=NOW - HOUR)
    await put(pool, sound)
    assert await firing.run_due(pool, {KIND: half_done}, NOW) == 1
    assert effects_applied(database) == [0, 1]
    assert ask(database, "select attempts, last_error, due_at, dead_at from timer") == [
        (1, "LookupError: no such office", NOW + timedelta(seconds=5), None)
    ]


async def test_a_database_error_in_an_effect_is_a_failure_like_any_other(
    pool: Database, database: FreshDatabase
) -> None:
    broken, sound = await bare_case(pool), await bare_case(pool)

    async def wrong(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        await bump(uow, timer, now)
        if timer.case_id == broken.id:
            await (await uow.session.connection()).exec_driver_sql("select 1/0")

    await put(pool, broken, due_at=NOW - HOUR)
    await put(pool, sound)
    assert await firing.run_due(pool, {KIND: wrong}, NOW) == 1
    assert effects_applied(database) == [0, 1]


async def test_an_effect_that_breaks_its_connection_is_counted_and_does_not_block_the_others(
    pool: Database, database: FreshDatabase
) -> None:
    broken, sound = await bare_case(pool), await bare_case(pool)

    async def hang_up(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        await bump(uow, timer, now)
        if timer.case_id == broken.id:
            connection = await uow.session.connection()
            await connection.exec_driver_sql("select pg_terminate_backend(pg_backend_pid())")

    await put(pool, broken, due_at=NOW - HOUR)
    await put(pool, sound)
    assert await firing.run_due(pool, {KIND: hang_up}, NOW) == 1
    assert effects_applied(database) == [0, 1]
    assert ask(database, "select attempts from timer") == [(1,)]


async def test_a_timer_dies_visibly_after_eight_failures_and_lives_again_when_set_anew(
    pool: Database, database: FreshDatabase
) -> None:
    key, now = await bare_case(pool), NOW
    await put(pool, key)
    for attempt in range(1, retries.MAX_ATTEMPTS + 1):
        assert await firing.run_due(pool, {}, now) == 0
        ((attempts, error, due_at, dead_at),) = ask(database, "select attempts, last_error, due_at, dead_at from timer")
        assert (attempts, error) == (attempt, "NoEffect: DEEMED_RECEIPT")
        assert isinstance(due_at, datetime)
        now = due_at
    assert dead_at == now
    assert await firing.run_due(pool, {KIND: bump}, now + 1000 * HOUR) == 0
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert (await repository.lag(session, now=now)).dead == 1
    await put(pool, key)
    assert await firing.run_due(pool, {KIND: bump}, NOW) == 1


def test_the_pauses_between_attempts_double_up_to_an_hour() -> None:
    pauses = [retries.backoff(attempts).total_seconds() for attempts in range(1, 13)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses == sorted(pauses) and pauses[-1] == 3600


async def test_lag_counts_what_waits_and_since_when(pool: Database) -> None:
    async with pool.reader(SYSTEM_SCOPE) as session:
        idle = await repository.lag(session, now=NOW)
    assert (idle.waiting, idle.oldest, idle.dead) == (0, timedelta(0), 0)
    for hours in (3, 1, -1):
        await put(pool, await bare_case(pool), due_at=NOW - hours * HOUR)
    async with pool.reader(SYSTEM_SCOPE) as session:
        behind = await repository.lag(session, now=NOW)
    assert (behind.waiting, behind.oldest, behind.dead) == (2, 3 * HOUR, 0)


async def test_a_timer_whose_case_somebody_is_changing_is_passed_over(pool: Database, database: FreshDatabase) -> None:
    held, free = await bare_case(pool), await bare_case(pool)
    await put(pool, held, due_at=NOW - HOUR)
    await put(pool, free)
    async with platform_unit(pool) as uow:
        await (await uow.session.connection()).exec_driver_sql(
            "select 1 from cases where id = $1 for no key update", (held.id,)
        )
        assert await firing.run_due(pool, {KIND: bump}, NOW) == 1
    assert await firing.run_due(pool, {KIND: bump}, NOW) == 1


async def test_two_workers_and_transactions_that_move_cases_leave_exactly_one_outcome_each(
    pool: Database, database: FreshDatabase
) -> None:
    """Each case is either moved in time, which cancels its timer, or its timer fires; never both, never neither."""
    keys = [await bare_case(pool) for _ in range(120)]
    for number, key in enumerate(keys):
        await put(pool, key, due_at=NOW - number * timedelta(seconds=1))
    moved: list[Key] = []

    async def mover(mine: list[Key]) -> None:
        for key in mine:
            async with platform_unit(pool) as uow:
                connection = await uow.session.connection()
                await connection.exec_driver_sql(
                    "select 1 from cases where city_id = $1 and id = $2 for no key update", (key.city_id, key.id)
                )
                still = await connection.exec_driver_sql("select 1 from timer where case_id = $1", (key.id,))
                if still.first() is not None:
                    await timers.cancel(uow, key, KIND)
                    moved.append(key)

    shuffled = keys.copy()
    Random(7).shuffle(shuffled)
    fired = await asyncio.gather(
        firing.run_due(pool, {KIND: bump}, NOW),
        firing.run_due(pool, {KIND: bump}, NOW),
        mover(shuffled[:40]),
        mover(shuffled[40:80]),
    )
    rest = await firing.run_due(pool, {KIND: bump}, NOW)
    total = int(fired[0] or 0) + int(fired[1] or 0) + rest
    assert total + len(moved) == len(keys)
    assert effects_applied(database) == [0] * len(moved) + [1] * total
    assert ask(database, "select 1 from timer") == []


async def test_a_worker_killed_in_the_middle_leaves_every_timer_to_the_next_one(
    pool: Database, database: FreshDatabase
) -> None:
    count = firing.BATCH + 10
    for _ in range(count):
        await put(pool, await bare_case(pool))
    script = Path(__file__).with_name("dying_worker.py")
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), database.url, NOW.isoformat())
    assert await process.wait() == -signal.SIGKILL
    applied = sum(effects_applied(database))
    # What it had committed stands; the transaction in which it died is undone.
    assert 0 < applied < firing.BATCH + 5
    rest = count - applied
    assert await _until_done(lambda: firing.run_due(pool, {KIND: bump}, NOW), rest) == rest
    assert effects_applied(database) == [1] * count


async def _until_done(work: Callable[[], Awaitable[int]], expected: int) -> int:
    """The server may take a moment to notice that the killed process is gone, and hold its locks until then."""
    done = 0
    for _ in range(100):
        done += await work()
        if done >= expected:
            break
        await asyncio.sleep(0.05)
    return done


async def test_the_worker_runs_until_it_is_told_to_stop(pool: Database, database: FreshDatabase) -> None:
    stop = asyncio.Event()
    key = await bare_case(pool)
    task = asyncio.create_task(worker.serve(pool, {KIND: bump}, now=lambda: NOW, stop=stop, poll_seconds=0.02))
    await put(pool, key)
    await until(lambda: not ask(database, "select 1 from timer"))
    stop.set()
    await asyncio.wait_for(task, 10)
    assert effects_applied(database) == [1]


async def test_the_worker_survives_a_database_that_drops_its_connections(
    pool: Database, database: FreshDatabase
) -> None:
    stop = asyncio.Event()
    key = await bare_case(pool)
    task = asyncio.create_task(worker.serve(pool, {KIND: bump}, now=lambda: NOW, stop=stop, poll_seconds=0.02))
    await asyncio.sleep(0.1)
    ask(
        database,
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()",
    )
    with psycopg.connect(database.dsn) as connection:
        connection.execute(
            "insert into timer (city_id, id, case_id, kind, step, due_at) "
            "values (%s, gen_random_uuid(), %s, %s, '1', %s)",
            (key.city_id, key.id, KIND, NOW),
        )
    await until(lambda: not ask(database, "select 1 from timer"))
    stop.set()
    await asyncio.wait_for(task, 10)
    assert effects_applied(database) == [1]


async def test_expired_results_of_idempotent_requests_are_cleared_away(pool: Database, database: FreshDatabase) -> None:
    with psycopg.connect(database.dsn) as connection:
        for key, age in (("old", 8), ("new", 6)):
            connection.execute(
                "insert into idempotent_result (person_id, office_id, key, input_hash, outcome, created_at) "
                "values (1, 1, %s, '\\x00', '{\"x\": 1}', %s)",
                (key, NOW - timedelta(days=age)),
            )
    stop = asyncio.Event()
    task = asyncio.create_task(worker.serve(pool, {}, now=lambda: NOW, stop=stop, poll_seconds=0.02))
    await until(lambda: len(ask(database, "select key from idempotent_result")) == 1)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert ask(database, "select key from idempotent_result") == [("new",)]


async def test_a_worker_process_finishes_and_leaves_when_it_is_terminated(database: FreshDatabase) -> None:
    program = "from caseway import worker; from caseway.settings import Settings; worker.run(Settings())"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        env={**os.environ, "DATABASE_URL": database.address.url, "CASEWAY_WORKER_POLL_SECONDS": "30"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(30):
        while b"heartbeat" not in said:
            said += await process.stdout.readline()
        process.terminate()
        said += await process.stdout.read()
        assert await process.wait() == 0
    assert b"worker_stopped" in said
