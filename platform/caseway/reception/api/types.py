"""Sessions, fixed days, duties and standards on the graph. No petitioner and no case is in any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import strawberry

from caseway.gql import ids
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office
from caseway.reception.api import enums as enums  # described before they are used
from caseway.reception.codes import Coverage, DutyState, ResourceState, SessionActivity, SessionState
from caseway.reception.duties import Duty, DutyReason, FixedDuty
from caseway.reception.fixed_days import FixedDate
from caseway.reception.models import ReceptionSession, ReceptionTurn
from caseway.reception.resources import Standard
from caseway.reception.service import Statement
from caseway.reception.sessions import coverage
from caseway.rules.kinds.vocabulary import Form
from caseway.rules.rows import RowRef


@strawberry.type(description="The row of a rule book that a value comes from.")
class DutySource:
    """Provenance of one parameter."""

    parameter: str = strawberry.field(description="Name of the parameter, such as `day` or `min`.")
    book_code: str = strawberry.field(description="Code of the rule book.")
    version: int = strawberry.field(description="Version of the book that is in force for the period.")
    rule_code: str = strawberry.field(description="The rule in it, such as `TJ-01`.")

    @classmethod
    def of(cls, sources: Mapping[str, tuple[RowRef, ...]]) -> list[DutySource]:
        """One object for each parameter and row."""
        return [
            cls(parameter=name, book_code=ref.book, version=ref.version, rule_code=ref.row_id)
            for name, refs in sources.items()
            for ref in refs
        ]


@strawberry.type(description="A fixed day of the month 固定接访日, resolved to a date.")
class FixedDay:
    """One day of one month."""

    activity: str = strawberry.field(description="What takes place, as rule books name it, such as VISIT 下访.")
    day_of_month: int = strawberry.field(description="Number of the day that the rule names, 1 to 31.")
    named_on: date = strawberry.field(description="The date that the rule names.")
    effective_on: date = strawberry.field(description="The date on which it is kept, after rolling.")
    is_provisional: bool = strawberry.field(
        description="Whether the date may still change; nothing is owed on a provisional date."
    )
    reason: DutyReason | None = strawberry.field(description="Why it is provisional; null for a certain date.")
    roll: str = strawberry.field(description="NEVER, or NEXT_WORKDAY: moved on from days that are off.")
    roll_on: str | None = strawberry.field(
        description="Which days roll: NON_WORKDAY or STATUTORY_HOLIDAY; null where none does."
    )
    actor: str | None = strawberry.field(description="Rank that receives or visits; null where the rule names none.")
    is_joint: bool = strawberry.field(description="Whether several offices keep the day together 联合接访.")
    groups_min: int | None = strawberry.field(description="Fewest groups of leaders; null where none is asked for.")
    venue: str | None = strawberry.field(description="Code of the place; null where the rule names none.")
    sources: list[DutySource] = strawberry.field(description="Rows behind the day and each parameter.")

    @classmethod
    def of(cls, found: FixedDate) -> FixedDay:
        """The GraphQL object of a date."""
        return cls(
            activity=found.activity,
            day_of_month=found.day,
            named_on=found.named,
            effective_on=found.on,
            is_provisional=found.provisional is not None,
            reason=DutyReason(found.provisional) if found.provisional is not None else None,
            roll=found.roll,
            roll_on=found.roll_on,
            actor=found.actor,
            is_joint=found.joint,
            groups_min=found.groups_min,
            venue=found.venue,
            sources=DutySource.of(found.sources),
        )


@strawberry.type(description="A fixed day, and whether it was kept.")
class FixedDayDuty:
    """Judged when its day has ended."""

    day: FixedDay = strawberry.field(description="The day.")
    state: DutyState = strawberry.field(description="MET, MISSED, PENDING or PROVISIONAL.")
    judged_at: datetime = strawberry.field(description="The first instant after the day: judged then, not earlier.")

    @classmethod
    def of(cls, found: FixedDuty) -> FixedDayDuty:
        """The GraphQL object of a duty."""
        return cls(day=FixedDay.of(found.date), state=found.state, judged_at=found.judged_at)


@strawberry.type(description="A recurring duty of one period: of one leader, or of the office as a whole.")
class LeaderDuty:
    """How much is asked for and how much was done."""

    activity: str = strawberry.field(description="What is owed, as rule books name it, such as RECEPTION 接访.")
    scope: str = strawberry.field(description="EACH (every leader of the rank) or OFFICE (the office together).")
    actor: str = strawberry.field(description="Rank, or name of a set of ranks, that owes it.")
    unit: str = strawberry.field(description="What is counted: SESSION, DAY, WORKDAY, SHIFT_DAY or CASE.")
    per: str = strawberry.field(description="The period, such as DAY, WEEK, MONTH or HALF_YEAR.")
    least: int = strawberry.field(description="How many the rule asks for in each period.")
    first_on: date = strawberry.field(description="First day of the period; of a daily duty, of the days counted here.")
    last_on: date = strawberry.field(description="Last day of it.")
    required: int = strawberry.field(
        description="How many were owed; of a daily duty, the days that have ended. 0 where nothing is owed."
    )
    done: int = strawberry.field(description="How many were done so far.")
    missing: int = strawberry.field(description="How many are missing; 0 until the period has ended.")
    rate: float | None = strawberry.field(
        description="Share of what was owed that was done, 0 to 1 with four digits; null where nothing was owed."
    )
    uncovered_days: list[date] | None = strawberry.field(
        description="Days that have ended without it; null for duties that are not daily."
    )
    state: DutyState = strawberry.field(description="How it stands.")
    reason: DutyReason | None = strawberry.field(description="Why it is exempt, vacant or provisional; else null.")
    judged_at: datetime = strawberry.field(description="The first instant after the period: judged then, not earlier.")
    sources: list[DutySource] = strawberry.field(description="Rows behind each parameter.")
    leader_id: strawberry.Private[int | None]

    @classmethod
    def of(cls, found: Duty) -> LeaderDuty:
        """The GraphQL object of a duty."""
        share = min(found.done, found.required) / found.required if found.required else None
        return cls(
            activity=found.activity,
            scope=found.scope,
            actor=found.actor,
            unit=found.unit,
            per=found.per,
            least=found.least,
            first_on=found.period.first,
            last_on=found.period.last,
            required=found.required,
            done=found.done,
            missing=found.missing,
            rate=round(share, 4) if share is not None else None,
            uncovered_days=list(found.uncovered) if found.uncovered is not None else None,
            state=found.state,
            reason=found.reason,
            judged_at=found.judged_at,
            sources=DutySource.of(found.sources),
            leader_id=found.leader_id,
        )

    @field()
    async def leader(self, info: strawberry.Info) -> PersonType | None:
        """Who owes it; null for a duty of the office, and where nobody has the rank."""
        return await known_person(info.context, self.leader_id) if self.leader_id is not None else None


@strawberry.type(description="What an office and its leaders owe in a range of days, and what of it was done.")
class DutyStatement:
    """Derived at the instant of asking from rules, calendar and recorded sessions."""

    office_id: strawberry.Private[int]
    first_on: date = strawberry.field(description="First day of the range.")
    last_on: date = strawberry.field(description="Last day of it.")
    at: datetime = strawberry.field(description="The instant for which it holds.")
    fixed_days: list[FixedDayDuty] = strawberry.field(description="Fixed days in the range, by date.")
    duties: list[LeaderDuty] = strawberry.field(
        description="Duties whose period touches the range, by period. One that reaches over an end stands in both "
        "ranges, whole; daily duties are counted over the days of the range only.",
        metadata={"list_size": 50},
    )

    @classmethod
    def of(cls, found: Statement) -> DutyStatement:
        """The GraphQL object of a statement."""
        return cls(
            office_id=found.office.id,
            first_on=found.within.first,
            last_on=found.within.last,
            at=found.at,
            fixed_days=[FixedDayDuty.of(each) for each in found.fixed],
            duties=[LeaderDuty.of(each) for each in found.duties],
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """Whose duties they are: for a petition office or joint conference, its government's."""
        return await known_office(info.context, self.office_id)


