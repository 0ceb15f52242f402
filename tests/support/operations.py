"""The client documents of schema/operations, as tests use them: ``text("dispatcher/ForwardCase")``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "schema" / "operations"


@dataclass(frozen=True, slots=True)
class Operation:
    """One document with one named operation."""

    #: Whose work it is: a folder, such as ``dispatcher``; ``shared`` for everybody's.
    role: str
    #: Name of the file, which is the name of the operation.
    name: str
    text: str

    @property
    def key(self) -> str:
        """How tests name it."""
        return f"{self.role}/{self.name}"


@cache
def operations() -> tuple[Operation, ...]:
    """Every document, by role and name."""
    return tuple(
        Operation(path.parent.name, path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*/*.graphql"))
    )


@cache
def text(key: str) -> str:
    """The document of a key such as ``clerk/RegisterCase``."""
    return next(each.text for each in operations() if each.key == key)
