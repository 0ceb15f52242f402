"""Offices, staff and cases for tests: every argument is optional, and says only what the test is about.

The writes of the factories are those of the platform itself; what a test does afterwards goes through real services
with the real policy.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from caseway.access.actor import SYSTEM_ACTOR, Actor
from caseway.cases import record, registration, repository
from caseway.cases.models import Case, Matter
from caseway.cases.registration import Entry, PetitionerEntry
from caseway.cases.workflow import Channel, PetitionClass, Stage, is_open
from caseway.custody.models import Custody
from caseway.db.base import new_id
from caseway.db.crypto import KeyRing
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.ledger.models import LedgerEvent
from caseway.people.models import Membership, Person
from caseway.tenancy.models import Level, Office, OfficeKind

#: Wednesday 2026-04-15, 09:00 in Shanghai: "now" of tests that do not care.
T0 = datetime(2026, 4, 15, 1, tzinfo=UTC)
#: Before anything happens: offices and posts exist since then.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TEST_KEYS = KeyRing(bytes(range(32)))

#: Calls a service as a mutation does; a fixture of the test folders.
Do = Callable[..., Awaitable[Any]]

_numbers = itertools.count(1)


def days(number: float) -> timedelta:
    """That many days, to add to ``T0``."""
    return timedelta(days=number)


@asynccontextmanager
async def platform_unit(database: Database) -> AsyncIterator[UnitOfWork]:
    """A unit of work of the platform itself, as the worker opens them."""
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        yield uow


async def make_office(
    database: Database,
    *,
    parent: Office | None = None,
    kind: OfficeKind = OfficeKind.GOVERNMENT,
    level: Level | None = None,
    code: str | None = None,
    name: str | None = None,
    fields: Sequence[str] = (),
    suspended: bool = False,
) -> Office:
    """An office; without ``parent`` a city of its own. A government is one level below its parent, anything else has
    its parent's level."""
    levels = list(Level)
    if level is None:
        above = levels.index(Level(parent.level)) if parent is not None else 0
        level = levels[min(above + 1, len(levels) - 1)] if kind is OfficeKind.GOVERNMENT else levels[above]
    number = next(_numbers)
    office = Office(
        parent_id=parent.id if parent is not None else None,
        level=level,
        kind=kind,
        code=code or f"T{number:05d}",
        name=name or f"{kind.title()} {number}",
        path=".",
        depth=parent.depth + 1 if parent is not None else 1,
        fields=list(fields),
        committee_kind=None,
        backstop_id=None,
        valid_from=LONG_AGO,
        valid_to=None,
        successor_id=None,
        suspended_at=LONG_AGO if suspended else None,
    )
    async with platform_unit(database) as uow:
        uow.session.add(office)
        await uow.session.flush()
        chain = (*(parent.chain if parent is not None else ()), office.id)
        office.path = "".join(f"{each}." for each in chain)
        for depth in range(1, 7):
            setattr(office, f"l{depth}", chain[depth - 1] if depth <= len(chain) else 0)
        city = parent.city_id if parent is not None and Level(parent.level).order >= Level.CITY.order else 0
        office.city_id = city or office.id
    return office


async def make_person(
    database: Database,
    *,
    office: Office | None = None,
    roles: Iterable[str] = ("handler",),
    rank: str = "STAFF",
    portfolios: Iterable[str] = (),
    name: str | None = None,
    since: datetime = LONG_AGO,
    until: datetime | None = None,
) -> Person:
    """A member of staff; with ``office`` they have a post there."""
    person = Person(name=name or f"Officer {next(_numbers)}", created_at=LONG_AGO, deactivated_at=None)
    async with platform_unit(database) as uow:
        uow.session.add(person)
        await uow.session.flush()
    if office is not None:
        await make_post(
            database, person, office, roles=roles, rank=rank, portfolios=portfolios, since=since, until=until
        )
    return person


