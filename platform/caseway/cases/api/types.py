"""Case on the graph: what a viewer sees of it, masked field by field by the permissions of their view."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from caseway.access.permissions import Permission, Visibility
from caseway.cases import loaders, papers, queries, repository, visibility
from caseway.cases.api import enums as enums  # described before they are used
from caseway.cases.api.clocks import ClockType
from caseway.cases.api.parts import parts
from caseway.cases.api.pieces import (
    CaseRecordType,
    ClaimType,
    MaskedPetitioner,
    OfferedAction,
    TimelineEvent,
    masked,
)
from caseway.cases.codes import ANSWER_KINDS
from caseway.cases.visibility import CaseView
from caseway.cases.workflow import Channel, Grade, PetitionClass, Proceeding, Stage
from caseway.clock import SHANGHAI
from caseway.clocks import service as clocks
from caseway.db.crypto import Purpose
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.fields import field as resolved
from caseway.gql.node import Node
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office

if TYPE_CHECKING:
    from caseway.custody.api.types import CustodyInterval, OrderConnection
    from caseway.escalation.api.types import EscalationFinding, EscalationType
    from caseway.leads.api.types import ResponsibilityListType
    from caseway.oversight.api.types import LayerTimeliness
    from caseway.supervision.api.types import SupervisionType

_TICK = timedelta(microseconds=1)
#: Orders are listed in the order of sending.
ORDER_ORDER = "sent_at,id"


def local_day(instant: datetime | None) -> date | None:
    """The last day of a limit that ends at this instant: limits end at 24:00 in China's time zone (C1)."""
    return None if instant is None else (instant - _TICK).astimezone(SHANGHAI).date()


