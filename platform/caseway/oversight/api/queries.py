"""Root fields about figures."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from caseway.db.scope import SYSTEM_SCOPE
from caseway.gql import ids
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.oversight import service
from caseway.oversight.api.types import MetricDefinition, MetricValue
from caseway.oversight.definitions import DEFINITIONS
from caseway.tenancy import repository as offices


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
        office_id: Annotated[strawberry.ID, strawberry.argument(description="The office whose area is counted.")],
        code: Annotated[str, strawberry.argument(description="A live figure, such as ON_TIME_CLOSURE_RATE.")],
        from_on: Annotated[date, strawberry.argument(description="First day of the period.")],
        to_on: Annotated[date, strawberry.argument(description="Last day of the period, at most 366 days in all.")],
    ) -> MetricValue | None:
        """A figure of the area of an office, worked out now, for those who count that area; null for others. Every case
        counts at its holder; accusations and what is barred to you are left out."""
        context: Context = info.context
        actor = context.acting()
        number = ids.try_decode_number("Office", office_id)
        if number is None:
            return None
        async with context.reader(SYSTEM_SCOPE) as session:
            office = await offices.by_id(session, number)
            if office is None or not service.may_count(context.policy, actor, office):
                return None
            found = await service.figure(
                session, context.policy, actor,
                office=office, code=code, from_on=from_on, to_on=to_on, now=context.now(),
            )  # fmt: skip
        return MetricValue.of(found)
