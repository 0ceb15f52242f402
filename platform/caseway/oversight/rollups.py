"""The SQL of counting: what was noted, the histories of cases, and the roll-ups. Everything in batches."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.oversight.history import Entry

#: Home city and id of a case.
CaseKey = tuple[int, uuid.UUID]
#: First half of the advisory lock of a city's roll-ups ("stat" in ASCII): shared by those who add to them, and held
#: alone by who counts them anew.
_ROLLUPS = 0x73746174
#: Rows of one statement.
_PART = 5_000


class Cell(NamedTuple):
    """The key of a roll-up, in the order of the table's primary key."""

    city_id: int
    office_id: int
    grain: int
    what: str
    day: date
    known_on: date
    via_id: int
    petition_class: str
    channel: str
    field: str
    stage: str


class Mark(NamedTuple):
    """Something that happened to a case and was counted."""

    city_id: int
    case_id: uuid.UUID
    seq: int
    what: str
    day: date
    known_on: date
    levels: tuple[int, ...]

    @classmethod
    def of(cls, key: CaseKey, seq: int, entry: Entry) -> Mark:
        """The mark of an entry."""
        levels = (*entry.path, *(0,) * (6 - len(entry.path)))
        return cls(*key, seq, str(entry.what), entry.day, entry.known_on, levels)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A ledger event or a clock event, as far as counting reads it."""

    seq: int
    type: str
    at: datetime
    facts: dict[str, Any]
    clock_id: uuid.UUID
    event: str
    office_id: int
    order_id: uuid.UUID | None

    @property
    def kind(self) -> str:
        """Kind of the clock."""
        return self.type


@dataclass(frozen=True, slots=True)
class Past:
    """The history of a case."""

    key: CaseKey
    events: list[HistoryRow]
    clock_events: list[HistoryRow]


async def take(session: AsyncSession, *, limit: int) -> list[tuple[int, uuid.UUID, int]]:
    """Noted events (city, case, number of the event), oldest first; those that another has taken are passed over."""
    statement = text("select city_id, case_id, seq from stat_delta order by at limit :limit for update skip locked")
    return [(*row,) for row in await session.execute(statement, {"limit": limit})]


async def lock(session: AsyncSession, keys: Sequence[CaseKey]) -> dict[CaseKey, int]:
    """How far these cases are counted, locked; without those that another counts now, and those of cities that are
    counted anew. Keys in order."""
    if not keys:
        return {}
    cities = sorted({city_id for city_id, _ in keys})
    free = await session.scalars(
        text("select city_id from unnest(cast(:cities as int[])) as city_id "
             "where pg_try_advisory_xact_lock_shared(:lock, city_id)"),
        {"cities": cities, "lock": _ROLLUPS},
    )  # fmt: skip
    usable = set(free)
    wanted = _columns([key for key in keys if key[0] in usable], 2)
    values = {"cities": wanted[0], "cases": wanted[1]}
    await session.execute(
        text("insert into stat_case (city_id, case_id, seq) "
             "select k.city_id, k.case_id, 0 from unnest(cast(:cities as int[]), cast(:cases as uuid[])) "
             "as k (city_id, case_id) order by 1, 2 on conflict do nothing"),
        values,
    )  # fmt: skip
    rows = await session.execute(
        text("select s.city_id, s.case_id, s.seq from stat_case s "
             "join unnest(cast(:cities as int[]), cast(:cases as uuid[])) as k (city_id, case_id) "
             "on k.city_id = s.city_id and k.case_id = s.case_id order by 1, 2 for update of s skip locked"),
        values,
    )  # fmt: skip
    return {(city_id, case_id): seq for city_id, case_id, seq in rows}


async def pasts(session: AsyncSession, keys: Sequence[CaseKey]) -> list[Past]:
    """The histories of these cases, each as it stood at one instant: events and clocks are read by one statement."""
    if not keys:
        return []
    wanted = _columns(keys, 2)
    rows = await session.execute(
        text("with k as (select * from unnest(cast(:cities as int[]), cast(:cases as uuid[])) as k (city_id, case_id)) "
             "select city_id, case_id, false as is_clock, seq, type, at, facts, null::uuid as clock_id, '' as event, "
             "office_id, null::uuid as order_id from ledger_event join k using (city_id, case_id) "
             "union all select city_id, case_id, true, seq, kind, at, facts, clock_id, event, office_id, order_id "
             "from clock_event join k using (city_id, case_id) order by 1, 2, 3, 4"),
        {"cities": wanted[0], "cases": wanted[1]},
    )  # fmt: skip
    return list(_pasts(rows))


def _pasts(rows: Any) -> Iterator[Past]:
    for key, group in groupby(rows, key=lambda row: (row[0], row[1])):
        past = Past(key, [], [])
        for _, _, is_clock, *values in group:
            (past.clock_events if is_clock else past.events).append(HistoryRow(*values))
        if past.events:
            yield past


_CELLS = (
    "(city_id, office_id, grain, what, day, known_on, via_id, petition_class, channel, field, stage, amount) "
    "select * from unnest(cast(:v0 as int[]), cast(:v1 as int[]), cast(:v2 as int[]), cast(:v3 as text[]), "
    "cast(:v4 as date[]), cast(:v5 as date[]), cast(:v6 as int[]), cast(:v7 as text[]), cast(:v8 as text[]), "
    "cast(:v9 as text[]), cast(:v10 as text[]), cast(:v11 as int[]))"
)
_CELLS_AGAIN = (
    "on conflict (city_id, office_id, grain, what, day, known_on, via_id, petition_class, channel, field, stage) "
    "do update set amount = c.amount + excluded.amount"
)
_MARKS = (
    "(city_id, case_id, seq, what, day, known_on, l1, l2, l3, l4, l5, l6) "
    "select * from unnest(cast(:v0 as int[]), cast(:v1 as uuid[]), cast(:v2 as int[]), cast(:v3 as text[]), "
    "cast(:v4 as date[]), cast(:v5 as date[]), cast(:v6 as int[]), cast(:v7 as int[]), cast(:v8 as int[]), "
    "cast(:v9 as int[]), cast(:v10 as int[]), cast(:v11 as int[]))"
)


async def add_cells(session: AsyncSession, found: Sequence[tuple[Cell, int]], *, into: str = "stat_cell") -> None:
    """Add to roll-ups; those that are not there yet begin. Another table takes one row for each."""
    again = _CELLS_AGAIN if into == "stat_cell" else ""
    rows = [(*cell, amount) for cell, amount in found]
    await _in_parts(session, f"insert into {into} as c {_CELLS} {again}", rows, 12)


async def add_marks(session: AsyncSession, marks: Sequence[Mark], *, into: str = "stat_mark") -> None:
    """Keep what is behind the flows."""
    again = "on conflict do nothing" if into == "stat_mark" else ""
    await _in_parts(session, f"insert into {into} {_MARKS} {again}", [(*mark[:6], *mark.levels) for mark in marks], 12)


async def _in_parts(session: AsyncSession, statement: str, rows: Sequence[Sequence[Any]], width: int) -> None:
    for start in range(0, len(rows), _PART):
        columns = _columns(rows[start : start + _PART], width)
        await session.execute(text(statement), {f"v{number}": column for number, column in enumerate(columns)})


async def lock_city(session: AsyncSession, city_id: int) -> None:
    """Keep others from adding to the roll-ups of a city until the transaction ends."""
    await session.execute(text("select pg_advisory_xact_lock(:lock, :city)"), {"lock": _ROLLUPS, "city": city_id})


async def claim_check(session: AsyncSession, city_ids: Sequence[int], *, since: datetime, now: datetime) -> int | None:
    """The next of these cities that has not been checked since an instant, claimed; null if all have been."""
    found: int | None = await session.scalar(
        text(
            "insert into stat_check as c (city_id, checked_at, differences) "
            "select k.city_id, :now, 0 from unnest(cast(:cities as int[])) as k (city_id) "
            "left join stat_check s using (city_id) where coalesce(s.checked_at, '-infinity') < :since "
            "order by s.checked_at nulls first, k.city_id limit 1 "
            "on conflict (city_id) do update set checked_at = excluded.checked_at where c.checked_at < :since "
            "returning city_id"
        ),
        {"cities": list(city_ids), "since": since, "now": now},
    )
    return found


async def set_checked(session: AsyncSession, city_id: int, *, differences: int) -> None:
    """Remember what a check found."""
    await session.execute(
        text("update stat_check set differences = :differences where city_id = :city"),
        {"city": city_id, "differences": differences},
    )


@dataclass(frozen=True, slots=True)
class Lag:
    """What waits to be counted, for how long the oldest of it has, and how many roll-ups the last checks found
    wrong."""

    waiting: int
    oldest: timedelta
    differences: int


#: Counting what waits stops here.
_MOST_WAITING = 100_000


async def lag(session: AsyncSession, *, now: datetime) -> Lag:
    """How far counting is behind."""
    oldest, waiting, differences = (
        await session.execute(
            text(
                "select (select min(at) from stat_delta), "
                "(select count(*) from (select from stat_delta limit :most) d), "
                "(select coalesce(sum(differences), 0) from stat_check)"
            ),
            {"most": _MOST_WAITING},
        )
    ).one()
    return Lag(waiting, max(now - oldest, timedelta()) if oldest is not None else timedelta(), differences)


async def set_counted(session: AsyncSession, counted: Mapping[CaseKey, int]) -> None:
    """Remember how far cases are counted."""
    if counted:
        values = _columns([(*key, seq) for key, seq in counted.items()], 3)
        await session.execute(
            text("update stat_case s set seq = k.seq "
                 "from unnest(cast(:v0 as int[]), cast(:v1 as uuid[]), cast(:v2 as int[])) "
                 "as k (city_id, case_id, seq) where s.city_id = k.city_id and s.case_id = k.case_id"),
            {f"v{number}": column for number, column in enumerate(values)},
        )  # fmt: skip


async def drop(session: AsyncSession, taken: Sequence[tuple[int, uuid.UUID, int]]) -> None:
    """Forget notes that were taken."""
    if taken:
        values = _columns(taken, 3)
        await session.execute(
            text(
                "delete from stat_delta d "
                "using unnest(cast(:v0 as int[]), cast(:v1 as uuid[]), cast(:v2 as int[])) "
                "as k (city_id, case_id, seq) where d.city_id = k.city_id and d.case_id = k.case_id and d.seq = k.seq"
            ),
            {f"v{number}": column for number, column in enumerate(values)},
        )


async def oldest_waiting(session: AsyncSession, *, bars: Sequence[int]) -> datetime | None:
    """When the oldest event happened that is not counted yet, beside cases barred to the reader; null if none waits."""
    found: datetime | None = await session.scalar(
        text("select d.at from stat_delta d join cases c on c.city_id = d.city_id and c.id = d.case_id "
             "where not c.barred && cast(:bars as int[]) order by d.at limit 1"),
        {"bars": list(bars)},
    )  # fmt: skip
    return found


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[number] for row in rows] for number in range(width)]
