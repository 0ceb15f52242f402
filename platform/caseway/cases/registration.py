"""One entry of a matter with an office: registration, petitioners, and what it says, encrypted where it must be."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import repository
from caseway.cases.entry import Changed, changed, enter
from caseway.cases.errors import ChannelNotOffered, NotForAccusations, RepresentativesMax
from caseway.cases.hooks import listeners
from caseway.cases.models import AccusationRecord, Case, Petitioner, Registration
from caseway.cases.record import record
from caseway.cases.texts import BODY, TITLE, Check
from caseway.cases.workflow import Action, Channel, PetitionClass, next_stage
from caseway.db.base import new_id
from caseway.db.crypto import KeyRing, Purpose
from caseway.db.session import UnitOfWork
from caseway.rules import service as rules
from caseway.rules.kinds.intake import Intake as IntakeRule

#: More names than any rule could allow are not even looked at (art. 20: five; INV-19).
_MOST_LOOKED_AT = 5
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
    far; their paths begin with ``entry``, as every input calls it)."""
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
        for place, person in enumerate(entry.petitioners[:_MOST_LOOKED_AT])
    )
    check.done()
    return Entry(
        channel=entry.channel,
        received_at=entry.received_at,
        title=title,
        claim=claim,
        petitioners=people,
        group_size=entry.group_size,
        name_consent=entry.name_consent,
    )


async def admitted(session: AsyncSession, entry: Entry, *, office_id: int, at: datetime) -> None:
    """Refuse more representatives than the rules of the office allow a group of that size (art. 20), and a channel that
    neither the law nor the office offers. Raises ``RepresentativesMax``, ``ChannelNotOffered``."""
    for rule in (await rules.effective(session, office_id, at=at)).of(IntakeRule):
        most = rule.params.representatives(entry.group_size)
        if most is not None and len(entry.petitioners) > most:
            sources = (*rule.provenance.get("bands", ()), *rule.provenance.get("representatives_max", ()))
            raise RepresentativesMax(maximum=most, group=entry.group_size, source=", ".join(map(str, sources)))
        offered = rule.params.channels
        if offered is not None and str(entry.channel) not in {str(each.value) for each in offered}:
            raise ChannelNotOffered(channel=str(entry.channel), offered=", ".join(each.value for each in offered))


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
    await admitted(uow.session, entry, office_id=actor.office_id, at=at)
    row = await write(uow, keyring, case, fine, at=at, actor=actor, is_repeat=True)
    await record(
        uow, case,
        type="registration.added", at=at, actor=actor,
        facts={"registration_id": row.id, "channel": entry.channel},
        changes={"group_size": max(case.group_size, fine.group_size)},
    )  # fmt: skip
    await listeners.registered(uow, case, row, at=at)
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
