"""The database of access tests: filled with a world as superuser, asked as a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, insert, text

from access.world import CITY, NOW, World
from caseway.cases.models import Case, CaseGrant, Matter
from caseway.db.scope import Scope
from caseway.tenancy.models import Office
from support.database import FreshDatabase


@dataclass(frozen=True, slots=True)
class Store:
    """A database for access tests; ``engine`` is the superuser's, ``under`` is a request's."""

    database: FreshDatabase
    engine: Engine

    @contextmanager
    def under(self, scope: Scope) -> Iterator[Connection]:
        """A transaction under the role and the scope of a request; rolled back at the end."""
        with self.engine.connect() as connection:
            connection.execute(text("set local role caseway_app"))
            for statement in scope.statement().split("; "):
                connection.execute(text(statement))
            yield connection
            connection.rollback()

    def load(self, world: World) -> None:
        """Replace the cases and offices by those of a world."""
        with self.engine.begin() as connection:
            connection.execute(text("truncate matter, office cascade"))
            connection.execute(insert(Office), [_office(world, office_id) for office_id in _by_depth(world)])
            matter = {"city_id": CITY, "id": world.matter_id, "field": "LAND", "place_code": "1", "opened_at": NOW}
            connection.execute(insert(Matter), [matter])
            if world.cases:
                connection.execute(insert(Case), [_values(case) for case in world.cases])
            if grants := [_values(grant) for found in world.grants.values() for grant in found]:
                connection.execute(insert(CaseGrant), grants)


def _by_depth(world: World) -> list[int]:
    """Parents first."""
    return sorted(world.places, key=lambda office_id: (len(world.places[office_id].chain), office_id))


def _values(row: Case | CaseGrant) -> dict[str, Any]:
    found = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return {name: value for name, value in found.items() if value is not None or row.__table__.c[name].nullable}


def _office(world: World, office_id: int) -> dict[str, Any]:
    place = world.places[office_id]
    levels = (*place.chain, 0, 0, 0, 0, 0, 0)[:6]
    return {
        "id": office_id,
        "parent_id": place.chain[-2] if len(place.chain) > 1 else None,
        "level": "COUNTY",
        "kind": place.kind.value,
        "code": f"C{office_id}",
        "name": f"Office {office_id}",
        "path": place.path,
        "depth": len(place.chain),
        "valid_from": NOW,
    } | {f"l{depth}": levels[depth - 1] for depth in range(1, 7)}
