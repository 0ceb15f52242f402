"""Reads of many cases at once: pages of lists, grants of a page, timelines. Each is one statement."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    false,
    func,
    not_,
    or_,
    select,
    text,
    tuple_,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.plans_sql import Branch
from caseway.access.tables import CASE_GRANT
from caseway.cases.models import Case, CaseGrant, Registration
from caseway.cases.repository import COPIED, found_by_text, search
from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.ledger.models import LedgerEvent

_KEY: tuple[Any, ...] = (Case.city_id, Case.id)
_ONE_OF: dict[Any, str] = {
    Case.stage: "stages",
    Case.petition_class: "classes",
    Case.channel: "channels",
    Case.field: "fields",
}
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
    return window(list(await session.scalars(rows_of_page(branches, criteria, keys, page))), page)


def rows_of_page(branches: Sequence[Branch], criteria: Criteria, keys: Sequence[SortKey], page: Page) -> Select[Case]:
    """The cases of a page, and one more."""
    found = keys_of_cases(branches, criteria, keys, page).subquery("found")
    statement = select(Case).join(found, and_(Case.city_id == found.c.city_id, Case.id == found.c.id))
    return seek(statement, page, keys)


def keys_of_cases(
    branches: Sequence[Branch], criteria: Criteria, keys: Sequence[SortKey], page: Page
) -> CompoundSelect[Any]:
    """The keys of the cases that each branch alone gives to the page: no more than a page each, so more than one."""
    parts = []
    for number, branch in enumerate(branches):
        found = _by_grants(branch, criteria, keys, page)
        if found is None:
            way: Select[Any] = select(*_KEY).where(branch.condition, *_conditions(criteria))
            found = seek(way, page, keys)
        parts.append(found.subquery(f"b{number}"))
    return union(*(select(part.c.city_id, part.c.id) for part in parts))


def _by_grants(branch: Branch, criteria: Criteria, keys: Sequence[SortKey], page: Page) -> Select[Any] | None:
    """A page of a branch that leads over grants, in the order of the grants' own copies of the sort key; None where
    the way or the order is another."""
    way, grant = branch.granted, CASE_GRANT.c
    if way is None or keys[0].column.key not in COPIED:
        return None
    own = [replace(keys[0], column=grant[keys[0].column.key]), replace(keys[1], column=grant.case_id)]
    of_case = and_(Case.city_id == grant.city_id, Case.id == grant.case_id)
    statement = (
        select(grant.city_id, grant.case_id.label("id"))
        .join_from(CASE_GRANT, Case, of_case)
        .where(way.grant, way.rest, *_conditions(criteria))
    )
    if branch.open_only or criteria.is_open or criteria.is_overdue:
        statement = statement.where(grant.is_open)
    return seek(statement, page, own, times=way.times)


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
    """What a list is narrowed to. Parameters have the names of ``values``, so that text made from them serves other
    criteria of the same ``shape``."""
    found: list[ColumnElement[bool]] = []
    given = values(criteria)

    def parameter(name: str, like: Any) -> BindParameter[Any]:
        return bindparam(name, given[name], type_=like)

    for column, name in _ONE_OF.items():
        if name in given:
            found.append(column == any_(parameter(name, ARRAY(Text))))
    if criteria.within is not None:
        found.append(_LEVELS[criteria.within[1] - 1] == parameter("within", Integer))
    for column, since, before in (
        (Case.received_at, "received_from", "received_before"),
        (Case.due_at, "due_from", "due_before"),
    ):
        if since in given:
            found.append(column >= parameter(since, column.type))
        if before in given:
            found.append(column < parameter(before, column.type))
    if criteria.is_open is not None:
        # Not "is true", from which PostgreSQL does not conclude that the indexes of open cases serve.
        is_open: ColumnElement[bool] = Case.__table__.c.is_open
        found.append(is_open if criteria.is_open else not_(is_open))
    if criteria.is_overdue is not None and criteria.now is not None:
        overdue = and_(Case.is_open, Case.due_at.is_not(None), Case.due_at <= parameter("overdue_at", Case.due_at.type))
        found.append(overdue if criteria.is_overdue else not_(overdue))
    if criteria.text is not None:
        found.append(Case.id.in_(found_by_text(criteria.text, area=given["search_area"])))
    return found


def values(criteria: Criteria) -> dict[str, Any]:
    """The values of the parameters that the criteria are written with."""
    found: dict[str, Any] = {name: list(chosen) for name in _ONE_OF.values() if (chosen := getattr(criteria, name))}
    for name in ("received_from", "received_before", "due_from", "due_before"):
        if (instant := getattr(criteria, name)) is not None:
            found[name] = instant
    if criteria.within is not None:
        found["within"] = criteria.within[0]
    if criteria.is_overdue is not None:
        found["overdue_at"] = criteria.now
    if criteria.text is not None:
        found |= search(criteria.text, area=found.get("within", 0))
    return found


def shape(criteria: Criteria) -> tuple[Any, ...]:
    """Equal for criteria that are the same conditions with other values."""
    depth = criteria.within[1] if criteria.within is not None else 0
    return (*values(criteria), depth, criteria.is_open, criteria.is_overdue)
