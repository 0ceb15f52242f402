"""Whether a catalogue fits its schema: asked once, when the process starts, and not begun with if it does not."""

from __future__ import annotations

import strawberry
from graphql import GraphQLField, GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type

from caseway.gql.compiler.mapping import Catalogue, Json, Leaf, Made, Many, Mapped, One, Paged

_SCALARS = {
    Json.NUMBER: {"Int"},
    Json.TRUTH: {"Boolean"},
    Json.INSTANT: {"DateTime"},
    Json.DAY: {"Date"},
    Json.TEXT: {"String"},
    Json.TEXTS: {"String"},
    Json.ID: {"ID"},
}


class MappingWrong(RuntimeError):
    """A mapping contradicts the schema: a programming error."""


def check(schema: strawberry.Schema, catalogue: Catalogue) -> None:
    """Raise ``MappingWrong`` at the first field that is mapped to something else than the schema says it is."""
    graph = schema._schema
    for name, mapped in catalogue.types.items():
        kind = graph.get_type(name)
        if not isinstance(kind, GraphQLObjectType):
            raise MappingWrong(f"{name} is no object type")
        for field_name, each in mapped.fields.items():
            definition = kind.fields.get(field_name)
            if definition is None or not _fits(definition, each):
                raise MappingWrong(f"{name}.{field_name} is not what it is mapped to")
            if isinstance(each, One | Many | Paged) and each.type not in catalogue.types:
                raise MappingWrong(f"{name}.{field_name} leads to {each.type}, which is not mapped")
        if unknown := mapped.odd.keys() - mapped.fields.keys():
            raise MappingWrong(f"{name}.{sorted(unknown)} is not mapped")
    query = graph.query_type
    assert query is not None
    for name, root in catalogue.roots.items():
        if name not in query.fields or root.type not in catalogue.types:
            raise MappingWrong(f"Query.{name}")


def _fits(definition: GraphQLField, mapped: Mapped) -> bool:
    named = get_named_type(definition.type)
    required = isinstance(definition.type, GraphQLNonNull)
    inner = definition.type.of_type if isinstance(definition.type, GraphQLNonNull) else definition.type
    listed = isinstance(inner, GraphQLList)
    match mapped:
        case Leaf():
            plain = is_leaf_type(named) and listed is (mapped.json is Json.TEXTS)
            return plain and named.name in _SCALARS.get(mapped.json, {named.name}) and not (required and mapped.when)
        case Made():
            return is_leaf_type(named) if not mapped.type else named.name == mapped.type
        case One():
            return named.name == mapped.type and not listed and not (required and mapped.when)
        case Many():
            return named.name == mapped.type and listed and not (required and mapped.when)
        case Paged():
            node = named.fields.get("nodes") if isinstance(named, GraphQLObjectType) else None
            return node is not None and get_named_type(node.type).name == mapped.type
