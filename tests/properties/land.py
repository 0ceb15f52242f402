"""What the machine knows of its country at each instant, read past every lock, and how it acts in somebody's name."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

import psycopg
from sqlalchemy import select

from caseway.access.actor import Actor
from caseway.access.facts import case_facts
from caseway.access.permissions import Permission, Role
from caseway.access.policy import Policy
from caseway.cases.models import Case, CaseGrant, CaseRecord, Petitioner, Recusal
from caseway.clocks.models import ClockEvent, Timer
from caseway.custody.models import CompetenceDecision, Custody, Order
from caseway.db.base import Model
from caseway.db.crypto import KeyRing
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.ledger.models import LedgerEvent
from caseway.people.models import Membership, Person
from caseway.people.service import as_actor
from caseway.tenancy.models import Office

_T = TypeVar("_T")
MASTER = bytes(range(32))
#: Not written by the operations themselves, or written whatever becomes of them.
_BESIDE = {"access_event", "idempotent_result", "authz_epoch", "rate_bucket"}
_DIGEST = " union all ".join(
    f"select '{name}', count(*), md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) from {name} t"
    for name in sorted(Model.metadata.tables)
    if name not in _BESIDE
)
# The parts of a union may run in parallel and come in any order.
_DIGEST += " order by 1"


class NothingToDo(Exception):
    """Nobody or nothing in the country fits this step now."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything stored about one case."""

    case: Case
    events: Sequence[LedgerEvent]
    clock_events: Sequence[ClockEvent]
    custody: Sequence[Custody]
    orders: Sequence[Order]
    grants: Sequence[CaseGrant]
    decisions: Sequence[CompetenceDecision]
    recusals: Sequence[Recusal]
    records: Sequence[CaseRecord]
    timers: Sequence[Timer]
    petitioners: Sequence[Petitioner]

    @property
    def key(self) -> dict[str, Any]:
        """``city_id`` and ``case_id``, as services take them."""
        return {"city_id": self.case.city_id, "case_id": self.case.id}

    @property
    def is_accusation(self) -> bool:
        """Whether it follows the discipline path."""
        return self.case.petition_class == "ACCUSATION"

    def order_key(self, order: Order) -> dict[str, Any]:
        """``city_id`` and ``order_id``, as services take them."""
        return {"city_id": self.case.city_id, "order_id": order.id}

    def live_grants(self, now: datetime) -> list[CaseGrant]:
        """The grants that count at an instant, or after the newest event: those of one operation follow each other by
        microseconds."""
        now = max(now, self.case.changed_at)
        return [grant for grant in self.grants if grant.until_at is None or grant.until_at > now]


