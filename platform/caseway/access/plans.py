"""Which rows a permission opens, as SQL: found by asking the enforcer, never by reading its rules.

For each relation and each of the eight states a case can be in, the enforcer is asked whether the relation alone
grants the permission, and whether adding a relation takes it away. Every rule names exactly one relation, so these
answers say everything. The result is one condition per relation: a list asks each with its own index and merges them;
one big OR would make PostgreSQL walk the whole table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from caseway.access.bundles import Bundle, RolePlan
from caseway.access.facts import BIT, RELATIONS, ROW_STATES, State, state_mask
from caseway.access.permissions import Permission

_ANY = (None, False, True)
#: What must be true of a state: for open, accusation and competent either a value or None (does not matter).
Cube = tuple[bool | None, bool | None, bool | None]
#: Relations with the states in which they count; sorted, so that equal plans are equal.
Terms = tuple[tuple[str, tuple[Cube, ...]], ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to a permission: some relation of ``allow`` in one of its states, and none of ``deny`` in one of its."""

    allow: Terms
    deny: Terms


def probe(bundle: Bundle, role: str, permission: Permission) -> RolePlan:
    """Ask the enforcer about every relation and state; remembered in the bundle."""
    found = bundle.plans.get((role, permission))
    if found is None:
        found = bundle.plans[(role, permission)] = _probe(bundle, role, permission)
    return found


def _probe(bundle: Bundle, role: str, permission: Permission) -> RolePlan:
    allow: dict[str, frozenset[State]] = {}
    deny: dict[str, frozenset[State]] = {}
    for relation in RELATIONS:
        states = frozenset(s for s in ROW_STATES if bundle.granted(role, _mask(s, relation), permission))
        if states:
            allow[relation] = states
    for relation in RELATIONS if allow else ():
        kept, refused = _witnessed(bundle, role, permission, allow, relation)
        if refused:
            # Where nothing else grants anything, it does not matter what is refused: choose what is written shortest.
            deny[relation] = refused if kept else frozenset(ROW_STATES)
    return RolePlan(allow, deny)


def alternatives(bundle: Bundle, roles: tuple[str, ...], permission: Permission) -> tuple[Alternative, ...]:
    """The ways to a permission for somebody with these roles; remembered in the bundle."""
    found = bundle.ways.get((roles, permission))
    if found is None:
        found = bundle.ways[(roles, permission)] = _alternatives(bundle, roles, permission)
    return found


def _alternatives(bundle: Bundle, roles: Iterable[str], permission: Permission) -> tuple[Alternative, ...]:
    """A role's deny bars only what that role would grant, so roles are joined only where their denies are equal."""
    by_deny: dict[Terms, dict[str, frozenset[State]]] = {}
    for role in roles:
        plan = probe(bundle, role, permission)
        if not plan.allow:
            continue
        merged = by_deny.setdefault(_terms(plan.deny), {})
        for relation, states in plan.allow.items():
            merged[relation] = merged.get(relation, frozenset()) | states
    return tuple(Alternative(_terms(_without_any(allow)), deny) for deny, allow in sorted(by_deny.items(), key=str))


def cubes(states: frozenset[State]) -> tuple[Cube, ...]:
    """A set of states as few conditions as possible: each condition fixes some of open, accusation and competent."""
    every: list[Cube] = sorted(
        product(_ANY, _ANY, _ANY), key=lambda cube: (sum(value is not None for value in cube), str(cube))
    )
    chosen: list[Cube] = []
    left = set(states)
    for cube in every:
        covered = {state for state in ROW_STATES if fits(cube, state)}
        if covered <= states and covered & left:
            chosen.append(cube)
            left -= covered
    return tuple(cube for cube in chosen if not _superfluous(cube, chosen))


def fits(cube: Cube, state: State) -> bool:
    """Whether a state satisfies a condition."""
    return all(wanted is None or wanted == value for wanted, value in zip(cube, state, strict=True))


def relations_of(found: Sequence[Alternative]) -> frozenset[str]:
    """The relations through which anything is granted."""
    return frozenset(relation for alternative in found for relation, _ in alternative.allow)


def _mask(state: State, *relations: str) -> int:
    facts = BIT["any"] | state_mask(state)
    for relation in relations:
        facts |= BIT[relation]
    return facts


def _witnessed(
    bundle: Bundle, role: str, permission: Permission, allow: dict[str, frozenset[State]], relation: str
) -> tuple[frozenset[State], frozenset[State]]:
    """In which states, among those in which another relation grants the permission, this one leaves it or takes it."""
    kept: set[State] = set()
    refused: set[State] = set()
    for state in ROW_STATES:
        witness = next((name for name, states in allow.items() if name != relation and state in states), None)
        if witness is not None:
            left = bundle.granted(role, _mask(state, witness, relation), permission)
            (kept if left else refused).add(state)
    return frozenset(kept), frozenset(refused)


def _without_any(allow: dict[str, frozenset[State]]) -> dict[str, frozenset[State]]:
    """Drop what ``any`` covers already."""
    always = allow.get("any", frozenset())
    kept = {relation: states - always for relation, states in allow.items() if relation != "any"}
    kept = {relation: states for relation, states in kept.items() if states}
    return kept | {"any": always} if always else kept


def _terms(states_by_relation: dict[str, frozenset[State]]) -> Terms:
    return tuple((relation, cubes(states)) for relation, states in sorted(states_by_relation.items()))


def _superfluous(cube: Cube, chosen: Sequence[Cube]) -> bool:
    others = {s for other in chosen if other != cube for s in ROW_STATES if fits(other, s)}
    return {s for s in ROW_STATES if fits(cube, s)} <= others
