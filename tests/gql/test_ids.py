"""Global ids: one canonical text per object, everything else refused."""

from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.gql import ids
from caseway.gql.ids import MalformedId

KEY = uuid.UUID("01932b7e-1111-7000-8000-000000000001")
INT32 = st.integers(min_value=-(2**31), max_value=2**31 - 1)
KEYS = st.from_regex(r"[A-Za-z][A-Za-z0-9_.@/-]{0,20}", fullmatch=True)


def raw(text: str) -> str:
    """An id-like text that ``encode`` would not write."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@given(st.lists(INT32 | st.uuids() | KEYS, min_size=1, max_size=3))
def test_an_id_comes_back_as_it_went(parts: list[ids.Part]) -> None:
    encoded = ids.encode("Case", *parts)
    assert ids.decode("Case", encoded) == tuple(parts)
    assert ids.split(encoded) == ("Case", tuple(parts))


@given(st.text(max_size=220))
def test_no_text_whatever_breaks_the_reading(text: str) -> None:
    try:
        type_name, parts = ids.split(text)
    except MalformedId:
        assert ids.try_decode("Case", text) is None
    else:
        assert ids.encode(type_name, *parts) == text


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "=",
        "箱子",
        "T2ZmaWNlOjEy=",
        "T2ZmaWNlOjEy\n",
        raw("Office"),
        raw("Office:"),
        raw("office:12"),
        raw("Office:012"),
        raw("Office:-0"),
        raw("Office:+12"),
        raw("Office: 12"),
        raw("Office:1２"),
        raw("Office:2147483648"),
        raw("Office:99999999999999999999"),
        raw("Office:12:"),
        raw(f"Case:3304:{str(KEY).upper()}"),
        raw(f"Case:3304:{KEY.hex}"),
        raw("Office:" + "x" * 300),
        raw("Office:12\x00"),
        "T2ZmaWNlOjF",  # trailing bits that no encoder sets
    ],
)
def test_what_is_not_the_canonical_text_is_malformed(malformed: str) -> None:
    with pytest.raises(MalformedId) as refusal:
        ids.split(malformed)
    assert refusal.value.code == "MALFORMED_ID"


def test_an_id_of_another_type_or_shape_is_malformed() -> None:
    office, case = ids.encode("Office", 12), ids.encode("Case", 3304, KEY)
    assert ids.decode_number("Office", office) == 12
    assert ids.decode_case_side("Case", case) == (3304, KEY)
    assert ids.try_decode_number("Office", case) is None
    assert ids.try_decode_number("Case", office) is None
    assert ids.try_decode_case_side("Case", office) is None
    assert ids.try_decode_case_side("Case", raw(f"Case:{KEY}")) is None
    with pytest.raises(MalformedId):
        ids.decode("Office", case)


def test_wrong_parts_are_a_programming_error() -> None:
    for parts in ((), (True,), (2**31,), ("1",), ("a:b",), (str(KEY),), ("x" * 200,)):
        with pytest.raises(ValueError):
            ids.encode("Case", *parts)
