"""Handlers, leaders in charge, recusal (INV-06) and recorded reasons."""

from __future__ import annotations

import pytest

from caseway.access.permissions import Visibility
from caseway.access.policy import Policy
from caseway.cases import assignment, queries, repository
from caseway.cases.errors import AlreadyRecused, NotEligible
from caseway.cases.workflow import PetitionClass, Stage
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.errors import InvalidInput, NotFound, NotPermitted
from caseway.tenancy.models import OfficeKind
from support.factories import (
    T0,
    Do,
    Town,
    case_key,
    days,
    events,
    make_actor,
    make_case,
    make_office,
    make_person,
    make_post,
    refreshed,
    snapshot,
)


async def test_a_dispatcher_gives_the_case_to_a_handler_of_the_office(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town)
    await do(assignment.assign_handler, town.dispatcher, **case_key(case), person_id=town.handler.person_id, now=T0)
    assert (await refreshed(db, case)).assignee_id == town.handler.person_id


async def test_only_able_and_unbarred_staff_of_the_holder_can_be_given_a_case(db: Database, do: Do, town: Town) -> None:
    """INV-04: neither the accused person, nor somebody who now has a post below the accused office."""
    accused = await make_person(db, office=town.town)
    moved = await make_person(db, office=town.town)
    village = await make_office(db, parent=town.other_town)
    await make_post(db, moved, village)
    case = await make_case(db, holder=town.town, accused=[town.other_town], accused_persons=[accused])
    before = await snapshot(db, case)
    elsewhere = await make_person(db, office=town.county)
    auditor = await make_person(db, office=town.town, roles=["auditor"])
    gone = await make_person(db, office=town.town, until=T0 - days(1))
    for person in (accused, moved, elsewhere, auditor, gone):
        with pytest.raises(NotEligible):
            await do(assignment.assign_handler, town.dispatcher, **case_key(case), person_id=person.id, now=T0)
    with pytest.raises(NotEligible):
        await do(assignment.assign_handler, town.dispatcher, **case_key(case), person_id=0, now=T0)
    assert await snapshot(db, case) == before


async def test_a_handler_cannot_assign_a_case_of_another(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town)
    before = await snapshot(db, case)
    with pytest.raises(NotPermitted):
        await do(assignment.assign_handler, town.handler, **case_key(case), person_id=town.handler.person_id, now=T0)
    assert await snapshot(db, case) == before


async def test_a_leader_of_the_own_government_is_put_in_charge(db: Database, do: Do, town: Town) -> None:
    """S2: a leader of the banner takes charge of what the banner's petition office holds."""
    hall = await make_office(db, parent=town.county, kind=OfficeKind.PETITION_OFFICE)
    head = await make_actor(db, hall, roles=["leader"])
    magistrate = await make_actor(db, town.county, roles=["leader"])
    case = await make_case(db, holder=hall)
    await do(assignment.assign_lead, head, **case_key(case), person_id=magistrate.person_id, now=T0)
    found = await refreshed(db, case)
    assert (found.lead_id, found.holder_id) == (magistrate.person_id, hall.id)
    before = await snapshot(db, case)
    for person_id in (town.head.person_id, (await make_person(db, office=hall)).id):
        with pytest.raises(NotEligible):
            await do(assignment.assign_lead, head, **case_key(case), person_id=person_id, now=T0)
    assert await snapshot(db, case) == before


async def test_a_recused_officer_neither_reads_nor_acts(db: Database, do: Do, town: Town, policy: Policy) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    await do(assignment.recuse, town.handler, **case_key(case), reason="与信访人系亲属", now=T0)
    found = await refreshed(db, case)
    assert (found.assignee_id, found.barred, found.holder_id) == (0, [-town.handler.person_id], town.town.id)
    async with db.reader(policy.scope(town.handler)) as session:
        assert await queries.one(session, policy, town.handler, **case_key(case), now=T0) is None
    before = await snapshot(db, case)
    with pytest.raises(NotFound):
        await do(assignment.recuse, town.handler, **case_key(case), reason="再次", now=T0)
    with pytest.raises(NotEligible):
        await do(assignment.assign_handler, town.dispatcher, **case_key(case), person_id=town.handler.person_id, now=T0)
    assert await snapshot(db, case) == before