@strawberry.type(
    name="Case",
    description="One proceeding on a matter 信访件. What you see depends on how you and your office relate to it.",
)
class CaseType(Node):
    """Seen through a ``CaseView``: card fields always, everything else by permission."""

    seen: strawberry.Private[CaseView]
    number: str = strawberry.field(description="Human case number, unique in its home city; tells nothing by itself.")
    version: int = strawberry.field(description="Number of the newest event: pass it as `expectedVersion`.")
    visibility: Visibility = strawberry.field(description="How much of the case you see.")
    proceeding: Proceeding = strawberry.field(description="Which proceeding on the matter it is.")
    stage: Stage = strawberry.field(description="Where the work stands.")
    petition_class: PetitionClass = strawberry.field(description="Class of the matter.")
    channel: Channel = strawberry.field(description="How the matter first came in.")
    field: str = strawberry.field(description="Field of the matter, such as LAND or HOUSING.")
    place_code: str = strawberry.field(description="Division code of the place it is about.")
    is_open: bool = strawberry.field(description="Whether an office still owes something.")
    group_size: int = strawberry.field(description="How many people raised it.")
    grade: Grade = strawberry.field(description="How much it asks of an office; decides which limits are about it.")
    is_first_time: bool = strawberry.field(description="Whether its matter had no case before 初信初访.")
    received_at: datetime = strawberry.field(description="When it reached an office.")
    registered_at: datetime = strawberry.field(description="When it was entered.")
    due_at: datetime | None = strawberry.field(
        description="End of the earliest statutory limit that runs, exclusive; null if none runs."
    )
    due_on: date | None = strawberry.field(description="Last day of that limit; null if none runs.")
    is_overdue: bool = strawberry.field(description="Whether that limit has passed.")
    answered_at: datetime | None = strawberry.field(description="When the opinion was served; null before.")
    closed_at: datetime | None = strawberry.field(description="When the proceeding ended; null while it is open.")

    @classmethod
    def of(cls, seen: CaseView, *, now: datetime) -> CaseType:
        """The GraphQL object of a view of at least CARD."""
        row = seen.case
        return cls(
            id=strawberry.ID(ids.encode("Case", row.city_id, row.id)),
            seen=seen,
            number=row.number,
            version=row.version,
            visibility=seen.visibility,
            proceeding=Proceeding(row.proceeding),
            stage=Stage(row.stage),
            petition_class=PetitionClass(row.petition_class),
            channel=Channel(row.channel),
            field=row.field,
            place_code=row.place_code,
            is_open=row.is_open,
            group_size=row.group_size,
            grade=Grade(row.grade),
            is_first_time=row.is_first_time,
            received_at=row.received_at,
            registered_at=row.registered_at,
            due_at=row.due_at,
            due_on=local_day(row.due_at),
            is_overdue=row.is_open and row.due_at is not None and row.due_at <= now,
            answered_at=row.answered_at,
            closed_at=row.closed_at,
        )

    @resolved()
    async def holder(self, info: strawberry.Info) -> OfficeType:
        """The one office that holds it now."""
        return await known_office(info.context, self.seen.case.holder_id)

    @resolved()
    async def registering_office(self, info: strawberry.Info) -> OfficeType:
        """The office that registered it."""
        return await known_office(info.context, self.seen.case.registering_office_id)

    @resolved()
    async def assignee(self, info: strawberry.Info) -> PersonType | None:
        """Who handles it 承办人. Null if nobody does, or outside the holding office without content."""
        return await self._officer(info, self.seen.case.assignee_id)

    @resolved()
    async def lead(self, info: strawberry.Info) -> PersonType | None:
        """Leader in charge 包案领导. Null if none is, or outside the holding office without content."""
        return await self._officer(info, self.seen.case.lead_id)

    async def _officer(self, info: strawberry.Info, person_id: int) -> PersonType | None:
        inside = info.context.acting().office_id == self.seen.case.holder_id
        if person_id == 0 or not (inside or self.seen.may(Permission.CASE_CONTENT)):
            return None
        return await known_person(info.context, person_id)

    @resolved()
    async def title(self, info: strawberry.Info) -> str | None:
        """Title of the first registration. Null below CONTENT."""
        said = await self._claims(info)
        return said[0].title if said else None

    @resolved(metadata={"list_size": 3})
    async def claims(self, info: strawberry.Info) -> list[ClaimType] | None:
        """What was said 诉求, one entry per registration, oldest first. Null below CONTENT."""
        said = await self._claims(info)
        if said is None:
            return None
        return [await ClaimType.of(info.context, each) for each in said]

    async def _claims(self, info: strawberry.Info) -> list[papers.Claim] | None:
        if not self.seen.may(Permission.CASE_CONTENT):
            return None
        context: Context = info.context
        row = self.seen.case
        if row.petition_class == PetitionClass.ACCUSATION:
            async with context.reader() as session:
                return await papers.claims(session, context.keyring, row, now=context.now())

        async def load(wanted: list[Any]) -> list[list[papers.Claim]]:
            async with context.reader() as session:
                found = await loaders.registrations_of(session, wanted)
            return [[papers.Claim(each, each.title or "", each.claim or "") for each in found[key]] for key in wanted]

        said: list[papers.Claim] = await context.loader("claims", load).load((row.city_id, row.id))
        return said

    @resolved(metadata={"list_size": 5})
    async def petitioners(self, info: strawberry.Info) -> list[MaskedPetitioner] | None:
        """Petitioners and representatives, at most five a registration, names masked. Null below CONTENT. Clear data
        is read with a purpose, through `caseIdentityRead`."""
        if not self.seen.may(Permission.CASE_CONTENT):
            return None
        context: Context = info.context
        async with context.reader() as session:
            rows = await repository.petitioners(session, self.seen.case)
            if not rows:
                return []
            cipher = await context.keyring.cipher(session, self.seen.case.city_id, Purpose.PETITIONER, context.now())
        return [masked(row, cipher.decrypt("petitioner", "name_enc", row.id, row.name_enc)) for row in rows]

    @resolved(metadata={"list_size": 10})
    async def records(self, info: strawberry.Info) -> list[CaseRecordType] | None:
        """Notices, opinions and handling records, oldest first. An earlier holder sees the answer only; null if you see
        neither content nor answer."""
        context: Context = info.context
        if self.seen.may(Permission.CASE_CONTENT):
            kinds: tuple[str, ...] = ()
        elif self.seen.may(Permission.CASE_ANSWER):
            kinds = ANSWER_KINDS
        else:
            return None
        async with context.reader() as session:
            rows = await repository.records(session, self.seen.case, *kinds)
            texts = await papers.read(session, context.keyring, rows, now=context.now())
        return [CaseRecordType.of(row, texts[row.id]) for row in rows]

    @resolved(metadata={"list_size": 6})
    async def clocks(self, info: strawberry.Info) -> list[ClockType]:
        """Every limit of the case and of its orders, in the order of their start, each with its source."""
        async with info.context.reader() as session:
            found = await clocks.clocks(session, self.seen.case)
        return [ClockType.of(each, self.seen, now=info.context.now()) for each in found]

    @resolved()
    async def timeline(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[TimelineEvent]:
        """What happened, oldest first 办理过程. An earlier holder sees its own part and the answer; who sees no history
        sees only that it was registered."""
        context: Context = info.context
        wanted = page(
            first=first, after=after, last=last, before=before,
            order=queries.TIMELINE_ORDER, filters={"case": self.id}, width=queries.TIMELINE_KEYS,
        )  # fmt: skip
        async with context.reader() as session:
            found = await queries.timeline(session, self.seen, context.acting(), wanted)
        city_id = self.seen.case.city_id
        return connect(
            found, node=lambda entry: TimelineEvent.of(entry, city_id=city_id), key=lambda entry: (entry.seq,)
        )

    @resolved(metadata={"list_size": 4})
    async def custody(
        self, info: strawberry.Info
    ) -> list[Annotated[CustodyInterval, strawberry.lazy("caseway.custody.api.types")]]:
        """The chain of holders, oldest first, without a gap 流转. Without history only your own office's."""
        return await parts.custody.intervals(info, self.seen)

    @resolved()
    async def orders(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Annotated[OrderConnection, strawberry.lazy("caseway.custody.api.types")]:
        """Orders between offices about the case, oldest first. Without history you see your own office's orders."""
        wanted = page(first=first, after=after, last=last, before=before, order=ORDER_ORDER, filters={"case": self.id})
        found: OrderConnection = await parts.custody.orders(info, self.seen, wanted)
        return found

    @resolved()
    async def responsibility_list(
        self, info: strawberry.Info
    ) -> Annotated[ResponsibilityListType, strawberry.lazy("caseway.leads.api.types")] | None:
        """Who answers for a key case 责任清单: for those who work on it, ordered it or are linked to the area; null for
        others and without one."""
        found: ResponsibilityListType | None = await parts.answer("responsibility_list", info, self.seen)
        return found

    @resolved(metadata={"list_size": 2})
    async def escalations(
        self, info: strawberry.Info
    ) -> list[Annotated[EscalationType, strawberry.lazy("caseway.escalation.api.types")]]:
        """Rungs of escalation rules 提级 that the case climbed or that are proposed, oldest first, refused ones too.
        Unless you see the history, hold the case or stand above its holder, you see those that your office asked for
        or was asked by."""
        found: list[EscalationType] = await parts.answer("escalations", info, self.seen)
        return found

    @resolved(metadata={"list_size": 3})
    async def why_not_escalated(
        self, info: strawberry.Info
    ) -> list[Annotated[EscalationFinding, strawberry.lazy("caseway.escalation.api.types")]] | None:
        """Why the case is not raised, or not further: every escalation rule that it can still climb, with each
        condition, what is seen, and when it will be raised if nothing else happens. Why it was raised stands with each
        of its `escalations`. Null unless you see the history or may raise it yourself."""
        found: list[EscalationFinding] | None = await parts.answer("why_not_escalated", info, self.seen)
        return found

    @resolved(metadata={"list_size": 2})
    async def supervisions(
        self, info: strawberry.Info
    ) -> list[Annotated[SupervisionType, strawberry.lazy("caseway.supervision.api.types")]]:
        """Supervisions 督办 of the case, oldest first. Without history you see your own office's."""
        found: list[SupervisionType] = await parts.answer("supervisions", info, self.seen)
        return found

    @resolved(metadata={"list_size": 2})
    async def timeliness(
        self, info: strawberry.Info
    ) -> list[Annotated[LayerTimeliness, strawberry.lazy("caseway.oversight.api.types")]]:
        """Whether it is or was handled in time: by the limits of the law, and by all limits of the offices too."""
        found: list[LayerTimeliness] = await parts.answer("timeliness", info, self.seen)
        return found

    @resolved(metadata={"list_size": 40})
    async def available_actions(self) -> list[OfferedAction]:
        """Everything that can be done with a case, and whether you can do it now."""
        return [OfferedAction.of(offer) for offer in visibility.available_actions(self.seen)]

    @resolved()
    async def preceding(self, info: strawberry.Info) -> CaseType | None:
        """The ended case whose new facts this one is about; null if there is none that you may see."""
        return await self._linked(info, self.seen.case.preceding_id)

    @resolved()
    async def merged_into(self, info: strawberry.Info) -> CaseType | None:
        """The case that this one was joined to; null if there is none that you may see."""
        return await self._linked(info, self.seen.case.merged_into_id)

    async def _linked(self, info: strawberry.Info, case_id: uuid.UUID | None) -> CaseType | None:
        return None if case_id is None else await shown_case(info.context, self.seen.case.city_id, case_id)


@strawberry.type(
    name="CaseStub",
    description="What an office keeps of an accusation that it handed over: that it was registered and handed over.",
)
class CaseStubType(Node):
    """Made from a view of exactly STUB."""

    number: str = strawberry.field(description="Case number, for the receipt.")
    registered_at: datetime = strawberry.field(description="When your office registered it.")
    handed_over_at: datetime | None = strawberry.field(description="When it left your office.")

    @classmethod
    def of(cls, seen: CaseView) -> CaseStubType:
        """The stub of a view."""
        row = seen.case
        return cls(
            id=strawberry.ID(ids.encode("CaseStub", row.city_id, row.id)),
            number=row.number,
            registered_at=row.registered_at,
            handed_over_at=seen.held_until,
        )


async def seen_case(context: Context, city_id: int, case_id: uuid.UUID) -> CaseView | None:
    """The viewer's view of a case, batched per request by id; None for "not there" and "not yours"."""

    async def load(wanted: list[Any]) -> list[CaseView | None]:
        found = []
        async with context.reader() as session:
            for city, key in wanted:
                found.append(
                    await queries.one(
                        session, context.policy, context.acting(), city_id=city, case_id=key, now=context.now()
                    )
                )
        return found

    seen: CaseView | None = await context.loader("case", load).load((city_id, case_id))
    return seen


async def shown_case(context: Context, city_id: int, case_id: uuid.UUID) -> CaseType | None:
    """The case as the viewer sees it; null below CARD."""
    seen = await seen_case(context, city_id, case_id)
    return CaseType.of(seen, now=context.now()) if seen is not None and seen.visibility >= Visibility.CARD else None