async def make_post(
    database: Database,
    person: Person,
    office: Office,
    *,
    roles: Iterable[str] = ("handler",),
    rank: str = "STAFF",
    portfolios: Iterable[str] = (),
    since: datetime = LONG_AGO,
    until: datetime | None = None,
) -> Membership:
    """A (further) post of a person."""
    post = Membership(
        person_id=person.id,
        office_id=office.id,
        roles=list(roles),
        rank=rank,
        portfolios=list(portfolios),
        post="",
        valid_from=since,
        valid_to=until,
    )
    async with platform_unit(database) as uow:
        uow.session.add(post)
    return post


async def make_actor(
    database: Database,
    office: Office | None = None,
    *,
    roles: Iterable[str] = ("handler",),
    person: Person | None = None,
    rank: str = "STAFF",
    portfolios: Iterable[str] = (),
    now: datetime = T0,
) -> Actor:
    """Somebody acting for an office; without ``person`` a new member of its staff. ``bars`` covers every post that the
    person holds at ``now``."""
    office = office or await make_office(database)
    if person is None:
        person = await make_person(database, office=office, roles=roles, rank=rank, portfolios=portfolios)
    async with database.reader(SYSTEM_SCOPE) as session:
        chains = await repository.chains(session, [person.id], at=now)
        seat = await session.get(Office, office.seat_id)
    assert seat is not None
    return Actor(
        person_id=person.id,
        name=person.name,
        office_id=office.id,
        office_path=office.path,
        office_name=office.name,
        level=office.level,
        kind=office.kind,
        seat_id=seat.id,
        seat_path=seat.path,
        city_id=office.city_id,
        roles=tuple(roles),
        rank=rank,
        portfolios=tuple(portfolios),
        bars=(*sorted(chains.get(person.id, ())), -person.id),
        locale="zh-CN",
    )


async def make_case(
    database: Database,
    *,
    holder: Office | None = None,
    stage: Stage = Stage.REGISTERED,
    petition_class: PetitionClass = PetitionClass.APPEAL_CLAIM,
    channel: Channel = Channel.LETTER,
    field: str = "LAND",
    place_code: str = "330402100",
    assignee: Actor | Person | None = None,
    lead: Actor | Person | None = None,
    registrar: Actor | None = None,
    accused: Sequence[Office] = (),
    accused_persons: Sequence[Person] = (),
    title: str = "征地补偿款未发放",
    claim: str = "请求依法发放征地补偿款。",
    petitioners: Sequence[PetitionerEntry] = (PetitionerEntry(name="张三", phone="13800000001"),),
    group_size: int = 1,
    name_consent: bool = False,
    received_at: datetime | None = None,
    at: datetime = T0,
    due_at: datetime | None = None,
    keyring: KeyRing = TEST_KEYS,
) -> Case:
    """A case that an office registered at ``at`` and holds, with its matter, one registration and its first interval of
    custody. Another ``stage`` is simply set: no clock runs and nobody was told."""
    holder = holder or await make_office(database)
    by = registrar or SYSTEM_ACTOR
    city_id, matter_id = holder.city_id, new_id()
    received_at = received_at or at
    offices, persons = [each.id for each in accused], [each.id for each in accused_persons]
    columns: dict[str, Any] = {
        "matter_id": matter_id,
        "stage": stage,
        "is_open": is_open(stage),
        "petition_class": petition_class,
        "channel": channel,
        "field": field,
        "place_code": place_code,
        **record.holder_changes(holder),
        "registering_office_id": holder.id,
        "assignee_id": _person_id(assignee),
        "lead_id": _person_id(lead),
        "barred": [*offices, *(-each for each in persons)],
        "accused_office_ids": offices,
        "accused_person_ids": persons,
        "group_size": group_size,
        "received_at": received_at,
        "registered_at": at,
        "due_at": due_at,
    }
    async with platform_unit(database) as uow:
        columns["number"] = await repository.free_number(uow, city_id=city_id, code=holder.code, at=at)
        matter = Matter(city_id=city_id, id=matter_id, field=field, place_code=place_code, opened_at=at)
        await repository.add(uow, matter)
        case = await record.begin(uow, city_id=city_id, case_id=new_id(), at=at, actor=by, columns=columns)
        first = Custody(
            city_id=city_id, case_id=case.id, seq=0, office_id=holder.id,
            from_at=at, to_at=None, order_id=None, follows_at=None,
        )  # fmt: skip
        await repository.add(uow, first)
        entry = Entry(
            channel=channel,
            received_at=received_at,
            title=title,
            claim=claim,
            petitioners=tuple(petitioners),
            group_size=group_size,
            name_consent=name_consent,
        )
        await registration.write(uow, keyring, case, entry, at=at, actor=by, is_repeat=False)
    return case


