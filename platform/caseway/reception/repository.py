"""Every query about sessions, their leaders, and declared resources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.people.models import Membership, Person
from caseway.reception.codes import SessionState
from caseway.reception.evidence import Held, PostHeld
from caseway.reception.models import ReceptionSession, ReceptionTurn, ResourceDeclaration
from caseway.tenancy.models import Office
from caseway.tenancy.repository import below

#: Sessions of an office are listed by their begin (the width of the cursors is 2).
SESSION_ORDER = "starts_at,id"
_SESSION_KEYS = (SortKey(ReceptionSession.starts_at), SortKey(ReceptionSession.id))


def add_session(session: AsyncSession, row: ReceptionSession) -> None:
    """Store a planned session."""
    session.add(row)


def add_turns(session: AsyncSession, session_id: int, leaders: Sequence[int]) -> None:
    """Store whose session it is, in the order named."""
    for position, leader_id in enumerate(leaders, start=1):
        session.add(ReceptionTurn(session_id=session_id, leader_id=leader_id, position=position, present_id=None))


async def get(session: AsyncSession, session_id: int) -> ReceptionSession | None:
    """The session with this id."""
    return await session.get(ReceptionSession, session_id)


async def locked(session: AsyncSession, session_id: int) -> ReceptionSession | None:
    """The session as it is now, locked until the transaction ends."""
    row: ReceptionSession | None = await session.scalar(
        select(ReceptionSession)
        .where(ReceptionSession.id == session_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return row


async def turns(session: AsyncSession, session_ids: Iterable[int]) -> dict[int, list[ReceptionTurn]]:
    """The turns of sessions, in the order of the leaders; an empty list for a session without any."""
    wanted = set(session_ids)
    found: dict[int, list[ReceptionTurn]] = {each: [] for each in wanted}
    statement = select(ReceptionTurn).where(ReceptionTurn.session_id.in_(wanted))
    for turn in await session.scalars(statement.order_by(ReceptionTurn.session_id, ReceptionTurn.position)):
        found[turn.session_id].append(turn)
    return found


async def sessions(
    session: AsyncSession, office_id: int, *, first: date, last: date, page: Page, public_only: bool = False
) -> Window[ReceptionSession]:
    """A page of an office's sessions on the days from ``first`` to ``last``, the earliest first. With ``public_only``
    those of the public schedule, without cancelled ones."""
    statement: Select[Any] = select(ReceptionSession).where(
        ReceptionSession.office_id == office_id, ReceptionSession.day.between(first, last)
    )
    if public_only:
        statement = statement.where(
            ReceptionSession.is_public.is_(True), ReceptionSession.state != SessionState.CANCELLED
        )
    return window(list(await session.scalars(seek(statement, page, _SESSION_KEYS))), page)


async def held(session: AsyncSession, office_id: int, *, first: date, last: date) -> list[Held]:
    """Who was at the held sessions of an office on the days from ``first`` to ``last``, one line for each turn."""
    rows = await session.execute(
        select(
            ReceptionSession.id,
            ReceptionSession.day,
            ReceptionSession.activity,
            ReceptionSession.matters,
            ReceptionTurn.present_id,
        )
        .join(ReceptionTurn, ReceptionTurn.session_id == ReceptionSession.id)
        .where(
            ReceptionSession.office_id == office_id,
            ReceptionSession.day.between(first, last),
            ReceptionSession.state == SessionState.HELD,
        )
        .order_by(ReceptionSession.day, ReceptionSession.id, ReceptionTurn.position)
    )
    return [Held(*row) for row in rows]


async def posts(session: AsyncSession, office_id: int, *, after: datetime, before: datetime) -> list[PostHeld]:
    """The posts in an office that were or will be held at some instant of a time, the oldest first. Deactivated persons
    are among them: what they owed before stays on record."""
    rows = await session.execute(
        select(Membership.person_id, Membership.rank, Membership.roles, Membership.valid_from, Membership.valid_to)
        .where(
            Membership.office_id == office_id,
            Membership.valid_from < before,
            (Membership.valid_to.is_(None)) | (Membership.valid_to > after),
        )
        .order_by(Membership.valid_from, Membership.id)
    )
    return [PostHeld(row[0], row[1], tuple(row[2]), row[3], row[4]) for row in rows]


async def with_posts_below(
    session: AsyncSession, path: str, persons: Collection[int], *, after: datetime, before: datetime
) -> set[int]:
    """Those of the persons who hold a post in the office with this path, or below it, at some instant of a time."""
    found = await session.scalars(
        select(Membership.person_id)
        .join(Office, Office.id == Membership.office_id)
        .where(
            Membership.person_id.in_(set(persons)),
            below(path),
            Membership.valid_from < before,
            (Membership.valid_to.is_(None)) | (Membership.valid_to > after),
        )
    )
    return set(found)


async def names(session: AsyncSession, persons: Iterable[int]) -> Mapping[int, str]:
    """Names of persons, for the public schedule."""
    rows = await session.execute(select(Person.id, Person.name).where(Person.id.in_(set(persons))))
    return {row.id: row.name for row in rows}


def declare(
    session: AsyncSession, *, office_id: int, item: str, amount: Decimal, unit: str, person_id: int, at: datetime
) -> None:
    """Store what an office says it has."""
    session.add(
        ResourceDeclaration(office_id=office_id, item=item, amount=amount, unit=unit, at=at, person_id=person_id)
    )


async def declared(session: AsyncSession, office_id: int) -> dict[str, ResourceDeclaration]:
    """The newest declaration of each item of an office."""
    rows = await session.scalars(
        select(ResourceDeclaration)
        .where(ResourceDeclaration.office_id == office_id)
        .ext(distinct_on(ResourceDeclaration.item))
        .order_by(ResourceDeclaration.item, ResourceDeclaration.id.desc())
    )
    return {row.item: row for row in rows}
