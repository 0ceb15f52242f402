"""Delivers messages until it is killed at a chosen point; run by a test as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import Mapping
from datetime import datetime

import caseway.cases.models  # noqa: F401 - notices refer to the table of cases, which a worker knows
from caseway.db.session import Database
from caseway.notices import jobs, repository
from caseway.notices.webhook import Webhook
from caseway.settings import Settings

_sent = 0


class Dying(Webhook):
    """Dies when three messages have reached the receiver and nobody has been told of it."""

    async def send(self, message_id: uuid.UUID, content: Mapping[str, object], *, at: datetime) -> None:
        """One message, perhaps the last."""
        global _sent
        await super().send(message_id, content, at=at)
        _sent += 1
        if _sent == 3:
            os.kill(os.getpid(), signal.SIGKILL)


async def _die(*args: object, **named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, now: datetime, where: str) -> None:
    """``where``: abroad (a message is out, but not marked) or inside (notices are written, but not committed)."""
    webhook = Webhook.of(Settings())
    assert webhook is not None
    if where == "inside":
        repository.mark_sent = _die
    database = Database(url)
    while await jobs.deliver(database, now=now, webhook=Dying(webhook.url, webhook.secret)):
        pass


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], datetime.fromisoformat(sys.argv[2]), sys.argv[3]))
