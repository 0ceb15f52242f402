"""Random documents over everything that is mapped, to be answered twice: by one statement, and by resolvers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from caseway.gql.compiler.mapping import Catalogue, Leaf, Made, Mapped, Paged

#: Objects inside each other, and of a document altogether; directives of a document, of which the edge allows 50.
_DEEPEST, _OBJECTS, _DIRECTIVES = 4, 40, 40


class Documents:
    """Writes documents for one schema and catalogue."""

    def __init__(self, graph: GraphQLSchema, catalogue: Catalogue, pick: Random) -> None:
        self.graph, self.catalogue, self.pick = graph, catalogue, pick
        self._aliases = self._objects = self._directives = 0
        self._fragments: list[str] = []

    def document(self, roots: list[str]) -> str:
        """An operation with these root fields, each a field with its arguments, and the variables yes and no."""
        self._aliases = self._objects = self._directives = 0
        self._fragments = []
        fields = []
        for root in roots:
            name = root.partition("(")[0]
            query = self.graph.query_type
            assert query is not None
            kind = str(get_named_type(query.fields[name].type))
            fields.append(f"{self._alias()}{root} {self._object(kind, 0, self.catalogue.roots[name].type)}")
        operation = f"query Q($yes: Boolean! = true, $no: Boolean! = false) {{ {' '.join(fields)} }}"
        # Both are used, whatever was chosen.
        operation = operation[:-1] + " __typename @include(if: $yes) other: __typename @skip(if: $no) }"
        return " ".join([operation, *self._fragments])

    def _alias(self) -> str:
        self._aliases += 1
        return f"a{self._aliases}: "

    def _object(self, kind: str, depth: int, mapped: str = "") -> str:
        if kind == "Node":
            return f"{{ __typename id ... on Case {self._object('Case', depth)} ... on Office {{ code }} }}"
        if kind.endswith("Connection"):
            return self._connection(kind, depth)
        parts = self._fields(kind, depth)
        if self.pick.random() < 0.2:
            middle = self.pick.randrange(len(parts))
            parts[middle:] = [f"... on {kind} {{ {' '.join(parts[middle:])} }}"]
        elif self.pick.random() < 0.2:
            name = f"F{len(self._fragments)}"
            self._fragments.append("")
            self._fragments[int(name[1:])] = f"fragment {name} on {kind} {{ {' '.join(parts)} }}"
            parts = [f"...{name}"]
        return "{ " + " ".join(parts) + " }"

    def _fields(self, kind: str, depth: int) -> list[str]:
        self._objects += 1
        known = self.catalogue.types[kind].fields
        plain = [name for name, each in known.items() if _is_plain(each)]
        deep = [name for name, each in known.items() if not _is_plain(each)] if self._may_go_on(depth) else []
        chosen = self.pick.sample(plain, self.pick.randint(1, len(plain)))
        chosen += self.pick.sample(deep, min(len(deep), self.pick.choice([0, 1, 1, 2, 3])))
        self.pick.shuffle(chosen)
        parts = []
        for name in chosen:
            each = known[name]
            head = (self._alias() if self.pick.random() < 0.3 else "") + name
            if _is_plain(each):
                parts.append(head + self._directive())
                continue
            if isinstance(each, Paged):
                extra = self.pick.choice(["", ", kind: DEPARTMENT", ", kind: null"]) if each.argument else ""
                head += f"({self.pick.choice(['first', 'last'])}: {self.pick.randint(1, 4)}{extra})"
            if isinstance(each, Made):
                parts.append(f"{head} {self._everything(each.type)}")
                continue
            definition: Any = self.graph.get_type(kind)
            parts.append(f"{head} {self._object(get_named_type(definition.fields[name].type).name, depth + 1)}")
        if self.pick.random() < 0.3:
            parts.append("__typename")
        return parts

    def _may_go_on(self, depth: int) -> bool:
        return depth < _DEEPEST and self._objects < _OBJECTS

    def _directive(self) -> str:
        if self._directives >= _DIRECTIVES or self.pick.random() < 0.8:
            return ""
        self._directives += 1
        return self.pick.choice([" @include(if: $yes)", " @skip(if: $yes)", " @include(if: $no)", " @skip(if: $no)"])

    def _everything(self, kind: str) -> str:
        definition = self.graph.get_type(kind)
        assert isinstance(definition, GraphQLObjectType)
        names = [*definition.fields, "__typename"]
        return "{ " + " ".join(self.pick.sample(names, self.pick.randint(1, len(names)))) + " }"

    def _connection(self, kind: str, depth: int) -> str:
        definition = self.graph.get_type(kind)
        assert isinstance(definition, GraphQLObjectType)
        node = get_named_type(definition.fields["nodes"].type).name
        info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        # Written only when it is chosen: a fragment that nobody spreads would make the document invalid.
        parts: list[Callable[[], str]] = [
            lambda: f"nodes {self._object(node, depth)}",
            lambda: f"edges {{ __typename cursor node {self._object(node, depth)} }}",
            lambda: f"edges {{ cursor }} pageInfo {{ endCursor __typename }} {info}",
            lambda: f"{info} __typename",
        ]
        return "{ " + " ".join(part() for part in self.pick.sample(parts, self.pick.randint(1, 2))) + " }"


def _is_plain(mapped: Mapped) -> bool:
    return isinstance(mapped, Leaf) or (isinstance(mapped, Made) and not mapped.type)
