"""Conditions of rules: what they answer, what is refused on saving, and that nothing broken ever passes.

The cases below are the contract with the library, which is young: a change of its behaviour is noticed here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.cases import workflow
from caseway.rules import conditions
from caseway.rules.condition_fields import FIELDS, FieldType
from caseway.rules.condition_text import fields_named
from caseway.rules.conditions import Values
from caseway.tenancy.models import Level, OfficeKind

SHANGHAI = ZoneInfo("Asia/Shanghai")

#: A town's case of a group of 23 that is two days late.
CASE: dict[str, Any] = {
    "petition_class": "APPEAL_CLAIM",
    "proceeding": "HANDLING",
    "stage": "HANDLING",
    "channel": "VISIT",
    "field": "噪声扰民",
    "place_code": "330402100204",
    "grade": "COMPLEX",
    "is_first_time": True,
    "group_size": 23,
    "registrations": 3,
    "bounces": 1,
    "redos": 0,
    "extensions": 0,
    "assistants": 2,
    "days_open": 62,
    "workdays_open": 43,
    "months_open": 2,
    "days_held": 40,
    "has_due": True,
    "due_at": datetime(2026, 5, 22, 16, tzinfo=UTC),
    "days_left": -2,
    "is_overdue": True,
    "is_overdue_by_law": False,
    "overdue_days": 2,
    "overdue_stages": ("HANDLE",),
    "holder_level": "TOWN",
    "holder_kind": "GOVERNMENT",
    "level_registered": "CITY",
    "received_at": datetime(2026, 3, 23, 1, tzinfo=UTC),
    "registered_at": datetime(2026, 3, 23, 1, 30, tzinfo=UTC),
    "now": datetime(2026, 5, 24, 9, 30, tzinfo=SHANGHAI),
    "month": 5,
    "day_of_month": 24,
    "weekday": 7,
    "under_supervision": False,
    "supervisions": 0,
    "escalations": 1,
    "escalation_depth": 0,
    "escalations_refused": 0,
}

#: (text, whether it holds for the case above).
GOLDEN = [
    ("days_open > 60", True),
    ("days_open > 62", False),
    ("days_open >= 62 && grade == 'COMPLEX'", True),
    ("grade in ['COMPLEX', 'MAJOR']", True),
    ("!(grade in ['COMPLEX', 'MAJOR'])", False),
    ("petition_class == 'APPEAL_CLAIM' ? days_open > 60 : days_open > 30", True),
    ("group_size >= 20 || registrations >= 3", True),
    ("group_size >= 5 && channel == 'VISIT' && level_registered == 'CITY'", True),
    ("is_overdue && !is_overdue_by_law", True),
    ("is_overdue_by_law", False),
    ("'HANDLE' in overdue_stages", True),
    ("'FORWARD' in overdue_stages", False),
    ("size(overdue_stages) == 1", True),
    ("overdue_stages == ['HANDLE']", True),
    ("overdue_days * 2 == 4", True),
    ("days_left + 2 == 0", True),
    ("-days_left == overdue_days", True),
    ("size(field) == 4", True),  # characters, not bytes
    ("field == '噪声扰民'", True),
    ('field == "噪声扰民"', True),
    (r"field == '噪声扰民'", True),
    ("field.contains('声扰')", True),
    ("place_code.startsWith('330402')", True),
    ("place_code.endsWith('205')", False),
    ("now.getHours('Asia/Shanghai') == 9", True),
    ("now.getHours('+00:00') == 1", True),
    ("now.getDate('Asia/Shanghai') == day_of_month", True),
    ("now.getFullYear('Asia/Shanghai') == 2026", True),
    ("now.getDayOfWeek('Asia/Shanghai') == 0", True),  # Sunday; the field weekday says 7
    ("weekday == 7", True),
    ("month == 5 && day_of_month > 20", True),
    ("has_due && now > due_at", True),
    ("now - due_at > duration('48h')", False),
    ("now - due_at > duration('24h')", True),
    ("registered_at - received_at <= duration('30m')", True),
    ("received_at < timestamp('2026-03-23T09:00:01+08:00')", True),
    ("due_at == timestamp('2026-05-23T00:00:00+08:00')", True),
    ("registrations % 3 == 0", True),
    ("days_open / 30 == 2", True),
    ("double(overdue_days) / 3.0 < 0.7", True),
    ("// who waits too long\ndays_open > 60", True),
    ("holder_level == 'TOWN'\n  && holder_kind != 'DISCIPLINE'", True),
    ("is_first_time == true", True),
    (".days_open > 60", True),  # a name from the top
    ("true || days_open / 0 == 1", True),
    ("false && days_open / 0 == 1", False),
    ("string(days_open) == '62'", True),
    ("[1, 2, 3][1] == 2", True),
    ("{'a': days_open}['a'] > 60", True),
]

#: (text, code, line, column, part of the hint or None): refused when the rule is saved.
REFUSED = [
    ("", "CONDITION_EMPTY", 0, 0, "write one"),
    ("  \n ", "CONDITION_EMPTY", 0, 0, None),
    ("day_open > 3", "CONDITION_UNKNOWN_FIELD", 1, 1, "days_open"),
    ("days_open > 3 ||\n  registration > 2", "CONDITION_UNKNOWN_FIELD", 2, 3, "registrations"),
    ("field == '噪声' && holder_levl == 'TOWN'", "CONDITION_UNKNOWN_FIELD", 1, 18, "holder_level"),
    ("xyzzy == 1", "CONDITION_UNKNOWN_FIELD", 1, 1, "The fields are"),
    ("name == 'x'", "CONDITION_UNKNOWN_FIELD", 1, 1, None),
    ("petitioner.phone == 'x'", "CONDITION_UNKNOWN_FIELD", 1, 11, None),
    ("days_open", "CONDITION_NOT_BOOL", 0, 0, "Compare"),
    ("grade", "CONDITION_NOT_BOOL", 0, 0, None),
    ("null", "CONDITION_NOT_BOOL", 0, 0, None),
    ("'true'", "CONDITION_NOT_BOOL", 0, 0, None),
    ("is_overdue ? 1 : 0", "CONDITION_NOT_BOOL", 0, 0, None),
    ("days_open > 3.5", "CONDITION_WRONG_TYPE", 1, 11, None),
    ("days_open > '3'", "CONDITION_WRONG_TYPE", 1, 11, None),
    ("days_open == null", "CONDITION_WRONG_TYPE", 1, 11, None),
    ("is_overdue && days_open", "CONDITION_WRONG_TYPE", 1, 12, None),
    ("grade.id == 1", "CONDITION_WRONG_TYPE", 1, 6, None),
    ("now > '2026-01-01'", "CONDITION_WRONG_TYPE", 1, 5, None),
    ("now.getHours() == 9", "CONDITION_WRONG_TYPE", 1, 13, "time zone"),
    ("string(now) == ''", "CONDITION_WRONG_TYPE", 1, 7, None),
    ("grade == 'COMPLEXE'", "CONDITION_UNKNOWN_VALUE", 1, 10, "'COMPLEX'"),
    ("'town' != holder_level", "CONDITION_UNKNOWN_VALUE", 1, 1, "'TOWN'"),
    ("stage in ['HANDLING', 'HANDLED']", "CONDITION_UNKNOWN_VALUE", 1, 23, "'HANDLING'"),
    ("days_open >", "CONDITION_SYNTAX", 1, 12, None),
    ("days_open > 3)", "CONDITION_SYNTAX", 1, 14, None),
    ("days_open = 3", "CONDITION_SYNTAX", 1, 11, None),
    ("grade == 'COMPLEX", "CONDITION_SYNTAX", 1, 10, None),
    ("噪声 > 1", "CONDITION_SYNTAX", 1, 1, None),
    ("days_open > 3 \ud800", "CONDITION_SYNTAX", 1, 15, None),
    ("days_open > 3\x00", "CONDITION_SYNTAX", 1, 14, None),
    ("overdue_stages.exists(x, x == 'HANDLE')", "CONDITION_UNKNOWN_FUNCTION", 1, 22, "in the_list"),
    ("field.matches('(a+)+$')", "CONDITION_UNKNOWN_FUNCTION", 1, 14, "contains"),
    ("now.getMonth('Asia/Shanghai') == 4", "CONDITION_UNKNOWN_FUNCTION", 1, 13, "month"),
    ("dyn(days_open) == 'x'", "CONDITION_UNKNOWN_FUNCTION", 1, 4, None),
    ("type(days_open) == int", "CONDITION_UNKNOWN_FUNCTION", 1, 5, None),
    ("has(grade.x)", "CONDITION_UNKNOWN_FUNCTION", 1, 4, None),
    ("cel.bind(x, 1, x == 1)", "CONDITION_UNKNOWN_FUNCTION", 1, 9, None),
    ("days_open / 0 == 1", "CONDITION_ALWAYS_FAILS", 0, 0, None),
    ("int('x') == 1", "CONDITION_ALWAYS_FAILS", 0, 0, None),
    ("now.getHours('Mars/Olympus') == 9", "CONDITION_ALWAYS_FAILS", 0, 0, None),
    ("now > timestamp('2026-01-01')", "CONDITION_ALWAYS_FAILS", 0, 0, None),
    ("{'a': 1}['b'] == days_open", "CONDITION_ALWAYS_FAILS", 0, 0, None),
    ("days_open / 0 > 1 || days_open % 0 > 1", "CONDITION_ALWAYS_FAILS", 0, 0, None),
]


@pytest.mark.parametrize(("text", "held"), GOLDEN)
def test_a_condition_answers(text: str, held: bool) -> None:
    assert conditions.check(text) == []
    verdict = conditions.compile(text).holds(CASE)
    assert (verdict.held, verdict.failed) == (held, None)


@pytest.mark.parametrize(("text", "code", "line", "column", "hint"), REFUSED)
def test_a_wrong_condition_is_refused_with_its_place(
    text: str, code: str, line: int, column: int, hint: str | None
) -> None:
    problem = conditions.check(text)[0]
    assert (problem.code, problem.line, problem.column) == (code, line, column), problem
    assert problem.message.strip()
    if hint is not None:
        assert problem.hint is not None and hint in problem.hint


@pytest.mark.parametrize("text", [refused[0] for refused in REFUSED])
def test_a_wrong_condition_never_holds(text: str) -> None:
    verdict = conditions.compile(text).holds(CASE)
    assert not verdict.held
    assert verdict.failed


def test_every_mistake_of_a_text_is_told_at_once() -> None:
    found = conditions.check("days_opn > 3 &&\nholder_leve == 'TOWN'")
    assert [(each.code, each.line) for each in found] == [
        ("CONDITION_UNKNOWN_FIELD", 1),
        ("CONDITION_UNKNOWN_FIELD", 2),
    ]


# --- What breaks at run time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "100 / extensions > 1",  # the case has no extension: the library answers an error as a value
        "overdue_stages[3] == 'HANDLE'",
        "days_open * 9223372036854775807 > 0",
        "int(field) > 0",
        "100 % redos == 1 || false",
    ],
)
def test_an_error_at_run_time_does_not_pass(text: str) -> None:
    assert conditions.check(text) == []
    verdict = conditions.compile(text).holds(CASE)
    assert not verdict.held
    assert verdict.failed


@pytest.mark.parametrize("text", ["!(100 / extensions > 1)", "100 / extensions < 1 || is_overdue_by_law"])
def test_the_opposite_of_an_error_does_not_pass_either(text: str) -> None:
    assert conditions.check(text) == []
    assert not conditions.compile(text).holds(CASE).held


def test_a_missing_field_fails_only_those_who_ask_for_it() -> None:
    values = Values({name: value for name, value in CASE.items() if name != "days_open"})
    asked = conditions.compile("true || days_open > 3").holds(values)
    assert (asked.held, asked.failed) == (False, "The field days_open is missing.")
    assert conditions.compile("group_size > 3").holds(values).held


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("now", datetime(2026, 5, 24, 9, 30)),  # no time zone
        ("now", "2026-05-24T09:30:00+08:00"),
        ("now", None),
        ("days_open", True),
        ("days_open", 3.0),
        ("days_open", "3"),
        ("days_open", 2**63),
        ("days_open", None),
        ("is_overdue", 1),
        ("is_overdue", "true"),
        ("field", None),
        ("field", 3),
        ("overdue_stages", "HANDLE"),
        ("overdue_stages", [1]),
    ],
)
def test_a_value_of_another_type_fails_closed(name: str, value: object) -> None:
    asks = {
        "now": "now > timestamp('2020-01-01T00:00:00Z')",
        "days_open": "days_open < 100000",
        "is_overdue": "is_overdue",
        "field": "field != 'x'",
        "overdue_stages": "size(overdue_stages) >= 0",
    }[name]
    assert conditions.compile(asks).holds(CASE).held
    verdict = conditions.compile(asks).holds(CASE | {name: value})
    assert not verdict.held
    assert verdict.failed is not None and name in verdict.failed


def test_a_value_that_is_not_declared_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="phone"):
        Values({"phone": "x"})


# --- Attacks --------------------------------------------------------------------------------------------------------


def _refused_quickly(text: str) -> str:
    started = perf_counter()
    problems = conditions.check(text)
    assert perf_counter() - started < 1
    assert problems
    assert not conditions.compile(text).holds(CASE).held
    return problems[0].code


def test_loops_in_loops_are_refused() -> None:
    text = "true"
    for depth in range(8):
        text = f"[0,1,2,3,4,5,6,7,8,9].all(x{depth}, {text})"
    assert _refused_quickly(text) == "CONDITION_UNKNOWN_FUNCTION"


def test_a_string_cannot_be_doubled_until_memory_ends() -> None:
    assert _refused_quickly("['a']" + ".map(x, x + x)" * 26 + ".size() > 0").startswith("CONDITION_UNKNOWN")


@pytest.mark.parametrize("count", [33, 400, 990])
def test_brackets_in_brackets_are_refused(count: int) -> None:
    assert _refused_quickly("(" * count + "true" + ")" * count) == "CONDITION_TOO_DEEP"


def test_twenty_thousand_brackets_are_refused_by_length() -> None:
    assert _refused_quickly("(" * 20_000 + "true" + ")" * 20_000) == "CONDITION_TOO_LONG"
    assert _refused_quickly("days_open > 1 || " * 22_000 + "true") == "CONDITION_TOO_LONG"


def test_long_sums_are_refused() -> None:
    assert _refused_quickly(" + ".join(["days_open"] * 100) + " > 1") == "CONDITION_TOO_DEEP"


def test_the_longest_allowed_text_is_answered_quickly() -> None:
    text = " || ".join(["days_open < 0"] * 117)
    assert conditions.MAX_LENGTH - 20 < len(text) <= conditions.MAX_LENGTH
    started = perf_counter()
    assert conditions.check(text) == []
    assert not conditions.compile(text).holds(CASE).held
    assert perf_counter() - started < 1


@pytest.mark.parametrize("pattern", ["^(a?){30}a{30}$", "(a|aa)+$", "a{1000}" * 100])
def test_patterns_are_refused(pattern: str) -> None:
    assert _refused_quickly(f"field.matches('{pattern}')") == "CONDITION_UNKNOWN_FUNCTION"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_at_all_makes_trouble(text: str) -> None:
    condition = conditions.compile(text)
    verdict = condition.holds(CASE)
    assert bool(condition.problems) <= (not verdict.held)


_words = st.sampled_from(
    [
        *FIELDS,
        "&&",
        "||",
        "!",
        "==",
        "in",
        "(",
        ")",
        "[",
        "]",
        "'HANDLE'",
        "1",
        "0",
        "/",
        "%",
        ">",
        "+",
        "?",
        ":",
        "true",
    ]
)


@settings(deadline=None)
@given(st.lists(_words, max_size=9).map(" ".join))
def test_only_a_plain_yes_passes(text: str) -> None:
    """Whatever words are put together: what failed does not hold, and neither does what is refused on saving."""
    verdict = conditions.compile(text).holds(CASE)
    assert not (verdict.held and verdict.failed)
    if conditions.check(text):
        assert not verdict.held


# --- What is seen ---------------------------------------------------------------------------------------------------


def test_the_values_seen_are_those_of_the_fields_named() -> None:
    condition = conditions.compile("days_open > 60 && field.contains('is_overdue')  // month")
    assert condition.problems == ()
    verdict = condition.holds(CASE)
    assert verdict.seen == {"days_open": 62, "field": "噪声扰民"}
    assert not verdict.held


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("now.getHours('month') > 1", ("now",)),
        ("{'stage': grade}.stage == 'x'", ("grade",)),
        (r"r'days_open\' == grade", ("grade",)),
        ("'''days_open\n' ''' == grade", ("grade",)),
        (r"'it\'s days_open' == grade", ("grade",)),
        ("size(field) > bounces && bounces > 0", ("field", "bounces")),
        (".month > 1", ("month",)),
    ],
)
def test_names_are_told_from_strings_comments_and_parts(text: str, named: tuple[str, ...]) -> None:
    assert fields_named(text) == named


def test_a_condition_knows_whether_time_alone_can_change_it() -> None:
    assert conditions.compile("days_open > 3 && grade == 'MAJOR'").moves
    assert not conditions.compile("registrations > 3 && grade == 'MAJOR'").moves


def test_one_instant_in_any_zone_is_the_same_instant() -> None:
    condition = conditions.compile("now == timestamp('2026-05-24T01:30:00Z')")
    for zone in (UTC, SHANGHAI, timezone(timedelta(hours=-5))):
        assert condition.holds(CASE | {"now": CASE["now"].astimezone(zone)}).held


def test_a_text_is_compiled_once() -> None:
    assert conditions.compile("days_open > 77") is conditions.compile("days_open > 77")


# --- The declared fields --------------------------------------------------------------------------------------------


def test_every_field_is_described_and_has_a_value_above() -> None:
    assert CASE.keys() == FIELDS.keys()
    for field in FIELDS.values():
        assert field.description.endswith(".") and len(field.description) > 15, field.name
        verdict = conditions.compile(_self_comparison(field.name, field.type)).holds(CASE)
        assert verdict.held, (field.name, verdict)


def _self_comparison(name: str, kind: FieldType) -> str:
    return f"size({name}) >= 0" if kind is FieldType.CODES else f"{name} == {name}"


def test_closed_values_are_those_of_the_platform() -> None:
    kinds = {
        "petition_class": workflow.PetitionClass,
        "proceeding": workflow.Proceeding,
        "stage": workflow.Stage,
        "channel": workflow.Channel,
        "holder_level": Level,
        "level_registered": Level,
        "holder_kind": OfficeKind,
    }
    for name, kind in kinds.items():
        assert set(FIELDS[name].values) == {str(each) for each in kind}, name


def test_no_field_is_about_a_person() -> None:
    words = {word for name in FIELDS for word in name.split("_")}
    assert not words & {"petitioner", "person", "name", "phone", "address", "identity", "residence", "age", "history"}
