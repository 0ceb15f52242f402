"""Encrypted columns: data keys per city and purpose, wrapped by the master key, and the ciphers they give.

A stored value is ``version(1) | key id(4) | nonce(12) | ciphertext and tag``. The table, column, city and row it
belongs to are authenticated with it, so that a value copied into another row does not decrypt. Which key to use is part
of the value: after a rotation old values stay readable, new ones are written under the new key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keys import KEY_BYTES, MasterKeyInvalid, MasterKeyMismatch, derived
from caseway.db.support_models import DataKey

_HEADER, _NONCE, _TAG = 5, 12, 16
_INDEX_BYTES = 16
#: How long a process may work with the keys it has read before it looks again.
REFRESH_AFTER = timedelta(seconds=60)
#: A new key is stored this long before it is used, so that every process can read what it encrypts.
ACTIVE_AFTER = timedelta(seconds=150)
#: First half of the advisory lock that makes the creation and the rotation of keys one at a time.
_LOCK = 0x6361_7365


class Purpose(StrEnum):
    """What a data key protects. Keys of different purposes never open each other's values."""

    PETITIONER = "PETITIONER"
    ACCUSATION = "ACCUSATION"
    RESULT = "RESULT"


class Algorithm(IntEnum):
    """The first byte of a stored value."""

    AES_256_GCM = 1
    SM4_GCM = 2


class CiphertextInvalid(RuntimeError):
    """A stored value does not decrypt: it was altered, belongs to another row, or its data key was destroyed. Never a
    refusal a caller can act on: it reaches the log and has to be looked into."""


@dataclass(frozen=True, slots=True)
class _Key:
    id: int
    secret: bytes
    #: The same for all keys of a city and purpose, so that a rotation leaves blind indexes usable.
    index_secret: bytes
    retired_at: datetime | None


class Cipher:
    """Encrypts and decrypts the columns of one city and purpose. Holds every key of it, retired ones included."""

    __slots__ = ("_active", "_algorithm", "_keys", "city_id")

    def __init__(self, city_id: int, keys: Mapping[int, _Key], active: _Key, algorithm: Algorithm) -> None:
        self.city_id = city_id
        self._keys = keys
        self._active = active
        self._algorithm = algorithm

    def encrypt(self, table: str, column: str, row_id: uuid.UUID | int | str, text: str) -> bytes:
        """The text as it is stored in that column of that row."""
        header = bytes([self._algorithm]) + self._active.id.to_bytes(4, "big")
        nonce = os.urandom(_NONCE)
        bound = self._bound(table, column, row_id)
        return header + nonce + _seal(self._algorithm, self._active.secret, nonce, text.encode(), bound)

    def decrypt(self, table: str, column: str, row_id: uuid.UUID | int | str, stored: bytes) -> str:
        """The text of a stored value; ``CiphertextInvalid`` unless it was encrypted for exactly this place."""
        place = f"{table}.{column}"
        if len(stored) < _HEADER + _NONCE + _TAG or stored[0] not in set(Algorithm):
            raise CiphertextInvalid(f"the value in {place} is not an encrypted one")
        key = self._keys.get(int.from_bytes(stored[1:_HEADER], "big"))
        if key is None:
            raise CiphertextInvalid(f"the value in {place} was encrypted under a key this city and purpose do not have")
        nonce, sealed = stored[_HEADER : _HEADER + _NONCE], stored[_HEADER + _NONCE :]
        try:
            plain = _open(Algorithm(stored[0]), key.secret, nonce, sealed, self._bound(table, column, row_id))
        except InvalidTag:
            raise CiphertextInvalid(f"the value in {place} was altered or belongs to another row") from None
        return plain.decode()

    def key_id(self, stored: bytes) -> int:
        """Which data key a stored value needs: for re-encryption after a rotation."""
        return int.from_bytes(stored[1:_HEADER], "big")

    @property
    def active_key_id(self) -> int:
        """The data key that new values are encrypted under."""
        return self._active.id

    def blind_index(self, value: str) -> bytes:
        """16 bytes that are equal exactly for equal values (written differently or not) of this city and purpose;
        nothing can be read from them without the key."""
        digest = hmac.new(self._active.index_secret, normalised(value).encode(), hashlib.sha256).digest()
        return digest[:_INDEX_BYTES]

    def _bound(self, table: str, column: str, row_id: uuid.UUID | int | str) -> bytes:
        return f"{table}|{column}|{self.city_id}|{row_id}".encode()


