"""Rules of offices beside the matrix: adding one within bounds, and revoking it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access import repository
from caseway.access.actor import Actor
from caseway.access.errors import OverrideNotFound, OverrideRefused
from caseway.access.facts import office_facts
from caseway.access.matrix import Rule
from caseway.access.models import AuthzRule
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.tenancy.models import Office


@dataclass(frozen=True, slots=True)
class Override:
    """A rule of an office as it stands."""

    id: int
    rule: Rule
    office_id: int
    #: Whether it also holds for every office below.
    subtree: bool
    created_at: datetime
    revoked_at: datetime | None


async def add_override(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    subtree: bool,
    role: str,
    when: str,
    permission: str,
    effect: str,
    now: datetime,
) -> Override:
    """Add a rule for an office, or for it and everything below it. The same rule twice is one rule.

    Refused (``OverrideRefused`` with ``details["reasons"]``) when it is malformed, goes beyond the ceiling, touches the
    floor, breaks a principle, or would stay without effect because an office above denies the same.
    """
    office = await _administered(uow, policy, actor, office_id, now=now)
    resource, _, action = permission.partition(":")
    rule: Rule = (role, f"t{office_id}{'..' if subtree else ''}", when, resource, action, effect)
    # Taken before the checks: two rules that contradict each other cannot be checked side by side.
    epoch = await repository.raise_epoch(uow.session)
    await policy.refresh_locked(uow.session, epoch - 1)
    reasons = policy.bounds.faults(rule) or policy.bounds.consequences(rule)
    if not reasons and (other := policy.bounds.contradiction(rule, policy.bundle_of(office.chain))):
        reasons = [f"the office {other[1].removeprefix('t').rstrip('.')} denies it: {' '.join(other)}"]
    if reasons:
        raise OverrideRefused(reasons=reasons)
    row = await repository.live_rule(uow.session, rule)
    if row is None:
        sub, dom, condition, obj, act, eft = rule
        row = AuthzRule(
            sub=sub,
            dom=dom,
            when=condition,
            obj=obj,
            act=act,
            eft=eft,
            author=actor.person_id,
            author_office_id=actor.office_id,
            created_at=now,
            epoch=epoch,
        )
        uow.session.add(row)
        await uow.session.flush()
    return _override(row)


async def revoke_override(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, override_id: int, now: datetime
) -> Override:
    """Take a rule out of force. Rules that are not the actor's to administer are ``OverrideNotFound``."""
    row = await repository.locked_rule(uow.session, override_id)
    if row is None:
        raise OverrideNotFound
    try:
        await _administered(uow, policy, actor, _office_of(row.dom), now=now)
    except NotFound:
        raise OverrideNotFound from None
    if row.revoked_at is not None:
        raise OverrideNotFound
    row.epoch = await repository.raise_epoch(uow.session)
    row.revoked_at = now
    row.revoked_by = actor.person_id
    await uow.session.flush()
    return _override(row)


async def overrides_of(
    session: AsyncSession, policy: Policy, actor: Actor, *, office_id: int, now: datetime
) -> list[Override]:
    """The rules written for an office, in force now; ``NotFound`` for offices whose policy the actor may not read."""
    office = await repository.open_office(session, office_id, now=now)
    if office is None or not policy.allows(actor, Permission.POLICY_READ, office_facts(actor, office.id, office.path)):
        raise NotFound
    return [_override(row) for row in await repository.rules_of(session, (f"t{office_id}", f"t{office_id}.."))]


async def override(session: AsyncSession, override_id: int) -> Override | None:
    """One rule as it stands, for whoever has just changed it."""
    row = await session.get(AuthzRule, override_id)
    return _override(row) if row is not None else None


async def _administered(uow: UnitOfWork, policy: Policy, actor: Actor, office_id: int, *, now: datetime) -> Office:
    """The office, if the actor may write rules for it; offices beside and above are as if they were not there."""
    office = await repository.open_office(uow.session, office_id, now=now)
    if office is None:
        raise NotFound
    facts = office_facts(actor, office.id, office.path)
    if not policy.allows(actor, Permission.POLICY_READ, facts):
        raise NotFound
    await policy.require(uow, actor, Permission.POLICY_OVERRIDE, facts)
    return office


def _override(row: AuthzRule) -> Override:
    rule = (row.sub, row.dom, row.when, row.obj, row.act, row.eft)
    return Override(row.id, rule, _office_of(row.dom), row.dom.endswith(".."), row.created_at, row.revoked_at)


def _office_of(domain: str) -> int:
    return int(domain.removeprefix("t").rstrip("."))
