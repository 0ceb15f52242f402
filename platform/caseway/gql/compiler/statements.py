"""One statement a root field: the second lock, the root's rows, and the JSON text of each.

The lock is set by the statement itself, before any row is read: the rows are a lateral join behind the call that sets
it, and refer to its result. It lasts for the statement's own transaction, so nothing stays on the connection. If a plan
ever changed that order, there would be no scope, and no rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caseway.gql.compiler.json_sql import concat
from caseway.gql.compiler.making import Makers, filled
from caseway.gql.compiler.mapping import Source
from caseway.gql.compiler.selection import Selected
from caseway.gql.compiler.writing import Row, Writer

_PARAMETER = re.compile("⟨([a-z0-9_]+)⟩")
_LOCK = (
    "with lock as materialized (select set_config('app.scopes', ⟨lock_scopes⟩::text, true) as scopes, "
    "set_config('app.bars', ⟨lock_bars⟩::text, true) as bars)"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with numbered parameters, and the names of the values that belong there."""

    text: str
    parameters: tuple[str, ...]
    #: How many sort keys begin a row.
    keys: int = 0
    makers: Makers = ()

    def texts(self, row: Sequence[Any]) -> list[Any]:
        """A row whose texts are finished."""
        if not self.makers:
            return list(row)
        return [filled(each, self.makers) if isinstance(each, str) else each for each in row]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the numbers."""
        return [values[name] for name in self.parameters]


def numbered(text: str, *, keys: int, makers: Makers) -> Statement:
    """``⟨name⟩`` becomes ``$n``, the same name always the same number."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return Statement(_PARAMETER.sub(number, text), tuple(names), keys, makers)


def statement(writer: Writer, flags: Any, wanted: list[Selected], source: Source, *, shown: bool) -> Statement:
    """The statement for the rows of a source. Its columns are the sort keys ``k0`` …, whether the row is ``odd``, and
    a text ``j0`` … for each of ``wanted``: different selections of the same row. ``shown``: rows that the actor may not
    see as objects of their type are left out (a list has asked for that already)."""
    up = Row("u", guarded=True) if source.up is not None else None
    row: Row | None = None
    texts: list[str] = []
    for each in wanted:
        row = row or writer.row(each, up=up)
        texts.append(concat(writer.object(each, row)))
    if row is None:
        row = Row("c", up)
    visible = writer.visible(wanted[0], row) if shown and wanted else "true"
    if up is not None and source.up is not None:
        visible = f"{visible} and {up.can(source.up)}"
    columns = [f"{sql} as k{number}" for number, sql in enumerate(source.keys)]
    columns.append(f"({' or '.join(f'coalesce({each}, false)' for each in writer.odd) or 'false'}) as odd")
    columns += [f"{text} as j{number}" for number, text in enumerate(texts)]
    order = f" order by {source.order}" if source.order else ""
    joins = (up.joins(flags) if up is not None else "") + row.joins(flags)
    rows = (
        f"select {', '.join(columns)} from {source.rows}{joins} where lock.scopes is not null "
        f"and lock.bars is not null and {source.where} and {visible}{order} limit {source.limit}"
    )
    whole = f"{_LOCK} select shown.* from lock cross join lateral ({rows}) shown{order}"
    return numbered(whole, keys=len(source.keys), makers=tuple(writer.makers))
