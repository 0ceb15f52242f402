"""docs/errors.md names every error code there is, and no other."""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations

from caseway import bundle
from caseway.rules.findings import FindingCode

from .codes import edge_codes, field_codes, file_codes, refusals

_FIELDS, _FILES = "Problems with one field", "Faults in declared files"
_FINDINGS = "Findings in rule books"
#: Problems of fields that a refusal's own code is used for.
_SHARED = {"MALFORMED_ID"}


@cache
def documented() -> dict[str, list[str]]:
    """Heading -> the codes in its table."""
    text = bundle.path("docs", "errors.md").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| \S.* \| \S.* \|$", part, re.MULTILINE)
        assert len(rows) == len(re.findall(r"^\| `", part, re.MULTILINE)), "a row has code, meaning and what helps"
        found[part.splitlines()[0]] = rows
    return found


def test_every_refusal_is_documented_and_every_documented_one_exists() -> None:
    apart = (_FIELDS, _FILES, _FINDINGS)
    listed = [code for heading, codes in documented().items() if heading not in apart for code in codes]
    assert len(listed) == len(set(listed)), "a code stands twice"
    assert set(listed) == set(refusals()) | edge_codes()


def test_every_problem_of_a_field_is_documented() -> None:
    listed = documented()[_FIELDS]
    assert sorted(listed) == sorted(field_codes() | _SHARED)
    assert set(refusals()) >= _SHARED


def test_every_fault_of_declared_files_is_documented() -> None:
    """Declared rule books have their findings for faults, too."""
    found = file_codes() - set(refusals()) - set(documented()[_FINDINGS])
    assert sorted(set(documented()[_FILES]) - set(documented()[_FINDINGS])) == sorted(found)


def test_every_finding_in_rule_books_is_documented() -> None:
    assert sorted(documented()[_FINDINGS]) == sorted({code.value for code in FindingCode} - set(refusals()))


def test_a_code_means_one_thing() -> None:
    """Two classes share a code only if one is a kind of the other, or both say the same sentence."""
    for code, kinds in refusals().items():
        for one, other in combinations(kinds, 2):
            same = (one.__doc__ or "").strip() == (other.__doc__ or "").strip()
            assert same or issubclass(one, other) or issubclass(other, one), f"{code}: {one} and {other}"


def test_every_refusal_says_in_one_sentence_what_happened() -> None:
    for kinds in refusals().values():
        for kind in kinds:
            sentence = (kind.__doc__ or "").strip().splitlines()
            assert sentence, kind
            assert len(sentence[0]) > 20, kind


def test_the_code_reader_finds_each_way_of_writing_one() -> None:
    assert {"TOO_LONG", "OUT_OF_RANGE", "DUPLICATE", "BLANK"} <= field_codes()
    assert {"UNKNOWN_KEY", "DUPLICATE_OFFICE", "NOT_YAML"} <= file_codes()
    assert "UNEXPECTED" in edge_codes()
