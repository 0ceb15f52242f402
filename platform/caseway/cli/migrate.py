"""``caseway migrate``: bring the database to the schema of this release, or see whether it is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from caseway.cli import console, reference
from caseway.db import address, migrate, server
from caseway.db.embedded import EmbeddedPostgres
from caseway.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate_command)


def migrate_command(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail when the schema is not that of this release.")
    ] = False,
    scratch: Annotated[
        bool, typer.Option("--scratch", help="Work on a throw-away database instead of the configured one.")
    ] = False,
    revision: Annotated[str, typer.Option(help="Go to this revision instead of the newest.")] = "head",
) -> None:
    """Run every missing migration. Any number of processes may do so at once: one works, the others wait."""
    with console.progress() as progress, _database(scratch, progress) as where:
        if scratch or not check:
            before, after = migrate.upgrade(where, revision, progress=progress)
            if after == migrate.newest():
                reference.load(where, progress=progress)
        if check:
            migrate.check(where)
            before = after = migrate.newest()
    if before == after:
        console.say(f"the database is at {after or 'no revision'}, nothing to do")
    else:
        console.say(f"migrated from {before or 'an empty database'} to {after}")


@contextmanager
def _database(scratch: bool, progress: Callable[[str], None]) -> Iterator[address.Address]:
    if not scratch:
        with server.running(Settings(), progress=progress) as where:
            address.check(where)
            yield where
        return
    with tempfile.TemporaryDirectory(prefix="caseway-scratch-") as directory:
        Path(directory).chmod(0o711)  # the account that a root-started server drops to must get through
        throwaway = EmbeddedPostgres(Path(directory), durable=False, progress=progress)
        try:
            throwaway.start()
            yield throwaway.address
        finally:
            throwaway.destroy()
