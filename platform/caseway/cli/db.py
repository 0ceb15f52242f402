"""``caseway db …``: look at the database the platform uses, stop the embedded one, delete it."""

from __future__ import annotations

from typing import Annotated

import typer

from caseway.cli import console
from caseway.db import address, migrate, server
from caseway.db.embedded import EmbeddedPostgres, ServerState
from caseway.errors import CasewayError
from caseway.settings import Settings

commands = typer.Typer(help="The database: where it is, how it is, stop it, delete it.", no_args_is_help=True)


class NotEmbedded(CasewayError):
    """DATABASE_URL names a server that is not the platform's own: look after it with its own tools."""

    code = "DATABASE_NOT_EMBEDDED"


class ConfirmationMissing(CasewayError):
    """This deletes every case in the embedded database: repeat the command with --yes."""

    code = "CONFIRMATION_MISSING"


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(commands, name="db")


@commands.command()
def status() -> None:
    """Where the database is and how it is. Exit code 1 when it takes no connections."""
    settings = Settings()
    if settings.embedded:
        own = server.embedded(settings)
        state = own.state()
        print(f"embedded   {state}\nfiles      {own.place.home}\nlog        {own.place.log}")
        print(f"programs   {own.binaries.directory} (PostgreSQL {own.binaries.major})")
        if state is not ServerState.UP:
            raise typer.Exit(1)
    where = server.address(settings)
    facts = address.check(where)
    print(f"address    {where}\nserver     PostgreSQL {facts.version // 10_000}.{facts.version % 10_000}")
    print(f"user       {facts.user}\nrevision   {migrate.current(where) or 'none'} (this release: {migrate.newest()})")


@commands.command()
def stop(
    force: Annotated[bool, typer.Option("--force", help="Stop it even while other processes use it.")] = False,
) -> None:
    """Stop the embedded server. While `caseway up` runs it stays up, unless forced."""
    if _own().stop(force=force):
        console.say("the embedded database is down")
    else:
        console.say("other processes use the embedded database: stop `caseway up` first, or add --force")
        raise typer.Exit(1)


@commands.command("psql-url")
def psql_url() -> None:
    """The address for psql and other tools (with the password, if it has one)."""
    print(server.address(Settings()).url)


@commands.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Really delete everything.")] = False) -> None:
    """Delete the embedded database with everything in it. The next start makes a new one."""
    own = _own()
    if not yes:
        raise ConfirmationMissing
    own.destroy()
    console.say(f"deleted {own.place.home}")


def _own() -> EmbeddedPostgres:
    settings = Settings()
    if not settings.embedded:
        raise NotEmbedded
    return server.embedded(settings, progress=console.say)
