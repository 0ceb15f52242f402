"""Logging in and out, and the actor that a request becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, select, text

from caseway.access.identity import Identity, TokenPair, Unauthenticated
from caseway.db.session import Database
from caseway.errors import CasewayError
from caseway.people import passwords, repository, service
from caseway.people.errors import (
    ActingOfficeInvalid,
    ActingOfficeRequired,
    LoginFailed,
    PasswordTooCommon,
    PasswordWrong,
    RefreshInvalid,
    RefreshReused,
)
from caseway.people.models import Account, Person, RefreshToken
from caseway.people.service import Login, lock_time
from caseway.people.tokens import Tokens
from caseway.tenancy.models import Office
from people.conftest import (
    CITY,
    CLOSED,
    COUNTY,
    LONG_AGO,
    NEIGHBOUR,
    NOW,
    PASSWORD,
    PETITION_OFFICE,
    PROVINCE,
    TOWN,
    Acting,
    Make,
    Somebody,
)
from support.writing import writing

Audited = Callable[[], Awaitable[list[tuple[str, str, str, int]]]]
LATER = NOW + timedelta(minutes=1)
NEW_PASSWORD = "nine otters sleep on stones"


async def log_in(
    database: Database, tokens: Tokens, username: str, password: str = PASSWORD, *, minutes: float = 0.0
) -> Login:
    return await service.login(
        database, tokens, username=username, password=password, now=NOW + timedelta(minutes=minutes), client="10.0.0.7"
    )


async def identify(database: Database, tokens: Tokens, pair: TokenPair, *, minutes: float = 0.0) -> Identity:
    """What every request does: the token's signature, and then whether it still counts."""
    now = NOW + timedelta(minutes=minutes)
    async with writing(database) as session:
        identity = await tokens.check(session, f"Bearer {pair.access_token}", now=now)
        await service.actor(session, identity, office=None, now=now)
        return identity


async def test_a_login_opens_a_session(database: Database, tokens: Tokens, make_person: Make, audited: Audited) -> None:
    somebody = await make_person(COUNTY)
    login = await log_in(database, tokens, somebody.username)
    identity = await identify(database, tokens, login.tokens)
    assert (login.person_id, identity.person_id) == (somebody.id, somebody.id)
    assert identity.issued_at == NOW
    assert login.tokens.access_expires_at == NOW + timedelta(minutes=15)
    assert login.tokens.refresh_expires_at == NOW + timedelta(hours=8)
    assert await audited() == [("session.start", "OK", f"Person:{somebody.id}", COUNTY)]


