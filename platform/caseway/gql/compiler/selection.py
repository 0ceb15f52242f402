"""What a document asks, as a tree of merged fields: the specification's collection of fields, for object types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_abstract_type,
    is_object_type,
    visit,
)

TYPENAME = "__typename"


class NotCompilable(Exception):
    """The ordinary executor answers this. The text says why, in few different words: it is a label of a metric."""


@dataclass(slots=True)
class Selected:
    """One field as asked: every mention under one response key together."""

    key: str
    name: str
    #: Every mention; their arguments are equal (the document is valid).
    nodes: list[FieldNode]
    #: None for ``__typename``.
    definition: GraphQLField | None
    #: Empty for plain values.
    children: list[Selected] = field(default_factory=list)
    #: The name of the field's type, without list and non-null.
    type_name: str = "String"

    def child(self, name: str) -> Iterable[Selected]:
        """The children with that field name, whatever their keys."""
        return (each for each in self.children if each.name == name)


class Reader:
    """Reads one document under one choice of ``@skip`` and ``@include``."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }

    def roots(self, operation: OperationDefinitionNode, root: GraphQLObjectType) -> list[Selected]:
        """The root fields of an operation."""
        return self._collect([operation.selection_set], root)

    def below(self, nodes: Iterable[FieldNode], parent: GraphQLObjectType) -> list[Selected]:
        """The fields of an object type below some mentions of a field."""
        return self._collect([node.selection_set for node in nodes if node.selection_set is not None], parent)

    def _collect(self, sets: Iterable[SelectionSetNode], parent: GraphQLObjectType) -> list[Selected]:
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for each in sets:
            self._visit(each, parent, found, spread)
        return [self._selected(key, nodes, parent) for key, nodes in found.items()]

    def _visit(
        self, sets: SelectionSetNode, parent: GraphQLObjectType, found: dict[str, list[FieldNode]], spread: set[str]
    ) -> None:
        for node in sets.selections:
            if not self._included(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                continue
            fragment: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in spread:
                    continue
                spread.add(node.name.value)
                fragment = self._fragments[node.name.value]
            elif isinstance(node, InlineFragmentNode):
                fragment = node
            else:
                raise NotCompilable("syntax")
            if self._applies(fragment, parent):
                self._visit(fragment.selection_set, parent, found, spread)

    def _applies(self, fragment: InlineFragmentNode | FragmentDefinitionNode, parent: GraphQLObjectType) -> bool:
        if fragment.type_condition is None:
            return True
        condition = self._schema.get_type(fragment.type_condition.name.value)
        if is_abstract_type(condition):
            return self._schema.is_sub_type(condition, parent)
        return condition is parent

    def _included(self, directives: Iterable[DirectiveNode]) -> bool:
        for each in directives:
            if each.name.value not in ("skip", "include"):
                raise NotCompilable("directive")
            (given,) = each.arguments or ()
            value: Any = given.value
            holds = self._variables.get(value.name.value) if isinstance(value, VariableNode) else value.value
            if bool(holds) == (each.name.value == "skip"):
                return False
        return True

    def _selected(self, key: str, nodes: list[FieldNode], parent: GraphQLObjectType) -> Selected:
        name = nodes[0].name.value
        if name == TYPENAME:
            return Selected(key, name, nodes, None)
        definition = parent.fields.get(name)
        if definition is None:
            raise NotCompilable("introspection")
        kind = get_named_type(definition.type)
        children = self.below(nodes, kind) if is_object_type(kind) else []
        return Selected(key, name, nodes, definition, children, kind.name)


def deciding_variables(document: DocumentNode) -> tuple[str, ...]:
    """The variables that ``@skip`` and ``@include`` ask, sorted: their values decide which fields there are."""
    found: set[str] = set()

    class Look(Visitor):
        """Collects them."""

        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            """One directive."""
            if node.name.value in ("skip", "include"):
                found.update(
                    each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode)
                )

    visit(document, Look())
    return tuple(sorted(found))
