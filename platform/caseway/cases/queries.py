"""Reading cases: one by id, pages of lists, counts, and the timeline, each only as far as the actor may see."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import false, func, not_
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import area_facts
from caseway.access.permissions import Permission, Visibility
from caseway.access.plans_sql import Branch, branches, predicate
from caseway.access.policy import Policy
from caseway.cases import loaders, repository, visibility
from caseway.cases.loaders import AreaCount, Criteria, Share
from caseway.cases.models import Case
from caseway.cases.texts import TITLE, Check
from caseway.cases.visibility import CaseView
from caseway.cases.workflow import PetitionClass
from caseway.db.keyset import Page, SortKey, Window
from caseway.ledger.models import LedgerEvent
from caseway.tenancy.models import Office

#: Counts stop here: a list that long is not worked through, and counting it further costs more than it tells.
MOST_COUNTED = 10_000
_SHORTEST_SEARCH = 2

#: Events that say no more than the stub: it came, it went to the competent body.
STUB_EVENTS = ("case.registered", "case.accusation_handed_over")
#: The answer, which earlier holders see (domain 5.5).
ANSWER_EVENTS = ("case.registered", "case.answered")
#: Even of its own time an office that has given a case away no longer sees who was kept from it, or who read it.
HIDDEN_FROM_PART = ("recusal.declared", "identity.read", "match.made", "reason.recorded", "case.withdrawn")


class CaseOrder(Enum):
    """The orders of lists, each ending in the id. A case without a running limit counts as due last."""

    DUE_AT_ASC = (SortKey(Case.due_at, nullable=True), SortKey(Case.id))
    DUE_AT_DESC = (SortKey(Case.due_at, descending=True, nullable=True), SortKey(Case.id, descending=True))
    REGISTERED_AT_ASC = (SortKey(Case.registered_at), SortKey(Case.id))
    REGISTERED_AT_DESC = (SortKey(Case.registered_at, descending=True), SortKey(Case.id, descending=True))
    RECEIVED_AT_ASC = (SortKey(Case.received_at), SortKey(Case.id))
    RECEIVED_AT_DESC = (SortKey(Case.received_at, descending=True), SortKey(Case.id, descending=True))

    def values_of(self, case: Case) -> tuple[Any, Any]:
        """The sort key values of a row, for its cursor."""
        return getattr(case, str(self.value[0].column.key)), case.id

    def columns(self, *, backwards: bool) -> list[tuple[str, str]]:
        """The columns of ``cases`` with what stands behind each in ORDER BY, for a page from this end."""
        return [(str(key.column.key), " desc" if key.descending is not backwards else "") for key in self.value]


#: What lists of stubs hold, and how they are sorted.
ACCUSATIONS = Criteria(classes=(PetitionClass.ACCUSATION,))
STUB_ORDER = CaseOrder.REGISTERED_AT_DESC
#: Number of sort keys in every order of cases, and in the timeline.
CASE_KEYS, TIMELINE_KEYS = 2, 1
TIMELINE_ORDER = "seq"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What clients narrow a list by."""

    stages: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    #: Cases that this office or one below it holds, as far as the actor sees them anyway.
    within: Office | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None
    is_open: bool | None = None
    #: True = open and past its due instant; false = not.
    is_overdue: bool | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event as shown: never the columns it changed, which hold the bars of the case."""

    seq: int
    id: uuid.UUID
    type: str
    at: datetime
    office_id: int
    #: 0 = the platform itself, or a person that is not shown.
    person_id: int
    reason: str | None
    facts: dict[str, Any]


async def one(
    session: AsyncSession, policy: Policy, actor: Actor, *, city_id: int, case_id: uuid.UUID, now: datetime
) -> CaseView | None:
    """The case as the actor sees it; None for "not there" and for "not yours" alike."""
    case = await repository.get(session, city_id, case_id)
    if case is None:
        return None
    return next(iter(await visibility.views(session, policy, actor, [case], now=now)), None)


async def cases(
    session: AsyncSession,
    policy: Policy,
    actor: Actor,
    *,
    criteria: CaseFilter,
    order: CaseOrder,
    page: Page,
    now: datetime,
) -> Window[CaseView]:
    """A page of the cases that the actor sees as cards."""
    ways = branches(policy, actor, asked(criteria), now=now, cases=Case)
    found = await loaders.page_of_cases(session, ways, conditions(criteria, now), order.value, page)
    seen = await visibility.views(session, policy, actor, found.rows, now=now)
    return Window(seen, has_next=found.has_next, has_previous=found.has_previous, page=found.page)


async def of_keys(
    session: AsyncSession, policy: Policy, actor: Actor, keys: Sequence[tuple[int, uuid.UUID]], *, now: datetime
) -> dict[tuple[int, uuid.UUID], CaseView]:
    """Those of some cases that the actor sees at least as cards."""
    found = await repository.by_keys(session, keys)
    seen = await visibility.views(session, policy, actor, found, now=now)
    return {(each.case.city_id, each.case.id): each for each in seen if each.visibility >= Visibility.CARD}


async def stubs(session: AsyncSession, policy: Policy, actor: Actor, *, page: Page, now: datetime) -> Window[CaseView]:
    """A page of the accusations of which the actor sees that they were handed over and no more, newest first."""
    ways = stub_branches(policy, actor, now=now)
    found = await loaders.page_of_cases(session, ways, ACCUSATIONS, STUB_ORDER.value, page)
    seen = await visibility.views(session, policy, actor, found.rows, now=now)
    return Window(seen, has_next=found.has_next, has_previous=found.has_previous, page=found.page)


def stub_branches(policy: Policy, actor: Actor, *, now: datetime) -> list[Branch]:
    """The ways to cases of which the actor sees a stub and no more."""
    ways = branches(policy, actor, Permission.CASE_STUB, now=now, cases=Case)
    cards = func.coalesce(predicate(policy, actor, Permission.CASE_CARD, now=now, cases=Case), false())
    return [way.narrowed(not_(cards)) for way in ways]


async def count(
    session: AsyncSession,
    policy: Policy,
    actor: Actor,
    *,
    criteria: CaseFilter,
    now: datetime,
) -> tuple[int, bool]:
    """How many cases the list holds, and whether there are more than could be counted (``MOST_COUNTED``)."""
    ways = branches(policy, actor, asked(criteria), now=now, cases=Case)
    found = await loaders.count_cases(session, ways, conditions(criteria, now), most=MOST_COUNTED + 1)
    return min(found, MOST_COUNTED), found > MOST_COUNTED


async def counts(session: AsyncSession, policy: Policy, actor: Actor, *, office: Office) -> list[AreaCount]:
    """How many cases the area of an office holds, by class; empty for those who do not count that area."""
    if not policy.allows(actor, Permission.CASE_COUNT, area_facts(actor, office.path)):
        return []
    return await loaders.area_counts(session, office.id)


async def timeline(session: AsyncSession, seen: CaseView, actor: Actor, page: Page) -> Window[TimelineEntry]:
    """What has happened to a case, oldest first: everything for those who see its history, the own part and the answer
    for an earlier holder, otherwise that it was registered and handed over."""
    found = await loaders.page_of_events(session, seen.case, _share(seen, actor), page)
    entries = [_entry(event, in_full=seen.may(Permission.CASE_HISTORY)) for event in found.rows]
    return Window(entries, has_next=found.has_next, has_previous=found.has_previous, page=found.page)


def asked(criteria: CaseFilter | Criteria) -> Permission:
    """What a list asks for. A search for words tells what a case says: it finds only what the actor may read."""
    return Permission.CASE_CONTENT if criteria.text is not None else Permission.CASE_CARD


def _share(seen: CaseView, actor: Actor) -> Share:
    if seen.may(Permission.CASE_HISTORY):
        return Share(everything=True)
    if seen.may(Permission.CASE_PART):
        return Share(types=ANSWER_EVENTS, office_id=actor.office_id, until_at=seen.held_until, hidden=HIDDEN_FROM_PART)
    return Share(types=STUB_EVENTS)


def _entry(event: LedgerEvent, *, in_full: bool) -> TimelineEntry:
    own = {name: value for name, value in event.facts.items() if name != "set"}
    return TimelineEntry(
        seq=event.seq,
        id=event.id,
        type=event.type,
        at=event.at,
        office_id=event.office_id,
        person_id=event.person_id if in_full else 0,
        reason=event.reason if in_full else None,
        facts=own if in_full else {},
    )


def conditions(wanted: CaseFilter, now: datetime) -> Criteria:
    """A filter, checked, as conditions on rows. Raises ``InvalidInput`` for words that cannot be searched for."""
    check = Check()
    text = check.optional("text", wanted.text, TITLE)
    if text is not None and len(text) < _SHORTEST_SEARCH:
        check.problem("text", "TOO_SHORT", f"Search for at least {_SHORTEST_SEARCH} characters.")
    elif text is not None and not repository.grams(text):
        check.problem("text", "NOTHING_TO_SEARCH", "Search for letters or digits.")
    check.done()
    return Criteria(
        stages=wanted.stages,
        classes=wanted.classes,
        channels=wanted.channels,
        fields=wanted.fields,
        within=(wanted.within.id, wanted.within.depth) if wanted.within is not None else None,
        received_from=wanted.received_from,
        received_before=wanted.received_before,
        due_from=wanted.due_from,
        due_before=wanted.due_before,
        is_open=wanted.is_open,
        is_overdue=wanted.is_overdue,
        now=now,
        text=text,
    )
