"""Conditions of rules: CEL behind one adapter that lets nothing through but a plain yes.

The library answers mistakes as values, takes times without a zone, reads the clock in UTC unless told otherwise and
lets one short text double a string until memory ends. None of that reaches a rule: see ``_LIBRARY`` and ``holds``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from cel_expr_python import cel

from caseway.rules.condition_fields import FIELDS, FieldType
from caseway.rules.condition_text import UnknownValue, fields_named, is_called, nearest, place, unknown_values

#: Longest text of a condition, in characters.
MAX_LENGTH = 2_000
#: How deep a condition may nest; the library's own bound, repeated here for the message.
MAX_DEPTH = 32
#: Longest reason for a failure that is kept, in characters.
_REASON_LENGTH = 300
_LARGEST = 2**63

#: What is switched off, in the library's own words. Loops: one chain of them doubles a string with every link, and
#: nothing that is declared needs them. ``dyn`` and ``type``: they hide mistakes of type until run time. Patterns: codes
#: are compared, not searched. Readings of an instant without a zone (they are in UTC), or that count from 0.
_LIBRARY = """
stdlib:
  disable_macros: true
  exclude_functions:
    - {name: dyn}
    - {name: type}
    - {name: matches}
    - {name: bytes}
    - {name: uint}
    - {name: getMonth}
    - {name: getDayOfMonth}
    - {name: getDayOfYear}
    - {name: getMilliseconds}
    - {name: string, overloads: [{id: timestamp_to_string}]}
    - {name: getFullYear, overloads: [{id: timestamp_to_year}]}
    - {name: getDate, overloads: [{id: timestamp_to_day_of_month_1_based}]}
    - {name: getDayOfWeek, overloads: [{id: timestamp_to_day_of_week}]}
    - {name: getHours, overloads: [{id: timestamp_to_hours}]}
    - {name: getMinutes, overloads: [{id: timestamp_to_minutes}]}
    - {name: getSeconds, overloads: [{id: timestamp_to_seconds}]}
"""
_TYPES = {
    FieldType.BOOL: cel.Type.BOOL,
    FieldType.INT: cel.Type.INT,
    FieldType.STRING: cel.Type.STRING,
    FieldType.TIMESTAMP: cel.Type.TIMESTAMP,
    FieldType.CODES: cel.Type.List(cel.Type.STRING),
}
#: Functions that exist elsewhere in CEL and not here, with what to write instead.
_INSTEAD = {
    **dict.fromkeys(("all", "exists", "exists_one", "map", "filter"), "lists are asked with 'CODE' in the_list"),
    "has": "every field always has a value",
    "matches": "compare with ==, in, startsWith, endsWith or contains",
    "getMonth": "use the field month, which counts from 1",
    "getDayOfMonth": "use the field day_of_month, which counts from 1",
    "getDayOfYear": "compare now with timestamp('2026-01-01T00:00:00+08:00')",
    "dyn": "write the value in the type of the field",
    "type": "the type of every field is declared",
}
_LINE = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?=\n \||\nERROR: <input>| \[[A-Z_]+\]\Z|\Z)", re.DOTALL)
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")


@dataclass(frozen=True, slots=True)
class ConditionProblem:
    """What is wrong with the text of a condition, and what would help."""

    code: str
    message: str
    #: Where it is, both from 1; 0 when it concerns the whole text.
    line: int
    column: int
    #: What to write instead; null if nothing better is known.
    hint: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a condition says about one case. A condition that failed does not hold."""

    held: bool
    #: Why it could not be asked; null if it could.
    failed: str | None
    #: The values of the fields that the condition names.
    seen: Mapping[str, Any]


