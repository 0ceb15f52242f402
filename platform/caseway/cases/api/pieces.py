"""The parts of a case on the graph: claims, masked petitioners, records, limits, events, offered actions."""

from __future__ import annotations

from datetime import datetime

import strawberry

from caseway.cases.codes import RecordKind
from caseway.cases.models import CaseRecord, Petitioner
from caseway.cases.papers import Claim
from caseway.cases.queries import TimelineEntry
from caseway.cases.visibility import Offer
from caseway.cases.workflow import Action, Channel
from caseway.gql.context import Context
from caseway.gql.facts import written
from caseway.gql.fields import field
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office


@strawberry.type(name="Claim", description="What one registration says 投诉请求.")
class ClaimType:
    """Content: shown from CONTENT on."""

    title: str = strawberry.field(description="Title.")
    claim: str = strawberry.field(description="The request, its facts and reasons.")
    channel: Channel = strawberry.field(description="How it came in.")
    received_at: datetime = strawberry.field(description="When it reached the office.")
    registered_at: datetime = strawberry.field(description="When it was entered.")
    group_size: int = strawberry.field(description="How many people raised it.")
    is_repeat: bool = strawberry.field(description="Whether the matter had been registered before 重复信访.")
    office: OfficeType = strawberry.field(description="The office that registered it.")

    @classmethod
    async def of(cls, context: Context, said: Claim) -> ClaimType:
        """The GraphQL object of a registration and its texts."""
        row = said.registration
        return cls(
            title=said.title,
            claim=said.claim,
            channel=Channel(row.channel),
            received_at=row.received_at,
            registered_at=row.registered_at,
            group_size=row.group_size,
            is_repeat=row.is_repeat,
            office=await known_office(context, row.office_id),
        )


@strawberry.type(description="A petitioner or representative 代表, not recognisable.")
class MaskedPetitioner:
    """Never more than this without a recorded purpose."""

    masked_name: str = strawberry.field(description="First character of the name and stars.")
    is_representative: bool = strawberry.field(description="Whether the person speaks for a group.")
    residence_code: str | None = strawberry.field(description="Division code of the town of residence, if told.")
    has_phone: bool = strawberry.field(description="Whether a telephone number is recorded.")


def masked(row: Petitioner, name: str) -> MaskedPetitioner:
    """The shown part of a petitioner."""
    return MaskedPetitioner(
        masked_name=name[:1] + "*" * 2,
        is_representative=row.is_representative,
        residence_code=row.residence_code,
        has_phone=row.phone_enc is not None,
    )


@strawberry.type(name="CaseRecord", description="A notice, opinion or handling record of a case.")
class CaseRecordType:
    """Content, or part of the answer."""

    kind: RecordKind = strawberry.field(description="What it is.")
    at: datetime = strawberry.field(description="When it was recorded.")
    served_at: datetime | None = strawberry.field(
        description="When it was served on the petitioner; null if it was not."
    )
    outcome: str | None = strawberry.field(
        description="Opinions: SUPPORTED, EXPLAINED, NOT_SUPPORTED; refusals: the ground; null if the kind has none."
    )
    text: str | None = strawberry.field(description="The text; null if there is none.")
    office_id: strawberry.Private[int]

    @classmethod
    def of(cls, row: CaseRecord, text: str | None) -> CaseRecordType:
        """The GraphQL object of a record and its opened text."""
        return cls(
            kind=RecordKind(row.kind),
            at=row.at,
            served_at=row.served_at,
            outcome=row.outcome,
            text=text,
            office_id=row.office_id,
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office that wrote it."""
        return await known_office(info.context, self.office_id)


@strawberry.type(description="One event of the ledger 台账, as far as you may see it.")
class TimelineEvent:
    """Facts without the columns they changed."""

    seq: int = strawberry.field(description="Number of the event within the case: 1, 2, 3 …")
    type: str = strawberry.field(description="What happened, such as `case.accepted`.")
    at: datetime = strawberry.field(description="When.")
    reason: str | None = strawberry.field(description="The reason given; null without one or without history.")
    facts: str = strawberry.field(
        description="Further facts as a JSON object: codes, numbers, instants; offices, persons, orders and cases by "
        "their global ids."
    )
    entry: strawberry.Private[TimelineEntry]

    @classmethod
    def of(cls, entry: TimelineEntry, *, city_id: int) -> TimelineEvent:
        """The GraphQL object of a shown event of a case of that home city."""
        facts = written(entry.facts, city_id=city_id)
        return cls(seq=entry.seq, type=entry.type, at=entry.at, reason=entry.reason, facts=facts, entry=entry)

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office that acted, or held the case when the platform did."""
        return await known_office(info.context, self.entry.office_id)

    @field()
    async def person(self, info: strawberry.Info) -> PersonType | None:
        """Who acted; null for the platform itself and for those who see no history."""
        return await known_person(info.context, self.entry.person_id) if self.entry.person_id else None


@strawberry.type(name="CaseAction", description="One thing that can be done with a case.")
class OfferedAction:
    """Computed from the stage and the policy."""

    name: Action = strawberry.field(description="Which action.")
    is_available: bool = strawberry.field(description="Whether you can do it now.")
    reason: str | None = strawberry.field(description="Code it would be refused with; null if it is available.")

    @classmethod
    def of(cls, offer: Offer) -> OfferedAction:
        """The GraphQL object of an offer."""
        return cls(name=offer.action, is_available=offer.is_available, reason=offer.reason)
