"""A transaction of a test's own, for what no product function does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[AsyncSession]:
    """A session that may write the tables without row policies (staff, offices, machinery)."""
    async with database.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()
        yield uow.session
