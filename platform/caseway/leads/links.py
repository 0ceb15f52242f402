"""Linking leaders to areas (联系包保), and ending it: with it ends what the leader sees of the area's key cases."""

from __future__ import annotations

from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.facts import area_facts, office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import repository as cases
from caseway.cases.codes import GrantKind
from caseway.cases.record import moment, record
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.leads import repository
from caseway.leads.errors import LinkEnded, NotLinkable
from caseway.leads.models import LiaisonLink
from caseway.leads.workflow import LEADING
from caseway.people import repository as people
from caseway.tenancy import repository as offices
from caseway.tenancy.errors import OfficeNotFound
from caseway.tenancy.models import Office, OfficeKind


async def link(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, person_id: int, area_id: int, now: datetime
) -> LiaisonLink:
    """Link a leader to an area from now on; a leader who is linked already stays so. The leader holds a post in a
    government above the area. Raises ``OfficeNotFound``, ``NotLinkable``, ``NotPermitted``."""
    area = await offices.by_id(uow.session, area_id)
    if area is None or area.valid_to is not None:
        raise OfficeNotFound
    office = await office_of(uow, person_id, area, now=now)
    await policy.require(uow, actor, Permission.LIAISON_MANAGE, _facts(actor, office or area))
    if office is None:
        raise NotLinkable
    known = await repository.open_link(uow.session, person_id=person_id, office_id=office.id, area_id=area.id)
    return known or await repository.add_link(
        uow, person_id=person_id, office_id=office.id, area_id=area.id, at=now, set_by=actor.person_id
    )


async def end(uow: UnitOfWork, policy: Policy, actor: Actor, *, link_id: int, now: datetime) -> LiaisonLink:
    """End a link now. What was delivered to the leader for the area's open cases is not theirs to see any more.
    Raises ``NotFound``, ``NotPermitted``, ``LinkEnded``."""
    row = await repository.lock_link(uow.session, link_id)
    office = await offices.by_id(uow.session, row.office_id) if row is not None else None
    if row is None or office is None:
        raise NotFound
    await policy.require(uow, actor, Permission.LIAISON_MANAGE, _facts(actor, office))
    if row.valid_to is not None and row.valid_to <= now:
        raise LinkEnded
    row.valid_to = now
    await uow.session.flush()
    delivered = await repository.delivered_to(uow.session, area_id=row.area_id, person_id=row.person_id)
    for city_id, case_id in delivered:
        case = await cases.lock(uow, city_id, case_id)
        at = moment(case, now)
        granted = await cases.end_grant(
            uow, case, office_id=row.office_id, kind=GrantKind.LINKED, person_id=row.person_id, at=at
        )
        await record(
            uow, case,
            type="list.link_ended", at=at, actor=actor, facts={"person_id": row.person_id, "office": row.area_id},
            changes=granted,
        )  # fmt: skip
    return row


def _facts(actor: Actor, office: Office) -> int:
    """Petition offices and joint conferences stand for their government here."""
    return office_facts(actor, office.id, office.path) | area_facts(actor, office.path)


async def office_of(uow: UnitOfWork, person_id: int, area: Office, *, now: datetime) -> Office | None:
    """The lowest government above the area in which the person has a leader's post; ``None`` if there is none."""
    person = await people.person(uow.session, person_id)
    if person is None or person.deactivated_at is not None:
        return None
    above = set(area.chain[:-1])
    found = [
        post.office
        for post in await people.memberships(uow.session, person_id, now=now)
        if post.office.id in above
        and post.office.kind == OfficeKind.GOVERNMENT
        and not set(LEADING).isdisjoint(post.membership.roles)
    ]
    return max(found, key=lambda each: each.depth, default=None)
