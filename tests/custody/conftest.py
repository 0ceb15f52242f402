"""A province with two cities, their institutions and staff, and a shorthand to call services as one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from caseway.access.policy import Policy
from caseway.db.session import Database
from support.province import Province, build_province


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The committed policy: its answers are cached, so one serves the whole run."""
    return Policy()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The test's database, under the role that requests run under."""
    opened = Database(database_url, pool_size=4, max_overflow=4)
    yield opened
    await opened.close()


@pytest.fixture
async def province(db: Database, policy: Policy) -> Province:
    """Offices and staff, and the way to act as one of them."""
    return await build_province(db, policy)
