"""Escalations for many cases at once, and what waits for an office."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.models import Case
from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.escalation.models import Escalation

#: Home city and id of a case.
CaseKey = tuple[int, uuid.UUID]
#: What waits for an office is listed oldest first.
INCOMING_ORDER = "raised_at,id"
_RAISED = (SortKey(Escalation.raised_at), SortKey(Escalation.id))


async def escalations(session: AsyncSession, keys: Sequence[CaseKey]) -> dict[CaseKey, list[Escalation]]:
    """The escalations of each case, oldest first; empty for cases that the session's scope does not show."""
    began = func.coalesce(Escalation.raised_at, Escalation.proposed_at)
    rows = await session.scalars(
        select(Escalation)
        .where(tuple_(Escalation.city_id, Escalation.case_id).in_(keys))
        .order_by(began, Escalation.id)
    )
    found: dict[CaseKey, list[Escalation]] = {key: [] for key in keys}
    for row in rows:
        found[row.city_id, row.case_id].append(row)
    return found


async def one(session: AsyncSession, city_id: int, escalation_id: uuid.UUID) -> Escalation | None:
    """One escalation as the session's scope shows it."""
    found: Escalation | None = await session.get(Escalation, (city_id, escalation_id))
    return found


async def incoming(
    session: AsyncSession, office_id: int, page: Page, *, seen: ColumnElement[bool]
) -> Window[Escalation]:
    """A page of what was raised to an office and has not ended, oldest first, about cases that satisfy ``seen``: what
    the viewer does not see is not even hinted at by a further page. One index, whatever the number of cases."""
    statement = (
        select(Escalation)
        .join(Case, and_(Case.city_id == Escalation.city_id, Case.id == Escalation.case_id))
        .where(
            Escalation.to_office_id == office_id, Escalation.ended_at.is_(None), Escalation.raised_at.is_not(None), seen
        )
    )
    return window(list(await session.scalars(seek(statement, page, _RAISED))), page)
