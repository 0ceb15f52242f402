"""A small tree of offices, and staff in it, made directly in the database."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from caseway.access.actor import Actor
from caseway.access.identity import Identity
from caseway.access.policy import Policy
from caseway.db.session import Database
from caseway.ledger.models import AccessEvent
from caseway.people import passwords, repository, service
from caseway.people.tokens import Tokens
from caseway.settings import Settings
from caseway.tenancy.models import Office, OfficeKind
from support.writing import writing

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PASSWORD = "seven herons cross the lake"
MASTER = bytes(range(32))
#: Zhejiang, Jiaxing, Nanhu, a town; Xiuzhou is Nanhu's neighbour.
PROVINCE, CITY, COUNTY, TOWN, NEIGHBOUR, PETITION_OFFICE, CLOSED = 1, 33, 421, 5001, 422, 900, 777

OFFICES = (
    (PROVINCE, None, "PROVINCE", OfficeKind.GOVERNMENT, "33", "浙江省"),
    (CITY, PROVINCE, "CITY", OfficeKind.GOVERNMENT, "3304", "嘉兴市"),
    (COUNTY, CITY, "COUNTY", OfficeKind.GOVERNMENT, "330402", "南湖区"),
    (TOWN, COUNTY, "TOWN", OfficeKind.GOVERNMENT, "330402001", "建设街道"),
    (NEIGHBOUR, CITY, "COUNTY", OfficeKind.GOVERNMENT, "330411", "秀洲区"),
    (PETITION_OFFICE, COUNTY, "COUNTY", OfficeKind.PETITION_OFFICE, "330402-PETITION", "南湖区信访局"),
    (CLOSED, CITY, "COUNTY", OfficeKind.GOVERNMENT, "330499", "旧区"),
)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person that a test made."""

    id: int
    username: str


Make = Callable[..., Awaitable[Somebody]]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The application's own way to a database with the offices above."""
    opened = Database(database_url)
    async with writing(opened) as session:
        paths: dict[int, tuple[int, ...]] = {}
        for office_id, parent_id, level, kind, code, name in OFFICES:
            chain = (*paths.get(parent_id or 0, ()), office_id)
            paths[office_id] = chain
            stamps = {f"l{depth}": each for depth, each in enumerate(chain, start=1)}
            session.add(
                Office(
                    id=office_id,
                    parent_id=parent_id,
                    level=level,
                    kind=kind,
                    code=code,
                    name=name,
                    path="".join(f"{each}." for each in chain),
                    depth=len(chain),
                    city_id=CITY if CITY in chain else office_id,
                    valid_from=LONG_AGO,
                    valid_to=NOW - timedelta(days=1) if office_id == CLOSED else None,
                    **stamps,
                )
            )
            await session.flush()
    yield opened
    await opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose data directory is the test's."""
    return Settings(data_dir=tmp_path)


@pytest.fixture
def tokens(settings: Settings) -> Tokens:
    """The issuer of one process."""
    return Tokens(MASTER, settings)


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The committed policy."""
    return Policy()


@pytest.fixture(scope="session")
def _hashes() -> dict[str, str]:
    return {}


@pytest.fixture
def make_person(database: Database, _hashes: dict[str, str]) -> Make:
    """Makes a person with an account and one post per office given."""
    numbers = itertools.count(1)

    async def make(
        *office_ids: int,
        roles: tuple[str, ...] = ("clerk",),
        name: str = "李娜",
        username: str = "",
        password: str = PASSWORD,
        valid_from: datetime = LONG_AGO,
        valid_to: datetime | None = None,
        deactivated_at: datetime | None = None,
    ) -> Somebody:
        username = username or f"staff{next(numbers)}"
        if password not in _hashes:
            _hashes[password] = await passwords.hash_password(password)
        async with writing(database) as session:
            person = await repository.add_person(session, name=name, locale="zh-CN", now=LONG_AGO)
            person.deactivated_at = deactivated_at
            await repository.add_account(
                session, person_id=person.id, username=username, password_hash=_hashes[password], now=LONG_AGO
            )
            for office_id in office_ids:
                await repository.add_membership(
                    session,
                    person_id=person.id,
                    office_id=office_id,
                    roles=roles,
                    rank="STAFF",
                    portfolios=(),
                    title="",
                    valid_from=valid_from,
                    valid_to=valid_to,
                )
        return Somebody(person.id, username)

    return make


Acting = Callable[..., Awaitable[Actor]]


@pytest.fixture
def acting(database: Database) -> Acting:
    """The actor that a person is in an office (by default the only one) at an instant."""

    async def act(somebody: Somebody, office: str | int | None = None, *, now: datetime = NOW) -> Actor:
        identity = Identity(somebody.id, now)
        async with writing(database) as session:
            header = None if office is None else str(office)
            return await service.actor(session, identity, office=header, now=now)

    return act


@pytest.fixture
def audited(database: Database) -> Callable[[], Awaitable[list[tuple[str, str, str, int]]]]:
    """Action, outcome, subject and office of every line in the audit, oldest first."""

    async def lines() -> list[tuple[str, str, str, int]]:
        async with writing(database) as session:
            rows = await session.scalars(select(AccessEvent).order_by(AccessEvent.id))
            return [(row.action, row.outcome, row.subject, row.office_id) for row in rows]

    return lines
