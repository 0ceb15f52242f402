"""Chance that repeats itself: every draw of a simulation follows from its seed alone, in any process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from random import Random
from typing import TypeVar

T = TypeVar("T")

_MILLISECOND = 1_000
#: The 74 bits of a UUIDv7 after its time: what tells one deed's ids from another's, and a counter that keeps them in
#: order.
_FIRST_BITS, _COUNTER_BITS = 58, 16


def stream(seed: int, *names: object) -> Random:
    """Draws that depend on the seed and on what they are for, not on what else was drawn before."""
    return Random(":".join(map(str, (seed, *names))))


def weighted(pick: Random, choices: Sequence[tuple[T, float]]) -> T:
    """One of several things, each with its weight; at least one weight is above 0."""
    things, weights = zip(*choices, strict=True)
    found: T = pick.choices(things, weights)[0]
    return found


class SeededSource:
    """Ids and case numbers of one deed or one effect of a simulation (see ``db.base.Source``): UUIDv7 of the simulated
    instant, in the order in which they are drawn. Each deed has a source of its own, named after it, so that its ids do
    not depend on what else happened before."""

    def __init__(self, now: Callable[[], datetime], seed: int, *names: object) -> None:
        self._pick = stream(seed, "ids", *names)
        self._now = now
        self._first = self._pick.getrandbits(_FIRST_BITS)
        self._drawn = 0

    def new_id(self) -> uuid.UUID:
        """The next id."""
        self._drawn += 1
        at = self._now()
        milliseconds = int(at.timestamp()) * _MILLISECOND + at.microsecond // _MILLISECOND
        tail = (self._first << _COUNTER_BITS) | self._drawn
        high, low = tail >> 62, tail & ((1 << 62) - 1)
        return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)

    def symbols(self, alphabet: str, count: int) -> str:
        """The next symbols."""
        return "".join(self._pick.choices(alphabet, k=count))
