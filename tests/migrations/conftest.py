"""Databases in the hands of other owners, and of the oldest server that is supported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from caseway import demo
from caseway.app import build_app
from caseway.db import address, migrate
from caseway.db.address import Address
from caseway.db.session import APP_ROLE, Database
from support import operations
from support.app import BEGINNING, Caller, Dial, World, settings_for
from support.database import Cluster, FreshDatabase, throwaway_cluster

#: Where distributions put the oldest supported server.
OLDEST_PROGRAMS = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def oldest() -> Iterator[Cluster]:
    """A throw-away server of the oldest version that is supported; skipped where none is installed."""
    if not (OLDEST_PROGRAMS / "postgres").exists():
        pytest.skip(f"no PostgreSQL 15 in {OLDEST_PROGRAMS}")
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # for the start alone: other clusters keep their own programs
            patch.setenv("PG_BINDIR", str(OLDEST_PROGRAMS))
            running = stack.enter_context(throwaway_cluster())
        yield running


def owned_by_plain_user(cluster: Cluster, owner: str) -> FreshDatabase:
    """An empty database whose owner has no right on the server but to make roles, and not even that where the role of
    requests exists already: what a managed server or a careful administrator gives."""
    database = cluster.empty(f"of_{owner}")
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        name = sql.Identifier(owner)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(name))
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,)).fetchone():
            connection.execute(sql.SQL("ALTER ROLE {} NOCREATEROLE").format(name))
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APP_ROLE), name))
        connection.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(database.name), sql.Identifier(owner))
        )
    return FreshDatabase(database.name, Address.parse(f"{database.dsn} user={owner}"))


@asynccontextmanager
async def application_on(database: FreshDatabase, data_dir: Path) -> AsyncIterator[World]:
    """Check, migrate and fill the database as its owner, then the real application on it."""

    def prepare() -> None:
        address.check(database.address)
        migrate.upgrade(database.address)
        migrate.check(database.address)

    await asyncio.to_thread(prepare)
    pool = Database(database.url)
    await demo.offices_and_staff(pool, now=BEGINNING)
    await pool.close()
    settings, dial = settings_for(database, data_dir), Dial()
    app = build_app(settings, now=dial)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://caseway.test", timeout=30) as client:
            yield World(client, database, settings, dial)


async def register_one(world: World) -> tuple[Caller, str]:
    """A clerk of the city registers one ordinary matter; the clerk, and the case's number."""
    world.dial.to("2026-04-15 09:00")
    clerk = await world.login("jiaxing.clerk")
    entry = {
        "channel": "LETTER",
        "receivedAt": "2026-04-14T01:00:00Z",
        "title": "征地补偿款未发放",
        "claim": "请求依法发放征地补偿款。",
        "petitioners": [{"name": "张三", "phone": "13800000001"}],
    }
    given = {"entry": entry, "petitionClass": "APPEAL_CLAIM", "field": "LAND", "placeCode": "330402100"}
    registered = await clerk(operations.text("clerk/RegisterCase"), input=given)
    number: str = registered.result["number"]
    assert number, registered.body
    return clerk, number
