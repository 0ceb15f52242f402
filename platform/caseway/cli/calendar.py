"""``caseway calendar …``: look at the working days, load the notice of a year, see what would change by it."""

from __future__ import annotations

from calendar import Calendar as Weeks
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from caseway import clock
from caseway.calendars import crosscheck, jobs, loading, repository, service, yearfile
from caseway.calendars.errors import CalendarFileInvalid, CalendarFileUnnamed
from caseway.calendars.jobs import Horizon
from caseway.calendars.loading import YearChange
from caseway.calendars.workdays import Calendar, DayKind
from caseway.calendars.yearfile import YearFile
from caseway.cases import jobs as cases
from caseway.cases import repository as stored_cases
from caseway.cli import console
from caseway.cli.work import with_database
from caseway.clocks import projection
from caseway.clocks.arithmetic import due_date
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.settings import Settings
from caseway.tenancy import repository as offices
from caseway.tenancy.declarations import Fault
from caseway.tenancy.errors import OfficeNotFound

commands = typer.Typer(help="Working days: show them, load a year, see what it changes.", no_args_is_help=True)
#: How a day is marked in a month, beside its colour: off, and worked on although it would be off.
_MARKS = {DayKind.HOLIDAY: "休", DayKind.MAKE_UP_WORKDAY: "班"}
_STYLES = {DayKind.HOLIDAY: "red", DayKind.MAKE_UP_WORKDAY: "green", DayKind.WEEKEND: "dim", DayKind.WORKDAY: ""}
_MONTHS_A_LINE = 3

File = Annotated[
    Path | None, typer.Argument(help="A file such as tenants/calendar/2026.yaml, or a folder of them.", exists=False)
]
Installed = Annotated[
    bool, typer.Option("--installed", help="The years of the installed chinesecalendar package instead of a file.")
]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(commands, name="calendar")


@commands.command()
def show(
    year: Annotated[int | None, typer.Argument(min=2000, max=2099, help="The year; this one if absent.")] = None,
    office: Annotated[str | None, typer.Option("--office", help="Code of the office whose days are shown.")] = None,
) -> None:
    """Show a year month by month: 休 is a day off by notice, 班 one that is worked on although it would be off."""
    wanted = year or clock.now().astimezone(clock.SHANGHAI).year

    async def work(settings: Settings, database: Database) -> tuple[Calendar, str]:
        async with database.reader(SYSTEM_SCOPE) as session:
            stored = (await repository.years(session)).get(wanted)
            notice = stored.notice if stored is not None else "no notice is known: provisional"
            if office is None:
                return await service.national(session), notice
            found = await offices.by_code(session, office)
            if found is None:
                raise OfficeNotFound
            return await service.for_chain(session, found.chain), notice

    calendar, notice = with_database(work)
    print(f"{wanted}: {notice}")
    months = [_month(calendar, wanted, number) for number in range(1, 13)]
    for start in range(0, 12, _MONTHS_A_LINE):
        line = Table.grid(padding=(0, 3))
        line.add_row(*months[start : start + _MONTHS_A_LINE])
        console.output().print(line)
    for day in _special(calendar, wanted):
        local = " by decision of an office" if day in calendar.local else ""
        print(f"{day} {day:%a} {_words(calendar.kind_of(day))} {calendar.name_of(day)}{local}")


@commands.command()
def load(file: File = None, installed: Installed = False) -> None:
    """Load the working days of a year, say day by day what that changes, and let the dates that waited for it follow by
    recorded events. The same year again changes nothing."""
    files = _files(file, installed=installed)

    async def work(settings: Settings, database: Database) -> tuple[list[YearChange], int]:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            changes = [await loading.load_year(uow, each, now=clock.now()) for each in files]
        with _counting("dates that waited") as progress:
            return changes, await cases.follow_calendar(database, now=clock.now(), progress=progress)

    changes, moved = with_database(work)
    _report(changes, "loaded")
    console.say(f"{moved or 'no'} clocks were counted anew")


@commands.command()
def preview(file: File = None, installed: Installed = False) -> None:
    """Say what loading would change, and every date of a running clock that would move, without changing anything."""
    files = _files(file, installed=installed)

    async def work(settings: Settings, database: Database) -> list[YearChange]:
        async with database.reader(SYSTEM_SCOPE) as session:
            changes = [await loading.difference(session, each) for each in files]
            after = await loading.calendar_after(session, files)
            _report(changes, "to be loaded; nothing was stored")
            with _counting("dates that wait") as progress:
                await _show_moved(session, after, progress)
        return changes

    with_database(work)


