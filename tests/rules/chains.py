"""Books, places and chains for tests of the pure rules: those that ship, and small ones made on the spot."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

from caseway.rules.documents import BookDocument
from caseway.rules.library import read_folder
from caseway.rules.place import OfficePlace
from caseway.rules.resolve import EffectiveRules, resolve
from caseway.rules.rows import Book, BookRole, BookVersion, Row
from caseway.rules.targets import level_of
from caseway.rules.values import Level
from caseway.tenancy.models import OfficeKind

FROM = date(2026, 1, 1)
#: The city entries of municipalities have no division of their own.
_NO_OFFICE = {"1101", "1201", "3101", "5001"}


@cache
def shipped() -> dict[str, BookDocument]:
    """The books that ship, by code."""
    return {document.system: document for document in read_folder()}


def shipped_versions(*, history: bool = False) -> list[BookVersion]:
    """Their versions; the law that was replaced only on demand."""
    return [each.version() for each in shipped().values() if history or each.amends is None]


def place(code: str, kind: OfficeKind = OfficeKind.GOVERNMENT) -> OfficePlace:
    """Where an office stands whose code is a division code, or begins with that of its government."""
    division = code.partition("-")[0]
    above = [division[:length] for length in (2, 4, 6, 9) if length < len(division)]
    above = [each for each in above if each not in _NO_OFFICE] + ([division] if division != code else [])
    level = level_of(code)
    assert level is not None, code
    return OfficePlace(len(above) + 1, code, level, kind, tuple(enumerate(above, start=1)))


def place_of(document: BookDocument) -> OfficePlace:
    """The office of a book that ships."""
    assert document.office_code is not None
    is_unit = document.level is Level.UNIT
    return place(document.office_code, OfficeKind.DEPARTMENT if is_unit else OfficeKind.GOVERNMENT)


def rules_of(code: str, kind: OfficeKind = OfficeKind.GOVERNMENT) -> EffectiveRules:
    """What the shipped books come to for an office."""
    return resolve(shipped_versions(), place(code, kind))


def row(row_id: str, kind: str, applies_to: str = "SELF", /, **params: Any) -> Row:
    """One row; ``register`` and other names as in files."""
    return Row(row_id, kind, applies_to, params)


def book(code: str, office: str | None, *rows: Row, jurisdiction: str = "", version: int = 1) -> BookVersion:
    """A version of a book of an office, or of the law if no office is given."""
    role = BookRole.LAW if office is None else BookRole.OFFICE
    return BookVersion(Book(code, code, role, office, jurisdiction), version, FROM, tuple(rows))


def codes(found: Iterable[Any]) -> list[str]:
    """The codes of findings."""
    return [finding.code.value for finding in found]


def span(n: int, unit: str) -> dict[str, Any]:
    """A span as files write it."""
    return {"n": n, "unit": unit}