@strawberry.type(description="One leader's turn at a session, covered by the leader or by a recorded substitute.")
class SessionTurn:
    """Exactly one person covers a turn, or nobody."""

    leader_id: strawberry.Private[int]
    present_id: strawberry.Private[int | None]
    is_covered: bool = strawberry.field(description="Whether somebody was there; false while the session is planned.")
    is_substituted: bool = strawberry.field(description="Whether somebody else came instead of the leader.")

    @classmethod
    def of(cls, row: ReceptionTurn) -> SessionTurn:
        """The GraphQL object of a row."""
        return cls(
            leader_id=row.leader_id,
            present_id=row.present_id,
            is_covered=row.present_id is not None,
            is_substituted=row.present_id not in (None, row.leader_id),
        )

    @field()
    async def leader(self, info: strawberry.Info) -> PersonType:
        """Whose turn it is."""
        return await known_person(info.context, self.leader_id)

    @field()
    async def present(self, info: strawberry.Info) -> PersonType | None:
        """Who was there; null while the session is planned, and if nobody was."""
        return await known_person(info.context, self.present_id) if self.present_id is not None else None


@strawberry.type(name="ReceptionSession", description="A session of an office: leaders receive, visit or are on duty.")
class ReceptionSessionType(Node):
    """A session as the office and those above it see it."""

    row: strawberry.Private[ReceptionSession]
    activity: SessionActivity = strawberry.field(description="What the leaders do.")
    form: Form = strawberry.field(description="Form of the session.")
    session_on: date = strawberry.field(description="Its day.")
    starts_at: datetime = strawberry.field(description="Begin.")
    ends_at: datetime = strawberry.field(description="End, on the same day.")
    place: str = strawberry.field(description="Where, in words.")
    is_public: bool = strawberry.field(
        description="Whether time, place, form and leaders stand in the public schedule."
    )
    state: SessionState = strawberry.field(description="How far it has come.")
    coverage: Coverage = strawberry.field(description="Whether every turn was covered.")
    matters: int = strawberry.field(description="How many matters were worked on; 0 while it is planned.")
    settled_at: datetime | None = strawberry.field(
        description="When it was recorded as held or cancelled; null while it is planned."
    )
    reason: str | None = strawberry.field(description="Why it was called off; null otherwise.")
    turns: list[SessionTurn] = strawberry.field(description="Its leaders, one turn each.", metadata={"list_size": 3})

    @classmethod
    def of(cls, row: ReceptionSession, turns: Sequence[ReceptionTurn], *, now: datetime) -> ReceptionSessionType:
        """The GraphQL object of a session and its turns."""
        return cls(
            id=strawberry.ID(ids.encode("ReceptionSession", row.id)),
            row=row,
            activity=SessionActivity(row.activity),
            form=Form(row.form),
            session_on=row.day,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            place=row.place,
            is_public=row.is_public,
            state=SessionState(row.state),
            coverage=coverage(row, turns, now=now),
            matters=row.matters,
            settled_at=row.settled_at,
            reason=row.reason or None,
            turns=[SessionTurn.of(each) for each in turns],
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """Whose session it is."""
        return await known_office(info.context, self.row.office_id)


@strawberry.type(description="A session as everybody may know of it: time, place, form and leaders, nothing else.")
class PublishedSession:
    """What the public schedule shows."""

    activity: SessionActivity = strawberry.field(description="What the leaders do.")
    form: Form = strawberry.field(description="Form of the session.")
    session_on: date = strawberry.field(description="Its day.")
    starts_at: datetime = strawberry.field(description="Begin.")
    ends_at: datetime = strawberry.field(description="End, on the same day.")
    place: str = strawberry.field(description="Where, in words.")
    leaders: list[str] = strawberry.field(description="Names of the leaders.")

    @classmethod
    def of(cls, row: ReceptionSession, leaders: list[str]) -> PublishedSession:
        """The public part of a session."""
        return cls(
            activity=SessionActivity(row.activity),
            form=Form(row.form),
            session_on=row.day,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            place=row.place,
            leaders=leaders,
        )


@strawberry.type(description="A standard for what an office has to have, and what it declares to have.")
class ResourceStandard:
    """One item."""

    office_id: strawberry.Private[int]
    item: str = strawberry.field(description="What it is, as rule books name it, such as RECEPTION_AREA.")
    least: float | None = strawberry.field(description="The least that is asked for; null where no least is set.")
    most: float | None = strawberry.field(description="The most that is allowed; null where no most is set.")
    unit: str = strawberry.field(description="What is counted, such as SQUARE_METRE; may be empty.")
    per: str = strawberry.field(description="For each of what, such as TOWN or INHABITANT; may be empty.")
    attributes: list[str] = strawberry.field(description="What belongs to it.")
    amount: float | None = strawberry.field(description="What the office declared last; null before.")
    declared_at: datetime | None = strawberry.field(description="When it declared that; null before.")
    state: ResourceState = strawberry.field(description="How the two compare.")
    sources: list[DutySource] = strawberry.field(description="Rows behind each parameter.")

    @classmethod
    def of(cls, found: Standard) -> ResourceStandard:
        """The GraphQL object of a standard."""
        declared = found.declared
        return cls(
            office_id=found.office_id,
            item=found.item,
            least=float(found.least) if found.least is not None else None,
            most=float(found.most) if found.most is not None else None,
            unit=found.unit,
            per=found.per,
            attributes=list(found.attributes),
            amount=float(declared.amount) if declared is not None else None,
            declared_at=declared.at if declared is not None else None,
            state=found.state,
            sources=DutySource.of(found.sources),
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """Whose standard it is."""
        return await known_office(info.context, self.office_id)
