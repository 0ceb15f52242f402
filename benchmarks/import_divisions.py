"""How long the whole country takes to import, with how much memory, and that a second import writes nothing.

    python benchmarks/import_divisions.py <folder of CSV files, or the division package (.tgz)>

Uses a throw-away embedded PostgreSQL with ordinary durability (fsync on), or the database named with --database, which
must be empty. Prints one line for each measurement.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from caseway import bundle
from caseway.db import migrate
from caseway.db.address import Address
from caseway.db.embedded import EmbeddedPostgres
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.tenancy import imports
from caseway.tenancy.imports import Imported

#: Every fact here must follow from the parents; counts what does not.
UNSOUND = """
select count(*) from office o left join office p on p.id = o.parent_id
where o.path <> coalesce(p.path, '') || o.id || '.' or o.depth <> coalesce(p.depth, 0) + 1
"""


def main() -> int:
    """Measure and print; exit code 1 when the second import wrote something or the tree is not sound."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("source", type=Path)
    arguments.add_argument("--under", default=None, help="only this code, what is below it and above it")
    arguments.add_argument("--database", default="", help="address of an empty database instead of a throw-away one")
    given = arguments.parse_args()
    with _server(given.database) as address:
        migrate.upgrade(address)
        first, seconds = _measured(address, given.source, given.under)
        second, again = _measured(address, given.source, given.under)
        with psycopg.connect(address.dsn) as connection:
            unsound = connection.execute(UNSOUND).fetchone()
            size = connection.execute("select pg_size_pretty(pg_total_relation_size('office'))").fetchone()
    sound = unsound == (0,)
    print(f"offices read            {first.read:>12,}")
    print(f"offices created         {first.created:>12,}")
    print(f"recorded changes        {first.changed:>12,}")
    print(f"first import            {seconds:>12.1f} s   {first.read / seconds:,.0f} offices/s")
    print(f"second import           {again:>12.1f} s   {'wrote nothing' if second.wrote_nothing else second}")
    print(f"peak memory (importer)  {_peak_megabytes():>12,.0f} MB")
    print(f"table with indexes      {size[0] if size else '?':>12}")
    print(f"tree sound              {'yes' if sound else 'NO':>12}")
    return 0 if sound and second.wrote_nothing else 1


def _measured(address: Address, source: Path, under: str | None) -> tuple[Imported, float]:
    started = time.perf_counter()
    return asyncio.run(_import(address, source, under)), time.perf_counter() - started


async def _import(address: Address, source: Path, under: str | None) -> Imported:
    recorded = imports.read_changes(bundle.path("tenants", "divisions", "changes.yaml"))
    database = Database(address.sqlalchemy, pool_size=1)
    try:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            return await imports.import_divisions(uow, source, under=under, recorded=recorded)
    finally:
        await database.close()


def _peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


@contextmanager
def _server(address: str) -> Iterator[Address]:
    if address:
        yield Address.parse(address)
        return
    with tempfile.TemporaryDirectory(prefix="caseway-benchmark-") as directory:
        Path(directory).chmod(0o711)  # the account that a root-started server drops to must get through
        server = EmbeddedPostgres(Path(directory))
        try:
            server.start()
            yield server.address
        finally:
            server.destroy()


if __name__ == "__main__":
    raise SystemExit(main())
