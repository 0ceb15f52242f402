"""Reads of many cases at once: pages of lists, grants of a page, timelines. Each is one statement."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, select, text, tuple_, union
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.plans_sql import Branch
from caseway.cases.models import Case, CaseGrant, Registration
from caseway.cases.repository import found_by_text
from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.ledger.models import LedgerEvent

_KEY: tuple[Any, ...] = (Case.city_id, Case.id)
_LEVELS = (Case.l1, Case.l2, Case.l3, Case.l4, Case.l5, Case.l6)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a list of cases is narrowed to; null or empty = not narrowed by it."""

    stages: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    #: Id and depth of an office: cases that it or an office below it holds.
    within: tuple[int, int] | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None
    is_open: bool | None = None
    #: True = open and due at ``now`` or earlier; false = all others.
    is_overdue: bool | None = None
    now: datetime | None = None
    #: Words of title or claim; ordinary cases only.
    text: str | None = None


async def page_of_cases(
    session: AsyncSession, branches: Sequence[Branch], criteria: Criteria, keys: Sequence[SortKey], page: Page
) -> Window[Case]:
    """A page of the cases that any of the branches opens. Each branch is read in order by its own index and gives no
    more than a page; one big OR would walk the table instead."""
    if not branches:
        return window([], page)
    narrowed = _conditions(criteria)
    parts = []
    for number, branch in enumerate(branches):
        way: Select[Any] = select(*_KEY).where(branch.condition, *narrowed)
        parts.append(seek(way, page, keys).subquery(f"b{number}"))
    found = union(*(select(part.c.city_id, part.c.id) for part in parts)).subquery("found")
    statement: Select[Case] = select(Case).join(found, and_(Case.city_id == found.c.city_id, Case.id == found.c.id))
    return window(list(await session.scalars(seek(statement, page, keys))), page)


async def count_cases(session: AsyncSession, branches: Sequence[Branch], criteria: Criteria, *, most: int) -> int:
    """How many cases the branches open, counted no further than ``most``."""
    if not branches:
        return 0
    parts = [
        select(Case.city_id, Case.id).where(branch.condition, *_conditions(criteria)).limit(most).subquery(f"b{number}")
        for number, branch in enumerate(branches)
    ]
    found = union(*(select(part.c.city_id, part.c.id) for part in parts)).subquery("found")
    counted = select(func.count()).select_from(select(found.c.id).limit(most).subquery("capped"))
    return int(await session.scalar(counted) or 0)


async def registrations_of(
    session: AsyncSession, keys: Sequence[tuple[int, uuid.UUID]]
) -> dict[tuple[int, uuid.UUID], list[Registration]]:
    """The registrations of each case, oldest first; empty for cases that the session's scope does not show."""
    statement = (
        select(Registration)
        .where(tuple_(Registration.city_id, Registration.case_id).in_(keys))
        .order_by(Registration.registered_at, Registration.id)
    )
    found: dict[tuple[int, uuid.UUID], list[Registration]] = {key: [] for key in keys}
    for row in await session.scalars(statement):
        found[row.city_id, row.case_id].append(row)
    return found


async def grants_of(
    session: AsyncSession, cases: Iterable[Case], *, office_id: int
) -> dict[tuple[int, uuid.UUID], list[CaseGrant]]:
    """The grants that an office, or persons of it, have on these cases."""
    keys = [(case.city_id, case.id) for case in cases]
    found: dict[tuple[int, uuid.UUID], list[CaseGrant]] = {key: [] for key in keys}
    if keys:
        statement = select(CaseGrant).where(
            CaseGrant.office_id == office_id, tuple_(CaseGrant.city_id, CaseGrant.case_id).in_(keys)
        )
        for grant in await session.scalars(statement):
            found[grant.city_id, grant.case_id].append(grant)
    return found


@dataclass(frozen=True, slots=True)
class AreaCount:
    """How many cases of one class an area holds; ``cases`` is null where the number is too small to be told."""

    petition_class: str
    is_open: bool
    cases: int | None


async def area_counts(session: AsyncSession, office_id: int) -> list[AreaCount]:
    """Counts by class inside an area, by the one function that may count rows its caller does not see: it leaves out
    what is barred to the caller and suppresses accusations under 5."""
    rows = await session.execute(
        text("select petition_class, is_open, cases from app.case_counts(:area)"), {"area": office_id}
    )
    return [AreaCount(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Share:
    """The events of a case that a viewer may see: all; or these types, and those of one office up to an instant."""

    everything: bool = False
    types: tuple[str, ...] = ()
    office_id: int = 0
    until_at: datetime | None = None
    #: Never shown as part of ``office_id``'s events.
    hidden: tuple[str, ...] = ()


async def page_of_events(session: AsyncSession, case: Case, share: Share, page: Page) -> Window[LedgerEvent]:
    """A page of a case's events, oldest first."""
    statement = select(LedgerEvent).where(LedgerEvent.city_id == case.city_id, LedgerEvent.case_id == case.id)
    if not share.everything:
        statement = statement.where(_shared(share))
    return window(list(await session.scalars(seek(statement, page, [SortKey(LedgerEvent.seq)]))), page)


def _shared(share: Share) -> ColumnElement[bool]:
    own: ColumnElement[bool] = false()
    if share.until_at is not None:
        own = and_(
            LedgerEvent.office_id == share.office_id,
            LedgerEvent.at <= share.until_at,
            LedgerEvent.type.not_in(share.hidden),
        )
    return or_(LedgerEvent.type.in_(share.types), own)


def _conditions(criteria: Criteria) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, values in (
        (Case.stage, criteria.stages),
        (Case.petition_class, criteria.classes),
        (Case.channel, criteria.channels),
        (Case.field, criteria.fields),
    ):
        if values:
            found.append(column.in_(values))
    if criteria.within is not None:
        office_id, depth = criteria.within
        found.append(_LEVELS[depth - 1] == office_id)
    if criteria.received_from is not None:
        found.append(Case.received_at >= criteria.received_from)
    if criteria.received_before is not None:
        found.append(Case.received_at < criteria.received_before)
    if criteria.due_from is not None:
        found.append(Case.due_at >= criteria.due_from)
    if criteria.due_before is not None:
        found.append(Case.due_at < criteria.due_before)
    if criteria.is_open is not None:
        found.append(Case.is_open.is_(criteria.is_open))
    if criteria.is_overdue is not None and criteria.now is not None:
        overdue = and_(Case.is_open, Case.due_at.is_not(None), Case.due_at <= criteria.now)
        found.append(overdue if criteria.is_overdue else not_(overdue))
    if criteria.text is not None:
        area = criteria.within[0] if criteria.within is not None else 0
        found.append(Case.id.in_(found_by_text(criteria.text, area=area)))
    return found
