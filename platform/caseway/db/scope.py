"""The second lock: what a transaction may see, set as two transaction-local settings that row policies read.

A *principal* is an office (its id) or a person (minus its id); ``SYSTEM`` is the platform itself. A row is visible when
it is opened to one of the scope's principals and barred to none of the scope's bars. No scope set = no rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

#: The platform itself (worker, migrations, and a unit of work after its permission was granted).
SYSTEM = 0

#: Added to an office id to mean its area (everything below it) rather than the office itself.
AREA = 1_000_000_000

#: Added to an office id to mean the unpublished versions of its rule book, which open to nobody else.
DRAFTS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Principals that open rows and bars that close them (see the module's first lines)."""

    principals: tuple[int, ...] = ()
    bars: tuple[int, ...] = ()

    def statement(self) -> str:
        """The literal ``SET LOCAL`` of validated integers (works on plain PostgreSQL and is forwarded by Citus)."""
        scopes, bars = self.settings()
        return f"SET LOCAL app.scopes = '{scopes}'; SET LOCAL app.bars = '{bars}'"

    def settings(self) -> tuple[str, str]:
        """The values of ``app.scopes`` and ``app.bars``, for a statement that sets them itself."""
        return _literal(self.principals), _literal(self.bars)


#: Sees every row: for the worker and for writes that were permitted already.
SYSTEM_SCOPE = Scope(principals=(SYSTEM,))
#: Sees no tenant row at all.
NO_SCOPE = Scope()


def _literal(values: Iterable[int]) -> str:
    return "{" + ",".join(str(int(value)) for value in values) + "}"


async def apply(connection: AsyncSession | AsyncConnection, scope: Scope) -> None:
    """Set the scope of the present transaction. It ends with the transaction: nothing stays on the connection."""
    for statement in scope.statement().split("; "):
        await connection.execute(text(statement))
