"""Reading ledger events case by case, also of the whole ledger in pages; the only place of the slice with SQL."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Integer, LargeBinary, Text, Uuid, and_, column, select, table, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.ledger.models import LedgerEvent

_cases = table(
    "cases",
    column("city_id", Integer),
    column("id", Uuid),
    column("number", Text),
    column("version", Integer),
    column("ledger_hash", LargeBinary),
)

#: Cases whose events are read at once.
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Chain:
    """The events of one case in order, and what its row says about the newest of them."""

    city_id: int
    case_id: uuid.UUID
    number: str
    version: int
    ledger_hash: bytes
    events: Sequence[LedgerEvent]


async def events(session: AsyncSession, city_id: int, case_id: uuid.UUID) -> Sequence[LedgerEvent]:
    """The events of a case in order."""
    found = await session.scalars(
        select(LedgerEvent)
        .where(LedgerEvent.city_id == city_id, LedgerEvent.case_id == case_id)
        .order_by(LedgerEvent.seq)
        .execution_options(populate_existing=True)
    )
    return found.all()


async def chains(
    session: AsyncSession, *, city_id: int | None = None, number: str | None = None
) -> AsyncIterator[Chain]:
    """Every case with its events, in pages. Row and events are read by one statement, so that a case that changes
    meanwhile is seen either before or after the change."""
    last: tuple[int, uuid.UUID] | None = None
    while True:
        condition = and_(
            _cases.c.city_id == city_id if city_id is not None else true(),
            _cases.c.number == number if number is not None else true(),
            tuple_(_cases.c.city_id, _cases.c.id) > last if last is not None else true(),
        )
        page = select(_cases).where(condition).order_by(_cases.c.city_id, _cases.c.id).limit(_PAGE).subquery("page")
        rows = await session.execute(
            select(page, LedgerEvent)
            .outerjoin_from(
                page, LedgerEvent, and_(LedgerEvent.city_id == page.c.city_id, LedgerEvent.case_id == page.c.id)
            )
            .order_by(page.c.city_id, page.c.id, LedgerEvent.seq)
            .execution_options(populate_existing=True)
        )
        last = None
        for (city, case_id), group in groupby(rows, key=lambda row: (row.city_id, row.id)):
            found = list(group)
            head = found[0]
            last = (city, case_id)
            yield Chain(
                city,
                case_id,
                head.number,
                head.version,
                head.ledger_hash,
                [row.LedgerEvent for row in found if row.LedgerEvent is not None],
            )
        session.expunge_all()
        if last is None:
            return
