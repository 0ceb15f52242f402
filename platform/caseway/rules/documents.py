"""A rule book as a document: what a file holds about a book, besides and including its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from caseway.rules.rows import Book, BookRole, BookVersion, Row
from caseway.rules.values import Level


class FileRole(StrEnum):
    """What a file calls its book."""

    #: The law of the nation.
    BASE = "base"
    #: A law that was replaced: it holds differences only.
    BASE_HISTORY = "base-history"
    #: The law of a province.
    BASE_PROVINCE = "base-province"
    #: The book of an office, made from a published source.
    SEED = "seed"
    #: The book of an office.
    OFFICE = "office"

    @property
    def role(self) -> BookRole:
        """The role of the book."""
        return BookRole.OFFICE if self in (FileRole.SEED, FileRole.OFFICE) else BookRole.LAW


class FileState(StrEnum):
    """What is to become of the book when the file is applied."""

    PUBLISHED = "PUBLISHED"
    DRAFT = "DRAFT"


@dataclass(frozen=True, slots=True)
class Excluded:
    """A practice of the source that is deliberately not modelled, and what stands instead."""

    practice: str
    instead: str


@dataclass(frozen=True)
class BookDocument:
    """One rule book as it stands in a file."""

    system: str
    name: str
    role: FileRole
    #: Level of the office; ``None`` for the law of the nation (``BASE`` in files).
    level: Level | None
    #: Code of the office, or of the jurisdiction of a provincial law.
    office_code: str | None = None
    inherits: str | None = None
    #: The layer of the law whose rows this one changes for earlier days.
    amends: str | None = None
    source: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
    #: First day in Asia/Shanghai on which it applies.
    effective_from: date | None = None
    state: FileState | None = None
    rows: tuple[Row, ...] = ()
    excluded: tuple[Excluded, ...] = ()

    @property
    def book(self) -> Book:
        """The book, without its rows."""
        is_law = self.role.role is BookRole.LAW
        return Book(
            code=self.system,
            name=self.name,
            role=self.role.role,
            office_code=None if is_law else self.office_code,
            jurisdiction=(self.office_code or "") if is_law else "",
            inherits=self.inherits,
            amends=self.amends,
        )

    def version(self, number: int = 1, *, effective_from: date | None = None) -> BookVersion:
        """The rows as a version of the book. ``ValueError`` if nobody says from which day on."""
        day = effective_from or self.effective_from
        if day is None:
            raise ValueError(f"{self.system} does not say from which day on it applies")
        return BookVersion(self.book, number, day, self.rows)

    @property
    def summary(self) -> dict[str, int]:
        """How much there is: rules, kinds, excluded practices."""
        kinds = len({row.kind for row in self.rows})
        return {"rules": len(self.rows), "kinds": kinds, "excluded": len(self.excluded)}
