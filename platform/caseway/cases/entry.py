"""The way into every operation on a case: lock it, compute the facts, ask the policy, compare the version."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.facts import case_facts
from caseway.access.permissions import Permission, Visibility
from caseway.access.policy import Policy
from caseway.cases import repository
from caseway.cases.models import Case
from caseway.cases.record import moment
from caseway.db.session import UnitOfWork
from caseway.errors import StaleVersion


@dataclass(frozen=True, slots=True)
class Entered:
    """A locked case that the actor may act on. ``at`` is the instant of the event to come."""

    case: Case
    facts: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """What an operation did: which case, its version now, and the record it wrote, if any."""

    city_id: int
    case_id: uuid.UUID
    version: int
    stage: str
    record_id: uuid.UUID | None = None


async def enter(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    permission: Permission,
    *,
    city_id: int,
    case_id: uuid.UUID,
    now: datetime,
    expected_version: int | None = None,
) -> Entered:
    """Raises ``NotFound`` (nothing the actor may see), ``NotPermitted``, ``StaleVersion``, in this order: whoever may
    not know of the case must not learn of it by guessing versions."""
    case = await repository.lock(uow, city_id, case_id)
    return await admit(uow, policy, actor, permission, case, now=now, expected_version=expected_version)


async def admit(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    permission: Permission,
    case: Case,
    *,
    now: datetime,
    expected_version: int | None = None,
) -> Entered:
    """``enter`` for a case that is locked already, because the permission to ask for depends on it."""
    grants = await repository.grants(uow.session, case)
    facts = case_facts(actor, case, grants, now=now)
    await policy.require(uow, actor, permission, facts)
    if expected_version is not None and expected_version != case.version:
        raise StaleVersion(version=case.version)
    return Entered(case, facts, moment(case, now))


async def knows(uow: UnitOfWork, policy: Policy, actor: Actor, case: Case, *, now: datetime) -> bool:
    """Whether the actor sees anything of a locked case. Asked before something is told of it ahead of its permission,
    such as that an order was dealt with."""
    grants = await repository.grants(uow.session, case)
    return policy.visibility(actor, case_facts(actor, case, grants, now=now)) >= Visibility.STUB


def changed(case: Case, record_id: uuid.UUID | None = None) -> Changed:
    """The result of an operation on this case."""
    return Changed(case.city_id, case.id, case.version, case.stage, record_id)
