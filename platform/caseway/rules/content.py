"""The content of a version between the tables and the rules: rows both ways, and the digests that name a content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caseway.rules.kinds import KINDS
from caseway.rules.models import RuleRow
from caseway.rules.rows import Row


def to_row(stored: RuleRow) -> Row:
    """A stored row as the rules read it."""
    return Row(
        id=stored.row_id,
        kind=stored.kind,
        applies_to=stored.applies_to,
        params=stored.params,
        quality=stored.quality,
        guard=stored.guard,
        unresolved=tuple(stored.unresolved),
        withheld=stored.withheld,
        withheld_reason=stored.withheld_reason or "",
        enabled=stored.enabled,
        text=stored.clause or "",
    )


def to_values(
    rows: Sequence[Row], *, book_id: int, number: int, edited_by: Mapping[str, int] | int
) -> list[dict[str, Any]]:
    """Rows as they are stored. ``edited_by``: the person who wrote each row (by its id), or all of them."""
    return [
        {
            "book_id": book_id,
            "number": number,
            "row_id": row.id,
            "position": position,
            "kind": row.kind,
            "applies_to": row.applies_to,
            "params": plain(row.params),
            "quality": row.quality,
            "guard": row.guard,
            "enabled": row.enabled,
            "withheld": row.withheld,
            "withheld_reason": row.withheld_reason or None,
            "unresolved": list(row.unresolved),
            "clause": row.text or None,
            "edited_by": edited_by if isinstance(edited_by, int) else edited_by.get(row.id, 0),
        }
        for position, row in enumerate(rows, start=1)
    ]


def ordered(row: Row) -> dict[str, Any]:
    """The parameters of a row as plain values in the order of its kind (storage keeps none); unknown ones last."""
    known = KINDS[row.kind].parameters if row.kind in KINDS else {}
    names = [*(name for name in known if name in row.params), *(name for name in row.params if name not in known)]
    return {name: plain(row.params[name]) for name in names}


def digest(rows: Iterable[Row]) -> bytes:
    """SHA-256 over everything that the rows say, in order. Equal digests, equal effect."""
    return _hashed([_said(row) for row in rows])


def row_digest(row: Row) -> bytes:
    """SHA-256 over what a row demands (kind, reach, parameters): what a review looked at."""
    return _hashed([row.kind, row.applies_to, plain(row.params)])


def document_digest(document: Mapping[str, Any]) -> bytes:
    """SHA-256 over a declared document or pack."""
    return _hashed(plain(document))


def plain(value: Any) -> Any:
    """A value of a book as plain JSON values."""
    match value:
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case None | str() | bool() | int() | float():
            return value
    return str(value)


def _said(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "applies_to": row.applies_to,
        "params": plain(row.params),
        "quality": row.quality,
        "guard": row.guard,
        "unresolved": list(row.unresolved),
        "withheld": row.withheld,
        "withheld_reason": row.withheld_reason,
        "enabled": row.enabled,
        "text": row.text,
    }


def _hashed(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
