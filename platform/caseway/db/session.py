"""The engine, and the two ways to the database: a unit of work that writes, a reader that only reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from caseway.db import scope as scopes
from caseway.db.direct import Direct
from caseway.db.scope import SYSTEM_SCOPE, Scope

#: The role every request runs under: not owner, no BYPASSRLS (design §6).
APP_ROLE = "caseway_app"


class PermissionNeverAsked(RuntimeError):
    """A unit of work was about to commit although no permission had been asked: a programming error."""


class UnitOfWork:
    """One transaction that writes. It starts with the actor's own scope, so that what the second lock hides cannot even
    be loaded; ``permitted()`` opens the scope after the policy said yes. It refuses to commit if nobody asked."""

    def __init__(self, session: AsyncSession, scope: Scope) -> None:
        self.session = session
        self.scope = scope
        self.asked = False

    async def permitted(self) -> None:
        """Called by the policy when it has granted a permission: from here on the transaction may write what the actor
        may no longer see (an accusation that leaves the own office, for example)."""
        if not self.asked:
            self.asked = True
            await scopes.apply(self.session, SYSTEM_SCOPE)

    def nothing_to_do(self) -> None:
        """Says that this transaction needs no permission: it repeats a stored result or only notes an attempt."""
        self.asked = True


class Database:
    """Engine and session factory; made once per process in ``app.build_app`` or a CLI command."""

    def __init__(
        self, url: str, *, pool_size: int = 8, max_overflow: int = 4, pooler: str = "none", role: str = APP_ROLE
    ) -> None:
        server_settings = {
            "role": role,
            "application_name": "caseway",
            "jit": "off",
            "statement_timeout": "15000",
            "lock_timeout": "5000",
            "idle_in_transaction_session_timeout": "20000",
            "timezone": "UTC",
        }
        connect_args: dict[str, Any] = {"server_settings": server_settings}
        if pooler == "transaction":
            connect_args |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=5,
            pool_recycle=1800,
            connect_args=connect_args,
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        _, where = self.engine.dialect.create_connect_args(self.engine.url)
        self._direct = Direct(where, size=pool_size, server_settings=server_settings, prepared=pooler != "transaction")

    @asynccontextmanager
    async def unit(self, scope: Scope) -> AsyncIterator[UnitOfWork]:
        """One writing transaction: commits at the end, rolls everything back on any exception."""
        async with self._sessions() as session, session.begin():
            await scopes.apply(session, scope)
            uow = UnitOfWork(session, scope)
            yield uow
            if not uow.asked:
                raise PermissionNeverAsked("no permission was asked in this unit of work; nothing was stored")

    @asynccontextmanager
    async def reader(self, scope: Scope) -> AsyncIterator[AsyncSession]:
        """One short read-only transaction under the scope. Sibling resolvers never share one."""
        async with self._sessions() as session, session.begin():
            await session.connection(execution_options={"postgresql_readonly": True})
            await scopes.apply(session, scope)
            yield session

    async def fetch(self, statement: str, arguments: Sequence[Any]) -> Sequence[Any]:
        """The rows of one statement in the driver's own form (``$1`` …), in one round trip and a transaction of its
        own. Nothing of the scope is set: the statement sets it itself (``gql.compiler.statements``)."""
        return await self._direct.fetch(statement, arguments)

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._direct.close()
        await self.engine.dispose()
