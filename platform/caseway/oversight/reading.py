"""The SQL of reading roll-ups, and of the cases behind them.

A question reads the roll-ups of one office, of whole years and months where they serve: as many rows as there are
combinations of dimensions in them, whether the area has a hundred offices or 700,000.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Text, and_, cast, func, literal, null, or_, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from caseway.cases.models import Case
from caseway.cases.workflow import PetitionClass
from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.oversight.counts import Count
from caseway.oversight.history import BY_DATE
from caseway.oversight.models import StatCell, StatMark
from caseway.oversight.rollups import CaseKey
from caseway.oversight.spans import Grain, Piece
from caseway.tenancy.models import Office

_MARK_LEVELS = (StatMark.l1, StatMark.l2, StatMark.l3, StatMark.l4, StatMark.l5, StatMark.l6)
#: The levels that a ledger event gave a case.
_LEVELS_SET = ", ".join(f"e.facts -> 'set' ->> 'l{depth}'" for depth in range(1, len(_MARK_LEVELS) + 1))
_CASE_LEVELS = (Case.l1, Case.l2, Case.l3, Case.l4, Case.l5, Case.l6)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which cases are counted: values of one dimension by OR, dimensions by AND; empty = all. Never accusations and
    other cases together."""

    classes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    accusations: bool = False

    @property
    def parts(self) -> tuple[object, ...]:
        """Everything that makes it different from another."""
        return (self.classes, self.channels, self.fields, self.stages, self.accusations)

    def fits(self, *, petition_class: str, channel: str, field: str, stage: str) -> bool:
        """The same of one entry."""
        pairs = ((self.classes, petition_class), (self.channels, channel), (self.fields, field), (self.stages, stage))
        is_accusation = petition_class == PetitionClass.ACCUSATION
        return is_accusation is self.accusations and all(not wanted or value in wanted for wanted, value in pairs)

    def conditions(self, table: Any, *, stages: bool) -> list[ColumnElement[bool]]:
        """The same of rows of a table with these columns."""
        found = [
            table.petition_class == PetitionClass.ACCUSATION
            if self.accusations
            else table.petition_class != PetitionClass.ACCUSATION
        ]
        pairs = [(table.petition_class, self.classes), (table.channel, self.channels), (table.field, self.fields)]
        if stages:
            pairs.append((table.stage, self.stages))
        return found + [column.in_(values) for column, values in pairs if values]


@dataclass(frozen=True, slots=True)
class Asked:
    """Some counts over some roll-ups; ``is_before`` = what there was before a period, never broken down."""

    counts: tuple[Count, ...]
    pieces: tuple[Piece, ...]
    is_before: bool = False


#: What sums are broken down by: a column of ``stat_cell``, stretches of time, or nothing.
Group = str | Grain | None
#: Whether it is what was before, the value it is broken down by, the count.
Key = tuple[bool, Any, Count]


async def sums(
    session: AsyncSession,
    office_id: int,
    asked: Sequence[Asked],
    *,
    by: Group,
    narrowing: Narrowing,
    unfinished: date | None,
) -> dict[Key, int]:
    """The sums that are not 0. ``unfinished`` = a day that is not over: limits that end with it have not passed."""
    parts = [
        _part(office_id, each, piece, by=by, narrowing=narrowing, unfinished=unfinished)
        for each in asked
        for piece in each.pieces
        if each.counts and not piece.is_empty
    ]
    if not parts:
        return {}
    found = union_all(*parts).subquery("found")
    keys = (found.c.is_before, found.c.by, found.c.what)
    rows = await session.execute(select(*keys, func.sum(found.c.amount)).group_by(*keys))
    return {(is_before, value, Count(what)): int(amount) for is_before, value, what, amount in rows if amount}


def _part(
    office_id: int, asked: Asked, piece: Piece, *, by: Group, narrowing: Narrowing, unfinished: date | None
) -> Any:
    group = _column(by)
    shown = group if not asked.is_before else cast(null(), group.type)
    conditions = [
        StatCell.office_id == office_id,
        StatCell.grain == int(piece.grain),
        StatCell.what.in_(asked.counts),
        StatCell.day.between(piece.first, piece.last),
        StatCell.known_on.between(piece.known_from, piece.known_to),
        *narrowing.conditions(StatCell, stages=True),
    ]
    if unfinished is not None and piece.grain is Grain.DAY and piece.last >= unfinished:
        conditions.append(or_(StatCell.stage != BY_DATE, StatCell.day != unfinished))
    return select(literal(asked.is_before).label("is_before"), shown.label("by"), StatCell.what, StatCell.amount).where(
        *conditions
    )


def _column(by: Group) -> Any:
    if by is None:
        return cast(null(), Text)
    if isinstance(by, Grain):
        return StatCell.day if by is Grain.DAY else cast(func.date_trunc(by.name.lower(), StatCell.day), Date)
    return getattr(StatCell, by)