class Values:
    """The values of one case at one instant, checked and handed over once, for as many conditions as there are.

    A value of the wrong type, an instant without a zone or a missing field never stops other conditions: only those
    that name it fail. A name that is not declared raises ``ValueError``: a mistake of the caller, not of a rule.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        if unknown := values.keys() - FIELDS.keys():
            raise ValueError(f"not declared: {', '.join(sorted(unknown))}")
        self.given = values
        self._wrong = {name: wrong for name, value in values.items() if (wrong := _wrong(FIELDS[name].type, value))}
        self._activation: cel.Activation | None = None

    def wrong(self, name: str) -> str | None:
        """Why the value of a declared field cannot be used; null if it can."""
        if name not in self.given:
            return "is missing"
        return self._wrong.get(name)

    @property
    def activation(self) -> cel.Activation:
        """The usable values as the library takes them."""
        if self._activation is None:
            usable = {name: value for name, value in self.given.items() if name not in self._wrong}
            self._activation = _environment().Activation(
                {name: list(value) if isinstance(value, tuple) else value for name, value in usable.items()}
            )
        return self._activation


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition ready to be asked. One whose text is wrong holds for no case."""

    text: str
    #: Declared fields that it names.
    fields: tuple[str, ...]
    problems: tuple[ConditionProblem, ...]
    _program: cel.Expression | None = field(repr=False, compare=False)

    @property
    def moves(self) -> bool:
        """Whether it may come to hold by time alone."""
        return any(FIELDS[name].moves for name in self.fields)

    def holds(self, values: Values | Mapping[str, Any]) -> Verdict:
        """Whether it holds for a case. Nothing but the library's own BOOL counts: whatever else comes out is a failure,
        and a failure does not hold."""
        asked = values if isinstance(values, Values) else Values(values)
        seen = {name: asked.given.get(name) for name in self.fields}
        for name in self.fields:
            if wrong := asked.wrong(name):
                return Verdict(held=False, failed=f"The field {name} {wrong}.", seen=seen)
        if self._program is None:
            return Verdict(held=False, failed=self.problems[0].message, seen=seen)
        try:
            answer = self._program.eval(asked.activation)
            kind, value = answer.type(), answer.value()
        except RuntimeError as error:
            return Verdict(held=False, failed=_short(str(error)), seen=seen)
        if kind != cel.Type.BOOL or not isinstance(value, bool):
            return Verdict(held=False, failed=_short(f"{kind.name()}: {value}"), seen=seen)
        return Verdict(held=value, failed=None, seen=seen)


def check(text: str) -> list[ConditionProblem]:
    """Everything that is wrong with the text of a condition; empty = it can be used."""
    return list(compile(text).problems)


@lru_cache(maxsize=4096)
def compile(text: str) -> Condition:
    """The condition of a text, compiled once. Never raises: a wrong text gives a condition with problems."""
    if bounded := _bounds(text):
        return Condition(text, (), (bounded,), None)
    names = fields_named(text)
    try:
        program = _environment().compile(text)
    except RuntimeError as error:
        return Condition(text, names, tuple(_problems(text, str(error))), None)
    if program.return_type() != cel.Type.BOOL:
        answers = program.return_type().name()
        wrong = f"The condition answers {answers}, not yes or no."
        hint = "Compare the value with something, e.g. days_open > 30."
        return Condition(text, names, (ConditionProblem("CONDITION_NOT_BOOL", wrong, 0, 0, hint),), None)
    if values := [_unknown(text, each) for each in unknown_values(text)]:
        return Condition(text, names, tuple(values), None)
    condition = Condition(text, names, (), program)
    failures = [condition.holds(sample).failed for sample in _samples()]
    if all(failures):
        never = f"The condition cannot be answered for any case: {failures[0]}"
        return Condition(text, names, (ConditionProblem("CONDITION_ALWAYS_FAILS", never, 0, 0, None),), None)
    return condition


def _bounds(text: str) -> ConditionProblem | None:
    if not text.strip():
        return ConditionProblem("CONDITION_EMPTY", "The condition is empty.", 0, 0, "Leave it out, or write one.")
    if len(text) > MAX_LENGTH:
        long = f"The condition has {len(text)} characters; at most {MAX_LENGTH} are allowed."
        return ConditionProblem("CONDITION_TOO_LONG", long, 0, 0, "Split the rule into several rules.")
    if unreadable := next((each for each in text if ("\ud800" <= each <= "\udfff") or each == "\x00"), None):
        where = place(text, text.index(unreadable))
        return ConditionProblem("CONDITION_SYNTAX", "The condition holds a character that is no text.", *where, None)
    return None


@cache
def _environment() -> cel.Env:
    return cel.NewEnv(
        config=cel.NewEnvConfigFromYaml(_LIBRARY),
        variables={each.name: _TYPES[each.type] for each in FIELDS.values()},
    )


