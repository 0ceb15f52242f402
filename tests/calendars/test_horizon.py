"""The platform asks for the next year 60 days before the published calendar ends: once, and until it is loaded."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from calendars.conftest import year_2027
from caseway import worker
from caseway.calendars import jobs, loading
from caseway.calendars.codes import CALENDAR_HORIZON
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from support.database import FreshDatabase
from support.factories import platform_unit

#: Midnight in China on the first of November 2026: 60 days before the end of that year.
SIXTY_DAYS_BEFORE = datetime(2026, 10, 31, 16, tzinfo=UTC)


async def look(pool: Database, now: datetime) -> bool:
    """One look of the worker."""
    async with platform_unit(pool) as uow:
        return await jobs.look_at_horizon(uow, now=now)


def tasks(database: FreshDatabase) -> list[tuple[object, ...]]:
    """Every task there is."""
    with psycopg.connect(database.dsn) as connection:
        return connection.execute(
            "select kind, key, office_id, closed_at is null, facts from admin_task order by opened_at"
        ).fetchall()


async def test_the_task_opens_sixty_days_before_and_not_earlier(pool: Database, database: FreshDatabase) -> None:
    assert not await look(pool, SIXTY_DAYS_BEFORE - timedelta(microseconds=1))
    assert tasks(database) == []
    assert await look(pool, SIXTY_DAYS_BEFORE)
    facts = {"year": 2027, "published_until": "2026-12-31"}
    assert tasks(database) == [(CALENDAR_HORIZON, "2027", None, True, facts)]


async def test_it_opens_once(pool: Database, database: FreshDatabase) -> None:
    assert await look(pool, SIXTY_DAYS_BEFORE)
    for days in (0, 1, 59, 61, 100):
        assert not await look(pool, SIXTY_DAYS_BEFORE + timedelta(days=days))
    assert len(tasks(database)) == 1


async def test_loading_the_year_closes_it_and_the_next_one_comes_a_year_later(
    pool: Database, database: FreshDatabase
) -> None:
    await look(pool, SIXTY_DAYS_BEFORE)
    async with platform_unit(pool) as uow:
        await loading.load_year(uow, year_2027(), now=SIXTY_DAYS_BEFORE)
    assert [each[3] for each in tasks(database)] == [False]
    assert not await look(pool, datetime(2026, 12, 31, tzinfo=UTC))
    assert not await look(pool, datetime(2027, 10, 31, 15, tzinfo=UTC))
    assert await look(pool, datetime(2027, 10, 31, 16, tzinfo=UTC))
    assert [each[1:4] for each in tasks(database)] == [("2027", None, False), ("2028", None, True)]


@pytest.mark.parametrize(
    ("now", "left", "near"),
    [
        (datetime(2026, 10, 31, 15, 59, tzinfo=UTC), 61, False),
        (SIXTY_DAYS_BEFORE, 60, True),
        (datetime(2026, 12, 31, 15, 59, tzinfo=UTC), 0, True),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), -1, True),
    ],
)
async def test_how_far_the_calendar_reaches(pool: Database, now: datetime, left: int, near: bool) -> None:
    async with pool.reader(SYSTEM_SCOPE) as session:
        found = await jobs.horizon(session, now=now)
    assert (found.last_day, found.days_left, found.is_near) == (date(2026, 12, 31), left, near)
    assert found.missing_year == 2027


async def test_the_worker_looks_ahead_by_itself(pool: Database, database: FreshDatabase) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(worker.serve(pool, {}, now=lambda: SIXTY_DAYS_BEFORE, stop=stop, poll_seconds=0.02))
    for _ in range(500):
        if await asyncio.to_thread(tasks, database):
            break
        await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert [each[:2] for each in tasks(database)] == [(CALENDAR_HORIZON, "2027")]


async def _to_follow(pool: Database) -> int | None:
    async with pool.reader(SYSTEM_SCOPE) as session:
        return await jobs.to_follow(session)


async def test_changes_wait_until_running_dates_have_followed_them(pool: Database) -> None:
    assert await _to_follow(pool) is None, "what ships is known from the start"
    async with platform_unit(pool) as uow:
        await loading.load_year(uow, year_2027(), now=SIXTY_DAYS_BEFORE)
    assert await _to_follow(pool) == 1
    async with platform_unit(pool) as uow:
        await loading.load_year(uow, year_2027(made_up=None), now=SIXTY_DAYS_BEFORE)
        await jobs.has_followed(uow, 1)
    assert await _to_follow(pool) == 2, "the second change came while the first was followed"
    async with platform_unit(pool) as uow:
        await jobs.has_followed(uow, 2)
        await jobs.has_followed(uow, 1)
    assert await _to_follow(pool) is None
