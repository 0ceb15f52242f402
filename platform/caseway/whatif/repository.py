"""Reading the past of many cases at once; the only place of the slice that holds SQL."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.models import Case, Registration
from caseway.clocks.models import ClockEvent
from caseway.custody.models import Custody, Order
from caseway.escalation.counters import Occurrence
from caseway.escalation.models import Escalation
from caseway.ledger.models import LedgerEvent
from caseway.rules.models import RuleBook, RuleBookVersion, VersionState
from caseway.rules.rows import BookRole
from caseway.tenancy.models import Office, OfficeEvent
from caseway.whatif.history import History

#: (home city, id) of a case.
Key = tuple[int, uuid.UUID]
#: Events of an office after which it stands elsewhere in the tree, or does what another did.
_MOVES = ("moved", "succeeded", "split", "merged", "abolished")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk over the cases of an area has arrived: everything up to there is done."""

    office_id: int
    case_id: uuid.UUID


async def holders(session: AsyncSession, office: Office) -> list[int]:
    """The offices of an area, also those that are closed by now, that ever held a case, by their ids."""
    rows = await session.scalars(
        select(Office.id).where(_below(office), exists().where(Custody.office_id == Office.id)).order_by(Office.id)
    )
    return list(rows)


async def keys(
    session: AsyncSession,
    office: Office,
    holding: Sequence[int],
    *,
    since: datetime,
    after: Place | None,
    limit: int,
) -> list[tuple[Place, Key]]:
    """A part of the cases that an area has held since an instant, office by office (``holders``); each case once, with
    the first of them that held it."""
    found: list[tuple[Place, Key]] = []
    for office_id in holding:
        if after is not None and office_id < after.office_id:
            continue
        after_id = after.case_id if after is not None and office_id == after.office_id else None
        rows = await session.execute(
            select(Custody.city_id, Custody.case_id)
            .where(
                Custody.office_id == office_id,
                _since(Custody.to_at, since),
                true() if after_id is None else Custody.case_id > after_id,
                _is_first(office, since),
            )
            .order_by(Custody.case_id)
            .limit(limit - len(found))
        )
        found += [(Place(office_id, case_id), (city_id, case_id)) for city_id, case_id in rows]
        if len(found) == limit:
            break
    return found


async def newest_keys(session: AsyncSession, office: Office, *, since: datetime, limit: int) -> list[Key]:
    """The cases that were registered last among those that an area has held since an instant, newest first."""
    rows = await session.execute(
        select(Custody.city_id, Custody.case_id)
        .join(Office, Office.id == Custody.office_id)
        .where(_below(office), _since(Custody.to_at, since))
        .group_by(Custody.city_id, Custody.case_id)
        .order_by(Custody.case_id.desc(), Custody.city_id)
        .limit(limit)
    )
    return [(city_id, case_id) for city_id, case_id in rows]


def _below(office: Office) -> ColumnElement[bool]:
    """An office of the area: the one itself, or one below it."""
    level: ColumnElement[int] = getattr(Office, f"l{office.depth}")
    return level == office.id


def _since(to_at: Any, since: datetime) -> ColumnElement[bool]:
    return or_(to_at.is_(None), to_at >= since)


def _is_first(office: Office, since: datetime) -> ColumnElement[bool]:
    earlier = Custody.__table__.alias("earlier")
    return ~(
        select(earlier.c.seq)
        .join(Office, Office.id == earlier.c.office_id)
        .where(
            earlier.c.city_id == Custody.city_id,
            earlier.c.case_id == Custody.case_id,
            earlier.c.seq < Custody.seq,
            _below(office),
            _since(earlier.c.to_at, since),
        )
        .exists()
    )


async def not_hidden(session: AsyncSession, wanted: Sequence[Key]) -> set[Key]:
    """Those of some cases that the session's scope shows."""
    if not wanted:
        return set()
    rows = await session.execute(select(Case.city_id, Case.id).where(tuple_(Case.city_id, Case.id).in_(wanted)))
    return {(city_id, case_id) for city_id, case_id in rows}


