"""How offices and persons are read by compiled statements: the fields of ``office_api`` and ``person_api`` as SQL."""

from __future__ import annotations

from typing import Any

from caseway.gql import ids
from caseway.gql.compiler.mapping import Bound, Json, Key, Leaf, Many, One, Paged, RootMap, Source, TypeMap
from caseway.gql.context import Context
from caseway.tenancy.repository import OFFICE_ORDER

_OFFICE = "office {r}"
#: An office that is referred to by the column of a row.
OFFICE_OF = "{{r}}.id = {{t}}.{0}"

_CHILDREN_OF = """('{{"kind": ' || coalesce('"' || {given} || '"', 'null') || ', "parent": ' || {t}.id || '}}')"""


def office_of(column: str) -> One:
    """The office whose id a column of the row holds; null for null and 0."""
    return One("Office", _OFFICE, OFFICE_OF.format(column))


def person_of(column: str, *, when: str = "") -> One:
    """The person whose id a column of the row holds; null for null and 0."""
    return One("Person", "person {r}", f"{{r}}.id = {{t}}.{column} and {{t}}.{column} > 0", when)


TYPES = {
    "Office": TypeMap(
        {
            "id": Leaf(Json.ID, "'Office:' || {t}.id"),
            "code": Leaf(Json.TEXT, "{t}.code"),
            "name": Leaf(Json.TEXT, "{t}.name"),
            "level": Leaf(Json.TOKEN, "{t}.level"),
            "kind": Leaf(Json.TOKEN, "{t}.kind"),
            "committeeKind": Leaf(Json.TOKEN, "nullif({t}.committee_kind, '')"),
            "fields": Leaf(Json.TEXTS, "{t}.fields"),
            "isOpen": Leaf(
                Json.TRUTH,
                "({t}.valid_to is null and {t}.suspended_at is null and not {t}.statistical_only and not {t}.virtual)",
            ),
            "validFrom": Leaf(Json.INSTANT, "{t}.valid_from"),
            "validTo": Leaf(Json.INSTANT, "{t}.valid_to"),
            "suspendedAt": Leaf(Json.INSTANT, "{t}.suspended_at"),
            "parent": office_of("parent_id"),
            "successor": office_of("successor_id"),
            "ancestors": Many(
                "Office",
                _OFFICE,
                "{r}.id <> {t}.id and {r}.id = any(string_to_array(rtrim({t}.path, '.'), '.')::int[])",
                order="array_position(string_to_array(rtrim({t}.path, '.'), '.')::int[], {r}.id)",
            ),
            "children": Paged(
                "Office",
                _OFFICE,
                "{r}.parent_id = {t}.id and {r}.valid_to is null and ({given} is null or {r}.kind = {given})",
                keys=(Key("{r}.code", "s"), Key("{r}.id", "i")),
                order=OFFICE_ORDER,
                filters=_CHILDREN_OF,
                argument="kind",
            ),
        },
        reason="the tree of offices is public among staff",
    ),
    "Person": TypeMap(
        {
            "id": Leaf(Json.ID, "'Person:' || {t}.id"),
            "name": Leaf(Json.TEXT, "{t}.name"),
            "isActive": Leaf(Json.TRUTH, "({t}.deactivated_at is null)"),
        },
        reason="whoever sees the row that names a person may see the name",
    ),
}


async def _office(context: Context, id: str) -> Bound:
    number = ids.try_decode_number("Office", id)
    source = Source("office c", where="c.id = ⟨office_id⟩::integer")
    return Bound("id", {"office_id": number}, lambda: source, nothing=not number)


async def _office_by_code(context: Context, code: str) -> Bound:
    source = Source("office c", where="c.code = ⟨office_code⟩::text and c.valid_to is null")
    return Bound("code", {"office_code": code}, lambda: source)


ROOTS: dict[str, Any] = {"office": RootMap("Office", _office), "officeByCode": RootMap("Office", _office_by_code)}
