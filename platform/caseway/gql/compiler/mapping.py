"""What the fields of GraphQL types are in SQL. Declared next to the types, in ``mapped.py`` of their slice.

SQL is written as templates. ``{t}`` is the alias of the row at hand and ``{r}`` that of the rows a field reaches;
``{can[CASE_CONTENT]}`` is whether the actor has that permission on the row at hand, ``{held}`` the instant at which the
actor's office last gave it away; ``{up[t]}``, ``{up[CASE_HISTORY]}`` and ``{up[held]}`` are the same of the row from
which it was reached. ``{now}``, ``{office}`` and ``{person}`` are the instant, the acting office and the person;
``{given}`` is the extra argument of a connection.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from caseway.access.permissions import Permission
from caseway.db.keyset import Page


class Json(Enum):
    """How a value is written."""

    #: Text that needs no escaping: codes, numbers of cases.
    TOKEN = auto()
    TEXT = auto()
    NUMBER = auto()
    TRUTH = auto()
    INSTANT = auto()
    DAY = auto()
    #: An array of texts.
    TEXTS = auto()
    #: A global id: the template is an SQL expression of its text before encoding, ``'Office:' || {t}.id``.
    ID = auto()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A plain value. Null where the SQL is null, or where ``when`` does not hold."""

    json: Json
    sql: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class One:
    """At most one object: ``rows`` is what stands behind FROM (``office {r}``), ``on`` leads from ``{t}`` to it."""

    type: str
    rows: str
    on: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Many:
    """A list without pages, in an order. Null where ``when`` does not hold."""

    type: str
    rows: str
    on: str
    order: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A sort key of a connection: its SQL, and its tag in a cursor (``i`` number, ``t`` instant, ``u`` UUID; see
    ``db.keyset``)."""

    sql: str
    tag: str


@dataclass(frozen=True, slots=True)
class Paged:
    """A connection below an object, ascending by ``keys``. ``order`` and ``filters`` (an SQL expression of a JSON text
    as Python writes it) are those that the ordinary field binds its cursors to."""

    type: str
    rows: str
    on: str
    keys: tuple[Key, ...]
    order: str
    filters: str
    #: An argument beside those of pages, an enum's value or null: ``{given}`` in ``on`` and ``filters``.
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A value that Python makes of what the database says: ``make`` gets the text of ``sql`` (never null, without
    control characters) and the selected fields below, and gives JSON text. ``type`` is that of an object or a list of
    them, empty for a plain value."""

    sql: str
    make: Callable[[str, Sequence[Any]], str]
    type: str = ""


Mapped = Leaf | One | Many | Paged | Made


@dataclass(frozen=True, slots=True)
class TypeMap:
    """One object type. ``guarded``: it is a case, and shown only to those who have one of these permissions on it;
    ``reason`` says of other types why whoever sees what leads to them may see them."""

    fields: Mapping[str, Mapped]
    guarded: tuple[Permission, ...] = ()
    reason: str = ""
    #: Fields that the ordinary executor answers for some rows: when, as a template. Only below a root.
    odd: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a root field come from. The row has the alias ``c``."""

    #: What stands behind FROM, with the alias.
    rows: str
    where: str = "true"
    #: SQL of the sort keys, the last one unique; empty for a single object.
    keys: tuple[str, ...] = ()
    #: The row has been reached from a case that stands beside it under the alias ``u`` and is shown to those with this
    #: permission on it.
    up: Permission | None = None
    #: What stands behind ORDER BY, by the keys' numbers (``k0``, ``k1``).
    order: str = ""
    limit: int = 1


@dataclass(frozen=True, slots=True)
class Bound:
    """A root field with its arguments: two with an equal ``shape`` (asked by actors who are alike) share a statement,
    and differ in ``values``, the parameters of ``source``."""

    shape: Hashable
    values: Mapping[str, Any]
    source: Callable[[], Source]
    #: Of a connection.
    page: Page | None = None
    #: The object's type, where the root's own is an interface.
    type: str = ""
    #: There is nothing to look for: answered like an empty list or null.
    nothing: bool = False
    #: Called when there was no row.
    missed: Callable[[], Awaitable[None]] | None = None


#: Context and the resolver's own arguments to what is asked; None leaves it to the ordinary executor. Whatever it
#: raises does so, too: the resolver will raise the same.
Bind = Callable[..., Awaitable[Bound | None]]


@dataclass(frozen=True, slots=True)
class RootMap:
    """A root field of queries."""

    type: str
    bind: Bind


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that can be compiled."""

    types: Mapping[str, TypeMap]
    roots: Mapping[str, RootMap]


def catalogue(types: Iterable[Mapping[str, TypeMap]], roots: Iterable[Mapping[str, RootMap]]) -> Catalogue:
    """One catalogue of what the slices declare. Several may add fields to one type; none may redefine one."""
    merged: dict[str, TypeMap] = {}
    for part in types:
        for name, each in part.items():
            known = merged.get(name, TypeMap({}))
            if twice := known.fields.keys() & each.fields.keys():
                raise ValueError(f"{name}.{sorted(twice)} is mapped twice")
            merged[name] = TypeMap(
                {**known.fields, **each.fields},
                known.guarded or each.guarded,
                known.reason or each.reason,
                {**known.odd, **each.odd},
            )
    for name, whole in merged.items():
        if not whole.guarded and not whole.reason:
            raise ValueError(f"{name} is mapped without saying who may see it")
    return Catalogue(merged, {name: root for part in roots for name, root in part.items()})
