"""The findings of the merge engine, in words: which row, which parameter, what stands above, what would help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caseway.rules.findings import Finding, FindingCode, RowRef
from caseway.rules.kinds._base import Merge


def looser(row: RowRef, parent: RowRef, name: str, below: Any, above: Any, *, mode: Merge) -> Finding:
    """A value that asks for less than the row above."""
    way = "at most" if mode is Merge.MAX else "at least"
    return Finding(
        FindingCode.LOOSER_THAN_PARENT,
        row.book,
        row.row_id,
        name,
        f"{row.row_id} says {name} {shown(below)}, looser than {shown(above)} in {parent}",
        f"give {way} {shown(above)}, or leave it out",
        parent,
    )


def less(row: RowRef, parent: RowRef, names: Sequence[str], below: tuple[Any, ...], above: tuple[Any, ...]) -> Finding:
    """Values that only together say how much is owed, and that do not keep what the row above asks for."""
    wanted = " per ".join(shown(value) for value in above)
    return Finding(
        FindingCode.LOOSER_THAN_PARENT,
        row.book,
        row.row_id,
        names[0],
        f"{row.row_id} says {' per '.join(shown(value) for value in below)}, which does not keep {wanted} of {parent}",
        f"ask for at least {wanted}, or leave the rule out",
        parent,
    )


def incomparable(row: RowRef, parent: RowRef, name: str, below: Any, above: Any) -> Finding:
    """A value that cannot be held against the one above."""
    return Finding(
        FindingCode.INCOMPARABLE,
        row.book,
        row.row_id,
        name,
        f"{row.row_id} says {name} {shown(below)}, which cannot be held against {shown(above)} in {parent}",
        f"give a value of the same sort as {shown(above)}, or leave it out",
        parent,
    )


def locked(row: RowRef, parent: RowRef, name: str, below: Any, above: Any) -> Finding:
    """A value other than the one that the row above fixes."""
    return Finding(
        FindingCode.LOCKED,
        row.book,
        row.row_id,
        name,
        f"{row.row_id} says {name} {shown(below)}, and {parent} fixes {shown(above)}",
        f"give {shown(above)}, or leave it out",
        parent,
    )


def missing(row: RowRef, parent: RowRef, name: str, values: Sequence[Any]) -> Finding:
    """A list that leaves out what the row above sets."""
    listed = ", ".join(shown(value) for value in values)
    return Finding(
        FindingCode.MISSING_PARENT_DAY,
        row.book,
        row.row_id,
        name,
        f"{row.row_id} leaves out {listed}, which {parent} sets",
        f"add {listed} to {name}",
        parent,
    )


def disagrees(row: RowRef, other: RowRef, name: str, value: Any, other_value: Any) -> Finding:
    """Two rows of one book that say different things about the same."""
    return Finding(
        FindingCode.SAME_OFFICE_DISAGREES,
        row.book,
        row.row_id,
        name,
        f"{row.row_id} says {name} {shown(value)}, and {other.row_id} of the same book says {shown(other_value)}",
        "say it in one of the two rows only",
        other,
    )


def shown(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, tuple):
        return f"[{', '.join(shown(each) for each in value)}]"
    if hasattr(value, "model_dump"):
        return str(value.model_dump(mode="json", exclude_none=True))
    return str(value)
