"""What every database needs besides its schema: the layers of the law. Brought in after each migration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from caseway import clock
from caseway.db.address import Address
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.rules import laws
from caseway.tenancy.declared import Action


def load(where: Address, *, progress: Callable[[str], None] = lambda text: None) -> int:
    """Bring in what ships; a second time nothing changes. How many books were created or changed."""

    async def work() -> int:
        database = Database(where.sqlalchemy, pool_size=1, max_overflow=0)
        try:
            async with database.unit(SYSTEM_SCOPE) as uow:
                await uow.permitted()
                steps = await laws.load(uow, now=clock.now())
        finally:
            await database.close()
        return sum(step.action is not Action.KEEP for step in steps)

    progress("loading the law")
    return asyncio.run(work())