async def _show_moved(session: AsyncSession, after: Calendar, progress: Callable[[int, int], None]) -> None:
    """A line for each clock that would move or be settled, as they are found; then how many."""
    moved = settled = 0
    found = projection.preview(
        session, lambda calendar: after.with_local(calendar.local.values()), progress=lambda seen: progress(seen, 0)
    )
    async for each in found:
        case = await stored_cases.get(session, each.city_id, each.case_id)
        number = case.number if case is not None else str(each.case_id)
        if each.new_due_at == each.due_at:
            settled += 1
            continue
        moved += 1
        print(f"{number}  {each.kind}  {due_date(each.due_at)} -> {due_date(each.new_due_at)}")
    console.say(f"{moved or 'no'} dates would move, {settled or 'no'} would be settled where they are")


@contextmanager
def _counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A count on a terminal, nothing anywhere else."""
    shown = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda seen, moved: bar.update(task, description=f"{what}: {seen:,} cases seen, {moved:,} moved")


@commands.command()
def check() -> None:
    """Compare the published years with a second source, if it is installed, and see how far they reach. Exit code 1
    when a day differs or the next year should be loaded."""

    async def work(settings: Settings, database: Database) -> tuple[Calendar, Horizon]:
        async with database.reader(SYSTEM_SCOPE) as session:
            return await service.national(session), await jobs.horizon(session, now=clock.now())

    calendar, horizon = with_database(work)
    found = crosscheck.compare(calendar)
    if found is None:
        console.say("the second source (holidays) is not installed: nothing was compared")
    else:
        for day in found.differing:
            print(f"{day} {day:%a} is {_words(calendar.kind_of(day))} here and the opposite in the second source")
        console.say(f"{len(found.years)} years compared, {len(found.differing) or 'no'} days differ")
    console.say(f"published until {horizon.last_day}, {horizon.days_left} days from today")
    if horizon.is_near:
        console.say(f"load the notice of {horizon.missing_year}: caseway calendar load FILE")
    if (found and found.differing) or horizon.is_near:
        raise typer.Exit(1)


def _files(file: Path | None, *, installed: bool) -> list[YearFile]:
    """The years that a command is about, each without fault."""
    if installed and file is None:
        return loading.installed_years()
    if file is None or installed:
        raise CalendarFileUnnamed
    if not file.is_dir():
        return [yearfile.read(file)]
    found = sorted(each for each in file.iterdir() if each.suffix in (".yaml", ".yml"))
    if not found:
        raise CalendarFileInvalid([Fault(str(file), 1, "EMPTY", "this folder holds no .yaml file")])
    return [yearfile.read(each) for each in found]


def _report(changes: Sequence[YearChange], done: str) -> None:
    changed = [each for each in changes if not each.is_nothing]
    for each in changed:
        print(f"{each.year}: {'a new year' if each.is_new else 'changed'}, {len(each.days)} days")
        for day in each.days:
            print(f"  {day}")
        for what, before, after in each.texts:
            print(f"  {what}: {before} -> {after}")
    if changed:
        console.say(f"{len(changed)} of {len(changes)} years {done}")
    else:
        console.say(f"{len(changes)} years are as given: nothing to do")


def _month(calendar: Calendar, year: int, number: int) -> Table:
    first = date(year, number, 1)
    days = [day for day in Weeks().itermonthdates(year, number) if day.month == number]
    table = Table(
        title=f"{first:%Y-%m} · {sum(map(calendar.is_workday, days))} workdays", box=None, padding=(0, 1, 0, 0)
    )
    for name in "一二三四五六日":
        table.add_column(name, justify="right", width=4)
    cells = [Text("")] * first.weekday() + [_cell(calendar, day) for day in days]
    for start in range(0, len(cells), 7):
        table.add_row(*cells[start : start + 7])
    return table


def _cell(calendar: Calendar, day: date) -> Text:
    kind = calendar.kind_of(day)
    return Text(f"{day.day}{_MARKS.get(kind, '  ')}", style=_STYLES[kind])


def _special(calendar: Calendar, year: int) -> list[date]:
    days = (date.fromordinal(each) for each in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1))
    return [day for day in days if calendar.special_day(day) is not None]


def _words(kind: DayKind) -> str:
    return "worked" if kind.is_workday else "off"
