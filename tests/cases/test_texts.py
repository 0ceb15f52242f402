"""What people write, as stored: trimmed, bounded, searchable by pairs of characters."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.cases import record, repository
from caseway.cases.models import Case
from caseway.cases.texts import Check
from caseway.errors import InvalidInput
from support.factories import T0, days


def test_all_problems_of_an_input_are_refused_together() -> None:
    check = Check()
    check.required("title", "  ", 10)
    check.required("claim", "x" * 11, 10)
    check.required("reason", "a\x00b", 10)
    check.required("purpose", "abc", 10, shortest=5)
    check.past("servedAt", T0 + days(1), now=T0, since=T0)
    check.past("signedAt", T0 - days(1), now=T0, since=T0)
    with pytest.raises(InvalidInput) as refused:
        check.done()
    assert [(path, code) for path, code, _ in refused.value.problems] == [
        ("title", "REQUIRED"),
        ("claim", "TOO_LONG"),
        ("reason", "INVALID_CHARACTER"),
        ("purpose", "TOO_SHORT"),
        ("servedAt", "FUTURE"),
        ("signedAt", "TOO_EARLY"),
    ]


def test_a_text_is_trimmed_and_a_blank_one_is_nothing() -> None:
    check = Check()
    assert check.required("title", "  征地 ", 10) == "征地"
    assert check.optional("body", "   ", 10) is None
    check.done()


def test_grams_fold_width_and_case_and_skip_punctuation() -> None:
    assert repository.grams("征地，补偿") == ["征地", "补偿"]
    assert repository.grams("ＡＢc") == ["ab", "bc"]
    assert repository.grams("房") == ["房"]
    assert repository.grams("！？") == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_gram_of_a_word_is_a_gram_of_a_text_that_contains_it(word: str, rest: str) -> None:
    grams = repository.grams(word)
    if all(len(gram) == 2 for gram in grams):
        assert set(grams) <= set(repository.grams(f"{rest} {word} {rest}"))


def test_case_numbers_are_random_and_can_be_read_out() -> None:
    numbers = {repository.new_number("330402", T0) for _ in range(200)}
    assert len(numbers) == 200
    assert all(re.fullmatch(r"330402-20260415-[0-9A-HJKMNP-TV-Z]{7}", number) for number in numbers)


def test_the_date_in_a_number_is_the_local_one() -> None:
    late = datetime(2026, 4, 15, 16, 30, tzinfo=UTC)
    assert repository.new_number("330402", late).split("-")[1] == "20260416"


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_what_is_encoded_for_the_ledger_is_decoded_the_same(at: datetime) -> None:
    changes = {
        "stage": "SIGNED",
        "due_at": at,
        "answered_at": None,
        "merged_into_id": uuid.uuid4(),
        "barred": [3, -7],
        "is_open": True,
        "group_size": 23,
    }
    assert record.decode(record.encode(changes)) == changes


@pytest.mark.parametrize("column", ["city_id", "id", "version", "changed_at", "ledger_hash", "stages"])
def test_an_event_sets_only_columns_that_do_not_follow_from_it(column: str) -> None:
    with pytest.raises(ValueError, match=column):
        record.encode({column: 1})


def test_every_column_of_a_case_is_identity_derived_or_can_be_set() -> None:
    names = {column.key for column in Case.__table__.columns}
    assert names >= record.IDENTITY | record.DERIVED
