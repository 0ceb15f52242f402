"""The texts of a case: notices, opinions and records, titles and claims. Those of accusations lie encrypted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.cases import repository
from caseway.cases.models import Case, CaseRecord, Registration
from caseway.cases.workflow import PetitionClass
from caseway.db.base import new_id
from caseway.db.crypto import KeyRing, Purpose
from caseway.db.session import UnitOfWork


@dataclass(frozen=True, slots=True)
class Claim:
    """What one registration says."""

    registration: Registration
    title: str
    claim: str


async def write(
    uow: UnitOfWork,
    keyring: KeyRing,
    case: Case,
    *,
    kind: str,
    at: datetime,
    actor: Actor,
    text: str | None,
    outcome: str | None = None,
    served_at: datetime | None = None,
    order_id: uuid.UUID | None = None,
) -> CaseRecord:
    """Add a text to the case, encrypted under the accusation key if it is an accusation."""
    row = CaseRecord(
        city_id=case.city_id,
        id=new_id(),
        case_id=case.id,
        kind=kind,
        at=at,
        person_id=actor.person_id,
        office_id=actor.office_id or case.holder_id,
        order_id=order_id,
        outcome=outcome,
        served_at=served_at,
    )
    if case.petition_class == PetitionClass.ACCUSATION and text is not None:
        cipher = await keyring.cipher(uow.session, case.city_id, Purpose.ACCUSATION, at)
        row.text_enc = cipher.encrypt("case_record", "text_enc", row.id, text)
    else:
        row.text = text
    await repository.add(uow, row)
    return row


async def read(
    session: AsyncSession, keyring: KeyRing, rows: Sequence[CaseRecord], *, now: datetime
) -> dict[uuid.UUID, str | None]:
    """The texts of these records, by id. Only for callers that checked the case's visibility."""
    texts: dict[uuid.UUID, str | None] = {}
    for row in rows:
        if row.text_enc is None:
            texts[row.id] = row.text
        else:
            cipher = await keyring.cipher(session, row.city_id, Purpose.ACCUSATION, now)
            texts[row.id] = cipher.decrypt("case_record", "text_enc", row.id, row.text_enc)
    return texts


async def claims(session: AsyncSession, keyring: KeyRing, case: Case, *, now: datetime) -> list[Claim]:
    """Title and claim of every registration, oldest first. Only for callers that checked the case's visibility."""
    registrations = await repository.registrations(session, case)
    if case.petition_class != PetitionClass.ACCUSATION:
        return [Claim(row, row.title or "", row.claim or "") for row in registrations]
    sealed = {row.registration_id: row for row in await repository.accusation_records(session, case)}
    cipher = await keyring.cipher(session, case.city_id, Purpose.ACCUSATION, now)
    return [
        Claim(
            row,
            cipher.decrypt("accusation_record", "title_enc", row.id, sealed[row.id].title_enc),
            cipher.decrypt("accusation_record", "claim_enc", row.id, sealed[row.id].claim_enc),
        )
        for row in registrations
        if row.id in sealed
    ]
