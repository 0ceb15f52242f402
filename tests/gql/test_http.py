"""The HTTP edge: every bad request has its own answer, and none of them is a 500."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from caseway.gql.execution import Prepared
from gql.toy import SECRET, Toy, codes

JSON = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
HELLO = b'{"query": "{ hello }"}'


async def send(
    content: Any = HELLO, *, method: str = "POST", headers: dict[str, str] | None = None, **settings: Any
) -> httpx.Response:
    """One raw request."""
    async with Toy(**settings).client() as client:
        return await client.request(method, "/graphql", content=content, headers={**JSON, **(headers or {})})


async def test_the_answer_is_utf_8_json_that_nobody_keeps() -> None:
    response = await send()
    assert response.status_code == 200
    assert response.content == '{"data":{"hello":"你好 世界"}}'.encode()
    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "INVALID_JSON"),
        (b"{", 400, "INVALID_JSON"),
        (b'{"query": NaN}', 400, "INVALID_JSON"),
        (b"null", 400, "INVALID_REQUEST"),
        (b"5", 400, "INVALID_REQUEST"),
        (b"{}", 400, "INVALID_REQUEST"),
        (b'{"query": ""}', 400, "INVALID_REQUEST"),
        (b'{"query": 5}', 400, "INVALID_REQUEST"),
        (b'{"query": "{ hello }", "variables": []}', 400, "INVALID_REQUEST"),
        (b'{"query": "{ hello }", "variables": "x"}', 400, "INVALID_REQUEST"),
        (b'{"query": "{ hello }", "extensions": 1}', 400, "INVALID_REQUEST"),
        (b'{"query": "{ hello }", "operationName": 1}', 400, "INVALID_REQUEST"),
        (b'[{"query": "{ hello }"}]', 400, "BATCHING_OFF"),
        (b'{"query": "{ hello }", "variables": {"a": "\xff"}}', 400, "INVALID_ENCODING"),
        (b'{"query": "\xed\xa0\x80"}', 400, "INVALID_ENCODING"),
        ('{"query": "{ hello }"}'.encode("utf-16"), 400, "INVALID_ENCODING"),
        (b'{"query": "{ hello }", "variables": {"a": "\\ud800"}}', 400, "INVALID_CHARACTER"),
        (b'{"query": "{ hello }", "variables": {"a": "\\u0000"}}', 400, "INVALID_CHARACTER"),
        (b'{"query": "{ hello }", "variables": {"a": [{"\\u0000": 1}]}}', 400, "INVALID_CHARACTER"),
        (b'{"query": "{ hello(name: \\"\\\\u0000\\") }"}', 400, "INVALID_CHARACTER"),
        (b'{"query": "{ hello }", "operationName": "\\u0000"}', 400, "INVALID_CHARACTER"),
        (b"[" * 100_000, 400, "JSON_TOO_DEEP"),
        (b'{"query": "{ hello }", "variables": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}", 400, "JSON_TOO_DEEP"),
        (b'{"query": "' + b"x" * 2_500_000 + b'"}', 413, "BODY_TOO_LARGE"),
        (b'{"query": "{ hello"}', 400, "GRAPHQL_PARSE_FAILED"),
        (b'{"query": "{ nothing }"}', 400, "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "query A { hello } query B { hello }"}', 400, "GRAPHQL_OPERATION_UNKNOWN"),
        (b'{"query": "fragment F on Query { hello }"}', 400, "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "type A { b: Int }"}', 400, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_bad_body_is_refused_with_its_own_code(body: bytes, status: int, code: str) -> None:
    with capture_logs() as logs:
        response = await send(body)
    assert (response.status_code, codes(response)) == (status, [code])
    assert "data" not in response.json()
    assert logs == []


async def test_a_body_that_grows_beyond_the_limit_is_cut_off_while_it_is_read() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100:
            sent += 1
            yield b" " * 1_000

    response = await send(endless(), max_body_bytes=5_000)
    assert (response.status_code, codes(response)) == (413, ["BODY_TOO_LARGE"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
    ],
)
async def test_only_plain_json_is_taken_so_that_no_foreign_form_can_post(headers: dict[str, str]) -> None:
    response = await send(headers=headers)
    assert (response.status_code, codes(response)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'])
async def test_json_with_its_charset_named_is_fine(content_type: str) -> None:
    assert (await send(headers={"Content-Type": content_type})).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
async def test_other_methods_are_not_allowed(method: str) -> None:
    response = await send(method=method)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


async def test_get_reads_and_never_writes() -> None:
    toy = Toy()
    async with toy.client() as client:
        read = await client.get(
            "/graphql",
            params={
                "query": "query Q($n: String) { hello(name: $n) }",
                "variables": '{"n": "你"}',
                "operationName": "Q",
            },
        )
        assert read.json() == {"data": {"hello": "你好 你"}}
        write = await client.get(
            "/graphql", params={"query": 'mutation { boxStore(input: {label: "x"}) { __typename } }'}
        )
        assert (write.status_code, codes(write)) == (405, ["METHOD_NOT_ALLOWED"])
        for params, code in (
            ({}, "INVALID_REQUEST"),
            ({"query": "{ hello }", "variables": "{"}, "INVALID_JSON"),
            ({"query": "{ hello }", "variables": "[]"}, "INVALID_REQUEST"),
            ({"query": '{ hello(name: "\x00") }'}, "INVALID_CHARACTER"),
        ):
            refused = await client.get("/graphql", params=params)
            assert (refused.status_code, codes(refused)) == (400, [code])


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/json;q=0.5, application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json;q=0.2, application/json", "application/json"),
        (
            "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, "
            "multipart/mixed",
            "application/graphql-response+json",
        ),
        ("text/event-stream, application/json", "application/json"),
        (
            "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json",
            "application/graphql-response+json",
        ),
    ],
)
async def test_the_answer_is_in_the_type_the_client_likes_best(accept: str | None, expected: str) -> None:
    async with Toy().client() as client:
        client.headers.pop("accept")
        headers = {"Content-Type": "application/json"} | ({"Accept": accept} if accept else {})
        response = await client.post("/graphql", content=HELLO, headers=headers)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{expected}; charset=utf-8")


@pytest.mark.parametrize("accept", ["text/event-stream", "image/png", "application/json;q=0", "application/json;q=x"])
async def test_what_cannot_be_answered_acceptably_is_refused(accept: str) -> None:
    response = await send(headers={"Accept": accept})
    assert (response.status_code, codes(response)) == (406, ["NOT_ACCEPTABLE"])


async def test_older_clients_get_200_for_mistakes_in_graphql_and_400_for_mistakes_in_http() -> None:
    plain = {"Accept": "application/json"}
    for body in (b'{"query": "{ nothing }"}', b'{"query": "{"}', b'{"query": "{ boxes { nodes { id } } }"}'):
        response = await send(body, headers=plain)
        assert response.status_code == 200
        assert "data" not in response.json()
    assert (await send(b"{", headers=plain)).status_code == 400


async def test_a_bad_token_is_401_and_no_token_is_anonymous() -> None:
    query = b'{"query": "{ viewer }"}'
    assert (await send(query)).json() == {"data": {"viewer": None}}
    signed_in = await send(query, headers={"Authorization": "Bearer good"})
    assert signed_in.json() == {"data": {"viewer": "someone at 127.0.0.1"}}
    for accept in ("application/json", "application/graphql-response+json"):
        refused = await send(query, headers={"Authorization": "Bearer old", "Accept": accept})
        assert (refused.status_code, codes(refused)) == (401, ["UNAUTHENTICATED"])
        assert refused.headers["www-authenticate"] == "Bearer"


async def test_a_failure_outside_every_resolver_is_masked_too() -> None:
    with capture_logs() as logs:
        response = await send(headers={"Authorization": "Bearer bug"})
    assert (response.status_code, codes(response)) == (500, ["UNEXPECTED"])
    assert SECRET not in response.text + str(logs)


async def test_a_request_that_takes_too_long_is_stopped() -> None:
    response = await send(b'{"query": "{ slow }"}', request_timeout_seconds=0.05)
    assert (response.status_code, codes(response)) == (504, ["DEADLINE_EXCEEDED"])


async def test_the_cost_is_told_to_those_who_ask() -> None:
    body = b'{"query": "{ boxes(first: 3) { nodes { id } } }"}'
    assert "extensions" not in (await send(body)).json()
    assert (await send(body, headers={"Caseway-Debug": "cost"})).json()["extensions"] == {"cost": 5}


async def test_requests_are_observed_without_their_content() -> None:
    toy = Toy()
    await toy.post("query Greeting { hello }")
    await toy.post("{ broken }")
    await toy.post("{ nothing }")
    seen = [(each.kind, each.operation, each.status, each.cost, each.codes) for each in toy.observed]
    assert seen == [
        ("query", "Greeting", 200, 1, ()),
        ("query", None, 200, 1, ("UNEXPECTED",)),
        ("refused", None, 400, 0, ("GRAPHQL_VALIDATION_FAILED",)),
    ]


async def test_a_shortcut_answers_what_it_knows_and_leaves_the_rest() -> None:
    async def shortcut(prepared: Prepared, context: Any) -> bytes | None:
        return '{"hello":"快"}'.encode() if prepared.name == "Quick" else None

    toy = Toy(shortcut=shortcut)
    assert (await toy.post("query Quick { hello }")).text == '{"data":{"hello":"快"}}'
    assert (await toy.post("query Other { hello }")).json() == {"data": {"hello": "你好 世界"}}


async def test_requests_side_by_side_do_not_mix() -> None:
    toy = Toy()
    answers = await asyncio.gather(
        *(toy.post("query ($n: String!) { hello(name: $n) }", {"n": str(number)}) for number in range(20))
    )
    assert [each.json()["data"]["hello"] for each in answers] == [f"你好 {number}" for number in range(20)]
