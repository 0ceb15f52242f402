"""Cursors and keyset pages: round trips, refusals, and windows that agree with slicing the whole list."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, DateTime, Integer, MetaData, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from caseway.db import keyset
from caseway.db.keyset import MalformedCursor, Page, PageSize, SortKey, Value
from support.database import FreshDatabase

MARK = keyset.fingerprint(order="due_at", filters={"open": True})
STORABLE = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    STORABLE,
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
)


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_a_cursor_comes_back_as_it_went(values: list[Value]) -> None:
    cursor = keyset.encode_cursor(MARK, values)
    assert keyset.decode_cursor(MARK, cursor, width=len(values)) == tuple(values)


@given(st.text(max_size=100))
def test_no_text_whatever_breaks_the_reading(text: str) -> None:
    with pytest.raises(MalformedCursor):
        keyset.decode_cursor(MARK, text, width=2)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        {},
        None,
        [MARK],
        [MARK, "i1", "i2", "i3"],
        [MARK, 1, 2],
        [MARK, "i01", "i2"],
        [MARK, "i1_0", "i2"],
        [MARK, "x1", "i2"],
        [MARK, "", "i2"],
        [MARK, "b2", "i2"],
        [MARK, "i9223372036854775808", "i2"],
        [MARK, "t2026-03-01T00:00:00", "i2"],
        [MARK, "s\x00", "i2"],
        ["other", "i1", "i2"],
    ],
)
def test_a_forged_cursor_is_malformed(parts: Any) -> None:
    text = json.dumps(parts, separators=(",", ":"))
    with pytest.raises(MalformedCursor):
        keyset.decode_cursor(MARK, base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode(), width=2)


def test_a_cursor_is_good_for_its_ordering_and_filter_only() -> None:
    cursor = keyset.page_of(first=1, order="due_at", filters={"open": True}, width=1).cursor(1)
    assert keyset.page_of(first=1, after=cursor, order="due_at", filters={"open": True}, width=1).after == (1,)
    for order, filters in (("number", {"open": True}), ("due_at", {"open": False}), ("due_at", None)):
        with pytest.raises(MalformedCursor):
            keyset.page_of(first=1, after=cursor, order=order, filters=filters, width=1)


@pytest.mark.parametrize(("first", "last"), [(None, None), (0, None), (101, None), (-1, None), (None, 0), (5, 5)])
def test_a_page_has_one_to_a_hundred_rows(first: int | None, last: int | None) -> None:
    with pytest.raises(PageSize):
        keyset.page_size(first, last)
    assert keyset.page_size(1) == 1
    assert keyset.page_size(None, 100) == 100


ITEM = Table(
    "item",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("due", DateTime(timezone=True)),
    Column("rank", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)


def _instant(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC)


ROWS = [
    {
        "id": number,
        "due": None if number % 7 == 0 else _instant(1 + number % 5),
        "rank": number % 3,
        "at": _instant(1 + number % 4),
    }
    for number in range(1, 31)
]
ORDERINGS = {
    "plain": [SortKey(ITEM.c.rank), SortKey(ITEM.c.id)],
    "plain descending": [SortKey(ITEM.c.rank, descending=True), SortKey(ITEM.c.id, descending=True)],
    "mixed": [SortKey(ITEM.c.rank, descending=True), SortKey(ITEM.c.id)],
    "nulls": [SortKey(ITEM.c.due, nullable=True), SortKey(ITEM.c.id)],
    "nulls descending": [SortKey(ITEM.c.due, descending=True, nullable=True), SortKey(ITEM.c.id, descending=True)],
    "instants": [SortKey(ITEM.c.at, descending=True), SortKey(ITEM.c.id, descending=True)],
    "nulls mixed": [SortKey(ITEM.c.due, descending=True, nullable=True), SortKey(ITEM.c.id)],
}


async def test_walking_pages_gives_the_whole_list_in_both_directions(database: FreshDatabase) -> None:
    engine = create_async_engine(database.url)
    async with engine.begin() as connection:
        await connection.run_sync(ITEM.create)
        await connection.execute(insert(ITEM), ROWS)
        for name, keys in ORDERINGS.items():
            everything = select(ITEM).order_by(*(k.column.desc() if k.descending else k.column.asc() for k in keys))
            whole = [row.id for row in await connection.execute(everything)]
            assert await walked(connection, name, keys, backwards=False) == whole, name
            assert await walked(connection, name, keys, backwards=True) == whole, name
    await engine.dispose()


async def walked(connection: AsyncConnection, name: str, keys: list[SortKey], *, backwards: bool) -> list[int]:
    """The list as a client sees it that turns page after page."""
    seen: list[int] = []
    place: str | None = None
    while True:
        if backwards:
            page = keyset.page_of(last=4, before=place, order=name, width=2)
        else:
            page = keyset.page_of(first=4, after=place, order=name, width=2)
        found = keyset.window((await connection.execute(keyset.seek(select(ITEM), page, keys))).all(), page)
        ids = [row.id for row in found.rows]
        seen = ids + seen if backwards else seen + ids
        more, came_from = (found.has_previous, found.has_next) if backwards else (found.has_next, found.has_previous)
        assert came_from is (place is not None)
        if not more:
            return seen
        edge = found.rows[0 if backwards else -1]
        place = page.cursor(*(getattr(edge, str(key.column.key)) for key in keys))


@pytest.mark.parametrize(
    "values", [("x", 1), (True, 1), (1.5, 1), (None, 1), (2**31, 1), (_instant(1), 1), (1, uuid.UUID(int=1))]
)
def test_a_cursor_with_values_of_another_kind_never_reaches_the_database(values: tuple[Any, ...]) -> None:
    with pytest.raises(MalformedCursor):
        keyset.seek(select(ITEM), Page(limit=1, after=values), ORDERINGS["plain"])
    with pytest.raises(MalformedCursor):
        keyset.seek(select(ITEM), Page(limit=1, before=values), ORDERINGS["mixed"])


def test_values_of_every_kind_keep_their_order_of_bytes_out_of_it() -> None:
    page = keyset.page_of(first=1, order="x", width=1)
    cursors = [page.cursor(value) for value in (None, True, 1, "1", date(2026, 3, 1), _instant(1), uuid.UUID(int=1))]
    assert all(left != right for left, right in pairwise(cursors))
