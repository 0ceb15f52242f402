"""Replaying what was in force reproduces also what nobody planned: random work of many offices, with recalls, disputes,
merged cases, redone answers, and offices that are moved, merged and split meanwhile."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from caseway.access.policy import Policy
from caseway.clocks import firing
from caseway.db.scope import SYSTEM_SCOPE
from caseway.whatif import repository
from caseway.whatif.climbing import climb, climbs_as_recorded
from caseway.whatif.history import MissingCode
from caseway.whatif.lookup import Lookup
from caseway.whatif.replay import replay, reproduces
from caseway.worker import EFFECTS
from properties.machine import Machine
from properties.steps import STEPS
from support.database import Cluster

STEPS_OF_WORK = 60
#: What such a history may lack: the tree has changed, or limits came with a merged case.
KNOWN = {MissingCode.OFFICE_CHANGED, MissingCode.TAKEN_OVER}


@pytest.mark.parametrize("seed", [10, 14])
def test_random_work_comes_out_as_it_was(cluster: Cluster, seed: int) -> None:
    Machine.cluster, Machine.policy = cluster, Policy()
    Machine.outcomes = {name: Counter() for name in STEPS}
    machine, pick = Machine(), Random(seed)
    try:
        machine.begin(seed=seed)
        for _ in range(STEPS_OF_WORK):
            machine.work(seed=pick.getrandbits(64))
        counted = machine._runner.run(_compare(machine))
    finally:
        machine.teardown()
    assert counted["cases"] > 3
    assert counted["clocks"] > 10


async def _compare(machine: Machine) -> Counter[str]:
    land = machine.land
    await firing.run_due(land.db, EFFECTS, now=land.now)
    await land.refresh()
    counted: Counter[str] = Counter()
    lookup = Lookup(None, land.now)
    async with land.db.reader(SYSTEM_SCOPE) as session:
        keys = [(file.case.city_id, file.case.id) for file in land.files.values()]
        histories = await repository.histories(session, keys)
        await lookup.prepare(session, histories)
    setting = lookup.setting(with_draft=False)
    for history in histories:
        for trusting in (True, False):
            found = replay(history, setting, trusting=trusting)
            codes = {each.code for each in found.missing}
            assert codes <= KNOWN
            if MissingCode.OFFICE_CHANGED not in codes:
                assert reproduces(history, found) == [], history.number
                assert climbs_as_recorded(history, climb(history, setting, found.clocks)) == []
                counted["clocks"] += len(found.clocks)
        counted["cases"] += 1
    return counted
