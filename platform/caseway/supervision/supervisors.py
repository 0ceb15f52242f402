"""Which office supervises another one: from what a rule says ("the petition office", "the city") to an office."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.custody import routes
from caseway.custody.workflow import SPECS, OrderKind
from caseway.supervision.workflow import OF_DISCIPLINE
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Level, Office, OfficeKind

#: Codes for the joint conference; its office sits with the petition office, which stands in where there is none.
_JOINT = frozenset({"JOINT_CONFERENCE", "JOINT_CONFERENCE_OFFICE"})
_PETITION = frozenset({"PETITION_OFFICE", "CITY_PETITION_OFFICE", "COUNTY_PETITION_OFFICE", "UPPER_PETITION_OFFICE"})


class Subject(Protocol):
    """What of a case decides who may supervise it."""

    @property
    def accused_office_ids(self) -> Sequence[int]: ...


async def supervisor(
    session: AsyncSession, subject: Subject, *, by: str, owner: Office | None, holder: Office
) -> Office | None:
    """The office that a rule names as supervisor of the holder of a case, and that can reach it from above.

    The search begins at the office whose book says so (``owner``; for the law, at the holder's own seat) and goes up
    until an office of that description stands above the holder, is open, and is not the one complained about. ``None``
    if there is none: a section inside the holder's own office, or nobody above the top.
    """
    if by not in _JOINT | _PETITION | OF_DISCIPLINE and by not in Level.__members__:
        return None
    seat: Office | None = await offices.seat(session, owner if owner is not None else holder)
    while seat is not None:
        found = await _at(session, seat, by, subject)
        if found is not None and _above(found, holder) and routes.is_clean(found, subject.accused_office_ids):
            return found
        seat = await offices.superior(session, seat)
    return None


async def _at(session: AsyncSession, seat: Office, by: str, subject: Subject) -> Office | None:
    """The office of that description at a seat."""
    if seat.kind != OfficeKind.GOVERNMENT:
        return None
    if by in OF_DISCIPLINE:
        return await routes.discipline_body(session, seat)
    if by in Level.__members__:
        return seat if seat.level == by else None
    if by in _JOINT:
        conference = await offices.institution(session, seat.id, OfficeKind.JOINT_CONFERENCE)
        if conference is not None:
            return conference
    return await routes.for_seat(session, seat, subject.accused_office_ids)


def _above(found: Office, holder: Office) -> bool:
    return found.id != holder.id and routes.relation(found, holder) in SPECS[OrderKind.SUPERVISE].reach
