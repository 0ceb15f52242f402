"""Reading who brought a matter: only with a purpose, every read in the ledger where the petitioner sees it (INV-29)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import repository
from caseway.cases.entry import enter
from caseway.cases.errors import ConsentRequired
from caseway.cases.models import Case, Petitioner
from caseway.cases.record import record
from caseway.cases.texts import REASON, Check
from caseway.cases.workflow import PetitionClass
from caseway.db.crypto import Cipher, KeyRing, Purpose
from caseway.db.session import UnitOfWork

SHORTEST_PURPOSE, LONGEST_PURPOSE = 5, 200


@dataclass(frozen=True, slots=True)
class PetitionerRead:
    """A petitioner or representative, in clear. Never logged, never cached."""

    id: uuid.UUID
    registration_id: uuid.UUID
    position: int
    is_representative: bool
    name: str
    phone: str | None
    address: str | None
    residence_code: str | None


@dataclass(frozen=True, slots=True)
class IdentityRead:
    """Who brought the matter, and the case's version after the read was recorded."""

    version: int
    petitioners: tuple[PetitionerRead, ...]


async def read(
    uow: UnitOfWork,
    policy: Policy,
    keyring: KeyRing,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    purpose: str,
    legal_power: str | None = None,
    now: datetime,
) -> IdentityRead:
    """The petitioners of a case. ``legal_power`` is the provision by which the competent body reads an informant's name
    without consent; it is recorded.

    Raises ``ConsentRequired``; ``InvalidInput`` without a purpose of 5 to 200 characters.
    """
    entered = await enter(uow, policy, actor, Permission.CASE_IDENTITY, city_id=city_id, case_id=case_id, now=now)
    case = entered.case
    check = Check()
    why = check.required("purpose", purpose, LONGEST_PURPOSE, shortest=SHORTEST_PURPOSE)
    power = check.optional("legalPower", legal_power, REASON)
    check.done()
    await _consented(uow, case, power)
    rows = await repository.petitioners(uow.session, case)
    found: tuple[PetitionerRead, ...] = ()
    if rows:
        cipher = await keyring.cipher(uow.session, case.city_id, Purpose.PETITIONER, now)
        found = tuple(_clear(cipher, row) for row in rows)
    await record(
        uow, case,
        type="identity.read", at=entered.at, actor=actor, reason=why, facts={"legal_power": power}, changes={},
    )  # fmt: skip
    return IdentityRead(case.version, found)


async def _consented(uow: UnitOfWork, case: Case, legal_power: str | None) -> None:
    """The registrar knows the name already; the competent body learns it with the informant's consent, or by a power of
    its own that it names (domain 6.3)."""
    if case.petition_class != PetitionClass.ACCUSATION or not case.held_by_discipline or legal_power is not None:
        return
    if not all(row.name_consent for row in await repository.accusation_records(uow.session, case)):
        raise ConsentRequired


def _clear(cipher: Cipher, row: Petitioner) -> PetitionerRead:
    def opened(column: str, value: bytes | None) -> str | None:
        return cipher.decrypt("petitioner", column, row.id, value) if value is not None else None

    return PetitionerRead(
        id=row.id,
        registration_id=row.registration_id,
        position=row.position,
        is_representative=row.is_representative,
        name=cipher.decrypt("petitioner", "name_enc", row.id, row.name_enc),
        phone=opened("phone_enc", row.phone_enc),
        address=opened("address_enc", row.address_enc),
        residence_code=row.residence_code,
    )
