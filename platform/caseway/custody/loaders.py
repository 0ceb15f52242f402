"""Custody for many cases at once: one query for all intervals, one for all orders, one for all decisions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.models import Case
from caseway.custody.models import CompetenceDecision, Custody, Order
from caseway.custody.workflow import OrderState
from caseway.db.keyset import Page, SortKey, Window, seek, window

#: Home city and id of a case.
CaseKey = tuple[int, uuid.UUID]
_SENT = (SortKey(Order.sent_at), SortKey(Order.id))
_Row = TypeVar("_Row", Custody, Order, CompetenceDecision)


async def intervals(session: AsyncSession, keys: Sequence[CaseKey]) -> dict[CaseKey, list[Custody]]:
    """The chain of custody of each case, oldest first; empty for cases that the session's scope does not show."""
    mine = tuple_(Custody.city_id, Custody.case_id).in_(keys)
    return _by_case(keys, await session.scalars(select(Custody).where(mine).order_by(Custody.seq)))


async def orders(session: AsyncSession, keys: Sequence[CaseKey]) -> dict[CaseKey, list[Order]]:
    """The orders of each case in the order of sending; empty for cases that the session's scope does not show."""
    mine = tuple_(Order.city_id, Order.case_id).in_(keys)
    return _by_case(keys, await session.scalars(select(Order).where(mine).order_by(Order.sent_at, Order.id)))


async def decisions(session: AsyncSession, keys: Sequence[CaseKey]) -> dict[CaseKey, list[CompetenceDecision]]:
    """The decisions on competence of each case, oldest first; empty for cases that the session's scope does not
    show."""
    mine = tuple_(CompetenceDecision.city_id, CompetenceDecision.case_id).in_(keys)
    rows = await session.scalars(select(CompetenceDecision).where(mine).order_by(CompetenceDecision.at))
    return _by_case(keys, rows)


async def page_of_orders(
    session: AsyncSession, case: Case, page: Page, *, office_id: int | None = None
) -> Window[Order]:
    """A page of the orders of one case in the order of sending; of those that one office sent or received, if named."""
    statement = select(Order).where(Order.city_id == case.city_id, Order.case_id == case.id)
    if office_id is not None:
        statement = statement.where(or_(Order.sender_id == office_id, Order.receiver_id == office_id))
    return window(list(await session.scalars(seek(statement, page, _SENT))), page)


async def incoming(session: AsyncSession, office_id: int, page: Page, *, seen: ColumnElement[bool]) -> Window[Order]:
    """A page of the orders that wait for an office, oldest first, about cases that satisfy ``seen``: what the viewer
    does not see is not even hinted at by a further page. One index, the same cost for any number of cases."""
    statement = (
        select(Order)
        .join(Case, and_(Case.city_id == Order.city_id, Case.id == Order.case_id))
        .where(Order.receiver_id == office_id, Order.state.in_([OrderState.SENT, OrderState.DELIVERED]), seen)
    )
    return window(list(await session.scalars(seek(statement, page, _SENT))), page)


async def order(session: AsyncSession, city_id: int, order_id: uuid.UUID) -> Order | None:
    """One order as the session's scope shows it."""
    found: Order | None = await session.get(Order, (city_id, order_id))
    return found


def _by_case(keys: Iterable[CaseKey], rows: Iterable[_Row]) -> dict[CaseKey, list[_Row]]:
    found: dict[CaseKey, list[_Row]] = {key: [] for key in keys}
    for row in rows:
        found[row.city_id, row.case_id].append(row)
    return found
