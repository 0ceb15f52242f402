"""Mutations of reception: planning, recording and cancelling sessions, declaring resources."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import strawberry

from caseway.access.actor import Actor
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.gql.context import Context
from caseway.gql.errors import mutation
from caseway.gql.perform import Outcome, perform
from caseway.gql.problems import Problems
from caseway.reception import repository, resources, sessions
from caseway.reception.api.types import ReceptionSessionType, ResourceStandard
from caseway.reception.codes import SessionActivity
from caseway.reception.service import owner
from caseway.rules.kinds.vocabulary import Form
from caseway.tenancy import repository as offices

_KEY = "8 to 255 printable characters. A repeat with the same key and input does nothing again; kept seven days."
LONGEST_PLACE, LONGEST_REASON = 200, 500
MOST_LEADERS, MOST_DAYS, MOST_MATTERS = 50, 62, 10_000
#: A declared amount has two decimals at most and fits its column.
MOST_AMOUNT = 10**11


@strawberry.input(description="A session of your office, or the same session on several days.")
class ReceptionSessionPlanInput:
    """Input of ``receptionSessionPlan``."""

    activity: SessionActivity = strawberry.field(description="What the leaders do.")
    form: Form = strawberry.field(description="Form of the session.")
    starts_at: datetime = strawberry.field(
        description="Begin: at most a year ahead; for a session that took place already, at most 31 days ago."
    )
    ends_at: datetime = strawberry.field(description="End, on the same day in China.")
    place: str = strawberry.field(description="Where, 200 characters at most.")
    leader_ids: list[strawberry.ID] = strawberry.field(
        description="Who holds it, 1 to 50 people with a post in the office or below it on that day."
    )
    is_public: bool = strawberry.field(
        default=True, description="Whether time, place, form and leaders stand in the public schedule."
    )
    also_on: list[date] = strawberry.field(
        default_factory=list, description="Further days with the same session at the same time, 62 at most."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The sessions that were planned.")
class ReceptionSessionPlanPayload:
    """Payload of ``receptionSessionPlan``."""

    sessions: list[ReceptionSessionType] = strawberry.field(description="One for each day, by day.")


@strawberry.input(description="A leader who was not at a session.")
class SessionAbsenceInput:
    """An absence, with the substitute if there was one."""

    leader_id: strawberry.ID = strawberry.field(description="The leader whose turn it was.")
    substitute_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who came instead; absent if nobody did."
    )


@strawberry.input(description="A session that was held.")
class ReceptionSessionHoldInput:
    """Input of ``receptionSessionHold``."""

    session_id: strawberry.ID = strawberry.field(description="The session.")
    absences: list[SessionAbsenceInput] = strawberry.field(
        default_factory=list, description="Leaders who were not there; every other leader of the session was."
    )
    matters: int = strawberry.field(default=0, description="How many matters were worked on, 0 to 10,000.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The session that was recorded as held.")
class ReceptionSessionHoldPayload:
    """Payload of ``receptionSessionHold``."""

    session: ReceptionSessionType = strawberry.field(description="The session.")


@strawberry.input(description="A session to call off.")
class ReceptionSessionCancelInput:
    """Input of ``receptionSessionCancel``."""

    session_id: strawberry.ID = strawberry.field(description="The session.")
    reason: str = strawberry.field(description="Why, 500 characters at most.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The session that was called off.")
class ReceptionSessionCancelPayload:
    """Payload of ``receptionSessionCancel``."""

    session: ReceptionSessionType = strawberry.field(description="The session.")


@strawberry.input(description="What your office has of something that a rule sets a standard for.")
class ResourceDeclareInput:
    """Input of ``resourceDeclare``."""

    item: str = strawberry.field(description="What it is, as `resourceStandards` names it.")
    amount: float = strawberry.field(description="How much of it, in the standard's unit, two decimals at most.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The standard with the new declaration.")
class ResourceDeclarePayload:
    """Payload of ``resourceDeclare``."""

    standard: ResourceStandard = strawberry.field(description="The standard.")


@strawberry.type
class ReceptionMutations:
    """Root fields that change something about reception."""

    @mutation(ReceptionSessionPlanPayload)
    async def reception_session_plan(
        self, info: strawberry.Info, input: ReceptionSessionPlanInput
    ) -> ReceptionSessionPlanPayload:
        """Plan a session of your office, on one day or on several. A petition office or joint conference plans those of
        its government. A session without a plan is entered afterwards in the same way, then recorded as held."""
        given = _plan(input)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            planned = await sessions.plan(uow, info.context.policy, actor, given=given, now=now)
            return {"sessions": [row.id for row in planned]}

        outcome = await perform(info, input, work)
        return ReceptionSessionPlanPayload(sessions=await _sessions(info.context, outcome["sessions"]))

    @mutation(ReceptionSessionHoldPayload)
    async def reception_session_hold(
        self, info: strawberry.Info, input: ReceptionSessionHoldInput
    ) -> ReceptionSessionHoldPayload:
        """Record that a session of your office was held, and who of its leaders was not there. A turn that nobody
        covered makes the session uncovered, which the offices above see."""
        problems = Problems()
        session_id = problems.number_id("sessionId", "ReceptionSession", input.session_id)
        absent = _absent(problems, input.absences)
        problems.check(0 <= input.matters <= MOST_MATTERS, "matters", "OUT_OF_RANGE", f"Give 0 to {MOST_MATTERS}.")
        problems.refuse()

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            await sessions.hold(
                uow, info.context.policy, actor,
                session_id=session_id, absent=absent, matters=input.matters, now=now,
            )  # fmt: skip
            return {"session": session_id}

        outcome = await perform(info, input, work)
        (held,) = await _sessions(info.context, [outcome["session"]])
        return ReceptionSessionHoldPayload(session=held)

    @mutation(ReceptionSessionCancelPayload)
    async def reception_session_cancel(
        self, info: strawberry.Info, input: ReceptionSessionCancelInput
    ) -> ReceptionSessionCancelPayload:
        """Call a session of your office off. It leaves the public schedule; what is owed on that day is owed still."""
        problems = Problems()
        session_id = problems.number_id("sessionId", "ReceptionSession", input.session_id)
        reason = problems.text("reason", input.reason, longest=LONGEST_REASON)
        problems.refuse()

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            await sessions.cancel(uow, info.context.policy, actor, session_id=session_id, reason=reason, now=now)
            return {"session": session_id}

        outcome = await perform(info, input, work)
        (cancelled,) = await _sessions(info.context, [outcome["session"]])
        return ReceptionSessionCancelPayload(session=cancelled)

    @mutation(ResourceDeclarePayload)
    async def resource_declare(self, info: strawberry.Info, input: ResourceDeclareInput) -> ResourceDeclarePayload:
        """Say what your office has of something that its rules set a standard for. The newest declaration counts;
        earlier ones stay on record."""
        problems = Problems()
        amount = _amount(problems, input.amount)
        problems.refuse()

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            await resources.declare(uow, info.context.policy, actor, item=input.item, amount=amount, now=now)
            return {"item": input.item}

        outcome = await perform(info, input, work)
        return ResourceDeclarePayload(standard=await _standard(info.context, outcome["item"]))


def _plan(given: ReceptionSessionPlanInput) -> sessions.Plan:
    problems = Problems()
    place = problems.text("place", given.place, longest=LONGEST_PLACE)
    leaders = [
        problems.number_id(f"leaderIds.{place_in_list}", "Person", each)
        for place_in_list, each in enumerate(given.leader_ids)
    ]
    many = f"Name 1 to {MOST_LEADERS} leaders."
    problems.check(1 <= len(leaders) <= MOST_LEADERS, "leaderIds", "OUT_OF_RANGE", many)
    problems.check(len(set(leaders)) == len(leaders), "leaderIds", "DUPLICATE", "Name every leader once.")
    problems.check(len(given.also_on) <= MOST_DAYS, "alsoOn", "OUT_OF_RANGE", f"Name {MOST_DAYS} days at most.")
    problems.refuse()
    return sessions.Plan(
        activity=given.activity,
        form=given.form.value,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        place=place,
        leaders=tuple(leaders),
        is_public=given.is_public,
        also_on=tuple(given.also_on),
    )


def _absent(problems: Problems, given: list[SessionAbsenceInput]) -> dict[int, int | None]:
    problems.check(len(given) <= MOST_LEADERS, "absences", "OUT_OF_RANGE", f"Name {MOST_LEADERS} leaders at most.")
    found: dict[int, int | None] = {}
    for number, each in enumerate(given[:MOST_LEADERS]):
        leader_id = problems.number_id(f"absences.{number}.leaderId", "Person", each.leader_id)
        substitute = each.substitute_id
        path = f"absences.{number}.substituteId"
        substitute_id = problems.number_id(path, "Person", substitute) if substitute is not None else None
        problems.check(leader_id not in found, f"absences.{number}.leaderId", "DUPLICATE", "Name every leader once.")
        problems.check(substitute_id != leader_id, path, "DUPLICATE", "Nobody is their own substitute.")
        found[leader_id] = substitute_id
    return found


def _amount(problems: Problems, given: float) -> Decimal:
    """The amount as people wrote it; GraphQL lets no infinite numbers in."""
    amount = Decimal(repr(given))
    fits = 0 <= amount < MOST_AMOUNT and amount == round(amount, 2)
    problems.check(fits, "amount", "OUT_OF_RANGE", "Give 0 or more, with two decimals at most.")
    return amount


async def _sessions(context: Context, session_ids: list[int]) -> list[ReceptionSessionType]:
    """Sessions that the actor has just planned or settled."""
    async with context.reader() as session:
        turns = await repository.turns(session, session_ids)
        found = [await repository.get(session, each) for each in session_ids]
    now = context.now()
    return [ReceptionSessionType.of(row, turns[row.id], now=now) for row in found if row is not None]


async def _standard(context: Context, item: str) -> ResourceStandard:
    """A standard of the acting office, as it stands now."""
    async with context.reader() as session:
        acting = await offices.by_id(session, context.acting().office_id)
        if acting is None:
            raise NotFound
        found = await resources.standards(session, await owner(session, acting), now=context.now())
    for each in found:
        if each.item == item:
            return ResourceStandard.of(each)
    raise NotFound
