"""``caseway demo``: load the demo into the configured database."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import typer

from caseway import clock
from caseway import demo as contents
from caseway.access.policy import Policy
from caseway.cli import console, reference
from caseway.cli.tenants import run
from caseway.db import address, keys, migrate, server
from caseway.db.crypto import KeyRing
from caseway.db.session import Database
from caseway.demo.stories import STAFF_SINCE, Stories
from caseway.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo() -> None:
    """Load the demo into the database: offices, staff and what belongs to them. Nothing is done twice."""
    settings = Settings()
    with ExitStack() as stack:
        with console.progress() as progress:
            where = stack.enter_context(server.running(settings, progress=progress))
            address.check(where)
            migrate.upgrade(where, progress=progress)
            reference.load(where, progress=progress)
            progress("loading the demo")
            welcome = load(settings)
        print(welcome)


def load(settings: Settings) -> str:
    """Load the demo into a migrated database that runs; returns what to tell the person in front of it."""
    now = clock.now()
    keyring = KeyRing(keys.master_key(settings))

    async def tell(database: Database) -> None:
        await contents.offices_and_staff(database, now=now - STAFF_SINCE)
        await Stories(database, Policy(), keyring, now).load()

    asyncio.run(run(server.address(settings), tell))
    return contents.welcome()
