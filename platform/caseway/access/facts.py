"""Facts: what relates an actor to a row, and which state the row is in. One name, one bit; SQL says the same in plans.

Relations: ``any`` (always) · ``own`` (held by my office) · ``below`` (held inside the area of my seat, not by my
office) · ``mine`` (own, and I am its handler) · ``led`` (I am its leader in charge) · ``custody addressee joint
informed advisor`` (my office has a live grant of that kind) · ``reasoned`` (held inside the area of my seat, and the
reason that I recorded still counts) · ``accused`` (the case is barred to me: it is about an office at or above one of
my posts, about me, or I am recused) · ``linked`` (its responsibility list was delivered to me, as a leader linked to
the area).
States: ``open`` · ``ordinary`` or ``accusation`` · ``competent`` (held by a discipline body, the only one competent for
accusations).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Protocol

from caseway.access.actor import Actor

#: Grant kind of ``case_grant`` behind each relation that an office has through a grant.
OFFICE_GRANTS: dict[str, str] = {
    "custody": "CUSTODY",
    "addressee": "ADDRESSEE",
    "joint": "JOINT",
    "informed": "INFORMED",
    "advisor": "ADVISOR",
}
PERSONAL_GRANTS: dict[str, str] = {"reasoned": "REASONED", "linked": "LINKED"}
RELATIONS: tuple[str, ...] = ("any", "own", "below", "mine", "led", *OFFICE_GRANTS, *PERSONAL_GRANTS, "accused")
STATES: tuple[str, ...] = ("open", "ordinary", "accusation", "competent")
FACTS: tuple[str, ...] = (*RELATIONS, *STATES)
BIT: dict[str, int] = {name: 1 << position for position, name in enumerate(FACTS)}
ACCUSATION = "ACCUSATION"

_KIND_BITS: dict[str, int] = {kind: BIT[name] for name, kind in (OFFICE_GRANTS | PERSONAL_GRANTS).items()}


class CaseRow(Protocol):
    """The columns of a case that facts are computed from."""

    @property
    def holder_id(self) -> int: ...
    @property
    def held_by_discipline(self) -> bool: ...
    @property
    def l1(self) -> int: ...
    @property
    def l2(self) -> int: ...
    @property
    def l3(self) -> int: ...
    @property
    def l4(self) -> int: ...
    @property
    def l5(self) -> int: ...
    @property
    def l6(self) -> int: ...
    @property
    def assignee_id(self) -> int: ...
    @property
    def lead_id(self) -> int: ...
    @property
    def barred(self) -> Sequence[int]: ...
    @property
    def is_open(self) -> bool: ...
    @property
    def petition_class(self) -> str: ...


class GrantRow(Protocol):
    """The columns of a grant that facts are computed from."""

    @property
    def office_id(self) -> int: ...
    @property
    def person_id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def until_at(self) -> datetime | None: ...


def case_facts(actor: Actor, case: CaseRow, grants: Iterable[GrantRow], *, now: datetime) -> int:
    """The bitmap of facts between an actor and a case. ``grants`` are the case's grants, all or only the actor's."""
    facts = BIT["any"] | _state(case)
    if actor.office_id:
        inside = actor.seat_id > 0 and actor.seat_id in (case.l1, case.l2, case.l3, case.l4, case.l5, case.l6)
        facts |= _grants(actor, grants, now, inside=inside)
        if case.holder_id == actor.office_id:
            facts |= BIT["own"]
            if actor.person_id and case.assignee_id == actor.person_id:
                facts |= BIT["mine"]
        elif inside:
            facts |= BIT["below"]
    if actor.person_id and case.lead_id == actor.person_id:
        facts |= BIT["led"]
    if not set(actor.bars).isdisjoint(case.barred):
        facts |= BIT["accused"]
    return facts


def office_facts(actor: Actor, office_id: int, office_path: str) -> int:
    """The bitmap of facts between an actor and an office that is administered: the own one, or one in its subtree."""
    facts = BIT["any"]
    if actor.office_id:
        if office_id == actor.office_id:
            facts |= BIT["own"]
        elif office_path.startswith(actor.office_path):
            facts |= BIT["below"]
    return facts


def area_facts(actor: Actor, office_path: str) -> int:
    """The bitmap of facts between an actor and an area that is counted: ``below`` inside the area of the seat."""
    facts = BIT["any"]
    if actor.seat_id and office_path.startswith(actor.seat_path):
        facts |= BIT["below"]
    return facts


def _state(case: CaseRow) -> int:
    facts = BIT["accusation"] if case.petition_class == ACCUSATION else BIT["ordinary"]
    if case.is_open:
        facts |= BIT["open"]
    if case.held_by_discipline:
        facts |= BIT["competent"]
    return facts


def _grants(actor: Actor, grants: Iterable[GrantRow], now: datetime, *, inside: bool) -> int:
    facts = 0
    for grant in grants:
        if grant.office_id != actor.office_id or (grant.until_at is not None and grant.until_at <= now):
            continue
        if grant.kind not in PERSONAL_GRANTS.values():
            counts = grant.person_id == 0
        else:
            counts = actor.person_id > 0 and grant.person_id == actor.person_id
            # A reason ends early when the case leaves the area that it was given for.
            counts = counts and (inside or grant.kind != PERSONAL_GRANTS["reasoned"])
        if counts:
            facts |= _KIND_BITS.get(grant.kind, 0)
    return facts


def mask(*names: str) -> int:
    """The bitmap of some facts, ``any`` always among them."""
    facts = BIT["any"]
    for name in names:
        facts |= BIT[name]
    return facts


@lru_cache(1 << 15)
def names(facts: int) -> frozenset[str]:
    """The names in a bitmap of facts."""
    return frozenset(name for name in FACTS if facts & BIT[name])


@lru_cache(4096)
def needed(when: str) -> frozenset[str]:
    """The facts that a condition such as ``own+ordinary`` asks for."""
    return frozenset(when.split("+")) if when else frozenset()


def relation_of(when: str) -> str:
    """The one relation that a condition names."""
    return next(name for name in when.split("+") if name in RELATIONS)


_BOTH = (False, True)
#: What state a case row can be in: open or not, accusation or not, held by a discipline body or not.
State = tuple[bool, bool, bool]
ROW_STATES: tuple[State, ...] = tuple(product(_BOTH, _BOTH, _BOTH))


def state_mask(state: State) -> int:
    """The bits of a complete row state."""
    is_open, accusation, competent = state
    facts = BIT["accusation"] if accusation else BIT["ordinary"]
    return facts | (BIT["open"] if is_open else 0) | (BIT["competent"] if competent else 0)
