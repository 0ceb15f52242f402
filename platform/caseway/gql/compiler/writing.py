"""From selected fields and their mapping to one SQL expression whose value is the JSON text of an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from caseway.access.permissions import Permission
from caseway.gql.compiler import json_sql
from caseway.gql.compiler.json_sql import Piece, Sql, closed, concat, member
from caseway.gql.compiler.mapping import Catalogue, Json, Leaf, Made, Many, One, Paged, TypeMap
from caseway.gql.compiler.selection import TYPENAME, NotCompilable, Selected

_PARAMETERS = {
    "now": "⟨access_now⟩::timestamptz",
    "office": "⟨access_office⟩::integer",
    "person": "⟨access_person⟩::integer",
}


class Flags(Protocol):
    """Permissions on a row as SQL (``access.flags_sql.RowFlags``)."""

    def columns(self, alias: str, permissions: Any) -> str: ...
    def grants(self, alias: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows of a connection, from which end."""

    limit: int
    backwards: bool
    #: The extra argument as an SQL constant.
    given: str = "null::text"


@dataclass(slots=True)
class Row:
    """A row at hand: its alias, and which permissions on it the statement turns out to ask for."""

    alias: str
    up: Row | None = None
    guarded: bool = False
    needed: set[Permission] = field(default_factory=set)
    needs_grants: bool = False

    def __getitem__(self, name: str) -> str:
        """What ``{up[…]}`` stands for."""
        if name == "t":
            return self.alias
        return self.held() if name == "held" else self.can(Permission[name])

    def can(self, permission: Permission) -> str:
        """Whether the actor has a permission on this row."""
        if not self.guarded:
            raise NotCompilable("permission")
        self.needed.add(permission)
        return f"{self.alias}_may.{permission.name.lower()}"

    def held(self) -> str:
        """When the actor's office last gave this case away."""
        if not self.guarded:
            raise NotCompilable("permission")
        self.needs_grants = True
        return f"{self.alias}_grant.held"

    def joins(self, flags: Flags) -> str:
        """The lateral joins that compute what was asked for."""
        found = f" {flags.grants(self.alias)}" if self.needed or self.needs_grants else ""
        if self.needed:
            found += f" cross join lateral (select {flags.columns(self.alias, self.needed)}) {self.alias}_may"
        return found

    def fill(self, template: str, *, reached: str = "", given: str = "") -> str:
        """A template of ``mapping`` for this row."""
        up = self.up if self.up is not None else _NOTHING
        return template.format(
            t=self.alias, r=reached, can=_Can(self), held=_Held(self), up=up, given=given, **_PARAMETERS
        )


class _Nothing:
    """``{up[…]}`` of a row that was reached from none."""

    def __getitem__(self, name: str) -> str:
        raise NotCompilable("no row above")


_NOTHING = _Nothing()


class _Can:
    """``{can[…]}`` in templates."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def __getitem__(self, name: str) -> str:
        return self._row.can(Permission[name])


class _Held:
    """``{held}`` in templates."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def __format__(self, spec: str) -> str:
        return self._row.held()


