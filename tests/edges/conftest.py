"""One world for all walks of a run: built once through the API, then cloned, once with both locks and once with the
second lock (row level security) taken out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from support.database import Cluster
from support.walk_world import Built, Walked, built_once, opened, walked


@pytest.fixture(scope="session")
def walk_built(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The built world, at rest."""
    return built_once(cluster, tmp_path_factory.mktemp("walk"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def locked(
    cluster: Cluster, walk_built: Built, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Walked]:
    """The world as it runs: policy and row level security."""
    async with walked(cluster, walk_built, tmp_path_factory.mktemp("locked")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def scratch(cluster: Cluster, walk_built: Built, tmp_path: Path) -> AsyncIterator[Walked]:
    """The world with both locks, for one test that changes it."""
    async with walked(cluster, walk_built, tmp_path) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def single(
    cluster: Cluster, walk_built: Built, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Walked]:
    """The world with the second lock open: only the application stands between an actor and the rows."""
    async with walked(cluster, walk_built, tmp_path_factory.mktemp("single"), prepare=opened) as running:
        yield running
