"""Documents by their id or hash: trusted ones, automatic persisted queries, and a server that answers no others."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from caseway.gql.manifests import sha256
from caseway.gql.persisted import Texts
from caseway.gql.refusals import PersistedQueryNotFound
from caseway.gql.requests import GraphQLRequest
from gql.toy import Toy, codes

JSON = {"Accept": "application/graphql-response+json"}
HELLO, NAMED = "query Hello { hello }", "query Named($n: String!) { hello(name: $n) }"
WRITE = 'mutation Write { boxStore(input: {label: "x"}) { __typename } }'
TRUSTED = {sha256(HELLO): HELLO, "named-1": NAMED, sha256(WRITE): WRITE}


def persisted(text: str, version: Any = 1, digest: Any = None) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": digest or sha256(text)}}}


async def send(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post("/graphql", json=body, headers=JSON)


async def test_a_trusted_document_is_asked_by_its_id() -> None:
    async with Toy(trusted=TRUSTED).client() as client:
        for asked in (
            {"documentId": f"sha256:{sha256(HELLO)}"},
            {"documentId": sha256(HELLO).upper()},
            {"doc_id": sha256(HELLO), "operationName": "Hello"},
            {"documentId": sha256(HELLO), "query": HELLO},
            persisted(HELLO),
        ):
            assert (await send(client, **asked)).json() == {"data": {"hello": "你好 世界"}}
        told = await send(client, documentId="named-1", variables={"n": "你"})
        assert told.json() == {"data": {"hello": "你好 你"}}
        got = await client.get("/graphql", params={"documentId": "named-1", "variables": '{"n": "我"}'}, headers=JSON)
        assert got.json() == {"data": {"hello": "你好 我"}}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"documentId": "nothing"}, 400, "DOCUMENT_UNKNOWN"),
        ({"documentId": sha256(HELLO), "query": NAMED}, 400, "DOCUMENT_UNKNOWN"),
        ({"documentId": 5}, 400, "INVALID_REQUEST"),
        ({"documentId": ""}, 400, "INVALID_REQUEST"),
        ({"documentId": "named-1", "query": 5}, 400, "INVALID_REQUEST"),
        ({"documentId": "\0"}, 400, "DOCUMENT_UNKNOWN"),
        ({"extensions": {"persistedQuery": 1}}, 400, "INVALID_REQUEST"),
        (persisted(HELLO, version=2), 400, "INVALID_REQUEST"),
        (persisted(HELLO, digest="abc"), 400, "INVALID_REQUEST"),
        (persisted(HELLO, digest=["a"]), 400, "INVALID_REQUEST"),
        (persisted("query Other { hello }"), 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"query": NAMED, **persisted(HELLO)}, 400, "PERSISTED_QUERY_MISMATCH"),
        ({"extensions": {}}, 400, "INVALID_REQUEST"),
    ],
)
async def test_what_is_not_known_or_not_right_has_its_own_code(asked: dict[str, Any], status: int, code: str) -> None:
    async with Toy(trusted=TRUSTED).client() as client:
        told = await send(client, **asked)
    assert (told.status_code, codes(told)) == (status, [code])


async def test_a_document_sent_with_its_hash_is_found_by_its_hash() -> None:
    """Clients that know only plain JSON learn of a miss with status 200 and the words that they look for."""
    text = "query Later { hello }"
    async with Toy().client() as client:
        missed = await client.post("/graphql", json=persisted(text))
        assert missed.status_code == 200
        assert missed.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert (await send(client, query=text, **persisted(text))).json() == {"data": {"hello": "你好 世界"}}
        assert (await send(client, **persisted(text))).json() == {"data": {"hello": "你好 世界"}}
        extensions = json.dumps(persisted(text)["extensions"])
        got = await client.get("/graphql", params={"extensions": extensions}, headers=JSON)
        assert got.json() == {"data": {"hello": "你好 世界"}}


async def test_a_document_that_is_refused_or_sent_without_its_hash_is_not_kept() -> None:
    """Nobody learns by a hash what others have asked."""
    async with Toy().client() as client:
        assert codes(await send(client, query="query Bad { no }", **persisted("query Bad { no }")))
        await send(client, query=HELLO)
        for text in ("query Bad { no }", HELLO):
            assert codes(await send(client, **persisted(text))) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_a_server_may_keep_no_documents_by_their_hash() -> None:
    async with Toy(trusted=TRUSTED, persisted_queries=False).client() as client:
        assert (await send(client, query=NAMED, variables={"n": "a"}, **persisted(NAMED))).json()["data"]
        told = await send(client, **persisted(NAMED))
        assert codes(told) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
        assert told.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
        assert (await send(client, **persisted(HELLO))).json()["data"]


async def test_a_server_may_answer_trusted_documents_only() -> None:
    async with Toy(trusted=TRUSTED, only_trusted_documents=True).client() as client:
        assert (await send(client, documentId="named-1", variables={"n": "a"})).json()["data"]
        assert (await send(client, query=HELLO)).json()["data"]
        assert (await send(client, query=HELLO, **persisted(HELLO))).json()["data"]
        for asked in (
            {"query": "{ hello }"},
            {"query": HELLO + " "},
            {"query": "{ __schema { queryType { name } } }"},
            {"query": "{ hello }", **persisted("{ hello }")},
        ):
            assert codes(await send(client, **asked)) == ["DOCUMENT_NOT_TRUSTED"]
        assert codes(await send(client, **persisted("{ hello }"))) == ["PERSISTED_QUERY_NOT_SUPPORTED"]


async def test_a_mutation_is_never_sent_by_get_whatever_names_it() -> None:
    async with Toy(trusted=TRUSTED).client() as client:
        told = await client.get("/graphql", params={"documentId": sha256(WRITE)}, headers=JSON)
        assert (told.status_code, codes(told)) == (405, ["METHOD_NOT_ALLOWED"])


async def test_a_browser_that_names_a_document_is_answered_and_not_shown_the_page() -> None:
    async with Toy(trusted=TRUSTED, graphiql=True).client() as client:
        headers = {"Accept": "text/html,*/*;q=0.8"}
        told = await client.get("/graphql", params={"documentId": sha256(HELLO)}, headers=headers)
        assert told.json()["data"]
        assert "<html" in (await client.get("/graphql", headers=headers)).text


def test_what_is_kept_is_bounded_by_texts_and_by_characters() -> None:
    """A flood of new documents pushes out the oldest, never more than it brings."""

    def known(texts: Texts, asked: GraphQLRequest) -> bool:
        try:
            return texts.of(GraphQLRequest(None, persisted=asked.persisted)) == asked.query
        except PersistedQueryNotFound:
            return False

    sent = [GraphQLRequest(f"{{ a{n} }}", persisted=sha256(f"{{ a{n} }}")) for n in range(6)]
    few = Texts({}, most_texts=3)
    for each in sent[:3]:
        few.keep(each)
    assert known(few, sent[0])  # asked for, so the next ones push out another
    few.keep(sent[3])
    assert [known(few, each) for each in sent[:4]] == [True, False, True, True]

    short = Texts({}, most_characters=20)
    for each in sent:
        short.keep(each)
        short.keep(each)
    assert [known(short, each) for each in sent] == [False, False, False, True, True, True]
