"""Root fields about figures and statistics."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases import queries as case_queries
from caseway.cases.api.types import CaseType
from caseway.db.keyset import Window
from caseway.db.scope import SYSTEM_SCOPE
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.oversight import behind, monthly, service, tables
from caseway.oversight.api import statistics
from caseway.oversight.api.statistics import ProtectedCounts, Statistics, StatisticsFilter
from caseway.oversight.api.types import MetricDefinition, MetricValue
from caseway.oversight.counts import Count
from caseway.oversight.definitions import DEFINITIONS
from caseway.oversight.tables import Dimension
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

_Area = Annotated[strawberry.ID, strawberry.argument(description="The office whose area is counted.")]
_From = Annotated[date, strawberry.argument(description="First day of the period.")]
_To = Annotated[date, strawberry.argument(description="Last day of the period, at most 3660 days in all.")]
_AsOf = Annotated[
    date | None,
    strawberry.argument(description="By what was known at the end of this day; today, up to now, if absent."),
]
_Filter = Annotated[StatisticsFilter | None, strawberry.argument(description="Which cases are counted.")]


@strawberry.type
class OversightQueries:
    """Root fields about figures."""

    @field(metadata={"list_size": 25})
    async def metric_definitions(self, info: strawberry.Info) -> list[MetricDefinition]:
        """What the figures mean that rule books and answers name 指标口径, by code."""
        info.context.acting()
        return [MetricDefinition.of(DEFINITIONS[code]) for code in sorted(DEFINITIONS)]

    @field(metadata={"weight": 50})
    async def metric_value(
        self,
        info: strawberry.Info,
        office_id: _Area,
        code: Annotated[str, strawberry.argument(description="A live figure, such as ON_TIME_CLOSURE_RATE.")],
        from_on: Annotated[date, strawberry.argument(description="First day of the period.")],
        to_on: Annotated[date, strawberry.argument(description="Last day of the period, at most 366 days in all.")],
    ) -> MetricValue | None:
        """A figure of the area of an office, worked out now, for those who count that area; null for others. Every case
        counts at its holder; accusations and what is barred to you are left out."""
        context: Context = info.context
        actor = context.acting()
        async with context.reader(SYSTEM_SCOPE) as session:
            office = await _area(session, office_id)
            if office is None or not service.may_count(context.policy, actor, office):
                return None
            found = await service.figure(
                session, context.policy, actor,
                office=office, code=code, from_on=from_on, to_on=to_on, now=context.now(),
            )  # fmt: skip
        return MetricValue.of(found)

    @field(metadata={"weight": 20})
    async def statistics(
        self,
        info: strawberry.Info,
        office_id: _Area,
        from_on: _From,
        to_on: _To,
        as_of_on: _AsOf = None,
        counts: Annotated[
            list[Count] | None, strawberry.argument(description="What to count; everything if absent.")
        ] = None,
        by: Annotated[
            Dimension | None, strawberry.argument(description="What to break down by; the total alone if absent.")
        ] = None,
        filter: _Filter = None,
    ) -> Statistics | None:
        """Statistics of the area of an office 统计, from roll-ups, for those who count that area and see its cases at
        least as cards; null for others. Every case counts at its holder once, so that offices right below and the
        office itself add up to the whole. Accusations and what is barred to you are left out. The cost is that of the
        numbers asked for, with a hundred offices in the area and with 700,000."""
        context: Context = info.context
        actor, now = context.acting(), context.now()
        async with context.reader(SYSTEM_SCOPE) as session:
            area = await _area(session, office_id)
            if area is None or not tables.may_ask(context.policy, actor, area):
                return None
            asked = statistics.question(
                area, from_on=from_on, to_on=to_on, as_of_on=as_of_on, counts=counts, by=by, filter=filter, now=now
            )
            found = await tables.table(session, actor, asked, now=now)
        return Statistics.of(found, asked.counts)

    @field()
    async def statistics_cases(
        self,
        info: strawberry.Info,
        office_id: _Area,
        count: Annotated[Count, strawberry.argument(description="The number whose cases are asked for.")],
        from_on: _From,
        to_on: _To,
        as_of_on: _AsOf = None,
        filter: _Filter = None,
        own_only: Annotated[
            bool, strawberry.argument(description="Only what the office itself held, without those below.")
        ] = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CaseType] | None:
        """The cases behind a number of `statistics`, newest first, as far as you see them now; what happened is listed
        once for each time. Stocks are listed as of today alone, overdue ones by `cases`. Paged by keyset: a page costs
        about the same for every area and period. Null for those who may not ask for the number."""
        context: Context = info.context
        actor, now = context.acting(), context.now()
        async with context.reader(SYSTEM_SCOPE) as session:
            area = await _area(session, office_id)
            if area is None or not tables.may_ask(context.policy, actor, area):
                return None
            asked = statistics.question(
                area, from_on=from_on, to_on=to_on, as_of_on=as_of_on, counts=[count], by=None, filter=filter, now=now
            )
            marks = {"question": repr((area.id, *asked.narrowing.parts, from_on, to_on, asked.as_of, own_only)),
                     "office": actor.office_id}  # fmt: skip
            wanted = page(
                first=first, after=after, last=last, before=before, order=count.value, filters=marks,
                width=behind.width(count),
            )  # fmt: skip
            found = await behind.behind(
                session, context.policy, actor, asked, count, own=own_only, page=wanted, now=now
            )
        async with context.reader() as session:
            seen = await case_queries.of_keys(
                session, context.policy, actor, [each.key for each in found.rows], now=now
            )
        rows = [(seen[each.key], each.place) for each in found.rows if each.key in seen]
        window = Window(rows, has_next=found.has_next, has_previous=found.has_previous, page=found.page)
        return connect(window, node=lambda row: CaseType.of(row[0], now=now), key=lambda row: row[1])

    @field(metadata={"weight": 20})
    async def protected_counts(
        self,
        info: strawberry.Info,
        office_id: _Area,
        month_on: Annotated[date, strawberry.argument(description="Any day of a month that is over.")],
        accusations: Annotated[bool, strawberry.argument(description="Accusations, or the other classes together.")],
    ) -> ProtectedCounts | None:
        """Registrations of a month by the offices right below, for those who count the cases of an area but need not
        see them; null for others. Numbers under 5 are suppressed, and what would give them away with them: the same for
        everybody who asks, so that nothing follows from several tables either."""
        context: Context = info.context
        actor = context.acting()
        async with context.reader(SYSTEM_SCOPE) as session:
            area = await _area(session, office_id)
            if area is None or not monthly.may_ask(context.policy, actor, area, accusations=accusations):
                return None
            found = await monthly.monthly(
                session, actor, area, month=month_on, accusations=accusations, now=context.now()
            )
        return ProtectedCounts.of(found)


async def _area(session: AsyncSession, office_id: str) -> Office | None:
    number = ids.try_decode_number("Office", office_id)
    return await offices.by_id(session, number) if number is not None else None
