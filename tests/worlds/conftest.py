"""Two worlds that are the same but for what one side must never learn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from support.database import Cluster
from support.walk_world import built_once, walked
from support.walk_worlds import Pair, hide, log_in


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Two clones at the same instant; in the second, cases about Fengqiao, its village and its supervisor exist that
    the first does not have."""
    built = await asyncio.to_thread(built_once, cluster, tmp_path_factory.mktemp("walk"))
    async with AsyncExitStack() as stack:
        without = await stack.enter_async_context(walked(cluster, built, tmp_path_factory.mktemp("without")))
        having = await stack.enter_async_context(walked(cluster, built, tmp_path_factory.mktemp("having")))
        await log_in(without)
        yield Pair(without, having, await hide(having))
