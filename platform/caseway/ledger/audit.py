"""The audit trail: attempts that were refused or found nothing, logins, and reads that must be accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.ledger.hashing import encode
from caseway.ledger.models import AccessEvent


async def note(
    session: AsyncSession,
    *,
    at: datetime,
    person_id: int,
    office_id: int,
    action: str,
    outcome: str,
    subject: str,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write one line: who tried which action on what (an id, never a name) and how it ended. 0 = nobody is known."""
    session.add(
        AccessEvent(
            at=at,
            person_id=person_id,
            office_id=office_id,
            action=action,
            outcome=outcome,
            subject=subject,
            facts=encode(facts or {}),
        )
    )
    await session.flush()
