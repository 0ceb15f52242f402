"""Instants and days: one text each, read strictly."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.clock import SHANGHAI
from caseway.gql import scalars
from gql.toy import Toy, codes
from support.database import FreshDatabase


@given(
    st.datetimes(
        timezones=st.sampled_from([UTC, SHANGHAI]), min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)
    )
)
def test_an_instant_comes_back_as_it_went(instant: datetime) -> None:
    text = scalars.write_instant(instant)
    assert len(text) == 27 and text.endswith("Z")
    assert scalars.read_instant(text) == instant.astimezone(UTC)


def test_sql_writes_the_same_text_in_any_session(database: FreshDatabase) -> None:
    instants = [datetime(2026, 3, 1, 9, 30, tzinfo=SHANGHAI), datetime(2026, 12, 31, 23, 59, 59, 123456, tzinfo=UTC)]
    with psycopg.connect(database.dsn) as connection:
        connection.execute("set timezone = 'Asia/Shanghai'")
        for instant in instants:
            row = connection.execute(f"select {scalars.SQL_DATE_TIME.format('%s::timestamptz')}", [instant]).fetchone()
            assert row == (scalars.write_instant(instant),)


def test_a_naive_instant_is_a_programming_error() -> None:
    with pytest.raises(TypeError):
        scalars.write_instant(datetime(2026, 3, 1))
    with pytest.raises(TypeError):
        scalars.write_day(datetime(2026, 3, 1, tzinfo=UTC))


async def test_an_instant_is_answered_in_utc_with_six_digits() -> None:
    response = await Toy().post('{ instant(at: "2026-03-01T09:30:00.5+08:00") day(on: "2026-03-01") }')
    assert response.json()["data"] == {"instant": "2026-03-01T01:30:00.500000Z", "day": "2026-03-01"}


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "2026-03-01T09:30:00",
        "2026-03-01 09:30:00Z",
        "2026-03-01t09:30:00z",
        "2026-02-30T09:30:00Z",
        "2026-03-01T09:30:00.1234567Z",
        "2026-03-01T09:30Z",
        "0001-01-01T00:00:00+08:00",
        "20260301T093000Z",
        "２０２６-03-01T09:30:00Z",
        1772328600,
        True,
    ],
)
async def test_an_unclear_instant_is_refused_with_a_helpful_message(text: object) -> None:
    response = await Toy().post("query ($at: DateTime!) { instant(at: $at) }", {"at": text})
    assert (response.status_code, codes(response)) == (400, ["GRAPHQL_VALUE_INVALID"])
    assert "ISO 8601" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("text", ["2026-3-1", "2026-02-30", "20260301", "2026-03-01T00:00:00Z", "2026-W09-7", 5])
async def test_an_unclear_day_is_refused(text: object) -> None:
    response = await Toy().post("query ($on: Date!) { day(on: $on) }", {"on": text})
    assert codes(response) == ["GRAPHQL_VALUE_INVALID"]
    literal = await Toy().post('{ day(on: "2026-02-30") }')
    assert codes(literal) == ["GRAPHQL_VALIDATION_FAILED"]
