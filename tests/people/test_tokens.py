"""Access tokens and the keys that sign them: what is accepted, and for how long."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from sqlalchemy import func, select

from caseway.access.identity import TokenChecker, TokenExpired, TokenIssuer, Unauthenticated
from caseway.db.keys import MasterKeyMismatch
from caseway.db.session import Database
from caseway.people.keys import REFRESH_AFTER, SIGNS_AFTER, SigningKeys
from caseway.people.models import SigningKey
from caseway.people.tokens import AUDIENCE, ISSUER, Tokens
from caseway.settings import Settings
from people.conftest import COUNTY, MASTER, NOW, Make
from support.writing import writing

VERIFY_FOR = timedelta(minutes=15)


async def issue(database: Database, tokens: Tokens, person_id: int, *, now: datetime = NOW) -> str:
    async with writing(database) as session:
        return (await tokens.issue(session, person_id, now=now)).access_token


async def check(database: Database, tokens: Tokens, authorization: str, *, now: datetime = NOW) -> int:
    async with writing(database) as session:
        return (await tokens.check(session, authorization, now=now)).person_id


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(each + "==")) for each in (header, payload))


def compact(header: dict[str, Any], payload: dict[str, Any], signature: str = "") -> str:
    texts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in (header, payload)]
    return ".".join([*texts, signature])


def test_the_issuer_is_what_the_interface_asks_for(tokens: Tokens) -> None:
    checker: TokenChecker = tokens
    issuer: TokenIssuer = tokens
    assert checker is issuer


async def test_a_token_says_who_since_when_and_nothing_else(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    somebody = await make_person(COUNTY)
    header, claims = parts(await issue(database, tokens, somebody.id))
    assert set(header) == {"alg", "kid", "typ"}
    assert (header["alg"], header["typ"]) == ("Ed25519", "at+jwt")
    assert set(claims) == {"iss", "aud", "sub", "iat", "exp", "jti", "sid"}
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, AUDIENCE, str(somebody.id))
    assert claims["exp"] - claims["iat"] == 900


async def test_a_token_counts_until_it_expires(database: Database, tokens: Tokens, make_person: Make) -> None:
    somebody = await make_person(COUNTY)
    token = await issue(database, tokens, somebody.id)
    for scheme in ("Bearer", "bearer", "BEARER "):
        assert await check(database, tokens, f"{scheme} {token}") == somebody.id
    assert await check(database, tokens, f"Bearer {token}", now=NOW + timedelta(seconds=899.9)) == somebody.id
    with pytest.raises(TokenExpired) as refusal:
        await check(database, tokens, f"Bearer {token}", now=NOW + timedelta(seconds=900))
    assert refusal.value.code == "TOKEN_EXPIRED"
    with pytest.raises(Unauthenticated):
        await check(database, tokens, f"Bearer {token}", now=NOW - timedelta(minutes=1))


async def test_the_instant_of_issue_is_exact(database: Database, tokens: Tokens, make_person: Make) -> None:
    somebody = await make_person(COUNTY)
    for microsecond in (0, 1, 123_457, 999_999):
        now = NOW.replace(microsecond=microsecond)
        token = await issue(database, tokens, somebody.id, now=now)
        async with writing(database) as session:
            assert (await tokens.check(session, f"Bearer {token}", now=now)).issued_at == now


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer a.b.c",
        "Bearer ....",
        "Bearer x y",
        "Bearer " + "a" * 5_000,
        "令牌",
    ],
)
async def test_what_is_no_token_is_refused(database: Database, tokens: Tokens, authorization: str) -> None:
    with pytest.raises(Unauthenticated):
        await check(database, tokens, authorization)


Forge = Callable[[dict[str, Any], dict[str, Any], str], str]
FOREIGN = OKPKey.generate_key("Ed25519")


def _resigned(header: dict[str, Any], payload: dict[str, Any]) -> str:
    return jwt.encode(header, payload, FOREIGN, algorithms=["Ed25519"])


FORGERIES: dict[str, Forge] = {
    "no signature": lambda h, p, s: compact(h, p),
    "alg none": lambda h, p, s: compact(h | {"alg": "none"}, p),
    "alg of another family": lambda h, p, s: jwt.encode(h | {"alg": "HS256"}, p, OctKey.import_key("k" * 32)),
    "alg by its older name": lambda h, p, s: compact(h | {"alg": "EdDSA"}, p, s),
    "another key under our kid": lambda h, p, s: _resigned(h, p),
    "an unknown kid": lambda h, p, s: _resigned(h | {"kid": "unknown"}, p),
    "no kid": lambda h, p, s: _resigned({k: v for k, v in h.items() if k != "kid"}, p),
    "a kid that is no text": lambda h, p, s: compact(h | {"kid": ["x"]}, p, s),
    "a key brought along": lambda h, p, s: _resigned(h | {"jwk": FOREIGN.as_dict(private=False)}, p),
    "another person": lambda h, p, s: compact(h, p | {"sub": "1"}, s),
    "a later end": lambda h, p, s: compact(h, p | {"exp": p["exp"] + 1}, s),
    "another type": lambda h, p, s: compact(h | {"typ": "JWT"}, p, s),
    "a critical extension": lambda h, p, s: compact(h | {"crit": ["b64"], "b64": False}, p, s),
    "a payload that is no object": lambda h, p, s: compact(h, [], s),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_is_refused(database: Database, tokens: Tokens, make_person: Make, forgery: str) -> None:
    token = await issue(database, tokens, (await make_person(COUNTY)).id)
    await check(database, tokens, f"Bearer {token}")
    forged = FORGERIES[forgery](*parts(token), token.rpartition(".")[2])
    with pytest.raises(Unauthenticated) as refusal:
        await check(database, tokens, f"Bearer {forged}")
    assert refusal.value.code == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "urn:other"},
        {"aud": "urn:other"},
        {"aud": [AUDIENCE, "urn:other"]},
        {"sub": "nobody"},
        {"sub": None},
        {"sid": "x"},
        {"iat": "yesterday"},
        {"iat": True},
        {"exp": None},
        {"exp": 1e30},
        {"iat": NOW.timestamp() + 60},
    ],
)
async def test_our_own_signature_under_other_claims_is_refused(
    database: Database, tokens: Tokens, changed: dict[str, Any]
) -> None:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "7",
        "iat": NOW.timestamp(),
        "exp": NOW.timestamp() + 900,
        "sid": str(uuid.uuid4()),
    }
    async with writing(database) as session:
        signer = await tokens.keys.current(session, now=NOW)
    header = {"alg": "Ed25519", "kid": signer.kid, "typ": "at+jwt"}
    good = jwt.encode(header, claims, signer.key, algorithms=["Ed25519"])
    assert await check(database, tokens, f"Bearer {good}") == 7
    bad = jwt.encode(header, claims | changed, signer.key, algorithms=["Ed25519"])
    with pytest.raises(Unauthenticated) as refusal:
        await check(database, tokens, f"Bearer {bad}")
    assert refusal.value.code == "UNAUTHENTICATED"


async def test_processes_that_start_at_once_make_one_signing_key(database: Database, settings: Settings) -> None:
    async def first() -> str:
        async with writing(database) as session:
            return (await SigningKeys(MASTER).current(session, now=NOW)).kid

    assert len(set(await asyncio.gather(*(first() for _ in range(20))))) == 1
    async with writing(database) as session:
        assert await session.scalar(select(func.count()).select_from(SigningKey)) == 1


async def test_a_signing_key_that_was_rolled_back_is_not_used_again(
    database: Database, tokens: Tokens, make_person: Make
) -> None:
    somebody = await make_person(COUNTY)

    async def fail() -> None:
        async with writing(database) as session:
            await tokens.issue(session, somebody.id, now=NOW)
            await tokens.issue(session, somebody.id, now=NOW)
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        await fail()
    token = await issue(database, tokens, somebody.id)
    assert await check(database, Tokens(MASTER, Settings()), f"Bearer {token}") == somebody.id


async def test_after_a_rotation_the_new_key_signs_and_the_old_one_verifies_for_a_while(
    database: Database, tokens: Tokens, settings: Settings, make_person: Make
) -> None:
    somebody, elsewhere = await make_person(COUNTY), Tokens(MASTER, settings)
    before = await issue(database, tokens, somebody.id)
    await check(database, elsewhere, f"Bearer {before}")
    async with writing(database) as session:
        new_kid = await tokens.keys.rotate(session, now=NOW, verify_for=VERIFY_FOR)

    during = await issue(database, tokens, somebody.id, now=NOW + SIGNS_AFTER - timedelta(seconds=1))
    after = await issue(database, tokens, somebody.id, now=NOW + SIGNS_AFTER)
    assert parts(during)[0]["kid"] == parts(before)[0]["kid"]
    assert parts(after)[0]["kid"] == new_kid
    for token in (during, after):
        assert await check(database, elsewhere, f"Bearer {token}", now=NOW + SIGNS_AFTER) == somebody.id

    # An expired token is told apart from one under a retired key only as long as that key verifies.
    with pytest.raises(TokenExpired):
        await check(database, elsewhere, f"Bearer {before}", now=NOW + VERIFY_FOR)
    with pytest.raises(Unauthenticated) as refusal:
        await check(database, elsewhere, f"Bearer {during}", now=NOW + SIGNS_AFTER + VERIFY_FOR)
    assert refusal.value.code == "UNAUTHENTICATED"


async def test_a_leaked_key_ends_at_once(
    database: Database, tokens: Tokens, settings: Settings, make_person: Make
) -> None:
    somebody, elsewhere = await make_person(COUNTY), Tokens(MASTER, settings)
    before = await issue(database, tokens, somebody.id)
    await check(database, elsewhere, f"Bearer {before}")
    async with writing(database) as session:
        new_kid = await tokens.keys.rotate(session, now=NOW, verify_for=VERIFY_FOR, immediately=True)
    with pytest.raises(Unauthenticated):
        await check(database, tokens, f"Bearer {before}")
    after = await issue(database, tokens, somebody.id)
    assert parts(after)[0]["kid"] == new_kid
    with pytest.raises(Unauthenticated):
        await check(database, elsewhere, f"Bearer {before}", now=NOW + REFRESH_AFTER)
    assert await check(database, elsewhere, f"Bearer {after}", now=NOW + REFRESH_AFTER) == somebody.id


async def test_made_up_key_ids_do_not_make_a_process_read_its_keys_again_and_again(
    database: Database, tokens: Tokens, make_person: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    await issue(database, tokens, (await make_person(COUNTY)).id)
    reads = 0
    original = tokens.keys._read

    async def counted(*arguments: Any) -> None:
        nonlocal reads
        reads += 1
        await original(*arguments)

    monkeypatch.setattr(tokens.keys, "_read", counted)
    for number in range(50):
        forged = compact({"alg": "Ed25519", "typ": "at+jwt", "kid": f"made-up-{number}"}, {}, "AAAA")
        with pytest.raises(Unauthenticated):
            await check(database, tokens, f"Bearer {forged}", now=NOW + timedelta(milliseconds=number))
    assert reads <= 2


async def test_signing_keys_are_stored_wrapped(database: Database, tokens: Tokens) -> None:
    async with writing(database) as session:
        signer = await tokens.keys.current(session, now=NOW)
        row = await session.get_one(SigningKey, signer.kid)
        seed = base64.urlsafe_b64decode(str(signer.key.as_dict(private=True)["d"]) + "==")
        assert len(row.wrapped) == 40
        assert seed not in row.wrapped


async def test_another_master_key_is_noticed(database: Database, tokens: Tokens) -> None:
    async with writing(database) as session:
        await tokens.keys.current(session, now=NOW)
        assert await tokens.keys.check(session) == 1
        with pytest.raises(MasterKeyMismatch):
            await SigningKeys(bytes(32)).check(session)
