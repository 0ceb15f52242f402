"""Rule books as files: nothing is lost on the way out and in, and what is no book is refused with row and line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseway.rules import yaml
from caseway.rules.documents import BookDocument, Excluded, FileRole, FileState
from caseway.rules.errors import RuleBookRefused
from caseway.rules.findings import Finding, FindingCode
from caseway.rules.rows import Row, is_guarded
from caseway.rules.values import Level

from .chains import shipped
from .test_merge_properties import PARAMS

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
GUARDS = st.none() | st.sampled_from(["flagged", "reframed", "off until basis recorded"]) | TEXT


@st.composite
def rows(draw: st.DrawFn, row_id: str) -> Row:
    kind = draw(st.sampled_from([*PARAMS, "metric"]))
    metric = st.fixed_dictionaries({"code": st.just("TRAINING"), "observed": st.dictionaries(TEXT, PLAIN, max_size=4)})
    withheld = draw(st.booleans())
    return Row(
        id=row_id,
        kind=kind,
        applies_to=draw(st.sampled_from(["SELF", "CHILDREN", "LEVEL:TOWN", "OFFICE:330411"])),
        params=draw(PARAMS.get(kind, metric)),
        quality=draw(st.none() | st.sampled_from(["narrated", "conflict"])),
        guard=(guard := draw(GUARDS)),
        unresolved=tuple(draw(st.lists(TEXT, max_size=2))),
        withheld=withheld,
        withheld_reason=draw(TEXT) if withheld else "",
        enabled=draw(st.booleans()) or not is_guarded(guard),
        text=draw(st.just("") | TEXT),
    )


@st.composite
def documents(draw: st.DrawFn) -> BookDocument:
    role = draw(st.sampled_from(FileRole))
    is_nation = role in (FileRole.BASE, FileRole.BASE_HISTORY)
    return BookDocument(
        system=draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)),
        name=draw(TEXT),
        role=role,
        level=None if is_nation else draw(st.sampled_from(Level)),
        office_code=draw(st.none() | st.sampled_from(["33", "330411", "5117-cl"])),
        inherits=draw(st.none() | TEXT),
        amends=draw(st.none() | TEXT),
        source=draw(st.dictionaries(TEXT, PLAIN, max_size=2)),
        note=draw(st.none() | TEXT),
        effective_from=draw(st.none() | st.dates(date(1990, 1, 1), date(2100, 1, 1))),
        state=draw(st.none() | st.sampled_from(FileState)),
        rows=tuple(draw(rows(f"R-{number}")) for number in range(draw(st.integers(0, 3)))),
        excluded=tuple(draw(st.lists(st.builds(Excluded, TEXT, TEXT), max_size=2))),
    )


@given(st.lists(documents(), min_size=1, max_size=2))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_dumped_is_read_back(given_documents: list[BookDocument]) -> None:
    text = yaml.dump(*given_documents)
    read = yaml.parse(text)
    assert read == tuple(given_documents)
    assert yaml.dump(*read) == text


@pytest.mark.parametrize("document", shipped().values(), ids=shipped())
def test_a_book_that_ships_is_read_back(document: BookDocument) -> None:
    text = yaml.dump(document)
    assert yaml.parse_one(text) == document
    assert yaml.parse_one(text.encode()) == document
    assert all(len(row.id) > 1 for row in document.rows)


def test_one_line_for_each_rule() -> None:
    text = yaml.dump(shipped()["law-zj-2016"])
    assert (
        "- {id: LZJ-02, kind: deadline, applies_to: SELF, params: {stage: FORWARD, limit: {n: 5, unit: WORKDAY},"
        " start: RECEIVED}}\n"
    ) in text
    assert text.count("\n- ") == 6


HEAD = "system: x\nname: 例\nrole: office\noffice: {level: TOWN, code: '330411100'}\n"


def refused(text: str | bytes) -> tuple[Finding, ...]:
    """What is wrong with a text."""
    with pytest.raises(RuleBookRefused) as caught:
        yaml.parse(text)
    for finding in caught.value.findings:
        assert finding.message and finding.cure
    return caught.value.findings


def test_words_of_older_yaml_stay_text() -> None:
    """``NO``, ``OFF`` and days are what is written: no value changes its type by being written."""
    document = yaml.parse_one(
        HEAD + "effective_from: 2026-01-01\nrules:\n"
        "- {id: A, kind: preparation, applies_to: SELF, params: {by: X, items: [ON, YES], lower_opinion: NO}}\n"
        "- {id: B, kind: session_setup, applies_to: SELF, params: {activity: VISIT, av_record: OFF}}\n"
        "- {id: C, kind: fixed_day, applies_to: SELF,"
        " params: {activity: VISIT, days: [5], roll: NEVER, since: 1984-03}}\n"
    )
    assert document.effective_from == date(2026, 1, 1)
    assert document.rows[0].params == {"by": "X", "items": ["ON", "YES"], "lower_opinion": "NO"}
    assert document.rows[1].model.given("av_record") == "OFF"
    assert document.rows[2].model.given("since") == "1984-03"


def test_guarded_rows_are_off_unless_the_file_says_otherwise() -> None:
    row = "- {{id: A, kind: metric, applies_to: SELF, guard: flagged, {}params: {{code: TRAINING}}}}\n"
    assert not yaml.parse_one(HEAD + "rules:\n" + row.format("")).rows[0].enabled
    switched_on = yaml.parse_one(HEAD + "rules:\n" + row.format("enabled: true, "))
    assert switched_on.rows[0].enabled
    assert yaml.parse_one(yaml.dump(switched_on)) == switched_on


def test_a_document_that_describes_the_kinds_is_passed_over() -> None:
    text = f"---\nschema: petition-rulebook/1\nrole: schema\nkinds: {{}}\n---\n{HEAD}rules: []\n"
    assert [document.system for document in yaml.parse(text)] == ["x"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (b"system: \xff\xfe\n", FindingCode.BOOK_NOT_UTF8, 1),
        ("x: &a [1]\ny: *a\n", FindingCode.YAML_ALIAS, 2),
        ("x: !!python/object/apply:os.system [ls]\n", FindingCode.YAML_TAG, 1),
        ("x: !!binary aGk=\n", FindingCode.YAML_TAG, 1),
        ("x: 1\nx: 2\n", FindingCode.DUPLICATE_KEY, 2),
        ("x: [1\n", FindingCode.NOT_YAML, 2),
        ("? [a]\n: b\n", FindingCode.NOT_YAML, 1),
        ("x: \x00\n", FindingCode.NOT_YAML, 0),
        ("x: " + "[" * 40 + "]" * 40 + "\n", FindingCode.YAML_TOO_DEEP, 1),
        ("- 1\n", FindingCode.WRONG_SHAPE, 0),
        ("just a text\n", FindingCode.WRONG_SHAPE, 0),
        ("", FindingCode.WRONG_SHAPE, 0),
    ],
    ids=lambda each: each if isinstance(each, FindingCode) else None,
)
def test_what_is_no_book_is_refused(text: str | bytes, code: FindingCode, line: int) -> None:
    with pytest.raises(RuleBookRefused) as caught:
        yaml.parse_one(text)
    assert (caught.value.findings[0].code, caught.value.findings[0].line) == (code, line)


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    levels = "".join(f"a{n}: &a{n} [*a{n - 1},*a{n - 1},*a{n - 1}]\n" for n in range(1, 60))
    assert refused("a0: &a0 [x]\n" + levels)[0].code is FindingCode.YAML_ALIAS


def test_a_book_that_is_too_large_is_refused_before_it_is_read() -> None:
    no_yaml = b"[" * (yaml.LARGEST_BOOK + 1)
    (finding,) = refused(no_yaml)
    assert finding.code is FindingCode.BOOK_TOO_LARGE
    (same,) = refused("字" * (yaml.LARGEST_BOOK // 3 + 1))
    assert same.code is FindingCode.BOOK_TOO_LARGE
    fitting = HEAD + "rules: []\n# " + "x" * (yaml.LARGEST_BOOK - len(HEAD.encode()) - 13) + "\n"
    assert len(fitting.encode()) == yaml.LARGEST_BOOK
    assert yaml.parse_one(fitting).rows == ()


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (HEAD + "rules: []\nrulez: []\n", "UNKNOWN_KEY", 6),
        (HEAD, "MISSING_KEY", 1),
        (HEAD + "rules: {}\n", "WRONG_SHAPE", 5),
        (HEAD + "rules: [x]\n", "WRONG_SHAPE", 5),
        (HEAD.replace("office}", "x") + "rules: []\nstate: OPEN\n", "UNKNOWN_VALUE", 6),
        (HEAD + "rules: []\neffective_from: 2026-13-01\n", "WRONG_SHAPE", 6),
        (HEAD + "rules: []\nsummary: {rules: 3, kinds: 0, excluded: 0}\n", "SUMMARY_DIFFERS", 6),
        (HEAD + "rules: []\nunresolved: {Z-01: [limit]}\n", "UNKNOWN_ROW", 6),
        (HEAD + "rules: []\nwithheld: {Z-01: why}\n", "UNKNOWN_ROW", 6),
        (HEAD.replace("'330411100'", "330411100") + "rules: []\n", "WRONG_SHAPE", 4),
        (HEAD.replace("TOWN", "HAMLET") + "rules: []\n", "UNKNOWN_VALUE", 4),
        (HEAD.replace("role: office", "role: law") + "rules: []\n", "UNKNOWN_VALUE", 3),
        (HEAD.replace("system: x", "system: X Y") + "rules: []\n", "WRONG_SHAPE", 1),
        (HEAD.replace("name: 例\n", "") + "rules: []\n", "MISSING_KEY", 1),
        (HEAD + "schema_version: 2\nrules: []\n", "WRONG_SHAPE", 5),
    ],
)
def test_wrong_keys_of_a_book(text: str, code: str, line: int) -> None:
    (finding,) = refused(text)
    assert (finding.code, finding.line) == (code, line)


GOOD = "{id: A-01, kind: routing, applies_to: SELF, params: {solve_locally: true}}"


@pytest.mark.parametrize(
    ("row", "code", "row_id"),
    [
        (GOOD, "DUPLICATE_ROW", "A-01"),
        (GOOD.replace("A-01", "A 01"), "WRONG_SHAPE", "A 01"),
        (GOOD.replace("id: A-01, ", ""), "MISSING_KEY", ""),
        (GOOD.replace("A-01", "7"), "WRONG_SHAPE", ""),
        (GOOD.replace("A-01", "A-02").replace("SELF", "ALL"), "UNKNOWN_REACH", "A-02"),
        (GOOD.replace("A-01", "A-02").replace("routing", "rooting"), "UNKNOWN_KIND", "A-02"),
        (GOOD.replace("A-01", "A-02").replace("solve_locally", "solve_localy"), "UNKNOWN_PARAMETER", "A-02"),
        (GOOD.replace("A-01", "A-02").replace("true", "yes"), "WRONG_TYPE", "A-02"),
        (GOOD.replace("A-01", "A-02").replace("params", "parms"), "UNKNOWN_KEY", "A-02"),
        (GOOD.replace("A-01", "A-02").replace("params", "enabled: maybe, params"), "WRONG_SHAPE", "A-02"),
        (GOOD.replace("A-01", "A-02").replace("params: {solve_locally: true}", "params: [x]"), "WRONG_SHAPE", "A-02"),
    ],
)
def test_wrong_rows_of_a_book(row: str, code: str, row_id: str) -> None:
    (finding,) = refused(f"{HEAD}rules:\n- {GOOD}\n- {row}\n")
    assert (finding.code, finding.row_id, finding.line) == (code, row_id, 7)
    assert finding.book == "x"


def test_everything_wrong_with_a_book_is_told_at_once() -> None:
    found = refused(HEAD + "color: red\nrules:\n- {id: A, kind: nothing, applies_to: SELF}\n- {id: A, kind: routing}\n")
    assert [finding.code for finding in found] == ["UNKNOWN_KEY", "UNKNOWN_KIND", "MISSING_KEY", "DUPLICATE_ROW"]


def test_exactly_one_book_where_one_is_wanted() -> None:
    two = yaml.dump(shipped()["xiuzhou"], shipped()["haining"])
    assert len(yaml.parse(two)) == 2
    with pytest.raises(RuleBookRefused, match="2 books"):
        yaml.parse_one(two)


def test_a_version_needs_a_first_day() -> None:
    document = replace(shipped()["xiuzhou"], effective_from=None)
    assert document.version(3, effective_from=date(2026, 5, 1)).effective_from == date(2026, 5, 1)
    with pytest.raises(ValueError, match="from which day"):
        document.version()


def test_values_of_any_depth_are_kept() -> None:
    observed: dict[str, Any] = {"a": [1, 2.5, None, {"b": "NO"}], "空": "1e5", "n": -0.567}
    row = Row("A", "metric", "SELF", {"code": "TRAINING", "observed": observed})
    document = replace(shipped()["xiuzhou"], rows=(row,))
    assert yaml.parse_one(yaml.dump(document)).rows[0].params["observed"] == observed
