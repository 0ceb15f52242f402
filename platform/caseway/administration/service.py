"""What the tree of offices needs from the layers above it: who may change it, and what happens to held cases."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.explain import Explanation
from caseway.access.facts import RELATIONS, case_facts, names, office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import repository as cases
from caseway.cases.workflow import PetitionClass
from caseway.custody import succession
from caseway.db import scope as scopes
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import UnitOfWork
from caseway.people import loaders
from caseway.people.service import as_actor
from caseway.rules import rechecks
from caseway.rules.findings import Finding
from caseway.tenancy.changes import Hooks
from caseway.tenancy.models import Office


@dataclass(frozen=True, slots=True)
class OfficeGate:
    """Asks the policy about one office, for ``tenancy.service``."""

    policy: Policy
    actor: Actor

    async def __call__(self, uow: UnitOfWork, permission: str, office: Office) -> None:
        """Raises ``NotPermitted``, or opens the unit of work for writing."""
        facts = office_facts(self.actor, office.id, office.path)
        await self.policy.require(uow, self.actor, Permission(permission), facts)


def hooks(now: datetime, *, findings: list[Finding] | None = None) -> Hooks:
    """What happens when the tree changes: cases are restamped after a move and handed on after a merger, and the rule
    books of what was moved are compared with what stands above them now; ``findings`` gets what is wrong there."""

    async def on_moved(uow: UnitOfWork, office_ids: list[int]) -> None:
        await succession.restamp(uow, office_ids, now=now)
        compared = await rechecks.after_move(uow, office_ids, now=now)
        if findings is not None:
            findings.extend(compared.findings)

    async def on_succeeded(uow: UnitOfWork, successors: list[tuple[int, int]]) -> None:
        await succession.succeed(uow, successors, now=now)

    return Hooks(on_moved=on_moved, on_succeeded=on_succeeded)


async def explain(
    session: AsyncSession,
    policy: Policy,
    actor: Actor,
    *,
    person_id: int,
    office_id: int,
    permission: Permission,
    city_id: int,
    case_id: uuid.UUID,
    now: datetime,
) -> Explanation | None:
    """Why a colleague, acting for an office, may or may not do something with a case: for who may explain the policy
    there. ``session`` ends with this call: it is opened for the platform.

    None for a person without a post there, for a case that does not exist, that is barred to the one who asks or to the
    colleague, that is an accusation, or to which the colleague stands in no relation at all: an administrator must not
    learn of those by asking why.
    """
    (posts,) = await loaders.posts(session, [person_id], now=now)
    post = next((each for each in posts if each.office.id == office_id), None)
    if post is None:
        return None
    if not policy.allows(actor, Permission.POLICY_EXPLAIN, office_facts(actor, post.office.id, post.office.path)):
        return None
    # Administrators see no case: the row is read as the platform, and what may be told of it is decided here.
    await scopes.apply(session, SYSTEM_SCOPE)
    case = await cases.get(session, city_id, case_id)
    if case is None or case.petition_class == PetitionClass.ACCUSATION or set(case.barred) & set(actor.bars):
        return None
    subject = as_actor(post.person, post.membership, post.office, [each.office for each in posts])
    facts = case_facts(subject, case, await cases.grants(session, case), now=now)
    relations = names(facts) & set(RELATIONS) - {"any"}
    if not relations or "accused" in relations:
        return None
    return policy.explain(subject, permission, facts)
