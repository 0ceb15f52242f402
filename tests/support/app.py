"""The real application over HTTP: a template database with the demo's offices and staff, and callers who log in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from caseway import demo
from caseway.app import build_app
from caseway.db.session import Database
from caseway.gql.documents import DocumentStore
from caseway.gql.limits import Limits
from caseway.schema import schema
from caseway.settings import Settings
from support.database import Cluster, FreshDatabase

#: The master key of all tests (base64 of 32 bytes).
MASTER_KEY = "Y2FzZXdheS10ZXN0cy1tYXN0ZXIta2V5LTMyLWJ5dGU="
#: Since when the demo's staff are in their posts.
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_TEMPLATES: dict[int, str] = {}
_DOCUMENTS: dict[tuple[Limits, bool], DocumentStore] = {}


def settings_for(database: FreshDatabase, data_dir: Path, **changes: Any) -> Settings:
    """Settings of a process that works on this database."""
    values: dict[str, Any] = {
        "database_url": database.url,
        "data_dir": data_dir,
        "master_key": MASTER_KEY,
        "db_pool_size": 4,
        "db_pool_overflow": 8,
    }
    return Settings(**(values | changes))


def documents(settings: Settings) -> DocumentStore:
    """The memory of documents of all applications of a run with the same limits: the walks ask each the same."""
    limits = Limits.of(settings)
    key = (limits, settings.introspection)
    if key not in _DOCUMENTS:
        _DOCUMENTS[key] = DocumentStore(
            schema._schema, limits, introspection=settings.introspection, most_tokens=2_000_000, longest_text=10**6
        )
    return _DOCUMENTS[key]


def demo_template(cluster: Cluster) -> str:
    """Name of a database with the shipped divisions, the demo's offices and its staff; made once per run."""
    if id(cluster) not in _TEMPLATES:
        prepared = cluster.fresh("demo_template")

        async def fill() -> None:
            database = Database(prepared.url)
            try:
                await demo.offices_and_staff(database, now=BEGINNING)
            finally:
                await database.close()

        asyncio.run(fill())
        _TEMPLATES[id(cluster)] = prepared.name
    return _TEMPLATES[id(cluster)]


@dataclass
class Dial:
    """A clock that tests turn."""

    instant: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present instant."""
        return self.instant

    def to(self, local: str) -> datetime:
        """Turn to a local time in China, such as ``2026-04-15 09:00``."""
        moved = datetime.fromisoformat(local + "+08:00").astimezone(UTC)
        assert moved >= self.instant, "the clock is never turned back"
        self.instant = moved
        return moved

    def by(self, **step: float) -> datetime:
        """Turn on by a step, such as ``hours=2``."""
        self.instant += timedelta(**step)
        return self.instant


@dataclass
class Answer:
    """What came back over HTTP."""

    status: int
    body: dict[str, Any]
    raw: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The data; fails if there were top-level errors."""
        assert "errors" not in self.body, self.body["errors"]
        found: dict[str, Any] = self.body["data"]
        return found

    @property
    def codes(self) -> list[str]:
        """Codes of the top-level errors."""
        return [each.get("extensions", {}).get("code", "") for each in self.body.get("errors", [])]

    @property
    def result(self) -> dict[str, Any]:
        """What the only root field answered."""
        (found,) = self.data.values()
        return dict(found) if found is not None else {}

    @property
    def code(self) -> str | None:
        """Code of a mutation's refusal; None if it was not refused."""
        return self.result.get("code")


@dataclass
class Caller:
    """One person acting for one office."""

    world: World
    token: str
    office: str | None = None

    async def __call__(self, document: str, **variables: Any) -> Answer:
        """Send one operation."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        if self.office is not None:
            headers["caseway-office"] = self.office
        return await self.world.post(document, variables, headers)


@dataclass
class World:
    """A running application on its own database, with a clock that tests turn."""

    client: httpx.AsyncClient
    database: FreshDatabase
    settings: Settings
    dial: Dial
    #: The application that answers.
    application: Starlette | None = None
    _tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    async def post(self, document: str, variables: dict[str, Any], headers: dict[str, str]) -> Answer:
        """Send one GraphQL request."""
        response = await self.client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
        return Answer(response.status_code, response.json(), response.content)

    async def login(self, username: str, *, office: str | None = None, password: str | None = None) -> Caller:
        """A person of the demo, with a token that is still good at the dial's instant."""
        token, until = self._tokens.get(username, ("", self.dial.instant))
        if until <= self.dial.instant + timedelta(minutes=1):
            answer = await self.post(
                LOGIN, {"input": {"username": username, "password": password or demo.password()}}, {}
            )
            token = answer.result["session"]["accessToken"]
            until = datetime.fromisoformat(answer.result["session"]["accessExpiresAt"])
            self._tokens[username] = (token, until)
        return Caller(self, token, office)


LOGIN = """
mutation Login($input: SessionStartInput!) {
  sessionStart(input: $input) {
    ... on SessionStartPayload { session { accessToken accessExpiresAt refreshToken } }
    ... on Error { code message }
  }
}
"""


@asynccontextmanager
async def world(
    cluster: Cluster, data_dir: Path, *, dial: Dial | None = None, template: str | None = None, **changes: Any
) -> AsyncIterator[World]:
    """The application on a fresh clone of the demo (or of another template), spoken to over HTTP."""
    database = cluster.fresh("world", template=template or await asyncio.to_thread(demo_template, cluster))
    settings = settings_for(database, data_dir, **changes)
    clock = dial or Dial()
    app = build_app(settings, now=clock, documents=documents(settings))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://caseway.test", timeout=30) as client:
            yield World(client, database, settings, clock, app)
    await asyncio.to_thread(cluster.drop, database)
