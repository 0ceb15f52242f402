"""One entry of a matter with an office: registration, petitioners, and what it says, encrypted where it must be."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import repository
from caseway.cases.entry import Changed, changed, enter
from caseway.cases.errors import NotForAccusations, RepresentativesMax
from caseway.cases.models import AccusationRecord, Case, Petitioner, Registration
from caseway.cases.record import record
from caseway.cases.texts import BODY, TITLE, Check
from caseway.cases.workflow import Action, Channel, PetitionClass, next_stage
from caseway.db.base import new_id
from caseway.db.crypto import KeyRing, Purpose
from caseway.db.session import UnitOfWork

#: Representatives of a group, whatever its size (art. 20; INV-19).
MOST_REPRESENTATIVES = 5
LARGEST_GROUP = 1_000_000
_NAME, _PHONE, _ADDRESS, _CODE = 100, 40, 300, 12


@dataclass(frozen=True, slots=True)
class PetitionerEntry:
    """A petitioner, or a representative of a group: the minimum data (domain 6.3)."""

    name: str
    phone: str | None = None
    address: str | None = None
    #: Division code of the place of residence at town level.
    residence_code: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What is registered. Nobody is turned away for lack of a name or a contact (INV-18): ``petitioners`` may be
    empty."""

    channel: Channel
    received_at: datetime
    title: str
    claim: str
    petitioners: tuple[PetitionerEntry, ...] = ()
    group_size: int = 1
    #: Accusations: whether the informant agrees that the competent body learns the name.
    name_consent: bool = False


def checked(entry: Entry, *, now: datetime, check: Check | None = None) -> Entry:
    """The entry with trimmed texts. Raises ``InvalidInput`` with every problem (also those that ``check`` has found so
    far; their paths begin with ``entry``, as every input calls it), ``RepresentativesMax``."""
    check = check if check is not None else Check()
    title = check.required("entry.title", entry.title, TITLE)
    claim = check.required("entry.claim", entry.claim, BODY)
    if entry.received_at > now:
        check.problem("entry.receivedAt", "FUTURE", "This lies in the future.")
    if not 1 <= entry.group_size <= LARGEST_GROUP:
        check.problem("entry.groupSize", "OUT_OF_RANGE", f"Count 1 to {LARGEST_GROUP} people.")
    elif len(entry.petitioners) > entry.group_size:
        check.problem("entry.groupSize", "TOO_SMALL", "The group has more petitioners than people.")
    people = tuple(
        PetitionerEntry(
            name=check.required(f"entry.petitioners.{place}.name", person.name, _NAME),
            phone=check.optional(f"entry.petitioners.{place}.phone", person.phone, _PHONE),
            address=check.optional(f"entry.petitioners.{place}.address", person.address, _ADDRESS),
            residence_code=check.optional(f"entry.petitioners.{place}.residenceCode", person.residence_code, _CODE),
        )
        # Those beyond the number that may be are refused as a whole, however many they are.
        for place, person in enumerate(entry.petitioners[:MOST_REPRESENTATIVES])
    )
    check.done()
    if len(entry.petitioners) > MOST_REPRESENTATIVES:
        raise RepresentativesMax(maximum=MOST_REPRESENTATIVES)
    return Entry(
        channel=entry.channel,
        received_at=entry.received_at,
        title=title,
        claim=claim,
        petitioners=people,
        group_size=entry.group_size,
        name_consent=entry.name_consent,
    )


async def write(
    uow: UnitOfWork, keyring: KeyRing, case: Case, entry: Entry, *, at: datetime, actor: Actor, is_repeat: bool
) -> Registration:
    """Store a checked entry of a case: texts of accusations under the accusation key and outside every index, names and
    contacts under the petitioner key."""
    accusation = case.petition_class == PetitionClass.ACCUSATION
    row = Registration(
        city_id=case.city_id,
        id=new_id(),
        case_id=case.id,
        matter_id=case.matter_id,
        channel=entry.channel,
        received_at=entry.received_at,
        registered_at=at,
        office_id=actor.office_id,
        registrar_id=actor.person_id,
        title=None if accusation else entry.title,
        claim=None if accusation else entry.claim,
        group_size=entry.group_size,
        is_repeat=is_repeat,
    )
    await repository.add(uow, row)
    if accusation:
        cipher = await keyring.cipher(uow.session, case.city_id, Purpose.ACCUSATION, at)
        sealed = AccusationRecord(
            city_id=case.city_id,
            registration_id=row.id,
            case_id=case.id,
            title_enc=cipher.encrypt("accusation_record", "title_enc", row.id, entry.title),
            claim_enc=cipher.encrypt("accusation_record", "claim_enc", row.id, entry.claim),
            name_consent=entry.name_consent,
        )
        await repository.add(uow, sealed)
    else:
        await repository.index_text(uow, case)
    await _write_petitioners(uow, keyring, case, row, entry, at)
    return row


async def add(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    entry: Entry,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Register the same matter once more, with the case that is about it. No limit moves; accusations are always
    registered anew, so that nobody learns whether there was one before."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_MATCH,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    next_stage(case.stage, Action.ADD_REGISTRATION)
    if case.petition_class == PetitionClass.ACCUSATION:
        raise NotForAccusations
    fine = checked(entry, now=now)
    row = await write(uow, keyring, case, fine, at=at, actor=actor, is_repeat=True)
    await record(
        uow, case,
        type="registration.added", at=at, actor=actor,
        facts={"registration_id": row.id, "channel": entry.channel},
        changes={"group_size": max(case.group_size, fine.group_size)},
    )  # fmt: skip
    return changed(case, row.id)


async def _write_petitioners(
    uow: UnitOfWork, keyring: KeyRing, case: Case, row: Registration, entry: Entry, at: datetime
) -> None:
    if not entry.petitioners:
        return
    cipher = await keyring.cipher(uow.session, case.city_id, Purpose.PETITIONER, at)

    def sealed(column: str, owner: uuid.UUID, value: str | None) -> bytes | None:
        return cipher.encrypt("petitioner", column, owner, value) if value is not None else None

    for position, person in enumerate(entry.petitioners):
        owner = new_id()
        await repository.add(
            uow,
            Petitioner(
                city_id=case.city_id,
                id=owner,
                case_id=case.id,
                registration_id=row.id,
                position=position,
                is_representative=entry.group_size > len(entry.petitioners),
                name_enc=cipher.encrypt("petitioner", "name_enc", owner, person.name),
                phone_enc=sealed("phone_enc", owner, person.phone),
                address_enc=sealed("address_enc", owner, person.address),
                residence_code=person.residence_code,
                phone_index=cipher.blind_index(person.phone) if person.phone is not None else None,
            ),
        )
