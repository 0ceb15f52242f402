"""Enums of the domain on the graph: the same Python class, with a description for the type and for every value."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

E = TypeVar("E", bound=type[Enum])


def described(enum: E, *, name: str, description: str, values: Mapping[str, str]) -> E:
    """Make ``enum`` a GraphQL enum. Every value needs a description: a missing or surplus one stops the process."""
    exposed = strawberry.enum(enum, name=name, description=description)
    names = {member.name for member in enum}
    if names != set(values):
        raise ValueError(f"{name}: descriptions and values differ in {sorted(names ^ set(values))}")
    for value in exposed.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return exposed
