"""Refusals as data, refusals at the top, and everything else masked."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from caseway.errors import CasewayError, NotFound
from caseway.gql.errors import NotFoundError, NotPermittedError, expose, mutation, result_union
from gql.toy import SCHEMA, SECRET, Toy, codes

STORE = """
mutation ($input: BoxStoreInput!) {
  boxStore(input: $input) {
    __typename
    ... on BoxStorePayload { box { label } }
    ... on Error { code message }
    ... on InvalidInputError { fieldErrors { path code message } }
    ... on RefusedError { details { key value } }
    ... on ShelfFullError { capacity }
  }
}
"""


async def store(label: str = "box", **fields: Any) -> dict[str, Any]:
    """What ``boxStore`` answers."""
    response = await Toy().post(STORE, {"input": {"label": label, **fields}})
    assert response.status_code == 200 and "errors" not in response.json()
    answer: dict[str, Any] = response.json()["data"]["boxStore"]
    return answer


async def test_what_succeeds_is_the_payload() -> None:
    assert await store() == {"__typename": "BoxStorePayload", "box": {"label": "箱子 1"}}


@pytest.mark.parametrize(
    ("fail", "typename", "code"),
    [
        ("not-found", "NotFoundError", "NOT_FOUND"),
        ("not-permitted", "NotPermittedError", "NOT_PERMITTED"),
        ("conflict", "ConflictError", "CONFLICT"),
        ("stale", "StaleVersionError", "STALE_VERSION"),
        ("full", "ShelfFullError", "SHELF_FULL"),
        ("heavy", "RefusedError", "TOO_HEAVY"),
        ("invalid", "InvalidInputError", "INVALID_INPUT"),
    ],
)
async def test_a_domain_refusal_is_a_member_of_the_result(fail: str, typename: str, code: str) -> None:
    answer = await store(fail=fail)
    assert (answer["__typename"], answer["code"]) == (typename, code)
    assert answer["message"]


async def test_a_refusal_carries_its_facts() -> None:
    assert (await store(fail="full"))["capacity"] == 12
    assert (await store(fail="heavy"))["details"] == [
        {"key": "limit", "value": "20"},
        {"key": "at", "value": "2026-03-01T09:30:00.000000Z"},
    ]


async def test_all_problems_of_an_input_are_reported_at_once() -> None:
    answer = await store("much too long a label", fail="much too long a label")
    assert [(each["path"], each["code"]) for each in answer["fieldErrors"]] == [("label", "TOO_LONG"), ("fail", "SAME")]
    assert [each["code"] for each in (await store("  "))["fieldErrors"]] == ["BLANK"]


async def test_a_refusal_on_a_read_is_a_top_level_error_with_its_code() -> None:
    response = await Toy().post("{ refused }")
    assert codes(response) == ["NOT_PERMITTED"]
    assert response.json()["errors"][0]["path"] == ["refused"]


async def test_a_cursor_of_another_list_is_a_top_level_error() -> None:
    toy = Toy()
    cursor = (await toy.post("{ counted(first: 1) { totalCount pageInfo { endCursor } } }")).json()["data"]["counted"]
    assert cursor["totalCount"] == 25
    for after in (cursor["pageInfo"]["endCursor"], "x", ""):
        response = await toy.post("query ($a: String) { boxes(first: 1, after: $a) { nodes { id } } }", {"a": after})
        assert codes(response) == ["MALFORMED_CURSOR"]


async def test_a_bug_is_masked_and_logged_under_the_same_id_without_its_text() -> None:
    for query in ("{ broken }", "{ brokenHard }", '{ box(id: "Qm94OjE") { broken } }', "{ overflow }"):
        with capture_logs() as logs:
            response = await Toy().post(query)
        (error,) = response.json()["errors"]
        assert response.status_code == 200
        assert error["message"] == "Unexpected error."
        assert error["extensions"]["code"] == "UNEXPECTED"
        assert [entry["error_id"] for entry in logs] == [error["extensions"]["id"]]
        assert SECRET not in response.text + str(logs)
        assert error["path"]
    with capture_logs() as logs:
        await Toy().post("{ broken }")
    assert logs[0]["error_type"] == "builtins.RuntimeError"
    assert "toy.py" in logs[0]["frames"][-1]


async def test_a_bug_in_a_mutation_is_masked_too() -> None:
    response = await Toy().post(STORE, {"input": {"label": "x", "fail": "bug"}})
    assert codes(response) == ["UNEXPECTED"]
    assert response.json()["data"] is None


async def test_messages_about_the_clients_own_mistakes_are_not_masked_and_stay_short() -> None:
    response = await Toy().post("{ hello(name: 5) nothing }")
    assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"] * 2
    assert "nothing" in response.text
    response = await Toy().post("{ hello")
    assert codes(response) == ["GRAPHQL_PARSE_FAILED"]
    assert response.json()["errors"][0]["locations"]
    response = await Toy().post("query ($n: [Int!]!) { hello }", {"n": ["x" * 10_000]})
    response = await Toy().post("query ($n: Int) { boxes(first: $n) { nodes { id } } }", {"n": "x" * 10_000})
    assert codes(response) == ["GRAPHQL_VALUE_INVALID"]
    assert len(response.text) < 1_000


def test_every_result_union_begins_with_its_payload_and_goes_on_with_errors() -> None:
    sdl = str(SCHEMA)
    assert (
        "union BoxStoreResult = BoxStorePayload | ShelfFullError | NotFoundError | NotPermittedError"
        " | InvalidInputError | ConflictError | StaleVersionError | IdempotencyMismatchError | RefusedError" in sdl
    )
    assert '"""Store a box."""' in sdl
    assert "type RefusedError implements Error" in sdl


def test_a_pair_is_exposed_once_and_a_mutation_is_well_named() -> None:
    expose(NotFound, NotFoundError)
    with pytest.raises(ValueError):
        expose(NotFound, NotPermittedError)
    with pytest.raises(ValueError):
        mutation(NotFoundError)
    assert result_union("CaseAccept", NotFoundError).__metadata__[0].graphql_name == "CaseAcceptResult"

    class DonePayload:
        """A payload."""

    async def undocumented() -> DonePayload:
        raise CasewayError

    with pytest.raises(ValueError):
        mutation(DonePayload)(undocumented)
