"""The calendar on the graph: which days are worked on, how far it reaches, and the days that an office decides."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from caseway.access.actor import Actor
from caseway.access.facts import office_facts
from caseway.access.permissions import Permission
from caseway.calendars import jobs, local
from caseway.calendars.models import LocalDay
from caseway.calendars.workdays import DayKind
from caseway.db.session import UnitOfWork
from caseway.gql import ids
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.errors import mutation
from caseway.gql.fields import field
from caseway.gql.perform import Outcome, perform
from caseway.gql.problems import Problems
from caseway.people.office_api import OfficeType, known_office

_LONGEST_NAME, _LONGEST_BASIS = 60, 400

described(
    DayKind,
    name="CalendarDayKind",
    description="What a day is for those who work in offices.",
    values={
        "WORKDAY": "工作日: an ordinary workday.",
        "WEEKEND": "周末: an ordinary Saturday or Sunday.",
        "HOLIDAY": "节假日: inside an announced holiday period, whatever day of the week it is.",
        "MAKE_UP_WORKDAY": "调休上班日: a day that is worked on although it would be off.",
    },
)


class LocalDayKind(StrEnum):
    """What an office can make of a day."""

    HOLIDAY = "HOLIDAY"
    MAKE_UP_WORKDAY = "MAKE_UP_WORKDAY"


described(
    LocalDayKind,
    name="CalendarLocalDayKind",
    description="What an office can make of a day.",
    values={
        "HOLIDAY": "放假: a holiday of the area.",
        "MAKE_UP_WORKDAY": "上班: worked on although it would be off; never a day that the whole country has off.",
    },
)


@strawberry.type(description="A day that an office has decided for itself and everything below it.")
class CalendarLocalDay:
    """Revoked, never deleted."""

    id: strawberry.ID = strawberry.field(description="Global id of the decision.")
    day_on: date = strawberry.field(description="The day.")
    kind: LocalDayKind = strawberry.field(description="What it is made.")
    name: str = strawberry.field(description="Name of the holiday, or of what is made up for.")
    basis: str = strawberry.field(description="The decision or rule behind it, in words.")
    added_at: datetime = strawberry.field(description="Since when it counts.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken back; null while it counts.")
    office_id: strawberry.Private[int]

    @classmethod
    def of(cls, row: LocalDay) -> CalendarLocalDay:
        """The GraphQL object of a row."""
        return cls(
            id=strawberry.ID(ids.encode("CalendarLocalDay", row.id)),
            day_on=row.day,
            kind=LocalDayKind(row.kind),
            name=row.name,
            basis=row.basis,
            added_at=row.added_at,
            revoked_at=row.revoked_at,
            office_id=row.office_id,
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office that has decided it."""
        return await known_office(info.context, self.office_id)


@strawberry.type(description="One day as it counts for an office.")
class CalendarDay:
    """National notice, then what is decided from the top down; the nearest office is heard last."""

    day_on: date = strawberry.field(description="The day, in China's time zone.")
    kind: DayKind = strawberry.field(description="What it is.")
    is_workday: bool = strawberry.field(description="Whether it counts in limits of workdays.")
    name: str | None = strawberry.field(
        description="The holiday it belongs to or is made up for; null on ordinary days."
    )
    source: str = strawberry.field(description="The notice or decision that says so.")
    is_provisional: bool = strawberry.field(
        description="Whether no notice is known for its year: it may still become another day."
    )
    local_day: CalendarLocalDay | None = strawberry.field(
        description="The decision of an office that counts for it; null where the national calendar does."
    )

    @classmethod
    def of(cls, day: local.Day) -> CalendarDay:
        """The GraphQL object of a day."""
        return cls(
            day_on=day.day,
            kind=day.kind,
            is_workday=day.kind.is_workday,
            name=day.name,
            source=day.source,
            is_provisional=day.is_provisional,
            local_day=CalendarLocalDay.of(day.local) if day.local is not None else None,
        )


@strawberry.type(description="How far the published calendar reaches.")
class CalendarHorizon:
    """What is reckoned beyond it is provisional."""

    published_until_on: date = strawberry.field(description="The last day that a notice is known for.")
    days_left: int = strawberry.field(description="Days from today to that day; negative when it has passed.")
    missing_year: int = strawberry.field(description="The first year that no notice is known for.")
    is_near: bool = strawberry.field(description="Whether it is at most 60 days away: the next notice is looked for.")

    @classmethod
    def of(cls, found: jobs.Horizon) -> CalendarHorizon:
        """The GraphQL object of a horizon."""
        return cls(
            published_until_on=found.last_day,
            days_left=found.days_left,
            missing_year=found.missing_year,
            is_near=found.is_near,
        )


