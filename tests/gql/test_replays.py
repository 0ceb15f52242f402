"""Idempotent replays: the stored bytes take the place of what was rendered."""

from __future__ import annotations

from structlog.testing import capture_logs

from gql.toy import SECRET, Toy, codes

STORE = """
mutation ($key: String!, $fail: String! = "") {
  boxStore(input: {label: "x", idempotencyKey: $key, fail: $fail}) {
    __typename
    ... on BoxStorePayload { box { id label } }
    ... on Error { code }
  }
}
"""
TWICE = """
mutation {
  first: boxStore(input: {label: "x", idempotencyKey: "a"}) { ... on BoxStorePayload { box { label } } }
  again: boxStore(input: {label: "x", idempotencyKey: "b"}) { ... on BoxStorePayload { box { label } } }
}
"""


async def test_the_same_key_is_answered_with_the_same_bytes() -> None:
    toy = Toy()
    fresh = await toy.post(STORE, {"key": "k"})
    assert toy.stored["k"] == '{"__typename":"BoxStorePayload","box":{"id":"Qm94OjE","label":"箱子 1"}}'.encode()
    repeated = await toy.post(STORE, {"key": "k"})
    assert repeated.content == fresh.content
    assert len(toy.stored) == 1
    assert (await toy.post(STORE, {"key": "other"})).content != fresh.content


async def test_a_replay_repeats_the_first_selection_whatever_is_asked_now() -> None:
    toy = Toy()
    fresh = await toy.post(STORE, {"key": "k"})
    other = 'mutation { boxStore(input: {label: "x", idempotencyKey: "k"}) { __typename } }'
    assert (await toy.post(other)).content == fresh.content


async def test_each_root_field_is_recorded_and_replayed_under_its_own_response_key() -> None:
    toy = Toy()
    fresh = await toy.post(TWICE)
    assert set(toy.stored) == {"a", "b"}
    assert (await toy.post(TWICE)).content == fresh.content
    assert fresh.json()["data"] == {"first": {"box": {"label": "箱子 1"}}, "again": {"box": {"label": "箱子 1"}}}


async def test_a_refusal_is_not_recorded_by_a_resolver_that_did_nothing() -> None:
    toy = Toy()
    response = await toy.post(STORE, {"key": "k", "fail": "heavy"})
    assert response.json()["data"]["boxStore"]["code"] == "TOO_HEAVY"
    assert toy.stored == {}


async def test_a_field_that_failed_while_it_was_rendered_is_not_recorded() -> None:
    toy = Toy()
    text = (
        'mutation { boxStore(input: {label: "x", idempotencyKey: "k"}) { ... on BoxStorePayload { box { broken } } } }'
    )
    assert codes(await toy.post(text)) == ["UNEXPECTED"]
    assert toy.stored == {}


async def test_an_answer_that_could_not_be_kept_is_not_given() -> None:
    toy = Toy()
    with capture_logs() as logs:
        response = await toy.post(STORE, {"key": "k", "fail": "store"})
    assert response.status_code == 503
    assert codes(response) == ["ANSWER_NOT_KEPT"]
    assert [entry["path"] for entry in logs] == ["boxStore"]
    assert SECRET not in str(logs)
