"""Rows of rule books, the books and versions they stand in, and the references that provenance is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from caseway.rules import kinds
from caseway.rules.findings import RowInvalid, RowRef
from caseway.rules.kinds._base import Kind

__all__ = ["Book", "BookRole", "BookVersion", "Row", "RowRef"]


class BookRole(StrEnum):
    """What a book is: a layer of the law, or the book of an office."""

    LAW = "LAW"
    OFFICE = "OFFICE"


#: A rule that may reward fewer petitions or fewer upward visits: off until a review of it is recorded.
FLAGGED = "flagged"
#: Beginning of the guards of rules that are off until something else is recorded.
_OFF_UNTIL = "off until"


def is_guarded(guard: str | None) -> bool:
    """Whether a rule with this guard is off until a review is recorded. Other guards only say how a rule is meant."""
    return guard is not None and (guard == FLAGGED or guard.startswith(_OFF_UNTIL))


@dataclass(frozen=True)
class Row:
    """One row of a book. ``params`` are as written (plain values); ``model`` are the same, checked and typed."""

    id: str
    kind: str
    applies_to: str
    params: Mapping[str, Any] = field(default_factory=dict)
    quality: str | None = None
    guard: str | None = None
    #: What a person has still to decide: names of parameters, or of facts that the source does not give.
    unresolved: tuple[str, ...] = ()
    #: Published without: the row has no effect, and coverage says so.
    withheld: bool = False
    withheld_reason: str = ""
    #: Off until a recorded review, for guarded rows.
    enabled: bool = True
    #: The clause in words.
    text: str = ""

    @cached_property
    def model(self) -> Kind:
        """The parameters, typed; ``RowInvalid`` if they are not acceptable."""
        return kinds.parse(self.kind, self.params, row_id=self.id)

    @cached_property
    def undecided(self) -> tuple[str, ...]:
        """What a person has still to decide before the row can say anything: what is listed as unresolved, and
        parameters that hold a placeholder."""
        try:
            placeholders = self.model.undecided
        except RowInvalid:
            placeholders = ()
        return tuple(dict.fromkeys((*self.unresolved, *placeholders)))

    @cached_property
    def in_effect(self) -> bool:
        """Whether the row says anything: neither withheld nor undecided nor switched off."""
        return self.enabled and not self.withheld and not self.undecided


@dataclass(frozen=True, slots=True)
class Book:
    """A book of rules: of a layer of the law, or of one office."""

    code: str
    name: str
    role: BookRole
    #: Code of the office whose book it is; ``None`` for layers of the law.
    office_code: str | None = None
    #: Division code under which a layer of the law holds; empty for the whole nation.
    jurisdiction: str = ""
    #: Code of the book above, as declared.
    inherits: str | None = None
    #: Code of the layer whose rows this one changes for days before that layer took effect.
    amends: str | None = None


@dataclass(frozen=True)
class BookVersion:
    """What a book said from a day on (Asia/Shanghai)."""

    book: Book
    version: int
    effective_from: date
    rows: tuple[Row, ...]

    def ref(self, row: Row) -> RowRef:
        """The reference to one of its rows."""
        return RowRef(self.book.code, self.version, row.id)
