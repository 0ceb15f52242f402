"""The machine: random work of many offices on a few cases, checked after every step."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import Any, ClassVar

import psycopg
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

import caseway.custody.succession  # noqa: F401 - registers what custody does when a case ends
from caseway.access.policy import Policy
from caseway.db.session import Database
from caseway.errors import CasewayError
from properties import steps_around, steps_handling, steps_moving  # noqa: F401 - they register their steps
from properties.checks import PER_CASE
from properties.checks_clocks import PER_CLOCK
from properties.country import build_country
from properties.land import Land, NothingToDo
from properties.numbers import Report, check_numbers, fold_some, make_report
from properties.sight import barred, check_sight
from properties.steps import STEPS, Step
from support.database import Cluster

#: Offices and posts exist since then; the work begins on a Wednesday, 09:00 in Shanghai.
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
BEGIN = datetime(2026, 4, 15, 1, tzinfo=UTC)
#: Steps between two looks through the eyes of some actors, and how many actors look.
_LOOK_EVERY, _EYES = 6, 3
#: How often a look makes a report.
_REPORTS = 0.3
#: Registrations with which every country starts.
_FIRST = ("register", "register_twin", "register_accusation", "register_complaint", "register")
#: A step is one number: shrinking leaves out steps, and those that stay do what they did.
_SEEDS = st.integers(0, 2**64 - 1)


class Machine(RuleBasedStateMachine):
    """One country. Hypothesis chooses what happens; the checks say whether it may have happened."""

    cluster: ClassVar[Cluster]
    policy: ClassVar[Policy]
    #: Kinds of steps to be tried before all others; never while hypothesis chooses, whose examples must repeat.
    wanted: ClassVar[frozenset[str]] = frozenset()
    #: What became of every kind of step in the whole run: "done" or the code of the refusal.
    outcomes: ClassVar[dict[str, Counter[str]]] = {}

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._fresh = self.cluster.fresh("properties")
        self._db = Database(self._fresh.url, pool_size=3, max_overflow=2)
        self._sql = psycopg.connect(self._fresh.dsn, autocommit=True)
        self.land = Land(self._db, self._sql, self.policy, BEGIN)
        self._done: Counter[str] = Counter()
        self._count = 0
        self._failed = False
        self._reports: list[Report] = []

    @initialize(seed=_SEEDS)
    def begin(self, seed: int) -> None:
        """A random country, and the first matters."""
        pick = Random(seed)
        self._runner.run(build_country(self._db, pick, since=SINCE))
        self._runner.run(self.land.refresh())
        for name in _FIRST:
            self._runner.run(self._attempt(STEPS[name], pick))

    @rule(seed=_SEEDS)
    def work(self, seed: int) -> None:
        """Somebody does something."""
        # Hypothesis begins with the simplest example, all noughts: that one counts its steps instead.
        pick = Random(seed or self._count)
        self._runner.run(self._attempt(STEPS[pick.choice(self._menu())], pick))
        self._count += 1
        if self._count % _LOOK_EVERY == 0:
            self._runner.run(self._look(pick))

    @classmethod
    def cover(cls, seed: int, steps: int) -> None:
        """One more country, without hypothesis, in which the wanted steps come first."""
        machine, pick = cls(), Random(seed)
        try:
            machine.begin(seed=seed)
            for _ in range(steps):
                machine.work(seed=pick.getrandbits(64))
        finally:
            machine.teardown()

    def teardown(self) -> None:
        """The last look, and everything is put away."""
        try:
            if self.land.files and not self._failed:
                self._runner.run(self._last_look())
        finally:
            self._runner.run(self._db.close())
            self._runner.close()
            self._sql.close()
            self.cluster.drop(self._fresh)

    def _menu(self) -> list[str]:
        """What may be chosen: likelier the more it weighs, and what has not been done yet twice as likely."""
        menu: list[str] = []
        for step in STEPS.values():
            if step.possible(self.land):
                likely = 40 if step.name in self.wanted else 1 if self._done[step.name] else 3
                menu += [step.name] * step.weight * likely
        return menu

    async def _attempt(self, step: Step, pick: Random) -> None:
        land = self.land
        land.pass_time(pick)
        before = land.digest()
        outcome = "done"
        try:
            await step.run(land, pick)
        except NothingToDo:
            outcome = "-"
        except CasewayError as refusal:
            outcome = refusal.code
        if outcome != "done":
            changed_rows = set(land.digest()) ^ set(before)
            assert not changed_rows, (
                f"{step.name} was refused ({outcome}) and changed {sorted({row[0] for row in changed_rows})}"
            )
        self._done[step.name] += outcome == "done"
        self.outcomes.setdefault(step.name, Counter())[outcome] += 1
        changed = await land.refresh()
        if currently_in_test_context():
            note(f"{land.now:%m-%d %H:%M} {step.name}: {outcome} {self._told(changed)}")
        self._failed = True
        for case_id, known in changed.items():
            for check in (*PER_CASE, *PER_CLOCK):
                check(land, land.files[case_id], known)
        self._failed = False

    def _told(self, changed: Any) -> str:
        """The cases that a step changed, in a few words."""
        told = []
        for case_id in changed:
            case = self.land.files[case_id].case
            event = self.land.files[case_id].events[-1]
            told.append(f"[{case.number[-4:]} {event.type} by {event.person_id}: {case.stage} at {case.holder_id}]")
        return " ".join(told)

    async def _look(self, pick: Random) -> None:
        """Some actors look, among them one to whom something is barred, if there is one."""
        actors = self.land.actors
        eyes = [pick.choice(actors) for _ in range(_EYES)]
        excluded = [each for each in actors if any(barred(each, file) for file in self.land.files.values())]
        if excluded:
            eyes.append(pick.choice(excluded))
        await check_sight(self.land, eyes)
        await fold_some(self.land, pick)
        if pick.random() < _REPORTS:
            self._reports.append(await make_report(self.land, pick))

    async def _last_look(self) -> None:
        """Everything once more, read anew: also what a changed tree or changed posts did without touching the case."""
        land = self.land
        known = dict(land.files)
        await land.reload()
        for case_id, file in land.files.items():
            for check in (*PER_CASE, *PER_CLOCK):
                check(land, file, known[case_id])
        busy = {file.case.holder_id for file in land.files.values()}
        await check_sight(land, [each for each in land.actors if each.office_id in busy][:6])
        excluded = [each for each in land.actors if any(barred(each, file) for file in land.files.values())]
        await check_numbers(land, excluded[:1], self._reports, Random(len(land.files)))
