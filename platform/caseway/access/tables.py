"""The columns of case tables that access conditions speak about, declared here because slices lie above this layer."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import Boolean, DateTime, Integer, Text, Uuid, column, table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

#: Deepest level column of a case: l1..l6.
DEEPEST = 6

CASES = table(
    "cases",
    column("city_id", Integer),
    column("id", Uuid),
    column("petition_class", Text),
    column("is_open", Boolean),
    column("holder_id", Integer),
    column("held_by_discipline", Boolean),
    *(column(f"l{depth}", Integer) for depth in range(1, DEEPEST + 1)),
    column("assignee_id", Integer),
    column("lead_id", Integer),
    column("barred", ARRAY(Integer)),
)
CASE_GRANT = table(
    "case_grant",
    column("city_id", Integer),
    column("case_id", Uuid),
    column("office_id", Integer),
    column("person_id", Integer),
    column("kind", Text),
    column("until_at", DateTime(timezone=True)),
    column("is_open", Boolean),
    column("due_at", DateTime(timezone=True)),
    column("registered_at", DateTime(timezone=True)),
)


class HasColumns(Protocol):
    """A table or an alias of one: ``CASES``, ``Case.__table__``, ``Case.__table__.alias()``."""

    @property
    def c(self) -> Any: ...


class CaseColumns:
    """The columns of ``cases`` by name, of a table, an alias of it, or a mapped class (or alias of one)."""

    def __init__(self, source: Any = CASES) -> None:
        self._columns: Any = getattr(source, "c", source)

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        found: ColumnElement[Any] = getattr(self._columns, name)
        return found
