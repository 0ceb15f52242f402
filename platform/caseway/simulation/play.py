"""The year itself: what is due first happens first, somebody's deed or a timer of the worker, each at its instant."""

from __future__ import annotations

import heapq
import itertools
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from caseway.clocks import firing
from caseway.clocks import repository as timers
from caseway.clocks.models import Timer
from caseway.clocks.timers import Effect, Effects
from caseway.custody.jobs import reassign_orphaned
from caseway.db.base import drawing_from
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import UnitOfWork
from caseway.notices import jobs as notices
from caseway.simulation.arrivals import Arrival
from caseway.simulation.chance import SeededSource
from caseway.simulation.habits import Habits
from caseway.simulation.land import Land
from caseway.simulation.life import Life

#: Told the simulated instant now and then.
Progress = Callable[[datetime], None]


@dataclass(slots=True)
class Play:
    """A simulation that runs."""

    land: Land
    seed: int
    effects: Effects
    ends_at: datetime
    #: Timer kind -> how often its effect was applied.
    fired: Counter[str] = field(default_factory=Counter)
    #: Code of a refusal -> how often somebody met it.
    refused: Counter[str] = field(default_factory=Counter)
    deeds: int = 0
    _lives: dict[uuid.UUID, Life] = field(default_factory=dict)
    _next_due: datetime | None = None
    _week: tuple[int, int] | None = None
    _waiting: list[tuple[datetime, int, Life]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def run(self, arrivals: list[Arrival], progress: Progress) -> None:
        """Play until the end of the year."""
        counted = {kind: self._counting(kind, effect) for kind, effect in self.effects.items()}
        self.effects = counted
        for place, each in enumerate(arrivals):
            self._begin(each.registered_at, place, arrival=each)
        while self._waiting and self._waiting[0][0] < self.ends_at:
            at, _, life = heapq.heappop(self._waiting)
            await self._worker_until(at)
            self._turn_to(at)
            await self._weekly()
            progress(self.land.now)
            await self._wake(life)
        last = self.ends_at - timedelta(microseconds=1)
        await self._worker_until(last)
        self._turn_to(last)
        progress(self.land.now)

    def _begin(
        self, at: datetime, *names: object, arrival: Arrival | None = None, key: tuple[int, uuid.UUID] | None = None
    ) -> None:
        life = Life(self.land, Habits(self.land, self.seed, names), arrival=arrival, key=key)
        heapq.heappush(self._waiting, (at, next(self._numbers), life))

    async def _wake(self, life: Life) -> None:
        before = life.count
        with self._source("deed", life.habits.name, life.count):
            again = await life.wake()
        if life.key is not None:
            self._lives[life.key[1]] = life
            self._next_due = life.next_due
        self.deeds += life.count - before
        self.refused += life.refused
        life.refused = Counter()
        for city_id, case_id in life.born:
            self._begin(self.land.now + timedelta(minutes=5), "born", case_id, key=(city_id, case_id))
        life.born = []
        if again is not None:
            heapq.heappush(self._waiting, (max(again, self.land.now), next(self._numbers), life))

    async def _worker_until(self, at: datetime) -> None:
        """Let the worker fire what comes due before an instant, each timer when it is due."""
        while self._next_due is not None and self._next_due <= at:
            self._turn_to(self._next_due)
            await firing.tick(self.land.database, self.effects, self.land.now)
            await self._look_for_timers()

    async def _weekly(self) -> None:
        """What the worker does besides timers: here once a week, for nothing in a case waits for it."""
        week = self.land.today.isocalendar()[:2]
        if self._week == week:
            return
        self._week = week
        while await notices.deliver(self.land.database, now=self.land.now):
            continue
        async with self.land.database.unit(SYSTEM_SCOPE) as uow:
            with self._source("weekly", *week):
                if await reassign_orphaned(uow, self.land.policy, now=self.land.now):
                    for life in self._lives.values():
                        life.view = None

    def _source(self, *names: object) -> AbstractContextManager[None]:
        return drawing_from(SeededSource(self.land.clock, self.seed, *names))

    async def _look_for_timers(self) -> None:
        self._next_due = await timers.next_due(self.land.watching)

    def _turn_to(self, at: datetime) -> None:
        """The clock is never turned back: a timer may be set for an instant that has passed."""
        self.land.now = max(self.land.now, at.astimezone(UTC))

    def _counting(self, kind: str, effect: Effect) -> Effect:
        async def counted(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
            # The batches of the worker depend on how fast the machine is, the ids that an effect draws must not.
            with self._source(kind, timer.case_id, timer.step):
                await effect(uow, timer, now)
            self.fired[str(kind)] += 1
            if timer.case_id in self._lives:
                self._lives[timer.case_id].view = None

        return counted
