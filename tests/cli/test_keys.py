"""``caseway keys``: new keys while people work, and nothing becomes unreadable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from typer.testing import CliRunner, Result

from caseway import cli, clock
from caseway.db.crypto import ACTIVE_AFTER, KeyRing, Purpose
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.errors import CasewayError
from caseway.people.keys import SigningKeys
from support.app import MASTER_KEY
from support.bare_cases import platform_unit
from support.database import FreshDatabase

MASTER = b"caseway-tests-master-key-32-byte"
NOW = datetime(2026, 4, 17, 16, tzinfo=UTC)
Run = Callable[..., Result]


@pytest.fixture
def run(database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``caseway keys …`` against this test's database."""
    monkeypatch.setenv("DATABASE_URL", database.address.url)
    monkeypatch.setenv("CASEWAY_MASTER_KEY", MASTER_KEY)
    return lambda *arguments: CliRunner().invoke(cli.build(), ["keys", *arguments])


async def _ask(database: FreshDatabase, query: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(database.dsn) as connection:
        return await (await connection.execute(query)).fetchall()


async def _sealed(pool: Database, *places: tuple[int, Purpose]) -> list[bytes]:
    """One encrypted value of each city and purpose."""
    ring, values = KeyRing(MASTER), []
    async with platform_unit(pool) as uow:
        for city_id, purpose in places:
            cipher = await ring.cipher(uow.session, city_id, purpose, NOW)
            values.append(cipher.encrypt("petitioner", "name_enc", 1, "张三"))
    return values


async def test_a_new_data_key_encrypts_and_the_old_values_stay_readable(
    run: Run, pool: Database, database: FreshDatabase
) -> None:
    (before,) = await _sealed(pool, (1, Purpose.PETITIONER))
    done = await asyncio.to_thread(run, "rotate-data")
    assert done.exit_code == 0 and "1 data keys rotated" in done.stderr
    async with pool.reader(SYSTEM_SCOPE) as session:
        later = clock.now() + ACTIVE_AFTER + timedelta(seconds=1)
        cipher = await KeyRing(MASTER).cipher(session, 1, Purpose.PETITIONER, later)
    assert cipher.decrypt("petitioner", "name_enc", 1, before) == "张三"
    assert cipher.active_key_id != cipher.key_id(before)
    assert await _ask(database, "select action, outcome, person_id from access_event") == [
        ("keys:rotate_data", "ROTATED", 0)
    ]


async def test_rotation_can_be_narrowed(run: Run, pool: Database, database: FreshDatabase) -> None:
    await _sealed(pool, (1, Purpose.PETITIONER), (1, Purpose.ACCUSATION), (2, Purpose.PETITIONER))
    done = await asyncio.to_thread(run, "rotate-data", "--purpose", "ACCUSATION")
    assert "1 data keys rotated" in done.stderr
    found = await _ask(database, "select purpose, count(*) from data_key group by 1 order by 1")
    assert found == [("ACCUSATION", 2), ("PETITIONER", 2)]
    refused = await asyncio.to_thread(run, "rotate-data", "--city", "9999")
    assert isinstance(refused.exception, CasewayError) and refused.exception.code == "OFFICE_NOT_FOUND"


async def test_a_new_signing_key_lets_the_old_one_verify_until_its_tokens_have_expired(
    run: Run, pool: Database, database: FreshDatabase
) -> None:
    async with platform_unit(pool) as uow:
        old = await SigningKeys(MASTER).current(uow.session, now=clock.now())
    assert (await asyncio.to_thread(run, "rotate-signing")).exit_code == 0
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert await SigningKeys(MASTER).verifying(session, old.kid, now=clock.now()) is not None
    assert (await asyncio.to_thread(run, "rotate-signing", "--immediately")).exit_code == 0
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert await SigningKeys(MASTER).verifying(session, old.kid, now=clock.now()) is None
    noted = await _ask(database, "select outcome from access_event order by id")
    assert noted == [("ROTATED",), ("ENDED",)]


async def test_checking_opens_every_key(run: Run, pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await _sealed(pool, (1, Purpose.PETITIONER))
    done = await asyncio.to_thread(run, "check")
    assert "opens 1 data keys and 0 signing keys" in done.stderr
    monkeypatch.setenv("CASEWAY_MASTER_KEY", "A" * 43 + "=")
    refused = await asyncio.to_thread(run, "check")
    assert isinstance(refused.exception, CasewayError) and refused.exception.code == "MASTER_KEY_MISMATCH"
