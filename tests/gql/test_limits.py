"""Limits: counted by the work they do, not by the clock, and never by the work they refuse."""

from __future__ import annotations

import pytest
from graphql import OperationDefinitionNode, parse

from caseway.gql import limits
from caseway.gql.cost import UNPAGED
from caseway.gql.documents import DocumentStore
from caseway.gql.limits import Limits, Measure
from caseway.gql.refusals import (
    EdgeRefusal,
    InvalidCharacter,
    ParseFailed,
    QueryTooDeep,
    QueryTooManyAliases,
    QueryTooManyDirectives,
    QueryTooManyFragments,
    QueryTooManyRootFields,
    QueryTooManyTokens,
)
from gql.toy import SCHEMA, Toy, codes

LIMITS = Limits()


def refused(text: str) -> EdgeRefusal:
    """Why a text is refused before validation."""
    with pytest.raises(EdgeRefusal) as refusal:
        limits.check(limits.parse_text(text, LIMITS), LIMITS)
    return refusal.value


def fan_out(levels: int, leaf: str) -> str:
    """A chain of fragments that each spread the next one twice: 2^levels leaves."""
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }} " for n in range(levels))
    return f"{{ ...F0 }} {chain} fragment F{levels} on Query {{ {leaf} }}"


def measured(text: str) -> tuple[Measure, limits.Size]:
    """The measure of a document with one operation, and the operation's size."""
    document = parse(text)
    measure = Measure(document)
    (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    return measure, measure.operation(operation)


def test_a_fan_out_of_fragments_costs_one_visit_per_selection_written() -> None:
    measure, size = measured(fan_out(18, "a: hello"))
    assert size.aliases == size.fields == 2**18
    assert measure.visits == 1 + 18 * 2 + 1
    assert isinstance(refused(fan_out(18, "a: hello")), QueryTooManyAliases)


def test_counts_stop_at_a_ceiling() -> None:
    _, size = measured(fan_out(60, "hello"))
    assert size.fields == limits.CEILING


async def test_a_fan_out_of_plain_fields_is_priced_before_it_runs() -> None:
    toy = Toy()
    response = await toy.post(fan_out(18, "hello"))
    assert codes(response) == ["QUERY_TOO_MANY_ROOT_FIELDS"]
    below = fan_out(18, "label").replace(" on Query", " on Box").replace("{ ...F0 }", "{ box(id: 1) { ...F0 } }", 1)
    response = await toy.post(below)
    assert codes(response) == ["QUERY_TOO_COSTLY"]
    assert response.json()["errors"][0]["extensions"]["cost"] > 2**18


def test_deep_nesting_is_refused() -> None:
    nested = "{ a " * 13 + "}" * 13
    refusal = refused(nested)
    assert isinstance(refusal, QueryTooDeep)
    assert refusal.details == {"limit": 12, "depth": 13}
    assert isinstance(refused("{ ... " * 120 + "{ a }" + "}" * 120), QueryTooDeep | ParseFailed)


def test_a_chain_of_fragments_as_deep_as_the_document_allows_does_not_break_the_stack() -> None:
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(59))
    _, size = measured(f"{{ ...F0 }} {chain}")
    assert size.depth == 0
    longer = "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(390))
    assert isinstance(refused(f"{{ ...F0 }} {longer}"), QueryTooManyFragments)
    with pytest.raises(QueryTooDeep):
        measured(f"{{ ...F0 }} {longer}")


@pytest.mark.parametrize("depth", [500, 900])
def test_nesting_beyond_the_parser_is_a_refusal_and_not_a_crash(depth: int) -> None:
    assert isinstance(refused("{ a " * depth + "}" * depth), ParseFailed | QueryTooDeep)
    assert isinstance(refused("{ a(x: " + "[" * depth + "]" * depth + ") }"), ParseFailed)


def test_alias_floods_and_repeated_fields_are_refused() -> None:
    assert isinstance(refused("{" + " ".join(f"a{n}: hello" for n in range(31)) + "}"), QueryTooManyAliases)
    assert isinstance(refused("{ box(id: 1) {" + " inside { label }" * 32 + "} }"), QueryTooManyAliases)
    assert isinstance(refused("{ box(id: 1) {" + " ... on Box { label }" * 32 + "} }"), QueryTooManyAliases)


def test_directive_floods_are_refused() -> None:
    assert isinstance(refused("{ hello" + " @skip(if: false)" * 51 + " }"), QueryTooManyDirectives)
    spread = "{" + " ...F" * 26 + "} fragment F on Query { hello @a @b }"
    assert isinstance(refused(spread), QueryTooManyDirectives)
    assert isinstance(refused("query ($a: Int " + "@a " * 51 + ") { hello }"), QueryTooManyDirectives)


