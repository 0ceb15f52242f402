"""What a database holds, in one number per table: to prove that an attempt changed nothing."""

from __future__ import annotations

import psycopg
from psycopg import sql

from support.database import FreshDatabase

#: Written by every attempt, on purpose: the audit of refusals, sessions, and keys of the process.
_OWN = {
    *("access_event", "refresh_token", "signing_key", "data_key", "account", "idempotent_result", "alembic_version"),
    "rate_bucket",
}


def digest(database: FreshDatabase) -> dict[str, tuple[int, str]]:
    """Rows and a hash over them, for every table about cases, offices, staff and rules."""
    found = {}
    with psycopg.connect(database.dsn) as connection:
        tables = connection.execute(
            "select relname from pg_class c join pg_namespace n on n.oid = relnamespace"
            " where relkind in ('r', 'p') and nspname = 'public'"
        ).fetchall()
        for (name,) in tables:
            if name not in _OWN:
                statement = sql.SQL(
                    "select count(*), coalesce(md5(string_agg(t::text, '' order by t::text)), '') from {} t"
                )
                row = connection.execute(statement.format(sql.Identifier(name))).fetchone()
                assert row is not None
                found[name] = (int(row[0]), str(row[1]))
    return found
