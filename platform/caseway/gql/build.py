"""Building the schema: one configuration, the scalars, and the conversion of domain errors, in one call."""

from __future__ import annotations

from collections.abc import Iterable

import strawberry
from graphql import get_named_type
from strawberry.schema.config import StrawberryConfig

from caseway.gql.errors import conversions
from caseway.gql.scalars import SCALARS


def build_schema(
    query: type, mutation: type | None = None, subscription: type | None = None, types: Iterable[type] = ()
) -> strawberry.Schema:
    """The Strawberry schema of the platform's root types. Import every api module before: ``expose`` runs there."""
    built = strawberry.Schema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=list(types),
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=conversions(),
    )
    _describe_inputs(built)
    return built


def _describe_inputs(built: strawberry.Schema) -> None:
    """A mutation's one argument says what its input type says: written once, next to the type."""
    root = built._schema.mutation_type
    for each in root.fields.values() if root is not None else ():
        for argument in each.args.values():
            argument.description = argument.description or get_named_type(argument.type).description
