"""The backup that the guide on operations describes: dumped by the owner, restored elsewhere, nothing lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import psycopg

from caseway.db import migrate
from caseway.db.address import Address
from support.database import Cluster, FreshDatabase

from .conftest import OLDEST_PROGRAMS, application_on, owned_by_plain_user, register_one

#: The platform's own scope: without it an owner who is no superuser sees no case, and the dump stops with an error.
SCOPE = "-c app.scopes={0}"
CONTENTS = (
    "select number, ledger_hash from cases",
    "select count(*) from ledger_event",
    "select count(*) from petitioner",
    "select count(*) from office",
    "select count(*) from case_search",
    "select tablename, policyname, qual, with_check from pg_policies order by 1, 2",
    """select proname, prosecdef, has_function_privilege('caseway_app', oid, 'EXECUTE') from pg_proc
       where pronamespace = 'app'::regnamespace order by 1""",
    "select count(*) from information_schema.role_table_grants where grantee = 'caseway_app'",
)


def _run(program: str, *arguments: object, options: str = "") -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | {"PGOPTIONS": options}
    command = [str(OLDEST_PROGRAMS / program), *map(str, arguments)]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True)


def _contents(database: FreshDatabase) -> list[list[tuple[object, ...]]]:
    dsn = Address.parse(f"{database.dsn} user=postgres").dsn
    with psycopg.connect(dsn) as connection:
        return [connection.execute(statement).fetchall() for statement in CONTENTS]


async def test_a_dump_by_the_owner_holds_everything_and_is_restored_by_another(oldest: Cluster, tmp_path: Path) -> None:
    database = owned_by_plain_user(oldest, "landlord_dumping")
    async with application_on(database, tmp_path) as world:
        await register_one(world)
    dump = tmp_path / "caseway.dump"
    url = database.address.url
    made = await asyncio.to_thread(
        _run, "pg_dump", "--format=custom", "--enable-row-security", f"--file={dump}", url, options=SCOPE
    )
    assert made.returncode == 0, made.stderr
    without = await asyncio.to_thread(_run, "pg_dump", f"--file={tmp_path / 'none'}", url)
    assert without.returncode != 0 and "row-level security" in without.stderr

    other = owned_by_plain_user(oldest, "landlord_restoring")
    restored = await asyncio.to_thread(
        _run, "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={other.address.url}", dump
    )
    assert restored.returncode == 0, restored.stderr
    assert await asyncio.to_thread(_contents, other) == await asyncio.to_thread(_contents, database)
    await asyncio.to_thread(migrate.check, other.address)
