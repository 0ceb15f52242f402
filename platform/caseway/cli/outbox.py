"""``caseway outbox …``: messages whose sending failed too often wait here for a person."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Annotated

import typer

from caseway import clock
from caseway.cli import console
from caseway.cli.work import with_database
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.errors import CasewayError
from caseway.ledger import audit
from caseway.notices import jobs, repository
from caseway.notices.jobs import Lag
from caseway.notices.models import OutboxEntry
from caseway.settings import Settings

commands = typer.Typer(help="The outbox: what waits, what is dead, another try.", no_args_is_help=True)


class MessageNotFound(CasewayError):
    """There is no dead message with this id: it may have been revived already; see `caseway outbox list`."""

    code = "MESSAGE_NOT_FOUND"


class MessageUnnamed(CasewayError):
    """Name one dead message by its id, or give --all: see `caseway outbox list`."""

    code = "MESSAGE_UNNAMED"


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(commands, name="outbox")


@commands.command("list")
def list_dead(
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many are listed.")] = 100,
) -> None:
    """The dead messages, the longest dead first, with their last error. Exit code 1 when there are any."""

    async def work(settings: Settings, database: Database) -> tuple[Lag, Sequence[OutboxEntry]]:
        behind = await jobs.lag(database, now=clock.now())
        async with database.reader(SYSTEM_SCOPE) as session:
            return behind, await repository.dead(session, limit=most)

    behind, dead = with_database(work)
    for message in dead:
        assert message.dead_at is not None
        print(f"{message.id}  {message.channel}  {message.kind}  office {message.office_id}")
        print(
            f"    dead since {message.dead_at:%Y-%m-%d %H:%M} UTC after {message.attempts} attempts: "
            f"{message.last_error}"
        )
    console.say(
        f"{behind.dead or 'no'} dead messages; {behind.waiting} due, the oldest for "
        f"{behind.oldest.total_seconds():.0f} s"
    )
    if behind.dead:
        raise typer.Exit(1)


@commands.command()
def revive(
    message: Annotated[uuid.UUID | None, typer.Argument(help="Id of a dead message.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead messages.")] = False,
) -> None:
    """Let a dead message be sent again at once, with all its attempts. Do so after its cause is cured."""
    if (message is None) is not everything:
        raise MessageUnnamed

    async def work(settings: Settings, database: Database) -> int:
        now = clock.now()
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            revived = await repository.revive(uow.session, message, due_at=now)
            if message is not None and not revived:
                raise MessageNotFound
            for one in revived:
                await audit.note(
                    uow.session,
                    at=now,
                    person_id=0,
                    office_id=0,
                    action="outbox:revive",
                    outcome="REVIVED",
                    subject=f"Message:{one.city_id}:{one.id}",
                    facts={"kind": one.kind, "channel": one.channel},
                )
            return len(revived)

    console.say(f"{with_database(work)} messages revived")
