"""Reading the text of a condition: which fields it names, and whether it compares them with values they can have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise

from caseway.rules.condition_fields import FIELDS, FieldType

#: Comments are skipped; strings are taken whole, so that nothing inside them is read as a name.
_TOKEN = re.compile(
    r"""//[^\n]*
    | (?P<string>[rR]?(?:'''.*?'''|\"\"\".*?\"\"\") | [rR](?:'[^'\n]*'|"[^"\n]*")
        | '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*")
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<mark>==|!=|&&|\|\||<=|>=|[^\s])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a condition."""

    #: ``string``, ``name`` or ``mark``.
    kind: str
    text: str
    #: Where it starts, as a number of characters from the beginning.
    start: int


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value that a field is compared with and can never have."""

    field: str
    value: str
    #: The value that was probably meant; null if none is near.
    nearest: str | None
    start: int


@lru_cache(maxsize=1024)
def tokens(text: str) -> tuple[Token, ...]:
    """The words of a condition in order, without comments."""
    return tuple(
        Token(match.lastgroup, match[0], match.start())
        for match in _TOKEN.finditer(text)
        if match.lastgroup is not None
    )


def fields_named(text: str) -> tuple[str, ...]:
    """The declared fields that a condition names, each once, in the order of the text."""
    return tuple(dict.fromkeys(token.text for token in _references(tokens(text)) if token.text in FIELDS))


def is_called(text: str, name: str) -> bool:
    """Whether a condition uses a name as a function."""
    words = tokens(text)
    return any(word.text == name and after.text == "(" for word, after in pairwise(words))


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known word that a misspelt one probably means; null if none is near."""
    close = get_close_matches(name.lower(), [each.lower() for each in known], n=1, cutoff=0.6)
    return next((each for each in known if close and each.lower() == close[0]), None)


def unknown_values(text: str) -> Iterator[UnknownValue]:
    """Every literal that a field with a closed list of values is compared with although it is not on the list."""
    words = tokens(text)
    for position, word in enumerate(words):
        field = FIELDS.get(word.text) if word.kind == "name" else None
        if field is None or not field.values or field.type is FieldType.CODES:
            continue
        for literal in _compared(words, position):
            value = literal.text[1:-1]
            if "\\" not in value and value not in field.values:
                yield UnknownValue(field.name, value, nearest(value, field.values), literal.start)


def place(text: str, start: int) -> tuple[int, int]:
    """Line and column, both from 1, of a position in the text."""
    before = text[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1


def _references(words: Sequence[Token]) -> Iterator[Token]:
    """Names that stand for themselves: not what is selected from something with a dot."""
    for position, word in enumerate(words):
        if word.kind != "name":
            continue
        dotted = position > 0 and words[position - 1].text == "."
        if dotted and position > 1 and (words[position - 2].kind != "mark" or words[position - 2].text in ")]}"):
            continue
        yield word


def _compared(words: Sequence[Token], position: int) -> Iterator[Token]:
    """The literals on the other side of ``==``, ``!=`` or ``in`` from the word at that position."""
    after, before = words[position + 1 :], words[:position]
    if len(after) > 1 and after[0].text in ("==", "!=") and after[1].kind == "string":
        yield after[1]
    if len(before) > 1 and before[-1].text in ("==", "!=") and before[-2].kind == "string":
        yield before[-2]
    if len(after) > 1 and after[0].text == "in" and after[1].text == "[":
        for word in after[2:]:
            if word.text == "]":
                break
            if word.kind == "string":
                yield word
