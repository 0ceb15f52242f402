"""What an operation may cost, known before it runs: the sum over its fields of 1 + list size times what lies below.

A list's size is its ``first`` or ``last`` (literal or variable); a list without paging counts as ``UNPAGED`` rows
unless its field declares ``metadata={"list_size": n}``. A field may declare ``metadata={"weight": n}`` instead of 1.
The formula is made once per document; its value is computed once per operation and set of page sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from caseway.db.keyset import LARGEST_PAGE, SMALLEST_PAGE
from caseway.gql.limits import CEILING
from caseway.gql.refusals import PageSizeRefused, QueryTooCostly

#: Rows assumed in a list that is not paged.
UNPAGED = 10
#: Values of page sizes remembered per document.
_REMEMBERED = 64
_PAGE_ARGUMENTS = ("first", "last")
_PLAIN_SIZE_ARGUMENTS = ("first", "last", "limit")


@dataclass(slots=True)
class _Fields:
    """A compiled selection set: its own weight, what it nests, and the fragments it spreads."""

    weight: int = 0
    nested: list[_Nested] = field(default_factory=list)
    spreads: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Nested:
    """A field with children. Inside a connection, ``edges`` and ``nodes`` repeat by the connection's own size."""

    node: FieldNode
    children: _Fields
    connection: bool
    per_row: bool
    sizes: dict[str, ValueNode]
    assumed: int


class CostFormula:
    """The cost of a validated document's operations as a function of their variables."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments: dict[str, _Fields] = {}
        self._operations: dict[int, _Fields] = {}
        self._variables: set[str] = set()
        self._known: dict[tuple[Any, ...], int] = {}
        for definition in document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                parent = schema.get_type(definition.type_condition.name.value)
                self._fragments[definition.name.value] = self._compile(definition.selection_set, parent)
            elif isinstance(definition, OperationDefinitionNode):
                root = schema.get_root_type(definition.operation)
                self._operations[id(definition)] = self._compile(definition.selection_set, root)

    def cost(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """The cost of one operation; raises ``PageSizeRefused`` where a connection has no page of 1 to 100 rows."""
        sizes = {name: variables[name] for name in self._variables if name in variables}
        try:
            key = (id(operation), *sorted((name, type(size), size) for name, size in sizes.items()))
            return self._known[key]
        except (KeyError, TypeError):  # not known yet, or a value that is no number: the executor will say so
            pass
        cost = _Evaluation(self._fragments, operation, sizes).total(self._operations[id(operation)])
        if all(type(size) is int for size in sizes.values()):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = cost
        return cost

    def _compile(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> _Fields:
        compiled = _Fields()
        for selection in selection_set.selections:
            if isinstance(selection, FragmentSpreadNode):
                compiled.spreads.append(selection.name.value)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                below = self._compile(selection.selection_set, inner)
                compiled.weight += below.weight
                compiled.nested += below.nested
                compiled.spreads += below.spreads
            elif isinstance(selection, FieldNode):
                self._compile_field(compiled, selection, parent)
        return compiled

    def _compile_field(self, compiled: _Fields, node: FieldNode, parent: GraphQLNamedType | None) -> None:
        definition = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            definition = self._schema.get_field(parent, node.name.value)
        if definition is None:
            compiled.weight += 1
            return
        declared = _declared(definition)
        compiled.weight += int(declared.get("weight", 1))
        named = get_named_type(definition.type)
        if node.selection_set is None or not is_composite_type(named):
            return
        connection = is_connection(named)
        accepted = _PAGE_ARGUMENTS if connection else _PLAIN_SIZE_ARGUMENTS
        sizes = {
            argument.name.value: argument.value
            for argument in node.arguments or ()
            if argument.name.value in accepted and argument.name.value in definition.args
        }
        self._variables |= {value.name.value for value in sizes.values() if isinstance(value, VariableNode)}
        a_list = _is_list(definition.type)
        introspection = named.name.startswith("__")
        compiled.nested.append(
            _Nested(
                node=node,
                children=self._compile(node.selection_set, named),
                connection=connection and "first" in definition.args,
                per_row=a_list and is_connection(parent) and node.name.value in ("edges", "nodes"),
                sizes=sizes,
                assumed=int(declared.get("list_size", UNPAGED)) if a_list and not introspection else 1,
            )
        )


class _Evaluation:
    """One value of a formula: every fragment is evaluated once."""

    def __init__(
        self, fragments: Mapping[str, _Fields], operation: OperationDefinitionNode, sizes: Mapping[str, Any]
    ) -> None:
        self._fragments = fragments
        self._sizes = dict(sizes)
        for variable in operation.variable_definitions or ():
            name = variable.variable.name.value
            if name not in sizes and isinstance(variable.default_value, IntValueNode):
                self._sizes[name] = int(variable.default_value.value)
        self._memo: dict[str, tuple[int, int]] = {}

    def total(self, fields: _Fields) -> int:
        once, per_row = self._fields(fields)
        return min(CEILING, once + per_row)

    def _fields(self, fields: _Fields) -> tuple[int, int]:
        """(what counts once, what counts once for every row of the connection around it)."""
        once, per_row = fields.weight, 0
        for nested in fields.nested:
            below, below_per_row = self._fields(nested.children)
            if nested.per_row:
                per_row += below + below_per_row
            elif nested.connection:
                once += below + self._page(nested) * below_per_row
            else:
                once += self._list_size(nested) * (below + below_per_row)
        for name in fields.spreads:
            if name not in self._memo:
                self._memo[name] = self._fields(self._fragments[name])
            spread_once, spread_per_row = self._memo[name]
            once += spread_once
            per_row += spread_per_row
        return min(CEILING, once), min(CEILING, per_row)

    def _page(self, nested: _Nested) -> int:
        asked = [size for size in (self._value(value) for value in nested.sizes.values()) if size is not None]
        if len(asked) != 1 or not SMALLEST_PAGE <= asked[0] <= LARGEST_PAGE:
            raise PageSizeRefused(nodes=(nested.node,), field=nested.node.name.value)
        return asked[0]

    def _list_size(self, nested: _Nested) -> int:
        sizes = [size for size in (self._value(value) for value in nested.sizes.values()) if size is not None]
        return max(0, min(sizes)) if sizes else nested.assumed

    def _value(self, value: ValueNode) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value)
        if isinstance(value, VariableNode):
            size = self._sizes.get(value.name.value)
            # Anything but a whole number is refused with a better message when variables are coerced.
            return size if type(size) is int or size is None else LARGEST_PAGE
        return None


def refuse_beyond(limit: int, cost: int, operation: OperationDefinitionNode) -> None:
    """Refuse an operation that costs more than the limit."""
    if cost > limit:
        raise QueryTooCostly(nodes=(operation,), limit=limit, cost=cost)


def is_connection(type_: GraphQLNamedType | None) -> bool:
    """Whether a type is a Relay connection: named so, and paged."""
    return isinstance(type_, GraphQLObjectType) and type_.name.endswith("Connection") and "pageInfo" in type_.fields


def _is_list(type_: Any) -> bool:
    while isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    return isinstance(type_, GraphQLList)


def _declared(definition: GraphQLField) -> Mapping[str, Any]:
    """The metadata written next to a Strawberry field."""
    field_ = (definition.extensions or {}).get("strawberry-definition")
    metadata: Mapping[str, Any] = getattr(field_, "metadata", None) or {}
    return metadata