class KeyRing:
    """Gives the cipher of a city and purpose; unwrapped keys stay in memory only."""

    def __init__(self, master: bytes, *, algorithm: Algorithm = Algorithm.AES_256_GCM) -> None:
        if len(master) != KEY_BYTES:
            raise MasterKeyInvalid
        self.algorithm = algorithm
        self._wrapping = derived(master, "data keys")
        self._cached: dict[tuple[int, str], tuple[datetime, Mapping[int, _Key]]] = {}

    async def cipher(self, session: AsyncSession, city_id: int, purpose: str, now: datetime) -> Cipher:
        """The cipher of a city and purpose. Its first key is created here, in the session's transaction."""
        place = (city_id, Purpose(purpose).value)
        cached = self._cached.get(place)
        if cached is not None and abs(now - cached[0]) < REFRESH_AFTER:
            return self._cipher(city_id, cached[1], now)
        keys = await self._read(session, place)
        if not keys:
            await _lock(session, place)
            keys = await self._read(session, place) or await self._create(session, place, now, index=os.urandom(32))
        # What this transaction wrote itself may yet be rolled back: such a key must not outlive it in memory.
        if place not in session.info.get(_WRITTEN, ()):
            self._cached[place] = (now, keys)
        return self._cipher(city_id, keys, now)

    async def rotate(self, session: AsyncSession, city_id: int, purpose: str, now: datetime) -> int:
        """Store a new data key and let the present ones retire; gives the new key's id.

        It encrypts from ``ACTIVE_AFTER`` on, when every process has read it. What is encrypted already stays readable
        under its old key until it is written again.
        """
        place = (city_id, Purpose(purpose).value)
        await _lock(session, place)
        present = await self._read(session, place)
        index = next(iter(present.values())).index_secret if present else os.urandom(32)
        rows = await session.scalars(
            select(DataKey).where(DataKey.id.in_(present.keys()), DataKey.retired_at.is_(None)).with_for_update()
        )
        for row in rows:
            row.retired_at = now + ACTIVE_AFTER
        created = await self._create(session, place, now, index=index)
        self._cached.pop(place, None)
        return next(iter(created))

    async def places(self, session: AsyncSession) -> list[tuple[int, str]]:
        """City and purpose of every data key there is."""
        rows = await session.execute(
            select(DataKey.city_id, DataKey.purpose).distinct().order_by(DataKey.city_id, DataKey.purpose)
        )
        return [(row.city_id, row.purpose) for row in rows]

    async def check(self, session: AsyncSession) -> int:
        """Whether the master key opens every stored data key: ``MasterKeyMismatch`` if not, else how many there are."""
        wrapped = (await session.scalars(select(DataKey.wrapped))).all()
        for each in wrapped:
            self._unwrap(each)
        return len(wrapped)

    def forget(self) -> None:
        """Drop every unwrapped key from memory."""
        self._cached.clear()

    def _cipher(self, city_id: int, keys: Mapping[int, _Key], now: datetime) -> Cipher:
        in_use = [key for key in keys.values() if key.retired_at is None or key.retired_at > now]
        return Cipher(city_id, keys, (in_use or list(keys.values())[-1:])[0], self.algorithm)

    async def _read(self, session: AsyncSession, place: tuple[int, str]) -> dict[int, _Key]:
        rows = await session.execute(
            select(DataKey.id, DataKey.wrapped, DataKey.retired_at)
            .where(DataKey.city_id == place[0], DataKey.purpose == place[1])
            .order_by(DataKey.id)
        )
        return {row.id: _Key(row.id, *self._unwrap(row.wrapped), row.retired_at) for row in rows}

    async def _create(
        self, session: AsyncSession, place: tuple[int, str], now: datetime, *, index: bytes
    ) -> dict[int, _Key]:
        secret = os.urandom(KEY_BYTES)
        row = DataKey(
            city_id=place[0],
            purpose=place[1],
            wrapped=aes_key_wrap(self._wrapping, secret + index),
            created_at=now,
            retired_at=None,
        )
        session.add(row)
        await session.flush()
        session.info.setdefault(_WRITTEN, set()).add(place)
        return {row.id: _Key(row.id, secret, index, None)}

    def _unwrap(self, wrapped: bytes) -> tuple[bytes, bytes]:
        try:
            both = aes_key_unwrap(self._wrapping, wrapped)
        except InvalidUnwrap:
            raise MasterKeyMismatch from None
        return both[:KEY_BYTES], both[KEY_BYTES:]


_WRITTEN = "caseway.data_keys_written"


async def _lock(session: AsyncSession, place: tuple[int, str]) -> None:
    """One at a time per city and purpose, until the transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK, func.hashtext(f"data_key {place[0]} {place[1]}"))))


def normalised(value: str) -> str:
    """A phone or document number in the one form that is indexed: full-width digits, spaces, hyphens, brackets and the
    country code make no difference."""
    text = re.sub(r"[\s\-‐-―()·.]+", "", unicodedata.normalize("NFKC", value)).upper()
    if mobile := re.fullmatch(r"(?:\+|00)?86(1[3-9]\d{9})", text):
        return mobile[1]
    if abroad := re.fullmatch(r"(?:\+|00)86(\d{9,11})", text):
        return "0" + abroad[1].removeprefix("0")
    return text


def _seal(algorithm: Algorithm, key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
    if algorithm is Algorithm.AES_256_GCM:
        return AESGCM(key).encrypt(nonce, plain, bound)
    sealing = BlockCipher(SM4(_sm4(key)), modes.GCM(nonce)).encryptor()
    sealing.authenticate_additional_data(bound)
    return sealing.update(plain) + sealing.finalize() + sealing.tag


def _open(algorithm: Algorithm, key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    if algorithm is Algorithm.AES_256_GCM:
        return AESGCM(key).decrypt(nonce, sealed, bound)
    opening = BlockCipher(SM4(_sm4(key)), modes.GCM(nonce, sealed[-_TAG:])).decryptor()
    opening.authenticate_additional_data(bound)
    return opening.update(sealed[:-_TAG]) + opening.finalize()


def _sm4(key: bytes) -> bytes:
    """SM4 takes 16 bytes: a key of its own, never half of the AES key."""
    return derived(key, "SM4-GCM", length=16)
