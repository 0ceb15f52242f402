"""Encrypted columns: what is bound to its place, what a rotation changes, and where the master key comes from."""

from __future__ import annotations

import asyncio
import base64
import stat
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db import keys
from caseway.db.crypto import ACTIVE_AFTER, REFRESH_AFTER, Algorithm, CiphertextInvalid, KeyRing, normalised
from caseway.db.keys import MasterKeyInvalid, MasterKeyMismatch
from caseway.db.session import Database
from caseway.db.support_models import DataKey
from caseway.settings import Settings
from support.writing import writing

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MASTER = bytes(range(32))
CITY, OTHER_CITY = 3304, 3305


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The application's own way to the test's database."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """One transaction."""
    async with writing(database) as opened:
        yield opened


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_a_value_is_read_back_and_looks_like_nothing(session: AsyncSession, algorithm: Algorithm) -> None:
    cipher = await KeyRing(MASTER, algorithm=algorithm).cipher(session, CITY, "PETITIONER", NOW)
    row = uuid.uuid4()
    stored = cipher.encrypt("petitioner", "name_enc", row, "张三")
    again = cipher.encrypt("petitioner", "name_enc", row, "张三")
    assert cipher.decrypt("petitioner", "name_enc", row, stored) == "张三"
    assert stored != again
    assert stored[0] == algorithm
    assert len(stored) == 1 + 4 + 12 + len("张三".encode()) + 16
    assert "张三".encode() not in stored


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_every_changed_byte_is_noticed(session: AsyncSession, algorithm: Algorithm) -> None:
    cipher = await KeyRing(MASTER, algorithm=algorithm).cipher(session, CITY, "PETITIONER", NOW)
    stored = cipher.encrypt("petitioner", "phone_enc", 7, "13800000000")
    for position in range(len(stored)):
        changed = bytearray(stored)
        changed[position] ^= 1
        with pytest.raises(CiphertextInvalid):
            cipher.decrypt("petitioner", "phone_enc", 7, bytes(changed))
    for length in range(len(stored)):
        with pytest.raises(CiphertextInvalid):
            cipher.decrypt("petitioner", "phone_enc", 7, stored[:length])


async def test_a_value_moved_to_another_place_does_not_decrypt(session: AsyncSession) -> None:
    ring = KeyRing(MASTER)
    cipher = await ring.cipher(session, CITY, "PETITIONER", NOW)
    stored = cipher.encrypt("petitioner", "name_enc", 1, "张三")
    for place in (("petitioner", "name_enc", 2), ("petitioner", "phone_enc", 1), ("case_record", "name_enc", 1)):
        with pytest.raises(CiphertextInvalid, match=place[0]):
            cipher.decrypt(*place, stored)
    for city, purpose in ((OTHER_CITY, "PETITIONER"), (CITY, "ACCUSATION")):
        other = await ring.cipher(session, city, purpose, NOW)
        with pytest.raises(CiphertextInvalid):
            other.decrypt("petitioner", "name_enc", 1, stored)


async def test_an_error_never_quotes_the_value(session: AsyncSession) -> None:
    cipher = await KeyRing(MASTER).cipher(session, CITY, "RESULT", NOW)
    with pytest.raises(CiphertextInvalid) as refusal:
        cipher.decrypt("petitioner", "name_enc", 1, "张三 in plain text, much longer than a header".encode())
    assert "张三" not in str(refusal.value)


async def test_a_blind_index_is_equal_for_one_city_and_purpose_only(session: AsyncSession) -> None:
    ring = KeyRing(MASTER)
    cipher = await ring.cipher(session, CITY, "PETITIONER", NOW)
    index = cipher.blind_index("138 0573 0001")
    assert len(index) == 16
    assert index == cipher.blind_index("+86-138-0573-0001")
    assert index != cipher.blind_index("13805730002")
    assert index != (await ring.cipher(session, OTHER_CITY, "PETITIONER", NOW)).blind_index("13805730001")
    assert index != (await ring.cipher(session, CITY, "ACCUSATION", NOW)).blind_index("13805730001")


@pytest.mark.parametrize(
    ("written", "indexed"),
    [
        ("13805730001", "13805730001"),
        ("+86 138 0573 0001", "13805730001"),
        ("0086-13805730001", "13805730001"),
        ("8613805730001", "13805730001"),
        ("１３８０５７３０００１", "13805730001"),
        ("（0573）8251 0000", "057382510000"),
        ("+86 573 8251 0000", "057382510000"),
        ("33040219900101123x", "33040219900101123X"),
    ],
)
def test_numbers_written_differently_are_one(written: str, indexed: str) -> None:
    assert normalised(written) == indexed


async def test_a_hundred_first_users_of_a_city_make_one_key(database: Database) -> None:
    async def encrypt(number: int) -> bytes:
        async with writing(database) as session:
            cipher = await KeyRing(MASTER).cipher(session, CITY, "PETITIONER", NOW)
            return cipher.encrypt("petitioner", "name_enc", number, "张三")

    stored = await asyncio.gather(*(encrypt(number) for number in range(100)))
    async with writing(database) as session:
        assert await session.scalar(select(func.count()).select_from(DataKey)) == 1
        cipher = await KeyRing(MASTER).cipher(session, CITY, "PETITIONER", NOW)
    assert {cipher.decrypt("petitioner", "name_enc", number, each) for number, each in enumerate(stored)} == {"张三"}


async def test_a_key_that_was_rolled_back_is_not_used_again(database: Database) -> None:
    ring = KeyRing(MASTER)
    with pytest.raises(RuntimeError, match="changed my mind"):
        await _encrypt_and_fail(database, ring)
    async with writing(database) as session:
        cipher = await ring.cipher(session, CITY, "PETITIONER", NOW)
        stored = cipher.encrypt("petitioner", "name_enc", 1, "张三")
    async with writing(database) as session:
        read = await KeyRing(MASTER).cipher(session, CITY, "PETITIONER", NOW)
        assert read.decrypt("petitioner", "name_enc", 1, stored) == "张三"


async def _encrypt_and_fail(database: Database, ring: KeyRing) -> None:
    async with writing(database) as session:
        await ring.cipher(session, CITY, "PETITIONER", NOW)
        await ring.cipher(session, CITY, "PETITIONER", NOW)
        raise RuntimeError("changed my mind")


async def test_keys_are_read_once_and_stored_wrapped(database: Database) -> None:
    ring, seen = KeyRing(MASTER), []
    for _ in range(2):
        async with writing(database) as session:
            await ring.cipher(session, CITY, "PETITIONER", NOW)
    async with writing(database) as session:
        assert len((await session.scalars(select(DataKey))).one().wrapped) == 72

        def count(*arguments: object) -> None:
            seen.append(arguments)

        event.listen(database.engine.sync_engine, "before_cursor_execute", count)
        await ring.cipher(session, CITY, "PETITIONER", NOW + REFRESH_AFTER - timedelta(seconds=1))
        assert seen == []
        await ring.cipher(session, CITY, "PETITIONER", NOW + REFRESH_AFTER)
        assert len(seen) == 1
        event.remove(database.engine.sync_engine, "before_cursor_execute", count)


async def test_after_a_rotation_old_values_stay_readable_and_new_ones_take_the_new_key(database: Database) -> None:
    ring, elsewhere = KeyRing(MASTER), KeyRing(MASTER)
    async with writing(database) as session:
        before = await ring.cipher(session, CITY, "PETITIONER", NOW)
        old = before.encrypt("petitioner", "name_enc", 1, "张三")
    async with writing(database) as session:
        await elsewhere.cipher(session, CITY, "PETITIONER", NOW)
    async with writing(database) as session:
        new_key = await ring.rotate(session, CITY, "PETITIONER", NOW)

    async with writing(database) as session:
        meanwhile = await ring.cipher(session, CITY, "PETITIONER", NOW + REFRESH_AFTER)
        assert meanwhile.active_key_id == before.active_key_id
        # Another process has read the new key long before anybody encrypts with it.
        await elsewhere.cipher(session, CITY, "PETITIONER", NOW + REFRESH_AFTER)
        after = await ring.cipher(session, CITY, "PETITIONER", NOW + ACTIVE_AFTER)
        new = after.encrypt("petitioner", "name_enc", 2, "李四")
        there = await elsewhere.cipher(session, CITY, "PETITIONER", NOW + REFRESH_AFTER + timedelta(seconds=59))
    assert after.active_key_id == after.key_id(new) == new_key != before.active_key_id
    assert after.decrypt("petitioner", "name_enc", 1, old) == "张三"
    assert there.decrypt("petitioner", "name_enc", 2, new) == "李四"
    assert after.blind_index("13805730001") == before.blind_index("13805730001")


async def test_a_rotation_before_the_first_use_and_two_in_a_row(database: Database) -> None:
    ring = KeyRing(MASTER)
    async with writing(database) as session:
        first = await ring.rotate(session, CITY, "RESULT", NOW)
    async with writing(database) as session:
        stored = (await ring.cipher(session, CITY, "RESULT", NOW)).encrypt("t", "c", 1, "x")
    last = first
    for days in (1, 2):
        async with writing(database) as session:
            last = await ring.rotate(session, CITY, "RESULT", NOW + timedelta(days=days))
    async with writing(database) as session:
        cipher = await ring.cipher(session, CITY, "RESULT", NOW + timedelta(days=3))
    assert cipher.key_id(stored) == first
    assert cipher.active_key_id == last
    assert cipher.decrypt("t", "c", 1, stored) == "x"


async def test_another_master_key_is_refused_at_the_start(database: Database) -> None:
    async with writing(database) as session:
        assert await KeyRing(MASTER).check(session) == 0
        await KeyRing(MASTER).cipher(session, CITY, "PETITIONER", NOW)
    wrong = KeyRing(bytes(32))
    async with writing(database) as session:
        assert await KeyRing(MASTER).check(session) == 1
        with pytest.raises(MasterKeyMismatch) as refusal:
            await wrong.check(session)
        with pytest.raises(MasterKeyMismatch):
            await wrong.cipher(session, CITY, "PETITIONER", NOW)
    assert refusal.value.code == "MASTER_KEY_MISMATCH"


def test_the_master_key_is_taken_from_the_settings(tmp_path: Path) -> None:
    given = base64.b64encode(MASTER).decode()
    assert keys.master_key(Settings(master_key=given, data_dir=tmp_path)) == MASTER  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["short", base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode()])
def test_a_master_key_of_the_wrong_length_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(MasterKeyInvalid) as refusal:
        keys.master_key(Settings(master_key=given, data_dir=tmp_path))  # type: ignore[arg-type]
    assert refusal.value.code == "MASTER_KEY_INVALID"
    assert given not in refusal.value.message
    with pytest.raises(MasterKeyInvalid):
        KeyRing(bytes(16))


def test_a_master_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    made = keys.master_key(settings)
    path = tmp_path / "data" / "keys" / "master.key"
    assert keys.master_key(settings) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_broken_master_key_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    path.parent.mkdir()
    path.write_text("half a k")
    with pytest.raises(MasterKeyInvalid):
        keys.master_key(Settings(data_dir=tmp_path))
    assert path.read_text() == "half a k"


def test_many_processes_that_start_at_once_make_one_master_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        made = set(pool.map(_master_key, [tmp_path] * 12))
    assert len(made) == 1


def _master_key(directory: Path) -> bytes:
    return keys.master_key(Settings(data_dir=directory))
