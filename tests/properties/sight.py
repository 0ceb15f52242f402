"""The invariants about seeing, as checks of one actor: the second lock, the plans and the policy agree."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from caseway.access.actor import Actor
from caseway.access.permissions import CASE_PERMISSIONS, Permission, Visibility
from caseway.access.plans_sql import predicate
from caseway.access.tables import CASES
from caseway.cases import loaders, repository
from caseway.cases.models import Case
from properties.land import Dossier, Land

#: Permissions of seeing, each asked of the policy row by row and of the database as one condition.
_SEEING = (Permission.CASE_STUB, Permission.CASE_CARD, Permission.CASE_CONTENT, Permission.CASE_IDENTITY)
_SMALLEST_COUNT = 5


def barred(actor: Actor, file: Dossier) -> bool:
    """Whether the case is about an office above or at a post of the actor, or about the actor, or they are recused."""
    return not set(actor.bars).isdisjoint(file.case.barred)


def related(land: Land, actor: Actor, file: Dossier) -> bool:
    """Whether anything at all connects them: said from the tree and the grants, without asking the policy."""
    if barred(actor, file):
        return False
    holder = land.offices[file.case.holder_id]
    if actor.person_id in (file.case.assignee_id, file.case.lead_id):
        return True
    if any(each.office_id == actor.office_id and each.person_id == 0 for each in file.live_grants(land.now)):
        return True
    if file.is_accusation:
        return holder.id == actor.office_id and file.case.held_by_discipline
    return holder.id == actor.office_id or actor.seat_id in holder.chain


async def check_inv_20_the_locks_agree(land: Land, actor: Actor) -> None:
    """What the database shows, what the plans find and what the policy allows are the same cases (INV-20)."""
    async with land.db.reader(land.policy.scope(actor)) as session:
        shown = set(await session.scalars(select(Case.id)))
        planned = {
            permission: set(
                await session.scalars(select(CASES.c.id).where(predicate(land.policy, actor, permission, now=land.now)))
            )
            for permission in _SEEING
        }
    for case_id in shown:
        assert related(land, actor, land.files[case_id]), ("INV-20: shown to a stranger", actor, case_id)
    for permission in _SEEING:
        allowed = {
            case_id
            for case_id, file in land.files.items()
            if land.policy.allows(actor, permission, land.facts(actor, file))
        }
        assert planned[permission] == allowed, ("INV-20", actor, permission, planned[permission] ^ allowed)


async def check_inv_04_the_barred_see_nothing(land: Land, actor: Actor) -> None:
    """Neither lists, nor search, nor counts tell the accused side or the recused that there is a case (INV-04)."""
    hidden = {case_id for case_id, file in land.files.items() if barred(actor, file)}
    for case_id in hidden:
        facts = land.facts(actor, land.files[case_id])
        allowed = [each for each in CASE_PERMISSIONS if land.policy.allows(actor, each, facts)]
        assert set(allowed) <= {Permission.CASE_REGISTER}, ("INV-04", actor, allowed)
        assert land.policy.visibility(actor, facts) is Visibility.NONE, "INV-04"
    async with land.db.reader(land.policy.scope(actor)) as session:
        shown = set(await session.scalars(select(Case.id)))
        found: set[uuid.UUID] = set(await session.scalars(repository.found_by_text("征地补偿款")))
        counts = await loaders.area_counts(session, actor.seat_id)
    assert hidden.isdisjoint(shown | found), "INV-04: the accused side was shown a case"
    assert not {each for each in found if land.files[each].is_accusation}, "INV-05: an accusation was found by text"
    _check_counts(land, actor, counts)


def _check_counts(land: Land, actor: Actor, counts: list[loaders.AreaCount]) -> None:
    """The totals of the area leave out what is barred, and small numbers of accusations (INV-04, INV-25)."""
    expected: dict[tuple[str, bool], int] = {}
    for file in land.files.values():
        if actor.seat_id in land.offices[file.case.holder_id].chain and not barred(actor, file):
            key = (file.case.petition_class, file.case.is_open)
            expected[key] = expected.get(key, 0) + 1
    for count in counts:
        true = expected.get((count.petition_class, count.is_open), 0)
        small = count.petition_class == "ACCUSATION" and true < _SMALLEST_COUNT
        assert count.cases == (None if small else true), ("INV-04: counted", actor, count, true)


async def check_sight(land: Land, actors: list[Actor]) -> None:
    """Both checks for some actors."""
    for actor in actors:
        await check_inv_20_the_locks_agree(land, actor)
        await check_inv_04_the_barred_see_nothing(land, actor)
