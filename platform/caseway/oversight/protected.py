"""Numbers of cases that the reader may count but not see, told so that no single case can be made out (domain 5.5, C9).

Small numbers are suppressed, and so much beside them that they cannot be worked out from the others. That only holds if
everybody is always told the same: so there is one table a month and office, about months that are over, by what was
known when they ended, of registrations alone. Whether the total of an office is told is decided by the table of the
office above it, from the top of the tree down, not by who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caseway.access.rowsecurity import SMALLEST_COUNT

#: The key of what the office itself registered, beside those of the offices right below it.
OWN = 0


@dataclass(frozen=True, slots=True)
class Protected:
    """A table as it is told: null where a number is suppressed. Zero is told: it is about nobody."""

    total: int | None
    cells: Mapping[int, int | None]

    @property
    def suppressed(self) -> int:
        """How many cells are suppressed."""
        return sum(value is None for value in self.cells.values())


def protect(cells: Mapping[int, int], *, total_is_told: bool) -> Protected:
    """What is told of a table.

    Small cells are suppressed. If the total is told, or follows from other tables, at least two cells are suppressed
    with it and together they hold no fewer than ``SMALLEST_COUNT``: the smallest others go with them. If the total
    itself is suppressed, at least one cell is, since all of them would give it away.
    """
    total = sum(cells.values())
    told_total = total_is_told and (total == 0 or total >= SMALLEST_COUNT)
    filled = sorted((value, key) for key, value in cells.items() if value)
    hidden = [key for value, key in filled if value < SMALLEST_COUNT]
    others = [key for value, key in filled if value >= SMALLEST_COUNT]

    def is_enough() -> bool:
        if told_total:
            return not hidden or (len(hidden) > 1 and sum(cells[key] for key in hidden) >= SMALLEST_COUNT)
        return bool(hidden) or total == 0

    while others and not is_enough():
        hidden.append(others.pop(0))
    return Protected(
        total if told_total else None, {key: None if key in hidden else value for key, value in cells.items()}
    )
