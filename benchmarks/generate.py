"""Fill a database with invented cases over the offices that it holds.

    python benchmarks/generate.py --cases 1000000 --database postgresql://… [--heavy 330681] [--seed 1] [--years 5]

The database is migrated and has its offices: the demo's, or the whole country's (``caseway tenants import``). Cases are
spread over the years before now, see ``invented.py``; a second call adds further ones. Rows go in through COPY, batch
by batch, so that memory does not grow with the number; secondary indexes are left out meanwhile and made anew at the
end. Prints how far it is, and what was written at the end.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import psycopg
from invented import COLUMNS, Country, Place, Rows
from psycopg import sql
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from caseway import clock
from caseway.cli.console import output
from caseway.db.address import Address

#: Cases whose rows are made and written at once.
BATCH = 2_000


def fill(
    connection: psycopg.Connection[Any],
    cases: int,
    *,
    heavy: str = "",
    seed: str = "1",
    years: float = 5.0,
    console: Console | None = None,
) -> dict[str, int]:
    """So many further cases; rows written, by table. ``heavy``: code of the office in whose area three tenths of all
    arise. The connection is the owner's, with autocommit."""
    console = console or output()
    country = _country(connection, seed, heavy)
    found = connection.execute("select count(*) from cases").fetchone()
    before = int(found[0]) if found else 0
    now = clock.now()
    since = now - timedelta(days=365.25 * years)
    written = dict.fromkeys(COLUMNS, 0)
    rows = Rows(country, now=now)
    with _without_indexes(connection, console), _progress(console) as bar:
        task = bar.add_task("cases", total=cases)
        for start in range(0, cases, BATCH):
            pick = Random(f"{seed}:{before + start}")
            for number in range(start, min(start + BATCH, cases)):
                # In the order of their instants: keys grow, as they do in life.
                rows.add(before + number, since + (now - since) * ((number + pick.random()) / cases), pick)
            for table, text in rows.take().items():
                written[table] += text.count("\n")
                _copy(connection, table, text)
            bar.update(task, advance=min(BATCH, cases - start))
    connection.execute("analyze")
    return written


def _country(connection: psycopg.Connection[Any], seed: str, heavy: str) -> Country:
    found = connection.execute(
        """select o.id, o.code, o.level, o.parent_id, array[o.l1, o.l2, o.l3, o.l4, o.l5, o.l6], o.city_id,
             coalesce((select min(m.person_id) from membership m where m.office_id = o.id and m.valid_to is null), 0)
           from office o
           where o.kind = 'GOVERNMENT' and o.valid_to is null and not o.virtual and not o.statistical_only
             and o.level in ('CITY', 'COUNTY', 'TOWN', 'VILLAGE')
           order by o.id"""
    )
    places = [Place(*row[:4], tuple(row[4]), *row[5:]) for row in found]
    if not places:
        raise SystemExit("There are no offices: import them first (caseway tenants import, or caseway demo).")
    wanted = next((each.id for each in places if each.code == heavy), 0)
    if heavy and not wanted:
        raise SystemExit(f"There is no office with the code {heavy}.")
    return Country(places, seed, wanted)


def _copy(connection: psycopg.Connection[Any], table: str, text: str) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table]))
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text)


@contextmanager
def _without_indexes(connection: psycopg.Connection[Any], console: Console) -> Iterator[None]:
    """Secondary indexes are dropped and made anew afterwards, also when something fails; what refers to what is not
    checked again, for it is known to be right."""
    found = connection.execute(
        """select i.relname, pg_get_indexdef(i.oid)
           from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
           where t.relname = any(%s) and not x.indisunique and t.relnamespace = 'public'::regnamespace
           order by i.relname""",
        [list(COLUMNS)],
    ).fetchall()
    connection.execute("set session_replication_role = replica")
    connection.execute("set synchronous_commit = off")
    for name, _ in found:
        connection.execute(sql.SQL("drop index {}").format(sql.Identifier(name)))
    try:
        yield
    finally:
        connection.execute("set session_replication_role = origin")
        connection.execute("set maintenance_work_mem = '1GB'")
        with _progress(console) as bar:
            task = bar.add_task("indexes", total=len(found))
            for _, definition in found:
                connection.execute(definition)
                bar.update(task, advance=1)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )


def main() -> int:
    """Fill the database that was named, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--database", required=True)
    parser.add_argument("--heavy", default="")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--years", type=float, default=5.0)
    given = parser.parse_args()
    console = output()
    started = time.perf_counter()
    with psycopg.connect(Address.parse(given.database).dsn, autocommit=True) as connection:
        written = fill(connection, given.cases, heavy=given.heavy, seed=given.seed, years=given.years, console=console)
        size = connection.execute("select pg_size_pretty(pg_database_size(current_database()))").fetchone()
    seconds = time.perf_counter() - started
    for table, count in written.items():
        console.print(f"{table:<16}{count:>14,}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"{seconds:,.0f} s, {given.cases / seconds:,.0f} cases/s, {peak:,.0f} MB at most, {size[0]} on disk")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
