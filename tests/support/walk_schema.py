"""Documents that reach every field of a schema, and inputs for every argument: made from the schema itself.

A selection expands every field of every type once (where the type is first met, breadth first) and its plain fields
wherever it is met again. A field, argument or input field for which no value is known here is a ``LookupError``:
whoever adds one to the schema has to say how it is walked.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

#: Between a type's name and its field's in the aliases inside fragments on interfaces and unions, where fields of the
#: same name may differ in type.
JOINT = "__"
#: Rows of every connection below a root.
NESTED_PAGE = 40

Fields = GraphQLObjectType | GraphQLInterfaceType


def pages(**fields: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """A list's ends, with every argument of a page. A page without a size would be refused, and with it all that is
    asked in the same request."""
    for size, edge in (("first", "after"), ("last", "before")):
        yield {**fields, size: 1}, False
        yield {**fields, size: 1, edge: None}, False


def is_leaf(kind: Any) -> bool:
    """Whether a field of this type has no selection of its own."""
    return isinstance(get_named_type(kind), GraphQLScalarType | GraphQLEnumType)


@dataclass
class _Node:
    """A selection set being written."""

    kind: GraphQLNamedType
    lines: list[str] = field(default_factory=list)
    children: list[tuple[str, _Node]] = field(default_factory=list)

    def text(self) -> str:
        """The selection set, in braces."""
        parts = [*self.lines, *(f"{head} {child.text()}" for head, child in self.children)]
        return "{ __typename " + " ".join(parts) + " }"


class Selections:
    """Writes selection sets for one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema

    def full(self, kind: Any, *, plain: frozenset[str] = frozenset()) -> str:
        """Everything below a value of this type; types in ``plain`` only with their plain fields."""
        root = _Node(get_named_type(kind))
        waiting, met = deque([root]), set(plain)
        while waiting:
            node = waiting.popleft()
            for concrete, prefix, into in self._concrete(node):
                again = concrete.name in met and not _is_wrapper(concrete)
                met.add(concrete.name)
                for name, each in concrete.fields.items():
                    self._add(into, concrete, name, each, prefix, again=again, waiting=waiting)
        return root.text()

    def _concrete(self, node: _Node) -> Iterator[tuple[GraphQLObjectType, bool, _Node]]:
        if isinstance(node.kind, GraphQLObjectType):
            yield node.kind, False, node
            return
        assert isinstance(node.kind, GraphQLInterfaceType | GraphQLUnionType)
        for each in self.schema.get_possible_types(node.kind):
            inner = _Node(each)
            node.children.append((f"... on {each.name}", inner))
            yield each, True, inner

    def _add(
        self,
        into: _Node,
        owner: GraphQLObjectType,
        name: str,
        each: GraphQLField,
        prefix: bool,
        *,
        again: bool,
        waiting: deque[_Node],
    ) -> None:
        head = f"{owner.name}{JOINT}{name}: {name}" if prefix else name
        head += _nested_arguments(each)
        if is_leaf(each.type):
            into.lines.append(head)
            return
        kind = get_named_type(each.type)
        if again and not (isinstance(kind, GraphQLObjectType) and _is_wrapper(kind)):
            if "id" in getattr(kind, "fields", {}) and not isinstance(kind, GraphQLUnionType):
                into.lines.append(head + " { __typename id }")
            return
        if again:
            return
        child = _Node(kind)
        into.children.append((head, child))
        waiting.append(child)


def _is_wrapper(kind: GraphQLObjectType) -> bool:
    """Connections, edges, payloads: they mean nothing by themselves and are expanded wherever they stand."""
    return kind.name.endswith(("Connection", "Edge", "Payload"))


def _nested_arguments(each: GraphQLField) -> str:
    if "first" in each.args:
        return f"(first: {NESTED_PAGE})"
    if any(is_required_argument(argument) for argument in each.args.values()):
        raise LookupError("a field below the root has a required argument: say here what it is given")
    return ""


