"""A request takes few connections of the pool, whatever it asks for, and never waits for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from caseway.app import build_app
from caseway.gql.context import MOST_CONNECTIONS, Context
from support.app import settings_for
from support.database import FreshDatabase


@pytest.fixture
async def context(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Context]:
    """A request of nobody in particular, with the services of a real process whose pool has twice what it may take."""
    app = build_app(settings_for(database, tmp_path, db_pool_size=2 * MOST_CONNECTIONS, db_pool_overflow=0))
    async with app.router.lifespan_context(app):
        yield Context(services=app.state.services)


async def test_resolvers_of_one_request_wait_for_each_other(context: Context) -> None:
    inside, most = 0, 0

    async def resolver() -> None:
        nonlocal inside, most
        async with context.reader() as session:
            inside += 1
            most = max(most, inside)
            await session.execute(text("select pg_sleep(0.005)"))
            inside -= 1

    await asyncio.gather(*(resolver() for _ in range(60)))
    assert most == MOST_CONNECTIONS


async def test_another_request_does_not_wait_for_them(context: Context) -> None:
    other, held = Context(services=context.services), asyncio.Event()

    async def holder() -> None:
        async with context.reader():
            await held.wait()

    holders = [asyncio.create_task(holder()) for _ in range(MOST_CONNECTIONS)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(2), other.reader() as session:
        assert await session.scalar(text("select 1")) == 1
    held.set()
    await asyncio.gather(*holders)


async def test_who_holds_a_connection_gets_a_second_one_at_once(context: Context) -> None:
    """Otherwise a few resolvers that each need two would wait for each other for ever."""
    ready = asyncio.Barrier(MOST_CONNECTIONS)

    async def resolver() -> int:
        async with context.reader():
            await ready.wait()
            async with context.reader() as second:
                return int(await second.scalar(text("select 1")) or 0)

    async with asyncio.timeout(4):
        assert await asyncio.gather(*(resolver() for _ in range(MOST_CONNECTIONS))) == [1] * MOST_CONNECTIONS
    async with asyncio.timeout(2), context.reader() as session:
        assert await session.scalar(text("select 1")) == 1, "nothing is left behind"
