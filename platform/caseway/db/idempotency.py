"""Idempotent requests: who repeats a key gets the first outcome, and a thousand repeats at once have one effect.

The row of a key is inserted first of all, in the transaction that does the work. Whoever comes with the same key
meanwhile waits on the primary key's index: until the work is committed (then they read its outcome) or rolled back
(then one of them does the work). Nothing is stored for work that was refused: the same key may be tried again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.support_models import IdempotentResult
from caseway.errors import CasewayError, IdempotencyMismatch, InvalidInput

#: How long outcomes are kept (design §7).
KEPT = timedelta(days=7)
SHORTEST_KEY, LONGEST_KEY = 8, 255
_KEY = re.compile(rf"[\x20-\x7e]{{{SHORTEST_KEY},{LONGEST_KEY}}}")
_LOCK_NOT_AVAILABLE = "55P03"


class RequestInProgress(CasewayError):
    """The first request with this idempotency key is still being worked on: repeat it with the same key in a moment."""

    code = "REQUEST_IN_PROGRESS"


def check_key(key: str) -> None:
    """``InvalidInput`` unless the key is 8 to 255 printable ASCII characters."""
    if not _KEY.fullmatch(key):
        text = f"A key has {SHORTEST_KEY} to {LONGEST_KEY} printable ASCII characters; a fresh UUID is a good one."
        raise InvalidInput([("idempotencyKey", "IDEMPOTENCY_KEY_SYNTAX", text)])


def fingerprint(mutation_name: str, canonical_input: Any) -> bytes:
    """SHA-256 of what is asked for. ``canonical_input`` is plain JSON without the key; its order does not matter."""
    text = json.dumps(canonical_input, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(f"{mutation_name}\n{text}".encode("utf-8", "surrogatepass")).digest()


async def begin(
    session: AsyncSession, *, person_id: int, office_id: int, key: str, input_hash: bytes, now: datetime
) -> IdempotentResult | None:
    """Claim the key, first thing in the transaction that will do the work. None: it is yours, do the work and
    ``finish``. A result: the work was done before, do nothing.

    ``IdempotencyMismatch`` when the key was used for another input; ``RequestInProgress`` when whoever has the key does
    not come to an end within the connection's lock timeout.
    """
    check_key(key)
    claim = (
        insert(IdempotentResult)
        .values(person_id=person_id, office_id=office_id, key=key, input_hash=input_hash, outcome={}, created_at=now)
        .on_conflict_do_nothing(index_elements=["person_id", "office_id", "key"])
        .returning(literal(1))
    )
    # A row may be purged between the claim that it blocked and the read: then the key is free again.
    for _ in range(3):
        try:
            claimed = await session.scalar(claim)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
                raise RequestInProgress from None
            raise
        if claimed:
            return None
        found = await session.get(IdempotentResult, (person_id, office_id, key), populate_existing=True)
        if found is not None:
            return _same(found, input_hash)
    raise RequestInProgress


def _same(found: IdempotentResult, input_hash: bytes) -> IdempotentResult:
    if found.input_hash != input_hash:
        raise IdempotencyMismatch
    if not found.outcome:
        raise RuntimeError("an idempotent request was begun and committed, but never finished")
    return found


async def finish(session: AsyncSession, *, person_id: int, office_id: int, key: str, outcome: dict[str, Any]) -> None:
    """Store what the work did: ids and codes, enough to render the payload again. Last in the same transaction."""
    done = await session.execute(
        update(IdempotentResult)
        .where(*_row(person_id, office_id, key))
        .values(outcome=outcome or {"done": True})
        .returning(IdempotentResult.key)
    )
    if done.first() is None:
        raise RuntimeError("an idempotent request was finished that was never begun")


async def remember_response(
    session: AsyncSession, *, person_id: int, office_id: int, key: str, selection_hash: bytes, response_enc: bytes
) -> None:
    """Keep the bytes of the first answer (encrypted under the RESULT key of the acting office's city). Only the first
    answer counts; a later one with another selection does not replace it."""
    await session.execute(
        update(IdempotentResult)
        .where(*_row(person_id, office_id, key), IdempotentResult.response_enc.is_(None))
        .values(selection_hash=selection_hash, response_enc=response_enc)
    )


async def purge(session: AsyncSession, *, now: datetime, older_than: timedelta = KEPT, at_most: int = 5_000) -> int:
    """Delete outcomes past their time, oldest first; gives how many. The caller repeats until it is fewer than
    ``at_most``: short transactions, short locks."""
    identity = (IdempotentResult.person_id, IdempotentResult.office_id, IdempotentResult.key)
    old = (
        select(*identity)
        .where(IdempotentResult.created_at < now - older_than)
        .order_by(IdempotentResult.created_at)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    gone = await session.execute(
        delete(IdempotentResult).where(tuple_(*identity).in_(old)).returning(literal(1)),
        execution_options={"synchronize_session": False},
    )
    return len(gone.all())


def _row(person_id: int, office_id: int, key: str) -> tuple[Any, ...]:
    return (
        IdempotentResult.person_id == person_id,
        IdempotentResult.office_id == office_id,
        IdempotentResult.key == key,
    )


class Turns:
    """One after the other within a process: repeats of one key wait here, in memory, and not on the connections that
    everybody else needs. Across processes the database's index decides; this only keeps the pool free."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int, str], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, person_id: int, office_id: int, key: str) -> AsyncIterator[None]:
        """Held around the whole transaction of a request with this key."""
        place = (person_id, office_id, key)
        lock, count = self._waiting.get(place, (asyncio.Lock(), 0))
        self._waiting[place] = (lock, count + 1)
        try:
            async with lock:
                yield
        finally:
            lock, count = self._waiting.pop(place)
            if count > 1:
                self._waiting[place] = (lock, count - 1)