def test_too_many_tokens_root_fields_and_fragments_are_refused() -> None:
    assert isinstance(refused("{ " + "hello " * 4_001 + "}"), QueryTooManyTokens)
    assert isinstance(refused("#\n" * 5_000 + "{ hello }"), QueryTooManyTokens)
    assert isinstance(refused("{" + " ".join(f"f{n}" for n in range(21)) + "}"), QueryTooManyRootFields)
    assert isinstance(
        refused("{ hello }" + "".join(f" fragment F{n} on Query {{ hello }}" for n in range(61))),
        QueryTooManyFragments,
    )


def test_cycles_of_fragments_end() -> None:
    measure, size = measured("{ ...A hello } fragment A on Query { ...B } fragment B on Query { ...A hello }")
    assert size.fields == 2
    assert measure.visits == 5


async def test_cycles_of_fragments_are_left_to_validation() -> None:
    response = await Toy().post("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"]


def test_a_literal_that_cannot_be_stored_is_refused() -> None:
    assert isinstance(refused('{ hello(name: "a\\u0000b") }'), InvalidCharacter)
    assert isinstance(refused('{ box(id: 1) { x(y: [{z: "\\u0000"}]) } }'), InvalidCharacter)


def cost(text: str, **variables: object) -> int:
    """The price of a document's only operation."""
    document = DocumentStore(SCHEMA._schema, LIMITS).get(text)
    return document.formula.cost(document.operation(None), variables)


def test_the_cost_is_fields_plus_rows_times_what_lies_below() -> None:
    assert cost("{ hello }") == 1
    assert cost("{ boxes(first: 50) { nodes { id label } } }") == 2 + 50 * 2
    assert cost("{ boxes(first: 50) { edges { cursor node { id label } } pageInfo { hasNextPage } } }") == (
        1 + 1 + 50 * (1 + 1 + 2) + 1 + 1
    )
    assert cost("{ boxes(last: 5) { nodes { pages(first: 10) { nodes { id } } } } }") == 2 + 5 * (2 + 10)
    assert cost("{ box(id: 1) { inside { id } } }") == 1 + 1 + UNPAGED
    assert cost("{ few { id } }") == 7 + 3
    assert (
        cost("{ boxes(first: 5) { ...F } } fragment F on BoxConnection { nodes { ...G } } fragment G on Box { id }")
        == 7
    )


def test_page_sizes_come_from_variables_and_their_defaults() -> None:
    text = "query ($n: Int = 7) { boxes(first: $n) { nodes { id } } }"
    document = DocumentStore(SCHEMA._schema, LIMITS).get(text)
    operation = document.operation(None)
    assert document.formula.cost(operation, {"n": 20}) == 22
    assert document.formula.cost(operation, {"n": 20}) == 22
    assert document.formula.cost(operation, {}) == 9
    assert document.formula.cost(operation, {"n": True}) == document.formula.cost(operation, {"n": [1]}) == 102
    assert document.formula.cost(operation, {"n": 1}) == 3


def test_introspection_is_cheap_and_may_be_deeper() -> None:
    from graphql import get_introspection_query

    assert cost(get_introspection_query()) < 500


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ boxes { nodes { id } } }", {}),
        ("{ boxes(first: 0) { nodes { id } } }", {}),
        ("{ boxes(first: 101) { nodes { id } } }", {}),
        ("{ boxes(first: 1, last: 1) { nodes { id } } }", {}),
        ("{ boxes(first: null) { nodes { id } } }", {}),
        ("query ($n: Int) { boxes(first: $n) { nodes { id } } }", {}),
        ("query ($n: Int) { boxes(first: $n) { nodes { id } } }", {"n": None}),
        ("query ($n: Int) { boxes(first: $n) { nodes { id } } }", {"n": 1000}),
        ("{ box(id: 1) { inside { pages { nodes { id } } } } }", {}),
    ],
)
async def test_a_page_size_is_required_before_anything_runs(text: str, variables: dict[str, object]) -> None:
    toy = Toy()
    response = await toy.post(text, variables)
    assert (response.status_code, codes(response)) == (400, ["PAGE_SIZE"])
    assert toy.observed[-1].kind == "refused"


async def test_nested_pages_multiply_until_they_are_too_costly() -> None:
    nested = "{ boxes(first: 100) { nodes { pages(first: 100) { nodes { pages(first: 100) { nodes { id } } } } } } }"
    response = await Toy().post(nested)
    assert codes(response) == ["QUERY_TOO_COSTLY"]
    assert response.json()["errors"][0]["extensions"]["limit"] == 20_000
