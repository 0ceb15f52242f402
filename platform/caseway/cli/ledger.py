"""``caseway ledger …``: prove that the ledger is whole, and that the cases are what it says."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from caseway import clock
from caseway.cases import rebuild, repository
from caseway.cases.models import Case
from caseway.cli import console
from caseway.cli.work import to_its_exit
from caseway.clocks import service as clocks
from caseway.custody import repository as custody
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.errors import NotFound
from caseway.ledger import audit, service
from caseway.ledger import repository as ledger
from caseway.ledger.models import LedgerEvent
from caseway.ledger.service import Head
from caseway.tenancy import repository as offices
from caseway.tenancy.errors import OfficeNotFound

commands = typer.Typer(
    help="The ledger: prove that it is whole and that the cases agree with it.", no_args_is_help=True
)

City = Annotated[str | None, typer.Option("--city", help="Only cases at home in the city with this office code.")]
Number = Annotated[str | None, typer.Option("--case", help="Only the case with this number.")]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(commands, name="ledger")


@commands.command()
def verify(city: City = None, case: Number = None) -> None:
    """Recompute the hash of every event and follow the chain of every case. Exit code 1 when anything is wrong."""

    async def work(database: Database, progress: Callable[[str], None]) -> int:
        async with database.reader(SYSTEM_SCOPE) as session:
            report = await service.verify_all(
                session,
                lambda cases, events: progress(f"{cases} cases, {events} events verified"),
                city_id=await _city_id(session, city),
                number=case,
            )
        for fault in report.faults:
            print(f"{fault.kind:8} {fault.city_id}/{fault.case_id} event {fault.seq}: {fault.detail}")
        return _conclude(report.cases, len(report.faults), "faults found in their ledger", case)

    to_its_exit(work)


@commands.command("rebuild")
def rebuild_command(
    check: Annotated[bool, typer.Option("--check", help="Only compare, change nothing.")] = False,
    city: City = None,
    case: Number = None,
) -> None:
    """Fold every case from its events and put its row right where it differs. The chain of custody is compared, never
    changed; a case whose events are not whole is left alone. Exit code 1 when anything differed or is not whole."""

    async def work(database: Database, progress: Callable[[str], None]) -> int:
        seen = wrong = 0
        async with database.reader(SYSTEM_SCOPE) as session:
            async for chain in ledger.chains(session, city_id=await _city_id(session, city), number=case):
                seen += 1
                progress(f"{seen} cases compared")
                row = await repository.get(session, chain.city_id, chain.case_id)
                if row is not None and not await _problems(session, row, chain.events):
                    continue
                # Looked at again with the case locked: it may have changed between the two reads.
                problems = await _put_right(database, chain.city_id, chain.case_id, check=check)
                wrong += bool(problems)
                for problem in problems:
                    print(problem)
        return _conclude(seen, wrong, "of them different from their events", case)

    to_its_exit(work)


async def _problems(session: AsyncSession, case: Case, events: Sequence[LedgerEvent]) -> list[str]:
    """What is wrong with a case: its chain, or else where row, clocks and custody differ from it. One line each."""
    where = f"{case.city_id}/{case.id}"
    head = Head(case.version, case.ledger_hash)
    if faults := service.check(case.city_id, case.id, events, head):
        return [f"{where} is not whole and was left alone: {fault.kind} at event {fault.seq}" for fault in faults]
    found = rebuild.row_differences(case, events, due_at=await clocks.due_at(session, case))
    found += rebuild.custody_differences(case, events, await custody.intervals(session, case))
    found += rebuild.grant_differences(case, await repository.grants(session, case))
    return [f"{where} {one.what}: stored {one.stored}, by its events {one.rebuilt}" for one in found]


async def _put_right(database: Database, city_id: int, case_id: uuid.UUID, *, check: bool) -> list[str]:
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        case = await repository.lock(uow, city_id, case_id)
        events = await ledger.events(uow.session, city_id, case_id)
        problems = await _problems(uow.session, case, events)
        if problems and not check and not service.check(city_id, case_id, events, Head(case.version, case.ledger_hash)):
            changed = rebuild.repair(case, events)
            await repository.copy_to_grants(uow.session, case)
            await audit.note(
                uow.session,
                at=clock.now(),
                person_id=0,
                office_id=0,
                action="ledger:rebuild",
                outcome="REPAIRED",
                subject=f"Case:{city_id}:{case_id}",
                facts={"columns": changed},
            )
    return problems


async def _city_id(session: AsyncSession, code: str | None) -> int | None:
    if code is None:
        return None
    city = await offices.by_code(session, code)
    if city is None:
        raise OfficeNotFound
    return city.id


def _conclude(cases: int, wrong: int, what: str, number: str | None) -> int:
    if number is not None and not cases:
        raise NotFound(f"there is no case with the number {number}")
    console.say(f"{cases} cases, {wrong or 'no'} {what}")
    return 1 if wrong else 0
