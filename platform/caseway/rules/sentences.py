"""Rules in words, for people: what a rule is about, and what it demands with the row behind every value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from caseway.rules.findings import RowRef
from caseway.rules.kinds import KINDS, Kind
from caseway.rules.resolve import Rule
from caseway.rules.values import Span


def subject(rule: Rule[Any]) -> str:
    """What a rule is about, such as ``HANDLE APPEAL_CLAIM_31_6 ACCEPTED``; empty for kinds with one subject only."""
    return " ".join(words(value) for value in rule.key if value not in ("", ()))


def sentence(rule: Rule[Any]) -> str:
    """A rule with the row behind every value: ``deadline HANDLE …: limit 30 DAY (law-zj-2016 v1 LZJ-04); …``."""
    said = [f"{name} {words(value)} ({_listed(refs)})" for name, value, refs in values(rule)]
    return f"{' '.join(filter(None, (rule.kind, subject(rule))))}: {'; '.join(said)}."


def values(rule: Rule[Any]) -> Iterator[tuple[str, Any, tuple[RowRef, ...]]]:
    """Name, value (as plain values) and sources of every parameter that some row states, in the kind's order."""
    for name, parameter in KINDS[rule.kind].parameters.items():
        if name in rule.provenance:
            yield name, plain(getattr(rule.params, parameter.attribute)), rule.provenance[name]


def purpose(kind: type[Kind]) -> str:
    """What a kind of rule is for: the first paragraph of its own description."""
    text = (kind.__doc__ or "").split("\n\n")[0]
    return " ".join(text.split())


def choices(kind: type[Kind], attribute: str) -> Iterator[str]:
    """The codes that a parameter is restricted to; nothing where it takes other values too."""
    yield from _codes(kind.model_fields[attribute].annotation)


def _codes(annotation: Any) -> Iterator[str]:
    parts = [each for each in get_args(annotation) if each not in (type(None), Ellipsis)]
    if get_origin(annotation) is Annotated:
        parts = parts[:1]
    if get_origin(annotation) is Literal:
        yield from (each for each in parts if isinstance(each, str))
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from (each.value for each in annotation)
    elif get_origin(annotation) in (Union, UnionType, tuple, Annotated):
        found = [list(_codes(each)) for each in parts]
        if all(found):
            yield from (code for each in found for code in each)


def plain(value: Any) -> Any:
    """A typed value as it stands in a book."""
    match value:
        case Span():
            return value.dump()
        case Enum():
            return value.value
        case BaseModel():
            return {key: plain(each) for key, each in value.model_dump(exclude_unset=True, by_alias=True).items()}
        case Mapping():
            return {plain(key): plain(each) for key, each in value.items()}
        case tuple() | list():
            return [plain(each) for each in value]
    return value


def words(value: Any) -> str:
    """A plain value as people read it."""
    match value:
        case {"n": n, "unit": unit}:
            return f"{n} {unit}"
        case Mapping():
            return ", ".join(f"{key} {words(each)}" for key, each in value.items())
        case tuple() | list():
            return ", ".join(words(each) for each in value)
        case bool():
            return "yes" if value else "no"
    return str(value)


def _listed(refs: tuple[RowRef, ...]) -> str:
    return ", ".join(str(ref) for ref in refs)
