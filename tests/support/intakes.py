"""What is registered in tests: every argument optional."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from caseway.access.actor import Actor
from caseway.cases.models import Case
from caseway.cases.registration import Entry, PetitionerEntry
from caseway.cases.workflow import Channel, PetitionClass
from caseway.db.scope import SYSTEM_SCOPE
from caseway.intake import service
from caseway.intake.service import Intake
from caseway.tenancy.models import Office
from support.factories import T0, TEST_KEYS
from support.province import Province


def make_intake(
    *,
    petition_class: PetitionClass = PetitionClass.APPEAL_CLAIM,
    received_at: datetime = T0,
    title: str = "征地补偿款未发放",
    claim: str = "请求依法发放征地补偿款。",
    petitioners: Sequence[PetitionerEntry] = (PetitionerEntry(name="张三", phone="13800000001"),),
    group_size: int = 1,
    name_consent: bool = False,
    accused: Sequence[Office] = (),
    **given: Any,
) -> Intake:
    """An ordinary claim about land, unless the test says otherwise."""
    entry = Entry(
        channel=Channel.LETTER,
        received_at=received_at,
        title=title,
        claim=claim,
        petitioners=tuple(petitioners),
        group_size=group_size,
        name_consent=name_consent,
    )
    return Intake(
        entry=entry,
        petition_class=petition_class,
        accused_office_ids=tuple(office.id for office in accused),
        **{"field": "LAND", "place_code": "330402100"} | given,
    )


async def register(province: Province, who: str | Actor, *, now: datetime = T0, **given: Any) -> Case:
    """Register through the real service; the case as the platform sees it."""
    intake = make_intake(**{"received_at": now} | given)
    done = await province.do(service.register, who, TEST_KEYS, intake=intake, now=now)
    return await by_number(province, done.number)


async def by_number(province: Province, number: str) -> Case:
    """The case with this number, as the platform sees it."""
    async with province.db.reader(SYSTEM_SCOPE) as session:
        return (await session.scalars(select(Case).where(Case.number == number))).one()
