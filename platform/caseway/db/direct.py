"""The third way to the database: whole statements in the driver's own form, one round trip each, for compiled reads.

They have connections of their own, because they want another kind of plan. Such a statement is long and always meant
to be run the same way (each branch of a list along its index, no further than a page), so PostgreSQL plans it once for
each connection instead of each time: planning takes several times longer than running it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

#: How long a statement waits for a connection, in seconds.
_PATIENCE = 5
#: Prepared statements that a connection keeps, and the longest of them in characters. Each holds its plan in the
#: backend, about half a megabyte.
_STATEMENTS, _LONGEST = 64, 200_000


class Direct:
    """A pool that is opened by the first statement."""

    def __init__(
        self, where: Mapping[str, Any], *, size: int, server_settings: Mapping[str, str], prepared: bool = True
    ) -> None:
        """``where``: the driver's own arguments for the database. ``prepared``: false behind a pooler that cannot keep
        prepared statements."""
        self._where, self._size, self._prepared = where, size, prepared
        self._settings = {**server_settings, "plan_cache_mode": "force_generic_plan"}
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def fetch(self, statement: str, arguments: Sequence[Any]) -> Sequence[Any]:
        """The rows of one statement, in a transaction of its own."""
        pool = self._pool or await self._open()
        async with pool.acquire(timeout=_PATIENCE) as connection:
            found: Sequence[Any] = await connection.fetch(statement, *arguments)
            return found

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    **self._where,
                    min_size=0,
                    max_size=self._size,
                    reset=_nothing,
                    server_settings=self._settings,
                    statement_cache_size=_STATEMENTS if self._prepared else 0,
                    max_cacheable_statement_size=_LONGEST,
                )
            return self._pool


async def _nothing(connection: asyncpg.Connection) -> None:
    """What is to be put back after a statement: it leaves nothing on its connection, and this saves a round trip."""
