"""What a parameter accepts, read from its type: for messages, forms and the exported schema."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from caseway.rules.kinds._base import Kind
from caseway.rules.values import Span, Unit
from caseway.rules.vocabulary import Vocabulary

_PLAIN = {bool: "true or false", int: "a whole number", float: "a number", str: "a code in upper case letters"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """What may stand for a parameter."""

    #: Closed lists whose codes it takes.
    lists: tuple[type[Vocabulary], ...]
    #: Single words it takes.
    words: tuple[str, ...]
    #: Whether it takes a span of time.
    span: bool
    #: Whether it takes several values in a list.
    many: bool
    #: Plain types it takes, in words.
    plain: tuple[str, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """Every single code and word it takes."""
        return (*(member.value for each in self.lists for member in each), *self.words)

    def has(self, vocabulary: type[Vocabulary]) -> bool:
        """Whether it takes codes of a closed list."""
        return vocabulary in self.lists

    @property
    def sentence(self) -> str:
        """What it takes, in words."""
        parts = [f"{{n: 5, unit: {'|'.join(Unit)}}}"] if self.span else []
        parts += [_listed(self.values)] if self.values else []
        text = " or ".join((*parts, *self.plain)) or "a mapping as described"
        return f"a list of {text}" if self.many else text


@cache
def accepted(model: type[Kind], name: str) -> Accepted:
    """What a parameter of a kind accepts."""
    found: dict[str, list[Any]] = {"lists": [], "words": [], "plain": []}
    field = model.model_fields[model.parameters[name].attribute]
    span, many = _look(field.annotation, found)
    return Accepted(tuple(found["lists"]), tuple(found["words"]), span, many, tuple(dict.fromkeys(found["plain"])))


def _look(kind: Any, found: dict[str, list[Any]]) -> tuple[bool, bool]:
    origin = get_origin(kind)
    if origin is Annotated:
        return _look(get_args(kind)[0], found)
    if origin is Literal:
        for word in get_args(kind):
            found["words" if isinstance(word, str) else "plain"].append(
                word if isinstance(word, str) else str(word).lower()
            )
        return False, False
    if origin in (Union, UnionType, tuple, dict):
        parts = [_look(part, found) for part in get_args(kind) if part not in (type(None), Ellipsis)]
        return any(span for span, _ in parts), origin is tuple or any(many for _, many in parts)
    if kind is Span:
        return True, False
    if isinstance(kind, type) and issubclass(kind, Vocabulary):
        found["lists"].append(kind)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        found["plain"].append(f"{{{', '.join(kind.model_fields)}}}")
    elif kind in _PLAIN:
        found["plain"].append(_PLAIN[kind])
    return False, False


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(values[:12]) + (", …" if len(values) > 12 else "")
