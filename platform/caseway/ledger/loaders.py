"""Reading the access audit in pages."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.ledger.models import AccessEvent

#: Newest first; the width of its cursors is 2.
AUDIT_ORDER = "at,id"
_KEYS = (SortKey(AccessEvent.at, descending=True), SortKey(AccessEvent.id, descending=True))


async def access_events(session: AsyncSession, office_id: int, page: Page) -> Window[AccessEvent]:
    """A page of what people tried while they acted for an office, newest first. One index, whatever the number."""
    statement = seek(select(AccessEvent).where(AccessEvent.office_id == office_id), page, _KEYS)
    return window(list(await session.scalars(statement)), page)
