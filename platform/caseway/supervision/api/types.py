"""Supervisions, reviews of accountability and duties to report on the graph."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.permissions import Permission
from caseway.calendars.periods import local_day as local_date
from caseway.cases.api.parts import parts
from caseway.cases.api.types import CaseType, local_day, seen_case, shown_case
from caseway.cases.visibility import CaseView
from caseway.cases.workflow import Stage
from caseway.clocks.workflow import ClockKind, Layer
from caseway.custody.api.types import OrderType, shown_order
from caseway.db.scope import SYSTEM_SCOPE
from caseway.gql import ids
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office
from caseway.supervision import accountability, loaders, reporting, repository
from caseway.supervision.loaders import Supervised
from caseway.supervision.models import AccountabilityEvidence, AccountabilityReview, ReportDuty, ReviewState
from caseway.supervision.receivers import Receiver
from caseway.supervision.report_duties import DutyState, Occasion, state
from caseway.supervision.reporting import Standing
from caseway.supervision.workflow import Cause, SupervisionState, state_of
from caseway.tenancy import repository as offices

described(
    Cause,
    name="SupervisionTrigger",
    description="Why a supervision was opened.",
    values={
        "ORDERED": "An officer of the supervising office ordered it.",
        "OVERDUE": "逾期: a limit of the proceeding passed, and a rule presses the holder then.",
        "NO_FEEDBACK": "未反馈: the report that an assignment asked for did not come in time.",
    },
)
described(
    SupervisionState,
    name="SupervisionState",
    description="Where a supervision stands.",
    values={
        "OPEN": "The written reply is awaited.",
        "LAPSED": "The date for the reply has passed without one; it is still owed.",
        "REPLIED": "The holder replied in writing.",
        "ENDED": "The case ended before a reply.",
    },
)
described(
    ReviewState,
    name="AccountabilityReviewState",
    description="Where a review of accountability stands.",
    values={
        "OPEN": "People have still to decide it.",
        "DECIDED": "People decided that something follows; what does is done elsewhere.",
        "DISMISSED": "People decided that nothing follows.",
    },
)
described(
    DutyState,
    name="ReportState",
    description="Whether a report that is owed was given.",
    values={
        "MET": "It was filed; its instant says whether in time.",
        "MISSING": "It is due and was not filed.",
        "PENDING": "It is not due yet.",
    },
)


described(
    Occasion,
    name="ReportOccasion",
    description="An event of a case that calls for a report.",
    values={
        "URGENT_MATTER": "紧急重大事项: an officer stated that the matter is urgent and major (art. 25).",
        "KEY_CASE_ASSIGNED": "重点事项交办: a key case was assigned with its responsibility list.",
        "CLUE_FOUND": "发现线索: an accusation was registered outside the competent body.",
        "SUPERVISION_RESULT": "督办结果: a supervision was replied to.",
    },
)


@strawberry.type(
    name="Supervision",
    description="An office above presses the holder of a case for a written reply 督办. It moves no limit.",
)
class SupervisionType:
    """An order with the reason why it was sent."""

    found: strawberry.Private[Supervised]
    trigger: Cause = strawberry.field(description="Why it was opened.")
    state: SupervisionState = strawberry.field(description="Where it stands.")
    opened_at: datetime = strawberry.field(description="When.")
    reply_due_at: datetime | None = strawberry.field(
        description="When the written reply is due, exclusive; null if no rule or order gives a date."
    )
    replied_at: datetime | None = strawberry.field(description="When the holder replied; null before.")
    late_clock: ClockKind | None = strawberry.field(
        description="Whose limit passed; null for a supervision that an officer ordered."
    )
    late_layer: Layer | None = strawberry.field(description="Where the limit that passed comes from; else null.")
    late_on: date | None = strawberry.field(description="Last day of the limit that passed; else null.")
    book: str | None = strawberry.field(description="Code of the rule book that opened it; null if an officer did.")
    book_version: int | None = strawberry.field(description="Version of the book; else null.")
    rule: str | None = strawberry.field(description="Id of the rule in its book; else null.")

    @classmethod
    def of(cls, found: Supervised, *, now: datetime) -> SupervisionType:
        """The GraphQL object of a supervision and its order."""
        row, order = found.supervision, found.order
        return cls(
            found=found,
            trigger=Cause(row.trigger),
            state=state_of(order.state, replied=found.is_replied, report_due_at=order.report_due_at, now=now),
            opened_at=row.opened_at,
            reply_due_at=order.report_due_at,
            replied_at=order.ended_at if found.is_replied else None,
            late_clock=ClockKind(row.clock_kind) if row.clock_kind is not None else None,
            late_layer=Layer(row.layer) if row.layer is not None else None,
            late_on=local_day(row.due_at),
            book=row.rule_book,
            book_version=row.rule_version,
            rule=row.rule_row,
        )

    @field()
    async def supervisor(self, info: strawberry.Info) -> OfficeType:
        """The office that supervises."""
        return await known_office(info.context, self.found.supervision.office_id)

    @field()
    async def supervised(self, info: strawberry.Info) -> OfficeType:
        """The office that it was sent to: the holder at that time. Whoever holds the case now owes the reply."""
        return await known_office(info.context, self.found.supervision.subject_office_id)

    @field()
    async def order(self, info: strawberry.Info) -> OrderType | None:
        """The order that carries it; null if it is not yours to see."""
        row = self.found.supervision
        return await shown_order(info.context, row.city_id, row.order_id)

    @field()
    async def case(self, info: strawberry.Info) -> CaseType | None:
        """The case it is about; null below CARD."""
        return await shown_case(info.context, self.found.supervision.city_id, self.found.supervision.case_id)


async def _supervisions(info: strawberry.Info, seen: CaseView) -> list[SupervisionType]:
    """All for those who see the history, else those that the own office sent or received."""
    context: Context = info.context

    async def load(wanted: list[Any]) -> list[list[Supervised]]:
        async with context.reader() as session:
            found = await loaders.supervisions(session, wanted)
        return [found[key] for key in wanted]

    rows: list[Supervised] = await context.loader("supervisions", load).load((seen.case.city_id, seen.case.id))
    mine = context.acting().office_id
    return [
        SupervisionType.of(each, now=context.now())
        for each in rows
        if seen.may(Permission.CASE_HISTORY)
        or mine in (each.supervision.office_id, each.supervision.subject_office_id, seen.case.holder_id)
    ]


parts.answers(supervisions=_supervisions)


@strawberry.type(description="A limit that had passed when a case came into the file of a review.")
class LateLimit:
    """From the summary that was made then."""

    clock: ClockKind = strawberry.field(description="What the limit is for.")
    layer: Layer = strawberry.field(description="Where it comes from.")
    due_on: date | None = strawberry.field(description="Its last day.")
    days_late: int = strawberry.field(
        description="Whole days between that day and the day on which it was met, or then."
    )


@strawberry.type(
    name="AccountabilityEvidence",
    description="A case in the file of a review, as it stood when the review was opened: dates, offices and limits.",
)
class AccountabilityEvidenceType:
    """No text and no person of the case."""

    row: strawberry.Private[AccountabilityEvidence]
    version: int = strawberry.field(description="`Case.version` at that time: what the ledger held then.")
    stage: Stage = strawberry.field(description="Where the work stood.")
    received_at: datetime = strawberry.field(description="When the matter reached an office.")
    answered_at: datetime | None = strawberry.field(description="When the opinion was served; null before.")
    late_limits: list[LateLimit] = strawberry.field(description="Limits that had passed.")

    @classmethod
    def of(cls, row: AccountabilityEvidence) -> AccountabilityEvidenceType:
        """The GraphQL object of a row."""
        summary = row.summary
        return cls(
            row=row,
            version=row.version,
            stage=Stage(summary["stage"]),
            received_at=datetime.fromisoformat(summary["received_at"]),
            answered_at=datetime.fromisoformat(summary["answered_at"]) if summary["answered_at"] else None,
            late_limits=[
                LateLimit(
                    clock=ClockKind(each["clock"]),
                    layer=Layer(each["layer"]),
                    due_on=local_day(datetime.fromisoformat(each["due_at"])),
                    days_late=each["days"],
                )
                for each in summary["late"]
            ],
        )

    @field()
    async def case(self, info: strawberry.Info) -> CaseType | None:
        """The case as you see it now; null below CARD."""
        return await shown_case(info.context, self.row.city_id, self.row.case_id)

    @field(metadata={"list_size": 4})
    async def holders(self, info: strawberry.Info) -> list[OfficeType] | None:
        """The offices that had held it, in order; null unless you see the case's history."""
        seen = await self._seen(info)
        if seen is None or not seen.may(Permission.CASE_HISTORY):
            return None
        return [await known_office(info.context, each) for each in self.row.summary["holders"]]

    @field()
    async def registrations(self, info: strawberry.Info) -> int | None:
        """How many times it had been registered; null unless you see the case's history."""
        seen = await self._seen(info)
        if seen is None or not seen.may(Permission.CASE_HISTORY):
            return None
        return int(self.row.summary["registrations"])

    async def _seen(self, info: strawberry.Info) -> CaseView | None:
        return await seen_case(info.context, self.row.city_id, self.row.case_id)


