"""The only way to change a case row: every change is a ledger event, and the row is what the events fold to."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from caseway.access.actor import Actor
from caseway.cases import repository
from caseway.cases.hooks import listeners
from caseway.cases.models import Case
from caseway.db.session import UnitOfWork
from caseway.ledger import hashing
from caseway.ledger import service as ledger
from caseway.tenancy.models import Office, OfficeKind

#: Columns that say which case it is, and columns that follow from the newest event itself: never part of ``changes``.
IDENTITY = frozenset({"city_id", "id"})
DERIVED = frozenset({"changed_at", "version", "ledger_hash"})

_COLUMNS = {column.key: column.type.python_type for column in Case.__table__.columns}
_TICK = timedelta(microseconds=1)
_DECODERS: dict[type, Callable[[Any], Any]] = {
    datetime: lambda value: datetime.fromisoformat(value).astimezone(UTC),
    uuid.UUID: uuid.UUID,
}


class Folded(Protocol):
    """What folding needs of a ledger event."""

    city_id: int
    case_id: uuid.UUID
    seq: int
    at: datetime
    facts: dict[str, Any]
    hash: bytes


def encode(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Column values as the ledger stores them: instants and ids as text. ``decode`` undoes it.

    Raises ``ValueError`` for a column that does not exist or that follows from the event itself.
    """
    if unknown := sorted(name for name in changes if name not in _COLUMNS or name in IDENTITY | DERIVED):
        raise ValueError(f"not columns that an event may set: {', '.join(unknown)}")
    return {name: hashing.encode(value) for name, value in changes.items()}


def decode(encoded: Mapping[str, Any]) -> dict[str, Any]:
    """Column values as Python objects again, by the type of each column."""
    return {
        name: _DECODERS.get(_COLUMNS[name], lambda same: same)(value) if value is not None else None
        for name, value in encoded.items()
    }


def fold(events: Sequence[Folded]) -> dict[str, Any]:
    """The case row (column -> value) that these events, in order, make. No events make no row."""
    if not events:
        return {}
    newest = events[-1]
    identity = {"city_id": newest.city_id, "id": newest.case_id}
    derived = {"changed_at": newest.at, "version": newest.seq, "ledger_hash": newest.hash}
    return identity | decode(ledger.project(events)) | derived


def moment(case: Case, now: datetime) -> datetime:
    """The instant of the next event: ``now``, or just after the newest event if two fall on the same microsecond."""
    return max(now, case.changed_at + _TICK)


def holder_changes(office: Office) -> dict[str, Any]:
    """The columns that change when an office comes to hold a case: holder, its levels, nobody in charge yet."""
    levels = {f"l{depth}": office_id for depth, office_id in enumerate(office.levels, start=1)}
    return {
        "holder_id": office.id,
        "held_by_discipline": office.kind == OfficeKind.DISCIPLINE,
        **levels,
        "assignee_id": 0,
        "lead_id": 0,
    }


async def begin(
    uow: UnitOfWork,
    *,
    city_id: int,
    case_id: uuid.UUID,
    at: datetime,
    actor: Actor,
    columns: dict[str, Any],
    facts: dict[str, Any] | None = None,
) -> Case:
    """A new case row with its first event ``case.registered``. ``columns`` = every column that is not identity, derived
    or left at its default; defaults are written into the event too, so that the fold needs no model."""
    defaults = {
        column.key: column.default.arg({}) if column.default.is_callable else column.default.arg
        for column in Case.__table__.columns
        if column.default is not None
    }
    row = dict.fromkeys(name for name in _COLUMNS if name not in IDENTITY | DERIVED) | defaults | columns
    case = Case(city_id=city_id, id=case_id, version=0, ledger_hash=hashing.GENESIS, changed_at=at - _TICK, **row)
    uow.session.add(case)
    await uow.session.flush()
    await record(uow, case, type="case.registered", at=at, actor=actor, facts=facts, changes=row)
    return case


async def record(
    uow: UnitOfWork,
    case: Case,
    *,
    type: str,
    at: datetime,
    actor: Actor,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
    changes: dict[str, Any],
) -> int:
    """Append one event and apply its changes to the row, which the caller has locked. Returns the event's number, which
    is the case's new version. ``case.changed_at`` is then the event's instant: see ``moment``."""
    instant = moment(case, at)
    event_facts = dict(facts or {})
    if changes:
        event_facts["set"] = encode(changes)
    seq = case.version + 1
    ledger_hash = await ledger.append(
        uow.session,
        city_id=case.city_id,
        case_id=case.id,
        seq=seq,
        prev_hash=case.ledger_hash,
        type=type,
        at=instant,
        person_id=actor.person_id,
        # The platform has no office: its events belong to the office that holds the case at that instant.
        office_id=actor.office_id or case.holder_id,
        reason=reason,
        facts=event_facts,
    )
    for name, value in changes.items():
        setattr(case, name, _plain(value))
    case.version, case.ledger_hash, case.changed_at = seq, ledger_hash, instant
    await uow.session.flush()
    if seq > 1 and changes.keys() & repository.COPIED:
        await repository.copy_to_grants(uow.session, case)
    await listeners.recorded(uow, case, type, at=instant)
    return seq


def _plain(value: Any) -> Any:
    """What is stored: lists are copied, so that nobody changes a column without an event."""
    return list(value) if isinstance(value, list | tuple) else value
