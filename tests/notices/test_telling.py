"""What is told goes out with its transaction, once per key and office, and reaches only those who may know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from caseway.access.actor import Actor
from caseway.access.policy import Policy
from caseway.cases.models import Case
from caseway.cases.workflow import PetitionClass
from caseway.db.base import new_id
from caseway.db.keyset import page_of
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database
from caseway.errors import NotFound, NotPermitted
from caseway.notices import jobs, loaders, repository, service
from caseway.notices.codes import NoticeKind
from caseway.notices.models import OfficeNotice
from caseway.tenancy.models import Office, OfficeKind
from support.factories import T0, Town, days, make_actor, make_case, make_office, make_person, platform_unit

from .conftest import Look

KIND = NoticeKind.CLOCK_OVERDUE


async def told(
    db: Database,
    office: Office,
    *,
    key: str = "k",
    case: Case | None = None,
    kind: NoticeKind = KIND,
    deliver: bool = True,
) -> None:
    """Tell an office something, and let the worker deliver it."""
    async with platform_unit(db) as uow:
        await service.tell(
            uow,
            office_id=office.id,
            kind=kind,
            key=key,
            at=T0,
            city_id=case.city_id if case is not None else None,
            case_id=case.id if case is not None else None,
            facts={"layer": "LAW", "due_at": T0},
        )
    if deliver:
        await jobs.deliver(db, now=T0)


async def seen(
    db: Database, policy: Policy, actor: Actor, *, unread_only: bool = False, size: int = 100
) -> list[OfficeNotice]:
    """All notices that somebody sees, walked page by page."""
    found: list[OfficeNotice] = []
    after: str | None = None
    while True:
        page = page_of(first=size, after=after, order=loaders.NOTICE_ORDER, width=2)
        async with db.reader(policy.scope(actor)) as session:
            rows = await loaders.notices(session, policy, actor, page, unread_only=unread_only, kind=None, now=T0)
        found += rows.rows
        if not rows.has_next:
            return found
        after = page.cursor(rows.rows[-1].at, rows.rows[-1].id)


async def test_what_is_told_becomes_a_notice_of_the_office(db: Database, policy: Policy, town: Town) -> None:
    case = await make_case(db, holder=town.town)
    await told(db, town.town, case=case)
    (notice,) = await seen(db, policy, town.clerk)
    assert (notice.kind, notice.case_id, notice.at, notice.read_at) == (KIND, case.id, T0, None)
    assert notice.facts == {"layer": "LAW", "due_at": "2026-04-15T01:00:00.000000Z"}
    assert await seen(db, policy, await make_actor(db, town.other_town)) == []


async def test_one_key_is_told_once_to_each_office_however_often_it_is_said(
    db: Database, policy: Policy, town: Town, look: Look
) -> None:
    for _ in range(3):
        await told(db, town.town, key="one")
        await told(db, town.other_town, key="one")
    await told(db, town.town, key="two")
    assert len(await seen(db, policy, town.clerk)) == 2
    assert len(await seen(db, policy, await make_actor(db, town.other_town))) == 1
    assert look("select count(*), count(sent_at) from outbox") == [(3, 3)]


async def test_what_is_told_vanishes_with_its_transaction(db: Database, town: Town, look: Look) -> None:
    async def tell_and_fail() -> None:
        async with platform_unit(db) as uow:
            await service.tell(uow, office_id=town.town.id, kind=KIND, key="k", at=T0, facts={})
            await service.open_task(uow, kind="X", key="k", office_id=None, at=T0, facts={})
            raise LookupError

    with pytest.raises(LookupError):
        await tell_and_fail()
    assert look("select 1 from outbox union all select 1 from admin_task") == []


async def test_mistakes_of_the_program_are_not_stored(db: Database, town: Town) -> None:
    case = await make_case(db, holder=town.town)
    async with platform_unit(db) as uow:
        with pytest.raises(ValueError, match="home city"):
            await service.tell(uow, office_id=town.town.id, kind=KIND, key="k", at=T0, case_id=case.id, facts={})
        with pytest.raises(ValueError, match="NOTHING_KNOWN"):
            await service.tell(uow, office_id=town.town.id, kind="NOTHING_KNOWN", key="k", at=T0, facts={})
        with pytest.raises(LookupError):
            await service.tell(uow, office_id=2_000_000_000, kind=KIND, key="k", at=T0, facts={})
        with pytest.raises(ValueError, match="case_id"):
            await service.open_task(uow, kind="X", key="k", office_id=None, at=T0, facts={"case_id": case.id})


async def test_the_successor_of_a_closed_office_is_told(db: Database, policy: Policy, town: Town) -> None:
    async with platform_unit(db) as uow:
        old = await uow.session.get(Office, town.town.id)
        assert old is not None
        old.valid_to, old.successor_id = T0, town.other_town.id
    await told(db, town.town)
    assert len(await seen(db, policy, await make_actor(db, town.other_town))) == 1


async def test_the_accused_side_learns_nothing_even_when_it_is_told_by_mistake(
    db: Database, policy: Policy, town: Town, look: Look
) -> None:
    """Neither the office that a complaint is about, nor one below it, nor the person: no notice, no further page."""
    below = await make_office(db, parent=town.town, name="村")
    person = await make_person(db, office=town.county, roles=["dispatcher"])
    case = await make_case(db, holder=town.county, accused=[town.town], accused_persons=[person])
    for office in (town.town, below, town.county):
        await told(db, office, case=case)
    # What is barred to an office is not even put among its notices.
    assert look("select office_id from office_notice") == [(town.county.id,)]
    async with platform_unit(db) as uow:
        for office in (town.town, below):
            twin = OfficeNotice(
                city_id=case.city_id, id=new_id(), office_id=office.id, kind=KIND, case_id=case.id,
                at=T0, facts={}, read_at=None, read_by=None,
            )  # fmt: skip
            uow.session.add(twin)
    for actor in (
        town.clerk,
        town.dispatcher,
        await make_actor(db, below, roles=["dispatcher", "leader"]),
        await make_actor(db, town.county, person=person, roles=["dispatcher"]),
    ):
        assert await seen(db, policy, actor) == []
    assert len(await seen(db, policy, await make_actor(db, town.county, roles=["dispatcher"]))) == 1


async def test_an_accusation_is_told_only_to_those_who_may_see_it(db: Database, policy: Policy, town: Town) -> None:
    registrar = await make_actor(db, town.county, roles=["clerk"])
    case = await make_case(
        db, holder=town.county, petition_class=PetitionClass.ACCUSATION, accused=[town.town], assignee=registrar
    )
    await told(db, town.county, case=case)
    assert len(await seen(db, policy, registrar)) == 1
    for roles in (["dispatcher", "leader", "supervisor"], ["clerk", "handler"], ["auditor"]):
        assert await seen(db, policy, await make_actor(db, town.county, roles=roles)) == []


async def test_the_second_lock_holds_alone(db: Database, policy: Policy, town: Town) -> None:
    """Rows of other offices and of barred cases are closed whatever the application asks for."""
    hidden = await make_case(db, holder=town.county, accused=[town.town])
    own = await make_case(db, holder=town.town)
    await told(db, town.town, case=own, key="own")
    await told(db, town.county, case=hidden, key="hidden")
    await told(db, town.town, key="general")

    async def rows(actor: Actor | None) -> set[tuple[int, object]]:
        async with db.reader(policy.scope(actor) if actor is not None else NO_SCOPE) as session:
            return {(each.office_id, each.case_id) for each in await session.scalars(select(OfficeNotice))}

    assert await rows(town.clerk) == {(town.town.id, own.id), (town.town.id, None)}
    assert await rows(await make_actor(db, town.county, roles=["leader"])) == {(town.county.id, hidden.id)}
    assert await rows(await make_actor(db, town.town, roles=["tenant_admin"])) == set()
    assert await rows(None) == set()


async def test_the_outbox_is_the_platforms_alone(db: Database, policy: Policy, town: Town) -> None:
    await told(db, town.town, deliver=False)
    async with db.reader(policy.scope(town.head)) as session:
        assert await repository.next_due(session) is None
        assert (await repository.waiting(session, now=T0))[0] == 0


async def test_pages_come_newest_first_without_gap_or_repeat(db: Database, policy: Policy, town: Town) -> None:
    for number in range(7):
        async with platform_unit(db) as uow:
            await service.tell(
                uow, office_id=town.town.id, kind=KIND, key=f"{number}", at=T0 + days(number % 4), facts={"n": number}
            )
    await jobs.deliver(db, now=T0 + days(9))
    whole = await seen(db, policy, town.clerk)
    assert [each.at for each in whole] == sorted((each.at for each in whole), reverse=True)
    assert [each.id for each in await seen(db, policy, town.clerk, size=2)] == [each.id for each in whole]
    assert len(whole) == 7


async def test_reading_is_kept_with_whoever_was_first(db: Database, policy: Policy, town: Town) -> None:
    await told(db, town.town)
    (notice,) = await seen(db, policy, town.clerk, unread_only=True)
    for actor, hours in ((town.clerk, 1), (town.handler, 2)):
        async with db.unit(policy.scope(actor)) as uow:
            read = await service.mark_read(
                uow, policy, actor, city_id=notice.city_id, notice_id=notice.id, now=T0 + timedelta(hours=hours)
            )
        assert (read.read_at, read.read_by) == (T0 + timedelta(hours=1), town.clerk.person_id)
    assert await seen(db, policy, town.clerk, unread_only=True) == []
    assert len(await seen(db, policy, town.clerk)) == 1


async def test_nobody_marks_what_is_not_theirs_to_read(db: Database, policy: Policy, town: Town, look: Look) -> None:
    await told(db, town.town)
    (notice,) = await seen(db, policy, town.clerk)
    for actor, refusal in (
        (await make_actor(db, town.other_town), NotFound),
        (await make_actor(db, town.county, roles=["leader", "dispatcher"]), NotFound),
        (await make_actor(db, town.town, roles=["tenant_admin"]), NotPermitted),
    ):
        with pytest.raises(refusal):
            async with db.unit(policy.scope(actor)) as uow:
                await service.mark_read(uow, policy, actor, city_id=notice.city_id, notice_id=notice.id, now=T0)
    assert look("select read_at from office_notice") == [(None,)]


async def test_petition_offices_and_discipline_bodies_read_their_own(db: Database, policy: Policy, town: Town) -> None:
    """Acting for a seat does not make its notices one's own."""
    office = await make_office(db, parent=town.county, kind=OfficeKind.PETITION_OFFICE)
    await told(db, office, key="petition office")
    await told(db, town.county, key="government")
    (mine,) = await seen(db, policy, await make_actor(db, office, roles=["dispatcher"]))
    assert mine.office_id == office.id
