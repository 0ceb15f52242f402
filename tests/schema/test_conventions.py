"""The shape that every part of the schema keeps, read from the committed SDL alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
)

from caseway import bundle

SCHEMA: GraphQLSchema = build_schema(bundle.text("schema", "schema.graphql"))
#: Types that the platform defines, not GraphQL itself.
TYPES: list[GraphQLNamedType] = [each for each in SCHEMA.type_map.values() if each.ast_node is not None]
assert SCHEMA.mutation_type is not None
MUTATIONS: dict[str, GraphQLField] = SCHEMA.mutation_type.fields

#: Words of tables and columns, which say nothing to a client.
STORAGE_WORDS = frozenset(
    {"fk", "pk", "uuid", "guid", "row", "rows", "column", "table", "db", "sql", "enc", "json", "jsonb", "idx", "hash"}
)


def fields() -> Iterator[tuple[str, GraphQLField]]:
    """Every output field with its place, such as ``Case.holder``."""
    for each in TYPES:
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in each.fields.items():
                yield f"{each.name}.{name}", field


def described() -> Iterator[tuple[str, str | None]]:
    """Everything that must have a description."""
    for each in TYPES:
        yield each.name, each.description
        if isinstance(each, GraphQLInputObjectType):
            for name, given in each.fields.items():
                yield f"{each.name}.{name}", given.description
        if isinstance(each, GraphQLEnumType):
            for name, value in each.values.items():
                yield f"{each.name}.{name}", value.description
    for place, field in fields():
        yield place, field.description
        for name, argument in field.args.items():
            yield f"{place}({name})", argument.description


def names() -> Iterator[str]:
    """Every name of a field, an argument or an input field, with its place."""
    for place, field in fields():
        yield place
        for name in field.args:
            yield f"{place}.{name}"
    for each in TYPES:
        if isinstance(each, GraphQLInputObjectType):
            for name in each.fields:
                yield f"{each.name}.{name}"


def typed_names() -> Iterator[tuple[str, str, str]]:
    """Place, name and written type of everything that has one."""
    for place, field in fields():
        yield place, place.rpartition(".")[2], str(field.type)
        for name, argument in field.args.items():
            yield f"{place}({name})", name, str(argument.type)
    for each in TYPES:
        if isinstance(each, GraphQLInputObjectType):
            for name, given in each.fields.items():
                yield f"{each.name}.{name}", name, str(given.type)


def test_every_type_field_argument_enum_value_and_input_field_is_described() -> None:
    found = list(described())
    assert len(found) > 500, "the walk has lost something"
    assert [place for place, text in found if not (text or "").strip()] == []


def test_descriptions_are_sentences() -> None:
    found = {place: text.strip() for place, text in described() if text}
    assert [place for place, text in found.items() if not text.endswith((".", "`", ")", "…"))] == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_takes_one_input_and_answers_a_result_union(name: str) -> None:
    field, big = MUTATIONS[name], name[0].upper() + name[1:]
    assert {key: str(each.type) for key, each in field.args.items()} == {"input": f"{big}Input!"}
    assert str(field.type) == f"{big}Result!"
    union = SCHEMA.type_map[f"{big}Result"]
    assert isinstance(union, GraphQLUnionType)
    payload, *refusals = union.types
    assert payload.name == f"{big}Payload"
    assert "Error" not in [each.name for each in payload.interfaces]
    assert refusals, "a mutation can be refused"
    for refusal in refusals:
        assert "Error" in [each.name for each in refusal.interfaces], refusal.name
        assert refusal.name.endswith("Error")


def test_every_result_payload_and_error_belongs_to_a_mutation() -> None:
    inputs = {f"{name[0].upper()}{name[1:]}" for name in MUTATIONS}
    for each in TYPES:
        for ending in ("Result", "Payload"):
            if each.name.endswith(ending):
                assert each.name.removesuffix(ending) in inputs, each.name
    unions = [each for each in TYPES if isinstance(each, GraphQLUnionType)]
    refusing = {member.name for union in unions for member in union.types}
    errors = {each.name for each in SCHEMA.get_implementations(_interface("Error")).objects}
    assert errors <= refusing


def test_a_mutation_is_named_after_its_noun_and_has_a_verb() -> None:
    nouns = (
        "case",
        "office",
        "staff",
        "membership",
        "session",
        "password",
        "accessOverride",
        "calendar",
        "reception",
        "resource",
        "responsibilityList",
        "notice",
        "adminTask",
        "liaisonLink",
        "accountabilityReview",
        "report",
        "ruleDraft",
        "ruleBook",
        "ruleReview",
        "rulePack",
    )
    assert [name for name in MUTATIONS if not name.startswith(nouns) or name in nouns] == []


def test_whatever_can_be_changed_twice_by_mistake_takes_an_idempotency_key() -> None:
    """Sessions and passwords have their own protection against repeats, and answer secrets."""
    for name in MUTATIONS:
        given = SCHEMA.type_map[f"{name[0].upper()}{name[1:]}Input"]
        assert isinstance(given, GraphQLInputObjectType)
        if not name.startswith(("session", "passwordChange")):
            assert "idempotencyKey" in given.fields, name


def test_a_connection_is_paged_from_both_ends() -> None:
    found = [(place, field) for place, field in fields() if get_named_type(field.type).name.endswith("Connection")]
    assert found
    for place, field in found:
        for name, written in (("first", "Int"), ("last", "Int"), ("after", "String"), ("before", "String")):
            assert str(field.args[name].type) == written, place
    for each in TYPES:
        if each.name.endswith("Connection"):
            assert isinstance(each, GraphQLObjectType)
            assert {"edges", "nodes", "pageInfo"} <= each.fields.keys()


def test_ids_are_ids() -> None:
    for place, name, written in typed_names():
        if name == "id" or name.endswith("Id"):
            assert written in ("ID!", "ID"), place
        elif name.endswith("Ids"):
            assert written in ("[ID!]!", "[ID!]"), place
    for each in TYPES:
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType) and "id" in each.fields:
            assert str(each.fields["id"].type) == "ID!", each.name


def test_output_names_objects_instead_of_ids() -> None:
    assert [place for place, _ in fields() if re.search(r"\w(Id|Ids)$", place)] == []


def test_lists_hold_no_nulls() -> None:
    assert [place for place, _, written in typed_names() if "[" in written and "!]" not in written] == []


def test_no_name_uses_words_of_storage() -> None:
    def words(name: str) -> set[str]:
        return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}

    assert [place for place in names() if words(place.rpartition(".")[2]) & STORAGE_WORDS] == []


def test_names_keep_their_case() -> None:
    for each in TYPES:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", each.name)
        if isinstance(each, GraphQLEnumType):
            assert [name for name in each.values if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name)] == []
        if isinstance(each, GraphQLScalarType):
            assert each.description
    assert [place for place in names() if not re.fullmatch(r"[a-z][A-Za-z0-9]*", place.rpartition(".")[2])] == []


def test_instants_and_days_are_told_apart_by_their_names() -> None:
    for place, name, written in typed_names():
        if written.startswith("DateTime"):
            assert name.endswith(("At", "From", "To")) or name in ("at", "since", "before"), place
        if re.fullmatch(r"Date!?", written):
            assert name.endswith("On"), place


def test_nobody_is_asked_for_a_tenant() -> None:
    """Which office acts is said once, in a header; places and targets are named by what they are."""
    assert [place for place in names() if "tenant" in place.lower()] == []


def _interface(name: str) -> GraphQLInterfaceType:
    found = SCHEMA.type_map[name]
    assert isinstance(found, GraphQLInterfaceType)
    return found
