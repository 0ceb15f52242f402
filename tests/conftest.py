"""Fixtures that every test may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from caseway.db.session import Database
from support import app
from support.app import World
from support.database import Cluster, FreshDatabase, throwaway_cluster


def pytest_configure(config: pytest.Config) -> None:
    """Declare our markers, and keep pytest-alembic from collecting its own tests behind this file: its collector relies
    on an attribute that pytest no longer has. Its fixtures work, and tests/migrations imports its tests by name."""
    config.option.pytest_alembic_tests_path = "tests/migrations/collected-by-name"
    config.addinivalue_line("markers", "fresh: installs the platform somewhere else and starts it there (slow)")


#: Folders whose files take longest. They are begun first, so that at the end no worker waits for another's last file.
_LONGEST = ("edges", "worlds", "properties", "packaging", "simulation", "whatif", "kill")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; otherwise the order of collection."""
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0]
        return _LONGEST.index(folder) if folder in _LONGEST else len(_LONGEST)

    items.sort(key=rank)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The run's throw-away PostgreSQL."""
    with throwaway_cluster() as running:
        yield running


@pytest.fixture
def database(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[FreshDatabase]:
    """A fresh, migrated database for one test; ``.url`` for the application, ``.dsn`` for psycopg."""
    clone = cluster.fresh(request.node.name)
    yield clone
    cluster.drop(clone)


@pytest.fixture
def database_url(database: FreshDatabase) -> str:
    """The asyncpg URL of this test's fresh database."""
    return database.url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Database]:
    """The application's way to this test's database, under its own role."""
    opened = Database(database_url, pool_size=4)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def world(cluster: Cluster, tmp_path: Path) -> AsyncIterator[World]:
    """The real application over HTTP on the demo's offices and staff, with a clock that the test turns."""
    async with app.world(cluster, tmp_path) as running:
        yield running