async def histories(session: AsyncSession, wanted: Sequence[Key]) -> list[History]:
    """Everything stored about some cases, in the order in which they are asked for. What the session's scope hides is
    left out."""
    if not wanted:
        return []
    cases = {
        (row.city_id, row.id): row
        for row in await session.execute(
            select(Case.city_id, Case.id, Case.number, Case.matter_id).where(tuple_(Case.city_id, Case.id).in_(wanted))
        )
    }
    events = await _grouped(
        session,
        select(
            LedgerEvent.city_id, LedgerEvent.case_id, LedgerEvent.seq, LedgerEvent.type, LedgerEvent.at,
            LedgerEvent.facts,
        ).where(tuple_(LedgerEvent.city_id, LedgerEvent.case_id).in_(wanted)),
        LedgerEvent.seq,
    )  # fmt: skip
    clock_events = await _grouped(
        session,
        select(
            ClockEvent.city_id, ClockEvent.case_id, ClockEvent.seq, ClockEvent.clock_id, ClockEvent.kind,
            ClockEvent.event, ClockEvent.at, ClockEvent.office_id, ClockEvent.order_id, ClockEvent.facts,
        ).where(tuple_(ClockEvent.city_id, ClockEvent.case_id).in_(wanted)),
        ClockEvent.seq,
    )  # fmt: skip
    orders = await _grouped(
        session,
        select(
            Order.city_id, Order.case_id, Order.id, Order.kind, Order.state, Order.sender_id, Order.receiver_id,
            Order.sent_at, Order.delivered_at, Order.signed_at, Order.objected_at, Order.ended_at, Order.stage_before,
        ).where(tuple_(Order.city_id, Order.case_id).in_(wanted)),
        Order.sent_at,
        Order.id,
    )  # fmt: skip
    registrations = await _registrations(session, [(row.city_id, row.matter_id) for row in cases.values()])
    escalations = await _escalations(session, wanted)
    return [
        History(
            city_id=key[0],
            case_id=key[1],
            number=cases[key].number,
            events=events.get(key, []),
            clock_events=clock_events.get(key, []),
            orders=orders.get(key, []),
            registrations=registrations.get((key[0], cases[key].matter_id), []),
            escalations=escalations.get(key, []),
        )
        for key in wanted
        if key in cases
    ]


async def _grouped(session: AsyncSession, statement: Any, *order: Any) -> dict[Key, list[Row[Any]]]:
    """Rows by their case; the statement selects ``city_id`` and ``case_id`` first."""
    city_id, case_id = list(statement.selected_columns)[:2]
    rows = await session.execute(statement.order_by(city_id, case_id, *order))
    return {key: list(group) for key, group in groupby(rows, key=lambda row: (row[0], row[1]))}


async def _registrations(session: AsyncSession, matters: Iterable[Key]) -> dict[Key, list[tuple[datetime, Occurrence]]]:
    rows = await session.execute(
        select(
            Registration.city_id, Registration.matter_id, Registration.registered_at, Registration.id,
            Registration.received_at, Registration.channel, Registration.group_size, Office.level,
        )
        .join(Office, Office.id == Registration.office_id)
        .where(tuple_(Registration.city_id, Registration.matter_id).in_(list(matters)))
        .order_by(Registration.city_id, Registration.matter_id, Registration.received_at, Registration.id)
    )  # fmt: skip
    found: dict[Key, list[tuple[datetime, Occurrence]]] = {}
    for city_id, matter_id, registered_at, id_, at, channel, group_size, level in rows:
        occurrence = Occurrence(id_, at, channel, group_size, level)
        found.setdefault((city_id, matter_id), []).append((registered_at, occurrence))
    return found


async def _escalations(session: AsyncSession, wanted: Sequence[Key]) -> dict[Key, list[Escalation]]:
    began = func.coalesce(Escalation.raised_at, Escalation.proposed_at)
    rows = await session.scalars(
        select(Escalation)
        .where(tuple_(Escalation.city_id, Escalation.case_id).in_(wanted))
        .order_by(Escalation.city_id, Escalation.case_id, began, Escalation.id)
    )
    return {key: list(group) for key, group in groupby(rows, key=lambda row: (row.city_id, row.case_id))}


async def last_moves(session: AsyncSession, office_ids: Collection[int]) -> dict[int, datetime]:
    """When each of these offices was last moved, merged or split; offices that never were are left out."""
    rows = await session.execute(
        select(OfficeEvent.office_id, func.max(OfficeEvent.at))
        .where(OfficeEvent.office_id.in_(set(office_ids)), OfficeEvent.type.in_(_MOVES))
        .group_by(OfficeEvent.office_id)
    )
    return {row[0]: row[1] for row in rows}


async def rule_days(session: AsyncSession, office_ids: Collection[int], *, until: date) -> list[date]:
    """The days (Asia/Shanghai) until a day on which any book that can matter to these offices took effect anew, in
    order: between two of them the effective rules do not change."""
    rows = await session.scalars(
        select(RuleBookVersion.effective_from)
        .join(RuleBook, RuleBook.id == RuleBookVersion.book_id)
        .where(
            RuleBookVersion.state == VersionState.PUBLISHED,
            RuleBookVersion.effective_from <= until,
            or_(RuleBook.role == BookRole.LAW, and_(RuleBook.office_id.in_(set(office_ids)))),
        )
        .distinct()
        .order_by(RuleBookVersion.effective_from)
    )
    return [day for day in rows if day is not None]
