"""Planning sessions, recording how they went, and calling them off. What has been recorded stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars.periods import ONE_DAY, ended_at, local_day, midnight
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.ledger import audit
from caseway.reception import repository
from caseway.reception.codes import Coverage, SessionActivity, SessionState
from caseway.reception.errors import (
    LeaderElsewhere,
    LeaderNotRostered,
    SessionNotBegun,
    SessionSettled,
    SessionTimes,
    SessionTooFar,
)
from caseway.reception.models import ReceptionSession, ReceptionTurn
from caseway.reception.service import owner, readable, relations
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: How far ahead a session is planned, and how late one that took place is entered.
PLANNED_AHEAD, ENTERED_LATE = timedelta(days=366), timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Plan:
    """A session to be planned."""

    activity: SessionActivity
    #: Form as the rule books name it.
    form: str
    starts_at: datetime
    ends_at: datetime
    place: str
    #: Ids of the leaders, in the order in which they are shown.
    leaders: tuple[int, ...]
    is_public: bool = True
    #: Further days with the same session at the same time of day.
    also_on: tuple[date, ...] = ()


async def plan(uow: UnitOfWork, policy: Policy, actor: Actor, *, given: Plan, now: datetime) -> list[ReceptionSession]:
    """Plan a session, or one on each of several days, for the acting office; a petition office or joint conference
    plans those of its government.

    A session that took place without a plan is entered the same way and then recorded as held. ``SessionTimes``,
    ``SessionTooFar``, ``LeaderElsewhere`` for a leader without a post in the office or below it on the day.
    """
    office = await _acting(uow, actor)
    await policy.require(uow, actor, Permission.RECEPTION_PLAN, relations(actor, office))
    if not now - ENTERED_LATE - ONE_DAY <= given.starts_at <= now + PLANNED_AHEAD + ONE_DAY:
        raise SessionTooFar  # before anything is reckoned with it: the calendar of dates has an end
    day = local_day(given.starts_at)
    if given.ends_at <= given.starts_at or given.ends_at > ended_at(day):
        raise SessionTimes
    planned = []
    for each in sorted({day, *given.also_on}):
        if not now - ENTERED_LATE <= midnight(each) <= now + PLANNED_AHEAD:
            raise SessionTooFar
        await _require_posts(uow, office, given.leaders, each)
        planned.append(_session(actor, office, given, day=each, moved=midnight(each) - midnight(day), now=now))
    for row in planned:
        repository.add_session(uow.session, row)
    await uow.session.flush()
    for row in planned:
        repository.add_turns(uow.session, row.id, given.leaders)
        await _note(uow, actor, "reception.plan", row, now)
    return planned


async def hold(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    session_id: int,
    absent: Mapping[int, int | None],
    matters: int,
    now: datetime,
) -> ReceptionSession:
    """Record that a session was held. Every leader was there, but those in ``absent``, each with the substitute who
    came instead or None; a turn that nobody covered makes the session uncovered (INV-23). ``matters`` is how many
    matters were worked on.

    ``SessionNotBegun``, ``SessionSettled``, ``LeaderNotRostered``, ``LeaderElsewhere`` for a substitute without a post
    in the office or below it on the day.
    """
    row, office = await _open(uow, policy, actor, session_id)
    if now < row.starts_at:
        raise SessionNotBegun(starts_at=row.starts_at)
    turns = (await repository.turns(uow.session, [row.id]))[row.id]
    if not absent.keys() <= {turn.leader_id for turn in turns}:
        raise LeaderNotRostered
    substitutes = [person_id for person_id in absent.values() if person_id is not None]
    await _require_posts(uow, office, substitutes, row.day)
    for turn in turns:
        turn.present_id = absent.get(turn.leader_id, turn.leader_id)
    row.matters = matters
    await _settle(uow, actor, row, SessionState.HELD, now)
    await _note(uow, actor, "reception.hold", row, now)
    return row


async def cancel(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, session_id: int, reason: str, now: datetime
) -> ReceptionSession:
    """Call a session off. It leaves the public schedule; what was owed on its day is owed still. ``SessionSettled``."""
    row, _ = await _open(uow, policy, actor, session_id)
    row.reason = reason
    await _settle(uow, actor, row, SessionState.CANCELLED, now)
    await _note(uow, actor, "reception.cancel", row, now)
    return row


def coverage(row: ReceptionSession, turns: Sequence[ReceptionTurn], *, now: datetime) -> Coverage:
    """Whether a session was covered: nothing is said before its day has ended, unless it was recorded earlier. A
    session of that day that nobody recorded as held was not."""
    if row.state == SessionState.CANCELLED:
        return Coverage.CANCELLED
    if row.state == SessionState.PLANNED:
        return Coverage.PENDING if now < ended_at(row.day) else Coverage.UNCOVERED
    return Coverage.COVERED if turns and all(turn.present_id is not None for turn in turns) else Coverage.UNCOVERED


async def _acting(uow: UnitOfWork, actor: Actor) -> Office:
    """The owner of the sessions that the acting office keeps."""
    found = await offices.by_id(uow.session, actor.office_id)
    if found is None:
        raise NotFound
    return await owner(uow.session, found)


async def _open(uow: UnitOfWork, policy: Policy, actor: Actor, session_id: int) -> tuple[ReceptionSession, Office]:
    """A session that has not been settled, locked, for somebody who keeps the schedule of its office. ``NotFound`` for
    sessions that the actor does not see, as for those that do not exist."""
    row = await repository.locked(uow.session, session_id)
    office = await offices.by_id(uow.session, row.office_id) if row is not None else None
    if row is None or office is None or not readable(policy, actor, office):
        raise NotFound
    await policy.require(uow, actor, Permission.RECEPTION_PLAN, relations(actor, office))
    if row.state != SessionState.PLANNED:
        raise SessionSettled(state=row.state)
    return row, office


async def _require_posts(uow: UnitOfWork, office: Office, persons: Sequence[int], day: date) -> None:
    """Everybody has a post in the office or below it on the day: among them its institutions and departments."""
    known = await repository.with_posts_below(
        uow.session, office.path, persons, after=midnight(day), before=ended_at(day)
    )
    if not set(persons) <= known:
        raise LeaderElsewhere(day=day)


def _session(
    actor: Actor, office: Office, given: Plan, *, day: date, moved: timedelta, now: datetime
) -> ReceptionSession:
    return ReceptionSession(
        office_id=office.id,
        activity=given.activity,
        form=given.form,
        day=day,
        starts_at=given.starts_at + moved,
        ends_at=given.ends_at + moved,
        place=given.place,
        is_public=given.is_public,
        state=SessionState.PLANNED,
        matters=0,
        planned_at=now,
        planned_by=actor.person_id,
        settled_at=None,
        settled_by=None,
        reason="",
    )


async def _settle(uow: UnitOfWork, actor: Actor, row: ReceptionSession, state: SessionState, now: datetime) -> None:
    row.state, row.settled_at, row.settled_by = state, now, actor.person_id
    await uow.session.flush()


async def _note(uow: UnitOfWork, actor: Actor, action: str, row: ReceptionSession, now: datetime) -> None:
    await audit.note(
        uow.session,
        at=now,
        person_id=actor.person_id,
        office_id=actor.office_id,
        action=action,
        outcome="OK",
        subject=f"ReceptionSession:{row.id}",
        facts={"office": row.office_id, "day": row.day.isoformat()},
    )
