"""What commands that work on the database share: open it, do one thing, close it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import typer

from caseway.cli import console
from caseway.db import server
from caseway.db.session import Database
from caseway.settings import Settings

Result = TypeVar("Result")


def with_database(work: Callable[[Settings, Database], Awaitable[Result]]) -> Result:
    """Run a piece of work on the configured database; the embedded one is started for it when it is down."""
    settings = Settings()
    return _run(settings, lambda database, _: work(settings, database))


def to_its_exit(work: Callable[[Database, Callable[[str], None]], Awaitable[int]]) -> NoReturn:
    """The same for work that tells its progress and answers the exit code of the command."""
    raise typer.Exit(_run(Settings(), work))


def _run(settings: Settings, work: Callable[[Database, Callable[[str], None]], Awaitable[Result]]) -> Result:
    with console.progress() as progress, server.running(settings, progress=progress) as where:

        async def run() -> Result:
            database = Database(where.sqlalchemy, pool_size=2, max_overflow=0, pooler=settings.db_pooler)
            try:
                return await work(database, progress)
            finally:
                await database.close()

        return asyncio.run(run())
