"""The memory of documents: bounded, shared by good and bad texts alike."""

from __future__ import annotations

import pytest

from caseway.gql.documents import DocumentStore
from caseway.gql.limits import Limits
from caseway.gql.refusals import EdgeRefusal, OperationUnknown, ValidationFailed
from gql.toy import SCHEMA


def store(**options: int | bool) -> DocumentStore:
    """An empty memory over the toy schema."""
    return DocumentStore(SCHEMA._schema, Limits(), **options)  # type: ignore[arg-type]


def test_a_text_is_read_once() -> None:
    documents = store()
    assert documents.get("{ hello }") is documents.get("{ hello }")
    for _ in range(3):
        with pytest.raises(ValidationFailed) as refusal:
            documents.get("{ nothing }")
        assert refusal.value.errors[0]["locations"] == [{"line": 1, "column": 3}]
    assert documents.misses == 2


def test_the_memory_is_bounded_by_documents_and_by_tokens() -> None:
    few = store(most_documents=3)
    for number in range(10):
        few.get(f"query Q{number} {{ hello }}")
    assert len(few) == 3
    few.get("query Q9 { hello }")
    assert few.misses == 10
    small = store(most_tokens=20)
    for number in range(10):
        small.get(f"query Q{number} {{ hello }}")
    assert 1 <= len(small) < 10


def test_the_least_recently_used_is_forgotten_first() -> None:
    documents = store(most_documents=2)
    documents.get("query A { hello }")
    documents.get("query B { hello }")
    documents.get("query A { hello }")
    documents.get("query C { hello }")
    documents.get("query A { hello }")
    assert documents.misses == 3


def test_a_long_text_is_served_but_not_kept() -> None:
    documents = store(longest_text=100)
    documents.get("{ hello }" + " " * 200)
    assert len(documents) == 0


def test_an_operation_is_found_by_name() -> None:
    document = store().get("query A { hello } query B { viewer }")
    assert document.operation("B").selection_set.selections
    for name in (None, "C"):
        with pytest.raises(OperationUnknown):
            document.operation(name)


def test_without_introspection_the_schema_is_not_given_away() -> None:
    closed = store(introspection=False)
    with pytest.raises(EdgeRefusal) as refusal:
        closed.get("{ __schema { types { name } } }")
    assert refusal.value.code == "GRAPHQL_VALIDATION_FAILED"
    for text in ("{ helo }", "{ box(idd: 1) { id } }", "{ box(id: 1) { lable } }", "{ ... on Quer { hello } }"):
        with pytest.raises(EdgeRefusal) as refusal:
            closed.get(text)
        assert "Did you mean" not in str(refusal.value.errors)
    closed.get("{ __typename hello }")
