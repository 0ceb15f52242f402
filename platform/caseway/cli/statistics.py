"""``caseway statistics …``: count what waits, prove that the roll-ups are what the cases say, and put them right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from caseway.cli import console
from caseway.cli.work import to_its_exit
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.oversight import counting, recount
from caseway.tenancy import repository as offices
from caseway.tenancy.errors import OfficeNotFound

commands = typer.Typer(help="Statistics: count, check and rebuild the roll-ups.", no_args_is_help=True)

City = Annotated[str | None, typer.Option("--city", help="Only cases at home in the city with this office code.")]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(commands, name="statistics")


@commands.command()
def fold() -> None:
    """Count everything that waits to be counted; the worker does so all the time."""

    async def work(database: Database, progress: Callable[[str], None]) -> int:
        console.say(f"{await _fold(database, progress)} events counted")
        return 0

    to_its_exit(work)


@commands.command()
def check(city: City = None) -> None:
    """Count every case anew, from its history, and compare with the roll-ups. Exit code 1 when anything differs."""
    _recount(city, repair=False)


@commands.command()
def rebuild(city: City = None) -> None:
    """Count every case anew and put the roll-ups right where they differ, also cases that were never counted. Events of
    a city wait while it is counted. Exit code 1 when anything differed."""
    _recount(city, repair=True)


def _recount(code: str | None, *, repair: bool) -> None:
    async def work(database: Database, progress: Callable[[str], None]) -> int:
        cases = wrong = forgotten = 0
        for city_id in await _cities(database, code):
            tell = partial(_tell, progress, cases)
            found = await recount.recount(database, city_id, repair=repair, progress=tell)
            cases += found.cases
            wrong += found.differences
            forgotten += found.forgotten
            for line in found.examples:
                print(line)
        if repair:
            await _fold(database, progress)
        done = "put right" if repair else "found wrong"
        console.say(f"{cases} cases counted anew, {wrong or 'no'} numbers {done}, {forgotten or 'no'} cases forgotten")
        return 1 if wrong or forgotten else 0

    to_its_exit(work)


async def _fold(database: Database, progress: Callable[[str], None]) -> int:
    done = 0
    while counted := await counting.fold(database):
        done += counted
        progress(f"{done} events counted")
    return done


def _tell(progress: Callable[[str], None], before: int, seen: int) -> None:
    progress(f"{before + seen} cases counted anew")


async def _cities(database: Database, code: str | None) -> list[int]:
    async with database.reader(SYSTEM_SCOPE) as session:
        if code is None:
            return await recount.cities(session)
        city = await offices.by_code(session, code)
    if city is None:
        raise OfficeNotFound
    return [city.id]
