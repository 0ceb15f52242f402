"""Rule books as pure tests need them: those that ship, or a single row, resolved for one office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from caseway import bundle
from caseway.rules import yaml
from caseway.rules.place import OfficePlace
from caseway.rules.resolve import EffectiveRules, resolve
from caseway.rules.rows import Book, BookRole, BookVersion, Row
from caseway.rules.values import Level
from caseway.tenancy.models import OfficeKind


@cache
def seed(system: str) -> BookVersion:
    """A book that ships."""
    text = bundle.path("tenants", "rulebooks", f"{system}.yaml").read_bytes()
    return yaml.parse_one(text).version(effective_from=date(2026, 1, 1))


def decided(book: BookVersion, row_id: str, **changes: Any) -> BookVersion:
    """The book with a row for which its office has chosen other values, or those that the source leaves open."""
    rows = (
        replace(row, params={**row.params, **changes}, unresolved=(), withheld=False) if row.id == row_id else row
        for row in book.rows
    )
    return replace(book, rows=tuple(rows))


def own(code: str, *rows: tuple[str, Mapping[str, Any]], number: int = 1) -> BookVersion:
    """A book of the office with a code, whose rows (kind and parameters) are about the office itself."""
    made = [
        Row(id=f"R-{place}", kind=kind, applies_to="SELF", params=given) for place, (kind, given) in enumerate(rows, 1)
    ]
    return BookVersion(
        Book(f"own-{code}", code, BookRole.OFFICE, office_code=code), number, date(2026, 1, 1), tuple(made)
    )


def rules_of(code: str, level: str, *books: BookVersion, kind: OfficeKind = OfficeKind.GOVERNMENT) -> EffectiveRules:
    """The rules of the office with a code; the offices of the other books stand above it in their order."""
    above = [each.book.office_code for each in books if each.book.office_code not in (None, code)]
    chain = tuple((number, str(office)) for number, office in enumerate(above, start=1))
    return resolve(list(books), OfficePlace(id=99, code=code, level=Level(level), kind=kind, chain=chain))


def duty(**changes: Any) -> tuple[str, Mapping[str, Any]]:
    """A leader duty: each leader receives once a month, but for the changes."""
    given = {"activity": "RECEPTION", "actor": "LEADERS", "scope": "EACH", "min": 1, "unit": "SESSION", "per": "MONTH"}
    return "leader_duty", given | changes


def fixed(**changes: Any) -> tuple[str, Mapping[str, Any]]:
    """A fixed day: visits on the 20th, rolled to the next workday, but for the changes."""
    return "fixed_day", {"activity": "VISIT", "days": [20], "roll": "NEXT_WORKDAY"} | changes
