"""Whether a database can be worked with: asked by an api process when it is asked whether it is ready."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def revision(session: AsyncSession) -> str | None:
    """The migration that the database is at. Raises what the driver raises when it is away or was never migrated."""
    found: str | None = (await session.execute(text("select version_num from alembic_version"))).scalar_one_or_none()
    return found
