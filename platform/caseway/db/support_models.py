"""Tables of the machinery: wrapped data keys, stored results of idempotent requests, buckets of what was asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class DataKey(Model):
    """A data key of one city and purpose (PETITIONER, ACCUSATION, RESULT), wrapped by the master key."""

    __tablename__ = "data_key"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    city_id: Mapped[int]
    purpose: Mapped[str]
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_data_key_city_id_purpose", "city_id", "purpose"),)


class IdempotentResult(Model):
    """What a mutation did under an idempotency key: its outcome (ids and codes) and, encrypted, the bytes answered.
    Kept seven days (design §7)."""

    __tablename__ = "idempotent_result"

    person_id: Mapped[int]
    office_id: Mapped[int]
    key: Mapped[str]
    #: SHA-256 of the mutation's name and canonical input.
    input_hash: Mapped[bytes]
    #: Typed outcome: enough to render the payload again.
    outcome: Mapped[dict[str, Any]]
    #: SHA-256 of the selection that was answered; another selection is rendered anew.
    selection_hash: Mapped[bytes | None]
    response_enc: Mapped[bytes | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        PrimaryKeyConstraint("person_id", "office_id", "key"),
        Index("ix_idempotent_result_created_at", "created_at"),
    )


class RateBucket(Model):
    """How much a person or an office has asked for lately (``db.buckets``). Unlogged: a crash empties it, which harms
    nobody, and so it costs no write-ahead log."""

    __tablename__ = "rate_bucket"

    #: ``person:7`` or ``office:33``.
    key: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[float]
    at: Mapped[datetime]

    __table_args__ = ({"prefixes": ["UNLOGGED"]},)
