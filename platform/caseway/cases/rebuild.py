"""Proving that a case's row and its chain of custody are what the ledger says, and making the row so again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from caseway.cases.models import Case, CaseGrant
from caseway.cases.record import fold
from caseway.cases.repository import COPIED
from caseway.ledger.models import LedgerEvent

#: Several events of one operation follow each other by microseconds; the interval starts at the operation's instant.
_ONE_OPERATION = timedelta(milliseconds=1)


class Held(Protocol):
    """One interval of custody, as stored."""

    seq: int
    office_id: int
    from_at: datetime
    to_at: datetime | None
    order_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval of custody, as the ledger tells it."""

    office_id: int
    from_at: datetime
    order_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something stored that is not what the events say."""

    city_id: int
    case_id: uuid.UUID
    #: A column of ``cases``, or ``custody[n]``.
    what: str
    stored: str
    rebuilt: str


def row_differences(case: Case, events: Sequence[LedgerEvent], *, due_at: datetime | None) -> list[Difference]:
    """The columns of the row that its events do not give. ``due_at`` is what the case's clock events give: the row and
    the ledger must both agree with it."""
    found = [
        _difference(case, name, getattr(case, name), value)
        for name, value in fold(events).items()
        if getattr(case, name) != value
    ]
    if case.due_at != due_at:
        found.append(_difference(case, "due_at by the clocks", case.due_at, due_at))
    return found


def custody_differences(case: Case, events: Sequence[LedgerEvent], chain: Sequence[Held]) -> list[Difference]:
    """Where the stored intervals, in order, are not those of the events, or do not join (INV-01, INV-02)."""
    told = custody_chain(events)
    found = []
    for number in range(max(len(told), len(chain))):
        rebuilt = told[number] if number < len(told) else None
        stored = chain[number] if number < len(chain) else None
        if stored is None or rebuilt is None or not _same(stored, rebuilt):
            found.append(_difference(case, f"custody[{number}]", _shown(stored), rebuilt))
            continue
        following = chain[number + 1].from_at if number + 1 < len(chain) else None
        if (stored.seq, stored.to_at) != (number, following):
            found.append(_difference(case, f"custody[{number}] end", (stored.seq, stored.to_at), (number, following)))
    return found


def grant_differences(case: Case, grants: Sequence[CaseGrant]) -> list[Difference]:
    """The copies of the row that its grants do not have as the row has them."""
    return [
        _difference(case, f"{name} of the grant to office {grant.office_id}", getattr(grant, name), getattr(case, name))
        for grant in grants
        for name in COPIED
        if getattr(grant, name) != getattr(case, name)
    ]


def custody_chain(events: Sequence[LedgerEvent]) -> list[Interval]:
    """The intervals of custody that the events tell: one begins where an event names another holder, or the same one
    again by an order (after a merger the receiver of an order may be its sender's successor)."""
    chain: list[Interval] = []
    for event in events:
        holder_id = event.facts.get("set", {}).get("holder_id")
        order_id = event.facts.get("order_id")
        if holder_id is None:
            continue
        if not chain or order_id is not None or chain[-1].office_id != holder_id:
            chain.append(Interval(holder_id, event.at, uuid.UUID(order_id) if order_id is not None and chain else None))
    return chain


def repair(case: Case, events: Sequence[LedgerEvent]) -> list[str]:
    """Set the row, which the caller has locked, to what its events say; answers the columns that changed. The ledger is
    the evidence and must have been verified before. The chain of custody is evidence of its own and never rewritten."""
    changed = {name: value for name, value in fold(events).items() if getattr(case, name) != value}
    for name, value in changed.items():
        setattr(case, name, value)
    return sorted(changed)


def _same(stored: Held, told: Interval) -> bool:
    begun = timedelta(0) <= told.from_at - stored.from_at < _ONE_OPERATION
    return begun and (stored.office_id, stored.order_id) == (told.office_id, told.order_id)


def _shown(stored: Held | None) -> Interval | None:
    return Interval(stored.office_id, stored.from_at, stored.order_id) if stored is not None else None


def _difference(case: Case, what: str, stored: Any, rebuilt: Any) -> Difference:
    return Difference(case.city_id, case.id, what, _text(stored), _text(rebuilt))


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
