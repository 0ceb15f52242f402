"""A database with the real policy, and a small town to work in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

# Registers what custody does when a case ends or loses its last handler, as in the whole process.
import caseway.custody.succession  # noqa: F401
from caseway.access.actor import Actor
from caseway.access.policy import Policy
from caseway.db.session import Database
from support.factories import Do, Town, make_town


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The committed policy: its answers are cached, so one serves the whole run."""
    return Policy()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The test's database, under the role that requests run under."""
    opened = Database(database_url, pool_size=2, max_overflow=2)
    yield opened
    await opened.close()


@pytest.fixture
async def town(db: Database) -> Town:
    """Offices and staff of one town and its surroundings."""
    return await make_town(db)


@pytest.fixture
def do(db: Database, policy: Policy) -> Do:
    """Calls a service the way a mutation does: one unit of work under the actor's own scope."""

    async def call(
        operation: Callable[..., Awaitable[Any]], actor: Actor, *rings: Any, now: datetime, **given: Any
    ) -> Any:
        async with db.unit(policy.scope(actor)) as uow:
            return await operation(uow, policy, *rings, actor, now=now, **given)

    return call
