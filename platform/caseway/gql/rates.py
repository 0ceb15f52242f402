"""How much one person, and one office, may ask for in a minute: the costs of operations, over all processes together.

A process pours a little ahead into the shared buckets and answers from that, so that most requests cost no round trip.
What it has poured ahead and not used is lost after a few seconds, to the disadvantage of whoever asked.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from caseway.db.buckets import Pour
from caseway.gql.refusals import RateLimited

_log = structlog.get_logger("caseway.rates")
#: Part of a bucket that is poured ahead, for how many seconds it counts, and for how many askers it is remembered.
_AHEAD, _GOOD_FOR, _MOST = 0.02, 5.0, 20_000


class Asks(Protocol):
    """Who asks, as far as this goes (``access.actor.Actor``)."""

    @property
    def person_id(self) -> int: ...
    @property
    def office_id(self) -> int: ...


@dataclass(slots=True)
class _Credit:
    amount: float
    until: float


class Rates:
    """One per process."""

    def __init__(
        self,
        pour: Callable[[Sequence[Pour]], Awaitable[dict[str, float]]],
        *,
        person_per_minute: int,
        office_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``pour``: into the shared buckets (``db.buckets.pour``). 0 = no limit."""
        self._pour, self._clock = pour, clock
        self._per_minute = {"person": person_per_minute, "office": office_per_minute}
        self._credits: OrderedDict[str, _Credit] = OrderedDict()

    async def charge(self, actor: Asks, cost: int) -> None:
        """Count an operation's cost. Raises ``RateLimited`` if person or office has asked for too much."""
        now = self._clock()
        asked = {
            f"{kind}:{number}": float(self._per_minute[kind])
            for kind, number in (("person", actor.person_id), ("office", actor.office_id))
            if self._per_minute[kind] and number
        }
        short = {key: limit for key, limit in asked.items() if self._left(key, now) < cost}
        if short:
            await self._ahead(short, cost, now)
        for key in asked:
            if (credit := self._credits.get(key)) is not None:
                credit.amount -= cost

    def _left(self, key: str, now: float) -> float:
        credit = self._credits.get(key)
        if credit is None or credit.until < now:
            return 0.0
        self._credits.move_to_end(key)
        return credit.amount

    async def _ahead(self, short: dict[str, float], cost: int, now: float) -> None:
        """Pour ahead; where that would run over, just what is needed."""
        for part in (_AHEAD, 0.0):
            pours = [Pour(key, max(cost, limit * part), limit, limit / 60) for key, limit in short.items()]
            try:
                over = await self._pour(pours)
            except Exception as problem:  # the request meets the same database and says so itself
                _log.warning("rates_unknown", problem=type(problem).__name__)
                return
            if not over:
                for each in pours:
                    self._credits[each.key] = _Credit(self._left(each.key, now) + each.amount, now + _GOOD_FOR)
                while len(self._credits) > _MOST:
                    self._credits.popitem(last=False)
                return
        key, seconds = max(over.items(), key=lambda each: each[1])
        raise RateLimited(of=key.partition(":")[0], retryAfterSeconds=max(1, math.ceil(seconds)))
