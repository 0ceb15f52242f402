"""Supervisions, reviews and duties for the graph: pages, and those of many cases at once."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, not_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.codes import RecordKind
from caseway.cases.models import Case, CaseRecord
from caseway.custody.models import Order
from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.supervision.models import (
    AccountabilityEvidence,
    AccountabilityReview,
    ReportDuty,
    Supervision,
)

#: Home city and id of a case.
CaseKey = tuple[int, uuid.UUID]
#: The orders of the lists (the width of their cursors is 2): everything is listed newest first.
SUPERVISION_ORDER, REVIEW_ORDER, DUTY_ORDER = "opened_at,order_id", "opened_at,id", "opened_at,id"
_SUPERVISED = (SortKey(Supervision.opened_at, descending=True), SortKey(Supervision.order_id, descending=True))
_REVIEWED = (
    SortKey(AccountabilityReview.opened_at, descending=True),
    SortKey(AccountabilityReview.id, descending=True),
)
_OWED = (SortKey(ReportDuty.opened_at, descending=True), SortKey(ReportDuty.id, descending=True))


@dataclass(frozen=True, slots=True)
class Supervised:
    """A supervision with the order that carries it."""

    supervision: Supervision
    order: Order
    is_replied: bool


def _of_case(table: type[Supervision] | type[ReportDuty]) -> ColumnElement[bool]:
    return and_(Case.city_id == table.city_id, Case.id == table.case_id)


async def supervisions(session: AsyncSession, keys: Sequence[CaseKey]) -> dict[CaseKey, list[Supervised]]:
    """The supervisions of each case, oldest first; empty for cases that the session's scope does not show."""
    rows = await session.scalars(
        select(Supervision)
        .where(tuple_(Supervision.city_id, Supervision.case_id).in_(keys))
        .order_by(Supervision.opened_at, Supervision.order_id)
    )
    found: dict[CaseKey, list[Supervised]] = {key: [] for key in keys}
    for each in await _with_orders(session, list(rows)):
        found[each.supervision.city_id, each.supervision.case_id].append(each)
    return found


async def page_of_supervisions(
    session: AsyncSession, office_id: int, page: Page, *, seen: ColumnElement[bool]
) -> Window[Supervised]:
    """A page of what an office supervises, newest first, about cases that satisfy ``seen``. One index leads to it."""
    statement = select(Supervision).join(Case, _of_case(Supervision)).where(Supervision.office_id == office_id, seen)
    found = window(list(await session.scalars(seek(statement, page, _SUPERVISED))), page)
    rows = await _with_orders(session, found.rows)
    return Window(rows, has_next=found.has_next, has_previous=found.has_previous, page=found.page)


async def _with_orders(session: AsyncSession, rows: Sequence[Supervision]) -> list[Supervised]:
    keys = [(row.city_id, row.order_id) for row in rows]
    if not keys:
        return []
    orders = {
        (order.city_id, order.id): order
        for order in await session.scalars(select(Order).where(tuple_(Order.city_id, Order.id).in_(keys)))
    }
    replied = await session.execute(
        select(CaseRecord.city_id, CaseRecord.order_id).where(
            tuple_(CaseRecord.city_id, CaseRecord.order_id).in_(keys), CaseRecord.kind == RecordKind.SUPERVISION_REPLY
        )
    )
    done = {(city_id, order_id) for city_id, order_id in replied}
    return [Supervised(row, orders[key], key in done) for row, key in zip(rows, keys, strict=True)]


def _not_barred(bars: Collection[int]) -> ColumnElement[bool]:
    in_file = (
        exists()
        .where(
            AccountabilityEvidence.review_id == AccountabilityReview.id,
            Case.city_id == AccountabilityEvidence.city_id,
            Case.id == AccountabilityEvidence.case_id,
            Case.barred.overlap(list(bars)),
        )
        .correlate(AccountabilityReview)
    )
    return not_(in_file)


async def page_of_reviews(
    session: AsyncSession, office_id: int, page: Page, *, bars: Collection[int]
) -> Window[AccountabilityReview]:
    """A page of the reviews whose duty an office has, newest first, without those with a case in their file that is
    barred to the reader. ``session`` sees every case, so that this can be told; what it answers tells of none."""
    statement: Select[AccountabilityReview] = select(AccountabilityReview).where(
        AccountabilityReview.office_id == office_id, _not_barred(bars)
    )
    return window(list(await session.scalars(seek(statement, page, _REVIEWED))), page)


async def review(session: AsyncSession, review_id: uuid.UUID, *, bars: Collection[int]) -> AccountabilityReview | None:
    """One review, unless a case in its file is barred to the reader. ``session`` as above."""
    statement = select(AccountabilityReview).where(AccountabilityReview.id == review_id, _not_barred(bars))
    return (await session.scalars(statement)).one_or_none()


async def evidence(
    session: AsyncSession, review_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, list[AccountabilityEvidence]]:
    """The files of reviews, as far as the session's scope shows their cases; the case that was registered first comes
    first."""
    rows = await session.scalars(
        select(AccountabilityEvidence)
        .join(Case, and_(Case.city_id == AccountabilityEvidence.city_id, Case.id == AccountabilityEvidence.case_id))
        .where(AccountabilityEvidence.review_id.in_(review_ids))
        .order_by(Case.registered_at, Case.id)
    )
    found: dict[uuid.UUID, list[AccountabilityEvidence]] = {each: [] for each in review_ids}
    for row in rows:
        found[row.review_id].append(row)
    return found


async def page_of_duties(
    session: AsyncSession, office_id: int, page: Page, *, seen: ColumnElement[bool]
) -> Window[ReportDuty]:
    """A page of the duties that events opened for an office, newest first, about cases that satisfy ``seen``."""
    statement = select(ReportDuty).join(Case, _of_case(ReportDuty)).where(ReportDuty.office_id == office_id, seen)
    return window(list(await session.scalars(seek(statement, page, _OWED))), page)


async def duty(session: AsyncSession, city_id: int, duty_id: uuid.UUID) -> ReportDuty | None:
    """One duty of an event, as the session's scope shows it."""
    return await session.get(ReportDuty, (city_id, duty_id))
