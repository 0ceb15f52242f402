"""A simulated year: the same seed gives the same ledger, and what it leaves behind is sound."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.ledger import service as ledger
from caseway.simulation import service
from caseway.simulation.errors import NobodyRegisters
from caseway.tenancy.errors import OfficeNotFound
from support import simulated
from support.database import Cluster
from support.simulated import YEAR, Year

CASES = 14
#: The same year in a process of its own, whose sets come in another order.
_AGAIN = """
import asyncio, sys
from support.database import FreshDatabase
from caseway.db.address import Address
from support.simulated import play
where = FreshDatabase("again", Address.parse(sys.argv[1]))
print(asyncio.run(play(where, office="3304", cases=int(sys.argv[2]), seed=int(sys.argv[3]))).ledger_hash)
"""


@pytest.fixture(scope="module")
def year(cluster: Cluster) -> Year:
    """A small year of 嘉兴."""
    return simulated.simulate(cluster, office="3304", cases=CASES, seed=7)


def test_the_same_seed_gives_the_same_ledger_in_another_process(cluster: Cluster, year: Year) -> None:
    again = cluster.fresh("again", template=simulated.template(cluster))
    path = os.pathsep.join([str(Path(simulated.__file__).parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", _AGAIN, again.address.url, str(CASES), "7"],
        env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "4242"},
        check=True, stdout=subprocess.PIPE, text=True, timeout=300,
    )  # fmt: skip
    assert done.stdout.strip() == year.summary.ledger_hash


def test_another_seed_gives_another_ledger(cluster: Cluster, year: Year) -> None:
    other = simulated.simulate(cluster, office="3304", cases=CASES, seed=8)
    assert other.summary.ledger_hash != year.summary.ledger_hash
    assert other.summary.cases >= CASES - 1


async def test_every_chain_of_the_ledger_is_whole(year: Year) -> None:
    database = Database(year.database.url, pool_size=1)
    try:
        async with database.reader(SYSTEM_SCOPE) as session:
            report = await ledger.verify_all(session)
    finally:
        await database.close()
    assert report.faults == []
    assert (report.cases, report.events) == (year.summary.cases, year.summary.ledger_events)


def test_the_summary_counts_what_is_stored(year: Year) -> None:
    found = year.summary
    assert found.dead_timers == 0
    assert sum(found.stages.values()) == found.cases
    assert sum(found.events.values()) == found.ledger_events
    assert found.events["case.registered"] == found.cases
    assert found.fired["WINDOW_LAPSED"] >= 1
    assert found.deeds > 3 * found.cases
    with psycopg.connect(year.database.dsn) as connection:
        rows = connection.execute("select count(*) from timer where due_at < %s", (service.begin_of(YEAR + 1),))
        assert rows.fetchone() == (0,), "a timer of the year was not fired"
        late = connection.execute("select count(*) from ledger_event where type = 'clock.overdue'").fetchone()
        orders = connection.execute("select count(*) from supervision where trigger = 'ORDERED'").fetchone()
    assert late == (found.events.get("clock.overdue", 0),)
    assert orders == (found.supervisions.get("ORDERED", 0),)


def test_timers_fire_at_their_own_instant_and_people_act_in_office_hours(year: Year) -> None:
    with psycopg.connect(year.database.dsn) as connection:
        overdue = connection.execute(
            "select at, (facts->>'due_at')::timestamptz from ledger_event where type = 'clock.overdue'"
        ).fetchall()
        acted = connection.execute("select at from ledger_event where person_id > 0").fetchall()
        registered = connection.execute(
            "select to_char(min(at) at time zone 'Asia/Shanghai', 'YYYY'), count(distinct extract(month from at))"
            " from ledger_event where type = 'case.registered'"
        ).fetchone()
    assert overdue
    # A start that lay in the past is noticed when it is recorded.
    assert all(timedelta(0) <= at - due_at < timedelta(days=4) for at, due_at in overdue)
    assert sum(at - due_at < timedelta(seconds=1) for at, due_at in overdue) > len(overdue) / 2
    hours = {(at.astimezone(UTC) + timedelta(hours=8)).hour for (at,) in acted}
    assert hours <= set(range(8, 19))
    assert registered is not None
    assert registered[0] == str(YEAR)
    assert registered[1] > 3


def test_nobody_registers_where_nobody_works(cluster: Cluster) -> None:
    empty = cluster.fresh("empty", template=simulated.template(cluster))
    with pytest.raises(NobodyRegisters):
        asyncio.run(simulated.play(empty, office="330482", cases=1, seed=1))
    with pytest.raises(OfficeNotFound):
        asyncio.run(simulated.play(empty, office="nowhere", cases=1, seed=1))


def test_the_command_plays_a_year_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "caseway.cli", "simulate", "--cases", "2", "--office", "330402", "--json"],
        env=os.environ | {"TMPDIR": str(_passable(tmp_path)), "DATABASE_URL": "postgresql://nobody@nowhere/none"},
        check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["cases"] >= 2
    assert len(found["ledger_hash"]) == 64
    assert {each["layer"] for each in found["limits"]} >= {"LAW"}
    assert "ledger events" in done.stderr
    assert not list(tmp_path.glob("caseway-simulation-*"))


def _passable(folder: Path) -> Path:
    """The account that the server drops to must get through."""
    for each in (folder, *folder.parents):
        if each.stat().st_uid == os.getuid() and each.name.startswith(("pytest", "test")):
            each.chmod(each.stat().st_mode | 0o011)
    return folder


def test_a_year_begins_and_ends_in_shanghai() -> None:
    assert service.begin_of(2026) == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert service.staff_since(2026) < service.begin_of(2026)
