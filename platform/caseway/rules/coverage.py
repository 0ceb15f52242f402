"""What of the books has an effect: every row is in effect, waits for something, is undecided, or is off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from caseway.rules.documents import BookDocument
from caseway.rules.rows import Row


class Status(StrEnum):
    """What becomes of a row."""

    #: It has its effect.
    EFFECT = "EFFECT"
    #: Its kind, or what it speaks of, is not there yet.
    WAITING = "WAITING"
    #: A person has still to decide what it says.
    UNRESOLVED = "UNRESOLVED"
    #: It is guarded, and no review has switched it on.
    OFF = "OFF"


@dataclass(frozen=True, slots=True)
class RowCoverage:
    """One row and what becomes of it."""

    row_id: str
    kind: str
    status: Status
    #: Where its effect lives, what it waits for, what is undecided, or why it is off.
    detail: str


@dataclass(frozen=True, slots=True)
class BookCoverage:
    """One book."""

    book: str
    rows: tuple[RowCoverage, ...]

    def count(self, status: Status) -> int:
        """Rows with a status."""
        return sum(row.status is status for row in self.rows)


@dataclass(frozen=True, slots=True)
class Coverage:
    """All books, by code."""

    books: tuple[BookCoverage, ...]

    @property
    def rows(self) -> tuple[tuple[str, RowCoverage], ...]:
        """(book, row) of every row."""
        return tuple((book.book, row) for book in self.books for row in book.rows)

    def count(self, status: Status) -> int:
        """Rows with a status."""
        return sum(book.count(status) for book in self.books)

    @property
    def waiting_for(self) -> dict[str, int]:
        """What rows wait for, with their number, the most first."""
        return dict(Counter(row.detail for _, row in self.rows if row.status is Status.WAITING).most_common())


def coverage(documents: Iterable[BookDocument]) -> Coverage:
    """What of these books has an effect."""
    books = sorted(documents, key=lambda document: document.system)
    return Coverage(tuple(BookCoverage(book.system, tuple(row_coverage(row) for row in book.rows)) for book in books))


def row_coverage(row: Row) -> RowCoverage:
    """What becomes of one row. What is undecided counts before what is off, and that before what waits."""
    if row.undecided:
        why = f"withheld: {', '.join(row.undecided)}" if row.withheld else ", ".join(row.undecided)
        return RowCoverage(row.id, row.kind, Status.UNRESOLVED, why)
    if row.withheld:
        return RowCoverage(row.id, row.kind, Status.UNRESOLVED, f"withheld: {row.withheld_reason}")
    if not row.enabled:
        return RowCoverage(row.id, row.kind, Status.OFF, row.guard or "switched off")
    waits = row.model.waits()
    if waits is not None:
        return RowCoverage(row.id, row.kind, Status.WAITING, waits)
    return RowCoverage(row.id, row.kind, Status.EFFECT, row.model.effect_in.lives_in or "")


def as_values(found: Coverage) -> dict[str, Any]:
    """The same as plain values: totals, what rows wait for, and every row."""
    return {
        "totals": {status.value: found.count(status) for status in Status},
        "waitingFor": found.waiting_for,
        "books": [
            {
                "book": book.book,
                "rules": [
                    {"id": row.row_id, "kind": row.kind, "status": row.status.value, "detail": row.detail}
                    for row in book.rows
                ],
            }
            for book in found.books
        ],
    }


def as_table(found: Coverage) -> str:
    """One line for each row: book, row, kind, status, detail, with tabs between."""
    lines = ("\t".join((book, row.row_id, row.kind, row.status.value, row.detail)) + "\n" for book, row in found.rows)
    return "".join(("book\trow\tkind\tstatus\tdetail\n", *lines))
