"""Which office a rung of a ladder means: from what a rule says ("the county", "the joint conference") to an office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.custody import routes
from caseway.escalation.workflow import Gives
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Level, Office, OfficeKind

#: The joint conference; its office sits with the petition office, which stands in where there is none.
_JOINT = frozenset({"JOINT_CONFERENCE", "JOINT_CONFERENCE_OFFICE"})
_PETITION = frozenset({"PETITION_OFFICE", "COUNTY_PETITION_OFFICE", "CITY_PETITION_OFFICE"})
#: Leaders and bodies of a government: they have no office of their own in the tree.
_GOVERNMENT = frozenset(
    {
        *("GOVERNMENT", "PARTY_COMMITTEE", "LEADERS", "HEADS"),
        *("TOWN_LEADERS", "COUNTY_LEADERS", "CITY_LEADERS", "PROVINCE_LEADERS"),
    }
)
_ABOVE = frozenset({"PARENT", "SUPERIOR", "UPPER_OFFICE", "COMMON_SUPERIOR", "UPPER_PETITION_OFFICE"})
#: Levels of those who apply, besides departments, by the code of the applicant.
_APPLICANTS: Mapping[str, frozenset[Level]] = {
    "VILLAGE_OR_UNIT": frozenset({Level.VILLAGE}),
    "TOWN_OR_DEPT": frozenset({Level.TOWN}),
    "UNIT": frozenset(),
}


class Subject(Protocol):
    """What of a case decides whom it can go up to."""

    @property
    def accused_office_ids(self) -> Sequence[int]: ...


def may_apply(code: str | None, office: Office) -> bool:
    """Whether an office is the one that a rule lets apply. A code that says no more than "who has the case" fits
    everybody."""
    if code is None:
        return True
    if code in Level.__members__:
        return office.level == code
    levels = _APPLICANTS.get(code)
    return levels is None or office.kind == OfficeKind.DEPARTMENT or office.level in levels


async def target(
    session: AsyncSession, subject: Subject, *, code: str, gives: Gives, owner: Office | None, holder: Office
) -> Office | None:
    """The office that a rung means for the holder of a case; ``None`` if nobody answers to the code.

    ``owner`` is the office whose book says so (for the law the holder's own seat). A level means the nearest seat of
    that level at or above the holder; "the one above" is the holder's superior; institutions and leaders are those of
    the owner. What is complained about is passed over: the same body of the next seat above is asked instead. Who takes
    a case up must be able to hold it, so a joint conference's petition office does that for it.
    """
    seat: Office | None = await _start(session, code, owner=owner, holder=holder)
    while seat is not None:
        found = await _at(session, seat, code, subject, gives)
        if found is not None and routes.is_clean(found, subject.accused_office_ids):
            return found
        seat = await offices.superior(session, seat)
    return None


async def _start(session: AsyncSession, code: str, *, owner: Office | None, holder: Office) -> Office | None:
    """The lowest seat that the code can mean."""
    own = await offices.seat(session, holder)
    if code in _ABOVE:
        return await offices.superior(session, own)
    if code in Level.__members__:
        line = [*await offices.ancestors(session, own), own]
        return next(
            (each for each in reversed(line) if each.level == code and each.kind == OfficeKind.GOVERNMENT), None
        )
    if code in _JOINT | _PETITION | _GOVERNMENT:
        seat = await offices.seat(session, owner) if owner is not None else own
        return seat if seat.kind == OfficeKind.GOVERNMENT else await offices.superior(session, seat)
    return None


async def _at(session: AsyncSession, seat: Office, code: str, subject: Subject, gives: Gives) -> Office | None:
    """The body of a seat that the code means."""
    if code in _GOVERNMENT:
        return seat
    if code in _JOINT and not gives.moves_custody:
        conference = await offices.institution(session, seat.id, OfficeKind.JOINT_CONFERENCE)
        if conference is not None:
            return conference
    return await routes.for_seat(session, seat, subject.accused_office_ids)


def is_reached(holder: Office, target: Office, *, code: str) -> bool:
    """Whether what a rung asks for has come about already: the case lies with the target, or above it; where the rung
    names a level, with any office of that seat."""
    own, upper = routes.seat_chain(holder), routes.seat_chain(target)
    if own == upper:
        return holder.id == target.id or code in Level.__members__
    return upper[: len(own)] == own
