"""To whom a report goes: from what a rule says ("the government", "the petition office above") to offices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.custody import routes
from caseway.supervision.report_duties import Sender
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Level, Office, OfficeKind


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whom a rule names, and the office it is; ``None`` for several offices at once, people inside the own office, and
    bodies outside the tree."""

    code: str
    office: Office | None


async def sender(session: AsyncSession, office: Office) -> Sender:
    """What decides whether the office is the sender that a rule names."""
    seat = await offices.seat(session, office)
    parent = await offices.by_id(session, office.parent_id) if office.parent_id is not None else None
    petition = await offices.institution(session, seat.id, OfficeKind.PETITION_OFFICE)
    conference = await offices.institution(session, seat.id, OfficeKind.JOINT_CONFERENCE)
    return Sender(
        code=office.code,
        kind=OfficeKind(office.kind),
        level=Level(office.level),
        parent_code=parent.code if parent is not None else None,
        has_petition_office=petition is not None,
        has_joint_conference=conference is not None,
    )


async def receivers(
    session: AsyncSession, codes: Iterable[str], *, office: Office, owner: Office | None
) -> list[Receiver]:
    """Each receiver that a rule names, for the reports of one office. ``owner`` = the office whose book it is; the law
    speaks of the sender's own seat."""
    seat = await offices.seat(session, owner if owner is not None else office)
    return [Receiver(code, await _office(session, code, office=office, seat=seat)) for code in codes]


async def _office(session: AsyncSession, code: str, *, office: Office, seat: Office) -> Office | None:
    found: Office | None = None
    match code:
        case "PARTY_COMMITTEE" | "GOVERNMENT" | "HEADS" | "LEADERS":
            # The committee has no office of its own in the tree: its government's stands for both.
            found = await _government(session, seat)
            if found is not None and found.id == office.id and code not in ("HEADS", "LEADERS"):
                found = await offices.superior(session, found)
        case "PETITION_OFFICE":
            found = await routes.for_seat(session, seat, ())
            if found is not None and found.id == office.id:
                found = await _petition_office_above(session, seat)
        case "UPPER_PETITION_OFFICE":
            found = await _petition_office_above(session, await offices.seat(session, office))
        case "CITY_PETITION_OFFICE":
            city = await offices.by_id(session, office.city_id)
            found = await routes.for_seat(session, city, ()) if city is not None else None
        case "JOINT_CONFERENCE_OFFICE" | "JOINT_CONFERENCE":
            found = await offices.institution(session, seat.id, OfficeKind.JOINT_CONFERENCE)
        case "DISCIPLINE":
            found = await routes.discipline_body(session, seat)
        case _ if code in Level.__members__:
            line = [*await offices.ancestors(session, office), office]
            found = next((each for each in line if each.level == code and each.kind == OfficeKind.GOVERNMENT), None)
    return found


async def _government(session: AsyncSession, office: Office) -> Office | None:
    return office if office.kind == OfficeKind.GOVERNMENT else await offices.superior(session, office)


async def _petition_office_above(session: AsyncSession, seat: Office) -> Office | None:
    above = await offices.superior(session, seat)
    return await routes.for_seat(session, above, ()) if above is not None else None
