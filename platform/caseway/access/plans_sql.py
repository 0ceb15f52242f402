"""Plans as SQLAlchemy conditions on ``cases``: one branch per relation for lists, one predicate for counts and masks.

Every column used is NOT NULL, so that no condition is ever unknown. Parameters have names of their own
(``access_office`` …) and carry the actor's values; text made from a condition may be cached by ``Shape`` and run with
the ``parameters`` of another actor of the same shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    ARRAY,
    BindParameter,
    DateTime,
    Integer,
    and_,
    bindparam,
    false,
    literal_column,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.sql.elements import ColumnElement

from caseway.access.actor import Actor
from caseway.access.facts import ACCUSATION, OFFICE_GRANTS, PERSONAL_GRANTS
from caseway.access.permissions import Permission
from caseway.access.plans import Alternative, Cube, Terms
from caseway.access.tables import CASE_GRANT, CASES, DEEPEST, CaseColumns

Condition = ColumnElement[bool]


class Plans(Protocol):
    """Whoever knows the ways to a permission: the policy."""

    def alternatives(self, actor: Actor, permission: Permission) -> tuple[Alternative, ...]: ...


@dataclass(frozen=True, slots=True)
class Granted:
    """How a branch is reached over the grants of an office, which are sorted as lists are: by way of ``cases`` a page
    would cost as much as the office ever was granted."""

    #: On ``case_grant`` alone.
    grant: Condition
    #: What is left to ask of the case.
    rest: Condition
    #: Grants of one case among them at most.
    times: int


@dataclass(frozen=True, slots=True)
class Branch:
    """One part of a list: the cases opened by one relation, or by several that are found the same way."""

    #: Its name, or names joined by ``+``.
    relation: str
    #: Complete by itself: relation, states and denies.
    condition: Condition
    #: The column of ``cases`` whose index leads to the rows (``l3``, ``holder_id``, ``assignee_id``, ``lead_id``),
    #: ``case_grant`` when the way leads from there, or empty when every case qualifies.
    driver: str
    #: Only open cases qualify, so that partial indexes ``WHERE is_open`` serve it.
    open_only: bool
    #: The same by way of the grants; None where the way is another.
    granted: Granted | None = None

    def narrowed(self, condition: Condition) -> Branch:
        """The branch for cases of which something more is true."""
        way = self.granted
        return replace(
            self,
            condition=and_(self.condition, condition),
            granted=replace(way, rest=and_(way.rest, condition)) if way is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """What two actors must have in common to run the same statement: the ways, and how deep office and seat lie."""

    alternatives: tuple[Alternative, ...]
    office_depth: int
    seat_depth: int


def shape(policy: Plans, actor: Actor, permission: Permission) -> Shape:
    """The key under which statements for this permission may be cached."""
    return Shape(policy.alternatives(actor, permission), len(actor.chain), actor.seat_depth)


def parameters(actor: Actor, *, now: datetime) -> dict[str, Any]:
    """The values of every parameter that conditions can hold."""
    return {
        "access_office": actor.office_id,
        "access_seat": actor.seat_id,
        "access_person": actor.person_id,
        "access_bars": list(actor.bars),
        "access_now": now,
    }


def branches(policy: Plans, actor: Actor, permission: Permission, *, now: datetime, cases: Any = CASES) -> list[Branch]:
    """The conditions under which cases are open to a permission, one per relation; empty = no case at all. A row can
    satisfy several: merge with UNION (not UNION ALL) or by id."""
    writer = ConditionWriter(actor, now=now, cases=cases)
    found: dict[str, list[_Part]] = {}
    for alternative in policy.alternatives(actor, permission):
        deny = writer.denied(alternative.deny)
        for relation, states in _joined(alternative.allow):
            if not writer.possible(relation):
                continue
            asked = (writer.states(states), *deny)
            part = _Part(
                and_(writer.relation(relation), *asked),
                and_(writer.beside_grant(relation), *asked),
                all(cube[0] is True for cube in states),
            )
            found.setdefault(relation, []).append(part)
    return [
        Branch(
            relation,
            _any_of([part.condition for part in parts]),
            writer.driver(relation),
            all(part.open_only for part in parts),
            writer.by_grants(relation, _any_of([part.rest for part in parts])),
        )
        for relation, parts in found.items()
    ]


def predicate(policy: Plans, actor: Actor, permission: Permission, *, now: datetime, cases: Any = CASES) -> Condition:
    """One condition for all ways together: for counts, masks and checks of rows that were found otherwise."""
    found = branches(policy, actor, permission, now=now, cases=cases)
    return or_(*(branch.condition for branch in found)) if found else false()


@dataclass(frozen=True, slots=True)
class _Part:
    condition: Condition
    #: The same without the grant.
    rest: Condition
    open_only: bool


class ConditionWriter:
    """Writes relations and states as SQL for one actor: the same as ``facts.case_facts`` says in Python."""

    def __init__(self, actor: Actor, *, now: datetime, cases: Any = CASES) -> None:
        self.actor = actor
        self.cases = CaseColumns(cases)
        self._values = parameters(actor, now=now)

    def possible(self, relation: str) -> bool:
        """Whether the actor can have this relation to any case at all."""
        actor = self.actor
        match relation:
            case "any":
                return True
            case "own" | "own+below":
                return 0 < len(actor.chain) <= DEEPEST and actor.office_id > 0
            case "below":
                return 0 < actor.seat_depth <= DEEPEST and actor.seat_id > 0 and actor.office_id > 0
            case "reasoned":
                return self.possible("below") and actor.person_id > 0
            case "mine" | "linked":
                return actor.office_id > 0 and actor.person_id > 0
            case "led":
                return actor.person_id > 0
            case "accused":
                return bool(actor.bars)
            case _:
                return actor.office_id > 0

    def driver(self, relation: str) -> str:
        """Where the way to the rows begins."""
        match relation:
            case "any":
                return ""
            case "own":
                return "holder_id"
            case "below" | "own+below":
                return f"l{self.actor.seat_depth}"
            case "mine":
                return "assignee_id"
            case "led":
                return "lead_id"
            case _:
                return "case_grant"

    def relation(self, name: str) -> Condition:
        """A relation as a condition; false when the actor cannot have it."""
        return self._relation(name) if self.possible(name) else false()

    def states(self, cubes: tuple[Cube, ...]) -> Condition:
        """A choice of states as a condition."""
        found = [literals for cube in cubes if (literals := list(self._literals(cube)))]
        if len(found) < len(cubes):
            return true()
        parts = [and_(*literals) if len(literals) > 1 else literals[0] for literals in found]
        return or_(*parts) if len(parts) > 1 else parts[0]

    def denied(self, terms: Terms) -> list[Condition]:
        """What must not be: one negated condition per relation that takes the permission away."""
        return [
            not_(and_(self._relation(relation), self.states(states)))
            for relation, states in terms
            if self.possible(relation)
        ]

    def _relation(self, name: str) -> Condition:
        cases = self.cases
        match name:
            case "any":
                return true()
            case "own":
                return cases["holder_id"] == self._office
            case "below":
                return and_(cases[self.driver("below")] == self._seat, cases["holder_id"] != self._office)
            case "own+below":
                return cases[self.driver("below")] == self._seat
            case "mine":
                # The constants let PostgreSQL use the partial indexes, and the sum keeps it from reading all that the
                # office holds beside the few that one person handles.
                named = cases["assignee_id"] != literal_column("0", Integer)
                held = cases["holder_id"] + literal_column("0", Integer) == self._office
                return and_(cases["assignee_id"] == self._person, named, held)
            case "led":
                return and_(cases["lead_id"] == self._person, cases["lead_id"] != literal_column("0", Integer))
            case "accused":
                return cases["barred"].op("&&", is_comparison=True)(self._bars)
            case _:
                return and_(self.beside_grant(name), self._granted(name))

    def beside_grant(self, name: str) -> Condition:
        """What a relation by grant asks beside the grant."""
        return self.cases[self.driver("below")] == self._seat if name == "reasoned" else true()

    def by_grants(self, name: str, rest: Condition) -> Granted | None:
        """The way of a relation over the grants of the office, if it is one by grant."""
        if self.driver(name) != "case_grant":
            return None
        return Granted(and_(*self._live_grant(name)), rest, times=len(name.split("+")))

    def _granted(self, name: str) -> Condition:
        grant = CASE_GRANT.c
        granted = select(grant.city_id, grant.case_id).where(*self._live_grant(name))
        return tuple_(self.cases["city_id"], self.cases["id"]).in_(granted)

    def _live_grant(self, name: str) -> list[Condition]:
        """A live grant of one of the kinds named: one way leads over the grants of the office, whatever they are."""
        grant = CASE_GRANT.c
        kinds: list[ColumnElement[str]] = [
            literal_column(f"'{(OFFICE_GRANTS | PERSONAL_GRANTS)[part]}'") for part in name.split("+")
        ]
        person = self._person if name in PERSONAL_GRANTS else literal_column("0", Integer)
        return [
            grant.office_id == self._office,
            grant.kind == kinds[0] if len(kinds) == 1 else grant.kind.in_(kinds),
            grant.person_id == person,
            or_(grant.until_at.is_(None), grant.until_at > self._parameter("access_now", DateTime(timezone=True))),
        ]

    def _literals(self, cube: Cube) -> Iterator[Condition]:
        is_open, accusation, competent = cube
        if is_open is not None:
            yield self.cases["is_open"] if is_open else not_(self.cases["is_open"])
        if accusation is not None:
            kind: ColumnElement[str] = literal_column(f"'{ACCUSATION}'")
            yield self.cases["petition_class"] == kind if accusation else self.cases["petition_class"] != kind
        if competent is not None:
            yield self.cases["held_by_discipline"] if competent else not_(self.cases["held_by_discipline"])

    @property
    def _office(self) -> BindParameter[int]:
        return self._parameter("access_office", Integer)

    @property
    def _seat(self) -> BindParameter[int]:
        return self._parameter("access_seat", Integer)

    @property
    def _person(self) -> BindParameter[int]:
        return self._parameter("access_person", Integer)

    @property
    def _bars(self) -> BindParameter[Any]:
        return self._parameter("access_bars", ARRAY(Integer))

    def _parameter(self, name: str, kind: Any) -> BindParameter[Any]:
        return bindparam(name, self._values[name], type_=kind)


def _any_of(conditions: list[Condition]) -> Condition:
    return or_(*conditions) if len(conditions) > 1 else conditions[0]


def _joined(allow: Terms) -> Iterator[tuple[str, tuple[Cube, ...]]]:
    """Relations that hold in the same states and are found the same way, as one: own and below are one range of a
    level column, the grants of an office one range of its grants."""
    terms = dict(allow)
    if terms.get("own") and terms.get("own") == terms.get("below"):
        yield "own+below", terms.pop("own")
        del terms["below"]
    by_states: dict[tuple[Cube, ...], list[str]] = {}
    for relation in OFFICE_GRANTS:
        if relation in terms:
            by_states.setdefault(terms.pop(relation), []).append(relation)
    yield from terms.items()
    for states, relations in by_states.items():
        yield "+".join(relations), states
