"""Who works on a case: the handler, the leader in charge, and officers who must not (recusal, art. 28)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import SYSTEM_ACTOR, Actor
from caseway.access.facts import mask
from caseway.access.permissions import Permission, Role
from caseway.access.policy import Policy
from caseway.cases import repository
from caseway.cases.codes import GrantKind
from caseway.cases.entry import Changed, changed, enter
from caseway.cases.errors import AlreadyRecused, NotEligible
from caseway.cases.hooks import listeners
from caseway.cases.models import Case, Recusal
from caseway.cases.record import moment, record
from caseway.cases.texts import REASON, Check
from caseway.cases.workflow import Action, PetitionClass, Stage, next_stage
from caseway.db.session import UnitOfWork
from caseway.people.models import Membership
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office, OfficeKind

#: How long a recorded reason opens a case to the person who recorded it.
REASON_LASTS = timedelta(hours=24)


async def assign_handler(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    person_id: int,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Give the case to one of the holding office's staff. Raises ``NotEligible``, without saying why: that somebody is
    barred from a case is not told either."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_ASSIGN_HANDLER,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case = entered.case
    next_stage(case.stage, Action.ASSIGN_HANDLER)
    if person_id not in await handlers(uow.session, policy, case, now=now):
        raise NotEligible
    await record(
        uow, case,
        type="handler.assigned", at=entered.at, actor=actor,
        facts={"person_id": person_id, "previous_id": case.assignee_id}, changes={"assignee_id": person_id},
    )  # fmt: skip
    return changed(case)


async def assign_lead(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    person_id: int,
    reason: str | None = None,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Put a leader of the holding office, or of the government it belongs to, in charge (包案). Custody stays."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_ASSIGN_LEAD,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case = entered.case
    next_stage(case.stage, Action.ASSIGN_LEAD)
    check = Check()
    why = check.optional("reason", reason, REASON)
    check.done()
    if person_id not in await _leaders(uow.session, case, now=now):
        raise NotEligible
    await record(
        uow, case,
        type="lead.assigned", at=entered.at, actor=actor, reason=why,
        facts={"person_id": person_id, "previous_id": case.lead_id}, changes={"lead_id": person_id},
    )  # fmt: skip
    return changed(case)


async def recuse(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    person_id: int | None = None,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Declare a direct interest (art. 28): of oneself, or, by whoever assigns handlers, of a colleague. From then on
    the person can neither read the case nor act on it; if nobody is left who may handle it, it moves one level up
    (INV-06). An accusation that is not with the competent body yet passes to the next colleague who may hand it over.

    Raises ``AlreadyRecused``, ``NotEligible`` (not somebody of the holding office, nor its leader in charge).
    """
    entered = await enter(
        uow, policy, actor, Permission.CASE_RECUSE,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    next_stage(case.stage, Action.RECUSE)
    check = Check()
    why = check.required("reason", reason, REASON)
    check.done()
    recused = person_id or actor.person_id
    colleagues = {post.person_id for post in await repository.staff(uow.session, case.holder_id, at=now)}
    if recused != actor.person_id:
        await policy.require(uow, actor, Permission.CASE_ASSIGN_HANDLER, entered.facts)
        if recused not in colleagues | {case.lead_id}:
            raise NotEligible
    if -recused in case.barred:
        raise AlreadyRecused
    await repository.add(
        uow,
        Recusal(
            city_id=case.city_id, case_id=case.id, person_id=recused, at=at, declared_by=actor.person_id, reason=why
        ),
    )
    changes: dict[str, Any] = {"barred": [*case.barred, -recused]}
    if case.assignee_id == recused:
        changes["assignee_id"] = 0
    if case.lead_id == recused:
        changes["lead_id"] = 0
    # The reason stays in the recusal itself: it tells about a person's relations, and the ledger holds no such thing.
    await record(uow, case, type="recusal.declared", at=at, actor=actor, facts={"person_id": recused}, changes=changes)
    if recused in colleagues and case.stage != Stage.IN_TRANSIT:
        await _move_if_nobody_is_left(uow, policy, case, actor=actor, now=now, at=at)
    return changed(case)


async def record_reason(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """Open an ordinary case below to oneself for 24 hours by recording why (domain 5.5). The reason is in the history,
    where the holder reads it."""
    entered = await enter(
        uow, policy, actor, Permission.CASE_REASON,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case, at = entered.case, entered.at
    check = Check()
    why = check.required("reason", reason, REASON, shortest=5)
    check.done()
    until_at = at + REASON_LASTS
    changes = await repository.add_grant(
        uow, case,
        office_id=actor.office_id, person_id=actor.person_id, kind=GrantKind.REASONED,
        at=at, until_at=until_at, reason=why,
    )  # fmt: skip
    await record(
        uow, case,
        type="reason.recorded", at=at, actor=actor, reason=why, facts={"until_at": until_at}, changes=changes,
    )  # fmt: skip
    return changed(case)


async def handlers(session: AsyncSession, policy: Policy, case: Case, *, now: datetime) -> list[int]:
    """The persons of the holding office who could be given the case: their role lets them do its work, and nothing bars
    them (accused, below the accused office, recused: INV-04, INV-06)."""
    office = await offices.by_id(session, case.holder_id)
    if office is None:
        return []
    accusation = case.petition_class == PetitionClass.ACCUSATION
    facts = mask("own", "mine", "open", "accusation" if accusation else "ordinary")
    if case.held_by_discipline:
        facts |= mask("competent")
    work = Permission.CASE_HANDLE
    if accusation and not case.held_by_discipline:
        work = Permission.CASE_HAND_OVER_ACCUSATION  # all that a body without competence does with an accusation
    posts = await repository.staff(session, office.id, at=now)
    able = [post.person_id for post in posts if policy.allows(_as_actor(office, post), work, facts)]
    return await _unbarred(session, case, able, now=now)


async def _leaders(session: AsyncSession, case: Case, *, now: datetime) -> list[int]:
    holder = await offices.by_id(session, case.holder_id)
    if holder is None:
        return []
    places = [holder.id]
    # An accusation stays inside the competent body; else the leaders of the government are also its bureaus' leaders.
    if case.petition_class != PetitionClass.ACCUSATION and holder.kind != OfficeKind.GOVERNMENT and holder.parent_id:
        places.append(holder.parent_id)
    able = [
        post.person_id
        for place in places
        for post in await repository.staff(session, place, at=now)
        if Role.LEADER in post.roles
    ]
    return await _unbarred(session, case, able, now=now)


async def _unbarred(session: AsyncSession, case: Case, person_ids: Collection[int], *, now: datetime) -> list[int]:
    chains = await repository.chains(session, person_ids, at=now)
    barred = set(case.barred)
    return [each for each in person_ids if barred.isdisjoint({-each, *chains.get(each, ())})]


def _as_actor(office: Office, post: Membership) -> Actor:
    """Somebody as the policy would see them in that office."""
    return replace(
        SYSTEM_ACTOR,
        person_id=post.person_id,
        office_id=office.id,
        office_path=office.path,
        level=office.level,
        kind=office.kind,
        seat_id=office.seat_id,
        city_id=office.city_id,
        roles=tuple(post.roles),
        rank=post.rank,
    )


async def _move_if_nobody_is_left(
    uow: UnitOfWork, policy: Policy, case: Case, *, actor: Actor, now: datetime, at: datetime
) -> None:
    able = await handlers(uow.session, policy, case, now=now)
    if not able:
        await listeners.move_up(uow, case, actor=actor, at=at)
    elif case.petition_class == PetitionClass.ACCUSATION and not case.held_by_discipline and not case.assignee_id:
        # Outside the competent body only the one in charge sees an accusation: without anybody it would lie unseen.
        await record(
            uow, case,
            type="handler.assigned", at=moment(case, at), actor=SYSTEM_ACTOR,
            facts={"person_id": able[0], "previous_id": 0}, changes={"assignee_id": able[0]},
        )  # fmt: skip