@strawberry.input(description="A day that your office decides for itself and everything below it.")
class CalendarLocalDayAddInput:
    """Input of ``calendarLocalDayAdd``."""

    office_id: strawberry.ID = strawberry.field(description="Your office: the government of a town or above.")
    day_on: date = strawberry.field(description="The day: after today, at most 400 days ahead.")
    kind: LocalDayKind = strawberry.field(description="What it is made.")
    name: str = strawberry.field(description="Name of the holiday, or of what is made up for; 60 characters at most.")
    basis: str = strawberry.field(description="The decision or rule behind it, in words; 400 characters at most.")
    idempotency_key: str | None = strawberry.field(default=None, description="See other mutations: kept seven days.")


@strawberry.type(description="The day as it is decided now.")
class CalendarLocalDayAddPayload:
    """Payload of ``calendarLocalDayAdd``."""

    local_day: CalendarLocalDay = strawberry.field(description="The decision.")


@strawberry.input(description="The decision to take back.")
class CalendarLocalDayRevokeInput:
    """Input of ``calendarLocalDayRevoke``."""

    local_day_id: strawberry.ID = strawberry.field(description="The decision; its day lies after today.")
    idempotency_key: str | None = strawberry.field(default=None, description="See other mutations: kept seven days.")


@strawberry.type(description="The decision that no longer counts.")
class CalendarLocalDayRevokePayload:
    """Payload of ``calendarLocalDayRevoke``."""

    local_day: CalendarLocalDay = strawberry.field(description="The decision.")


@strawberry.type
class CalendarQueries:
    """Root fields about days. They are public among staff: everybody reckons with the same."""

    @field(metadata={"list_size": 31})
    async def calendar_days(
        self,
        info: strawberry.Info,
        office_id: Annotated[strawberry.ID, strawberry.argument(description="The office whose days are asked for.")],
        from_on: Annotated[date, strawberry.argument(description="The first day.")],
        to_on: Annotated[date, strawberry.argument(description="The last day, at most 399 days after the first.")],
    ) -> list[CalendarDay] | None:
        """Every day of a period as it counts for an office, in order; null for no office."""
        context = info.context
        actor: Actor = context.acting()
        number = ids.try_decode_number("Office", office_id)
        if number is None or not _may_read(context, actor):
            return None
        async with context.reader() as session:
            found = await local.days(session, office_id=number, first=from_on, last=to_on)
        return [CalendarDay.of(each) for each in found] if found is not None else None

    @field()
    async def calendar_horizon(self, info: strawberry.Info) -> CalendarHorizon | None:
        """How far the published calendar reaches; null for those who may not read it."""
        context = info.context
        if not _may_read(context, context.acting()):
            return None
        async with context.reader() as session:
            return CalendarHorizon.of(await jobs.horizon(session, now=context.now()))


@strawberry.type
class CalendarMutations:
    """Mutations of administrators about days."""

    @mutation(CalendarLocalDayAddPayload)
    async def calendar_local_day_add(
        self, info: strawberry.Info, input: CalendarLocalDayAddInput
    ) -> CalendarLocalDayAddPayload:
        """Decide that a day ahead is a holiday, or a workday, for your office and everything below. The nearest
        office is heard last; what the whole country has off stays off."""
        problems, done = Problems(), list[LocalDay]()
        office_id = problems.number_id("officeId", "Office", input.office_id)
        name = problems.text("name", input.name, longest=_LONGEST_NAME)
        basis = problems.text("basis", input.basis, longest=_LONGEST_BASIS)
        problems.refuse()
        context = info.context

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            row = await local.add(
                uow, context.policy, actor,
                office_id=office_id, day=input.day_on, kind=DayKind(input.kind.value), name=name, basis=basis, now=now,
            )  # fmt: skip
            done.append(row)
            return {"local_day": row.id}

        outcome = await perform(info, input, work)
        return CalendarLocalDayAddPayload(local_day=await _again(info, outcome, done))

    @mutation(CalendarLocalDayRevokePayload)
    async def calendar_local_day_revoke(
        self, info: strawberry.Info, input: CalendarLocalDayRevokeInput
    ) -> CalendarLocalDayRevokePayload:
        """Take back a day that your office has decided, while it is still ahead."""
        context, done = info.context, list[LocalDay]()
        local_day_id = ids.decode_number("CalendarLocalDay", input.local_day_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            row = await local.revoke(uow, context.policy, actor, local_day_id=local_day_id, now=now)
            done.append(row)
            return {"local_day": row.id}

        outcome = await perform(info, input, work)
        return CalendarLocalDayRevokePayload(local_day=await _again(info, outcome, done))


def _may_read(context: Context, actor: Actor) -> bool:
    facts = office_facts(actor, actor.office_id, actor.office_path)
    return context.policy.allows(actor, Permission.CALENDAR_READ, facts)


async def _again(info: strawberry.Info, outcome: Outcome, done: list[LocalDay]) -> CalendarLocalDay:
    """The decision just changed; for a repeated request, the decision as it is now."""
    if done:
        return CalendarLocalDay.of(done[0])
    async with info.context.reader() as session:
        row = await local.local_day(session, int(outcome["local_day"]))
    assert row is not None, "local days are never deleted"
    return CalendarLocalDay.of(row)
