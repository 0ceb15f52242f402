"""``caseway timers``: dead timers are seen, and tried again when their cause is cured."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from typer.testing import CliRunner, Result

from caseway import cli, clock
from caseway.clocks import firing, timers
from caseway.clocks.models import Timer
from caseway.clocks.timers import TimerKind
from caseway.db.retries import MAX_ATTEMPTS
from caseway.db.session import Database, UnitOfWork
from caseway.errors import CasewayError
from support.bare_cases import bare_case, platform_unit
from support.database import FreshDatabase

KIND = TimerKind.DEEMED_RECEIPT
NOW = datetime(2026, 4, 17, 16, tzinfo=UTC)
Run = Callable[..., Result]


@pytest.fixture
def run(database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``caseway timers …`` against this test's database."""
    monkeypatch.setenv("DATABASE_URL", database.address.url)
    return lambda *arguments: CliRunner().invoke(cli.build(), ["timers", *arguments])


async def _fails(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    raise RuntimeError("the printer is on fire")


async def _killed(pool: Database, *, count: int) -> None:
    """Timers whose effect has failed until they died."""
    for _ in range(count):
        async with platform_unit(pool) as uow:
            await timers.set_timer(uow, await bare_case(pool), KIND, "1", NOW)
    for attempt in range(MAX_ATTEMPTS):
        await firing.run_due(pool, {KIND: _fails}, NOW + attempt * timedelta(hours=2))


def _rows(database: FreshDatabase) -> list[tuple[object, ...]]:
    with psycopg.connect(database.dsn) as connection:
        return connection.execute("select id, dead_at is not null, attempts from timer order by id").fetchall()


async def test_nothing_dead_is_said_so(run: Run) -> None:
    done = await asyncio.to_thread(run, "list")
    assert done.exit_code == 0 and done.stdout == ""
    assert "no dead timers; 0 due" in done.stderr


async def test_dead_timers_are_listed_with_their_last_error(run: Run, pool: Database, database: FreshDatabase) -> None:
    await _killed(pool, count=2)
    done = await asyncio.to_thread(run, "list")
    assert done.exit_code == 1 and "2 dead timers" in done.stderr
    for timer_id, is_dead, attempts in _rows(database):
        assert is_dead and attempts == MAX_ATTEMPTS
        assert str(timer_id) in done.stdout
    assert done.stdout.count("RuntimeError: the printer is on fire") == 2
    assert (await asyncio.to_thread(run, "list", "--most", "1")).stdout.count("RuntimeError") == 1


async def test_a_revived_timer_fires(run: Run, pool: Database, database: FreshDatabase) -> None:
    await _killed(pool, count=2)
    first = _rows(database)[0][0]
    done = await asyncio.to_thread(run, "revive", str(first))
    assert done.exit_code == 0 and "1 timers revived" in done.stderr
    assert _rows(database)[0] == (first, False, 0)
    fired: list[uuid.UUID] = []

    async def works(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
        fired.append(timer.id)

    assert await firing.run_due(pool, {KIND: works}, clock.now()) == 1
    assert fired == [first] and len(_rows(database)) == 1
    with psycopg.connect(database.dsn) as connection:
        noted = connection.execute("select action, outcome, subject from access_event").fetchall()
    assert [(action, outcome) for action, outcome, _ in noted] == [("timers:revive", "REVIVED")]
    assert str(noted[0][2]).endswith(str(first))


async def test_all_dead_timers_are_revived_at_once(run: Run, pool: Database, database: FreshDatabase) -> None:
    await _killed(pool, count=3)
    assert "3 timers revived" in (await asyncio.to_thread(run, "revive", "--all")).stderr
    assert not any(is_dead for _, is_dead, _ in _rows(database))
    assert "0 timers revived" in (await asyncio.to_thread(run, "revive", "--all")).stderr


async def test_reviving_needs_to_know_which(run: Run, pool: Database, database: FreshDatabase) -> None:
    await _killed(pool, count=1)
    for arguments, code in (
        ([], "TIMER_UNNAMED"),
        ([str(_rows(database)[0][0]), "--all"], "TIMER_UNNAMED"),
        ([str(uuid.uuid4())], "TIMER_NOT_FOUND"),
    ):
        refused = await asyncio.to_thread(run, "revive", *arguments)
        assert isinstance(refused.exception, CasewayError) and refused.exception.code == code
    assert _rows(database)[0][1] is True
