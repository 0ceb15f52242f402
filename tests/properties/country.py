"""A random country to work in: offices of two cities with gaps and institutions, staff in several roles and posts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime
from random import Random

from caseway.access.permissions import Role
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.people.models import Membership, Person
from caseway.people.ranks import is_leader
from caseway.tenancy import changes
from caseway.tenancy.changes import Cause
from caseway.tenancy.models import Level, Office, OfficeKind

#: Fields of matters in these worlds; departments are competent for one of them, or for all.
FIELDS = ("LAND", "EDUCATION")
#: Offices of a country, so that a step stays quick.
MOST_OFFICES = 24
_INSTITUTIONS = (OfficeKind.PETITION_OFFICE, OfficeKind.DISCIPLINE, OfficeKind.JOINT_CONFERENCE)
#: What one person of an office is; every office has somebody who sorts.
_SORTERS = (("dispatcher",), ("clerk", "handler"), ("dispatcher", "leader"), ("dispatcher", "handler", "leader"))
_OTHERS = (("handler",), ("clerk",), ("leader",), ("supervisor",), ("dispatcher",), ("auditor",), ("reviewer",))


class Builder:
    """Builds one country inside one transaction."""

    def __init__(self, uow: UnitOfWork, pick: Random, since: datetime) -> None:
        self._uow, self._pick, self._since = uow, pick, since
        self._numbers = itertools.count(1)
        self.offices: list[Office] = []

    async def build(self) -> None:
        """A province, two cities, and what hangs below them."""
        root = await self._office(None, Level.PROVINCE, OfficeKind.GOVERNMENT)
        await self._institutions(root, certain=(OfficeKind.PETITION_OFFICE, OfficeKind.DISCIPLINE))
        first = await self._office(root, Level.CITY, OfficeKind.GOVERNMENT)
        second = await self._office(root, Level.CITY, OfficeKind.GOVERNMENT)
        await self._institutions(first, certain=_INSTITUTIONS)
        await self._below(first, least=2)
        await self._institutions(second, certain=())
        await self._below(second, least=1)
        for office in self.offices:
            await self._staff(office)
        await self._person(root, (Role.PLATFORM_OPERATOR,))

    async def _below(self, government: Office, *, least: int) -> None:
        """Governments of the next level or a lower one: cities without counties and counties without towns exist."""
        lower = [level for level in Level if level.order > Level(government.level).order]
        if not lower:
            return
        level = lower[1] if len(lower) > 1 and self._pick.random() < 0.25 else lower[0]
        for _ in range(max(least, self._pick.randint(0, 2))):
            if len(self.offices) >= MOST_OFFICES:
                return
            child = await self._office(government, level, OfficeKind.GOVERNMENT)
            if self._pick.random() < 0.7:
                await self._institutions(child, certain=())
            await self._below(child, least=1 if level.order < Level.TOWN.order else 0)

    async def _institutions(self, government: Office, *, certain: Sequence[OfficeKind]) -> None:
        level = Level(government.level)
        if level is Level.VILLAGE:
            return
        for kind in _INSTITUTIONS:
            if kind in certain or (len(self.offices) < MOST_OFFICES and self._pick.random() < 0.35):
                await self._office(government, level, kind)
        if self._pick.random() < 0.5:
            fields = [self._pick.choice(FIELDS)] if self._pick.random() < 0.7 else []
            await self._office(government, level, OfficeKind.DEPARTMENT, fields)

    async def _office(
        self, parent: Office | None, level: Level, kind: OfficeKind, fields: Sequence[str] = ()
    ) -> Office:
        number = next(self._numbers)
        office = await changes.create(
            self._uow,
            parent=parent,
            level=level,
            kind=kind,
            code=f"P{number:03d}",
            name=f"{kind.title()} {number}",
            fields=fields,
            cause=Cause(self._since, "country"),
        )
        self.offices.append(office)
        return office

    async def _staff(self, office: Office) -> None:
        first = await self._person(office, self._pick.choice(_SORTERS))
        for _ in range(self._pick.choice((0, 1, 1, 2))):
            await self._person(office, self._pick.choice(_OTHERS))
        if self._pick.random() < 0.15:
            elsewhere = [each for each in self.offices if each is not office]
            await self._post(first, self._pick.choice(elsewhere), self._pick.choice(_OTHERS[:4]))

    async def _person(self, office: Office, roles: Sequence[str]) -> Person:
        person = Person(name=f"Officer {next(self._numbers)}", created_at=self._since, deactivated_at=None)
        self._uow.session.add(person)
        await self._uow.session.flush()
        await self._post(person, office, roles)
        return person

    async def _post(self, person: Person, office: Office, roles: Sequence[str]) -> None:
        self._uow.session.add(
            Membership(
                person_id=person.id,
                office_id=office.id,
                roles=list(roles),
                # Who leads an office is its head: only heads approve what the rules reserve to them.
                rank="UNIT_HEAD" if is_leader(roles) else "STAFF",
                portfolios=[],
                post="",
                valid_from=self._since,
                valid_to=None,
            )
        )
        await self._uow.session.flush()


async def build_country(database: Database, pick: Random, *, since: datetime) -> None:
    """Store a random country in an empty database."""
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        await Builder(uow, pick, since).build()
