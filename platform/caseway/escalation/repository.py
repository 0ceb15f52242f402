"""Every query of escalations that writes or serves a write."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.models import Case, Registration
from caseway.clocks.models import Timer
from caseway.clocks.timers import TimerKind
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.escalation.counters import Occurrence
from caseway.escalation.models import Escalation
from caseway.ledger.models import LedgerEvent
from caseway.rules.models import RuleBook
from caseway.tenancy.models import Office


async def of_case(session: AsyncSession, case: Case) -> list[Escalation]:
    """Every escalation of a case, in the order of their beginning."""
    began = func.coalesce(Escalation.raised_at, Escalation.proposed_at)
    statement = select(Escalation).where(Escalation.city_id == case.city_id, Escalation.case_id == case.id)
    return list(await session.scalars(statement.order_by(began, Escalation.id)))


async def case_of(session: AsyncSession, city_id: int, escalation_id: uuid.UUID) -> uuid.UUID | None:
    """The case of an escalation, as far as the session's scope shows it."""
    statement = select(Escalation.case_id).where(Escalation.city_id == city_id, Escalation.id == escalation_id)
    found: uuid.UUID | None = await session.scalar(statement)
    return found


async def one(session: AsyncSession, case: Case, escalation_id: uuid.UUID) -> Escalation:
    """One escalation of a locked case, as it stands now. Raises ``NotFound``."""
    statement = select(Escalation).where(
        Escalation.city_id == case.city_id, Escalation.id == escalation_id, Escalation.case_id == case.id
    )
    found = (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if found is None:
        raise NotFound
    return found


async def add(uow: UnitOfWork, row: Escalation) -> None:
    """Store a new escalation."""
    uow.session.add(row)
    await uow.session.flush()


async def registrations(session: AsyncSession, case: Case, *, until: datetime) -> list[Occurrence]:
    """The registrations of the case's matter that were entered until an instant, with every case of it."""
    statement = (
        select(Registration.id, Registration.received_at, Registration.channel, Registration.group_size, Office.level)
        .join(Office, Office.id == Registration.office_id)
        .where(
            Registration.city_id == case.city_id,
            Registration.matter_id == case.matter_id,
            Registration.registered_at <= until,
        )
        .order_by(Registration.received_at, Registration.id)
    )
    return [Occurrence(*row) for row in await session.execute(statement)]


async def planned(session: AsyncSession, case: Case) -> datetime | None:
    """When the case is to be looked at next; null if no such timer is set or waits to be tried again by people."""
    statement = select(Timer.due_at).where(
        Timer.city_id == case.city_id,
        Timer.case_id == case.id,
        Timer.kind == TimerKind.ESCALATION_RUNG,
        Timer.dead_at.is_(None),
    )
    found: datetime | None = await session.scalar(statement)
    return found


async def newest_person(session: AsyncSession, case: Case) -> int:
    """Who did what happened to the case last; 0 = the platform."""
    statement = select(LedgerEvent.person_id).where(
        LedgerEvent.city_id == case.city_id, LedgerEvent.case_id == case.id, LedgerEvent.seq == case.version
    )
    return (await session.scalars(statement)).one()


async def stage_at(session: AsyncSession, case: Case, at: datetime) -> str:
    """The stage in which the case stood at an instant that has passed."""
    stage = LedgerEvent.facts["set"]["stage"].astext
    statement = (
        select(stage)
        .where(
            LedgerEvent.city_id == case.city_id,
            LedgerEvent.case_id == case.id,
            LedgerEvent.at <= at,
            stage.is_not(None),
        )
        .order_by(LedgerEvent.seq.desc())
        .limit(1)
    )
    found: str | None = await session.scalar(statement)
    return found if found is not None else case.stage


async def owner_of(session: AsyncSession, book: str) -> Office | None:
    """The office whose book this is; null for a layer of the law."""
    statement = select(Office).join(RuleBook, RuleBook.office_id == Office.id).where(RuleBook.code == book)
    found: Office | None = await session.scalar(statement)
    return found


def by_order(escalations: Sequence[Escalation], order_id: uuid.UUID) -> Escalation | None:
    """The escalation that an order carries up."""
    return next((each for each in escalations if each.order_id == order_id), None)
