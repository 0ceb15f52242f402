"""The canonical form of events: the same bytes for the same facts, before and after storage."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.ledger.hashing import canonical, encode

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | _TEXT
    | st.uuids()
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
)
FACTS = st.dictionaries(
    _TEXT, st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3))
)


class Colour(StrEnum):
    RED = "RED"


class Level(Enum):
    HIGH = 1


@given(FACTS)
def test_encoding_twice_changes_nothing(facts: dict[str, Any]) -> None:
    once = encode(facts)
    assert encode(once) == once
    assert canonical(once) == canonical(facts)


@given(FACTS)
def test_the_canonical_form_survives_json(facts: dict[str, Any]) -> None:
    assert canonical(json.loads(canonical(facts))) == canonical(facts)


def test_the_canonical_form_has_sorted_keys_no_spaces_and_plain_unicode() -> None:
    assert (
        canonical({"b": [1, None, True], "a": "凤桥镇", "é": {}}) == '{"a":"凤桥镇","b":[1,null,true],"é":{}}'.encode()
    )


def test_ids_instants_dates_and_enumerations_become_text() -> None:
    some_id = uuid.UUID("01890000-0000-7000-8000-000000000001")
    shanghai = timezone(timedelta(hours=8))
    assert encode(
        {
            "id": some_id,
            "at": datetime(2026, 4, 15, 9, tzinfo=shanghai),
            "fine": datetime(2026, 4, 15, 9, 0, 0, 7, UTC),
            "day": date(2026, 4, 15),
            "colour": Colour.RED,
            "level": Level.HIGH,
            "many": (some_id,),
        }
    ) == {
        "id": str(some_id),
        "at": "2026-04-15T01:00:00.000000Z",
        "fine": "2026-04-15T09:00:00.000007Z",
        "day": "2026-04-15",
        "colour": "RED",
        "level": 1,
        "many": [str(some_id)],
    }


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), datetime(2026, 4, 15), b"bytes", {1, 2}, {1: "key"}, "nul\x00", "half \ud800"]
)
def test_what_storage_would_not_give_back_unchanged_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical({"value": value})
