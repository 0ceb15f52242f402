"""Random worlds: a tree of offices, cases in every state, grants, staff. Ids are chosen so that careless code errs."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from caseway.access.actor import Actor
from caseway.access.permissions import ROLES
from caseway.cases.models import Case, CaseGrant
from caseway.tenancy.models import ACTS_FOR_SEAT, OfficeKind

NOW = datetime(2026, 4, 15, 1, tzinfo=UTC)
PERSONS = range(1, 13)
GRANT_KINDS = ("CUSTODY", "ADDRESSEE", "JOINT", "INFORMED", "ADVISOR")
CITY = 1


@dataclass(frozen=True, slots=True)
class Place:
    """An office of the world."""

    id: int
    path: str
    kind: OfficeKind

    @property
    def chain(self) -> tuple[int, ...]:
        """Ids from the root."""
        return tuple(int(part) for part in self.path.split(".") if part)

    @property
    def seat(self) -> str:
        """The path of the office whose area it works for."""
        return self.path[: self.path.rstrip(".").rindex(".") + 1] if self.kind in ACTS_FOR_SEAT else self.path


@dataclass(slots=True)
class World:
    """Everything a policy looks at."""

    places: dict[int, Place]
    matter_id: uuid.UUID
    cases: list[Case] = field(default_factory=list)
    grants: dict[uuid.UUID, list[CaseGrant]] = field(default_factory=lambda: defaultdict(list))

    def actor(self, person_id: int, office_id: int, *roles: str, elsewhere: tuple[int, ...] = ()) -> Actor:
        """Somebody in an office of this world; ``elsewhere`` = their other posts."""
        place = self.places[office_id]
        posts = (office_id, *elsewhere)
        bars = {each for post in posts for each in self.places[post].chain} | {-person_id}
        seat = place.seat
        return Actor(
            person_id=person_id,
            name=f"Officer {person_id}",
            office_id=office_id,
            office_path=place.path,
            office_name=f"Office {office_id}",
            level="COUNTY",
            kind=place.kind,
            seat_id=int(seat.rstrip(".").rpartition(".")[2]),
            seat_path=seat,
            city_id=CITY,
            roles=roles,
            rank="STAFF",
            portfolios=(),
            bars=tuple(sorted(bars)),
            locale="zh-CN",
        )


def make_world(seed: int, *, cases: int) -> World:
    """A world of about forty offices. Siblings' ids continue each other (12 and 123), so that a path compared without
    its separator, or an id compared as text, takes in the neighbour."""
    rng = random.Random(seed)
    world = World(_tree(rng), uuid.UUID(int=rng.getrandbits(128)))
    for number in range(cases):
        case = _case(rng, world, number)
        world.cases.append(case)
        _grants(rng, world, case)
    return world


def some_actors(seed: int, world: World, number: int) -> list[Actor]:
    """Staff with one to three roles, some with a second post."""
    rng = random.Random(seed)
    places = sorted(world.places)
    found = []
    for _ in range(number):
        roles = rng.sample(ROLES, rng.choice((1, 1, 2, 3)))
        elsewhere = (rng.choice(places),) if rng.random() < 0.3 else ()
        found.append(world.actor(rng.choice(PERSONS), rng.choice(places), *roles, elsewhere=elsewhere))
    return found


def _tree(rng: random.Random) -> dict[int, Place]:
    places = {1: Place(1, "1.", OfficeKind.GOVERNMENT)}
    front, fresh = [1], 12
    for _ in range(4):
        below: list[int] = []
        for parent in front:
            siblings: list[int] = []
            for _ in range(rng.randint(2, 3)):
                number = int(f"{siblings[-1]}{rng.randint(0, 9)}") if siblings else fresh
                fresh += rng.randint(1, 9)
                if number in places or number > 10**8:
                    continue
                kind = rng.choice(list(OfficeKind)) if siblings and rng.random() < 0.5 else OfficeKind.GOVERNMENT
                places[number] = Place(number, f"{places[parent].path}{number}.", kind)
                siblings.append(number)
            below += [number for number in siblings if places[number].kind == OfficeKind.GOVERNMENT]
        front = below[:5]
    return places


def _case(rng: random.Random, world: World, number: int) -> Case:
    holder = world.places[rng.choice(sorted(world.places))]
    levels = (*holder.chain, 0, 0, 0, 0, 0, 0)[:6]
    barred: list[int] = []
    if rng.random() < 0.15:
        barred += [rng.choice(sorted(world.places)), rng.choice(holder.chain)][: rng.randint(1, 2)]
    if rng.random() < 0.1:
        barred.append(-rng.choice(PERSONS))
    return Case(
        city_id=CITY,
        id=uuid.UUID(int=rng.getrandbits(128)),
        number=f"{number:06d}-{rng.getrandbits(32):08x}",
        matter_id=world.matter_id,
        stage="HANDLING",
        petition_class=rng.choice(("APPEAL_CLAIM", "SUGGESTION", "ACCUSATION")),
        channel="LETTER",
        field="LAND",
        place_code="330400",
        is_open=rng.random() < 0.7,
        holder_id=holder.id,
        held_by_discipline=holder.kind == OfficeKind.DISCIPLINE or rng.random() < 0.2,
        **{f"l{depth}": levels[depth - 1] for depth in range(1, 7)},
        registering_office_id=holder.id,
        assignee_id=rng.choice((0, 0, *PERSONS)),
        lead_id=rng.choice((0, 0, *PERSONS)),
        granted=[],
        barred=barred,
        accused_office_ids=[],
        accused_person_ids=[],
        received_at=NOW,
        registered_at=NOW + timedelta(seconds=number),
        # Some without a limit, some with the limit of another.
        due_at=NOW + timedelta(hours=number * 37 % 200 - 100) if number % 5 else None,
        changed_at=NOW,
        version=1,
        ledger_hash=b"",
    )


def _grants(rng: random.Random, world: World, case: Case) -> None:
    taken: set[tuple[Any, ...]] = set()
    for _ in range(rng.choice((0, 1, 2, 4))):
        personal = rng.random() < 0.4
        office_id = rng.choice(list(_above(case)) if personal else sorted(world.places))
        person_id = rng.choice(PERSONS) if personal else 0
        kind = rng.choice(("REASONED", "LINKED")) if personal else rng.choice(GRANT_KINDS)
        until_at = rng.choice((None, None, NOW + timedelta(hours=1), NOW, NOW - timedelta(hours=1)))
        if (office_id, person_id, kind) in taken:
            continue
        taken.add((office_id, person_id, kind))
        world.grants[case.id].append(
            CaseGrant(
                city_id=case.city_id,
                case_id=case.id,
                office_id=office_id,
                person_id=person_id,
                kind=kind,
                since_at=NOW,
                until_at=until_at,
                is_open=case.is_open,
                due_at=case.due_at,
                registered_at=case.registered_at,
            )
        )
        if kind != "REASONED" and (until_at is None or until_at > NOW):
            case.granted = sorted({*case.granted, -person_id if person_id else office_id})


def _above(case: Case) -> tuple[int, ...]:
    return tuple(level for level in (case.l1, case.l2, case.l3, case.l4, case.l5, case.l6) if level)
