"""What a simulated year has come to, counted from what is stored."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.clocks.models import ClockEvent
from caseway.clocks.workflow import ClockKind, ClockState, derive
from caseway.simulation import repository


@dataclass(slots=True)
class Punctuality:
    """How many limits of one clock and one source were kept, missed, or still run."""

    kept: int = 0
    missed: int = 0
    running: int = 0


@dataclass(slots=True)
class Summary:
    """The year in numbers."""

    cases: int = 0
    deeds: int = 0
    stages: Mapping[str, int] = field(default_factory=dict)
    #: Type of a ledger event -> how many.
    events: Mapping[str, int] = field(default_factory=dict)
    #: (stage of the clock, source of the limit) -> how it went.
    limits: dict[tuple[str, str], Punctuality] = field(default_factory=dict)
    #: "what a rung gave, state" -> how many rungs stand there.
    rungs: Mapping[str, int] = field(default_factory=dict)
    #: What opened a supervision -> how many.
    supervisions: Mapping[str, int] = field(default_factory=dict)
    #: Timer kind -> effects that were applied.
    fired: Mapping[str, int] = field(default_factory=dict)
    #: Timers whose effect failed too often: there is none in a sound year.
    dead_timers: int = 0
    #: Code of a refusal -> how often somebody met it.
    refused: Mapping[str, int] = field(default_factory=dict)
    ledger_events: int = 0
    #: SHA-256 over the hashes of all ledger events, by case number and place in the case.
    ledger_hash: str = ""


async def summarise(session: AsyncSession, *, now: datetime) -> Summary:
    """Count everything, in pages. ``now`` decides which running limits have been missed."""
    found = Summary()
    found.stages = dict(await repository.stages(session))
    found.events = dict(await repository.event_types(session))
    found.cases = sum(found.stages.values())
    found.rungs = {f"{gives} {state}": count for gives, state, count in await repository.rungs(session)}
    found.supervisions = dict(await repository.supervisions(session))
    found.dead_timers = await repository.dead_timers(session)
    async for clocks in _by_case(repository.clock_events(session)):
        _count(found.limits, clocks, now)
    digest = hashlib.sha256()
    async for each in repository.ledger_hashes(session):
        digest.update(each)
        found.ledger_events += 1
    found.ledger_hash = digest.hexdigest()
    return found


async def _by_case(events: AsyncIterator[ClockEvent]) -> AsyncIterator[list[ClockState]]:
    held: list[ClockEvent] = []
    key: tuple[int, uuid.UUID] | None = None
    async for event in events:
        if held and (event.city_id, event.case_id) != key:
            yield derive(held)
            held = []
        key = (event.city_id, event.case_id)
        held.append(event)
    if held:
        yield derive(held)


def _count(limits: dict[tuple[str, str], Punctuality], clocks: Iterable[ClockState], now: datetime) -> None:
    """One count for each clock and source: the earliest limit of the source decides. The petitioner's own window is
    nobody's duty."""
    for clock in clocks:
        if clock.kind is ClockKind.REVIEW_WINDOW:
            continue
        ordered = sorted(clock.limits, key=attrgetter("layer", "due_at"))
        for layer, group in groupby(ordered, key=attrgetter("layer")):
            first = next(group)
            place = limits.setdefault((str(clock.kind), str(layer)), Punctuality())
            if first.missed_by(clock.stopped_at or now):
                place.missed += 1
            elif clock.is_running:
                place.running += 1
            else:
                place.kept += 1
