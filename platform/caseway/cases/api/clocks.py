"""The limits of a case on the graph, and why each ends when it does."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import strawberry

from caseway.access.permissions import Permission
from caseway.calendars import api as calendar_api  # noqa: F401 - describes the kinds of days before they are used
from caseway.calendars import service as calendars
from caseway.calendars.workdays import Calendar, DayKind
from caseway.cases.visibility import CaseView
from caseway.clocks import page
from caseway.clocks.arithmetic import Limit, Roll, RollOn, Skipped, Unit, day_of, due_date
from caseway.clocks.explain import ExplainedLimit, Explanation, explain
from caseway.clocks.workflow import (
    AppliedLimit,
    ClockKind,
    ClockState,
    Event,
    ExtensionRule,
    Layer,
    PinnedLimit,
    StartEvent,
    Step,
)
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
        "OBJECT": "异议期限 of the receiver, from delivery (art. 23); silence accepts.",
        "ANSWER_OBJECTION": "Limit of the sender to answer an objection; silence puts the dispute to the superior.",
        "DECIDE_DISPUTE": "Limit of the common superior to decide a dispute on competence (art. 24).",
        "HANDLE": "办理期限, from acceptance (art. 34), or from where an office's rule counts it.",
        "HANDLE_ASSIGNED": "交办事项办理期限: handling of an assigned matter.",
        "ASSIGNED": "交办期限 on the card of an assignment.",
        "COORDINATE": "协调期限: to coordinate what was assigned.",
        "ANSWER": "答复期限: from registration to the served answer.",
        "DISPATCH": "派发期限: to bring an item to who handles it.",
        "SIGN_AND_ROUTE": "签收流转期限 inside an office.",
        "RESPOND": "响应期限: to begin with it.",
        "RESPOND_DISPOSE": "响应处置期限: from signing to the result.",
        "CLOSE_CHECK": "办结审核期限: to check a result.",
        "APPRAISE": "分析考评期限: after closing.",
        "REDO": "重办期限, as ordered.",
        "REVIEW_WINDOW": "The petitioner's window to ask for a review (art. 35).",
        "DECIDE": "复查、复核期限: to decide a review (art. 35, 36).",
        "ORDER": "Reporting limit of an order.",
        "ESCALATION_ANSWER": "Limit of the office above to answer what was raised to it 提级.",
    },
)
described(
    Unit,
    name="LimitUnit",
    description="Unit of a limit.",
    values={
        "DAY": "Calendar days; the day of the event is not counted.",
        "WORKDAY": "Working days with make-up workdays 调休; the day of the event is not counted.",
        "MONTH": "Months: the same day number, or the last day of a month without it.",
        "END_OF_MONTH": "The last day of the month of the event; the amount is 0.",
        "HOUR": "Hours from the instant.",
        "MINUTE": "Minutes from the instant.",
        "SECOND": "Seconds from the instant.",
    },
)
described(
    Roll,
    name="LimitRoll",
    description="What happens to a limit that ends on a rest day.",
    values={
        "NEVER": "It stays: limits of offices.",
        "NEXT_WORKDAY": "It runs on to the end of the next workday 顺延: windows of petitioners.",
    },
)
described(
    RollOn,
    name="LimitRollOn",
    description="Which days make a limit roll.",
    values={
        "NON_WORKDAY": "Every day on which offices do not work.",
        "STATUTORY_HOLIDAY": "Only days inside an announced holiday period.",
    },
)
described(
    Layer,
    name="LimitLayer",
    description="Where a limit comes from.",
    values={
        "LAW": "A layer of the law 法定.",
        "OFFICE": "The rule book of an office 自定.",
        "PLATFORM": "A convention of the platform, where law and offices are silent.",
        "ORDER": "An order that named the date.",
    },
)
described(
    StartEvent,
    name="ClockStart",
    description="What a limit counts from.",
    values={
        "RECEIVED": "Receipt by the office.",
        "REGISTERED": "Registration 登记.",
        "DISPATCHED": "Dispatch to who handles it.",
        "DELIVERED": "Delivery of an order to the office.",
        "ASSIGNED": "Delivery of an assignment 交办.",
        "SIGNED": "Sign-for 签收.",
        "ACCEPTED": "Acceptance 受理.",
        "RESULT_SUBMITTED": "Service of the answer 答复送达.",
        "CLOSED": "Closing 结案.",
        "ORDERED": "The order or decision that set it.",
    },
)
described(
    Event,
    name="ClockEventName",
    description="What happened to a limit.",
    values={
        "START": "It began to count.",
        "STOP": "It ended, in time or late.",
        "RESTART": "After a recall it counted on with the days that were left.",
        "MOVE": "After an agreed return it ends on the later of the old date and the next workday.",
        "EXTEND": "延期: it was extended.",
        "RECLASSIFY": "The case was graded anew; the limits for the new class count from the same start.",
        "SUSPEND": "A hearing of the second review began: its days are not counted.",
        "RESUME": "The hearing ended: its days were added.",
        "REPROJECT": "A calendar was published, and a provisional date was counted anew.",
    },
)


@strawberry.type(name="Limit", description="A length of time and where it comes from.")
class LimitType:
    """A pinned rule, or what an order says."""

    amount: int = strawberry.field(description="How many.")
    unit: Unit = strawberry.field(description="Of what.")
    source: str = strawberry.field(description="Rule book and rule, order, or convention that sets it.")
    roll: Roll = strawberry.field(description="What happens when it ends on a rest day.")
    roll_on: RollOn = strawberry.field(description="Which days make it roll, if it does.")

    @classmethod
    def of(cls, limit: Limit) -> LimitType:
        """The GraphQL object of a limit."""
        return cls(amount=limit.amount, unit=limit.unit, source=limit.source, roll=limit.roll, roll_on=limit.roll_on)


@strawberry.type(name="ClockBreach", description="How late something was, or is by now.")
class ClockBreachType:
    """Derived from the limit and from when the clock stopped."""

    code: str = strawberry.field(description="LATE_ and the kind of the clock, such as LATE_FORWARD.")
    days: int = strawberry.field(description="Calendar days since the last day, in China's time zone; 0 within a day.")
    seconds: int = strawberry.field(description="Seconds since the limit ended, rounded; at least 1.")

    @classmethod
    def of(cls, kind: ClockKind, applied: AppliedLimit, *, until: datetime) -> ClockBreachType | None:
        """The breach of a limit; null if it was or still is met."""
        if not applied.missed_by(until):
            return None
        return cls(
            code=f"LATE_{kind}",
            days=(day_of(until) - due_date(applied.due_at)).days,
            # Two events of one case are at least a microsecond apart, which is no second.
            seconds=max(1, round((until - applied.due_at).total_seconds())),
        )


@strawberry.type(name="AppliedLimit", description="One of the limits of a clock, and the day it has come to.")
class AppliedLimitType:
    """One rule that applies: the earliest of a clock rules."""

    limit: LimitType = strawberry.field(description="Its length and source.")
    layer: Layer = strawberry.field(description="Where it comes from.")
    book: str | None = strawberry.field(description="Code of the rule book; null for orders and conventions.")
    book_version: int | None = strawberry.field(description="Version of the book that it is pinned to.")
    rule: str | None = strawberry.field(description="Id of the rule in its book.")
    case_class: str | None = strawberry.field(description="Class of cases that the rule is for; null = every case.")
    due_at: datetime = strawberry.field(description="Its end, exclusive.")
    due_on: date = strawberry.field(description="Its last day.")
    is_provisional: bool = strawberry.field(description="Whether it depends on a calendar year not yet published.")
    breach: ClockBreachType | None = strawberry.field(
        description="How late it was, or is by now, if it passed while the clock ran; null otherwise."
    )

    @classmethod
    def of(cls, kind: ClockKind, applied: AppliedLimit, *, until: datetime) -> AppliedLimitType:
        """The GraphQL object; ``until`` = when the clock stopped, or now."""
        pinned = applied.pinned
        return cls(
            limit=LimitType.of(pinned.limit),
            layer=pinned.layer,
            book=pinned.book,
            book_version=pinned.version,
            rule=pinned.row_id,
            case_class=pinned.case_class,
            due_at=applied.due_at,
            due_on=due_date(applied.due_at),
            is_provisional=applied.provisional,
            breach=ClockBreachType.of(kind, applied, until=until),
        )


@strawberry.type(name="SkippedDay", description="A day that did not count.")
class SkippedDayType:
    """A weekend or a holiday."""

    day_on: date = strawberry.field(description="The day.")
    kind: DayKind = strawberry.field(description="What it is.")
    name: str | None = strawberry.field(description="Name of the holiday; null for a plain weekend.")

    @classmethod
    def of(cls, day: Skipped) -> SkippedDayType:
        """The GraphQL object."""
        return cls(day_on=day.day, kind=DayKind(day.kind), name=day.name or None)


@strawberry.type(name="ExplainedLimit", description="One limit of an explanation, counted day by day.")
class ExplainedLimitType:
    """A limit with its first count."""

    limit: LimitType = strawberry.field(description="Its length and source.")
    layer: Layer = strawberry.field(description="Where it comes from.")
    book: str | None = strawberry.field(description="Code of the rule book; null for orders and conventions.")
    book_version: int | None = strawberry.field(description="Version of the book that it is pinned to.")
    rule: str | None = strawberry.field(description="Id of the rule in its book.")
    first_due_on: date = strawberry.field(description="Last day by the start alone, before anything else happened.")
    skipped_days: list[SkippedDayType] = strawberry.field(
        description="Days that the count passed over or rolled on from, one by one."
    )
    due_on: date = strawberry.field(description="Last day after everything that happened.")
    is_ruling: bool = strawberry.field(description="Whether it is the one that ends first and therefore rules.")

    @classmethod
    def of(cls, each: ExplainedLimit) -> ExplainedLimitType:
        """The GraphQL object."""
        pinned: PinnedLimit = each.pinned
        return cls(
            limit=LimitType.of(pinned.limit),
            layer=pinned.layer,
            book=pinned.book,
            book_version=pinned.version,
            rule=pinned.row_id,
            first_due_on=each.first_due_date,
            skipped_days=[SkippedDayType.of(day) for day in each.skipped],
            due_on=each.due_date,
            is_ruling=each.rules,
        )


@strawberry.type(name="ExtensionRule", description="Who may extend a limit, how often and how far 延期规则.")
class ExtensionRuleType:
    """Pinned when the clock started."""

    cap: LimitType = strawberry.field(description="The smallest cap of the chain of rules.")
    approved_by: str | None = strawberry.field(description="Rank that approves; null = whoever may extend at all.")
    times: int = strawberry.field(description="How often.")
    total: LimitType | None = strawberry.field(description="Longest whole length from the start; null if none is set.")

    @classmethod
    def of(cls, rule: ExtensionRule) -> ExtensionRuleType:
        """The GraphQL object."""
        return cls(
            cap=LimitType.of(rule.cap),
            approved_by=rule.by,
            times=rule.times,
            total=LimitType.of(rule.total) if rule.total is not None else None,
        )


@strawberry.type(name="ClockStep", description="One event of a clock: what happened and to which day it led.")
class ClockStepType:
    """A line of an explanation."""

    event: Event = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When.")
    due_on: date = strawberry.field(description="Last day of the clock after it.")
    rule: str | None = strawberry.field(description="Rule, article or convention it rests on; null for a stop.")
    reason: str | None = strawberry.field(description="Reason given; null without one or without history.")
    person_id: strawberry.Private[int]

    @classmethod
    def of(cls, step: Step, *, in_full: bool) -> ClockStepType:
        """The GraphQL object; only with the history who did it and why."""
        return cls(
            event=step.event,
            at=step.at,
            due_on=step.due_date,
            rule=step.rule,
            reason=step.facts.get("reason") if in_full else None,
            person_id=step.person_id if in_full else 0,
        )

    @field()
    async def person(self, info: strawberry.Info) -> PersonType | None:
        """Who did it, such as who approved an extension; null for the platform and without history."""
        return await known_person(info.context, self.person_id) if self.person_id else None


@strawberry.type(
    name="DeadlineExplanation",
    description="Why a limit ends when it does 期限说明: start, rules, days skipped, events. Whoever counts again from "
    "this alone comes to the same instant.",
)
class DeadlineExplanationType:
    """Complete: nothing else is needed to check it."""

    start: StartEvent = strawberry.field(description="The event it counts from.")
    started_at: datetime = strawberry.field(description="When that was.")
    counted_from_on: date = strawberry.field(description="First day that is counted: the day after the event.")
    limits: list[ExplainedLimitType] = strawberry.field(description="Every limit that applies; the earliest rules.")
    extension: ExtensionRuleType | None = strawberry.field(description="Who may extend it; null if nobody may.")
    steps: list[ClockStepType] = strawberry.field(description="What happened to it, the start first.")
    rest_days: list[SkippedDayType] = strawberry.field(
        description="Every day without work from the start to beyond the last date, where workdays matter."
    )
    due_at: datetime = strawberry.field(description="Its end, exclusive.")
    due_on: date = strawberry.field(description="Its last day.")
    is_provisional: bool = strawberry.field(description="Whether it may still move.")
    provisional_reason: str | None = strawberry.field(
        description="CALENDAR_NOT_PUBLISHED while the calendar of its year is not known; null if it is settled."
    )
    page: str = strawberry.field(description="The same as a page to print, in Chinese: a complete HTML document.")

    @classmethod
    def of(cls, found: Explanation, *, number: str, in_full: bool) -> DeadlineExplanationType:
        """The GraphQL object."""
        return cls(
            start=found.start,
            started_at=found.started_at,
            counted_from_on=found.counted_from,
            limits=[ExplainedLimitType.of(each) for each in found.limits],
            extension=ExtensionRuleType.of(found.extension) if found.extension is not None else None,
            steps=[ClockStepType.of(each, in_full=in_full) for each in found.steps],
            rest_days=[SkippedDayType.of(each) for each in found.rest_days],
            due_at=found.due_at,
            due_on=found.due_date,
            is_provisional=found.provisional,
            provisional_reason=found.provisional_reason,
            page=page.html(found, number=number),
        )


@strawberry.type(name="Clock", description="A limit that runs or ran 期限.")
class ClockType:
    """Derived from clock events, never stored."""

    kind: ClockKind = strawberry.field(description="What it is for.")
    start: StartEvent = strawberry.field(description="The event it counts from.")
    is_statutory: bool = strawberry.field(description="Whether it counts for `Case.dueAt`.")
    started_at: datetime = strawberry.field(description="When it began to count.")
    limit: LimitType = strawberry.field(description="Length and source of the limit that rules: the earliest.")
    limits: list[AppliedLimitType] = strawberry.field(description="Every limit that applies, the law's first.")
    due_at: datetime = strawberry.field(description="Its end, exclusive: the earliest of its limits.")
    due_on: date | None = strawberry.field(description="Its last day.")
    is_provisional: bool = strawberry.field(description="Whether it depends on a calendar year not yet published.")
    stopped_at: datetime | None = strawberry.field(description="When it stopped; null while it runs.")
    is_overdue: bool = strawberry.field(description="Whether it runs and has passed.")
    breach: ClockBreachType | None = strawberry.field(
        description="How late it was, or is by now, by the limit that rules; null if it was or is in time."
    )
    clock: strawberry.Private[ClockState]
    seen: strawberry.Private[CaseView]

    @classmethod
    def of(cls, clock: ClockState, seen: CaseView, *, now: datetime) -> ClockType:
        """The GraphQL object of a derived clock."""
        return cls(
            kind=clock.kind,
            start=clock.start,
            is_statutory=clock.is_statutory,
            started_at=clock.started_at,
            limit=LimitType.of(clock.limit),
            limits=[AppliedLimitType.of(clock.kind, each, until=clock.stopped_at or now) for each in clock.limits],
            due_at=clock.due_at,
            due_on=due_date(clock.due_at),
            is_provisional=clock.provisional,
            stopped_at=clock.stopped_at,
            is_overdue=clock.overdue(now),
            breach=ClockBreachType.of(clock.kind, clock.ruling, until=clock.stopped_at or now),
            clock=clock,
            seen=seen,
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office that owes what the limit measures."""
        return await known_office(info.context, self.clock.office_id)

    @field()
    async def explanation(self, info: strawberry.Info) -> DeadlineExplanationType:
        """Why it ends when it does."""
        return DeadlineExplanationType.of(
            explain(self.clock, await _calendar(info.context, self.clock.office_id)),
            number=self.seen.case.number,
            in_full=self.seen.may(Permission.CASE_HISTORY),
        )


async def _calendar(context: Any, office_id: int) -> Calendar:
    """The calendar of an office, looked up once in a request."""

    async def load(wanted: list[int]) -> list[Calendar]:
        async with context.reader() as session:
            return [await calendars.for_office(session, each) for each in wanted]

    found: Calendar = await context.loader("calendar", load).load(office_id)
    return found