async def test_the_reason_of_a_recusal_is_not_in_the_ledger(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    await do(assignment.recuse, town.handler, **case_key(case), reason="与信访人系亲属", now=T0)
    newest = (await events(db, case))[-1]
    assert (newest.type, newest.reason) == ("recusal.declared", None)
    async with db.reader(SYSTEM_SCOPE) as session:
        assert [row.reason for row in await repository.recusals(session, case)] == ["与信访人系亲属"]


async def test_whoever_assigns_handlers_may_recuse_a_colleague_and_nobody_else(
    db: Database, do: Do, town: Town
) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    recusal = {**case_key(case), "person_id": town.handler.person_id, "reason": "利害关系", "now": T0}
    with pytest.raises(NotPermitted):
        await do(assignment.recuse, town.clerk, **recusal)
    stranger = await make_person(db, office=town.other_town)
    with pytest.raises(NotEligible):
        await do(assignment.recuse, town.head, **recusal | {"person_id": stranger.id})
    with pytest.raises(InvalidInput):
        await do(assignment.recuse, town.head, **recusal | {"reason": ""})
    assert await snapshot(db, case) == before
    await do(assignment.recuse, town.head, **recusal)
    with pytest.raises(AlreadyRecused):
        await do(assignment.recuse, town.head, **recusal)


async def test_a_case_with_no_handler_left_moves_one_level_up(db: Database, do: Do, town: Town) -> None:
    small = await make_office(db, parent=town.county)
    only = await make_actor(db, small, roles=["handler"])
    case = await make_case(db, holder=small, assignee=only, stage=Stage.SIGNED)
    await do(assignment.recuse, only, **case_key(case), reason="与信访人系亲属", now=T0)
    found = await refreshed(db, case)
    assert (found.holder_id, found.assignee_id) == (town.county.id, 0)
    assert -only.person_id in found.barred


async def test_a_recorded_reason_opens_an_ordinary_case_below_for_a_day(
    db: Database, do: Do, town: Town, policy: Policy
) -> None:
    superior = await make_actor(db, town.county, roles=["supervisor"])
    colleague = await make_actor(db, town.county, roles=["supervisor"])
    case = await make_case(db, holder=town.town)
    before = await snapshot(db, case)
    with pytest.raises(InvalidInput):
        await do(assignment.record_reason, superior, **case_key(case), reason=" ", now=T0)
    assert await snapshot(db, case) == before
    await do(assignment.record_reason, superior, **case_key(case), reason="核查督办事项", now=T0)
    assert (await refreshed(db, case)).granted == []

    async def sees(who: object, at: object) -> Visibility:
        async with db.reader(policy.scope(who)) as session:  # type: ignore[arg-type]
            found = await queries.one(session, policy, who, **case_key(case), now=at)  # type: ignore[arg-type]
        return found.visibility if found is not None else Visibility.NONE

    assert await sees(superior, T0 + days(0.5)) == Visibility.FULL
    assert await sees(colleague, T0 + days(0.5)) == Visibility.CARD
    assert await sees(superior, T0 + days(1.1)) == Visibility.CARD


async def test_no_reason_opens_an_accusation(db: Database, do: Do, town: Town) -> None:
    superior = await make_actor(db, town.county, roles=["supervisor", "leader", "dispatcher"])
    case = await make_case(db, holder=town.town, petition_class=PetitionClass.ACCUSATION)
    before = await snapshot(db, case)
    with pytest.raises(NotFound):
        await do(assignment.record_reason, superior, **case_key(case), reason="核查督办事项", now=T0)
    assert await snapshot(db, case) == before
