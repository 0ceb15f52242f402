"""What the worker does for rule books: it goes on comparing books below with what changed above them."""

from __future__ import annotations

from datetime import datetime

from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.rules import rechecks

#: Parts in one turn, so that other chores have theirs.
_PARTS = 20


async def compare_books(database: Database, *, now: datetime, parts: int = _PARTS) -> int:
    """Compare parts of what waits, each in a transaction of its own; answers in how many books something was found."""
    clamped = 0
    for _ in range(parts):
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            done = await rechecks.go_on(uow, now=now)
        if done is None:
            break
        clamped += done.clamped
    return clamped
