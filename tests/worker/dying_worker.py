"""A worker that is killed in the middle of a transaction, never its first; run by a test as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime

from caseway.clocks import firing
from caseway.clocks.models import Timer
from caseway.clocks.timers import TimerKind
from caseway.db.session import Database, UnitOfWork

_applied = 0


async def bump_and_die(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """Apply the effect of the tests; the fifth after a full batch is the last thing this process does."""
    global _applied
    connection = await uow.session.connection()
    await connection.exec_driver_sql(
        "update cases set group_size = group_size + 1, changed_at = $1 where city_id = $2 and id = $3",
        (now, timer.city_id, timer.case_id),
    )
    _applied += 1
    if _applied == firing.BATCH + 5:
        os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, now: datetime) -> None:
    """Fire what is due at an instant."""
    await firing.run_due(Database(url), {TimerKind.DEEMED_RECEIPT: bump_and_die}, now)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], datetime.fromisoformat(sys.argv[2])))
