"""What it costs to try a draft of rules out on the past, and whether replaying what was in force gives what happened.

    python benchmarks/whatif.py [--cases 300] [--office 3304] [--seed 7]

A simulated year below an office, and a draft of its book with shorter limits, conditions and a ladder. Printed are the
replayed cases per second and the peak of memory of the whole walk (`caseway tenants what-if`) and of an answer over
HTTP (`ruleWhatIf`, the newest cases), with the rules cold and warm. Exit code 1 if any case does not come out as it
was.
"""

from __future__ import annotations

import argparse
import sys
import tracemalloc
from datetime import date, timedelta
from time import monotonic

import uvloop

from caseway import demo
from caseway.db.address import Address
from caseway.db.crypto import KeyRing
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.rules import service as rules
from caseway.rules.rows import Book, BookRole, BookVersion, Row
from caseway.simulation import service as simulation
from caseway.simulation.scratch import scratch
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office
from caseway.whatif import service
from caseway.whatif.api.queries import MOST_CASES
from caseway.whatif.history import MissingCode
from caseway.worker import EFFECTS

YEAR = 2026
NOW = simulation.begin_of(YEAR + 1) - timedelta(microseconds=1)
DAY, WORKDAY = "DAY", "WORKDAY"


def draft(office: Office) -> BookVersion:
    """A book with shorter limits, a condition and a ladder."""
    limits = {"GENERAL": 20, "COMPLEX": 45, "SIMPLE": 10}
    rows = [
        Row(
            f"D-{place}", "deadline", "SUBTREE",
            {"stage": "HANDLE", "case_class": case_class, "limit": {"n": days, "unit": DAY}, "start": "ACCEPTED"},
        )
        for place, (case_class, days) in enumerate(limits.items())
    ]  # fmt: skip
    rows += [
        Row("D-8", "deadline", "SUBTREE", {
            "stage": "ANSWER", "limit": {"n": 40, "unit": WORKDAY}, "start": "REGISTERED", "when": "group_size > 1",
        }),
        Row("D-9", "escalation", "SUBTREE", {
            "name": "LATE", "trigger": ["OVERDUE"], "ladder": ["TOWN_OR_DEPT", "COUNTY"],
            "after": {"clock": "HANDLE", "offset": {"n": 0, "unit": DAY}}, "when": "days_open > 15",
            "rungs": [
                {"to": "COUNTY", "gives": "SUPERVISE"},
                {"to": "CITY", "gives": "INFORM", "after": {"n": 10, "unit": DAY}, "automatic": True},
            ],
        }),
    ]  # fmt: skip
    book = Book("draft", "draft", BookRole.OFFICE, office_code=office.code)
    return BookVersion(book, 99, date(YEAR, 1, 1), tuple(rows))


async def past(where: Address, office: str, cases: int, seed: int) -> None:
    """A year to look back on."""
    database = Database(where.sqlalchemy, pool_size=2, max_overflow=0)
    await demo.offices_and_staff(database, now=simulation.staff_since(YEAR))
    await simulation.simulate(
        database, KeyRing(bytes(range(32))),
        year=YEAR, office_code=office, cases=cases, seed=seed, effects=EFFECTS,
    )  # fmt: skip
    await database.close()


async def measure(where: Address, code: str) -> int:
    """Print a table; how many cases do not come out as they were."""
    database = Database(where.sqlalchemy, pool_size=2, max_overflow=0)
    async with database.reader(SYSTEM_SCOPE) as session:
        office = await offices.by_code(session, code)
    assert office is not None
    tried = draft(office)
    differs = 0
    print(f"{'walk':>12} {'rules':>6} {'cases':>7} {'changed':>8} {'seconds':>8} {'cases/s':>8}")
    for name in ("whole", "over HTTP"):
        for state in ("cold", "warm"):
            if state == "cold":
                rules.forget()
            started = monotonic()
            if name == "whole":
                found = await service.everything(database, office, tried, months=12, now=NOW)
            else:
                async with database.reader(service.scope_for(())) as session:
                    found = await service.newest(session, office, tried, months=12, now=NOW, most=MOST_CASES)
            seconds = monotonic() - started
            cases = found.totals.cases + found.totals.accusations
            differs += found.totals.reasons.get(MissingCode.HISTORY_DIFFERS, 0)
            print(
                f"{name:>12} {state:>6} {cases:>7,} {found.totals.changed:>8,} {seconds:>8.2f} {cases / seconds:>8.0f}"
            )
    tracemalloc.start()
    await service.everything(database, office, tried, months=12, now=NOW)
    print(f"peak of memory of the whole walk: {tracemalloc.get_traced_memory()[1] / 1024**2:.1f} MiB")
    tracemalloc.stop()
    await database.close()
    return differs


def main() -> int:
    """Play a year, then look back on it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", type=int, default=300)
    arguments.add_argument("--office", default="3304")
    arguments.add_argument("--seed", type=int, default=7)
    given = arguments.parse_args()
    with scratch(keep=False, progress=lambda sentence: None) as (where, _):
        uvloop.run(past(where, given.office, given.cases, given.seed))
        differs = uvloop.run(measure(where, given.office))
    print(f"cases that do not come out as they were: {differs}")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
