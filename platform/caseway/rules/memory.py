"""What a process remembers of rule books: only things that follow from their key alone, so nothing can become stale.

Rows are remembered by the digest of their content, results by the versions (with their digests) and the place that they
were computed for. Which versions count is read anew in every transaction.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Memory(Generic[Key, Value]):
    """At most ``size`` values; those that were not asked for the longest go first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, or None when it is not known (any more)."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Key, value: Value) -> Value:
        """Remember a value and give it back."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > self.size:
            self._kept.popitem(last=False)
        return value

    def clear(self) -> None:
        """Forget everything: for measurements."""
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)
