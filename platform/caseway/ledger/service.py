"""Appending to the ledger, proving that it is whole, and folding it into what it says about a case."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.base import new_id
from caseway.ledger import repository
from caseway.ledger.hashing import GENESIS, encode, event_hash
from caseway.ledger.models import LedgerEvent


class FaultKind(StrEnum):
    """What can be wrong with the chain of a case."""

    #: There is no event at all.
    EMPTY = "EMPTY"
    #: Events are missing before this one.
    GAP = "GAP"
    #: The event was changed after it was written: its hash is not that of its content.
    CHANGED = "CHANGED"
    #: The event does not follow the one before it: it carries another hash than that one has.
    LINK = "LINK"
    #: The case's row names another newest event: events were cut off or replaced at the end, or the row was changed.
    HEAD = "HEAD"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a chain, and where."""

    city_id: int
    case_id: uuid.UUID
    #: Number of the event at fault; 0 if it is none in particular.
    seq: int
    kind: FaultKind
    detail: str


@dataclass(frozen=True, slots=True)
class Head:
    """What the case's row says about its newest event: the version is the event's number."""

    version: int
    ledger_hash: bytes


async def append(
    session: AsyncSession,
    *,
    city_id: int,
    case_id: uuid.UUID,
    seq: int,
    prev_hash: bytes,
    type: str,
    at: datetime,
    person_id: int,
    office_id: int,
    reason: str | None,
    facts: Mapping[str, Any],
) -> bytes:
    """Add event number ``seq`` behind the event with ``prev_hash`` (``GENESIS`` for the first) and answer its hash.

    The caller holds the case's row locked. ``facts`` may hold ids, instants and enumerations; they are stored as text.
    """
    event = LedgerEvent(
        city_id=city_id,
        case_id=case_id,
        seq=seq,
        id=new_id(),
        type=str(type),
        at=at,
        person_id=person_id,
        office_id=office_id,
        reason=reason,
        facts=encode(facts),
        prev_hash=prev_hash,
    )
    event.hash = _hash(event)
    session.add(event)
    return event.hash


async def verify(session: AsyncSession, city_id: int, case_id: uuid.UUID, *, head: Head | None = None) -> list[Fault]:
    """Everything wrong with the chain of a case; ``head`` is what its row says, if that is to be proved as well."""
    return check(city_id, case_id, await repository.events(session, city_id, case_id), head)


@dataclass(frozen=True, slots=True)
class Report:
    """What a look at many chains found."""

    cases: int
    events: int
    faults: Sequence[Fault]


async def verify_all(
    session: AsyncSession,
    progress: Callable[[int, int], None] = lambda cases, events: None,
    *,
    city_id: int | None = None,
    number: str | None = None,
) -> Report:
    """Prove every chain (of a city, of a case number) against its events and its row, a page at a time. ``progress`` is
    told the cases and events looked at so far."""
    cases = events = 0
    faults: list[Fault] = []
    async for chain in repository.chains(session, city_id=city_id, number=number):
        faults += check(chain.city_id, chain.case_id, chain.events, Head(chain.version, chain.ledger_hash))
        cases += 1
        events += len(chain.events)
        progress(cases, events)
    return Report(cases, events, faults)


def check(city_id: int, case_id: uuid.UUID, events: Sequence[LedgerEvent], head: Head | None = None) -> list[Fault]:
    """The faults of a chain, given its events in order."""
    faults: list[Fault] = []

    def fault(seq: int, kind: FaultKind, detail: str) -> None:
        faults.append(Fault(city_id, case_id, seq, kind, detail))

    expected, previous = 1, GENESIS
    for event in events:
        if event.seq != expected:
            fault(event.seq, FaultKind.GAP, f"the event before has number {expected - 1}, this one {event.seq}")
        elif event.prev_hash != previous:
            fault(event.seq, FaultKind.LINK, "it does not carry the hash of the event before")
        if not _is_intact(event):
            fault(event.seq, FaultKind.CHANGED, "its hash is not the hash of its content")
        expected, previous = event.seq + 1, event.hash
    if not events:
        fault(0, FaultKind.EMPTY, "the case has no event")
    elif head is not None and (head.version, head.ledger_hash) != (expected - 1, previous):
        fault(
            expected - 1,
            FaultKind.HEAD,
            f"the case's row stands at event {head.version}, the ledger ends with {expected - 1}"
            if head.version != expected - 1
            else "the case's row carries another hash than the newest event",
        )
    return faults


class HasFacts(Protocol):
    """Anything that carries the facts of an event."""

    @property
    def facts(self) -> dict[str, Any]: ...


def project(events: Iterable[HasFacts]) -> dict[str, Any]:
    """What the events say the case's columns are now: later ones win. Values are as stored (ids and instants as
    text)."""
    state: dict[str, Any] = {}
    for event in events:
        state |= event.facts.get("set", {})
    return state


def _hash(event: LedgerEvent) -> bytes:
    return event_hash(
        event.prev_hash,
        city_id=event.city_id,
        case_id=event.case_id,
        seq=event.seq,
        id=event.id,
        type=event.type,
        at=event.at,
        person_id=event.person_id,
        office_id=event.office_id,
        reason=event.reason,
        facts=event.facts,
    )


def _is_intact(event: LedgerEvent) -> bool:
    try:
        return _hash(event) == event.hash
    except (TypeError, ValueError):
        return False  # it holds something that was never written
