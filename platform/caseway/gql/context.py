"""What a resolver is given: who asks, for which office, the services of the process, and the way to the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.dataloader import DataLoader

from caseway.access.actor import Actor
from caseway.access.identity import Identity, TokenIssuer, Unauthenticated
from caseway.access.policy import Policy
from caseway.clock import Clock
from caseway.db.crypto import KeyRing
from caseway.db.idempotency import Turns
from caseway.db.scope import NO_SCOPE, Scope
from caseway.db.session import Database, UnitOfWork
from caseway.errors import CasewayError
from caseway.settings import Settings

#: Connections that one request uses at a time. Its resolvers wait for each other, not the other requests for them: a
#: question about a hundred cases would otherwise take every connection of the pool.
MOST_CONNECTIONS = 4
#: Whether the present task holds one of them: whoever does is never made to wait for a second one.
_holding: ContextVar[bool] = ContextVar("caseway.gql.holding", default=False)


@dataclass(frozen=True, slots=True)
class Services:
    """What one process shares between all requests; made once in ``app.build_app``."""

    settings: Settings
    database: Database
    policy: Policy
    keyring: KeyRing
    tokens: TokenIssuer
    clock: Clock
    #: Writes one line of the access audit (``ledger.audit.note``; passed in, since gql knows no slice).
    audit: Callable[..., Awaitable[None]]
    #: Repeats of one idempotency key wait for each other here.
    turns: Turns = field(default_factory=Turns)


@dataclass(slots=True)
class Context:
    """One request. Sessions are never kept here: sibling resolvers run concurrently and each takes its own."""

    services: Services
    identity: Identity | None = None
    actor: Actor | None = None
    #: Why an identified person acts for no office (none chosen, or one that is not theirs); raised by ``acting``.
    refusal: CasewayError | None = None
    locale: str = "zh-CN"
    #: Network address of the client as the server saw it; for the audit of logins only.
    client: str = ""
    #: Response key -> stored bytes that replace what was rendered (idempotent replay).
    replays: dict[str, bytes] = field(default_factory=dict)
    #: Response key -> what keeps the rendered bytes for a later replay.
    recordings: dict[str, Callable[[bytes], Awaitable[None]]] = field(default_factory=dict)
    #: Batched loads of this request, by name (see ``loader``).
    loaders: dict[str, DataLoader[Any, Any]] = field(default_factory=dict)
    #: How the operation was answered: ``compiled``, or why it was left to the resolvers. For those who ask.
    plan: str = ""
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_CONNECTIONS))

    @property
    def policy(self) -> Policy:
        """Who decides."""
        return self.services.policy

    @property
    def settings(self) -> Settings:
        """The deployment's settings."""
        return self.services.settings

    @property
    def keyring(self) -> KeyRing:
        """The keys of encrypted columns."""
        return self.services.keyring

    @property
    def tokens(self) -> TokenIssuer:
        """Issues and checks tokens."""
        return self.services.tokens

    def loader(self, name: str, load: Callable[[list[Any]], Awaitable[list[Any]]]) -> DataLoader[Any, Any]:
        """The request's batch loader of that name: keys asked for by sibling fields become one query."""
        if name not in self.loaders:
            self.loaders[name] = DataLoader(load_fn=load)
        return self.loaders[name]

    def now(self) -> datetime:
        """The present instant, from the injected clock."""
        return self.services.clock()

    def acting(self) -> Actor:
        """The actor; ``Unauthenticated`` without a valid token, ``ACTING_OFFICE_…`` without a clear office."""
        if self.actor is None:
            raise self.refusal or Unauthenticated
        return self.actor

    @property
    def scope(self) -> Scope:
        """What the actor's transactions may touch."""
        return self.policy.scope(self.actor) if self.actor else NO_SCOPE

    @asynccontextmanager
    async def unit(self, scope: Scope | None = None) -> AsyncIterator[UnitOfWork]:
        """One writing transaction under the actor's scope, or under another one."""
        async with self._connection(), self.services.database.unit(scope or self.scope) as uow:
            yield uow

    @asynccontextmanager
    async def reader(self, scope: Scope | None = None) -> AsyncIterator[AsyncSession]:
        """One short reading transaction under the actor's scope, or under another one. Whoever is inside asks no
        loader: the loader may be waiting for a connection."""
        async with self._connection(), self.services.database.reader(scope or self.scope) as session:
            yield session

    async def fetch(self, statement: str, arguments: Sequence[Any]) -> Sequence[Any]:
        """The rows of a compiled statement, which sets the actor's scope itself."""
        async with self._connection():
            return await self.services.database.fetch(statement, arguments)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[None]:
        """Wait until the request may use one more connection."""
        if _holding.get():
            yield
            return
        async with self._gate:
            token = _holding.set(True)
            try:
                yield
            finally:
                _holding.reset(token)
