"""Leads for the graph: links as pages, the lists of many cases at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.leads.models import LiaisonLink, ResponsibilityList

#: Links are listed in the order in which they were set (the width of its cursors is 2).
LINK_ORDER = "valid_from,id"
_KEYS = (SortKey(LiaisonLink.valid_from), SortKey(LiaisonLink.id))


async def page_of_links(
    session: AsyncSession, office_id: int, page: Page, *, at: datetime, with_ended: bool
) -> Window[LiaisonLink]:
    """A page of the links of an office: of its leaders to areas, and of leaders above to it as an area."""
    statement = select(LiaisonLink).where(
        or_(LiaisonLink.office_id == office_id, LiaisonLink.area_id == office_id), LiaisonLink.valid_from <= at
    )
    if not with_ended:
        statement = statement.where(or_(LiaisonLink.valid_to.is_(None), LiaisonLink.valid_to > at))
    return window(list(await session.scalars(seek(statement, page, _KEYS))), page)


async def link(session: AsyncSession, link_id: int) -> LiaisonLink | None:
    """One link, in force or ended."""
    return await session.get(LiaisonLink, link_id)


async def lists(
    session: AsyncSession, keys: Sequence[tuple[int, uuid.UUID]]
) -> dict[tuple[int, uuid.UUID], ResponsibilityList]:
    """The list that counts of each case that has one."""
    statement = (
        select(ResponsibilityList)
        .where(tuple_(ResponsibilityList.city_id, ResponsibilityList.case_id).in_(keys))
        .order_by(ResponsibilityList.delivered_at, ResponsibilityList.id)
    )
    return {(row.city_id, row.case_id): row for row in await session.scalars(statement)}
