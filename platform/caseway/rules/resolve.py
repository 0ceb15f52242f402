"""What the books of the chain come to for one office. Pure: the same versions and place give the same rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from caseway.rules.findings import Finding, RowRef
from caseway.rules.kinds import KINDS, Kind
from caseway.rules.merge import SourcedRow, merge
from caseway.rules.place import OfficePlace, reaches
from caseway.rules.rows import Book, BookRole, BookVersion, Row

__all__ = ["EffectiveRules", "Rule", "SourcedRow", "layers", "resolve", "row_reaches"]

K = TypeVar("K", bound=Kind)


@dataclass(frozen=True, slots=True)
class Rule(Generic[K]):
    """One effective rule of an office: what all rows of the chain that speak of the same thing come to."""

    kind: str
    #: Values of the kind's ``key_params``.
    key: tuple[Any, ...]
    #: The merged parameters. Of a deadline, ``limit`` is only the nearest: each of ``rows`` gives a date of its own.
    params: K
    #: Parameter -> the rows that state its effective value.
    provenance: Mapping[str, tuple[RowRef, ...]]
    #: Every row that took part, the law first, the nearest book last.
    rows: tuple[SourcedRow[K], ...]
    #: For "at most" and "at least": all values that stand side by side because only dates can tell which is stricter.
    bounds: Mapping[str, tuple[Any, ...]]

    def stated(self, name: str) -> tuple[tuple[RowRef, Any], ...]:
        """Every row that states a parameter, and what it says."""
        said = ((sourced.ref, sourced.params.given(name)) for sourced in self.rows)
        return tuple((ref, value) for ref, value in said if value is not None)


@dataclass(frozen=True, slots=True)
class EffectiveRules:
    """All effective rules of an office."""

    place: OfficePlace
    #: (book code, version) of every book that took part, the law first.
    versions: tuple[tuple[str, int], ...]
    #: Kind -> its rules, in the order in which the chain first speaks of them.
    by_kind: Mapping[str, tuple[Rule[Any], ...]]
    #: Where a loaded book contradicts one above it; the stricter value has the effect.
    conflicts: tuple[Finding, ...] = ()

    def of(self, kind: type[K]) -> tuple[Rule[K], ...]:
        """The rules of a kind."""
        return self.by_kind.get(kind.kind_name, ())

    def find(self, kind: type[K], *key: Any) -> Rule[K] | None:
        """The rule of a kind with that key (absent values as ``""``); ``None`` if nothing is said."""
        return next((rule for rule in self.of(kind) if rule.key == key), None)

    @property
    def rules(self) -> tuple[Rule[Any], ...]:
        """Every rule, by kind in alphabetical order."""
        return tuple(rule for kind in sorted(self.by_kind) for rule in self.by_kind[kind])


def layers(versions: Iterable[BookVersion], place: OfficePlace) -> tuple[BookVersion, ...]:
    """The versions of the chain of an office in their order: layers of the law from the nation down, then the books of
    the offices from the root down. Books of other chains are left out."""
    line = place.line

    def order(version: BookVersion) -> tuple[int, int, int, str]:
        book = version.book
        if book.role is BookRole.LAW:
            return 0, len(book.jurisdiction), int(book.amends is not None), book.code
        return 1, line.index(book.office_code or ""), 0, book.code

    return tuple(sorted((version for version in versions if in_chain(version.book, place)), key=order))


def in_chain(book: Book, place: OfficePlace) -> bool:
    """Whether a book stands above an office or is its own."""
    if book.role is BookRole.LAW:
        return any(code.startswith(book.jurisdiction) for code in place.line)
    return book.office_code in place.line


def row_reaches(book: Book, row: Row, place: OfficePlace) -> bool:
    """Whether a row of a book in the chain speaks to an office. A layer of the law reaches all of its jurisdiction."""
    if not row.model.reaches_level(place.rule_level):
        return False
    if book.role is BookRole.OFFICE:
        return reaches(row.applies_to, book.office_code or "", place)
    target, _, argument = row.applies_to.partition(":")
    return target not in ("LEVEL", "OFFICE") or argument in (place.rule_level.value, place.code)


def resolve(versions: Sequence[BookVersion], place: OfficePlace) -> EffectiveRules:
    """The effective rules of an office. Rows that are withheld, undecided or switched off say nothing."""
    chain = layers(versions, place)
    found: dict[str, dict[tuple[Any, ...], list[SourcedRow[Any]]]] = {}
    for version in chain:
        for row in version.rows:
            if row.in_effect and row_reaches(version.book, row, place):
                sourced = SourcedRow(row, version.ref(row), version.book.role, row.model)
                found.setdefault(row.kind, {}).setdefault(row.model.key, []).append(sourced)
    own = {version.book.code for version in chain if version.book.office_code in (place.code, place.seat)}
    by_kind: dict[str, tuple[Rule[Any], ...]] = {}
    conflicts: list[Finding] = []
    for kind, keys in found.items():
        rules = []
        for key, rows in keys.items():
            merged = merge(KINDS[kind], rows, level=place.rule_level, own_books=own)
            conflicts += merged.findings
            rules.append(Rule(kind, key, merged.params, merged.provenance, tuple(rows), merged.bounds))
        by_kind[kind] = tuple(rules)
    read = tuple((version.book.code, version.version) for version in chain)
    return EffectiveRules(place, read, by_kind, tuple(conflicts))
