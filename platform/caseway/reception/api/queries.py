"""Root fields that read reception. The schedule is public; everything else is for the office and those above it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.reception import repository, resources, service
from caseway.reception.api.types import (
    DutyStatement,
    FixedDay,
    PublishedSession,
    ReceptionSessionType,
    ResourceStandard,
)
from caseway.reception.models import ReceptionSession, ReceptionTurn
from caseway.tenancy import repository as offices

OfficeArgument = Annotated[strawberry.ID, strawberry.argument(description="The office: yours, or one below it.")]
FromOn = Annotated[date, strawberry.argument(description="First day of the range.")]
ToOn = Annotated[date, strawberry.argument(description="Last day of the range, at most 399 days after the first.")]


@strawberry.type
class ReceptionQueries:
    """Root fields about reception."""

    @field(metadata={"list_size": 24})
    async def fixed_days(
        self,
        info: strawberry.Info,
        office_id: Annotated[strawberry.ID, strawberry.argument(description="Any office.")],
        year: Annotated[int, strawberry.argument(description="The year, 2000 to 2099.")],
    ) -> list[FixedDay]:
        """Fixed days of a year by date, each month by the rules in force on its first day; empty where no rule sets
        any, and for offices that do not exist. Dates that depend on an unpublished calendar are provisional."""
        context: Context = info.context
        context.acting()
        number = ids.try_decode_number("Office", office_id)
        async with context.reader() as session:
            found = await offices.by_id(session, number) if number is not None else None
            if found is None:
                return []
            dates = await service.fixed_year(session, await service.owner(session, found), year=year)
        return [FixedDay.of(each) for each in dates]

    @field()
    async def reception_sessions(
        self,
        info: strawberry.Info,
        office_id: OfficeArgument,
        from_on: FromOn,
        to_on: ToOn,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ReceptionSessionType] | None:
        """Sessions of an office by their begin, cancelled ones too; null unless the office is yours or below yours. A
        petition office or joint conference stands for its government."""
        context: Context = info.context
        actor = context.acting()
        within = service.stretch(from_on, to_on)
        wanted = page(
            first=first, after=after, last=last, before=before, order=repository.SESSION_ORDER,
            filters={"office": office_id, "from": from_on, "to": to_on},
        )  # fmt: skip
        async with context.reader() as session:
            office = await service.shown(session, context.policy, actor, ids.try_decode_number("Office", office_id))
            if office is None:
                return None
            found = await repository.sessions(session, office.id, first=within.first, last=within.last, page=wanted)
            turns = await repository.turns(session, [row.id for row in found.rows])
        now = context.now()
        return connect(
            found,
            node=lambda row: ReceptionSessionType.of(row, turns[row.id], now=now),
            key=lambda row: (row.starts_at, row.id),
        )

    @field(metadata={"weight": 20})
    async def duty_statement(
        self, info: strawberry.Info, office_id: OfficeArgument, from_on: FromOn, to_on: ToOn
    ) -> DutyStatement | None:
        """What an office and its leaders owe in a range of days and what of it was done; null unless the office is
        yours or below yours. A petition office or joint conference stands for its government.

        It reads the sessions of the office in the years that the range touches; the number of offices does not
        matter."""
        context: Context = info.context
        actor = context.acting()
        within = service.stretch(from_on, to_on)
        async with context.reader() as session:
            office = await service.shown(session, context.policy, actor, ids.try_decode_number("Office", office_id))
            if office is None:
                return None
            found = await service.statement(session, office, within=within, now=context.now())
        return DutyStatement.of(found)

    @field(metadata={"list_size": 10})
    async def resource_standards(self, info: strawberry.Info, office_id: OfficeArgument) -> list[ResourceStandard]:
        """What the rules ask an office to have, and what it declares to have, by item; empty unless the office is yours
        or below yours."""
        context: Context = info.context
        actor = context.acting()
        async with context.reader() as session:
            office = await service.shown(session, context.policy, actor, ids.try_decode_number("Office", office_id))
            found = await resources.standards(session, office, now=context.now()) if office is not None else []
        return [ResourceStandard.of(each) for each in found]

    @field()
    async def reception_schedule(
        self,
        info: strawberry.Info,
        office_code: Annotated[str, strawberry.argument(description="Code of the office, such as 120111.")],
        month: Annotated[str, strawberry.argument(description="The month, such as 2026-02.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PublishedSession]:
        """The public schedule of an office for a month, by time; nobody has to log in. It shows time, place, form and
        leaders of the sessions that the office makes public, never who comes or what about. Empty for codes of no
        office."""
        context: Context = info.context
        within = service.month(month)
        wanted = page(
            first=first, after=after, last=last, before=before, order=repository.SESSION_ORDER,
            filters={"schedule": office_code, "month": month},
        )  # fmt: skip
        async with context.reader() as session:
            found = await offices.by_code(session, office_code)
            owner_id = (await service.owner(session, found)).id if found is not None else 0
            rows = await repository.sessions(
                session, owner_id, first=within.first, last=within.last, page=wanted, public_only=True
            )
            turns = await repository.turns(session, [row.id for row in rows.rows])
            names = await repository.names(session, [turn.leader_id for each in turns.values() for turn in each])
        return connect(
            rows,
            node=lambda row: PublishedSession.of(row, [names[turn.leader_id] for turn in turns[row.id]]),
            key=lambda row: (row.starts_at, row.id),
        )


async def shown_session(context: Context, session_id: int) -> ReceptionSessionType | None:
    """For ``node(id:)``: a session of your office or of one below it; else null."""
    actor = context.acting()
    async with context.reader() as session:
        row: ReceptionSession | None = await repository.get(session, session_id)
        if row is None or await service.shown(session, context.policy, actor, row.office_id) is None:
            return None
        turns: dict[int, list[ReceptionTurn]] = await repository.turns(session, [row.id])
    return ReceptionSessionType.of(row, turns[row.id], now=context.now())
