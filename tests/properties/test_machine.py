"""Random work of many offices on a few cases: whatever is allowed or refused, the invariants hold.

The checks stand in ``checks`` (each case) and ``sight`` (who sees what), the steps in the modules ``steps_*``.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis.stateful import run_state_machine_as_test

from caseway.access.policy import Policy
from properties.conftest import machine_settings
from properties.machine import Machine
from properties.steps import STEPS
from support.database import Cluster

#: Countries that may be worked through besides, until every kind of step has succeeded.
COVERING = 12


def test_random_work_of_many_offices_keeps_the_invariants(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    Machine.cluster, Machine.policy = cluster, Policy()
    Machine.wanted = frozenset()
    Machine.outcomes = {name: Counter() for name in STEPS}
    run_state_machine_as_test(Machine, settings=machine_settings())
    for seed in range(COVERING):
        Machine.wanted = _missing(Machine.outcomes)
        if not Machine.wanted:
            break
        Machine.cover(seed, steps=60)
    with capsys.disabled():
        print(f"\n{_table(Machine.outcomes)}")
    assert _missing(Machine.outcomes) == frozenset(), "steps that never succeeded prove nothing"


def _missing(outcomes: dict[str, Counter[str]]) -> frozenset[str]:
    return frozenset(name for name, counts in outcomes.items() if not counts["done"])


def _table(outcomes: dict[str, Counter[str]]) -> str:
    lines = [f"{'step':<28} {'tried':>5} {'done':>5}  refused"]
    for name, counts in sorted(outcomes.items()):
        refused = ", ".join(f"{code} {count}" for code, count in counts.most_common() if code not in ("done", "-"))
        lines.append(f"{name:<28} {counts.total():>5} {counts['done']:>5}  {refused}")
    return "\n".join(lines)
