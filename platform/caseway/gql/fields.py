"""Fields with a resolver, described by the resolver's docstring, so that code and schema say the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import strawberry


def description_of(resolver: Callable[..., Any]) -> str:
    """A resolver's docstring, which is the description of its field; a resolver without one is a programming error."""
    text = inspect.getdoc(resolver)
    if not text:
        raise ValueError(f"{resolver.__qualname__} needs a docstring: it is the description of the field")
    return text


def field(
    *, name: str | None = None, deprecation_reason: str | None = None, metadata: Mapping[str, Any] | None = None
) -> Callable[[Callable[..., Any]], Any]:
    """A field of a type, for resolvers: ``@field()``. Plain attributes use ``strawberry.field(description=…)``.

    ``metadata`` may say ``list_size`` (rows usually in an unpaged list) and ``weight`` (cost of the field itself).
    """

    def decorate(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver=resolver,
            name=name,
            description=description_of(resolver),
            deprecation_reason=deprecation_reason,
            metadata=metadata,
        )

    return decorate
