"""Years that were simulated: databases with the demo's offices and staff and some rule books, and a past in them."""

from __future__ import annotations

import asyncio
import base64
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from caseway import demo
from caseway.db.crypto import KeyRing
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.people.declared import Secrets, declare
from caseway.rules.declared import Books
from caseway.simulation import service
from caseway.simulation.summary import Summary
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office
from caseway.worker import EFFECTS
from support.app import MASTER_KEY
from support.database import Cluster, FreshDatabase

YEAR = 2026
Result = TypeVar("Result")
_TEMPLATES: dict[tuple[int, tuple[str, ...]], str] = {}


@dataclass(frozen=True, slots=True)
class Year:
    """A simulated year and where it is stored."""

    database: FreshDatabase
    summary: Summary


def template(cluster: Cluster, *books: str) -> str:
    """Name of a database in which nothing has happened yet, besides those books (texts of files); made once per
    run."""
    key = (id(cluster), books)
    if key not in _TEMPLATES:
        prepared = cluster.fresh("simulation", template=template(cluster, *books[:-1]) if books else None)
        asyncio.run(_prepare(prepared, books[-1:]))
        _TEMPLATES[key] = prepared.name
    return _TEMPLATES[key]


async def _prepare(prepared: FreshDatabase, books: Sequence[str]) -> None:
    database = Database(prepared.url, pool_size=2)
    now = service.staff_since(YEAR)
    try:
        if not books:
            await demo.offices_and_staff(database, now=now)
        for text in books:
            await apply_book(database, text)
    finally:
        await database.close()


def _stored(folder: str, text: str) -> Path:
    path = Path(folder, "book.yaml")
    path.write_text(text, encoding="utf-8")
    return path


async def apply_book(database: Database, text: str) -> None:
    """Bring about a declared rule book."""
    with tempfile.TemporaryDirectory() as folder:
        path = await asyncio.to_thread(_stored, folder, text)
        await declare(
            database, path,
            secrets=Secrets.of_process(demo=True), store=True, now=service.staff_since(YEAR), further=Books(),
        )  # fmt: skip


def simulate(cluster: Cluster, *books: str, office: str, cases: int, seed: int) -> Year:
    """Play a year in a database of its own."""
    database = cluster.fresh("year", template=template(cluster, *books))
    return Year(database, asyncio.run(play(database, office=office, cases=cases, seed=seed)))


async def play(where: FreshDatabase, *, office: str, cases: int, seed: int) -> Summary:
    """Play a year in a prepared database."""
    database = Database(where.url, pool_size=2)
    try:
        return await service.simulate(
            database, KeyRing(base64.b64decode(MASTER_KEY)),
            year=YEAR, office_code=office, cases=cases, seed=seed, effects=EFFECTS,
        )  # fmt: skip
    finally:
        await database.close()


async def office_of(database: Database, code: str) -> Office:
    """The open office with a code."""
    async with database.reader(SYSTEM_SCOPE) as session:
        found = await offices.by_code(session, code)
    assert found is not None
    return found


def run(where: FreshDatabase, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Do something with a database of a year."""

    async def opened() -> Result:
        database = Database(where.url, pool_size=1)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(opened())
