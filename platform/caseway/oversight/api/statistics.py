"""Statistics of areas on the graph."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from caseway.calendars.periods import local_day
from caseway.cases.workflow import Channel, PetitionClass, Stage
from caseway.errors import InvalidInput
from caseway.gql.enums import described
from caseway.gql.fields import field as resolved
from caseway.oversight import monthly
from caseway.oversight.api.types import MetricDefinition, MetricPart
from caseway.oversight.counts import DEFINITIONS, RATES, Count
from caseway.oversight.definitions import DEFINITIONS as METRICS
from caseway.oversight.errors import FigureNotByStage, FigureProtected
from caseway.oversight.protected import OWN
from caseway.oversight.reading import Narrowing
from caseway.oversight.service import Part
from caseway.oversight.tables import Dimension, Question, Row, Table
from caseway.oversight.timeliness import Measure
from caseway.people.office_api import OfficeType, known_office, office
from caseway.tenancy.models import Office

described(
    Count,
    name="StatisticsCount",
    description="What is counted 统计项. Stocks are what there was at the end of the last day; the rest happened.",
    values={str(each): DEFINITIONS[each] for each in Count},
)
described(
    Dimension,
    name="StatisticsDimension",
    description="What a table is broken down by.",
    values={
        "CHILD_OFFICE": "下级单位: the offices right below, and the office itself.",
        "PETITION_CLASS": "分类: class of the matters.",
        "CHANNEL": "渠道: how they came.",
        "FIELD": "领域: field of the matters.",
        "STAGE": "环节: stage of open cases; for the count OPEN alone.",
        "DAY": "日: days of the period.",
        "MONTH": "月: months of the period.",
        "YEAR": "年: years of the period.",
    },
)


@strawberry.input(description="Which cases are counted: fields by AND, values of one field by OR. Absent = all.")
class StatisticsFilter:
    """Accusations are counted by `protectedCounts` alone."""

    classes: list[PetitionClass] | None = strawberry.field(default=None, description="Any of these classes.")
    channels: list[Channel] | None = strawberry.field(default=None, description="Any of these channels.")
    fields: list[str] | None = strawberry.field(default=None, description="Any of these fields of matters.")
    stages: list[Stage] | None = strawberry.field(default=None, description="Any of these stages; for OPEN alone.")


def narrowing(given: StatisticsFilter | None) -> Narrowing:
    """What is counted. Raises ``FigureProtected``, ``InvalidInput``."""
    if given is None:
        return Narrowing()
    if PetitionClass.ACCUSATION in (given.classes or ()):
        raise FigureProtected
    if any(not value.strip() for value in given.fields or []):
        raise InvalidInput([("filter.fields", "REQUIRED", "Name a field, or leave the list out.")])
    return Narrowing(
        classes=tuple(given.classes or ()),
        channels=tuple(given.channels or ()),
        fields=tuple(given.fields or ()),
        stages=tuple(given.stages or ()),
    )


@strawberry.type(description="A count and what it means 口径.")
class StatisticsDefinition:
    """No number is told without one."""

    count: Count = strawberry.field(description="The count.")
    definition: str = strawberry.field(description="What is counted, and what is not.")
    is_stock: bool = strawberry.field(
        description="Whether it is what there was at the end of the last day, rather than what happened in the period."
    )


@strawberry.type(description="One number.")
class StatisticsValue:
    """Of a row."""

    count: Count = strawberry.field(description="What is counted.")
    value: int = strawberry.field(description="How often.")


@strawberry.type(description="One rate by each measure, with what it is made of.")
class StatisticsRate:
    """On time ÷ (closed + overdue and open); sending a case away closes nothing."""

    metric: MetricDefinition = strawberry.field(description="What it means.")
    parts: list[MetricPart] = strawberry.field(description="By the limits of the law, and by all limits.")


@strawberry.type(description="One line of a table: its key, its numbers and its rates.")
class StatisticsLine:
    """What a line is about stands in the one key that the table is broken down by."""

    row: strawberry.Private[Row]
    by: strawberry.Private[Dimension | None]
    counts: strawberry.Private[tuple[Count, ...]]

    from_on: date = strawberry.field(description="First day of the line.")
    to_on: date = strawberry.field(description="Last day of the line; stocks are of its end.")
    is_own: bool = strawberry.field(
        description="Whether it is what the office itself held, in a table by offices right below."
    )
    petition_class: PetitionClass | None = strawberry.field(description="By PETITION_CLASS.")
    channel: str | None = strawberry.field(description="By CHANNEL.")
    field: str | None = strawberry.field(description="By FIELD.")
    stage: Stage | None = strawberry.field(description="By STAGE.")

    @classmethod
    def of(cls, row: Row, by: Dimension | None, counts: tuple[Count, ...]) -> StatisticsLine:
        """The GraphQL object of a line."""
        return cls(
            row=row, by=by, counts=counts, from_on=row.first, to_on=row.last,
            is_own=by is Dimension.CHILD_OFFICE and row.key == OWN,
            petition_class=PetitionClass(row.key) if by is Dimension.PETITION_CLASS else None,
            channel=row.key if by is Dimension.CHANNEL else None,
            field=row.key if by is Dimension.FIELD else None,
            stage=Stage(row.key) if by is Dimension.STAGE else None,
        )  # fmt: skip

    @resolved()
    async def office(self, info: strawberry.Info) -> OfficeType | None:
        """By CHILD_OFFICE: the office right below, as it was then; null for its own line."""
        return await office(info.context, self.row.key) if self.by is Dimension.CHILD_OFFICE else None

    @resolved(metadata={"list_size": 10})
    def values(self) -> list[StatisticsValue]:
        """The numbers that were asked for, in that order; also those that are 0."""
        return [StatisticsValue(count=each, value=self.row.values.get(each, 0)) for each in self.counts]

    @resolved(metadata={"list_size": 2})
    def rates(self) -> list[StatisticsRate]:
        """Rates of timeliness; none in a table by stage."""
        if self.by is Dimension.STAGE:
            return []
        return [
            StatisticsRate(
                metric=MetricDefinition.of(METRICS[str(metric)]),
                parts=[MetricPart.of(Part(measure, self.row.tally(metric, measure))) for measure in Measure],
            )
            for metric in RATES
        ]


@strawberry.type(description="Statistics of an area for a period 统计表, by what was known at the end of a day.")
class Statistics:
    """Ask again as of the same day and the same numbers come, whatever was entered or reorganised since."""

    table: strawberry.Private[Table]
    counts: strawberry.Private[tuple[Count, ...]]

    from_on: date = strawberry.field(description="First day of the period.")
    to_on: date = strawberry.field(description="Last day of the period.")
    as_of_on: date = strawberry.field(description="What was known at the end of this day is counted.")
    as_of_at: datetime = strawberry.field(description="Facts before this instant are counted.")

    @classmethod
    def of(cls, table: Table, counts: tuple[Count, ...]) -> Statistics:
        """The GraphQL object of a table."""
        asked = table.question
        return cls(
            table=table, counts=counts, from_on=asked.first, to_on=asked.last,
            as_of_on=asked.as_of, as_of_at=table.as_of_at,
        )  # fmt: skip

    @resolved()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office whose area is counted."""
        return await known_office(info.context, self.table.question.office.id)

    @resolved(metadata={"list_size": 10})
    def definitions(self) -> list[StatisticsDefinition]:
        """What the numbers mean."""
        return [
            StatisticsDefinition(count=each, definition=each.definition, is_stock=each.is_stock) for each in self.counts
        ]

    @resolved()
    def total(self) -> StatisticsLine:
        """The whole area: the sum of the lines; of stocks over time the last line."""
        return StatisticsLine.of(self.table.total, None, self.counts)

    @resolved(metadata={"list_size": 30})
    def lines(self) -> list[StatisticsLine]:
        """The lines, by key: offices by id, days by date; none if nothing was to be broken down. At most 500."""
        return [StatisticsLine.of(each, self.table.question.by, self.counts) for each in self.table.rows]


