"""A province for tests of routes and custody: two cities, counties, towns, their institutions, and staff on demand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from caseway.access.actor import Actor
from caseway.access.policy import Policy
from caseway.cases.models import Case
from caseway.clock import SHANGHAI
from caseway.clocks import service as clocks
from caseway.clocks.arithmetic import due_date
from caseway.custody.models import Custody, Order
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.tenancy.models import Level, Office, OfficeKind
from support.factories import make_actor, make_office

#: Name -> (parent, level, kind).
_OFFICES: dict[str, tuple[str | None, Level, OfficeKind]] = {
    "province": (None, Level.PROVINCE, OfficeKind.GOVERNMENT),
    "province_bureau": ("province", Level.PROVINCE, OfficeKind.PETITION_OFFICE),
    "province_discipline": ("province", Level.PROVINCE, OfficeKind.DISCIPLINE),
    "city": ("province", Level.CITY, OfficeKind.GOVERNMENT),
    "city_bureau": ("city", Level.CITY, OfficeKind.PETITION_OFFICE),
    "city_discipline": ("city", Level.CITY, OfficeKind.DISCIPLINE),
    "city_conference": ("city", Level.CITY, OfficeKind.JOINT_CONFERENCE),
    "county": ("city", Level.COUNTY, OfficeKind.GOVERNMENT),
    "county_bureau": ("county", Level.COUNTY, OfficeKind.PETITION_OFFICE),
    "county_discipline": ("county", Level.COUNTY, OfficeKind.DISCIPLINE),
    "county_conference": ("county", Level.COUNTY, OfficeKind.JOINT_CONFERENCE),
    "land": ("county", Level.COUNTY, OfficeKind.DEPARTMENT),
    "schools": ("county", Level.COUNTY, OfficeKind.DEPARTMENT),
    "town": ("county", Level.TOWN, OfficeKind.GOVERNMENT),
    "other_town": ("county", Level.TOWN, OfficeKind.GOVERNMENT),
    "village": ("town", Level.VILLAGE, OfficeKind.GOVERNMENT),
    "other_county": ("city", Level.COUNTY, OfficeKind.GOVERNMENT),
    "far_town": ("other_county", Level.TOWN, OfficeKind.GOVERNMENT),
    "other_city": ("province", Level.CITY, OfficeKind.GOVERNMENT),
    "foreign_county": ("other_city", Level.COUNTY, OfficeKind.GOVERNMENT),
}
FIELDS = {"land": ["LAND"], "schools": ["EDUCATION"]}


@dataclass(slots=True)
class Province:
    """The offices by name, and calls of services in their name."""

    db: Database
    policy: Policy
    offices: dict[str, Office]
    _staff: dict[tuple[str, tuple[str, ...]], Actor] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Office:
        return self.offices[name]

    async def actor(self, office: str, *roles: str) -> Actor:
        """Somebody of an office with these roles; the same person each time. Without roles, a dispatcher."""
        key = (office, roles or ("dispatcher",))
        if key not in self._staff:
            self._staff[key] = await make_actor(self.db, self.offices[office], roles=key[1])
        return self._staff[key]

    async def do(
        self, operation: Callable[..., Awaitable[Any]], who: str | Actor, *rings: Any, now: datetime, **given: Any
    ) -> Any:
        """Call a service the way a mutation does: one unit of work under the actor's own scope."""
        actor = who if isinstance(who, Actor) else await self.actor(who)
        async with self.db.unit(self.policy.scope(actor)) as uow:
            return await operation(uow, self.policy, *rings, actor=actor, now=now, **given)

    async def chain(self, case: Case) -> list[tuple[str, datetime, datetime | None]]:
        """The chain of custody as (office name, from, to); checks INV-01 and INV-02 on the way."""
        names = {office.id: name for name, office in self.offices.items()}
        async with self.db.reader(SYSTEM_SCOPE) as session:
            statement = select(Custody).where(Custody.case_id == case.id).order_by(Custody.seq)
            rows = list(await session.scalars(statement))
            stored = await session.get_one(Case, (case.city_id, case.id))
        assert [row.seq for row in rows] == list(range(len(rows)))
        assert all(first.to_at == second.from_at for first, second in pairwise(rows))
        assert [row.to_at is None for row in rows] == [False] * (len(rows) - 1) + [True]
        assert rows[0].from_at == stored.registered_at
        assert rows[-1].office_id == stored.holder_id
        return [(names[row.office_id], row.from_at, row.to_at) for row in rows]

    async def holders(self, case: Case) -> list[str]:
        """The names of the offices that have held the case, in order."""
        return [name for name, _, _ in await self.chain(case)]

    async def orders(self, case: Case) -> list[Order]:
        """Every order of the case in the order of sending."""
        async with self.db.reader(SYSTEM_SCOPE) as session:
            statement = select(Order).where(Order.case_id == case.id).order_by(Order.sent_at, Order.id)
            return list(await session.scalars(statement))


async def build_province(db: Database, policy: Policy, names: Iterable[str] = tuple(_OFFICES)) -> Province:
    """The offices, stored in the order that parents need."""
    offices: dict[str, Office] = {}
    for name in names:
        parent, level, kind = _OFFICES[name]
        offices[name] = await make_office(
            db,
            parent=offices[parent] if parent is not None else None,
            level=level,
            kind=kind,
            name=name,
            fields=FIELDS.get(name, ()),
        )
    return Province(db, policy, offices)


def shanghai(text: str) -> datetime:
    """An instant by the clock on the wall, e.g. ``"2026-04-15 09:00"``."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


async def due_dates(db: Database, case: Case) -> dict[str, str]:
    """The clocks that run, as kind -> last day."""
    async with db.reader(SYSTEM_SCOPE) as session:
        found = await clocks.running(session, case)
        stored = await session.get_one(Case, (case.city_id, case.id))
        assert stored.due_at == await clocks.due_at(session, case)
    return {str(clock.kind): due_date(clock.due_at).isoformat() for clock in found}
