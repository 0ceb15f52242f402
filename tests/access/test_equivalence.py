"""One decision, three ways: asked of the policy row by row, as SQL, and as SQL under row level security."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Integer, Text, and_, cast, func, literal_column, or_, select, text, true

from access.store import Store
from access.world import NOW, World, make_world, some_actors
from caseway.access.actor import SYSTEM_ACTOR, Actor
from caseway.access.facts import RELATIONS, STATES, case_facts
from caseway.access.matrix import Rule
from caseway.access.permissions import BASE_ROLES, CASE_PERMISSIONS, ROLES, Permission
from caseway.access.plans_sql import ConditionWriter, branches, predicate
from caseway.access.policy import Policy
from caseway.access.tables import CASES

#: Every world: cases x actors x permissions decisions; three worlds make more than 100,000.
CASES_PER_WORLD, ACTORS, PERMISSIONS = 1000, 9, 5
#: Decisions of each world that are also asked of Casbin itself, past the bitmaps.
ASKED_DIRECTLY = 400


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for what, and the cases that the row-by-row decision grants."""

    actor: Actor
    permission: Permission
    granted: frozenset[uuid.UUID]


def wild_rules(seed: int, world: World) -> list[Rule]:
    """Rules of offices as they come, most of them beyond every bound: deciding must stay the same thing everywhere."""
    rng = random.Random(seed)
    found: list[Rule] = []
    for _ in range(20):
        domain = f"t{rng.choice(sorted(world.places))}{rng.choice(('', '..'))}"
        when = "+".join([rng.choice(RELATIONS), *rng.sample(STATES, rng.choice((0, 0, 1, 2)))])
        role = rng.choice((*ROLES, *BASE_ROLES, "*"))
        found.append((role, domain, when, "case", rng.choice(CASE_PERMISSIONS).action, rng.choice(("allow", "deny"))))
    return found


def questions(seed: int, policy: Policy, world: World) -> list[Question]:
    """Random questions with their row-by-row answers; every permission of seeing is among them."""
    rng = random.Random(seed)
    found = []
    for number, actor in enumerate(some_actors(seed, world, ACTORS)):
        facts = [(case.id, case_facts(actor, case, world.grants[case.id], now=NOW)) for case in world.cases]
        seeing = (Permission.CASE_STUB, Permission.CASE_CONTENT) if number % 2 else (Permission.CASE_CARD,)
        others = rng.sample([p for p in CASE_PERMISSIONS if p not in seeing], PERMISSIONS - len(seeing))
        for permission in (*seeing, *others):
            granted = frozenset(case for case, bits in facts if policy.allows(actor, permission, bits))
            found.append(Question(actor, permission, granted))
    return found


def answered(connection: Connection, policy: Policy, question: Question) -> frozenset[uuid.UUID]:
    """The same as one SQL condition."""
    condition = predicate(policy, question.actor, question.permission, now=NOW)
    return frozenset(connection.scalars(select(CASES.c.id).where(condition)))


@pytest.mark.parametrize(("seed", "wild"), [(11, False), (12, False), (13, True)])
def test_row_decision_sql_and_row_security_agree(store: Store, policy: Policy, seed: int, wild: bool) -> None:
    policy = Policy(policy.base) if wild else policy
    world = make_world(seed, cases=CASES_PER_WORLD)
    if wild:
        policy.bundles.swap(wild_rules(seed, world))
    store.load(world)
    asked = questions(seed, policy, world)
    assert len(asked) * CASES_PER_WORLD >= 40_000
    assert sum(bool(question.granted) for question in asked) >= len(asked) // 4
    by_id = {case.id: case for case in world.cases}
    with store.engine.connect() as connection:
        for question in asked:
            assert answered(connection, policy, question) == question.granted, question
    for question in asked:
        with store.under(policy.scope(question.actor)) as connection:
            locked = answered(connection, policy, question)
            seen = frozenset(connection.scalars(select(CASES.c.id)))
        assert locked <= question.granted
        assert all(set(by_id[case].barred).isdisjoint(question.actor.bars) for case in seen)
        if question.permission.needs_sight and not wild:
            assert locked == question.granted, question


def test_remembered_answers_are_casbins_own() -> None:
    policy = Policy()
    world = make_world(14, cases=200)
    policy.bundles.swap(wild_rules(14, world))
    rng = random.Random(14)
    actors = some_actors(14, world, 12)
    for _ in range(ASKED_DIRECTLY):
        actor, case, permission = rng.choice(actors), rng.choice(world.cases), rng.choice(CASE_PERMISSIONS)
        facts = case_facts(actor, case, world.grants[case.id], now=NOW)
        bundle = policy.bundle_of(actor.chain)
        direct = any(bundle.enforce(role, facts, permission) for role in actor.roles)
        assert policy.allows(actor, permission, facts) == direct
        assert (permission in policy.permissions(actor, facts)) == direct


