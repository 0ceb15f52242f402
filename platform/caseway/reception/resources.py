"""Standards for what an office has to have 场所、人员、经费, and what it declares to have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.ledger import audit
from caseway.reception import repository
from caseway.reception.codes import ResourceState
from caseway.reception.errors import ResourceNotAsked
from caseway.reception.models import ResourceDeclaration
from caseway.reception.service import owner, relations
from caseway.rules import service as rules
from caseway.rules.kinds.resource import Resource
from caseway.rules.resolve import Rule
from caseway.rules.rows import RowRef
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office


@dataclass(frozen=True, slots=True)
class Standard:
    """One standard of an office, with what it declared last."""

    office_id: int
    item: str
    #: The least and the most of it; one of them is given.
    least: Decimal | None
    most: Decimal | None
    unit: str
    #: For each of what (TOWN, INHABITANT …); empty where the rule does not say.
    per: str
    #: What belongs to it.
    attributes: tuple[str, ...]
    declared: ResourceDeclaration | None
    state: ResourceState
    sources: Mapping[str, tuple[RowRef, ...]]


async def standards(session: AsyncSession, office: Office, *, now: datetime) -> list[Standard]:
    """The standards in force for an office today, by item, each held against the newest declaration. Rules that only
    report what somebody has set no standard."""
    effective = await rules.effective_for(session, office, at=now)
    declared = await repository.declared(session, office.id)
    asked = [rule for rule in effective.of(Resource) if rule.params.waits() is None]
    found = [_standard(office.id, rule, declared.get(rule.params.item)) for rule in asked]
    return sorted(found, key=lambda each: each.item)


async def declare(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, item: str, amount: Decimal, now: datetime
) -> Standard:
    """Say what the acting office has of something, in the unit of its standard; a petition office or joint conference
    says it for its government. ``ResourceNotAsked`` where no rule sets a standard for it."""
    acting = await offices.by_id(uow.session, actor.office_id)
    if acting is None:
        raise NotFound
    office = await owner(uow.session, acting)
    await policy.require(uow, actor, Permission.RESOURCE_DECLARE, relations(actor, office))
    asked = {each.item: each for each in await standards(uow.session, office, now=now)}
    if item not in asked:
        raise ResourceNotAsked
    repository.declare(
        uow.session,
        office_id=office.id,
        item=item,
        amount=amount,
        unit=asked[item].unit,
        person_id=actor.person_id,
        at=now,
    )
    await uow.session.flush()
    await audit.note(
        uow.session,
        at=now,
        person_id=actor.person_id,
        office_id=actor.office_id,
        action="resource.declare",
        outcome="OK",
        subject=f"Office:{office.id}",
        facts={"item": item, "amount": str(amount)},
    )
    return next(each for each in await standards(uow.session, office, now=now) if each.item == item)


def compare(amount: Decimal | None, *, least: Decimal | None, most: Decimal | None) -> ResourceState:
    """How an amount stands to its bounds, both included; None is what nobody has declared."""
    if amount is None:
        return ResourceState.UNDECLARED
    if least is not None and amount < least:
        return ResourceState.BELOW_STANDARD
    return ResourceState.ABOVE_STANDARD if most is not None and amount > most else ResourceState.MET


def _standard(office_id: int, rule: Rule[Resource], declared: ResourceDeclaration | None) -> Standard:
    params = rule.params
    least, most = _exact(params.min), _exact(params.max)
    amount = declared.amount if declared is not None else None
    return Standard(
        office_id=office_id,
        item=params.item,
        least=least,
        most=most,
        unit=params.unit or "",
        per=params.per or "",
        attributes=tuple(params.attrs or ()),
        declared=declared,
        state=compare(amount, least=least, most=most),
        sources={name: refs for name, refs in rule.provenance.items() if refs},
    )


def _exact(value: float | None) -> Decimal | None:
    """A number of a rule as people wrote it: 0.3 is three tenths."""
    return Decimal(str(value)) if value is not None else None
