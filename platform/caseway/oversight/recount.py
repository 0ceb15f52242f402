"""Counting everything anew: finding roll-ups that are not what the histories of the cases say, and putting them right.

City by city, in pages of cases, summed up by the database: memory stays the same whatever a city holds. A check looks
at one instant and holds up nobody; putting right keeps others from counting that city meanwhile (its events wait).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars.periods import local_day, midnight
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.oversight import rollups
from caseway.oversight.counting import add_up
from caseway.oversight.rollups import CaseKey

#: Cases looked at at once; differences that are told one by one.
_PAGE, _TOLD = 500, 20
#: Nights are for checks: these hours in China.
_NIGHT = range(1, 5)
_KEYS = "city_id, office_id, grain, what, day, known_on, via_id, petition_class, channel, field, stage"
_MARKS = "city_id, case_id, seq, what, day, known_on, l1, l2, l3, l4, l5, l6"


@dataclass(frozen=True, slots=True)
class Recount:
    """What counting a city anew found."""

    cases: int
    #: Roll-ups, and marks of what is behind them, that were wrong, missing or too many.
    differences: int
    #: Cases with events that are neither counted nor noted to be.
    forgotten: int
    #: The first of the differences, for people.
    examples: tuple[str, ...]


async def cities(session: AsyncSession) -> list[int]:
    """Every home city that has cases: one look at the index each."""
    return list(
        await session.scalars(
            text(
                "with recursive each as (select min(city_id) as city_id from cases union all "
                "select (select min(c.city_id) from cases c where c.city_id > each.city_id) from each "
                "where each.city_id is not null) select city_id from each where city_id is not null"
            )
        )
    )


async def recount(
    database: Database, city_id: int, *, repair: bool, progress: Callable[[int], None] = lambda seen: None
) -> Recount:
    """Count the cases of a city anew and compare; with ``repair`` put right what differs, and note what was forgotten.
    ``progress`` is told the cases looked at so far."""
    async with database.unit(SYSTEM_SCOPE) as uow:
        session = uow.session
        if not repair:
            await session.execute(text("set transaction isolation level repeatable read"))
        await uow.permitted()
        await session.execute(text("set local statement_timeout = 0"))
        if repair:
            await session.execute(text("set local lock_timeout = 0"))
            await rollups.lock_city(session, city_id)
        await session.execute(text("create temp table recounted (like stat_cell) on commit drop"))
        await session.execute(text("create temp table remarked (like stat_mark) on commit drop"))
        seen = 0
        async for page in _pages(session, city_id):
            added = add_up(await rollups.pasts(session, list(page)), dict.fromkeys(page, 0), up_to=page)
            await rollups.add_cells(session, list(added.cells.items()), into="recounted")
            await rollups.add_marks(session, added.marks, into="remarked")
            seen += len(page)
            progress(seen)
        differences, examples = await _differences(session, city_id)
        forgotten = await _forgotten(session, city_id, repair=repair)
        if repair and differences:
            await _put_right(session, city_id)
    return Recount(seen, differences, forgotten, tuple(examples))


async def check_next(database: Database, *, now: datetime) -> Recount | None:
    """Check the city whose turn it is, at night; null if it is day, or every city had its turn this night."""
    day = local_day(now)
    if (now - midnight(day)).seconds // 3600 not in _NIGHT:
        return None
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        city_id = await rollups.claim_check(uow.session, await cities(uow.session), since=midnight(day), now=now)
    if city_id is None:
        return None
    found = await recount(database, city_id, repair=False)
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        await rollups.set_checked(uow.session, city_id, differences=found.differences + found.forgotten)
    return found


async def _pages(session: AsyncSession, city_id: int) -> AsyncIterator[dict[CaseKey, int]]:
    """The cases of a city with how far each is counted, in pages."""
    after = None
    while True:
        rows = await session.execute(
            text(
                "select case_id, seq from stat_case where city_id = :city and seq > 0 "
                "and (cast(:after as uuid) is null or case_id > cast(:after as uuid)) order by case_id limit :page"
            ),
            {"city": city_id, "after": after, "page": _PAGE},
        )
        page = {(city_id, case_id): seq for case_id, seq in rows}
        if not page:
            return
        yield page
        after = next(reversed(page))[1]


async def _differences(session: AsyncSession, city_id: int) -> tuple[int, list[str]]:
    """How many roll-ups and marks differ, and the first of them, a line each."""
    compared = (
        f"select concat_ws(' ', {_KEYS}) as what, coalesce(b.amount, 0) as stored, coalesce(a.amount, 0) as counted "
        f"from (select {_KEYS}, sum(amount) as amount from recounted group by {_KEYS} having sum(amount) <> 0) a "
        f"full join (select {_KEYS}, amount from stat_cell where city_id = :city and amount <> 0) b using ({_KEYS}) "
        "where a.amount is distinct from b.amount",
        f"select concat_ws(' ', {_MARKS}), coalesce(b.amount, 0), coalesce(a.amount, 0) "
        f"from (select {_MARKS}, 1 as amount from remarked) a "
        f"full join (select {_MARKS}, 1 as amount from stat_mark where city_id = :city) b using ({_MARKS}) "
        "where a.amount is distinct from b.amount",
    )
    rows = await session.execute(
        text(
            f"select d.*, count(*) over () as total from ({' union all '.join(compared)}) d order by what limit :most"
        ),
        {"city": city_id, "most": _TOLD},
    )
    found = rows.all()
    lines = [f"{row.what}: stored {row.stored}, counted {row.counted}" for row in found]
    return (found[0].total if found else 0), lines


async def _forgotten(session: AsyncSession, city_id: int, *, repair: bool) -> int:
    """Cases with events that are neither counted nor noted."""
    find = (
        "select c.city_id, c.id, c.version, c.changed_at from cases c left join stat_case s on s.city_id = c.city_id "
        "and s.case_id = c.id where c.city_id = :city and c.version > coalesce(s.seq, 0) and not exists "
        "(select from stat_delta d where d.city_id = c.city_id and d.case_id = c.id)"
    )
    if not repair:
        return int(await session.scalar(text(f"select count(*) from ({find}) f"), {"city": city_id}) or 0)
    rows = await session.execute(
        text(f"insert into stat_delta (city_id, case_id, seq, at) {find} on conflict do nothing returning 1"),
        {"city": city_id},
    )
    return len(rows.all())


async def _put_right(session: AsyncSession, city_id: int) -> None:
    for statement in (
        "delete from stat_cell where city_id = :city",
        f"insert into stat_cell ({_KEYS}, amount) select {_KEYS}, sum(amount) from recounted "
        f"where city_id = :city group by {_KEYS} having sum(amount) <> 0",
        "delete from stat_mark where city_id = :city",
        f"insert into stat_mark ({_MARKS}) select {_MARKS} from remarked where city_id = :city",
    ):
        await session.execute(text(statement), {"city": city_id})