@strawberry.type(description="One number that may be suppressed.")
class ProtectedCount:
    """Of a line of a protected table."""

    key: strawberry.Private[int]

    is_own: bool = strawberry.field(description="Whether the office itself registered them.")
    value: int | None = strawberry.field(description="How many; null if suppressed.")
    is_suppressed: bool = strawberry.field(
        description="Whether it is under 5, or would give away one that is, and therefore not told."
    )

    @resolved()
    async def office(self, info: strawberry.Info) -> OfficeType | None:
        """The office right below; null for its own line."""
        return await office(info.context, self.key)


@strawberry.type(description="Registrations of a month by offices, for those who count the cases but do not see them.")
class ProtectedCounts:
    """The same for everybody who asks."""

    found: strawberry.Private[monthly.Monthly]

    from_on: date = strawberry.field(description="First day of the month.")
    as_of_on: date = strawberry.field(description="Its last day: what became known later is not in it.")
    total: int | None = strawberry.field(description="Registrations in the whole area; null if suppressed.")
    is_suppressed: bool = strawberry.field(description="Whether the total is suppressed.")

    @classmethod
    def of(cls, found: monthly.Monthly) -> ProtectedCounts:
        """The GraphQL object of a table."""
        total = found.told.total
        return cls(found=found, from_on=found.first, as_of_on=found.as_of, total=total, is_suppressed=total is None)

    @resolved()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office whose area is counted."""
        return await known_office(info.context, self.found.office.id)

    @resolved(metadata={"list_size": 30})
    def lines(self) -> list[ProtectedCount]:
        """By the offices right below, by id, and the office itself first."""
        return [
            ProtectedCount(key=key, is_own=key == OWN, value=value, is_suppressed=value is None)
            for key, value in sorted(self.found.told.cells.items())
        ]


def question(
    found: Office,
    *,
    from_on: date,
    to_on: date,
    as_of_on: date | None,
    counts: list[Count] | None,
    by: Dimension | None,
    filter: StatisticsFilter | None,
    now: datetime,
) -> Question:
    """The question that the arguments ask. Raises ``FigureNotByStage``."""
    only = narrowing(filter)
    by_stage = by is Dimension.STAGE or bool(only.stages)
    wanted = tuple(dict.fromkeys(counts if counts is not None else [Count.OPEN] if by_stage else Count))
    if by_stage and set(wanted) != {Count.OPEN}:
        raise FigureNotByStage
    return Question(found, from_on, to_on, as_of_on or local_day(now), wanted, by, only)