async def test_a_user_name_is_the_same_however_it_is_typed(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    await make_person(COUNTY, username="li.na")
    for typed in ("LI.NA", "  Li.na ", "ｌｉ．ｎａ"):
        assert (await log_in(database, tokens, typed)).person_id


async def test_every_failed_login_is_answered_alike(
    database: Database, tokens: Tokens, make_person: Make, audited: Audited
) -> None:
    somebody = await make_person(COUNTY, username="known")
    gone = await make_person(COUNTY, username="gone", deactivated_at=LONG_AGO)
    answers = []
    for username, password in (("known", "wrong password"), ("unknown", PASSWORD), ("gone", PASSWORD), ("\x00", "")):
        with pytest.raises(LoginFailed) as refusal:
            await log_in(database, tokens, username, password)
        answers.append((refusal.value.code, refusal.value.message, refusal.value.details))
    assert len({str(answer) for answer in answers}) == 1
    assert await audited() == [
        ("session.start", "WRONG_PASSWORD", f"Person:{somebody.id}", COUNTY),
        ("session.start", "UNKNOWN", "", 0),
        ("session.start", "DEACTIVATED", f"Person:{gone.id}", COUNTY),
        ("session.start", "UNKNOWN", "", 0),
    ]


async def test_a_failed_login_does_the_same_work_for_nobody_as_for_somebody(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    await make_person(COUNTY, username="known")
    seen: dict[str, list[str]] = {}
    for username in ("known", "unknown"):
        statements: list[str] = []
        seen[username] = statements

        def count(*arguments: object, into: list[str] = statements) -> None:
            into.append(str(arguments[2]))

        event.listen(database.engine.sync_engine, "before_cursor_execute", count)
        with pytest.raises(LoginFailed):
            await log_in(database, tokens, username, "wrong password")
        event.remove(database.engine.sync_engine, "before_cursor_execute", count)
    assert seen["known"] == seen["unknown"]


async def test_five_failures_lock_the_account_for_a_quarter_of_an_hour(
    database: Database, tokens: Tokens, make_person: Make, audited: Audited
) -> None:
    somebody = await make_person(COUNTY)
    for _ in range(5):
        with pytest.raises(LoginFailed):
            await log_in(database, tokens, somebody.username, "wrong password")
    for minutes in (0, 14.9):
        with pytest.raises(LoginFailed):
            await log_in(database, tokens, somebody.username, minutes=minutes)
    assert [line[1] for line in await audited()] == ["WRONG_PASSWORD"] * 5 + ["LOCKED"] * 2
    assert (await log_in(database, tokens, somebody.username, minutes=15)).person_id == somebody.id


async def test_a_lock_doubles_with_every_further_failure_and_a_success_starts_anew(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    somebody = await make_person(COUNTY)
    minutes = 0.0
    for wait in (0, 0, 0, 0, 15, 30, 60):
        with pytest.raises(LoginFailed):
            await log_in(database, tokens, somebody.username, "wrong password", minutes=minutes)
        minutes += wait
        if wait:
            with pytest.raises(LoginFailed):
                await log_in(database, tokens, somebody.username, minutes=minutes - 0.1)
    await log_in(database, tokens, somebody.username, minutes=minutes)
    with pytest.raises(LoginFailed):
        await log_in(database, tokens, somebody.username, "wrong password", minutes=minutes)
    await log_in(database, tokens, somebody.username, minutes=minutes)


def test_a_lock_never_lasts_longer_than_a_day() -> None:
    assert [lock_time(failures) for failures in (5, 6, 7)] == [timedelta(minutes=m) for m in (15, 30, 60)]
    assert lock_time(12) == lock_time(10_000) == timedelta(hours=24)


async def test_guessing_in_parallel_does_not_get_around_the_lock(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    somebody = await make_person(COUNTY)
    wrong = [log_in(database, tokens, somebody.username, f"wrong password {number}") for number in range(12)]
    answers = await asyncio.gather(*wrong, return_exceptions=True)
    assert all(isinstance(answer, LoginFailed) for answer in answers)
    async with writing(database) as session:
        account = await session.get_one(Account, somebody.id)
        assert account.failed_count == 5
        assert account.locked_until == NOW + timedelta(minutes=15)


async def test_an_old_hash_is_made_anew_at_the_next_login(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    somebody = await make_person(COUNTY)
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    async with writing(database) as session:
        (await session.get_one(Account, somebody.id)).password_hash = old
    first = await log_in(database, tokens, somebody.username)
    async with writing(database) as session:
        account = await session.get_one(Account, somebody.id)
        assert account.password_hash != old
        assert not passwords.needs_rehash(account.password_hash)
    await identify(database, tokens, first.tokens)
    await log_in(database, tokens, somebody.username)


async def test_a_refresh_token_is_used_once_and_the_session_keeps_its_end(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    first = await log_in(database, tokens, (await make_person(COUNTY)).username)
    second = await service.refresh(
        database, tokens, refresh_token=first.tokens.refresh_token, now=NOW + timedelta(hours=7, minutes=50)
    )
    assert second.tokens.refresh_token != first.tokens.refresh_token
    assert second.tokens.refresh_expires_at == first.tokens.refresh_expires_at
    assert second.tokens.access_expires_at == first.tokens.refresh_expires_at
    with pytest.raises(RefreshInvalid):
        await service.refresh(database, tokens, refresh_token=second.tokens.refresh_token, now=NOW + timedelta(hours=8))


async def test_a_second_use_of_a_refresh_token_ends_the_whole_session(
    database: Database, tokens: Tokens, make_person: Make, audited: Audited
) -> None:
    somebody = await make_person(COUNTY)
    stolen = await log_in(database, tokens, somebody.username)
    other = await log_in(database, tokens, somebody.username)
    renewed = await service.refresh(database, tokens, refresh_token=stolen.tokens.refresh_token, now=LATER)
    with pytest.raises(RefreshReused):
        await service.refresh(database, tokens, refresh_token=stolen.tokens.refresh_token, now=LATER)
    with pytest.raises(RefreshInvalid):
        await service.refresh(database, tokens, refresh_token=renewed.tokens.refresh_token, now=LATER)
    with pytest.raises(Unauthenticated):
        await identify(database, tokens, renewed.tokens, minutes=1)
    await identify(database, tokens, other.tokens, minutes=1)
    assert (await audited())[-1][:2] == ("session.refresh", "REFRESH_REUSED")


async def test_of_many_uses_at_once_one_renews_and_the_session_ends(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    login = await log_in(database, tokens, (await make_person(COUNTY)).username)
    answers = await asyncio.gather(
        *(service.refresh(database, tokens, refresh_token=login.tokens.refresh_token, now=LATER) for _ in range(10)),
        return_exceptions=True,
    )
    renewed = [answer for answer in answers if isinstance(answer, Login)]
    assert len(renewed) == 1
    assert sum(isinstance(answer, RefreshReused) for answer in answers) >= 1
    with pytest.raises(RefreshInvalid):
        await service.refresh(database, tokens, refresh_token=renewed[0].tokens.refresh_token, now=LATER)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "ü" * 43, "\ud800", "x" * 100_000])
async def test_an_unknown_refresh_token_is_refused(database: Database, tokens: Tokens, token: str) -> None:
    with pytest.raises(RefreshInvalid):
        await service.refresh(database, tokens, refresh_token=token, now=NOW)


async def test_refresh_tokens_are_stored_as_hashes_only(database: Database, tokens: Tokens, make_person: Make) -> None:
    login = await log_in(database, tokens, (await make_person(COUNTY)).username)
    async with writing(database) as session:
        dumped = await session.scalar(select(text("string_agg(refresh_token::text, ' ')")).select_from(RefreshToken))
    assert dumped
    assert login.tokens.refresh_token not in dumped
    assert login.tokens.refresh_token.encode().hex() not in dumped


async def test_after_a_logout_neither_token_counts(database: Database, tokens: Tokens, make_person: Make) -> None:
    somebody = await make_person(COUNTY)
    login, other = [await log_in(database, tokens, somebody.username) for _ in range(2)]
    await service.logout(database, await identify(database, tokens, login.tokens), now=LATER)
    with pytest.raises(Unauthenticated):
        await identify(database, tokens, login.tokens)
    with pytest.raises(RefreshInvalid):
        await service.refresh(database, tokens, refresh_token=login.tokens.refresh_token, now=LATER)
    await identify(database, tokens, other.tokens)


async def test_a_password_change_ends_every_session_and_opens_a_new_one(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    somebody = await make_person(COUNTY)
    mine, elsewhere = [await log_in(database, tokens, somebody.username) for _ in range(2)]
    identity = await identify(database, tokens, mine.tokens)
    now = NOW + timedelta(microseconds=1)
    changed = await service.change_password(database, tokens, identity, present=PASSWORD, new=NEW_PASSWORD, now=now)
    for old in (mine, elsewhere):
        with pytest.raises(Unauthenticated):
            await identify(database, tokens, old.tokens, minutes=1)
        with pytest.raises(RefreshInvalid):
            await service.refresh(database, tokens, refresh_token=old.tokens.refresh_token, now=LATER)
    await identify(database, tokens, changed.tokens, minutes=1)
    with pytest.raises(LoginFailed):
        await log_in(database, tokens, somebody.username)
    await log_in(database, tokens, somebody.username, NEW_PASSWORD)


async def test_a_wrong_present_password_changes_nothing_and_counts_as_a_failure(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    somebody = await make_person(COUNTY)
    identity = Identity(somebody.id, NOW)
    for _ in range(5):
        with pytest.raises(PasswordWrong):
            await service.change_password(database, tokens, identity, present="wrong", new=NEW_PASSWORD, now=NOW)
    with pytest.raises(PasswordWrong):
        await service.change_password(database, tokens, identity, present=PASSWORD, new=NEW_PASSWORD, now=NOW)
    await log_in(database, tokens, somebody.username, minutes=15)


async def test_a_common_new_password_is_refused(database: Database, tokens: Tokens, make_person: Make) -> None:
    somebody = await make_person(COUNTY)
    with pytest.raises(PasswordTooCommon):
        await service.change_password(
            database, tokens, Identity(somebody.id, NOW), present=PASSWORD, new="password1234", now=NOW
        )
    await log_in(database, tokens, somebody.username)


async def test_whoever_is_deactivated_is_out_with_the_next_request(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    somebody = await make_person(COUNTY)
    login = await log_in(database, tokens, somebody.username)
    async with writing(database) as session:
        (await session.get_one(Person, somebody.id)).deactivated_at = NOW
    with pytest.raises(Unauthenticated):
        await identify(database, tokens, login.tokens)
    with pytest.raises(RefreshInvalid):
        await service.refresh(database, tokens, refresh_token=login.tokens.refresh_token, now=NOW)


async def test_the_only_post_is_the_acting_office(make_person: Make, acting: Acting) -> None:
    somebody = await make_person(COUNTY, roles=("dispatcher", "clerk"))
    actor = await acting(somebody)
    assert (actor.person_id, actor.office_id, actor.office_path) == (somebody.id, COUNTY, "1.33.421.")
    assert (actor.level, actor.kind, actor.city_id) == ("COUNTY", "GOVERNMENT", CITY)
    assert (actor.seat_id, actor.seat_path) == (COUNTY, "1.33.421.")
    assert actor.roles == ("dispatcher", "clerk")
    assert actor.bars == (-somebody.id, PROVINCE, CITY, COUNTY)


async def test_a_petition_office_acts_for_the_area_of_its_government(make_person: Make, acting: Acting) -> None:
    actor = await acting(await make_person(PETITION_OFFICE))
    assert (actor.office_id, actor.office_path) == (PETITION_OFFICE, "1.33.421.900.")
    assert (actor.seat_id, actor.seat_path) == (COUNTY, "1.33.421.")


async def test_with_several_posts_the_office_must_be_said(make_person: Make, acting: Acting) -> None:
    somebody = await make_person(COUNTY, TOWN)
    with pytest.raises(ActingOfficeRequired) as refusal:
        await acting(somebody)
    assert refusal.value.details == {"offices": "330402 南湖区; 330402001 建设街道"}
    for said in (TOWN, "330402001", service.node_id(TOWN), " 5001 "):
        actor = await acting(somebody, said)
        assert actor.office_id == TOWN
        assert actor.bars == (-somebody.id, PROVINCE, CITY, COUNTY, TOWN)


async def test_without_a_post_there_is_no_acting(make_person: Make, acting: Acting) -> None:
    with pytest.raises(ActingOfficeRequired):
        await acting(await make_person())


@pytest.mark.parametrize(
    "said", [NEIGHBOUR, "330411", 123456, "nowhere", service.node_id(NEIGHBOUR), "南湖区", "x" * 5_000, "\ud800"]
)
async def test_an_office_that_is_not_yours_is_like_one_that_does_not_exist(
    make_person: Make, acting: Acting, said: str | int
) -> None:
    with pytest.raises(ActingOfficeInvalid) as refusal:
        await acting(await make_person(COUNTY), said)
    assert refusal.value.details == {}


async def test_a_post_counts_only_in_its_time(make_person: Make, acting: Acting) -> None:
    somebody = await make_person(COUNTY, valid_from=NOW, valid_to=NOW + timedelta(days=1))
    assert (await acting(somebody, COUNTY)).office_id == COUNTY
    assert (await acting(somebody, COUNTY, now=NOW + timedelta(hours=23))).office_id == COUNTY
    for outside in (NOW - timedelta(seconds=1), NOW + timedelta(days=1)):
        with pytest.raises(ActingOfficeInvalid):
            await acting(somebody, COUNTY, now=outside)


async def test_nobody_acts_for_a_closed_office_but_it_still_bars(make_person: Make, acting: Acting) -> None:
    somebody = await make_person(COUNTY, CLOSED)
    with pytest.raises(ActingOfficeInvalid):
        await acting(somebody, CLOSED)
    actor = await acting(somebody)
    assert actor.office_id == COUNTY
    assert CLOSED in actor.bars


async def test_an_id_that_is_another_offices_code_is_not_guessed(
    database: Database, make_person: Make, acting: Acting
) -> None:
    somebody = await make_person(COUNTY, NEIGHBOUR)
    async with writing(database) as session:
        (await session.get_one(Office, NEIGHBOUR)).code = str(COUNTY)
    with pytest.raises(ActingOfficeInvalid):
        await acting(somebody, COUNTY)
    assert (await acting(somebody, service.node_id(COUNTY))).office_id == COUNTY


async def test_who_a_request_comes_from_is_one_statement(database: Database, tokens: Tokens, make_person: Make) -> None:
    somebody = await make_person(COUNTY, TOWN, NEIGHBOUR)
    login = await log_in(database, tokens, somebody.username)
    async with writing(database) as session:
        await tokens.check(session, f"Bearer {login.tokens.access_token}", now=NOW)
        seen: list[str] = []

        def count(*arguments: object) -> None:
            seen.append(str(arguments[2]))

        event.listen(database.engine.sync_engine, "before_cursor_execute", count)
        identity = await tokens.check(session, f"Bearer {login.tokens.access_token}", now=NOW)
        await service.actor(session, identity, office=str(COUNTY), now=NOW)
        event.remove(database.engine.sync_engine, "before_cursor_execute", count)
    assert len(seen) == 1


async def test_errors_are_refusals_with_codes() -> None:
    for error in (LoginFailed, RefreshInvalid, RefreshReused, PasswordWrong, ActingOfficeRequired, ActingOfficeInvalid):
        assert issubclass(error, CasewayError)
        assert error().message


async def test_handlers_are_active_staff_with_the_role_who_are_not_excluded(
    database: Database, make_person: Make
) -> None:
    first: Somebody = await make_person(COUNTY, roles=("handler",))
    second = await make_person(COUNTY, roles=("dispatcher", "handler"))
    await make_person(COUNTY, roles=("clerk",))
    await make_person(TOWN, roles=("handler",))
    await make_person(COUNTY, roles=("handler",), deactivated_at=LONG_AGO)
    await make_person(COUNTY, roles=("handler",), valid_to=NOW)
    await make_person(COUNTY, roles=("handler",), valid_from=LATER)
    closed = await make_person(CLOSED, roles=("handler",))
    async with writing(database) as session:
        found = await repository.handlers(session, COUNTY, roles={"handler", "leader"}, now=NOW)
        rest = await repository.handlers(session, COUNTY, roles={"handler"}, now=NOW, exclude={first.id})
        none = await repository.handlers(session, CLOSED, roles={"handler"}, now=NOW)
        before = await repository.handlers(session, CLOSED, roles={"handler"}, now=NOW - timedelta(days=2))
    assert found == [first.id, second.id]
    assert rest == [second.id]
    assert none == []
    assert before == [closed.id]
