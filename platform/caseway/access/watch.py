"""Keeping a process's policy fresh: it looks at the epoch every few seconds, and at once when a change is announced."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from caseway.access.policy import Policy
from caseway.access.repository import CHANNEL
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database

log = structlog.get_logger(__name__)

_FAILURES = (SQLAlchemyError, OSError, TimeoutError)


class Watcher:
    """Announcements are for speed only: one that is lost (reconnect, transaction pooler) is made good by the next look,
    and writes look for themselves."""

    def __init__(self, database: Database, policy: Policy, *, poll_seconds: float = 5.0) -> None:
        self._database = database
        self._policy = policy
        self._poll = poll_seconds
        self._announced = asyncio.Event()
        self._listening: AsyncConnection | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take in the present rules, then keep watching."""
        async with self._database.reader(NO_SCOPE) as session:
            await self._policy.refresh(session)
        self._task = asyncio.create_task(self._watch(), name="policy-watch")

    async def stop(self) -> None:
        """End watching and give the connection back."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._hang_up()

    async def _watch(self) -> None:
        while True:
            try:
                await self._listen()
                async with self._database.reader(NO_SCOPE) as session:
                    await self._policy.refresh(session)
            except _FAILURES as error:
                log.warning("access.watch_failed", error=type(error).__name__)
                await self._hang_up()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._announced.wait(), self._poll)
            self._announced.clear()

    async def _listen(self) -> None:
        if self._listening is not None and not await _lost(self._listening):
            return
        await self._hang_up()
        self._listening = await self._database.engine.connect()
        raw = await self._listening.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.add_listener(CHANNEL, self._heard)

    def _heard(self, *_: object) -> None:
        self._announced.set()

    async def _hang_up(self) -> None:
        connection, self._listening = self._listening, None
        if connection is not None:
            with contextlib.suppress(*_FAILURES):
                # Not back into the pool: it listens.
                await connection.invalidate()
            with contextlib.suppress(*_FAILURES):
                await connection.close()


async def _lost(connection: AsyncConnection) -> bool:
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    return driver is None or bool(driver.is_closed())