def _problems(text: str, answer: str) -> Iterator[ConditionProblem]:
    """The library's complaints in our codes: the first of each kind at a place, with a hint where one is known."""
    if "recursion" in answer:
        deep = f"The condition nests deeper than {MAX_DEPTH} levels."
        yield ConditionProblem("CONDITION_TOO_DEEP", deep, 0, 0, "Drop brackets, or split the rule into several rules.")
        return
    found = [(int(match[1]), int(match[2]), match[3].strip()) for match in _LINE.finditer(answer)]
    if not found:
        yield ConditionProblem("CONDITION_SYNTAX", f"The condition cannot be read: {_short(answer)}", 0, 0, None)
    told = [_problem(text, max(line, 0), max(column, 0), said) for line, column, said in found]
    # A function that does not exist comes first: what is said about its arguments mostly follows from that.
    yield from sorted(told, key=lambda problem: problem.code != "CONDITION_UNKNOWN_FUNCTION")


def _problem(text: str, line: int, column: int, said: str) -> ConditionProblem:
    if undeclared := _UNDECLARED.match(said):
        name = undeclared[1]
        if is_called(text, name):
            instead = _INSTEAD.get(name)
            return ConditionProblem(
                "CONDITION_UNKNOWN_FUNCTION", f"There is no function {name}.", line, column, instead
            )
        near = nearest(name, tuple(FIELDS))
        hint = f"Did you mean {near}?" if near else f"The fields are: {', '.join(FIELDS)}."
        return ConditionProblem("CONDITION_UNKNOWN_FIELD", f"There is no field {name}.", line, column, hint)
    if said.startswith("found no matching overload"):
        zone = "Name the time zone, e.g. now.getHours('Asia/Shanghai')." if "applied to '(google" in said else None
        return ConditionProblem("CONDITION_WRONG_TYPE", f"The types do not fit: {said}.", line, column, zone)
    if said.startswith("Syntax error"):
        return ConditionProblem("CONDITION_SYNTAX", f"The condition cannot be read: {said}.", line, column, None)
    return ConditionProblem("CONDITION_WRONG_TYPE", f"The condition is refused: {said}.", line, column, None)


def _unknown(text: str, found: UnknownValue) -> ConditionProblem:
    known = ", ".join(FIELDS[found.field].values)
    hint = f"Did you mean '{found.nearest}'?" if found.nearest else f"The values are: {known}."
    wrong = f"The field {found.field} never has the value '{found.value}'."
    return ConditionProblem("CONDITION_UNKNOWN_VALUE", wrong, *place(text, found.start), hint)


def _wrong(kind: FieldType, value: Any) -> str | None:
    """Why a value does not fit a type. The library itself would take a bool for a number and a time without a zone."""
    match kind:
        case FieldType.BOOL:
            fits = isinstance(value, bool)
        case FieldType.INT:
            fits = isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value < _LARGEST
        case FieldType.STRING:
            fits = isinstance(value, str)
        case FieldType.TIMESTAMP:
            if isinstance(value, datetime) and value.tzinfo is None:
                return "is an instant without a time zone"
            fits = isinstance(value, datetime)
        case FieldType.CODES:
            fits = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
    return None if fits else f"is not of the type {kind}"


@cache
def _samples() -> tuple[Values, ...]:
    """Three made-up cases: a new one, an ordinary one, an old one. A condition that fails for all of them is wrong."""
    instants = (
        datetime(2026, 3, 2, 1, tzinfo=UTC),
        datetime(2026, 7, 15, 8, tzinfo=UTC),
        datetime(2027, 1, 4, tzinfo=UTC),
    )
    plain: dict[FieldType, tuple[Any, Any, Any]] = {
        FieldType.BOOL: (False, True, True),
        FieldType.INT: (0, 1, 100),
        FieldType.STRING: ("", "330402100204", "CODE"),
        FieldType.TIMESTAMP: instants,
        FieldType.CODES: ((), ("HANDLE",), ("FORWARD", "ACCEPT_NOTICE", "HANDLE", "REDO")),
    }
    return tuple(
        Values(
            {each.name: each.values[-1 if n else 0] if each.values else plain[each.type][n] for each in FIELDS.values()}
        )
        for n in range(3)
    )


def _short(reason: str) -> str:
    return " ".join(reason.split())[:_REASON_LENGTH]
