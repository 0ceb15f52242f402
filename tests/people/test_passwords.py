"""Passwords: what is refused, and that hashing neither blocks nor piles up."""

from __future__ import annotations

import asyncio
import time

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.people import passwords
from caseway.people.errors import LoginBusy, PasswordTooCommon, PasswordTooLong, PasswordTooShort

GOOD = "seven herons cross the lake"


async def test_a_password_matches_its_own_hash_only() -> None:
    stored = await passwords.hash_password(GOOD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(stored, GOOD)
    assert not await passwords.verify(stored, GOOD + " ")
    assert not await passwords.verify(stored, GOOD.upper())
    assert stored != await passwords.hash_password(GOOD)


async def test_any_characters_count_up_to_the_last() -> None:
    text = "信访信访信访工作 🐦\x00 " + "é" * 200
    stored = await passwords.hash_password(text)
    assert await passwords.verify(stored, text)
    assert not await passwords.verify(stored, text[:-1])
    assert not await passwords.verify(stored, text + "é" * 5_000)
    lone = await passwords.hash_password("half a pair: \ud800")
    assert await passwords.verify(lone, "half a pair: \ud800")


@pytest.mark.parametrize("stored", ["", "!", "$argon2id$broken", "plain text"])
async def test_an_account_without_a_usable_hash_never_matches(stored: str) -> None:
    assert not await passwords.verify(stored, stored)
    assert not await passwords.verify(stored, GOOD)


async def test_nobody_costs_as_much_as_somebody() -> None:
    stored = await passwords.hash_password(GOOD)

    async def best(against: str) -> float:
        taken = []
        for _ in range(7):
            start = time.perf_counter()
            assert not await passwords.verify(against, "something else entirely")
            taken.append(time.perf_counter() - start)
        return min(taken)

    assert 0.5 < await best(passwords.NO_PASSWORD) / await best(stored) < 2


async def test_old_parameters_ask_for_a_new_hash() -> None:
    assert not passwords.needs_rehash(await passwords.hash_password(GOOD))
    assert passwords.needs_rehash(PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD))
    assert not passwords.needs_rehash(passwords.NO_PASSWORD)


async def test_hashing_leaves_the_event_loop_free() -> None:
    work = asyncio.gather(*(passwords.hash_password(GOOD) for _ in range(8)))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.002)
        turns += 1
    await work
    assert turns >= 20


async def test_too_many_at_once_are_refused_instead_of_queued() -> None:
    pool = passwords._Pool(workers=1, longest_queue=3)
    answers = await asyncio.gather(*(pool.run(time.sleep, 0.02) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(each, LoginBusy) for each in answers) == 7
    await pool.run(time.sleep, 0)
    assert pool._pending == 0
    pool._threads.shutdown()


def test_length_is_bounded_on_both_sides() -> None:
    with pytest.raises(PasswordTooShort) as short:
        passwords.check("k7#mQz!pW2x", username="li.na")
    assert short.value.details == {"shortest": 12}
    passwords.check("k7#mQz!pW2xy", username="li.na")
    passwords.check("heron lake " * 23 + "abc", username="li.na")
    with pytest.raises(PasswordTooLong):
        passwords.check("heron lake " * 23 + "abcd", username="li.na")


@pytest.mark.parametrize(
    "text",
    [
        "password1234",
        "Password2026!",
        "p@ssw0rd1234",
        "passwordpassword",
        "adminadmin123",
        "administrator1",
        "Caseway2026!!",
        "caseway-caseway",
        "xinfang123456",
        "letmein12345",
        "iloveyou1314520",
        "woaini5201314",
        "信访信访信访信访信访信访2026",
        "aaaaaaaaaaaa",
        "ababababababab",
        "abcabcabcabc",
        "abcd1234abcd1234",
        "123456789012",
        "112233445566",
        "987654321098",
        "qwertyuiop123",
        "asdfghjkl12345",
        "1qaz2wsx3edc",
        "zaq12wsxcde3",
        "qazwsxedcrfv",
        "1q2w3e4r5t6y",
        "a1b2c3d4e5f6",
        "199001011990",
        "welcome20260101",
        "!@#$%^&*()!@",
        "li.na-li.na-xy-3",
        "hsiang-an.il-ping",
    ],
)
def test_what_is_guessed_first_is_refused(text: str) -> None:
    with pytest.raises(PasswordTooCommon):
        passwords.check(text, username="li.na")


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "correct horse battery staple",
        "k7#mQz!pW2xy",
        "Vk3-9rTw-uuZ4-mmPq",
        "830517294466",
        "tides-copper-violin",
        "春江潮水连海平海上明月共潮生",
        "my office has 14 windows facing north",
    ],
)
def test_what_is_not_guessed_is_accepted(text: str) -> None:
    passwords.check(text, username="li.na")


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=0, max_size=300), st.text(max_size=20))
def test_judging_always_comes_to_an_end(text: str, username: str) -> None:
    assert passwords.is_common(text, username=username) in (True, False)


@pytest.mark.parametrize("text", ["1qaz" * 64, "password" * 32, "a1" * 128, "0123456789" * 25])
def test_judging_the_longest_password_is_quick(text: str) -> None:
    start = time.perf_counter()
    assert passwords.is_common(text)
    assert time.perf_counter() - start < 1
