"""Batched reads of persons and their posts for the graph: one statement for all of a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.people import repository
from caseway.people.models import Membership, Person
from caseway.people.repository import Post
from caseway.tenancy.models import Office


async def persons(session: AsyncSession, ids: Sequence[int]) -> list[Person | None]:
    """A person, or None, for each id."""
    found = await repository.persons(session, ids)
    return [found.get(each) for each in ids]


async def posts(session: AsyncSession, ids: Sequence[int], *, now: datetime) -> list[list[Post]]:
    """The posts at the instant for each person's id, by office path."""
    rows = await session.execute(
        select(Membership, Person, Office)
        .join(Person, Person.id == Membership.person_id)
        .join(Office, Office.id == Membership.office_id)
        .where(Membership.person_id.in_(set(ids)), repository.holds_at(now))
        .order_by(Office.path, Membership.id)
    )
    found: dict[int, list[Post]] = {}
    for row in rows:
        found.setdefault(row[0].person_id, []).append(Post(*row))
    return [found.get(each, []) for each in ids]
