"""``caseway simulate``: a year of invented cases in a database of its own, to see what the rules make of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from caseway import demo
from caseway.cli import console
from caseway.clock import SHANGHAI
from caseway.db import keys
from caseway.db.address import Address
from caseway.db.crypto import KeyRing
from caseway.db.session import Database
from caseway.settings import Settings
from caseway.simulation import service
from caseway.simulation.play import Progress as Told
from caseway.simulation.scratch import scratch
from caseway.simulation.summary import Summary
from caseway.worker import EFFECTS


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    year: Annotated[int, typer.Option(min=2022, max=2100, help="The year that is played.")] = 2026,
    office: Annotated[str, typer.Option(help="Code of the office below which it is played.")] = "3304",
    cases: Annotated[int, typer.Option(min=1, max=100_000, help="Matters that arrive in the year.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same ledger.")] = 7,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the database behind, and say where it is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Play a year: matters arrive, staff sort, sign, forget, handle and answer them, timers fire when they are due.

    Offices and staff are those of the demo. Nothing of the configured database is read or written.
    """
    started = monotonic()
    with ExitStack() as stack:
        with console.progress() as say:
            where, directory = stack.enter_context(scratch(keep=keep, progress=say))
            say("loading offices, staff and rule books")
            uvloop.run(_load(where, year))
        with _bar(year) as told:
            found = uvloop.run(_play(where, directory, year, office, cases, seed, told))
    if as_json:
        print(json.dumps(_plain(found), ensure_ascii=False, indent=2))
    else:
        _show(found, f"{year}, below {office}, seed {seed}")
    console.say(f"{found.cases:,} cases and {found.ledger_events:,} ledger events in {monotonic() - started:.1f} s")
    if keep:
        console.say(f"kept in {directory}: look at it with CASEWAY_DATA_DIR={directory} caseway up")


async def _load(where: Address, year: int) -> None:
    database = Database(where.sqlalchemy, pool_size=1, max_overflow=0)
    try:
        await demo.offices_and_staff(database, now=service.staff_since(year))
    finally:
        await database.close()


async def _play(where: Address, directory: Path, year: int, office: str, cases: int, seed: int, told: Told) -> Summary:
    database = Database(where.sqlalchemy, pool_size=2, max_overflow=0)
    keyring = KeyRing(await asyncio.to_thread(keys.master_key, Settings(data_dir=directory)))
    try:
        return await service.simulate(
            database, keyring, year=year, office_code=office, cases=cases, seed=seed, effects=EFFECTS, progress=told
        )
    finally:
        await database.close()


@contextmanager
def _bar(year: int) -> Iterator[Told]:
    """A progress bar over the days of the year on a terminal, nothing anywhere else."""
    shown = Console(stderr=True)
    begins_at, ends_at = service.begin_of(year), service.begin_of(year + 1)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True) as progress:
        task = progress.add_task(f"{year}", total=(ends_at - begins_at).days)

        def told(at: datetime) -> None:
            day = at.astimezone(SHANGHAI).date()
            progress.update(task, description=f"{day}", completed=(at - begins_at).days)

        yield told


def _plain(found: Summary) -> dict[str, Any]:
    limits = [
        {"clock": clock, "layer": layer, **asdict(punctuality)}
        for (clock, layer), punctuality in sorted(found.limits.items())
    ]
    return asdict(found) | {"limits": limits}


def _show(found: Summary, title: str) -> None:
    stages = Table("stage", "cases", title=f"Cases: {title}")
    for stage, count in found.stages.items():
        stages.add_row(stage, f"{count:,}")
    stages.add_section()
    stages.add_row("all", f"{found.cases:,}")
    limits = Table("clock", "layer", "on time", "late", "running", title="Limits")
    for (clock, layer), each in sorted(found.limits.items()):
        limits.add_row(clock, layer, f"{each.kept:,}", f"{each.missed:,}", f"{each.running:,}")
    events = _counts("event", found.events, "What happened")
    fired = _counts("timer", found.fired, "Timers fired")
    fired.add_row("dead", f"{found.dead_timers:,}")
    for table in (stages, limits, events, fired):
        console.output().print(table)
    if found.refused:
        console.output().print(_counts("refused with", found.refused, "Refusals that staff met"))
    console.output().print(_counts("rung and state", found.rungs, "Escalations"))
    console.output().print(_counts("opened by", found.supervisions, "Supervisions"))
    console.output().print(f"ledger hash {found.ledger_hash}", highlight=False)


def _counts(name: str, counts: Mapping[str, int], title: str) -> Table:
    table = Table(name, "times", title=title)
    for key, count in sorted(counts.items()):
        table.add_row(key, f"{count:,}")
    return table
