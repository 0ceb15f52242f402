"""Tables of the ledger: case events linked by hashes, and access attempts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Big, Model


class LedgerEvent(Model):
    """One thing that happened to a case. Never changed, never deleted; a correction is a new event (INV-30).

    ``facts`` holds ids, codes, instants and, under ``"set"``, the case columns this event changed: folding them over
    all events gives the case row (its projection). No personal data. ``hash`` = SHA-256 over ``prev_hash`` and the
    event's canonical JSON.
    """

    __tablename__ = "ledger_event"

    city_id: Mapped[int]
    case_id: Mapped[uuid.UUID]
    #: 1, 2, 3 … without a gap.
    seq: Mapped[int]
    id: Mapped[uuid.UUID]
    type: Mapped[str]
    at: Mapped[datetime]
    #: 0 = the platform itself.
    person_id: Mapped[int]
    #: Office the person acted for; the holding office for events of the platform.
    office_id: Mapped[int]
    reason: Mapped[str | None]
    facts: Mapped[dict[str, Any]]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]

    __table_args__ = (PrimaryKeyConstraint("city_id", "case_id", "seq"),)


class AccessEvent(Model):
    """An attempt to reach something that was refused or not found, and logins: for audit, ids only."""

    __tablename__ = "access_event"

    id: Mapped[int] = mapped_column(Big, Identity(), primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[int]
    office_id: Mapped[int]
    action: Mapped[str]
    outcome: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[dict[str, Any]]

    __table_args__ = (Index("ix_access_event_office_id_at", "office_id", "at"),)
