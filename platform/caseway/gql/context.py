"""What a resolver is given: who asks, for which office, the services of the process, and the way to the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
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
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.errors import CasewayError
from caseway.settings import Settings


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

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[UnitOfWork]:
        """One writing transaction under the actor's scope."""
        scope = self.policy.scope(self.actor) if self.actor else NO_SCOPE
        async with self.services.database.unit(scope) as uow:
            yield uow

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[AsyncSession]:
        """One short reading transaction under the actor's scope."""
        scope = self.policy.scope(self.actor) if self.actor else NO_SCOPE
        async with self.services.database.reader(scope) as session:
            yield session
