"""What is not even a good request: wrong encodings, deep or huge JSON, wrong types, floods, misused keys."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from bad_input.conftest import Probe, helps, mutation
from support import app
from support.database import Cluster
from support.digest import digest

JSON = {"content-type": "application/json"}


async def raw(probe: Probe, body: bytes, headers: dict[str, str] = JSON) -> httpx.Response:
    """A body as it is, by a clerk with a good token; nothing may be stored."""
    token = (await probe.as_("jiaxing.clerk")).token
    before = await digest(probe.world.database)
    response = await probe.client.post("/graphql", content=body, headers=headers | {"authorization": f"Bearer {token}"})
    assert await digest(probe.world.database) == before
    return response


def only(response: httpx.Response) -> tuple[int, str]:
    """Status and code of the only error, whose sentence helps."""
    (error,) = response.json()["errors"]
    assert helps(error["message"]), error
    assert "data" not in response.json()
    return response.status_code, error["extensions"]["code"]


async def test_a_registration_in_another_encoding_is_refused_and_nothing_of_it_is_stored(probe: Probe) -> None:
    body = json.dumps(
        {"query": mutation("caseRegister"), "variables": {"input": probe.matter(title="村道积水é")}}, ensure_ascii=False
    )
    for encoding in ("gb18030", "utf-16", "utf-16-le", "utf-32"):
        assert only(await raw(probe, body.encode(encoding))) == (400, "INVALID_ENCODING"), encoding
    latin = body.replace("村道积水", "").encode("latin-1", "ignore")
    assert only(await raw(probe, latin)) == (400, "INVALID_ENCODING")
    for broken in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe6\x9d"):
        assert only(await raw(probe, body.encode().replace("水".encode(), broken))) == (400, "INVALID_ENCODING")
    for charset in ("gbk", "latin-1", "utf-16"):
        named = {"content-type": f"application/json; charset={charset}"}
        assert only(await raw(probe, body.encode(), named)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    bom = await raw(probe, b"\xef\xbb\xbf" + body.encode())
    assert only(bom) == (400, "INVALID_JSON")


async def test_what_a_database_cannot_hold_is_refused_wherever_it_stands(probe: Probe) -> None:
    whole = json.dumps({"query": mutation("caseRegister"), "variables": {"input": probe.matter(title="TEXT")}})
    for escape in ("\\u0000", "a\\u0000b", "\\ud83d", "\\ude00", "\\ude00\\ud83d", "x\\udfffx"):
        assert only(await raw(probe, whole.replace("TEXT", escape).encode())) == (400, "INVALID_CHARACTER"), escape
    query = '{ officeByCode(code: "TEXT") { id } }'
    for escape in ("\\u0000", "\\ud83d"):
        body = json.dumps({"query": query.replace("TEXT", escape)}).encode()
        assert only(await raw(probe, body))[1] in {"INVALID_CHARACTER", "GRAPHQL_PARSE_FAILED"}
    deep = json.dumps({"query": "{ __typename }", "variables": {"a": [{"b": ["\x00"]}]}})
    assert only(await raw(probe, deep.encode())) == (400, "INVALID_CHARACTER")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "INVALID_JSON"),
        (b"{", "INVALID_JSON"),
        (b"nonsense", "INVALID_JSON"),
        (b'{"query": "{ __typename }", "variables": {"a": NaN}}', "INVALID_JSON"),
        (b"null", "INVALID_REQUEST"),
        (b'"{ __typename }"', "INVALID_REQUEST"),
        (b"{}", "INVALID_REQUEST"),
        (b'{"query": 1}', "INVALID_REQUEST"),
        (b'{"query": "{ __typename }", "variables": []}', "INVALID_REQUEST"),
        (b'{"query": "{ __typename }", "variables": "{}"}', "INVALID_REQUEST"),
        (b'{"query": "{ __typename }", "operationName": 7}', "INVALID_REQUEST"),
        (b'[{"query": "{ __typename }"}]', "BATCHING_OFF"),
        (b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}", "JSON_TOO_DEEP"),
        (b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 90_000 + b"]" * 90_000 + b"}}", "JSON_TOO_DEEP"),
        (b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, "JSON_TOO_DEEP"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
async def test_a_body_that_is_no_request_has_its_own_code(probe: Probe, body: bytes, code: str) -> None:
    assert only(await raw(probe, body)) == (400, code)


async def test_a_huge_body_is_not_read(probe: Probe) -> None:
    huge = json.dumps({"query": mutation("caseRegister"), "variables": {"input": probe.matter(claim="长" * 500_000)}})
    assert only(await raw(probe, huge.encode())) == (413, "BODY_TOO_LARGE")
    barely = await raw(probe, json.dumps({"query": "{ __typename }", "variables": {"a": "x" * 2_400_000}}).encode())
    assert barely.json() == {"data": {"__typename": "Query"}}


async def test_values_of_the_wrong_type_are_refused_at_their_place(probe: Probe) -> None:
    case_id, office_id = await probe.register(), await probe.office("330402")
    base: dict[str, Any] = {"caseId": case_id, "officeId": office_id}
    document = mutation("caseForward")
    wrong: tuple[dict[str, Any], ...] = (
        {"expectedVersion": 2_147_483_648},
        {"expectedVersion": -2_147_483_649},
        {"expectedVersion": 10**30},
        {"expectedVersion": 1.5},
        {"expectedVersion": "1"},
        {"expectedVersion": True},
        {"instruction": 7},
        {"instruction": ["x"]},
        {"instruction": {"x": 1}},
        {"caseId": None},
        {"caseId": 1.5},
        {"caseId": []},
        {"unknownField": "x"},
    )
    for changes in wrong:
        answer = await probe.denied("jiaxing.dispatcher", document, "GRAPHQL_VALUE_INVALID", input=base | changes)
        assert len(answer.raw) < 2_000
    no_input: tuple[Any, ...] = (None, [], "x", 7)
    for given in no_input:
        await probe.denied("jiaxing.dispatcher", document, "GRAPHQL_VALUE_INVALID", input=given)
    for name in ("NONSENSE", "appeal_claim", 1, None):
        matter = probe.matter(petitionClass=name)
        await probe.denied("jiaxing.clerk", mutation("caseRegister"), "GRAPHQL_VALUE_INVALID", input=matter)
    for matter in (probe.matter(channel="PIGEON"), probe.matter(groupSize=2**31)):
        await probe.denied("jiaxing.clerk", mutation("caseRegister"), "GRAPHQL_VALUE_INVALID", input=matter)


async def test_documents_that_do_not_fit_the_schema_say_so(probe: Probe) -> None:
    for document, code in (
        ("mutation { caseDestroy(input: {}) { __typename } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ everything { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ cases(first: 2) { nodes { petitioners { name } } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { cases { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer ", "GRAPHQL_PARSE_FAILED"),
        ("x", "GRAPHQL_PARSE_FAILED"),
        ("query A { viewer { locale } } query B { viewer { locale } }", "GRAPHQL_OPERATION_UNKNOWN"),
        ("fragment F on Case { id }", "GRAPHQL_VALIDATION_FAILED"),
    ):
        caller = await probe.as_("jiaxing.clerk")
        answer = await probe.unchanged(lambda document=document, caller=caller: caller(document))  # type: ignore[misc]
        assert set(answer.codes) == {code}, answer.body
    assert (await caller("{ __typename }")).data == {"__typename": "Query"}


async def test_a_mutation_is_not_sent_by_get(probe: Probe) -> None:
    token = (await probe.as_("jiaxing.clerk")).token
    before = await digest(probe.world.database)
    response = await probe.client.get(
        "/graphql",
        params={"query": mutation("caseRegister"), "variables": json.dumps({"input": probe.matter()})},
        headers={"authorization": f"Bearer {token}", "accept": "application/json"},
    )
    assert only(response) == (405, "METHOD_NOT_ALLOWED")
    for method in ("PUT", "DELETE", "PATCH"):
        refused = await probe.client.request(method, "/graphql", json={"query": mutation("caseRegister")})
        assert only(refused) == (405, "METHOD_NOT_ALLOWED")
    form = await probe.client.post("/graphql", data={"query": mutation("caseRegister")})
    assert only(form) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert await digest(probe.world.database) == before


async def test_floods_are_refused_before_they_run(probe: Probe) -> None:
    aliases = " ".join(f'a{n}: officeByCode(code: "3304") {{ id }}' for n in range(200))
    nested = "{ viewer { actingOffice " + "{ parent " * 40 + "{ id }" + " }" * 40 + " } }"
    orders = "orders(first: 100) { nodes { case { orders(first: 100) { nodes { id } } } } }"
    pages = f"{{ cases(first: 100) {{ nodes {{ {orders} }} }} }}"
    for document, codes in (
        (f"{{ {aliases} }}", {"QUERY_TOO_MANY_ALIASES", "QUERY_TOO_MANY_ROOT_FIELDS"}),
        (nested, {"QUERY_TOO_DEEP"}),
        (pages, {"QUERY_TOO_COSTLY"}),
        ("{ " + "__typename " * 5_000 + "}", {"QUERY_TOO_MANY_TOKENS", "QUERY_TOO_MANY_ALIASES"}),
    ):
        answer = await (await probe.as_("jiaxing.clerk"))(document)
        assert set(answer.codes) <= codes and answer.codes, answer.codes
    many = " ".join(f'a{n}: caseArchive(input: {{caseId: "x"}}) {{ __typename }}' for n in range(100))
    caller = await probe.as_("jiaxing.clerk")
    answer = await probe.unchanged(lambda: caller(f"mutation {{ {many} }}"))
    assert set(answer.codes) <= {"QUERY_TOO_MANY_ALIASES", "QUERY_TOO_MANY_ROOT_FIELDS"} and answer.codes


async def test_introspection_can_be_turned_off_and_suggests_nothing_then(cluster: Cluster, tmp_path: Path) -> None:
    async with app.world(cluster, tmp_path, introspection=False) as world:
        caller = await world.login("jiaxing.clerk")
        for document in ("{ __schema { types { name } } }", '{ __type(name: "Case") { name } }'):
            answer = await caller(document)
            assert set(answer.codes) == {"GRAPHQL_VALIDATION_FAILED"}, answer.body
            assert helps(answer.body["errors"][0]["message"])
        guessed = await caller("{ casez(first: 1) { nodes { id } } }")
        assert "Did you mean" not in json.dumps(guessed.body)


async def test_an_idempotency_key_is_good_for_one_input(probe: Probe) -> None:
    key: dict[str, Any] = {"idempotencyKey": "6f1c1c1e-one-key"}
    matter: dict[str, Any] = probe.matter()
    first = await probe.send("jiaxing.clerk", "caseRegister", selection="number", **matter, **key)
    again = await probe.unchanged(
        lambda: probe.send("jiaxing.clerk", "caseRegister", selection="number", **matter, **key)
    )
    assert first.raw == again.raw and first.code is None
    await probe.refused(
        "jiaxing.clerk", "caseRegister", "IDEMPOTENCY_MISMATCH", **probe.matter(title="另一件事"), **key
    )
    await probe.refused(
        "jiaxing.clerk", "caseForward", "IDEMPOTENCY_MISMATCH",
        caseId=await probe.register(), officeId=await probe.office("330402"), **key,
    )  # fmt: skip
    other = await probe.send("jiaxing.dispatcher", "caseRegister", **matter, **key)
    assert other.code in {None, "NOT_PERMITTED"}, "another person's key is another key"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "1234567",
        "x" * 256,
        "x" * 50_000,
        "密钥密钥密钥密钥",
        "tab\tinside",
        "line\nbreak",
        "emoji😀inside",
    ],
)
async def test_a_bad_idempotency_key_is_a_problem_of_its_field(probe: Probe, key: str) -> None:
    await probe.refused(
        "jiaxing.clerk", "caseRegister", "INVALID_INPUT", at="idempotencyKey", problem="IDEMPOTENCY_KEY_SYNTAX",
        **probe.matter(idempotencyKey=key),
    )  # fmt: skip


async def test_a_refused_request_leaves_its_key_free(probe: Probe) -> None:
    key: dict[str, Any] = {"idempotencyKey": "6f1c1c1e-free-key"}
    await probe.refused("jiaxing.clerk", "caseRegister", "INVALID_INPUT", **probe.matter(title=" "), **key)
    await probe.done("jiaxing.clerk", "caseRegister", **probe.matter(), **key)


async def test_of_many_repeats_at_once_one_takes_effect(probe: Probe) -> None:
    key: dict[str, Any] = {"idempotencyKey": "6f1c1c1e-at-once"}
    matter: dict[str, Any] = probe.matter()
    answers = await asyncio.gather(
        *(probe.send("jiaxing.clerk", "caseRegister", selection="number", **matter, **key) for _ in range(12))
    )
    assert len({each.raw for each in answers}) == 1 and answers[0].code is None
    assert await probe.rows("select count(*) from cases") == [(1,)]
