"""Where a new case is held from its first instant, and what is accused in it (INV-04)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.texts import Check
from caseway.cases.workflow import PetitionClass
from caseway.custody import routes, transfer
from caseway.custody.errors import NobodyToMoveTo
from caseway.db.session import UnitOfWork
from caseway.people import repository as people
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office, OfficeKind


@dataclass(frozen=True, slots=True)
class Accused:
    """Whom a case is about: the offices, also those where the accused persons have posts, and the persons."""

    office_ids: tuple[int, ...] = ()
    person_ids: tuple[int, ...] = ()

    @property
    def barred(self) -> list[int]:
        """Who must never learn of the case, as principals: offices, and persons as negative ids."""
        return [*self.office_ids, *(-person_id for person_id in self.person_ids)]


@dataclass(frozen=True, slots=True)
class Draft:
    """A case that is not stored yet: what decides where it may be."""

    petition_class: str
    field: str
    accused: Accused

    @property
    def accused_office_ids(self) -> Sequence[int]:
        """See ``Accused``."""
        return self.accused.office_ids

    @property
    def barred(self) -> Sequence[int]:
        """See ``Accused``."""
        return self.accused.barred


@dataclass(frozen=True, slots=True)
class Place:
    """The first holder, and who is in charge there (0 = nobody yet)."""

    holder: Office
    assignee_id: int


async def find_accused(
    session: AsyncSession, check: Check, *, office_ids: Collection[int], person_ids: Collection[int], now: datetime
) -> Accused:
    """The accused offices and persons of an input. Unknown ones are problems (UNKNOWN) of ``check``.

    A person's posts bring in their offices: a complaint about an official is not handled where the official works.
    """
    known_offices = await offices.by_ids(session, office_ids)
    for office_id in sorted(set(office_ids) - known_offices.keys()):
        check.problem("accused.officeIds", "UNKNOWN", f"There is no office {office_id}.")
    known_persons = await people.persons(session, person_ids)
    for person_id in sorted(set(person_ids) - known_persons.keys()):
        check.problem("accused.personIds", "UNKNOWN", f"There is nobody with the id {person_id}.")
    found = set(known_offices)
    for person_id in known_persons:
        found.update(post.office.id for post in await people.memberships(session, person_id, now=now))
    return Accused(tuple(sorted(found)), tuple(sorted(known_persons)))


async def place(uow: UnitOfWork, draft: Draft, office: Office, *, registrar_id: int, at: datetime) -> Place:
    """The registering office and the registrar, unless the case is about them or the office holds no cases: then the
    lowest superior that is free of the complaint, from the first instant. Raises ``NobodyToMoveTo``."""
    own_matter = routes.is_accused(office, draft.accused_office_ids) or -registrar_id in draft.barred
    if not own_matter and office.kind != OfficeKind.JOINT_CONFERENCE:
        return Place(office, registrar_id)
    above = await routes.lowest_clean(uow.session, office, draft)
    if above is None:
        raise NobodyToMoveTo
    in_charge = await transfer.keeper(uow, draft, above, at=at)
    if in_charge or draft.petition_class != PetitionClass.ACCUSATION:
        return Place(above, in_charge)
    # Nobody there could send the accusation on: the competent body of the same seat has it at once.
    body = await routes.discipline_body(uow.session, await offices.seat(uow.session, above))
    fits = body is not None and routes.is_clean(body, draft.accused_office_ids)
    return Place(body if body is not None and fits else above, 0)