async def barred_in(session: AsyncSession, area: int, *, bars: Collection[int]) -> dict[CaseKey, int]:
    """The cases barred to somebody that were ever held in the area of an office, wherever it stood in the tree then;
    each with how far it is counted."""
    rows = await session.execute(
        text("select s.city_id, s.case_id, s.seq from cases c join stat_case s on s.city_id = c.city_id "
             "and s.case_id = c.id where c.barred <> '{}' and c.barred && cast(:bars as int[]) and exists (select from "
             "ledger_event e where e.city_id = c.city_id and e.case_id = c.id "
             f"and cast(:area as text) in ({_LEVELS_SET})) order by 1, 2"),
        {"bars": list(bars), "area": str(area)},
    )  # fmt: skip
    return {(city_id, case_id): seq for city_id, case_id, seq in rows}


@dataclass(frozen=True, slots=True)
class Behind:
    """One case behind a number, with its place in the list."""

    key: CaseKey
    place: tuple[Any, ...]


#: Newest first. What happened: its day, the case, the event; what is open: when it was registered, the case.
FLOW_KEYS = tuple(SortKey(column, descending=True) for column in (StatMark.day, StatMark.case_id, StatMark.seq))
STOCK_KEYS = tuple(SortKey(column, descending=True) for column in (Case.registered_at, Case.id))


async def behind_flow(
    session: AsyncSession,
    area: Office,
    what: Count,
    *,
    own: bool,
    moved: bool,
    first: date,
    last: date,
    as_of: date,
    narrowing: Narrowing,
    visible: ColumnElement[bool],
    page: Page,
) -> Window[Behind]:
    """What happened in an area in a period, newest first, as far as the cases are visible now: once for each time.
    ``moved`` = the area has not always stood where it stands in the tree."""
    statement: Any = (
        select(StatMark.city_id, StatMark.case_id, StatMark.day, StatMark.seq)
        .join(Case, and_(Case.city_id == StatMark.city_id, Case.id == StatMark.case_id))
        .where(
            StatMark.what == what, StatMark.day.between(first, last), StatMark.known_on <= as_of,
            _inside(area, own=own, moved=moved), visible,
            *narrowing.conditions(Case, stages=False),
        )
    )  # fmt: skip
    rows = await session.execute(seek(statement, page, FLOW_KEYS))
    return window([Behind((city_id, case_id), (day, case_id, seq)) for city_id, case_id, day, seq in rows], page)


def _inside(area: Office, *, own: bool, moved: bool) -> ColumnElement[bool]:
    """What happened in an area. One range of the index for each day, unless the area stood elsewhere in the tree
    before: then every mark of the days is looked at."""
    below = (*_MARK_LEVELS[1:], None)
    if moved:
        places = list(zip(_MARK_LEVELS, below, strict=True))
    else:
        places = [(_MARK_LEVELS[area.depth - 1], below[area.depth - 1])]
    found = [
        and_(column == area.id, following == 0) if own and following is not None else column == area.id
        for column, following in places
    ]
    above = [] if moved else [_MARK_LEVELS[place] == area.levels[place] for place in range(area.depth - 1)]
    return and_(*above, or_(*found))


async def behind_stock(
    session: AsyncSession,
    area: Office,
    *,
    own: bool,
    registered_before: datetime | None,
    narrowing: Narrowing,
    visible: ColumnElement[bool],
    page: Page,
) -> Window[Behind]:
    """The open cases of an area that were registered before an instant, newest first, as far as they are visible."""
    statement: Any = select(Case.city_id, Case.id, Case.registered_at).where(
        Case.is_open, visible, *narrowing.conditions(Case, stages=True),
        Case.holder_id == area.id if own else _CASE_LEVELS[area.depth - 1] == area.id,
    )  # fmt: skip
    if registered_before is not None:
        statement = statement.where(Case.registered_at < registered_before)
    rows = await session.execute(seek(statement, page, STOCK_KEYS))
    return window([Behind((city_id, case_id), (at, case_id)) for city_id, case_id, at in rows], page)


async def registered_by_child(
    session: AsyncSession, office_ids: Sequence[int], piece: Piece, *, accusations: bool
) -> dict[int, dict[int, int]]:
    """Registrations in the areas of some offices, each by the offices right below it (0 = its own)."""
    found: dict[int, dict[int, int]] = {}
    for office_id in office_ids:
        asked = [Asked((Count.REGISTERED,), (piece,))]
        narrowing = Narrowing(accusations=accusations)
        rows = await sums(session, office_id, asked, by="via_id", narrowing=narrowing, unfinished=None)
        found[office_id] = {via: amount for (_, via, _), amount in rows.items()}
    return found
