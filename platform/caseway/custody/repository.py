"""Every query of custody that writes or serves a write: intervals, orders, decisions on competence."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.models import Case
from caseway.custody.models import CompetenceDecision, Custody, Order
from caseway.custody.workflow import OrderState
from caseway.db.session import UnitOfWork
from caseway.people.models import Membership


async def intervals(session: AsyncSession, case: Case) -> list[Custody]:
    """The chain of custody, oldest first."""
    statement = select(Custody).where(Custody.city_id == case.city_id, Custody.case_id == case.id)
    return list(await session.scalars(statement.order_by(Custody.seq)))


async def present(session: AsyncSession, case: Case) -> Custody:
    """The open interval: there is always exactly one (INV-01)."""
    statement = select(Custody).where(
        Custody.city_id == case.city_id, Custody.case_id == case.id, Custody.to_at.is_(None)
    )
    return (await session.scalars(statement)).one()


async def orders(session: AsyncSession, case: Case) -> list[Order]:
    """All orders of the case in the order of sending."""
    statement = select(Order).where(Order.city_id == case.city_id, Order.case_id == case.id)
    return list(await session.scalars(statement.order_by(Order.sent_at, Order.id)))


async def order(session: AsyncSession, case: Case, order_id: uuid.UUID) -> Order:
    """One order of the case, as it stands now."""
    statement = select(Order).where(Order.city_id == case.city_id, Order.id == order_id, Order.case_id == case.id)
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one()


async def about(
    session: AsyncSession, office_id: int, *, after: uuid.UUID | None, limit: int
) -> list[tuple[int, uuid.UUID]]:
    """Home city and id of cases about an office, in the order of their ids. Reads the whole table: asked when an office
    is merged, which is rare and may take its time."""
    statement = select(Case.city_id, Case.id).where(Case.accused_office_ids.contains([office_id]))
    if after is not None:
        statement = statement.where(Case.id > after)
    return [(city_id, case_id) for city_id, case_id in await session.execute(statement.order_by(Case.id).limit(limit))]


async def orphaned_accusations(session: AsyncSession, *, now: datetime, limit: int) -> list[tuple[int, uuid.UUID]]:
    """Accusations outside the discipline bodies whose officer has no post in the holding office any more: nobody there
    sees them (domain 5.5), so nobody there could hand them over."""
    in_post = exists().where(
        Membership.person_id == Case.assignee_id,
        Membership.office_id == Case.holder_id,
        Membership.valid_from <= now,
        or_(Membership.valid_to.is_(None), Membership.valid_to > now),
    )
    statement = (
        select(Case.city_id, Case.id)
        .where(
            Case.is_open,
            Case.petition_class == "ACCUSATION",
            not_(Case.held_by_discipline),
            Case.stage != "IN_TRANSIT",
            not_(in_post),
        )
        .order_by(Case.id)
        .limit(limit)
    )
    return [(city_id, case_id) for city_id, case_id in await session.execute(statement)]


async def case_id_of(session: AsyncSession, city_id: int, order_id: uuid.UUID) -> uuid.UUID | None:
    """The case of an order, if the session's scope shows it."""
    found: uuid.UUID | None = await session.scalar(
        select(Order.case_id).where(Order.city_id == city_id, Order.id == order_id)
    )
    return found


async def moving(session: AsyncSession, case: Case) -> Order | None:
    """The order under way that moves custody when it is signed: at most one (a unique index proves it)."""
    statement = select(Order).where(
        Order.city_id == case.city_id,
        Order.case_id == case.id,
        Order.moves_custody,
        Order.state.in_([OrderState.SENT, OrderState.DELIVERED]),
    )
    return (await session.scalars(statement)).one_or_none()


async def objected(session: AsyncSession, case: Case) -> Order | None:
    """The order whose objection waits for an answer or a decision."""
    statement = select(Order).where(
        Order.city_id == case.city_id, Order.case_id == case.id, Order.state == OrderState.OBJECTED
    )
    return (await session.scalars(statement)).one_or_none()


async def waiting(session: AsyncSession, case: Case) -> list[Order]:
    """Every order of the case that somebody still has to deal with."""
    statement = select(Order).where(
        Order.city_id == case.city_id,
        Order.case_id == case.id,
        Order.state.in_([OrderState.SENT, OrderState.DELIVERED, OrderState.OBJECTED]),
    )
    return list(await session.scalars(statement.order_by(Order.sent_at, Order.id)))


async def decisions(session: AsyncSession, case: Case) -> list[CompetenceDecision]:
    """The decisions on competence, newest first."""
    statement = select(CompetenceDecision).where(
        CompetenceDecision.city_id == case.city_id, CompetenceDecision.case_id == case.id
    )
    return list(await session.scalars(statement.order_by(CompetenceDecision.at.desc())))


async def add(uow: UnitOfWork, *rows: Custody | Order | CompetenceDecision) -> None:
    """Store new rows, in the order given."""
    for row in rows:
        uow.session.add(row)
        await uow.session.flush()


async def pass_on(uow: UnitOfWork, case: Case, *, to_office_id: int, at: datetime, order_id: uuid.UUID) -> None:
    """Close the open interval and open the next one at the same instant (INV-02; the constraints prove it)."""
    last = await present(uow.session, case)
    last.to_at = at
    await uow.session.flush()
    await add(
        uow,
        Custody(
            city_id=case.city_id,
            case_id=case.id,
            seq=last.seq + 1,
            office_id=to_office_id,
            from_at=at,
            to_at=None,
            order_id=order_id,
            follows_at=at,
        ),
    )


async def held(
    session: AsyncSession, office_ids: Sequence[int], *, is_open: bool, after: uuid.UUID | None, limit: int
) -> list[tuple[int, uuid.UUID]]:
    """A batch of cases that offices hold, with ``is_open`` without those that have ended, by id, after the last one of
    the batch before: (home city, case)."""
    statement = select(Case.city_id, Case.id).where(Case.holder_id.in_(office_ids))
    if is_open:
        statement = statement.where(Case.is_open)
    if after is not None:
        statement = statement.where(Case.id > after)
    rows = await session.execute(statement.order_by(Case.id).limit(limit))
    return [(city_id, case_id) for city_id, case_id in rows]


async def addressed_open(
    session: AsyncSession, office_id: int, *, after: uuid.UUID | None, limit: int
) -> list[tuple[int, uuid.UUID, uuid.UUID]]:
    """A batch of orders that an office still has to deal with, by id: (home city, case, order)."""
    statement = select(Order.city_id, Order.case_id, Order.id).where(
        Order.receiver_id == office_id, Order.state.in_([OrderState.SENT, OrderState.DELIVERED])
    )
    if after is not None:
        statement = statement.where(Order.id > after)
    rows = await session.execute(statement.order_by(Order.id).limit(limit))
    return [(city_id, case_id, order_id) for city_id, case_id, order_id in rows]
