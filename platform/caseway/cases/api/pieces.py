"""The parts of a case on the graph: claims, masked petitioners, records, limits, events, offered actions."""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime
from typing import Any

import strawberry

from caseway.cases.codes import RecordKind
from caseway.cases.models import CaseRecord, Petitioner
from caseway.cases.papers import Claim
from caseway.cases.queries import TimelineEntry
from caseway.cases.visibility import Offer
from caseway.cases.workflow import Action, Channel
from caseway.clocks.arithmetic import Unit
from caseway.clocks.workflow import ClockKind, ClockState
from caseway.gql import ids
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.fields import field
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office

described(
    ClockKind,
    name="ClockKind",
    description="What a limit is for.",
    values={
        "FORWARD": "转送期限: to sort and send a registered matter (art. 22).",
        "DIRECT_NOTICE": "告知期限 of a body that received it directly (art. 23).",
        "SIGN_FOR": "签收期限 of an order; afterwards receipt is deemed.",
        "ACCEPT_NOTICE": "受理告知期限 of the receiver, from delivery (art. 23).",
        "OBJECT": "异议期限 of the receiver, from delivery (art. 23).",
        "HANDLE": "办理期限, from acceptance (art. 34).",
        "REDO": "重办期限, as ordered.",
        "REVIEW_WINDOW": "The petitioner's window to ask for a review (art. 35).",
        "ORDER": "Reporting limit of an assignment.",
    },
)
described(
    Unit,
    name="LimitUnit",
    description="Unit of a limit.",
    values={
        "DAY": "Calendar days; the day of the event is not counted.",
        "WORKDAY": "Working days with make-up workdays 调休; the day of the event is not counted.",
        "HOUR": "Hours from the instant.",
        "MINUTE": "Minutes from the instant.",
    },
)


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


@strawberry.type(name="Limit", description="A length of time and where it comes from.")
class LimitType:
    """Statutory until rule books replace it."""

    amount: int = strawberry.field(description="How many.")
    unit: Unit = strawberry.field(description="Of what.")
    source: str = strawberry.field(description="Law, article or order that sets it.")


@strawberry.type(name="Clock", description="A limit that runs or ran 期限.")
class ClockType:
    """Derived from clock events, never stored."""

    kind: ClockKind = strawberry.field(description="What it is for.")
    is_statutory: bool = strawberry.field(description="Whether it counts for `Case.dueAt`.")
    started_at: datetime = strawberry.field(description="The event it counts from.")
    limit: LimitType = strawberry.field(description="Its length and source.")
    due_at: datetime = strawberry.field(description="Its end, exclusive.")
    due_on: date | None = strawberry.field(description="Its last day.")
    is_provisional: bool = strawberry.field(description="Whether it depends on a calendar year not yet published.")
    stopped_at: datetime | None = strawberry.field(description="When it stopped; null while it runs.")
    is_overdue: bool = strawberry.field(description="Whether it runs and has passed.")
    office_id: strawberry.Private[int]

    @classmethod
    def of(cls, clock: ClockState, *, now: datetime, due_on: date | None) -> ClockType:
        """The GraphQL object of a derived clock."""
        return cls(
            kind=clock.kind,
            is_statutory=clock.is_statutory,
            started_at=clock.started_at,
            limit=LimitType(amount=clock.limit.amount, unit=clock.limit.unit, source=clock.limit.source),
            due_at=clock.due_at,
            due_on=due_on,
            is_provisional=clock.provisional,
            stopped_at=clock.stopped_at,
            is_overdue=clock.overdue(now),
            office_id=clock.office_id,
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office that owes what the limit measures."""
        return await known_office(info.context, self.office_id)


#: Facts that name something with a global id, by the type of the id.
_OFFICES = frozenset({"to", "from", "office", "competent", "copied", "between"})
_PERSONS = frozenset({"person_id", "previous_id"})
_ORDERS = frozenset({"order_id", "order_ids"})
_CASES = frozenset({"merged_from", "into"})
#: Keys of rows that have no global id: nothing a client could do with them.
_UNTOLD = frozenset({"record_id", "registration_id", "decision_id"})


def told(facts: dict[str, Any], *, city_id: int) -> dict[str, Any]:
    """An event's facts as clients may use them: what has a global id is named by it."""
    return {key: _told(key, value, city_id) for key, value in facts.items() if key not in _UNTOLD}


def _told(key: str, value: Any, city_id: int) -> Any:
    if isinstance(value, list):
        return [_told(key, each, city_id) for each in value]
    if value is None or (value == 0 and key in _PERSONS):
        return None
    if key in _OFFICES:
        return ids.encode("Office", int(value))
    if key in _PERSONS:
        return ids.encode("Person", int(value))
    if key in _ORDERS:
        return ids.encode("Order", city_id, uuid.UUID(str(value)))
    if key in _CASES:
        return ids.encode("Case", city_id, uuid.UUID(str(value)))
    return value


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
        facts = json.dumps(told(entry.facts, city_id=city_id), ensure_ascii=False, sort_keys=True)
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
