"""Reading the office tree: by id or code, up, down, and where two offices meet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keyset import LARGEST_PAGE, Page, SortKey, Window, seek, window
from caseway.tenancy.models import ACTS_FOR_SEAT, Office, OfficeEvent, OfficeKind

Key = TypeVar("Key", int, str)

#: Office lists are ordered by code and then id (the width of their cursors is 2).
OFFICE_ORDER = "code,id"
_KEYS = (SortKey(Office.code), SortKey(Office.id))
#: The history of an office, newest first.
EVENT_ORDER = "at,id"
_EVENT_KEYS = (SortKey(OfficeEvent.at, descending=True), SortKey(OfficeEvent.id, descending=True))


def is_within(office: Office, area: Office) -> bool:
    """Whether ``office`` is ``area`` or lies anywhere below it."""
    return office.path.startswith(area.path)


def below(path: str) -> ColumnElement[bool]:
    """The condition "is the office with this path or lies below it": one range of the index on ``path``.

    ``path`` ends with the separator, so everything below sorts before the same text with the next character.
    """
    return (Office.path >= path) & (Office.path < path[:-1] + chr(ord(path[-1]) + 1))


async def by_id(session: AsyncSession, office_id: int) -> Office | None:
    """The office with this id, open or closed."""
    return await session.get(Office, office_id)


async def by_ids(session: AsyncSession, ids: Iterable[int]) -> dict[int, Office]:
    """The offices with these ids, open or closed; ids of no office are left out."""
    found: dict[int, Office] = {}
    for part in _parts(set(ids)):
        found.update((office.id, office) for office in await session.scalars(select(Office).where(Office.id.in_(part))))
    return found


async def by_code(session: AsyncSession, code: str) -> Office | None:
    """The open office with this code: at most one."""
    office: Office | None = await session.scalar(select(Office).where(Office.code == code, Office.valid_to.is_(None)))
    return office


async def by_codes(session: AsyncSession, codes: Iterable[str]) -> dict[str, Office]:
    """The open offices with these codes, by code."""
    found: dict[str, Office] = {}
    for part in _parts(set(codes)):
        rows = await session.scalars(select(Office).where(Office.code.in_(part), Office.valid_to.is_(None)))
        found.update((office.code, office) for office in rows)
    return found


async def last_by_code(session: AsyncSession, code: str) -> Office | None:
    """The open office with this code, else the one that was closed last."""
    office: Office | None = await session.scalar(
        select(Office)
        .where(Office.code == code)
        .order_by(Office.valid_to.desc().nulls_first(), Office.id.desc())
        .limit(1)
    )
    return office


async def children(
    session: AsyncSession, parent_id: int | None, page: Page, *, kinds: Collection[OfficeKind] = ()
) -> Window[Office]:
    """A page of the open offices directly below an office (of the roots if ``None``), of the given kinds or of all."""
    parent = Office.parent_id.is_(None) if parent_id is None else Office.parent_id == parent_id
    return await _page(session, select(Office).where(parent), page, kinds)


async def has_moved(session: AsyncSession, office: Office) -> bool:
    """Whether an office has not always stood where it stands in the tree: it, or one above it, was moved."""
    moved = select(OfficeEvent.id).where(OfficeEvent.office_id.in_(office.chain), OfficeEvent.type == "moved")
    return bool(await session.scalar(select(moved.exists())))


async def subtree(
    session: AsyncSession, area: Office, page: Page, *, kinds: Collection[OfficeKind] = ()
) -> Window[Office]:
    """A page of the open offices at and below an office, of the given kinds or of all."""
    return await _page(session, select(Office).where(below(area.path)), page, kinds)


async def _page(
    session: AsyncSession, statement: Select[Any], page: Page, kinds: Collection[OfficeKind]
) -> Window[Office]:
    statement = statement.where(Office.valid_to.is_(None))
    if kinds:
        statement = statement.where(Office.kind.in_([str(kind) for kind in kinds]))
    return window(list(await session.scalars(seek(statement, page, _KEYS))), page)


async def events(session: AsyncSession, office_id: int, page: Page) -> Window[OfficeEvent]:
    """A page of what changed an office, newest first."""
    statement = seek(select(OfficeEvent).where(OfficeEvent.office_id == office_id), page, _EVENT_KEYS)
    return window(list(await session.scalars(statement)), page)


async def ancestors(session: AsyncSession, office: Office) -> list[Office]:
    """The offices above this one, the root first; empty for a root."""
    above = office.chain[:-1]
    found = await by_ids(session, above)
    return [found[ancestor] for ancestor in above]


def common_id(first: Office, second: Office) -> int | None:
    """The id of the lowest office that is at or above both; ``None`` when they are in different trees."""
    shared = None
    for left, right in zip(first.chain, second.chain, strict=False):
        if left != right:
            break
        shared = left
    return shared


async def lowest_common(session: AsyncSession, first: Office, second: Office) -> Office | None:
    """The lowest office that is at or above both (either of them when one is above the other)."""
    shared = common_id(first, second)
    return None if shared is None else await by_id(session, shared)


async def seat(session: AsyncSession, office: Office) -> Office:
    """The office whose area this one acts for (see ``Office.seat_id``): the office itself, or its government."""
    found = office if office.seat_id == office.id else await by_id(session, office.seat_id)
    return found or office


async def superior(session: AsyncSession, office: Office) -> Office | None:
    """The government next above what ``office`` acts for; ``None`` at the top.

    A department's superior is its own government. A petition office, discipline body or joint conference acts for its
    government, so its superior is the government above that one.
    """
    chain = office.chain
    own = len(chain) - (2 if office.kind in ACTS_FOR_SEAT else 1)
    found = await by_ids(session, chain[: max(own, 0)])
    for ancestor in reversed(chain[: max(own, 0)]):
        if found[ancestor].kind == OfficeKind.GOVERNMENT:
            return found[ancestor]
    return None


async def institutions(
    session: AsyncSession, seat_id: int, kind: OfficeKind, *, limit: int = LARGEST_PAGE
) -> list[Office]:
    """The open institutions of one kind of a government, ordered by code; at most ``limit`` (see ``children`` for
    pages of them)."""
    rows = await session.scalars(
        select(Office)
        .where(Office.parent_id == seat_id, Office.kind == str(kind), Office.valid_to.is_(None))
        .order_by(Office.code, Office.id)
        .limit(limit)
    )
    return list(rows)


async def institution(session: AsyncSession, seat_id: int, kind: OfficeKind) -> Office | None:
    """The first open institution of one kind that may receive cases: a government has one petition office."""
    return next((found for found in await institutions(session, seat_id, kind) if found.is_open), None)


async def successor(session: AsyncSession, office: Office) -> Office:
    """The office that holds the duties of ``office`` now: itself while open, else the end of the line of successors."""
    seen = {office.id}
    while office.valid_to is not None and office.successor_id is not None and office.successor_id not in seen:
        following = await by_id(session, office.successor_id)
        if following is None:
            break
        seen.add(following.id)
        office = following
    return office


async def skipped(session: AsyncSession, sender: Office, receiver: Office) -> Sequence[Office]:
    """The governments strictly between two offices when ``receiver`` lies below the sender's seat, from the top down:
    those over whose heads an order goes (INV-13). Empty for neighbours and for anything not below."""
    top, bottom = sender.seat_id, receiver.seat_id
    chain = receiver.chain
    if top not in chain or bottom == top:
        return []
    between = chain[chain.index(top) + 1 : chain.index(bottom)]
    found = await by_ids(session, between)
    return [found[ancestor] for ancestor in between if found[ancestor].kind == OfficeKind.GOVERNMENT]


async def next_id(session: AsyncSession) -> int:
    """A fresh office id: the path of a new office contains it, so it is needed before the row."""
    return int(await session.scalar(text("select nextval(pg_get_serial_sequence('office', 'id'))")) or 0)


async def locked(session: AsyncSession, ids: Iterable[int]) -> dict[int, Office]:
    """The offices with these ids as they are now, locked until the transaction ends."""
    statement = select(Office).where(Office.id.in_(set(ids))).order_by(Office.id)
    rows = await session.scalars(statement.with_for_update().execution_options(populate_existing=True))
    return {office.id: office for office in rows}


async def open_children(session: AsyncSession, parent_id: int) -> list[Office]:
    """Every open office directly below one, locked, ordered by code: for changes of the tree that concern them all
    (a government has at most a few hundred)."""
    statement = select(Office).where(Office.parent_id == parent_id, Office.valid_to.is_(None))
    rows = await session.scalars(
        statement.order_by(Office.code, Office.id).with_for_update().execution_options(populate_existing=True)
    )
    return list(rows)


async def last_change(session: AsyncSession, ids: Iterable[int]) -> datetime | None:
    """When one of these offices was changed last."""
    found: datetime | None = await session.scalar(
        select(func.max(OfficeEvent.at)).where(OfficeEvent.office_id.in_(set(ids)))
    )
    return found


async def changed_since(session: AsyncSession, office_id: int, type_: str, at: datetime) -> bool:
    """Whether an event of this type happened to an office at or after an instant."""
    found = await session.scalar(
        select(OfficeEvent.id)
        .where(OfficeEvent.office_id == office_id, OfficeEvent.type == type_, OfficeEvent.at >= at)
        .limit(1)
    )
    return found is not None


async def refresh(session: AsyncSession, ids: Collection[int]) -> None:
    """Read again those of these offices that the session holds already, after SQL has changed them behind its back."""
    changed = set(ids)
    known = {item.id for item in session.identity_map.values() if isinstance(item, Office) and item.id in changed}
    for part in _parts(known):
        await session.scalars(select(Office).where(Office.id.in_(part)).execution_options(populate_existing=True))


def _parts(values: Collection[Key], size: int = 1000) -> Iterator[list[Key]]:
    """The values in order, in parts that one statement takes (a protocol message holds 32,767 parameters)."""
    ordered = sorted(values)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]
