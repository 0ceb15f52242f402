"""A year of cases, holidays and staff of a city, twice: how long it takes, and whether the two ledgers are equal.

    python benchmarks/simulate.py [--cases 300] [--office 3304] [--seed 7] [--runs 2]

Each run plays on a database of its own with the demo's offices, staff and rule books. Printed are seconds, deeds,
timers and ledger events, and what a deed costs. Exit code 1 if two runs of one seed give different ledgers, if another
seed gives the same one, or if an effect of the worker failed for good.
"""

from __future__ import annotations

import argparse
import sys
from time import monotonic

import uvloop

from caseway import demo
from caseway.db.crypto import KeyRing
from caseway.db.session import Database
from caseway.simulation import service
from caseway.simulation.scratch import scratch
from caseway.simulation.summary import Summary
from caseway.worker import EFFECTS

YEAR = 2026


def play(office: str, cases: int, seed: int) -> tuple[float, float, Summary]:
    """Seconds to prepare and to play, and what the year has come to."""
    started = monotonic()
    with scratch(keep=False, progress=lambda sentence: None) as (where, _):

        async def prepare() -> None:
            database = Database(where.sqlalchemy, pool_size=1, max_overflow=0)
            await demo.offices_and_staff(database, now=service.staff_since(YEAR))
            await database.close()

        async def run() -> Summary:
            database = Database(where.sqlalchemy, pool_size=2, max_overflow=0)
            found = await service.simulate(
                database, KeyRing(bytes(range(32))),
                year=YEAR, office_code=office, cases=cases, seed=seed, effects=EFFECTS,
            )  # fmt: skip
            await database.close()
            return found

        uvloop.run(prepare())
        prepared = monotonic()
        found = uvloop.run(run())
    return prepared - started, monotonic() - prepared, found


def main() -> int:
    """Play, print, compare."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", type=int, default=300)
    arguments.add_argument("--office", default="3304")
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--runs", type=int, default=2)
    given = arguments.parse_args()
    hashes: dict[int, set[str]] = {}
    dead = 0
    print(
        f"{'seed':>6} {'prepare s':>10} {'play s':>8} {'deeds':>7} {'timers':>7} {'events':>8} {'ms/deed':>8}  ledger"
    )
    for seed, cases in [(given.seed, given.cases)] * given.runs + [(given.seed + 1, max(1, given.cases // 10))]:
        prepared, seconds, found = play(given.office, cases, seed)
        deeds = found.deeds + found.cases
        hashes.setdefault(seed, set()).add(found.ledger_hash)
        dead += found.dead_timers
        print(
            f"{seed:>6} {prepared:>10.1f} {seconds:>8.1f} {deeds:>7,} {sum(found.fired.values()):>7,}"
            f" {found.ledger_events:>8,} {seconds * 1000 / deeds:>8.1f}  {found.ledger_hash[:16]}"
        )
    same = all(len(each) == 1 for each in hashes.values())
    apart = len(set().union(*hashes.values())) == sum(map(len, hashes.values()))
    print(f"equal ledgers for equal seeds: {same}; other ledgers for other seeds: {apart}; dead timers: {dead}")
    return 0 if same and apart and not dead else 1


if __name__ == "__main__":
    sys.exit(main())
