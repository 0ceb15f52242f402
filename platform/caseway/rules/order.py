"""How two values of one parameter compare, so that "at most" and "at least" mean something for every type."""

from __future__ import annotations

from enum import Enum, auto
from itertools import pairwise
from typing import Any

from caseway.rules import ranks
from caseway.rules.kinds._base import Merge
from caseway.rules.kinds.intake import Band
from caseway.rules.values import Period, Rank, Span, compare_bounds, compare_spans

#: Words that have an order, from the least on.
_SCALES = (["FORBID", "WITH_COPY", "ALLOW"], ["NO", "EXPECTED", "REQUIRED"])
_STEPS = {word: (scale, step) for scale, words in enumerate(_SCALES) for step, word in enumerate(words)}
#: Words that stand for a length: fewest and most seconds.
_DAY = 86_400
_LENGTHS: dict[str, tuple[int, int | None]] = {
    "IMMEDIATE": (0, 0),
    "BEFORE_SESSION": (0, 0),
    "END_OF_MONTH": (0, 31 * _DAY),
}
#: Words for "regularly, without a number": the weakest thing that can be asked for.
_WITHOUT_NUMBER = {"PERIODIC", "IRREGULAR", "ANY_TIME"}


class Verdict(Enum):
    """How a value below stands to one above."""

    TIGHTER = auto()
    EQUAL = auto()
    LOOSER = auto()
    #: Depends on the day: both stand, and the dates decide case by case.
    UNDECIDED = auto()
    #: Cannot be compared at all.
    INCOMPARABLE = auto()


def against(mode: Merge, below: Any, above: Any) -> Verdict:
    """How a value stands to the one above it under MAX or MIN."""
    if below == above:
        return Verdict.EQUAL
    if isinstance(below, tuple) and isinstance(above, tuple):
        return _bands(below, above)
    spans = _is_length(below) and _is_length(above)
    order = _compare(below, above)
    if order is None:
        return Verdict.UNDECIDED if spans else Verdict.INCOMPARABLE
    if order == 0:
        return Verdict.EQUAL
    return Verdict.LOOSER if (order > 0) == (mode is Merge.MAX) else Verdict.TIGHTER


def _compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1 by size, or ``None``."""
    if isinstance(left, Span) and isinstance(right, Span):
        return compare_spans(left, right)
    if isinstance(left, Rank) and isinstance(right, Rank):
        return ranks.compare(left, right)
    if left in _WITHOUT_NUMBER or right in _WITHOUT_NUMBER:
        return (left in _WITHOUT_NUMBER) - (right in _WITHOUT_NUMBER)
    if isinstance(left, Period) and isinstance(right, Period):
        return _sign(left.length, right.length)
    if _is_length(left) and _is_length(right):
        return compare_bounds(_seconds(left), _seconds(right))
    if isinstance(left, str) and isinstance(right, str):
        (scale, step), (other, other_step) = _STEPS.get(left, (left, 0)), _STEPS.get(right, (right, 0))
        return _sign(step, other_step) if scale == other else None
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _sign(left, right)
    return None


def _sign(left: float | None, right: float | None) -> int | None:
    return None if left is None or right is None else (left > right) - (left < right)


def _is_length(value: Any) -> bool:
    return isinstance(value, Span) or (isinstance(value, str) and value in _LENGTHS)


def _seconds(value: Any) -> tuple[int, int | None]:
    return value.seconds if isinstance(value, Span) else _LENGTHS[value]


def _bands(below: tuple[Band, ...], above: tuple[Band, ...]) -> Verdict:
    """Looser if some group may have more representatives than above."""
    pairs = [(_at(below, size), _at(above, size)) for size in _sizes(below, above)]
    if any(own is not None and top is not None and own > top for own, top in pairs):
        return Verdict.LOOSER
    return Verdict.EQUAL if all(own == top for own, top in pairs) else Verdict.TIGHTER


def strictest_bands(*all_bands: tuple[Band, ...]) -> tuple[Band, ...]:
    """For every size of group the fewest representatives that any of the band lists allows."""
    sizes = _sizes(*all_bands)
    fewest = [min(n for n in (_at(bands, size) for bands in all_bands) if n is not None) for size in sizes]
    ends = [following is None or n != following for n, following in pairwise([*fewest, None])]
    return tuple(
        Band(group_max=None if size == _ANY else size, reps_max=n)
        for size, n, ends_here in zip(sizes, fewest, ends, strict=True)
        if ends_here and n is not None
    )


#: A size of group above every band.
_ANY = 1_000_000_000


def _sizes(*all_bands: tuple[Band, ...]) -> list[int]:
    return sorted({_ANY if band.group_max is None else band.group_max for bands in all_bands for band in bands})


def _at(bands: tuple[Band, ...], size: int) -> int | None:
    return next((b.reps_max for b in bands if b.group_max is None or size <= b.group_max), None)
