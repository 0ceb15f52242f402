"""The bytes that a ledger hash is taken over: one canonical JSON form for what is stored and what is read back."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

#: Stands for the hash before the first event of a case.
GENESIS = bytes(32)


def encode(value: Any) -> Any:
    """A value in the form in which JSON stores it and gives it back unchanged.

    Instants become UTC with microseconds, ids and enumerations text. What would not come back the same from ``jsonb``
    or would print differently elsewhere (floats, naive instants, half surrogate pairs, NUL) is refused.
    """
    match value:
        case None | bool():
            return value
        case Enum():
            return encode(value.value)
        case int():
            return int(value)
        case str():
            return _text(value)
        case uuid.UUID():
            return str(value)
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {_key(key): encode(item) for key, item in value.items()}
        case list() | tuple():
            return [encode(item) for item in value]
        case _:
            raise TypeError(f"a ledger event holds no {type(value).__name__}")


def instant(value: datetime) -> str:
    """An aware instant as ISO text: UTC, always six decimals, ``Z``."""
    if value.tzinfo is None:
        raise TypeError("a ledger event holds no naive instant")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: Any) -> bytes:
    """Canonical JSON: keys sorted by code point, no spaces, UTF-8, only encoded values."""
    text = json.dumps(encode(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def event_hash(
    prev_hash: bytes,
    *,
    city_id: int,
    case_id: uuid.UUID,
    seq: int,
    id: uuid.UUID,
    type: str,
    at: datetime,
    person_id: int,
    office_id: int,
    reason: str | None,
    facts: Mapping[str, Any],
) -> bytes:
    """SHA-256 over the hash before and every field of the event."""
    body = canonical(
        {
            "city_id": city_id,
            "case_id": case_id,
            "seq": seq,
            "id": id,
            "type": type,
            "at": at,
            "person_id": person_id,
            "office_id": office_id,
            "reason": reason,
            "facts": facts,
        }
    )
    return hashlib.sha256(prev_hash + body).digest()


def _text(value: str) -> str:
    plain = str(value)
    if "\x00" in plain:
        raise ValueError("a ledger event holds no NUL character")
    plain.encode()  # half of a surrogate pair cannot be stored
    return plain


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("a ledger event names its facts with text")
    return _text(key)
