"""What is asked and done about supervisions, reviews of accountability and duties to report."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from caseway.access.actor import Actor
from caseway.access.facts import area_facts, office_facts
from caseway.access.permissions import Permission
from caseway.access.plans_sql import predicate
from caseway.calendars.periods import Stretch
from caseway.cases.api.inputs import CaseInput, CasePayload, changed_case, target
from caseway.cases.api.types import shown_case
from caseway.cases.models import Case
from caseway.db.keyset import Page, Window
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.errors import mutation
from caseway.gql.fields import field
from caseway.gql.perform import Outcome, perform
from caseway.supervision import accountability, loaders, occasions, reporting
from caseway.supervision.api.types import (
    AccountabilityReviewType,
    ReportDutyType,
    SupervisionType,
    shown_review,
)
from caseway.supervision.loaders import Supervised
from caseway.supervision.models import AccountabilityReview, ReportDuty
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

_KEY = "8 to 255 printable characters. A repeat with the same key and input does nothing again; kept seven days."

OfficeId = Annotated[strawberry.ID, strawberry.argument(description="Your office, or one in the area of your seat.")]


@strawberry.input(description="An office below whose handling is to be looked at, and the rule that says so.")
class AccountabilityReviewOpenInput:
    """Input of ``accountabilityReviewOpen``."""

    office_id: strawberry.ID = strawberry.field(description="The office that the review is about.")
    book: str = strawberry.field(description="Code of the rule book, such as `law-2022`.")
    rule: str = strawberry.field(description="Id of a rule about accountability that is in force for that office.")
    case_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Ordinary cases for the file, at most 20, that you see yourself."
    )
    reason: str = strawberry.field(description="What happened, up to 1,000 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The review that people have to decide now.")
class AccountabilityReviewOpenPayload:
    """Payload of ``accountabilityReviewOpen``."""

    review: AccountabilityReviewType = strawberry.field(description="The review.")


@strawberry.input(description="What people decided about a review.")
class AccountabilityReviewDecideInput:
    """Input of ``accountabilityReviewDecide``."""

    review_id: strawberry.ID = strawberry.field(description="An open review of your office.")
    dismiss: bool = strawberry.field(description="True: nothing follows. False: something does, done elsewhere.")
    decision: str = strawberry.field(description="What was decided and why, up to 20,000 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The review with the decision.")
class AccountabilityReviewDecidePayload:
    """Payload of ``accountabilityReviewDecide``."""

    review: AccountabilityReviewType = strawberry.field(description="The review.")


@strawberry.input(description="A report that your office owed.")
class ReportFileInput:
    """Input of ``reportFile``."""

    duty_id: strawberry.ID = strawberry.field(description="The duty that is met by it.")
    text: str | None = strawberry.field(default=None, description="What is reported, up to 20,000 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The duty that is met.")
class ReportFilePayload:
    """Payload of ``reportFile``."""

    duty: ReportDutyType = strawberry.field(description="The duty.")


@strawberry.input(description="A matter that is urgent and major.")
class CaseUrgentDeclareInput(CaseInput):
    """Input of ``caseUrgentDeclare``."""

    reason: str = strawberry.field(description="Why, up to 1,000 characters; part of the history.")


@strawberry.type(description="The case; the reports on it are owed now.")
class CaseUrgentDeclarePayload(CasePayload):
    """Payload of ``caseUrgentDeclare``."""


@strawberry.type
class SupervisionQueries:
    """Root fields about supervisions, reviews and duties to report."""

    @field()
    async def supervisions(
        self,
        info: strawberry.Info,
        office_id: OfficeId,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SupervisionType]:
        """What an office supervises 督办台账, newest first, about cases that you see; empty for those who may not."""
        context: Context = info.context
        actor, now = context.acting(), context.now()
        office, wanted = await _asked(
            context, office_id, loaders.SUPERVISION_ORDER, first=first, after=after, last=last, before=before
        )
        found: Window[Supervised] = _nothing(wanted)
        if office is not None and _allows(context, actor, Permission.SUPERVISION_READ, office):
            async with context.reader() as session:
                seen = predicate(context.policy, actor, Permission.CASE_CARD, now=now, cases=Case)
                found = await loaders.page_of_supervisions(session, office.id, wanted, seen=seen)
        return connect(
            found,
            node=lambda each: SupervisionType.of(each, now=now),
            key=lambda each: (each.supervision.opened_at, each.supervision.order_id),
        )

    @field()
    async def accountability_reviews(
        self,
        info: strawberry.Info,
        office_id: OfficeId,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AccountabilityReviewType]:
        """Reviews whose duty an office has 问责, newest first; empty where you may not read them. The office that a
        review is about learns nothing of it here."""
        context: Context = info.context
        actor = context.acting()
        office, wanted = await _asked(
            context, office_id, loaders.REVIEW_ORDER, first=first, after=after, last=last, before=before
        )
        found: Window[AccountabilityReview] = _nothing(wanted)
        if office is not None and accountability.may_read(context.policy, actor, office):
            async with context.reader(SYSTEM_SCOPE) as session:
                found = await loaders.page_of_reviews(session, office.id, wanted, bars=actor.bars)
        return connect(found, node=AccountabilityReviewType.of, key=lambda row: (row.opened_at, row.id))

    @field(metadata={"list_size": 20})
    async def report_duties(
        self,
        info: strawberry.Info,
        office_id: OfficeId,
        from_on: Annotated[date, strawberry.argument(description="First day of the range.")],
        to_on: Annotated[date, strawberry.argument(description="Last day of the range, at most 100 days in all.")],
    ) -> list[ReportDutyType]:
        """Reports of periods that an office owes and that are due in the range 报告义务, with whether they were filed;
        empty where you may not read them. A period is judged by the rules of its first day."""
        context: Context = info.context
        actor, now = context.acting(), context.now()
        number = ids.try_decode_number("Office", office_id)
        async with context.reader() as session:
            office = await offices.by_id(session, number) if number is not None else None
            if office is None or not reporting.may_read(context.policy, actor, office):
                return []
            found = await reporting.standings(session, office, within=Stretch(from_on, to_on))
        return [ReportDutyType.of_period(each, office_id=office.id, now=now) for each in found]

    @field()
    async def report_event_duties(
        self,
        info: strawberry.Info,
        office_id: OfficeId,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ReportDutyType]:
        """Reports that an office owes because of events of cases that you see, newest first; empty where you may not
        read them."""
        context: Context = info.context
        actor = context.acting()
        office, wanted = await _asked(
            context, office_id, loaders.DUTY_ORDER, first=first, after=after, last=last, before=before
        )
        found: Window[ReportDuty] = _nothing(wanted)
        if office is not None and reporting.may_read(context.policy, actor, office):
            async with context.reader() as session:
                seen = predicate(context.policy, actor, Permission.CASE_CARD, now=context.now(), cases=Case)
                found = await loaders.page_of_duties(session, office.id, wanted, seen=seen)
        made = {row.id: await ReportDutyType.of_event(context, row) for row in found.rows}
        return connect(found, node=lambda row: made[row.id], key=lambda row: (row.opened_at, row.id))


@strawberry.type
class SupervisionMutations:
    """Mutations about reviews of accountability and reports."""

    @mutation(AccountabilityReviewOpenPayload)
    async def accountability_review_open(
        self, info: strawberry.Info, input: AccountabilityReviewOpenInput
    ) -> AccountabilityReviewOpenPayload:
        """Open a review of how an office below did its duty, citing a rule 启动问责审查. It only opens a review for
        people to decide; nothing is done by it, and the office is not told."""
        context: Context = info.context
        subject = ids.decode_number("Office", input.office_id)
        keys = [ids.decode_case_side("Case", each) for each in input.case_ids]

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            row = await accountability.open_review(
                uow, context.policy, actor,
                subject_office_id=subject, book=input.book, rule=input.rule, case_ids=keys, reason=input.reason,
                now=now,
            )  # fmt: skip
            return {"review": str(row.id)}

        outcome = await perform(info, input, work, visible=lambda found: _sees_review(context, found))
        return AccountabilityReviewOpenPayload(review=await _review(context, outcome))

    @mutation(AccountabilityReviewDecidePayload)
    async def accountability_review_decide(
        self, info: strawberry.Info, input: AccountabilityReviewDecideInput
    ) -> AccountabilityReviewDecidePayload:
        """Record what people decided about a review 作出决定. It is not changed afterwards."""
        context: Context = info.context
        review_id = _review_id(input.review_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            row = await accountability.decide(
                uow, context.policy, actor,
                review_id=review_id, dismiss=input.dismiss, decision=input.decision, now=now,
            )  # fmt: skip
            return {"review": str(row.id)}

        outcome = await perform(info, input, work, visible=lambda found: _sees_review(context, found))
        return AccountabilityReviewDecidePayload(review=await _review(context, outcome))

    @mutation(ReportFilePayload)
    async def report_file(self, info: strawberry.Info, input: ReportFileInput) -> ReportFilePayload:
        """File a report that your office owed 报送; whom it goes to is told."""
        context: Context = info.context
        parts = ids.decode("ReportDuty", input.duty_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            match parts:
                case (int() as city_id, uuid.UUID() as duty_id):
                    row = await reporting.file_event(
                        uow, context.policy, actor, city_id=city_id, duty_id=duty_id, text=input.text, now=now
                    )
                    return {"city": row.city_id, "duty": str(row.id)}
                case (int() as office_id, str() as book, str() as rule, int() as mark) if _day(mark) is not None:
                    await reporting.file_period(
                        uow, context.policy, actor,
                        office_id=office_id, book=book, rule=rule, period_on=_day(mark) or date.min, text=input.text,
                        now=now,
                    )  # fmt: skip
                    return {"office": office_id, "book": book, "rule": rule, "mark": mark}
            raise ids.MalformedId(expected="ReportDuty")

        outcome = await perform(info, input, work, visible=lambda found: _sees_duty(context, found))
        return ReportFilePayload(duty=await _duty(context, outcome))

    @mutation(CaseUrgentDeclarePayload)
    async def case_urgent_declare(
        self, info: strawberry.Info, input: CaseUrgentDeclareInput
    ) -> CaseUrgentDeclarePayload:
        """State that a matter is urgent and major 紧急重大事项 (art. 25): the reports that rules ask for are owed at
        once. Nothing else follows from it."""
        ctx = info.context
        return CaseUrgentDeclarePayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: occasions.declare_urgent(
                    uow, ctx.policy, actor, **target(input), reason=input.reason, now=now
                ),
            )
        )


async def _asked(
    context: Context,
    office_id: strawberry.ID,
    order: str,
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> tuple[Office | None, Page]:
    """The office that a list is asked for, and the page of it."""
    number = ids.try_decode_number("Office", office_id)
    wanted = page(first=first, after=after, last=last, before=before, order=order, filters={"office": number or 0})
    if number is None:
        return None, wanted
    async with context.reader() as session:
        return await offices.by_id(session, number), wanted


def _allows(context: Context, actor: Actor, permission: Permission, office: Office) -> bool:
    facts = office_facts(actor, office.id, office.path) | area_facts(actor, office.path)
    return context.policy.allows(actor, permission, facts)


def _nothing(wanted: Page) -> Window[Any]:
    return Window([], has_next=False, has_previous=False, page=wanted)


def _review_id(given: strawberry.ID) -> uuid.UUID:
    match ids.decode("AccountabilityReview", given):
        case (uuid.UUID() as key,):
            return key
    raise ids.MalformedId(expected="AccountabilityReview")


async def _sees_review(context: Context, outcome: Outcome) -> bool:
    return await shown_review(context, uuid.UUID(outcome["review"])) is not None


async def _review(context: Context, outcome: Outcome) -> AccountabilityReviewType:
    found = await shown_review(context, uuid.UUID(outcome["review"]))
    if found is None:
        raise NotFound
    return found


def _day(mark: int) -> date | None:
    """A day from the number that ids carry it by, such as 20260301."""
    try:
        return date(mark // 10_000, mark // 100 % 100, mark % 100)
    except ValueError:
        return None


async def _sees_duty(context: Context, outcome: Outcome) -> bool:
    if "duty" not in outcome:
        return True
    async with context.reader() as session:
        row = await loaders.duty(session, outcome["city"], uuid.UUID(outcome["duty"]))
    return row is not None and await shown_case(context, row.city_id, row.case_id) is not None


async def _duty(context: Context, outcome: Outcome) -> ReportDutyType:
    async with context.reader() as session:
        if "duty" in outcome:
            row = await loaders.duty(session, outcome["city"], uuid.UUID(outcome["duty"]))
        else:
            office = await offices.by_id(session, int(outcome["office"]))
            first = _day(int(outcome["mark"]))
            assert office is not None
            assert first is not None
            found = await reporting.standing(
                session, office, book=outcome["book"], rule=outcome["rule"], period_on=first
            )
            if found is None:
                raise NotFound
            return ReportDutyType.of_period(found, office_id=office.id, now=context.now())
    if row is None:
        raise NotFound
    return await ReportDutyType.of_event(context, row)
