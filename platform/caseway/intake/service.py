"""Registering (T1): a matter enters an office and is at once a case with a holder, a clock and a ledger."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from caseway.access.actor import Actor
from caseway.access.facts import case_facts, office_facts
from caseway.access.permissions import Permission, Visibility
from caseway.access.policy import Policy
from caseway.cases import limits, papers, registration
from caseway.cases import repository as cases
from caseway.cases.codes import RecordKind
from caseway.cases.hooks import listeners
from caseway.cases.models import Case, Matter
from caseway.cases.record import begin, holder_changes
from caseway.cases.registration import Entry
from caseway.cases.texts import BODY, Check
from caseway.cases.workflow import FIRST_STAGE, Action, Grade, PetitionClass, is_open, next_stage
from caseway.clocks import service as clocks
from caseway.clocks.service import Planned
from caseway.clocks.workflow import StartEvent
from caseway.custody import routes, transfer
from caseway.db.base import new_id
from caseway.db.crypto import KeyRing
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.intake import placement
from caseway.intake.errors import NotClosed
from caseway.intake.placement import Accused, Draft, Place
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: Older dates of receipt are typing errors.
_OLDEST = timedelta(days=3653)
_FIELD = re.compile(r"[A-Z][A-Z0-9_]{1,39}")
_PLACE = re.compile(r"[0-9]{2,12}")
#: Accused offices and persons that one input may name.
_MOST_ACCUSED = 20


@dataclass(frozen=True, slots=True)
class NewFacts:
    """The ended case whose matter this is about again, and what is new (T29)."""

    city_id: int
    preceding_id: uuid.UUID
    statement: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What is registered: the entry itself, and what it is about."""

    entry: Entry
    petition_class: PetitionClass
    #: Field of the matter, e.g. LAND.
    field: str
    #: Division code of the place it is about.
    place_code: str
    accused_office_ids: tuple[int, ...] = ()
    accused_person_ids: tuple[int, ...] = ()
    #: An accusation that names nobody whom the platform knows.
    accused_unknown: bool = False
    new_facts: NewFacts | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """What registering did. ``number`` is the receipt for the petitioner."""

    city_id: int
    number: str
    #: Null when the case was passed on because it is about the registering office: nothing more is told there.
    case_id: uuid.UUID | None
    version: int | None

    @property
    def passed_on(self) -> bool:
        """Registered, and held elsewhere from the first instant."""
        return self.case_id is None


async def register(
    uow: UnitOfWork, policy: Policy, keyring: KeyRing, actor: Actor, *, intake: Intake, now: datetime
) -> Registered:
    """Register a matter with the acting office. No form, name or document is a condition (INV-18).

    The office holds the case and the registrar is in charge; if the case is about them, the lowest superior free of the
    complaint holds it from the first instant, and nothing of it can be seen here (INV-04).
    Raises ``InvalidInput`` with all problems, ``RepresentativesMax``, ``NotClosed``, ``NobodyToMoveTo``.
    """
    office = await offices.by_id(uow.session, actor.office_id)
    if office is None:
        raise NotFound
    preceding = await _preceding(uow, policy, actor, intake.new_facts, now)
    await policy.require(uow, actor, Permission.CASE_REGISTER, office_facts(actor, actor.office_id, actor.office_path))
    routes.check_open(office)
    fine, accused = await _checked(uow, intake, now)
    await registration.admitted(uow.session, intake.entry, office_id=office.id, at=now)
    draft = Draft(fine.petition_class, fine.field, accused)
    place = await placement.place(uow, draft, office, registrar_id=actor.person_id, at=now)
    columns = await _columns(uow, fine, draft, office, place, preceding, now=now)
    planned = await _first_clocks(uow, columns, place.holder)
    columns["due_at"] = clocks.first_due(planned)
    case = await begin(uow, city_id=_city(office, preceding), case_id=new_id(), at=now, actor=actor, columns=columns)
    await transfer.begin_custody(uow, case, at=now)
    row = await registration.write(uow, keyring, case, fine.entry, at=now, actor=actor, is_repeat=preceding is not None)
    if fine.new_facts is not None:
        await papers.write(
            uow, keyring, case, kind=RecordKind.NEW_FACTS, at=now, actor=actor, text=fine.new_facts.statement
        )
    await clocks.begin(uow, case, planned, actor=actor)
    await listeners.registered(uow, case, row, at=now)
    if place.holder.id != office.id:
        return Registered(case.city_id, case.number, None, None)
    return Registered(case.city_id, case.number, case.id, case.version)


