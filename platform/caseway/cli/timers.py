"""``caseway timers …``: timers whose effect failed too often wait here for a person."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from caseway import clock
from caseway.cli import console
from caseway.cli.work import with_database
from caseway.clocks import repository, timers
from caseway.clocks.models import Timer
from caseway.clocks.repository import Lag
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.errors import CasewayError
from caseway.ledger import audit
from caseway.settings import Settings

commands = typer.Typer(help="Timers: what waits, what is dead, another try.", no_args_is_help=True)


class TimerNotFound(CasewayError):
    """There is no dead timer with this id: it may have been revived already; see `caseway timers list`."""

    code = "TIMER_NOT_FOUND"


class TimerUnnamed(CasewayError):
    """Name one dead timer by its id, or give --all: see `caseway timers list`."""

    code = "TIMER_UNNAMED"


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(commands, name="timers")


@commands.command("list")
def list_dead(
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many are listed.")] = 100,
) -> None:
    """The dead timers, the longest dead first, with their last error. Exit code 1 when there are any."""

    async def work(settings: Settings, database: Database) -> tuple[Lag, list[Timer]]:
        async with database.reader(SYSTEM_SCOPE) as session:
            return await repository.lag(session, now=clock.now()), list(await repository.dead(session, limit=most))

    behind, dead = with_database(work)
    for timer in dead:
        assert timer.dead_at is not None
        print(f"{timer.id}  {timer.kind}  case {timer.city_id}/{timer.case_id}  {timer.attempts} attempts")
        print(f"    dead since {timer.dead_at:%Y-%m-%d %H:%M} UTC: {timer.last_error}")
    console.say(
        f"{behind.dead or 'no'} dead timers; {behind.waiting} due, the oldest for {behind.oldest.total_seconds():.0f} s"
    )
    if behind.dead:
        raise typer.Exit(1)


@commands.command()
def revive(
    timer: Annotated[uuid.UUID | None, typer.Argument(help="Id of a dead timer.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead timers.")] = False,
) -> None:
    """Let a dead timer be tried again at once, with all its attempts. Do so after its cause is cured."""
    if (timer is None) is not everything:
        raise TimerUnnamed

    async def work(settings: Settings, database: Database) -> int:
        now = clock.now()
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            revived = await timers.revive(uow, timer, now=now)
            if timer is not None and not revived:
                raise TimerNotFound
            for one in revived:
                await audit.note(
                    uow.session,
                    at=now,
                    person_id=0,
                    office_id=0,
                    action="timers:revive",
                    outcome="REVIVED",
                    subject=f"Timer:{one.city_id}:{one.id}",
                    facts={"kind": one.kind, "case": str(one.case_id)},
                )
            return len(revived)

    console.say(f"{with_database(work)} timers revived")
