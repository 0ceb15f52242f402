"""Case rows with nothing around them, for tests of what cases lean on: the ledger, clocks and timers."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from caseway.cases.models import Case, Matter
from caseway.db.base import new_id
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.ledger.hashing import GENESIS


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a case."""

    city_id: int
    id: uuid.UUID


@asynccontextmanager
async def platform_unit(database: Database) -> AsyncIterator[UnitOfWork]:
    """A unit of work of the platform itself, as the worker opens them."""
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        yield uow


async def bare_case(database: Database, *, city_id: int = 33, at: datetime | None = None) -> Key:
    """A case that exists and nothing more: no office, no event, no custody."""
    key = Key(city_id, new_id())
    at = at or datetime(2026, 4, 15, 1, tzinfo=UTC)
    async with platform_unit(database) as uow:
        matter = Matter(city_id=city_id, id=new_id(), field="LAND", place_code="330402", opened_at=at)
        uow.session.add(matter)
        await uow.session.flush()
        uow.session.add(
            Case(
                city_id=city_id,
                id=key.id,
                number=f"330402-20260415-{key.id.hex[-7:]}",
                matter_id=matter.id,
                stage="REGISTERED",
                petition_class="APPEAL_CLAIM",
                channel="LETTER",
                field="LAND",
                place_code="330402",
                holder_id=1,
                registering_office_id=1,
                received_at=at,
                registered_at=at,
                changed_at=at,
                version=0,
                ledger_hash=GENESIS,
            )
        )
    return key
