"""Figures, their definitions, and the timeliness of a case on the graph."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import strawberry

from caseway.cases.api.parts import parts
from caseway.cases.visibility import CaseView
from caseway.clocks.workflow import ClockState
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.oversight import repository
from caseway.oversight.definitions import About, Definition
from caseway.oversight.service import Figure, Part
from caseway.oversight.timeliness import Measure, Timeliness, Verdict, verdicts

described(
    Measure,
    name="TimelinessMeasure",
    description="Which limits something is measured by.",
    values={
        "LAW": "法定期限: limits of the law alone.",
        "OFFICE": "全部期限: limits of the law and of every office in the chain; the earliest rules.",
    },
)
described(
    Timeliness,
    name="Timeliness",
    description="How something that was owed by a limit went.",
    values={
        "ON_TIME": "按期: done within the limit, a recorded extension included.",
        "LATE": "逾期: done late, or still owed after the limit.",
        "RUNNING": "在办: the limit has not passed.",
        "NOT_APPLICABLE": "No limit of that kind is about it, or it ended without an opinion.",
    },
)
described(
    About,
    name="MetricSubject",
    description="What a figure speaks about; decides whether it may ever be a target.",
    values={
        "DUTY": "How a duty towards the petitioner was done.",
        "OPINION": "What people thought of the answer; silence is no opinion.",
        "LOAD": "How much work there was, or what an office did besides.",
        "VOLUME": "How many people came, or came to upper offices: never a target.",
    },
)


@strawberry.type(description="Whether a case is or was handled in time, by one measure.")
class LayerTimeliness:
    """From the clocks of the case alone."""

    measure: Measure = strawberry.field(description="Which limits are meant.")
    timeliness: Timeliness = strawberry.field(description="How it went, or goes.")
    due_on: date | None = strawberry.field(description="Last day of the limit that rules; null if none applies.")
    days_late: int = strawberry.field(description="Whole days between that day and the answer, or today; 0 if in time.")

    @classmethod
    def of(cls, found: Verdict) -> LayerTimeliness:
        """The GraphQL object of a verdict."""
        return cls(measure=found.measure, timeliness=found.timeliness, due_on=found.due_on, days_late=found.days_late)


async def _timeliness(info: strawberry.Info, seen: CaseView) -> list[LayerTimeliness]:
    context: Context = info.context

    async def load(wanted: list[Any]) -> list[list[ClockState]]:
        async with context.reader() as session:
            found = await repository.clocks_of(session, wanted)
        return [found[key] for key in wanted]

    known: list[ClockState] = await context.loader("timeliness", load).load((seen.case.city_id, seen.case.id))
    found = verdicts(known, answered_at=seen.case.answered_at, now=context.now())
    return [LayerTimeliness.of(each) for each in found]


parts.answers(timeliness=_timeliness)


@strawberry.type(description="What a figure means 指标口径. No number is shown without one.")
class MetricDefinition:
    """Rule books name figures by these codes."""

    code: str = strawberry.field(description="Code, as rule books name it.")
    title: str = strawberry.field(description="Its usual name, in Chinese.")
    definition: str = strawberry.field(description="What it says, and what it does not.")
    numerator: str | None = strawberry.field(description="What is counted above the line; null for a count.")
    denominator: str | None = strawberry.field(description="What it is a share of; null for a count.")
    source: str = strawberry.field(description="Where the definition comes from.")
    subject: About = strawberry.field(description="What it speaks about.")
    may_be_target: bool = strawberry.field(
        description="Whether an office may set a target for it; never for figures about how many people come."
    )
    is_live: bool = strawberry.field(description="Whether `metricValue` works it out.")

    @classmethod
    def of(cls, found: Definition) -> MetricDefinition:
        """The GraphQL object of a definition."""
        return cls(
            code=found.code,
            title=found.title,
            definition=found.definition,
            numerator=found.numerator,
            denominator=found.denominator,
            source=found.source,
            subject=found.about,
            may_be_target=found.may_be_target,
            is_live=found.is_live,
        )


@strawberry.type(description="A rate by one measure, with what it is made of.")
class MetricPart:
    """The parts are told with the rate, so that it can be checked and added to others."""

    measure: Measure = strawberry.field(description="Which limits are meant.")
    value: float | None = strawberry.field(description="Between 0 and 1; null of nothing, or if suppressed.")
    on_time: int | None = strawberry.field(description="Closed in the period within the limits; null if suppressed.")
    closed: int | None = strawberry.field(description="Closed in the period, in time or late; null if suppressed.")
    overdue_open: int | None = strawberry.field(
        description="Open at the end of the period although the limit had passed; null if suppressed."
    )
    is_suppressed: bool = strawberry.field(
        description="Whether the whole is under 5 and you do not see the cases, so that it is not told."
    )

    @classmethod
    def of(cls, found: Part) -> MetricPart:
        """The GraphQL object of a part."""
        tally = found.tally
        return cls(
            measure=found.measure,
            value=tally.rate if tally is not None else None,
            on_time=tally.on_time if tally is not None else None,
            closed=tally.closed if tally is not None else None,
            overdue_open=tally.overdue_open if tally is not None else None,
            is_suppressed=tally is None,
        )


@strawberry.type(description="A figure of an area for a period: with its definition, and the instant of its facts.")
class MetricValue:
    """Worked out when it is asked."""

    metric: MetricDefinition = strawberry.field(description="What it means.")
    as_of_at: datetime = strawberry.field(description="The facts before this instant are counted.")
    parts: list[MetricPart] = strawberry.field(description="By the limits of the law, and by all limits.")

    @classmethod
    def of(cls, found: Figure) -> MetricValue:
        """The GraphQL object of a figure."""
        return cls(
            metric=MetricDefinition.of(found.definition),
            as_of_at=found.as_of,
            parts=[MetricPart.of(each) for each in found.parts],
        )
