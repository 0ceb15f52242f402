"""Reads of many cases for figures: their clocks and the events that close them, as they stood at an instant."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.models import Case
from caseway.cases.workflow import PetitionClass
from caseway.clocks.models import ClockEvent
from caseway.clocks.workflow import ClockState, derive
from caseway.ledger.models import LedgerEvent
from caseway.oversight.figures import Course
from caseway.tenancy.models import Office

#: Home city and id of a case.
CaseKey = tuple[int, uuid.UUID]
_LEVELS = (Case.l1, Case.l2, Case.l3, Case.l4, Case.l5, Case.l6)
#: Cases whose events are read by one statement.
_PART = 1_000


async def concerned(
    session: AsyncSession, area: Office, *, since: datetime, until: datetime, bars: Collection[int], most: int
) -> list[CaseKey]:
    """The ordinary cases that offices of an area hold and that were open at some instant of ``[since, until)``, without
    those barred to the reader; no more than ``most``. Two indexes on the level column lead to them."""
    statement = (
        select(Case.city_id, Case.id)
        .where(
            _LEVELS[area.depth - 1] == area.id,
            Case.petition_class != PetitionClass.ACCUSATION,
            Case.registered_at < until,
            or_(Case.is_open, Case.closed_at >= since),
            not_(Case.barred.overlap(list(bars))),
        )
        .limit(most)
    )
    return [(city_id, case_id) for city_id, case_id in await session.execute(statement)]


async def courses(
    session: AsyncSession, keys: Sequence[CaseKey], *, closing: Collection[str], until: datetime
) -> list[Course]:
    """The clocks of each case, and the instants of the events that close what is asked, by what had happened before
    ``until``: a later extension does not make a rate of the past better."""
    found: list[Course] = []
    for start in range(0, len(keys), _PART):
        part = keys[start : start + _PART]
        known = await clocks_of(session, part, until=until)
        closings: dict[CaseKey, list[datetime]] = {key: [] for key in part}
        for city_id, case_id, at, served_at in await session.execute(
            select(
                LedgerEvent.city_id, LedgerEvent.case_id, LedgerEvent.at, LedgerEvent.facts["served_at"].astext
            ).where(
                tuple_(LedgerEvent.city_id, LedgerEvent.case_id).in_(part),
                LedgerEvent.type.in_(sorted(closing)),
                LedgerEvent.at < until,
            )
        ):
            # What counts is the service of the opinion, not when it was entered (INV-14).
            closings[city_id, case_id].append(datetime.fromisoformat(served_at) if served_at else at)
        found += [Course(tuple(known[key]), tuple(closings[key])) for key in part]
    return found


async def clocks_of(
    session: AsyncSession, keys: Sequence[CaseKey], *, until: datetime | None = None
) -> dict[CaseKey, list[ClockState]]:
    """The clocks of every case, by what had happened before ``until``."""
    events: dict[CaseKey, list[ClockEvent]] = {key: [] for key in keys}
    statement = select(ClockEvent).where(tuple_(ClockEvent.city_id, ClockEvent.case_id).in_(keys))
    if until is not None:
        statement = statement.where(ClockEvent.at < until)
    for event in await session.scalars(statement.order_by(ClockEvent.case_id, ClockEvent.seq)):
        events[event.city_id, event.case_id].append(event)
    return {key: derive(each) for key, each in events.items()}
