"""A database with the real policy, a small town to tell something to, and ways to look at what was told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from caseway.access.policy import Policy
from caseway.db.session import Database
from support.database import FreshDatabase
from support.factories import Town, make_town


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The committed policy: its answers are cached, so one serves the whole run."""
    return Policy()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The test's database, under the role that requests run under."""
    opened = Database(database_url, pool_size=4, max_overflow=2)
    yield opened
    await opened.close()


@pytest.fixture
async def town(db: Database) -> Town:
    """Offices and staff of one town and its surroundings."""
    return await make_town(db)


class Look:
    """Asks the database as its owner, past every lock."""

    def __init__(self, database: FreshDatabase) -> None:
        self._dsn = database.dsn

    def __call__(self, query: str) -> list[tuple[object, ...]]:
        """The rows of a query."""
        with psycopg.connect(self._dsn) as connection:
            return connection.execute(query).fetchall()

    def run(self, statements: str) -> None:
        """Change something by hand."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(statements)


@pytest.fixture
def look(database: FreshDatabase) -> Look:
    """A way to see everything."""
    return Look(database)
