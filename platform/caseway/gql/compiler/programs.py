"""A document's operation, read once: its root fields with everything about them that depends on neither actor nor
variables' values (those that decide on ``@skip`` and ``@include`` apart)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLObjectType, is_object_type
from graphql.execution.values import get_argument_values
from strawberry.types.arguments import convert_arguments

from caseway.db.keyset import page_size
from caseway.gql.compiler import pages
from caseway.gql.compiler.mapping import Catalogue, Leaf, Made, Many, One, Paged, RootMap
from caseway.gql.compiler.selection import TYPENAME, NotCompilable, Reader, Selected
from caseway.gql.compiler.writing import Size
from caseway.gql.execution import Prepared

_PAGE = ("first", "after", "last", "before")
_ENUM = re.compile("[A-Z_]+")


@dataclass(slots=True, eq=False)
class Root:
    """One root field of a program; equal to itself only, so that statements can be remembered by it."""

    selected: Selected
    #: None for ``__typename``.
    map: RootMap | None = None
    connection: bool = False
    #: Nested connections with the variables they take.
    nested: list[Selected] = field(default_factory=list)
    #: The same root for objects of one type, by its name, where its own type is an interface.
    concrete: dict[str, Root] = field(default_factory=dict)

    def sizes(self, variables: Any) -> dict[int, Size]:
        """The pages of nested connections. Later pages of them are left to the ordinary executor."""
        found = {}
        for each in self.nested:
            assert each.definition is not None
            given = get_argument_values(each.definition, each.nodes[0], variables)
            if given.get("after") is not None or given.get("before") is not None:
                raise NotCompilable("nested cursor")
            first, last = given.get("first"), given.get("last")
            extra = {name: value for name, value in given.items() if name not in _PAGE and value is not None}
            found[id(each)] = Size(page_size(first, last), last is not None, *map(_constant, extra.values()))
        return found


class Programs:
    """Makes programs of one schema and catalogue."""

    def __init__(self, schema: strawberry.Schema, catalogue: Catalogue) -> None:
        self.schema, self.catalogue = schema, catalogue
        self._graph = schema._schema

    def read(self, prepared: Prepared, variables: Any) -> list[Root]:
        """The roots of an operation. Raises ``NotCompilable``."""
        reader = Reader(self._graph, prepared.document.node, variables.coerced)
        query = self._graph.query_type
        assert query is not None
        return [self._root(each) for each in reader.roots(prepared.operation, query)]

    def concrete(self, prepared: Prepared, variables: Any, root: Root, type_name: str) -> Root:
        """The same root for an object of one type, where its own type is an interface."""
        if type_name in root.concrete:
            return root.concrete[type_name]
        kind = self._graph.get_type(type_name)
        assert isinstance(kind, GraphQLObjectType)
        reader = Reader(self._graph, prepared.document.node, variables.coerced)
        selected = root.selected
        below = Selected(
            selected.key, selected.name, selected.nodes, None, reader.below(selected.nodes, kind), type_name
        )
        root.concrete[type_name] = found = self._whole(Root(below, root.map))
        return found

    def arguments(self, root: Root, variables: Any) -> dict[str, Any]:
        """A root field's arguments as its resolver gets them."""
        definition = root.selected.definition
        assert definition is not None
        given = get_argument_values(definition, root.selected.nodes[0], variables)
        resolved = definition.extensions["strawberry-definition"]
        converter = self.schema.schema_converter
        return convert_arguments(given, resolved.arguments, converter.scalar_registry, self.schema.config)

    def _root(self, selected: Selected) -> Root:
        if selected.name == TYPENAME:
            return Root(selected)
        known = self.catalogue.roots.get(selected.name)
        if known is None:
            raise NotCompilable(f"Query.{selected.name}")
        found = Root(selected, known, connection=selected.type_name.endswith("Connection"))
        if not is_object_type(self._graph.get_type(selected.type_name)):
            return found
        if found.connection:
            pages.check(selected)
        return self._whole(found)

    def _whole(self, root: Root) -> Root:
        wanted = pages.wanted(root.selected) if root.connection else [root.selected]
        for each in wanted:
            self._look(each, root)
        return root

    def _look(self, selected: Selected, root: Root) -> None:
        """Find the nested connections, and refuse arguments that nothing here understands."""
        mapped = self.catalogue.types.get(selected.type_name)
        if mapped is None:
            raise NotCompilable(selected.type_name)
        for child in selected.children:
            known = mapped.fields.get(child.name)
            if isinstance(known, Made):
                continue
            if isinstance(known, Paged):
                if {each.name.value for each in child.nodes[0].arguments or ()} - {*_PAGE, known.argument}:
                    raise NotCompilable("arguments")
                root.nested.append(child)
                for each in pages.wanted(child):
                    self._look(each, root)
                continue
            if child.nodes[0].arguments:
                raise NotCompilable("arguments")
            if isinstance(known, One | Many):
                self._look(child, root)
            elif not isinstance(known, Leaf) and child.name != TYPENAME:
                raise NotCompilable(f"{selected.type_name}.{child.name}")


def _constant(value: Any) -> str:
    """An enum's value as an SQL constant."""
    text = str(getattr(value, "value", value))
    if _ENUM.fullmatch(text) is None:
        raise NotCompilable("arguments")
    return f"'{text}'::text"
