"""``caseway tenants …``: import the divisions, declare offices and staff, look at the tree."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.tree import Tree

from caseway import bundle, clock
from caseway.administration.service import hooks
from caseway.cli import console
from caseway.cli.whatif import what_if
from caseway.db import migrate, server
from caseway.db.address import Address
from caseway.db.keyset import Page
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.leads.declared import Links
from caseway.people.declared import Secrets, Several, declare
from caseway.rules import sentences, service
from caseway.rules.declared import Books
from caseway.rules.resolve import EffectiveRules
from caseway.settings import Settings
from caseway.tenancy import imports, repository
from caseway.tenancy.declared import Action, Step
from caseway.tenancy.errors import DivisionsRefused, OfficeNotFound
from caseway.tenancy.models import Office

commands = typer.Typer(help="Offices and staff: import divisions, plan and apply, show.", no_args_is_help=True)
_STYLES = {Action.CREATE: "green", Action.CHANGE: "yellow", Action.END: "red", Action.KEEP: "dim"}
_SIGNS = {Action.CREATE: "+", Action.CHANGE: "~", Action.END: "-", Action.KEEP: "="}

Result = TypeVar("Result")


def register(app: typer.Typer) -> None:
    """Add the command group."""
    commands.command("what-if")(what_if)
    app.add_typer(commands, name="tenants")


@commands.command("import")
def import_command(
    path: Annotated[Path, typer.Argument(help="Folder of CSV files, or the packed division package (.tgz).")],
    under: Annotated[str | None, typer.Option(help="Only this code, what is below it and what is above it.")] = None,
    changes: Annotated[
        Path | None, typer.Option(help="Recorded changes since the edition; default: those that ship.")
    ] = None,
    edition: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The day up to which the files describe the country.")
    ] = datetime.combine(imports.EDITION_DATE, datetime.min.time()),
) -> None:
    """Bring divisions into the office tree, all or nothing. A second import changes nothing."""
    if under is not None and not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}", under):
        raise DivisionsRefused(f"{under} is no division code of 2, 4, 6, 9 or 12 digits")
    recorded = imports.read_changes(changes or bundle.path("tenants", "divisions", "changes.yaml"))

    async def work(database: Database) -> imports.Imported:
        with _bar() as progress:
            async with database.unit(SYSTEM_SCOPE) as uow:
                await uow.permitted()
                return await imports.import_divisions(
                    uow,
                    path,
                    under=under,
                    edition_date=edition.date(),
                    recorded=recorded,
                    progress=progress,
                    hooks=hooks(clock.now()),
                )

    done = _with_database(work)
    if done.wrote_nothing:
        console.say(f"{done.read:,} offices read, all of them known: nothing to do")
    else:
        console.say(
            f"{done.read:,} offices read, {done.created:,} created, {done.renamed:,} renamed,"
            f" {done.changed:,} recorded changes applied"
        )


@commands.command()
def tree(
    code: Annotated[str, typer.Argument(help="Code of the office to start at.")],
    depth: Annotated[int, typer.Option(min=1, max=5, help="How many levels below it.")] = 1,
) -> None:
    """Show an office, what is above it and what is below it."""

    async def work(database: Database) -> Tree:
        async with database.reader(SYSTEM_SCOPE) as session:
            office = await repository.by_code(session, code)
            if office is None:
                raise OfficeNotFound(f"there is no open office with the code {code}", code=code)
            top = below = Tree(_label(office))
            for ancestor in reversed(await repository.ancestors(session, office)):
                top, below_top = Tree(_label(ancestor)), top
                top.children.append(below_top)

            async def grow(branch: Tree, parent: Office, left: int) -> None:
                page = Page(limit=100)
                while left:
                    found = await repository.children(session, parent.id, page)
                    for child in found.rows:
                        await grow(branch.add(_label(child)), child, left - 1)
                    if not found.has_next:
                        return
                    page = Page(limit=100, after=(found.rows[-1].code, found.rows[-1].id))

            await grow(below, office, depth)
            return top

    console.output().print(_with_database(work))


@commands.command()
def coverage(
    folder: Annotated[Path | None, typer.Argument(help="Folder of rule books; default: those that ship.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every rule with what becomes of it, as JSON.")] = False,
    as_rows: Annotated[bool, typer.Option("--rows", help="The same with tabs, one line for each rule.")] = False,
) -> None:
    """Show what of the rule books has an effect, what waits, and what is undecided."""
    from caseway.rules import coverage as rule_coverage  # builds every kind: only this command pays for it
    from caseway.rules.coverage import Status
    from caseway.rules.library import read_folder

    found = rule_coverage.coverage(read_folder(folder))
    if as_json:
        typer.echo(json.dumps(rule_coverage.as_values(found), ensure_ascii=False, indent=2))
        return
    if as_rows:
        typer.echo(rule_coverage.as_table(found), nl=False)
        return
    table = Table("book", *(Column(status.value.lower(), justify="right") for status in Status), box=None)
    for book in found.books:
        table.add_row(book.book, *(str(book.count(status)) for status in Status))
    table.add_row("all", *(str(found.count(status)) for status in Status), style="bold")
    console.output().print(table)
    for reason, count in found.waiting_for.items():
        console.output().print(f"{count:4} waiting for {reason}", highlight=False)


@commands.command()
def rules(
    code: Annotated[str, typer.Argument(help="Code of the office.")],
    at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day in China's time zone; default: today.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Only rules of this kind.")] = None,
) -> None:
    """Show the rules that apply to an office, with the row behind every value."""
    day = at.date() if at is not None else service.day_of(clock.now())

    async def work(database: Database) -> EffectiveRules:
        async with database.reader(SYSTEM_SCOPE) as session:
            office = await repository.by_code(session, code)
            if office is None:
                raise OfficeNotFound(f"there is no open office with the code {code}", code=code)
            return await service.effective_on(session, office.id, day=day)

    found = _with_database(work)
    table = Table("kind", "about", "parameter", "value", "from", box=None)
    for rule in found.rules:
        if kind is not None and rule.kind != kind:
            continue
        first = [rule.kind, sentences.subject(rule)]
        for name, value, refs in sentences.values(rule):
            table.add_row(*first, name, escape(sentences.words(value)), escape(", ".join(map(str, refs))))
            first = ["", ""]
    console.output().print(table)
    console.say(f"{code} on {day}: {', '.join(f'{book} v{number}' for book, number in found.versions)}")
    for conflict in found.conflicts:
        console.say(f"clamped: {conflict.message}")


@commands.command()
def plan(
    folder: Annotated[Path, typer.Argument(help="Folder of declared .yaml files, or one file.")],
    demo: Annotated[bool, typer.Option("--demo", help="Accept passwords that stand in the files.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show also what stays as it is.")] = False,
) -> None:
    """Show what an apply would do, without doing it."""
    steps = _declare(folder, demo=demo, store=False)
    show(steps, every=every)
    console.say(f"{_summary(steps)}; nothing was stored")


@commands.command("apply")
def apply_command(
    folder: Annotated[Path, typer.Argument(help="Folder of declared .yaml files, or one file.")],
    demo: Annotated[bool, typer.Option("--demo", help="Accept passwords that stand in the files.")] = False,
) -> None:
    """Bring about what is declared, all or nothing. A second apply changes nothing."""
    steps = _declare(folder, demo=demo, store=True)
    show(steps)
    changed = any(step.action is not Action.KEEP for step in steps)
    console.say(f"{_summary(steps)}; {'all of it was stored' if changed else 'nothing was stored'}")


def _declare(folder: Path, *, demo: bool, store: bool) -> list[Step]:
    secrets, now = Secrets.of_process(demo=demo), clock.now()
    return _with_database(
        lambda database: declare(
            database, folder, secrets=secrets, store=store, now=now, hooks=hooks(now), further=Several(Books(), Links())
        )
    )


def show(steps: Sequence[Step], *, every: bool = False) -> None:
    """Print the steps, coloured by what they do; what stays as it is only on demand."""
    for step in steps:
        if step.action is Action.KEEP and not every:
            continue
        line = f"{_SIGNS[step.action]} {step.subject}{': ' if step.detail else ''}{step.detail}"
        console.output().print(escape(line), style=_STYLES[step.action], highlight=False, soft_wrap=True)


def _summary(steps: Sequence[Step]) -> str:
    counts = {action: sum(step.action is action for step in steps) for action in Action}
    if counts[Action.KEEP] == len(steps):
        return f"all {len(steps)} declared things are as declared"
    return ", ".join(f"{count} to {action}" for action, count in counts.items() if count)


def _label(office: Office) -> str:
    marks = [
        word
        for word, given in (
            ("suspended", office.suspended_at is not None),
            ("statistical only", office.statistical_only),
            ("virtual", office.virtual),
        )
        if given
    ]
    return escape(f"{office.code} {office.name} [{', '.join([office.level, office.kind, *marks])}]")


@contextmanager
def _bar() -> Iterator[imports.Progress]:
    """A progress bar on a terminal, nothing anywhere else."""
    shown = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True) as progress:
        task = progress.add_task("reading", total=None)
        yield lambda phase, done, total: progress.update(task, description=phase, completed=done, total=total)


def _with_database(work: Callable[[Database], Awaitable[Result]]) -> Result:
    with ExitStack() as stack:
        with console.progress() as progress:
            where = stack.enter_context(server.running(Settings(), progress=progress))
            if migrate.current(where) != migrate.newest():
                raise migrate.SchemaOutdated
        return asyncio.run(run(where, work))


async def run(where: Address, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Do some work with one connection to the database."""
    database = Database(where.sqlalchemy, pool_size=1, max_overflow=0)
    try:
        return await work(database)
    finally:
        await database.close()
