"""What asking for a permission costs: remembered, asked of Casbin, computed from rows, for a page, as a plan.

    python benchmarks/permissions.py [--rounds 30]

Needs no database: rows and actors are made here. Medians over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from caseway.access.actor import SYSTEM_ACTOR, Actor
from caseway.access.facts import case_facts, mask
from caseway.access.permissions import CASE_PERMISSIONS, Permission
from caseway.access.plans_sql import branches
from caseway.access.policy import Policy

NOW = datetime(2026, 4, 15, 1, tzinfo=UTC)
PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """The columns of a case that facts are computed from."""

    id: uuid.UUID
    holder_id: int
    l1: int = 1
    l2: int = 33
    l3: int = 421
    l4: int = 0
    l5: int = 0
    l6: int = 0
    held_by_discipline: bool = False
    assignee_id: int = 7
    lead_id: int = 0
    barred: tuple[int, ...] = (900, -12)
    is_open: bool = True
    petition_class: str = "APPEAL_CLAIM"


@dataclass(frozen=True, slots=True)
class Grant:
    """The columns of a grant that facts are computed from."""

    office_id: int
    kind: str
    person_id: int = 0
    until_at: datetime | None = None


def actor(office_id: int) -> Actor:
    """A dispatcher of a county."""
    return replace(
        SYSTEM_ACTOR,
        person_id=7,
        office_id=office_id,
        office_path=f"1.33.{office_id}.",
        seat_id=office_id,
        seat_path=f"1.33.{office_id}.",
        city_id=33,
        roles=("dispatcher", "handler"),
        bars=(1, 33, office_id, -7),
    )


def median(rounds: int, times: int, call: Callable[[], object]) -> float:
    """Microseconds of one call: the median over rounds of ``times`` calls each."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(times):
            call()
        found.append((time.perf_counter() - started) / times * 1e6)
    return statistics.median(found)


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=30)
    rounds = arguments.parse_args().rounds
    policy, who = Policy(), actor(421)
    facts = mask("own", "mine", "open", "ordinary")
    rows = [Row(uuid.uuid4(), 421 if number % 2 else 500 + number) for number in range(PAGE)]
    grants = [Grant(421, "CUSTODY"), Grant(77, "INFORMED"), Grant(421, "JOINT")]
    policy.allows(who, Permission.CASE_ACCEPT, facts)
    bundle = policy.bundle_of(who.chain)

    def page() -> None:
        for row in rows:
            policy.visibility(who, case_facts(who, row, grants, now=NOW))

    def every() -> None:
        policy.permissions(who, facts)

    measured = {
        "check, remembered": (median(rounds, 2000, lambda: policy.allows(who, Permission.CASE_ACCEPT, facts)), "us"),
        "check, asked of Casbin": (
            median(rounds, 20, lambda: bundle.enforce("dispatcher", facts, Permission.CASE_ACCEPT)), "us"
        ),
        f"all {len(CASE_PERMISSIONS)} case permissions, cold cell": (
            median(5, 1, lambda: Policy(policy.base).permissions(who, facts)), "us, with a new policy"
        ),
        "all permissions, remembered": (median(rounds, 500, every), "us"),
        "facts of one row": (median(rounds, 1000, lambda: case_facts(who, rows[0], grants, now=NOW)), "us"),
        f"facts and visibility, {PAGE} rows": (median(rounds, 20, page), "us"),
        "plan of a list": (median(rounds, 20, lambda: branches(policy, who, Permission.CASE_CARD, now=NOW)), "us"),
        "load the policy": (median(5, 1, Policy), "us"),
    }  # fmt: skip
    for name, (value, unit) in measured.items():
        print(f"{name:<42} {value:>12,.1f} {unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
