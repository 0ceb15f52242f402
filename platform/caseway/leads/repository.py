"""Every query of leads that writes or serves a write: links of leaders, responsibility lists."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.models import Case
from caseway.db.session import UnitOfWork
from caseway.leads.models import LiaisonLink, ResponsibilityList
from caseway.people.models import Membership, Person

#: Lengths of division codes, the nearest place first.
_CODE_LENGTHS = (12, 9, 6, 4, 2)


def prefixes(place_code: str) -> list[str]:
    """The division codes at and above a place, the place itself first."""
    return [place_code[:length] for length in _CODE_LENGTHS if length <= len(place_code)]


def _in_force(at: datetime) -> ColumnElement[bool]:
    return and_(LiaisonLink.valid_from <= at, or_(LiaisonLink.valid_to.is_(None), LiaisonLink.valid_to > at))


async def links_to(session: AsyncSession, area_ids: Collection[int], *, at: datetime) -> list[LiaisonLink]:
    """The links to these areas that are in force at an instant, whose leaders still hold a post in the office for which
    they are linked; by area, the oldest first."""
    statement = (
        select(LiaisonLink)
        .join(
            Membership,
            and_(Membership.person_id == LiaisonLink.person_id, Membership.office_id == LiaisonLink.office_id),
        )
        .join(Person, Person.id == LiaisonLink.person_id)
        .where(
            LiaisonLink.area_id.in_(set(area_ids)),
            _in_force(at),
            Membership.valid_from <= at,
            or_(Membership.valid_to.is_(None), Membership.valid_to > at),
            or_(Person.deactivated_at.is_(None), Person.deactivated_at > at),
        )
        .distinct()
        .order_by(LiaisonLink.area_id, LiaisonLink.valid_from, LiaisonLink.id)
    )
    return list(await session.scalars(statement))


async def open_link(session: AsyncSession, *, person_id: int, office_id: int, area_id: int) -> LiaisonLink | None:
    """The link of a leader to an area that has not ended."""
    statement = select(LiaisonLink).where(
        LiaisonLink.person_id == person_id,
        LiaisonLink.office_id == office_id,
        LiaisonLink.area_id == area_id,
        LiaisonLink.valid_to.is_(None),
    )
    return (await session.scalars(statement)).one_or_none()


async def lock_link(session: AsyncSession, link_id: int) -> LiaisonLink | None:
    """One link, locked until the end of the transaction."""
    statement = select(LiaisonLink).where(LiaisonLink.id == link_id).with_for_update()
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def add_link(
    uow: UnitOfWork, *, person_id: int, office_id: int, area_id: int, at: datetime, set_by: int
) -> LiaisonLink:
    """Store a new link."""
    row = LiaisonLink(
        person_id=person_id, office_id=office_id, area_id=area_id, valid_from=at, valid_to=None, set_by=set_by
    )
    uow.session.add(row)
    await uow.session.flush()
    return row


async def add_list(uow: UnitOfWork, row: ResponsibilityList) -> None:
    """Store a new list."""
    uow.session.add(row)
    await uow.session.flush()


async def newest(session: AsyncSession, case: Case) -> ResponsibilityList | None:
    """The list of the case that counts; ``None`` if it has none."""
    statement = (
        select(ResponsibilityList)
        .where(ResponsibilityList.city_id == case.city_id, ResponsibilityList.case_id == case.id)
        .order_by(ResponsibilityList.delivered_at.desc(), ResponsibilityList.id.desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def delivered_to(session: AsyncSession, *, area_id: int, person_id: int) -> list[tuple[int, uuid.UUID]]:
    """Home city and id of the open cases whose lists were delivered to a leader for an area, in the order of ids."""
    statement = (
        select(ResponsibilityList.city_id, ResponsibilityList.case_id)
        .join(Case, and_(Case.city_id == ResponsibilityList.city_id, Case.id == ResponsibilityList.case_id))
        .where(
            ResponsibilityList.area_id == area_id,
            ResponsibilityList.linked_person_ids.contains([person_id]),
            Case.is_open,
        )
        .distinct()
        .order_by(ResponsibilityList.case_id)
    )
    return [(city_id, case_id) for city_id, case_id in await session.execute(statement)]
