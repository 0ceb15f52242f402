"""What a database holds, as one digest per table: a refused request must leave every one of them as it was."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

from support.database import FreshDatabase

#: Refusals are noted for audit, and failed logins are counted: that is all a refused request may leave behind.
TRACES = frozenset({"access_event", "account", "rate_bucket"})


async def digest(database: FreshDatabase, *, without: Iterable[str] = TRACES) -> dict[str, str]:
    """Table -> digest of all its rows, beside every lock."""
    left_out = frozenset(without)
    async with await psycopg.AsyncConnection.connect(database.dsn) as connection:
        found = await connection.execute(
            "select tablename from pg_tables where schemaname = 'public' order by tablename"
        )
        tables = [str(name) for (name,) in await found.fetchall() if name not in left_out]
        assert len(tables) > 20, tables
        one = "select {name} || ' ' || count(*) || ' ' || coalesce(md5(string_agg(h, '' order by h)), '')"
        one += " from (select md5(t::text) as h from {table} as t) as hashed"
        query = sql.SQL(" union all ").join(
            sql.SQL(one).format(name=sql.Literal(table), table=sql.Identifier(table)) for table in tables
        )
        rows = await (await connection.execute(query)).fetchall()
        return dict(str(row).split(" ", 1) for (row,) in rows)