async def _preceding(
    uow: UnitOfWork, policy: Policy, actor: Actor, new_facts: NewFacts | None, now: datetime
) -> Case | None:
    """The ended case that the new facts belong to, as the actor sees it. Raises ``NotFound``, ``NotClosed``."""
    if new_facts is None:
        return None
    case = await cases.get(uow.session, new_facts.city_id, new_facts.preceding_id)
    if case is None:
        raise NotFound
    facts = case_facts(actor, case, await cases.grants(uow.session, case), now=now)
    if policy.visibility(actor, facts) < Visibility.CARD:
        raise NotFound
    if is_open(case.stage):
        raise NotClosed
    next_stage(case.stage, Action.NEW_FACTS)
    return case


async def _checked(uow: UnitOfWork, intake: Intake, now: datetime) -> tuple[Intake, Accused]:
    """The input with trimmed texts, and whom it accuses; every problem of it at once."""
    check = Check()
    if not _FIELD.fullmatch(intake.field):
        check.problem("field", "MALFORMED", "A field is a code such as LAND.")
    if not _PLACE.fullmatch(intake.place_code):
        check.problem("placeCode", "MALFORMED", "A place is a division code of 2 to 12 digits.")
    if intake.entry.received_at < now - _OLDEST:
        check.problem("entry.receivedAt", "TOO_EARLY", "This lies more than ten years back.")
    if len(intake.accused_office_ids) + len(intake.accused_person_ids) > _MOST_ACCUSED:
        check.problem("accused.officeIds", "TOO_MANY", f"Name at most {_MOST_ACCUSED} offices and persons.")
    names_accused = intake.accused_office_ids or intake.accused_person_ids
    if intake.petition_class is PetitionClass.ACCUSATION and not (names_accused or intake.accused_unknown):
        check.problem("accused.officeIds", "REQUIRED", "Say whom the accusation is about, or that it is not known.")
    accused = await placement.find_accused(
        uow.session,
        check,
        office_ids=intake.accused_office_ids[:_MOST_ACCUSED],
        person_ids=intake.accused_person_ids[:_MOST_ACCUSED],
        now=now,
    )
    facts = intake.new_facts
    if facts is not None:
        facts = NewFacts(facts.city_id, facts.preceding_id, check.required("newFacts.statement", facts.statement, BODY))
    entry = registration.checked(intake.entry, now=now, check=check)
    return (
        Intake(
            entry=entry,
            petition_class=intake.petition_class,
            field=intake.field,
            place_code=intake.place_code,
            accused_office_ids=intake.accused_office_ids,
            accused_person_ids=intake.accused_person_ids,
            accused_unknown=intake.accused_unknown,
            new_facts=facts,
        ),
        accused,
    )


def _city(office: Office, preceding: Case | None) -> int:
    """What continues a matter stays with the matter's home city, whoever registers it."""
    return office.city_id if preceding is None else preceding.city_id


async def _columns(
    uow: UnitOfWork,
    intake: Intake,
    draft: Draft,
    office: Office,
    place: Place,
    preceding: Case | None,
    *,
    now: datetime,
) -> dict[str, Any]:
    """The columns of the case but its due instant; a matter of its own unless it continues an earlier one."""
    city_id = _city(office, preceding)
    matter_id = preceding.matter_id if preceding is not None else new_id()
    if preceding is None:
        await cases.add(
            uow,
            Matter(city_id=city_id, id=matter_id, field=intake.field, place_code=intake.place_code, opened_at=now),
        )
    return {
        **holder_changes(place.holder),
        "number": await cases.free_number(uow, city_id=city_id, code=office.code, at=now),
        "matter_id": matter_id,
        "preceding_id": preceding.id if preceding is not None else None,
        "stage": FIRST_STAGE,
        "petition_class": intake.petition_class,
        "channel": intake.entry.channel,
        "field": intake.field,
        "place_code": intake.place_code,
        "registering_office_id": office.id,
        "assignee_id": place.assignee_id,
        "barred": draft.accused.barred,
        "accused_office_ids": list(draft.accused.office_ids),
        "accused_person_ids": list(draft.accused.person_ids),
        "group_size": intake.entry.group_size,
        "grade": Grade.GENERAL,
        "is_first_time": preceding is None,
        "received_at": intake.entry.received_at,
        "registered_at": now,
    }


async def _first_clocks(uow: UnitOfWork, columns: dict[str, Any], holder: Office) -> list[Planned]:
    """What registration starts (T1): limits of sorting or notice count from receipt (art. 22, 23), however late it was
    registered; limits that an office counts from registration count from there."""
    draft = SimpleNamespace(**columns)
    received = await limits.prepare(
        uow, draft, StartEvent.RECEIVED,
        at=draft.received_at, office_id=holder.id, kinds=limits.of_arrival(holder.kind),
    )  # fmt: skip
    registered = await limits.prepare(uow, draft, StartEvent.REGISTERED, at=draft.registered_at, office_id=holder.id)
    return [*received, *registered]
