"""Pages of the wrong size, cursors that are rubbish or of another list, and searches with strange words."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from bad_input.conftest import Probe
from caseway.db.keyset import encode_cursor

LIST = """
query List($first: Int, $after: String, $last: Int, $before: String, $filter: CaseFilter, $orderBy: CaseOrder) {
  cases(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    nodes { id title } pageInfo { hasNextPage endCursor startCursor }
  }
}
"""
#: Every other list of the schema.
LISTS = tuple(
    f"query ($first: Int, $last: Int, $after: String) {{ {field} }}"
    for field in (
        "caseStubs(first: $first, last: $last, after: $after) { nodes { id } }",
        "incomingOrders(first: $first, last: $last, after: $after) { nodes { id } }",
        "viewer { actingOffice { children(first: $first, last: $last, after: $after) { nodes { id } } } }",
        "viewer { actingOffice { staff(first: $first, last: $last, after: $after) { nodes { id } } } }",
    )
)
SIZES: list[dict[str, Any]] = [
    {},
    {"first": 0},
    {"first": -1},
    {"first": 101},
    {"first": 2_147_483_647},
    {"first": -2_147_483_648},
    {"last": 0},
    {"last": -5},
    {"last": 101},
    {"first": 10, "last": 10},
    {"first": None, "last": None},
]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_page_has_one_to_a_hundred_rows_from_one_end(probe: Probe, size: dict[str, Any]) -> None:
    for document in (LIST, *LISTS):
        answer = await (await probe.as_("jiaxing.dispatcher"))(document, **size)
        assert answer.codes == ["PAGE_SIZE"], answer.body
        assert "1 to 100" in answer.body["errors"][0]["message"]


async def test_a_page_size_beyond_32_bits_or_of_another_type_is_a_wrong_value(probe: Probe) -> None:
    sizes: tuple[Any, ...] = (2**31, 10**30, 1.5, "10", True, [1], {})
    for first in sizes:
        answer = await (await probe.as_("jiaxing.dispatcher"))(LIST, first=first)
        assert set(answer.codes) <= {"GRAPHQL_VALUE_INVALID", "PAGE_SIZE"} and answer.codes, answer.body


async def test_a_cursor_that_is_rubbish_is_malformed(probe: Probe) -> None:
    def plain(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    await probe.register()
    caller = await probe.as_("jiaxing.dispatcher")
    real = (await caller(LIST, first=1)).data["cases"]["pageInfo"]["endCursor"]
    rubbish = [
        "", "x", "!", "null", "' or 1=1 --", "x" * 10_000, "\u202e", "😀", real + "=", real[:-1], real[:-2] + "xx",
        real.upper(),
        plain("[]"), plain("{}"), plain("null"), plain('["x"]'), plain("[" * 400),
        plain('["x","t2026-03-01T00:00:00","u1"]'),
        encode_cursor("000000000000", (1, 2)), encode_cursor("000000000000", ("x", "y")),
    ]  # fmt: skip
    for cursor in rubbish:
        for place in ({"after": cursor}, {"before": cursor}):
            await probe.denied("jiaxing.dispatcher", LIST, "MALFORMED_CURSOR", first=5, **place)


async def test_a_cursor_is_good_for_its_own_list_only(probe: Probe) -> None:
    for _ in range(3):
        await probe.register()
    caller = await probe.as_("jiaxing.dispatcher")
    cursor = (await caller(LIST, first=1)).data["cases"]["pageInfo"]["endCursor"]
    assert len((await caller(LIST, first=5, after=cursor)).data["cases"]["nodes"]) == 2
    newest: dict[str, Any] = {"field": "REGISTERED_AT", "direction": "DESC"}
    for changes in ({"orderBy": newest}, {"filter": {"isOpen": True}}, {"filter": {"text": "积水"}}):
        await probe.denied("jiaxing.dispatcher", LIST, "MALFORMED_CURSOR", first=5, after=cursor, **changes)
    for who in ("nanhu.dispatcher", "zhejiang-xfj.dispatcher"):
        await probe.denied(who, LIST, "MALFORMED_CURSOR", first=5, after=cursor)
    for document in LISTS:
        answer = await caller(document, first=5, after=cursor)
        assert answer.codes == ["MALFORMED_CURSOR"], answer.body


async def test_filters_that_hold_nothing_find_nothing(probe: Probe) -> None:
    await probe.register()
    caller = await probe.as_("jiaxing.dispatcher")
    for narrow in (
        {"withinOfficeId": "rubbish"},
        {"withinOfficeId": "T2ZmaWNlOjIwMDAwMDAwMDA"},
        {"fields": ["LAND' or '1'='1"]},
        {"fields": ["x" * 50_000]},
        {"receivedAt": {"since": "9999-12-31T23:59:59Z"}},
        {"receivedAt": {"before": "0001-01-01T00:00:00Z"}},
        {"dueAt": {"since": probe.ahead(days=9), "before": probe.ahead(days=8)}},
        {"stages": ["ARCHIVED"]},
        {"isOverdue": True},
    ):
        assert (await caller(LIST, first=5, filter=narrow)).data["cases"]["nodes"] == [], narrow
    for text, _ in (("x" * 201, "TOO_LONG"), ("长" * 60_000, "TOO_LONG"), ("村", "TOO_SHORT"), ("%%", ""), ("''", "")):
        await probe.denied("jiaxing.dispatcher", LIST, "INVALID_INPUT", first=5, filter={"text": text})
    for fields in ([""], [" "]):
        await probe.denied("jiaxing.dispatcher", LIST, "INVALID_INPUT", first=5, filter={"fields": fields})
    wrong: tuple[dict[str, Any], ...] = ({"stages": ["NONSENSE"]}, {"text": 7}, {"isOpen": "yes"}, {"nothing": 1})
    for each in wrong:
        await probe.denied("jiaxing.dispatcher", LIST, "GRAPHQL_VALUE_INVALID", first=5, filter=each)


async def test_a_search_takes_every_text_as_words_and_nothing_as_code(probe: Probe) -> None:
    wanted = "村道%积_水 'or' \"1\"=1; drop table cases; -- \\ ${x} {{7*7}} <script> & | ! :* 完"
    case_id = await probe.register("fengqiao.clerk", title=wanted)
    other = await probe.register("fengqiao.clerk", title="完全不同的事情", claim="请求补发工资。")
    caller = await probe.as_("fengqiao.clerk")
    for text, found in (
        ("村道%积", True),
        ("积_水", True),
        ("drop table cases", True),
        ("'or' \"1\"=1; drop", True),
        ("7*7", True),
        ("<script>", True),
        ("村道水利", False),
        ("% % %村道不在", False),
        ("x' or title like '%", False),
        ("cases.all(c, c.isOpen)", False),
        ("!村道 | 完全", False),
        ("a & !b | c:*", False),
        ("\\'; select pg_sleep(5); --", False),
        ("__import__('os')", False),
    ):
        nodes = (await caller(LIST, first=10, filter={"text": text})).data["cases"]["nodes"]
        assert [each["id"] for each in nodes] == ([case_id] if found else []), text
    assert other != case_id