async def make_grant(
    database: Database,
    case: Case,
    office: Office,
    kind: str,
    *,
    person: Actor | Person | None = None,
    at: datetime = T0,
    until_at: datetime | None = None,
) -> None:
    """A grant on a case, as an order would make it."""
    async with platform_unit(database) as uow:
        locked = await repository.lock(uow, case.city_id, case.id)
        changes = await repository.add_grant(
            uow, locked,
            office_id=office.id, kind=kind, person_id=_person_id(person), at=at, until_at=until_at,
        )  # fmt: skip
        await record.record(uow, locked, type="case.copied", at=at, actor=SYSTEM_ACTOR, changes=changes)


async def refreshed(database: Database, case: Case) -> Case:
    """The case as it is stored now, seen by the platform."""
    async with database.reader(SYSTEM_SCOPE) as session:
        found = await repository.get(session, case.city_id, case.id)
    assert found is not None
    return found


async def events(database: Database, case: Case) -> list[LedgerEvent]:
    """The case's ledger, oldest first."""
    statement = (
        select(LedgerEvent)
        .where(LedgerEvent.city_id == case.city_id, LedgerEvent.case_id == case.id)
        .order_by(LedgerEvent.seq)
    )
    async with database.reader(SYSTEM_SCOPE) as session:
        return list(await session.scalars(statement))


async def snapshot(database: Database, case: Case) -> dict[str, Any]:
    """Everything stored in the case's row, to prove that a refusal changed nothing (every change is in ``version``)."""
    found = await refreshed(database, case)
    return {column.key: getattr(found, column.key) for column in Case.__table__.columns}


def case_key(case: Case) -> dict[str, Any]:
    """``city_id`` and ``case_id``, as services take them."""
    return {"city_id": case.city_id, "case_id": case.id}


def _person_id(who: Actor | Person | None) -> int:
    match who:
        case Actor():
            return who.person_id
        case Person():
            return who.id
        case _:
            return 0


@dataclass(frozen=True, slots=True)
class Town:
    """City > county > two towns; the first town has a clerk, a handler, a dispatcher and a head."""

    city: Office
    county: Office
    town: Office
    other_town: Office
    discipline: Office
    clerk: Actor
    handler: Actor
    dispatcher: Actor
    head: Actor


async def make_town(database: Database) -> Town:
    """Offices and staff of one town and its surroundings."""
    city = await make_office(database, name="嘉兴市")
    county = await make_office(database, parent=city, name="南湖区")
    town = await make_office(database, parent=county, name="凤桥镇")
    return Town(
        city=city,
        county=county,
        town=town,
        other_town=await make_office(database, parent=county, name="余新镇"),
        discipline=await make_office(database, parent=county, kind=OfficeKind.DISCIPLINE, name="南湖区纪委监委"),
        clerk=await make_actor(database, town, roles=["clerk"]),
        handler=await make_actor(database, town, roles=["handler"]),
        dispatcher=await make_actor(database, town, roles=["dispatcher"]),
        head=await make_actor(database, town, roles=["leader"], rank="SECTION_HEAD"),
    )
