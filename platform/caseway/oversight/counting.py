"""Counting events: noted when they happen, counted by the worker, every case from where it was counted up to.

``note`` runs in the transaction of every event and costs one short row. ``fold`` counts what was noted, cases apart:
what a case adds is worked out from its whole history (``history``), and what is new since it was last counted goes into
the roll-ups of every office above its holder. A batch costs about what its cases hold, whatever else there is; with a
hundred offices and with 700,000 a case has at most six offices above it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.hooks import listeners
from caseway.cases.models import Case
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.oversight import rollups
from caseway.oversight.history import Entry, entries
from caseway.oversight.models import StatDelta
from caseway.oversight.rollups import CaseKey, Cell, Mark, Past
from caseway.oversight.spans import Grain

_log = structlog.get_logger("caseway.oversight")

#: Noted events taken up at once.
BATCH = 500
_NOTED = "caseway.oversight.noted"


async def note(uow: UnitOfWork, case: Case, type: str, *, at: datetime) -> None:
    """Note that a case is to be counted on from this event; once in a transaction, whatever else happens in it."""
    noted: set[CaseKey] = uow.session.info.setdefault(_NOTED, set())
    if (case.city_id, case.id) not in noted:
        noted.add((case.city_id, case.id))
        uow.session.add(StatDelta(city_id=case.city_id, case_id=case.id, seq=case.version, at=at))


@dataclass(frozen=True, slots=True)
class Added:
    """What some cases add to the roll-ups, and how far they are counted with it."""

    cells: Counter[Cell]
    marks: list[Mark]
    counted: dict[CaseKey, int]


async def fold(database: Database, *, limit: int = BATCH) -> int:
    """Count up to so many noted events, oldest first; how many were. Any number of workers may fold side by side: a
    case that one has taken up the others leave alone."""
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        taken = await rollups.take(uow.session, limit=limit)
        known = await rollups.lock(uow.session, sorted({(city_id, case_id) for city_id, case_id, _ in taken}))
        added = add_up(await rollups.pasts(uow.session, list(known)), known)
        await store(uow.session, added)
        await rollups.drop(uow.session, [each for each in taken if each[:2] in known])
    return sum((city_id, case_id) in known for city_id, case_id, _ in taken)


async def store(session: AsyncSession, added: Added) -> None:
    """Add to the roll-ups, in the order of their keys: two that fold side by side never wait for each other in turn."""
    await rollups.add_cells(session, sorted(cell for cell in added.cells.items() if cell[1]))
    await rollups.add_marks(session, added.marks)
    await rollups.set_counted(session, added.counted)


def add_up(pasts: Iterable[Past], known: dict[CaseKey, int], *, up_to: dict[CaseKey, int] | None = None) -> Added:
    """What these cases add beyond the events that are counted already; ``up_to`` = and not beyond these."""
    added = Added(Counter(), [], {})
    for past in pasts:
        try:
            last = up_to[past.key] if up_to is not None else past.events[-1].seq
            found = [each for each in entries(past.events, past.clock_events) if known[past.key] < each[0] <= last]
        except Exception:
            # One case that nobody can make sense of holds up no other: it stays uncounted, and the check finds it.
            _log.exception("case_not_counted", case=str(past.key))
            added.counted[past.key] = known[past.key]
            continue
        for seq, entry in found:
            for cell in cells(past.key[0], entry):
                added.cells[cell] += entry.amount
            if not entry.what.is_stock:
                added.marks.append(Mark.of(past.key, seq, entry))
        added.counted[past.key] = last
    return added


def cells(city_id: int, entry: Entry) -> Iterable[Cell]:
    """The roll-ups that an entry belongs to: of every office above the holder, and of the holder itself."""
    for depth, office_id in enumerate(entry.path, start=1):
        via = entry.path[depth] if depth < len(entry.path) else 0
        for grain in Grain:
            yield Cell(
                city_id, office_id, int(grain), str(entry.what), grain.start(entry.day), grain.start(entry.known_on),
                via, entry.petition_class, entry.channel, entry.field, entry.stage,
            )  # fmt: skip


listeners.listen(recorded=note)