@dataclass(frozen=True)
class Root:
    """A root field with one set of arguments. ``head`` and ``selection`` are the same for all sets of one field, so
    that the platform parses each document once."""

    field: GraphQLField
    name: str
    arguments: Mapping[str, Any]
    selection: str

    @property
    def about(self) -> str:
        """What is asked, for people."""
        return f"{self.name}({json.dumps(plain(self.arguments), ensure_ascii=False)})"


def document(kind: str, roots: Sequence[Root]) -> tuple[str, dict[str, Any]]:
    """One operation with these fields as ``r0``, ``r1`` …, and its variables."""
    variables: dict[str, Any] = {}
    declared, fields = [], []
    fragments: dict[tuple[str, str], str] = {}
    for number, root in enumerate(roots):
        given = []
        for name, value in root.arguments.items():
            variables[f"a{number}_{name}"] = plain(value)
            declared.append(f"$a{number}_{name}: {root.field.args[name].type}")
            given.append(f"{name}: $a{number}_{name}")
        spread = ""
        if root.selection:
            fragment = fragments.setdefault(
                (str(get_named_type(root.field.type)), root.selection), f"F{len(fragments)}"
            )
            spread = f"{{ __typename ...{fragment} }}"
        fields.append(f"r{number}: {root.name}{'(' + ', '.join(given) + ')' if given else ''} {spread}")
    head = f"{kind} W{'(' + ', '.join(declared) + ')' if declared else ''} {{ {' '.join(fields)} }}"
    return " ".join([head, *(f"fragment {name} on {on} {text}" for (on, text), name in fragments.items())]), variables


def plain(value: Any) -> Any:
    """A value as JSON."""
    match value:
        case Enum(name):
            return name
        case list():
            return [plain(each) for each in value]
        case Mapping():
            return {name: plain(each) for name, each in value.items()}
    return value


@dataclass(frozen=True)
class Enum:
    """The name of an enum value."""

    name: str


#: From (input type's name, field's name) to a value; ``None`` = not known.
Known = Callable[[str, str], Any]


class Inputs:
    """Builds input objects by type."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def build(self, kind: GraphQLInputObjectType, given: Mapping[str, Any], *, whole: bool = False) -> dict[str, Any]:
        """An input with ``given`` values, and known ones for what else is required; with ``whole`` for every field."""
        built: dict[str, Any] = {}
        for name, each in kind.fields.items():
            if name in given:
                built[name] = given[name]
            elif whole or is_required_input_field(each):
                built[name] = self.value(kind.name, name, each.type, whole=whole)
        return built

    def value(self, owner: str, name: str, kind: Any, *, whole: bool) -> Any:
        """A plausible value of one field."""
        known = self.known(owner, name)
        if known is not None:
            return known
        if isinstance(kind, GraphQLNonNull):
            return self.value(owner, name, kind.of_type, whole=whole)
        if isinstance(kind, GraphQLList):
            return [self.value(owner, name, kind.of_type, whole=whole)]
        if isinstance(kind, GraphQLInputObjectType):
            return self.build(kind, {}, whole=whole)
        if isinstance(kind, GraphQLEnumType):
            return Enum(next(iter(kind.values)))
        if getattr(kind, "name", "") == "Boolean":
            return True
        raise LookupError(f"the walk knows no value for {owner}.{name}: add one in support/walk_values.py")


def every_field(schema: GraphQLSchema) -> set[tuple[str, str]]:
    """(type, field) of every object type that is reachable from the roots, without introspection."""
    found: set[tuple[str, str]] = set()
    waiting: deque[Any] = deque([schema.query_type, schema.mutation_type])
    met: set[str] = set()
    while waiting:
        kind = waiting.popleft()
        if kind is None or kind.name in met or is_leaf(kind):
            continue
        met.add(kind.name)
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            waiting.extend(schema.get_possible_types(kind))
        if isinstance(kind, GraphQLObjectType):
            found |= {(kind.name, name) for name in kind.fields}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            waiting.extend(get_named_type(each.type) for each in kind.fields.values())
    return found
