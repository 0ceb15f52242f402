"""Fixtures of the tests of escalations over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from caseway.db.session import Database
from support.app import World
from support.ladders import Stairs
from support.scenes import Scene


@pytest.fixture
async def stairs(world: World) -> AsyncIterator[Stairs]:
    """The demo's offices, staff and rule books, with a clock to turn and a worker that fires what is due."""
    database = Database(world.database.url, pool_size=2)
    yield Stairs(Scene(world), database)
    await database.close()
