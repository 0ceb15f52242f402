"""What a simulation reads past the services: whom there is, how a case stands, and what the year has come to."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases import repository as cases
from caseway.cases.models import Case, CaseGrant
from caseway.clocks.models import ClockEvent, Timer
from caseway.custody import repository as custody
from caseway.custody.models import Order
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.escalation import repository as escalations
from caseway.escalation.models import Escalation
from caseway.ledger.models import LedgerEvent
from caseway.people.models import Membership, Person
from caseway.people.repository import Post, holds_at
from caseway.supervision.models import Supervision
from caseway.tenancy.models import Office, OfficeKind

#: Rows of the ledger or of clock events that are held at once.
_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class View:
    """A case as it stands, with what the simulated people go by."""

    case: Case
    grants: Sequence[CaseGrant]
    #: Orders between offices, the oldest first, and rungs that were climbed.
    orders: Sequence[Order]
    escalations: Sequence[Escalation]


@asynccontextmanager
async def watching(database: Database) -> AsyncIterator[AsyncSession]:
    """A session that sees everything and reads each statement as of its own moment: for looks that are many and short.
    Its connection is closed at the end, so that nobody else gets it with this scope."""
    async with database.engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        for statement in SYSTEM_SCOPE.statement().split("; "):
            await connection.execute(text(statement.replace("SET LOCAL", "SET", 1)))
        async with AsyncSession(connection, expire_on_commit=False, autoflush=False) as session:
            yield session
        await connection.invalidate()


async def view(session: AsyncSession, city_id: int, case_id: uuid.UUID) -> View:
    """A case as it stands now. There is no such case: ``LookupError``."""
    case = await cases.get(session, city_id, case_id)
    if case is None:
        raise LookupError(f"there is no case {case_id}")
    grants = await cases.grants(session, case)
    orders = await custody.orders(session, case)
    climbed = await escalations.of_case(session, case)
    session.expunge_all()
    return View(case, sorted(grants, key=lambda each: (each.since_at, each.office_id, each.kind)), orders, climbed)


async def case_of(session: AsyncSession, city_id: int, number: str) -> uuid.UUID:
    """The case with a number."""
    found = await session.scalars(select(Case.id).where(Case.city_id == city_id, Case.number == number))
    return found.one()


async def posts(session: AsyncSession, *, now: datetime) -> list[Post]:
    """Every post in an open office at an instant."""
    found = await session.execute(
        select(Membership, Person, Office)
        .join(Person, Person.id == Membership.person_id)
        .join(Office, Office.id == Membership.office_id)
        .where(holds_at(now), Office.valid_to.is_(None))
        .order_by(Membership.id)
    )
    return [Post(*row) for row in found]


async def offices_around(session: AsyncSession, root: Office) -> list[Office]:
    """The open offices that can come to take part: those below the root, it and those above it, and their
    institutions."""
    found = await session.scalars(
        select(Office)
        .where(
            Office.valid_to.is_(None),
            or_(
                Office.id.in_(root.chain),
                Office.parent_id.in_(root.chain[:-1]) & (Office.kind != OfficeKind.GOVERNMENT),
                Office.path.startswith(root.path, autoescape=True),
            ),
        )
        .order_by(Office.path)
    )
    return list(found)


async def dead_timers(session: AsyncSession) -> int:
    """Timers whose effect failed too often."""
    return await session.scalar(select(func.count()).select_from(Timer).where(Timer.dead_at.is_not(None))) or 0


async def stages(session: AsyncSession) -> list[tuple[str, int]]:
    """How many cases stand in each stage."""
    rows = await session.execute(select(Case.stage, func.count()).group_by(Case.stage).order_by(Case.stage))
    return [(stage, count) for stage, count in rows]


async def event_types(session: AsyncSession) -> list[tuple[str, int]]:
    """How many events of each type the ledger holds."""
    rows = await session.execute(
        select(LedgerEvent.type, func.count()).group_by(LedgerEvent.type).order_by(LedgerEvent.type)
    )
    return [(type_, count) for type_, count in rows]


async def rungs(session: AsyncSession) -> list[tuple[str, str, int]]:
    """How many rungs were climbed, by what they gave and what became of them."""
    rows = await session.execute(
        select(Escalation.gives, Escalation.state, func.count())
        .group_by(Escalation.gives, Escalation.state)
        .order_by(Escalation.gives, Escalation.state)
    )
    return [(gives, state, count) for gives, state, count in rows]


async def supervisions(session: AsyncSession) -> list[tuple[str, int]]:
    """How many supervisions were opened, by what opened them."""
    rows = await session.execute(
        select(Supervision.trigger, func.count()).group_by(Supervision.trigger).order_by(Supervision.trigger)
    )
    return [(trigger, count) for trigger, count in rows]


async def clock_events(session: AsyncSession) -> AsyncIterator[ClockEvent]:
    """Every clock event, case by case and in order."""
    rows = await session.stream_scalars(
        select(ClockEvent)
        .order_by(ClockEvent.city_id, ClockEvent.case_id, ClockEvent.seq)
        .execution_options(yield_per=_PAGE)
    )
    async for row in rows:
        yield row


async def ledger_hashes(session: AsyncSession) -> AsyncIterator[bytes]:
    """The hash of every ledger event, by case number (bytewise) and place in the case."""
    rows = await session.stream_scalars(
        select(LedgerEvent.hash)
        .join(Case, (Case.city_id == LedgerEvent.city_id) & (Case.id == LedgerEvent.case_id))
        .order_by(Case.number.collate("C"), LedgerEvent.seq)
        .execution_options(yield_per=_PAGE)
    )
    async for row in rows:
        yield row