def test_the_branches_of_a_list_together_are_the_predicate(store: Store, policy: Policy) -> None:
    world = make_world(15, cases=400)
    store.load(world)
    with store.engine.connect() as connection:
        for question in questions(15, policy, world):
            found: set[uuid.UUID] = set()
            for branch in branches(policy, question.actor, question.permission, now=NOW):
                rows = set(connection.scalars(select(CASES.c.id).where(branch.condition)))
                if branch.open_only:
                    assert all(case.is_open for case in world.cases if case.id in rows)
                found |= rows
            assert found == question.granted


def test_an_actor_without_an_office_reaches_no_case(store: Store, policy: Policy) -> None:
    world = make_world(16, cases=200)
    store.load(world)
    nobody = replace(SYSTEM_ACTOR, roles=ROLES)
    with store.engine.connect() as connection:
        for permission in (Permission.CASE_STUB, Permission.CASE_COUNT, Permission.CASE_HANDLE):
            assert not answered(connection, policy, Question(nobody, permission, frozenset()))
    for case in world.cases:
        assert not policy.allows(nobody, Permission.CASE_STUB, case_facts(nobody, case, (), now=NOW))
    assert policy.scope(nobody).principals == ()


# ---- mutants: each of these mistakes must be noticed

Mutation = Callable[[pytest.MonkeyPatch], None]
_relation = ConditionWriter._relation
_granted = ConditionWriter._granted


def _replace_relation(patch: pytest.MonkeyPatch, name: str, make: Callable[[ConditionWriter], Any]) -> None:
    patch.setattr(
        ConditionWriter,
        "_relation",
        lambda self, relation: make(self) if relation == name else _relation(self, relation),
    )


def _bars_without_ancestors(patch: pytest.MonkeyPatch) -> None:
    def only_itself(self: ConditionWriter) -> Any:
        return self.cases["barred"].op("&&", is_comparison=True)(
            text(f"array[{self.actor.office_id}, {-self.actor.person_id}]")
        )

    _replace_relation(patch, "accused", only_itself)


def _bars_without_the_person(patch: pytest.MonkeyPatch) -> None:
    def only_offices(self: ConditionWriter) -> Any:
        return self.cases["barred"].op("&&", is_comparison=True)(text(f"array[{','.join(map(str, self.actor.chain))}]"))

    _replace_relation(patch, "accused", only_offices)


def _ids_compared_as_text(patch: pytest.MonkeyPatch) -> None:
    def prefix(self: ConditionWriter) -> Any:
        column = self.cases[self.driver("below")]
        return and_(cast(column, Text).like(f"{self.actor.seat_id}%"), self.cases["holder_id"] != self.actor.office_id)

    _replace_relation(patch, "below", prefix)


def _wrong_level(patch: pytest.MonkeyPatch) -> None:
    def shifted(self: ConditionWriter, relation: str) -> str:
        return f"l{min(self.actor.seat_depth + 1, 6)}"

    patch.setattr(ConditionWriter, "driver", shifted)


def _deny_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ConditionWriter, "denied", lambda self, terms: [])


def _states_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ConditionWriter, "states", lambda self, cubes: true())


def _null_in_the_deny(patch: pytest.MonkeyPatch) -> None:
    def unknown(self: ConditionWriter) -> Any:
        return or_(_relation(self, "accused"), func.nullif(self.cases["lead_id"], 0) == literal_column("-1", Integer))

    _replace_relation(patch, "accused", unknown)


def _grants_never_end(patch: pytest.MonkeyPatch) -> None:
    init = ConditionWriter.__init__

    def yesterday(self: ConditionWriter, actor: Actor, **options: Any) -> None:
        init(self, actor, **(options | {"now": NOW - timedelta(days=9)}))

    patch.setattr(ConditionWriter, "__init__", yesterday)


def _handler_of_another_office(patch: pytest.MonkeyPatch) -> None:
    _replace_relation(patch, "mine", lambda self: self.cases["assignee_id"] == self.actor.person_id)


MUTATIONS: tuple[Mutation, ...] = (
    _bars_without_ancestors,
    _bars_without_the_person,
    _ids_compared_as_text,
    _wrong_level,
    _deny_dropped,
    _states_dropped,
    _null_in_the_deny,
    _grants_never_end,
    _handler_of_another_office,
)


@pytest.fixture(scope="module")
def exam(store: Store, policy: Policy) -> tuple[Policy, list[Question]]:
    """One world with its right answers."""
    world = make_world(21, cases=600)
    store.load(world)
    return policy, questions(21, policy, world) + questions(22, policy, world)


def test_the_exam_is_passed_without_a_mutation(store: Store, exam: tuple[Policy, list[Question]]) -> None:
    policy, asked = exam
    with store.engine.connect() as connection:
        assert all(answered(connection, policy, question) == question.granted for question in asked)


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutation: mutation.__name__.strip("_"))
def test_a_mistake_in_the_sql_is_noticed(
    store: Store, exam: tuple[Policy, list[Question]], monkeypatch: pytest.MonkeyPatch, mutate: Mutation
) -> None:
    policy, asked = exam
    mutate(monkeypatch)
    with store.engine.connect() as connection:
        assert any(answered(connection, policy, question) != question.granted for question in asked)
