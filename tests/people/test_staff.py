"""What administrators do with staff, within their reach, and the duties that stay apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from caseway.access.actor import Actor
from caseway.access.identity import Unauthenticated
from caseway.access.policy import Policy
from caseway.db.keyset import Page
from caseway.db.session import Database, UnitOfWork
from caseway.errors import InvalidInput, NotFound, NotPermitted
from caseway.people import loaders, passwords, repository, service, staff
from caseway.people.errors import (
    ActingOfficeInvalid,
    ActingOfficeRequired,
    LoginFailed,
    MembershipEnded,
    MembershipExists,
    OfficeClosed,
    OwnPosts,
    PasswordTooShort,
    PersonDeactivated,
    RoleCombination,
    RoleNotGrantable,
    UsernameTaken,
)
from caseway.people.models import Membership, Person
from caseway.people.staff import Post, TakenOn
from caseway.people.tokens import Tokens
from people.conftest import CITY, CLOSED, COUNTY, NEIGHBOUR, NOW, PASSWORD, TOWN, Acting, Make, Somebody
from support.writing import writing

LATER = NOW + timedelta(days=30)
Audited = Callable[[], Awaitable[list[tuple[str, str, str, int]]]]


@pytest.fixture
async def admin(make_person: Make, acting: Acting) -> Actor:
    """The administrator of the county."""
    return await acting(await make_person(COUNTY, roles=("tenant_admin",), username="admin"))


@asynccontextmanager
async def unit(database: Database, policy: Policy, actor: Actor) -> AsyncIterator[UnitOfWork]:
    async with database.unit(policy.scope(actor)) as uow:
        yield uow


async def create(
    database: Database,
    policy: Policy,
    actor: Actor,
    post: Post,
    *,
    username: str = "wang.li",
    name: str = "王丽",
    password: str | None = None,
) -> TakenOn:
    async with unit(database, policy, actor) as uow:
        return await staff.create(
            uow, policy, actor, name=name, username=username, password=password, post=post, now=NOW
        )


async def grant(database: Database, policy: Policy, actor: Actor, person_id: int, post: Post) -> Membership:
    async with unit(database, policy, actor) as uow:
        return await staff.grant(uow, policy, actor, person_id=person_id, post=post, now=NOW)


async def end(database: Database, policy: Policy, actor: Actor, membership_id: int) -> Membership:
    async with unit(database, policy, actor) as uow:
        return await staff.end(uow, policy, actor, membership_id=membership_id, now=NOW)


async def deactivate(database: Database, policy: Policy, actor: Actor, person_id: int) -> Person:
    async with unit(database, policy, actor) as uow:
        return await staff.deactivate(uow, policy, actor, person_id=person_id, now=NOW)


async def counts(database: Database) -> tuple[int, int]:
    async with writing(database) as session:
        found = [await session.scalar(select(func.count()).select_from(model)) for model in (Person, Membership)]
        return found[0] or 0, found[1] or 0


async def only_membership(database: Database, somebody: Somebody) -> int:
    async with writing(database) as session:
        return (await repository.history(session, somebody.id))[0].membership.id


async def test_who_is_taken_on_logs_in_with_the_password_that_was_made(
    database: Database, policy: Policy, tokens: Tokens, admin: Actor, acting: Acting, audited: Audited
) -> None:
    post = Post(COUNTY, ("handler", "clerk"), rank="SECTION_DEPUTY", portfolios=("LAND",), title="科员")
    made = await create(database, policy, admin, post, username="Wang.Li")
    assert made.initial_password is not None
    login = await service.login(database, tokens, username="wang.li", password=made.initial_password, now=NOW)
    actor = await acting(Somebody(login.person_id, "wang.li"))
    assert (actor.name, actor.office_id, actor.roles) == ("王丽", COUNTY, ("clerk", "handler"))
    assert (actor.rank, actor.portfolios) == ("SECTION_DEPUTY", ("LAND",))
    assert ("staff.create", "OK", f"Person:{made.person.id}", COUNTY) in await audited()


async def test_an_administrator_reaches_the_own_office_and_what_lies_below(
    database: Database, policy: Policy, admin: Actor
) -> None:
    await create(database, policy, admin, Post(TOWN, ("clerk",)))
    before = await counts(database)
    for office_id in (CITY, NEIGHBOUR):
        with pytest.raises(NotPermitted):
            await create(database, policy, admin, Post(office_id, ("clerk",)), username="zhao.jun")
    with pytest.raises(NotFound):
        await create(database, policy, admin, Post(987_654, ("clerk",)), username="zhao.jun")
    assert await counts(database) == before


@pytest.mark.parametrize("role", ["clerk", "handler", "dispatcher", "leader", "supervisor", "auditor"])
async def test_other_roles_take_nobody_on(
    database: Database, policy: Policy, make_person: Make, acting: Acting, role: str
) -> None:
    actor = await acting(await make_person(COUNTY, roles=(role,)))
    before = await counts(database)
    with pytest.raises(NotPermitted):
        await create(database, policy, actor, Post(COUNTY, ("clerk",)))
    assert await counts(database) == before


async def test_every_problem_of_an_input_is_told_at_once(database: Database, policy: Policy, admin: Actor) -> None:
    post = Post(
        COUNTY,
        ("clerk",),
        rank="boss",
        portfolios=("land use",),
        title="x" * 101,
        valid_from=NOW - timedelta(days=1),
        valid_to=NOW,
    )
    with pytest.raises(InvalidInput) as refusal:
        await create(database, policy, admin, post, username="a b", name=" ")
    assert {problem[0] for problem in refusal.value.problems} == {
        "name",
        "username",
        "post.rank",
        "post.portfolios",
        "post.title",
        "post.validFrom",
        "post.validTo",
    }


@pytest.mark.parametrize("username", ["ab", "-dash", "has space", "x" * 65, "new\nline", ".dot"])
async def test_a_user_name_is_short_and_plain(database: Database, policy: Policy, admin: Actor, username: str) -> None:
    with pytest.raises(InvalidInput):
        await create(database, policy, admin, Post(COUNTY, ("clerk",)), username=username)


async def test_a_user_name_is_taken_once(database: Database, policy: Policy, admin: Actor) -> None:
    answers = await asyncio.gather(
        *(create(database, policy, admin, Post(COUNTY, ("clerk",)), password=PASSWORD) for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, TakenOn) for each in answers) == 1
    assert sum(isinstance(each, UsernameTaken) for each in answers) == 5
    assert (await counts(database))[0] == 2
    with pytest.raises(UsernameTaken):
        await create(database, policy, admin, Post(COUNTY, ("clerk",)), username="ＷＡＮＧ.li")


async def test_a_given_password_is_judged(database: Database, policy: Policy, admin: Actor) -> None:
    with pytest.raises(PasswordTooShort):
        await create(database, policy, admin, Post(COUNTY, ("clerk",)), password="short")
    made = await create(database, policy, admin, Post(COUNTY, ("clerk",)), password=PASSWORD)
    assert made.initial_password is None


async def test_roles_must_exist(database: Database, policy: Policy, admin: Actor) -> None:
    for roles in ((), ("emperor",), ("clerk", "officer")):
        with pytest.raises(InvalidInput):
            await create(database, policy, admin, Post(COUNTY, roles))


async def test_nobody_both_administers_and_audits(
    database: Database, policy: Policy, admin: Actor, make_person: Make
) -> None:
    with pytest.raises(RoleCombination):
        await create(database, policy, admin, Post(COUNTY, ("tenant_admin", "auditor")))
    auditor = await make_person(COUNTY, roles=("auditor",))
    with pytest.raises(RoleCombination):
        await grant(database, policy, admin, auditor.id, Post(TOWN, ("tenant_admin",)))
    past = await make_person(COUNTY, roles=("auditor",), valid_to=NOW)
    await grant(database, policy, admin, past.id, Post(TOWN, ("tenant_admin",)))


async def test_operators_of_the_platform_are_not_made_by_offices(
    database: Database, policy: Policy, admin: Actor
) -> None:
    with pytest.raises(RoleNotGrantable):
        await create(database, policy, admin, Post(COUNTY, ("platform_operator",)))


async def test_a_closed_office_takes_nobody_on(
    database: Database, policy: Policy, make_person: Make, acting: Acting
) -> None:
    actor = await acting(await make_person(CITY, roles=("tenant_admin",)))
    with pytest.raises(OfficeClosed):
        await create(database, policy, actor, Post(CLOSED, ("clerk",)))


async def test_a_further_post_is_granted_to_somebody_within_reach(
    database: Database, policy: Policy, admin: Actor, make_person: Make, acting: Acting
) -> None:
    somebody = await make_person(COUNTY)
    await grant(database, policy, admin, somebody.id, Post(TOWN, ("leader",), valid_to=LATER))
    with pytest.raises(ActingOfficeRequired):
        await acting(somebody)
    assert (await acting(somebody, TOWN)).roles == ("leader",)
    assert (await acting(somebody, now=LATER)).office_id == COUNTY


async def test_a_person_out_of_reach_is_like_nobody(
    database: Database, policy: Policy, admin: Actor, make_person: Make
) -> None:
    stranger = await make_person(NEIGHBOUR)
    answers = []
    for person_id in (stranger.id, 987_654):
        with pytest.raises(NotFound) as refusal:
            await grant(database, policy, admin, person_id, Post(COUNTY, ("clerk",)))
        answers.append(str(refusal.value))
        with pytest.raises(NotFound):
            await deactivate(database, policy, admin, person_id)
    assert answers[0] == answers[1]


async def test_one_post_per_office_and_time(
    database: Database, policy: Policy, admin: Actor, make_person: Make
) -> None:
    somebody = await make_person(COUNTY, valid_to=LATER)
    for post in (Post(COUNTY, ("clerk",)), Post(COUNTY, ("clerk",), valid_to=NOW + timedelta(days=1))):
        with pytest.raises(MembershipExists):
            await grant(database, policy, admin, somebody.id, post)
    await grant(database, policy, admin, somebody.id, Post(COUNTY, ("clerk",), valid_from=LATER))
    answers = await asyncio.gather(
        *(grant(database, policy, admin, somebody.id, Post(TOWN, ("clerk",))) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Membership) for each in answers) == 1
    assert sum(isinstance(each, MembershipExists) for each in answers) == 4


async def test_an_ended_post_stays_in_the_history_and_counts_no_more(
    database: Database, policy: Policy, admin: Actor, make_person: Make, acting: Acting, audited: Audited
) -> None:
    somebody = await make_person(COUNTY, TOWN)
    await acting(somebody, COUNTY)
    membership_id = await only_membership(database, somebody)
    await end(database, policy, admin, membership_id)
    with pytest.raises(ActingOfficeInvalid):
        await acting(somebody, COUNTY)
    assert (await acting(somebody)).office_id == TOWN
    async with writing(database) as session:
        history = await repository.history(session, somebody.id)
        present = await repository.memberships(session, somebody.id, now=NOW)
    assert [(each.office.id, each.membership.valid_to) for each in history] == [(COUNTY, NOW), (TOWN, None)]
    assert [each.office.id for each in present] == [TOWN]
    with pytest.raises(MembershipEnded):
        await end(database, policy, admin, membership_id)
    assert ("membership.end", "OK", f"Membership:{membership_id}", COUNTY) in await audited()
    again = await grant(database, policy, admin, somebody.id, Post(COUNTY, ("handler",)))
    assert again.id != membership_id


async def test_a_post_out_of_reach_is_like_none(
    database: Database, policy: Policy, admin: Actor, make_person: Make
) -> None:
    membership_id = await only_membership(database, await make_person(NEIGHBOUR))
    for wanted in (membership_id, 987_654):
        with pytest.raises(NotFound):
            await end(database, policy, admin, wanted)


async def test_a_colleague_sees_posts_but_does_not_end_them(
    database: Database, policy: Policy, make_person: Make, acting: Acting
) -> None:
    clerk = await acting(await make_person(COUNTY))
    membership_id = await only_membership(database, await make_person(COUNTY))
    with pytest.raises(NotPermitted):
        await end(database, policy, clerk, membership_id)


async def test_nobody_changes_their_own_posts(database: Database, policy: Policy, admin: Actor) -> None:
    membership_id = await only_membership(database, Somebody(admin.person_id, "admin"))
    with pytest.raises(OwnPosts):
        await grant(database, policy, admin, admin.person_id, Post(TOWN, ("leader",)))
    with pytest.raises(OwnPosts):
        await end(database, policy, admin, membership_id)
    with pytest.raises(OwnPosts):
        await deactivate(database, policy, admin, admin.person_id)


async def test_whoever_is_deactivated_loses_posts_and_sessions_at_once(
    database: Database, policy: Policy, tokens: Tokens, admin: Actor, make_person: Make
) -> None:
    somebody = await make_person(COUNTY, TOWN)
    before = NOW - timedelta(minutes=5)
    login = await service.login(database, tokens, username=somebody.username, password=PASSWORD, now=before)
    await deactivate(database, policy, admin, somebody.id)
    async with writing(database) as session:
        identity = await tokens.check(session, f"Bearer {login.tokens.access_token}", now=NOW)
        with pytest.raises(Unauthenticated):
            await service.actor(session, identity, office=str(COUNTY), now=NOW)
        assert await repository.memberships(session, somebody.id, now=NOW) == []
        assert len(await repository.history(session, somebody.id)) == 2
    with pytest.raises(LoginFailed):
        await service.login(database, tokens, username=somebody.username, password=PASSWORD, now=NOW)
    with pytest.raises(PersonDeactivated):
        await grant(database, policy, admin, somebody.id, Post(COUNTY, ("clerk",)))
    with pytest.raises(PersonDeactivated):
        await deactivate(database, policy, admin, somebody.id)


async def test_a_person_with_a_post_elsewhere_is_not_deactivated_from_here(
    database: Database, policy: Policy, admin: Actor, make_person: Make, acting: Acting
) -> None:
    somebody = await make_person(COUNTY, NEIGHBOUR)
    with pytest.raises(NotPermitted):
        await deactivate(database, policy, admin, somebody.id)
    assert (await acting(somebody, NEIGHBOUR)).office_id == NEIGHBOUR


async def test_a_reset_password_is_told_once_and_ends_every_session_and_lock(
    database: Database, policy: Policy, tokens: Tokens, admin: Actor, make_person: Make
) -> None:
    somebody = await make_person(COUNTY)
    before = NOW - timedelta(minutes=5)
    login = await service.login(database, tokens, username=somebody.username, password=PASSWORD, now=before)
    for _ in range(5):
        with pytest.raises(LoginFailed):
            await service.login(database, tokens, username=somebody.username, password="wrong", now=NOW)
    async with unit(database, policy, admin) as uow:
        made = await staff.reset_password(uow, policy, admin, person_id=somebody.id, now=NOW)
    async with writing(database) as session:
        identity = await tokens.check(session, f"Bearer {login.tokens.access_token}", now=NOW)
        with pytest.raises(Unauthenticated):
            await service.actor(session, identity, office=None, now=NOW)
    assert await service.login(database, tokens, username=somebody.username, password=made, now=NOW)


def test_temporary_passwords_pass_the_rules_and_differ() -> None:
    made = {staff.temporary_password() for _ in range(200)}
    assert len(made) == 200
    for each in made:
        passwords.check(each, username="wang.li")


async def test_the_staff_of_an_office_comes_in_pages(database: Database, make_person: Make) -> None:
    wanted = [(await make_person(COUNTY)).id for _ in range(5)]
    await make_person(COUNTY, valid_to=NOW)
    await make_person(TOWN)
    found: list[int] = []
    page = Page(limit=2)
    async with writing(database) as session:
        for _ in range(3):
            window = await repository.staff(session, COUNTY, page=page, now=NOW)
            found += [each.person.id for each in window.rows]
            last = window.rows[-1].membership
            page = Page(limit=2, after=(last.valid_from, last.id))
    assert found == wanted
    assert not window.has_next


async def test_posts_of_many_persons_are_loaded_together(database: Database, make_person: Make) -> None:
    first, second, third = [await make_person(COUNTY, TOWN), await make_person(NEIGHBOUR), await make_person()]
    async with writing(database) as session:
        posts = await loaders.posts(session, [third.id, first.id, second.id], now=NOW)
        persons = await loaders.persons(session, [second.id, 987_654, first.id])
    assert [[each.office.id for each in group] for group in posts] == [[], [COUNTY, TOWN], [NEIGHBOUR]]
    assert [each.id if each else None for each in persons] == [second.id, None, first.id]
