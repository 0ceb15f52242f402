"""The past of 南湖区 under lively books, as what-ifs read it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from caseway.clocks.workflow import Event
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.rules import yaml
from caseway.rules.rows import BookVersion
from caseway.simulation import service as simulation
from caseway.whatif import repository
from caseway.whatif.history import History
from caseway.whatif.lookup import Lookup
from caseway.whatif.outcome import Outcome, outcome
from support.simulated import YEAR, Year, office_of

NANHU = "330402"
_BOOKS = Path(__file__).parents[1] / "whatif" / "books"
#: A book for the whole year, and the one that follows it in July.
FIRST, SECOND = ((_BOOKS / f"nanhu-{number}.yaml").read_text("utf-8") for number in (1, 2))
#: The last instant of the year: what ends with it is late in the next one.
NOW = simulation.begin_of(YEAR + 1) - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Past:
    """The histories of a year, and what their replays look up."""

    histories: Sequence[History]
    lookup: Lookup

    def outcomes(self) -> list[Outcome]:
        """Every case under the rules that were in force and under the draft."""
        in_force, tried = self.lookup.setting(with_draft=False), self.lookup.setting(with_draft=True)
        return [outcome(each, in_force=in_force, tried=tried) for each in self.histories]


def changed(text: str, *edits: tuple[str, str]) -> str:
    """A book with some edits; each must find something."""
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after)
    return text


def tampered(history: History, tamper: Callable[[dict[str, Any]], dict[str, Any]]) -> History:
    """A history whose clocks started otherwise: ``tamper`` changes the facts of each start."""
    events: list[Any] = [
        SimpleNamespace(
            clock_id=each.clock_id, kind=each.kind, event=each.event, at=each.at,
            office_id=each.office_id, order_id=each.order_id,
            facts=tamper(dict(each.facts)) if each.event == Event.START else each.facts,
        )
        for each in history.clock_events
    ]  # fmt: skip
    return replace(history, clock_events=events)


def without(text: str, *row_ids: str) -> str:
    """A book without some rows."""
    kept = [line for line in text.splitlines() if not any(f"id: {each}," in line for each in row_ids)]
    assert len(kept) == len(text.splitlines()) - len(row_ids)
    rows = sum(line.startswith("- {id:") for line in kept)
    return re.sub(r"rules: \d+,", f"rules: {rows},", "\n".join(kept)) + "\n"


def plain() -> str:
    """The first book without its take-up: what rules raise by it changes nothing of what people do with a case."""
    return without(FIRST, "NL-18")


def stricter() -> str:
    """The plain book with shorter limits, other ladders, a stage that nobody watched, and a rule less."""
    return changed(
        without(plain(), "NL-12"),
        (
            "NL-01, kind: deadline, applies_to: SUBTREE, params: {stage: HANDLE, case_class: GENERAL, limit: {n: 25",
            "NL-01, kind: deadline, applies_to: SUBTREE, params: {stage: HANDLE, case_class: GENERAL, limit: {n: 12",
        ),
        ("limit: {n: 10, unit: DAY}, start: RESULT_SUBMITTED", "limit: {n: 3, unit: WORKDAY}, start: RESULT_SUBMITTED"),
        ("offset: {n: -5, unit: WORKDAY}", "offset: {n: -2, unit: WORKDAY}"),
        (
            "{to: PETITION_OFFICE, gives: INFORM, after: {n: 15, unit: DAY}, automatic: true}",
            "{to: PETITION_OFFICE, gives: INFORM, after: {n: 4, unit: DAY}, automatic: true}",
        ),
        ("count: 2, window: {n: 7, unit: DAY}", "count: 1, window: {n: 7, unit: DAY}"),
        (
            "stage: SIGN_AND_ROUTE, limit: {n: 4, unit: HOUR}, start: DELIVERED",
            "stage: ACCEPT_NOTICE, limit: {n: 3, unit: WORKDAY}, start: SIGNED",
        ),
    )


def draft(text: str, number: int = 9) -> BookVersion:
    """A declared book as the version that it would be."""
    document = yaml.parse_one(text)
    assert document.effective_from is not None
    return BookVersion(document.book, number, document.effective_from, document.rows)


def read(year: Year, tried: BookVersion | None = None) -> Past:
    """Everything that the area has held in the year."""
    return asyncio.run(_read(year, tried))


async def _read(year: Year, tried: BookVersion | None) -> Past:
    lookup = Lookup(tried, NOW)
    database = Database(year.database.url, pool_size=1)
    try:
        office = await office_of(database, NANHU)
        async with database.reader(SYSTEM_SCOPE) as session:
            keys = await repository.newest_keys(session, office, since=simulation.begin_of(YEAR), limit=1000)
            histories = await repository.histories(session, keys)
            await lookup.prepare(session, histories)
    finally:
        await database.close()
    return Past(histories, lookup)