@dataclass(slots=True)
class Land:
    """A country, its staff and its cases, as stored. Steps act through ``do``; ``refresh`` reads again."""

    db: Database
    sql: psycopg.Connection[Any]
    policy: Policy
    now: datetime
    offices: dict[int, Office] = field(default_factory=dict)
    posts: list[tuple[Person, Membership, Office]] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    files: dict[uuid.UUID, Dossier] = field(default_factory=dict)
    #: Reads of identity that services have answered, by case.
    identity_reads: Counter[uuid.UUID] = field(default_factory=Counter)
    #: Keys as one process has them in memory; another database has other keys.
    keys: KeyRing = field(default_factory=lambda: KeyRing(MASTER))

    # ---- acting

    async def do(self, operation: Callable[..., Awaitable[Any]], actor: Actor, *rings: Any, **given: Any) -> Any:
        """Call a service the way a mutation does: one unit of work under the actor's own scope."""
        async with self.db.unit(self.policy.scope(actor)) as uow:
            return await operation(uow, self.policy, *rings, actor=actor, now=self.now, **given)

    def pass_time(self, pick: Random) -> None:
        """Some minutes or hours until the next thing happens."""
        self.now += timedelta(minutes=pick.choice((1, 20, 90, 400)))

    # ---- choosing

    def choose(self, pick: Random, found: Iterable[_T]) -> _T:
        """One of them; ``NothingToDo`` if there is none."""
        if not (listed := list(found)):
            raise NothingToDo
        return pick.choice(listed)

    def cases(
        self,
        *stages: str,
        accusation: bool | None = None,
        is_open: bool | None = None,
        fits: Callable[[Dossier], bool] = lambda file: True,
    ) -> list[Dossier]:
        """The cases in these stages (any, if none is named) that fit."""
        return [
            file
            for file in self.files.values()
            if (not stages or file.case.stage in stages)
            and accusation in (None, file.is_accusation)
            and is_open in (None, file.case.is_open)
            and fits(file)
        ]

    def orders(self, *states: str, fits: Callable[[Order], bool] = lambda order: True) -> list[tuple[Dossier, Order]]:
        """The orders in these states that fit, with their cases."""
        return [
            (file, order)
            for file in self.files.values()
            for order in file.orders
            if order.state in states and fits(order)
        ]

    def allowed(self, file: Dossier, permission: Permission, *, office_id: int | None = None) -> list[Actor]:
        """Who may do it by the policy; in one office, if named."""
        return [
            actor
            for actor in self.actors
            if (office_id is None or actor.office_id == office_id)
            and self.policy.allows(actor, permission, self.facts(actor, file))
        ]

    def who(self, pick: Random, file: Dossier, permission: Permission, *, office_id: int | None = None) -> Actor:
        """Mostly somebody who may, sometimes anybody at all."""
        able = self.allowed(file, permission, office_id=office_id)
        return pick.choice(able if able and pick.random() < 0.9 else self.actors)

    def workable(self, pick: Random, files: Sequence[Dossier], permission: Permission) -> Dossier:
        """Mostly a case on which somebody may do it, sometimes any of them."""
        able = [file for file in files if self.allowed(file, permission)]
        return self.choose(pick, able if able and pick.random() < 0.95 else files)

    def workable_order(
        self,
        pick: Random,
        found: Sequence[tuple[Dossier, Order]],
        permission: Permission,
        office: Callable[[Dossier, Order], int],
    ) -> tuple[Dossier, Order, Actor]:
        """An order, mostly one with which somebody of the office can deal, and mostly that somebody."""
        able = [each for each in found if self.allowed(each[0], permission, office_id=office(*each))]
        file, order = self.choose(pick, able if able and pick.random() < 0.95 else found)
        return file, order, self.who(pick, file, permission, office_id=office(file, order))

    def facts(self, actor: Actor, file: Dossier) -> int:
        """The facts between an actor and a case, from the rows as they are."""
        return case_facts(actor, file.case, file.grants, now=self.now)

    def heir(self, office_id: int) -> Office:
        """The office, or the one that has its duties now."""
        office = self.offices[office_id]
        while office.successor_id is not None:
            office = self.offices[office.successor_id]
        return office

    def open_offices(self) -> list[Office]:
        """The offices that may receive cases."""
        return [office for office in self.offices.values() if office.is_open]

    def operator(self) -> Actor:
        """The one who runs the platform: changes offices and posts, sees no case."""
        return next(actor for actor in self.actors if Role.PLATFORM_OPERATOR in actor.roles)

    # ---- reading

    def digest(self) -> list[tuple[Any, ...]]:
        """Every row of every table in one line each: two equal digests mean that nothing was written."""
        return self.sql.execute(_DIGEST).fetchall()

    async def refresh(self) -> dict[uuid.UUID, Dossier | None]:
        """Read what changed. The cases that did, with what was known of them before."""
        async with self.db.reader(SYSTEM_SCOPE) as session:
            self.offices = {office.id: office for office in await session.scalars(select(Office).order_by(Office.id))}
            held = select(Person, Membership).join(Membership, Membership.person_id == Person.id)
            rows = await session.execute(held.order_by(Membership.id))
            self.posts = [
                (person, membership, self.offices[membership.office_id])
                for person, membership in rows
                if membership.valid_from <= self.now and (membership.valid_to is None or membership.valid_to > self.now)
            ]
            versions = (await session.execute(select(Case.id, Case.version).order_by(Case.id))).all()
            changed: dict[uuid.UUID, Dossier | None] = {}
            for case_id, version in versions:
                known = self.files.get(case_id)
                if known is None or known.case.version != version:
                    changed[case_id] = known
            for case_id in changed:
                self.files[case_id] = await self._load(session, case_id)
            timers: dict[uuid.UUID, list[Timer]] = {}
            for timer in await session.scalars(select(Timer).order_by(Timer.id)):
                timers.setdefault(timer.case_id, []).append(timer)
            # A timer that fired to no effect leaves no event behind.
            for case_id, file in self.files.items():
                self.files[case_id] = replace(file, timers=timers.get(case_id, []))
        places: dict[int, list[Office]] = {}
        for person, _, office in self.posts:
            places.setdefault(person.id, []).append(office)
        self.actors = [
            as_actor(person, membership, office, places[person.id])
            for person, membership, office in self.posts
            if office.valid_to is None
        ]
        return changed

    async def reload(self) -> None:
        """Read every case anew, whether or not its version says that it changed."""
        async with self.db.reader(SYSTEM_SCOPE) as session:
            for case_id in self.files:
                self.files[case_id] = await self._load(session, case_id)

    async def _load(self, session: Any, case_id: uuid.UUID) -> Dossier:
        async def rows(model: Any, *order: Any) -> list[Any]:
            return list(await session.scalars(select(model).where(model.case_id == case_id).order_by(*order)))

        return Dossier(
            case=(await session.scalars(select(Case).where(Case.id == case_id))).one(),
            events=await rows(LedgerEvent, LedgerEvent.seq),
            clock_events=await rows(ClockEvent, ClockEvent.seq),
            custody=await rows(Custody, Custody.seq),
            orders=await rows(Order, Order.sent_at, Order.id),
            grants=await rows(CaseGrant, CaseGrant.office_id),
            decisions=await rows(CompetenceDecision, CompetenceDecision.at),
            recusals=await rows(Recusal, Recusal.at),
            records=await rows(CaseRecord, CaseRecord.at, CaseRecord.id),
            timers=await rows(Timer, Timer.id),
            petitioners=await rows(Petitioner, Petitioner.id),
        )
