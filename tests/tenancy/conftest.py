"""The office tree for tests: the shipped excerpt in a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from caseway import bundle
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.tenancy import imports
from support.database import Cluster, FreshDatabase

NOW = datetime(2026, 4, 15, 1, 0, tzinfo=UTC)
EXCERPT = bundle.path("tenants", "divisions")


@pytest.fixture(scope="session")
def excerpt_template(cluster: Cluster) -> str:
    """A migrated database that holds the shipped excerpt; tests work on clones."""
    import asyncio

    prepared = cluster.fresh("excerpt")

    async def load() -> None:
        database = Database(prepared.url, pool_size=1)
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            await imports.import_divisions(uow, EXCERPT)
        await database.close()

    asyncio.run(load())
    return prepared.name


@pytest.fixture
def excerpt(cluster: Cluster, excerpt_template: str, request: pytest.FixtureRequest) -> Iterator[FreshDatabase]:
    """A database of this test's own with the shipped excerpt."""
    clone = cluster.fresh(request.node.name, template=excerpt_template)
    yield clone
    cluster.drop(clone)


class Writer(Protocol):
    """Opens a permitted unit of work."""

    def __call__(self) -> AbstractAsyncContextManager[UnitOfWork]: ...


@pytest.fixture
async def tree(excerpt: FreshDatabase) -> AsyncIterator[Database]:
    """The application's way to the excerpt, under its own role."""
    opened = Database(excerpt.url, pool_size=4)
    yield opened
    await opened.close()


@pytest.fixture
def write(tree: Database) -> Writer:
    """Units of work that were permitted, as the platform's own commands use them."""

    @asynccontextmanager
    async def unit() -> AsyncIterator[UnitOfWork]:
        async with tree.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            yield uow

    return unit


@pytest.fixture
def rows(excerpt: FreshDatabase) -> Iterator[psycopg.Connection]:
    """A superuser's view of the same database."""
    with psycopg.connect(excerpt.dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder for crafted files."""
    return tmp_path
