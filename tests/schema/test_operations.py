"""The client documents: one named operation a file, valid, within the limits, and together every mutation there is."""

from __future__ import annotations

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    parse,
)

from caseway import bundle
from caseway.gql.documents import Document, DocumentStore
from caseway.gql.limits import Limits
from caseway.settings import Settings
from support.operations import FOLDER, Operation, operations

SCHEMA: GraphQLSchema = build_schema(bundle.text("schema", "schema.graphql"))
LIMITS = Limits.of(Settings())
#: Whose work there is; a folder each. ``shared`` is everybody's.
ROLES = ("admin", "auditor", "clerk", "dispatcher", "handler", "leader", "shared", "supervisor")
EVERY = pytest.mark.parametrize("operation", operations(), ids=lambda each: each.key)


def store() -> DocumentStore:
    """What the server reads documents with, on the committed schema and without introspection."""
    return DocumentStore(SCHEMA, LIMITS, introspection=False)


@EVERY
def test_a_file_holds_one_operation_of_its_own_name(operation: Operation) -> None:
    node = parse(operation.text)
    found = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
    assert [each.name and each.name.value for each in found] == [operation.name]
    others = [each for each in node.definitions if each is not found[0]]
    assert all(isinstance(each, FragmentDefinitionNode) for each in others)
    assert node.definitions[0] is found[0], "the operation stands first"


@EVERY
def test_an_operation_is_valid_and_within_the_limits(operation: Operation) -> None:
    document: Document = store().get(operation.text)
    cost = document.formula.cost(document.operation(operation.name), {})
    assert cost <= LIMITS.cost


@EVERY
def test_a_file_says_what_it_is_for_and_is_neat(operation: Operation) -> None:
    first, *rest = operation.text.split("\n")
    assert first.startswith("# ")
    assert first.endswith(".")
    assert operation.text.endswith("}\n")
    assert not any(line != line.rstrip() or "\t" in line or len(line) > 120 for line in [first, *rest])
    indents = [len(line) - len(line.lstrip(" ")) for line in rest if line]
    assert all(each % 2 == 0 for each in indents)


@EVERY
def test_a_mutation_takes_its_input_as_a_variable_and_asks_for_every_refusal(operation: Operation) -> None:
    node = parse(operation.text).definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    if node.operation is OperationType.MUTATION:
        (field,) = node.selection_set.selections
        assert isinstance(field, FieldNode)
        big = field.name.value[0].upper() + field.name.value[1:]
        assert f"($input: {big}Input!)" in operation.text
        assert f"... on {big}Payload" in operation.text
        assert "fragment Refusal on Error" in operation.text


def test_there_are_documents_for_every_role() -> None:
    assert tuple(sorted({each.role for each in operations()})) == ROLES
    assert sorted(path.name for path in FOLDER.iterdir()) == list(ROLES)


def test_names_are_unique_over_all_roles() -> None:
    known = [each.name for each in operations()]
    assert len(known) == len(set(known))


def test_every_mutation_and_every_query_is_used() -> None:
    used: dict[OperationType, set[str]] = {OperationType.MUTATION: set(), OperationType.QUERY: set()}
    for each in operations():
        node = parse(each.text).definitions[0]
        assert isinstance(node, OperationDefinitionNode)
        for field in node.selection_set.selections:
            assert isinstance(field, FieldNode)
            used[node.operation].add(field.name.value)
    assert SCHEMA.mutation_type is not None
    assert SCHEMA.query_type is not None
    assert used[OperationType.MUTATION] == set(SCHEMA.mutation_type.fields)
    assert used[OperationType.QUERY] == set(SCHEMA.query_type.fields)