@strawberry.type(
    name="AccountabilityReview",
    description="A review whether an office, or officials of a rank in it, did their duty 问责. It points at no "
    "person, is decided by people, and nothing follows from it by itself.",
)
class AccountabilityReviewType(Node):
    """Seen by the office whose duty it is and by those above it, not by the office that it is about."""

    row: strawberry.Private[AccountabilityReview]
    state: ReviewState = strawberry.field(description="Where it stands.")
    trigger: str = strawberry.field(description="What raised it, as the rule names it.")
    measure: str = strawberry.field(description="What the rule provides for, if people decide so.")
    subject_rank: str | None = strawberry.field(description="Rank of the officials whose duty it is, if the rule says.")
    book: str = strawberry.field(description="Code of the rule book that it rests on.")
    book_version: int = strawberry.field(description="Version of the book.")
    rule: str = strawberry.field(description="Id of the rule in its book.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    is_opened_by_rule: bool = strawberry.field(description="Whether the count of a rule opened it, not a person.")
    reason: str | None = strawberry.field(description="Why a person opened it; null if a rule did.")
    decided_at: datetime | None = strawberry.field(description="When it was decided; null while it is open.")
    decision: str | None = strawberry.field(description="What was decided, and why; null while it is open.")

    @classmethod
    def of(cls, row: AccountabilityReview) -> AccountabilityReviewType:
        """The GraphQL object of a row."""
        return cls(
            id=strawberry.ID(ids.encode("AccountabilityReview", row.id)),
            row=row,
            state=ReviewState(row.state),
            trigger=row.trigger,
            measure=row.measure,
            subject_rank=row.subject_rank,
            book=row.rule_book,
            book_version=row.rule_version,
            rule=row.rule_row,
            opened_at=row.opened_at,
            is_opened_by_rule=row.opened_by == 0,
            reason=row.reason,
            decided_at=row.decided_at,
            decision=row.decision,
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office whose duty the review is."""
        return await known_office(info.context, self.row.office_id)

    @field()
    async def subject(self, info: strawberry.Info) -> OfficeType:
        """The office that it is about."""
        return await known_office(info.context, self.row.subject_office_id)

    @field()
    async def opened_by(self, info: strawberry.Info) -> PersonType | None:
        """Who opened it; null if a rule did."""
        return await known_person(info.context, self.row.opened_by) if self.row.opened_by else None

    @field()
    async def decided_by(self, info: strawberry.Info) -> PersonType | None:
        """Who decided it; null while it is open."""
        return await known_person(info.context, self.row.decided_by) if self.row.decided_by else None

    @field(metadata={"list_size": 2})
    async def evidence(self, info: strawberry.Info) -> list[AccountabilityEvidenceType]:
        """The cases in its file that you may know of."""
        context: Context = info.context

        async def load(wanted: list[Any]) -> list[list[AccountabilityEvidence]]:
            async with context.reader() as session:
                found = await loaders.evidence(session, wanted)
            return [found[each] for each in wanted]

        rows: list[AccountabilityEvidence] = await context.loader("evidence", load).load(self.row.id)
        return [
            AccountabilityEvidenceType.of(row)
            for row in rows
            if await shown_case(context, row.city_id, row.case_id) is not None
        ]


async def shown_review(context: Context, review_id: uuid.UUID) -> AccountabilityReviewType | None:
    """A review as the viewer may see it; null for "not there" and "not yours"."""
    actor = context.acting()
    async with context.reader(SYSTEM_SCOPE) as session:
        row = await loaders.review(session, review_id, bars=actor.bars)
        office = await offices.by_id(session, row.office_id) if row is not None else None
    if row is None or office is None or not accountability.may_read(context.policy, actor, office):
        return None
    return AccountabilityReviewType.of(row)


@strawberry.type(description="Whom a report goes to.")
class ReportReceiver:
    """A code of a rule, and the office that it is."""

    code: str = strawberry.field(description="As the rule names it, such as GOVERNMENT or UPPER_PETITION_OFFICE.")
    office_id: strawberry.Private[int | None]

    @classmethod
    def of(cls, found: Receiver) -> ReportReceiver:
        """The GraphQL object of a receiver."""
        return cls(code=found.code, office_id=found.office.id if found.office is not None else None)

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType | None:
        """The office; null for several at once, people inside the office, and bodies outside the tree. A party
        committee is told through its government's office."""
        return await known_office(info.context, self.office_id) if self.office_id is not None else None


@strawberry.type(
    name="ReportDuty",
    description="A report that an office owes 报告义务: for a period, or because of an event of a case.",
)
class ReportDutyType:
    """Its id serves ``reportFile``; a duty of a period is worked out, not stored."""

    id: strawberry.ID = strawberry.field(description="Global id: pass it to `reportFile`.")
    name: str = strawberry.field(description="Name of the report, as the rule gives it.")
    state: DutyState = strawberry.field(description="Whether it was given.")
    book: str = strawberry.field(description="Code of the rule book that asks for it.")
    book_version: int = strawberry.field(description="Version of the book, pinned when the period or event began.")
    rule: str = strawberry.field(description="Id of the rule in its book.")
    period_from_on: date | None = strawberry.field(description="First day of the period; null for an event.")
    period_to_on: date | None = strawberry.field(description="Last day of the period; null for an event.")
    event: Occasion | None = strawberry.field(description="What called for it; null for a period.")
    due_at: datetime = strawberry.field(description="When it is due, exclusive; at once = the instant of the event.")
    due_on: date = strawberry.field(description="Last day for it.")
    is_provisional: bool = strawberry.field(description="Whether the day depends on a calendar not yet published.")
    filed_at: datetime | None = strawberry.field(description="When it was filed; null before.")
    is_late: bool = strawberry.field(description="Whether it was filed after its last day.")
    text: str | None = strawberry.field(
        description="What was reported; on an event only for those who see the content, and who filed it."
    )
    to: list[ReportReceiver] = strawberry.field(description="To whom it goes.")
    cc: list[ReportReceiver] = strawberry.field(description="Who gets a copy 抄送.")
    fields: list[str] = strawberry.field(description="What it has to say, as the rule lists it.")
    office_id: strawberry.Private[int]
    filed_by_id: strawberry.Private[int]
    case_key: strawberry.Private[tuple[int, uuid.UUID] | None]

    @classmethod
    def of_period(cls, found: Standing, *, office_id: int, now: datetime) -> ReportDutyType:
        """The GraphQL object of the report of a period."""
        duty, filing = found.duty, found.filing
        rule, first = duty.rule, duty.period.first
        mark = first.year * 10_000 + first.month * 100 + first.day
        return cls(
            id=strawberry.ID(ids.encode("ReportDuty", office_id, rule.ref.book, rule.ref.row_id, mark)),
            name=rule.name,
            state=found.state(now),
            book=rule.ref.book,
            book_version=rule.ref.version,
            rule=rule.ref.row_id,
            period_from_on=first,
            period_to_on=duty.period.last,
            event=None,
            due_at=duty.due_at,
            due_on=duty.due_on,
            is_provisional=duty.provisional,
            filed_at=filing.filed_at if filing is not None else None,
            is_late=filing is not None and filing.filed_at >= duty.due_at,
            text=filing.body if filing is not None else None,
            to=[ReportReceiver.of(each) for each in found.to],
            cc=[ReportReceiver.of(each) for each in found.cc],
            fields=list(rule.fields),
            office_id=office_id,
            filed_by_id=filing.filed_by if filing is not None else 0,
            case_key=None,
        )

    @classmethod
    async def of_event(cls, context: Context, row: ReportDuty) -> ReportDutyType:
        """The GraphQL object of a duty that an event opened, with the receivers that its rule names."""
        to, cc, fields = await _addressed(context, row)
        seen = await seen_case(context, row.city_id, row.case_id)
        mine = row.filed_by is not None and context.acting().person_id == row.filed_by
        told = mine or (seen is not None and seen.may(Permission.CASE_CONTENT))
        due_on = local_day(row.due_at)
        assert due_on is not None
        return cls(
            id=strawberry.ID(ids.encode("ReportDuty", row.city_id, row.id)),
            name=row.name,
            state=state(row.due_at, filed_at=row.filed_at, now=context.now()),
            book=row.rule_book,
            book_version=row.rule_version,
            rule=row.rule_row,
            period_from_on=None,
            period_to_on=None,
            event=Occasion(row.event),
            due_at=row.due_at,
            due_on=due_on,
            is_provisional=False,
            filed_at=row.filed_at,
            is_late=row.filed_at is not None and row.filed_at > row.due_at,
            text=row.body if told else None,
            to=to,
            cc=cc,
            fields=fields,
            office_id=row.office_id,
            filed_by_id=row.filed_by or 0,
            case_key=(row.city_id, row.case_id),
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office that owes it."""
        return await known_office(info.context, self.office_id)

    @field()
    async def filed_by(self, info: strawberry.Info) -> PersonType | None:
        """Who filed it; null before, and if it was met by what happened."""
        return await known_person(info.context, self.filed_by_id) if self.filed_by_id else None

    @field()
    async def case(self, info: strawberry.Info) -> CaseType | None:
        """The case whose event called for it; null for a period, and below CARD."""
        return await shown_case(info.context, *self.case_key) if self.case_key is not None else None


_Addressed = tuple[list[ReportReceiver], list[ReportReceiver], list[str]]


async def _addressed(context: Context, row: ReportDuty) -> _Addressed:
    """To whom the report goes, who gets a copy, and what it has to say; read once for all duties of a rule."""

    async def load(wanted: list[Any]) -> list[_Addressed]:
        async with context.reader() as session:
            return [await _receivers(session, *each) for each in wanted]

    found: _Addressed = await context.loader("report_addressed", load).load(
        (row.office_id, local_date(row.opened_at), row.rule_book, row.rule_row)
    )
    return found


async def _receivers(session: AsyncSession, office_id: int, day: date, book: str, row_id: str) -> _Addressed:
    office = await offices.by_id(session, office_id)
    assert office is not None
    for rule in await reporting.sending_rules(session, office, day=day):
        if (rule.ref.book, rule.ref.row_id) == (book, row_id):
            owner = await repository.owner_of(session, book)
            to, cc = await reporting.addressees(session, rule, office=office, owner=owner)
            return [ReportReceiver.of(each) for each in to], [ReportReceiver.of(each) for each in cc], list(rule.fields)
    return [], [], []