class Writer:
    """Writes one statement's expressions. ``sizes`` are the pages of nested connections, by ``id`` of their field."""

    def __init__(self, catalogue: Catalogue, flags: Flags, sizes: Mapping[int, Size]) -> None:
        self._catalogue, self._flags, self._sizes = catalogue, flags, sizes
        self._numbers = count(1)
        #: Conditions under which the root's row is left to the ordinary executor.
        self.odd: list[str] = []
        #: Who makes the values that stand in the text as marks, and what is selected below each.
        self.makers: list[tuple[Made, Selected]] = []

    def object(self, selected: Selected, row: Row) -> list[Piece]:
        """The object that stands at ``row``, with the selected fields in their order."""
        mapped = self._type(selected)
        pieces: list[Piece] = []
        for child in selected.children:
            member(pieces, child.key)
            pieces.append(self._field(child, selected.type_name, mapped, row))
        return closed(pieces)

    def _type(self, selected: Selected) -> TypeMap:
        mapped = self._catalogue.types.get(selected.type_name)
        if mapped is None:
            raise NotCompilable(selected.type_name)
        return mapped

    def row(self, selected: Selected, alias: str = "c", up: Row | None = None) -> Row:
        """A row for an object of the selected field's type."""
        return Row(alias, up, guarded=bool(self._type(selected).guarded))

    def visible(self, selected: Selected, row: Row) -> str:
        """The condition under which the object is shown at all."""
        guarded = self._type(selected).guarded
        return "(" + " or ".join(row.can(each) for each in guarded) + ")" if guarded else "true"

    def _field(self, child: Selected, type_name: str, mapped: TypeMap, row: Row) -> Piece:
        if child.name == TYPENAME:
            return f'"{type_name}"'
        known = mapped.fields.get(child.name)
        if known is None:
            raise NotCompilable(f"{type_name}.{child.name}")
        if odd := mapped.odd.get(child.name):
            if row.up is not None:
                raise NotCompilable(f"{type_name}.{child.name}")
            self.odd.append(row.fill(odd))
        match known:
            case Leaf():
                return _masked(json_sql.value(known.json, row.fill(known.sql)), row.fill(known.when))
            case One():
                return _masked(self._one(child, known, row), row.fill(known.when))
            case Many():
                return _masked(self._many(child, known, row), row.fill(known.when))
            case Paged():
                return self._paged(child, known, row)
            case Made():
                self.makers.append((known, child))
                return Sql(json_sql.mark(len(self.makers) - 1, row.fill(known.sql)))

    def _reached(self, child: Selected, row: Row) -> Row:
        return self.row(child, f"r{next(self._numbers)}", row)

    def _one(self, child: Selected, known: One, row: Row) -> Sql:
        reached = self._reached(child, row)
        text = concat(self.object(child, reached))
        shown = self.visible(child, reached)
        rows, on = (row.fill(each, reached=reached.alias) for each in (known.rows, known.on))
        found = f"select {text} from {rows}{reached.joins(self._flags)} where {on} and {shown} limit 1"
        return Sql(f"coalesce(({found}), 'null')")

    def _many(self, child: Selected, known: Many, row: Row) -> Sql:
        reached = self._reached(child, row)
        text = concat(self.object(child, reached))
        rows, on, order = (row.fill(each, reached=reached.alias) for each in (known.rows, known.on, known.order))
        shown = self.visible(child, reached)
        found = f"select string_agg({text}, ',' order by {order}) from {rows}{reached.joins(self._flags)}"
        return Sql(f"concat('[', ({found} where {on} and {shown}), ']')")

    def _paged(self, child: Selected, known: Paged, row: Row) -> Sql:
        """Rows one more than asked, numbered from the end that was asked; the list is put together in its own order."""
        size = self._sizes[id(child)]
        node, edges = _parts(child)
        reached = Row(f"r{next(self._numbers)}", row)
        order = ", ".join(
            row.fill(key.sql, reached=reached.alias) + (" desc" if size.backwards else "") for key in known.keys
        )
        columns = {"i": f"row_number() over (order by {order})", "cursor": self._cursor(known, reached, row, size)}
        if node is not None:
            columns["node"] = concat(self._listed(node, reached))
        for number, edge in enumerate(edges):
            columns[f"edge{number}"] = concat(self._edge(edge, known, reached, row, size))
        rows, on = (row.fill(each, reached=reached.alias, given=size.given) for each in (known.rows, known.on))
        inner = f"select * from {rows} where {on} order by {order} limit {size.limit + 1}"
        listed = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
        numbered = f"select {listed} from ({inner}) {reached.alias}"
        down = "desc" if size.backwards else "asc"
        text = concat(_connection(child, node, edges, size, down))
        return Sql(f"(select {text} from ({numbered}) w)")

    def _listed(self, node: Selected, reached: Row) -> list[Piece]:
        if self._type(node).guarded:
            raise NotCompilable("cases in a nested list")
        return self.object(node, reached)

    def _edge(self, edge: Selected, known: Paged, reached: Row, row: Row, size: Size) -> list[Piece]:
        pieces: list[Piece] = []
        for child in edge.children:
            member(pieces, child.key)
            match child.name:
                case "node":
                    pieces += self._listed(child, reached)
                case "cursor":
                    pieces += ['"', Sql(self._cursor(known, reached, row, size)), '"']
                case _:
                    pieces.append(f'"{edge.type_name}"')
        return closed(pieces)

    def _cursor(self, known: Paged, reached: Row, row: Row, size: Size) -> str:
        keys = [type(key)(row.fill(key.sql, reached=reached.alias), key.tag) for key in known.keys]
        return json_sql.cursor(known.order, row.fill(known.filters, given=size.given), keys)


def _parts(child: Selected) -> tuple[Selected | None, list[Selected]]:
    """``nodes`` (asked under one key at most, else it is left alone) and every ``edges`` of a connection."""
    nodes = list(child.child("nodes"))
    if len(nodes) > 1:
        raise NotCompilable("nodes twice")
    return next(iter(nodes), None), list(child.child("edges"))


def _connection(
    child: Selected, node: Selected | None, edges: Sequence[Selected], size: Size, down: str
) -> list[Piece]:
    """The connection itself, an aggregate over the numbered rows ``w``."""
    pieces: list[Piece] = []
    numbers = {id(each): number for number, each in enumerate(edges)}
    for part in child.children:
        member(pieces, part.key)
        match part.name:
            case "nodes":
                pieces += ["[", _listed("node", size, down), "]"]
            case "edges":
                pieces += ["[", _listed(f"edge{numbers[id(part)]}", size, down), "]"]
            case "pageInfo":
                pieces += _page_info(part, size, down)
            case name if name == TYPENAME:
                pieces.append(f'"{child.type_name}"')
            case name:
                raise NotCompilable(f"{child.type_name}.{name}")
    return closed(pieces)


def _listed(column: str, size: Size, down: str) -> Sql:
    return Sql(f"string_agg(w.{column}, ',' order by w.i {down}) filter (where w.i <= {size.limit})")


def _page_info(part: Selected, size: Size, down: str) -> list[Piece]:
    up = "asc" if down == "desc" else "desc"
    more = Sql(f"case when count(*) > {size.limit} then 'true' else 'false' end")
    shown = f"filter (where w.i <= {size.limit})"
    values: dict[str, Piece] = {
        "hasNextPage": "false" if size.backwards else more,
        "hasPreviousPage": more if size.backwards else "false",
        "startCursor": json_sql.value(Json.TOKEN, f"(array_agg(w.cursor order by w.i {down}) {shown})[1]"),
        "endCursor": json_sql.value(Json.TOKEN, f"(array_agg(w.cursor order by w.i {up}) {shown})[1]"),
        TYPENAME: '"PageInfo"',
    }
    pieces: list[Piece] = []
    for child in part.children:
        member(pieces, child.key)
        pieces.append(values[child.name])
    return closed(pieces)


def _masked(text: Sql, when: str) -> Sql:
    return Sql(f"case when {when} then {text} else 'null' end") if when else text
