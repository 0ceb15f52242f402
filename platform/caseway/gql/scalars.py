"""Scalars with one text form each, written the same way by Python and by compiled SQL, and read strictly.

``DateTime`` is always UTC, always six digits of fraction, always ``Z``: ``2026-03-01T01:30:00.000000Z``. The width is
fixed, so texts sort like the instants they name and nothing is lost on the way. ``Date`` is ``YYYY-MM-DD``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

#: The same text from PostgreSQL, independent of the session's time zone: ``SQL_DATE_TIME.format("c.due_at")``.
SQL_DATE_TIME = """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})\Z"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def write_instant(value: datetime) -> str:
    """The text of an aware instant. A naive one is a programming error and never guessed."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("an instant needs an offset")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_instant(value: Any) -> datetime:
    """The instant a client means: ISO 8601 with an offset, at most microseconds."""
    try:
        if isinstance(value, str) and _INSTANT.match(value):
            return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphQLError("DateTime must be an ISO 8601 instant with an offset, such as 2026-03-01T09:30:00+08:00.")


def write_day(value: date) -> str:
    """The text of a calendar day. An instant is not a day: convert it in the right time zone first."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError("a calendar day is needed")
    return value.isoformat()


def read_day(value: Any) -> date:
    """The calendar day a client means, ``YYYY-MM-DD``."""
    try:
        if isinstance(value, str) and _DAY.match(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise GraphQLError("Date must be a calendar day such as 2026-03-01.")


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description=(
        "An instant, ISO 8601. Answered in UTC with six digits of fraction, `2026-03-01T01:30:00.000000Z`; accepted "
        "with any offset (required) and up to six digits of fraction."
    ),
    serialize=write_instant,
    parse_value=read_instant,
)

DATE = strawberry.scalar(
    name="Date",
    description="A calendar day in China's time zone, `YYYY-MM-DD`.",
    serialize=write_day,
    parse_value=read_day,
)

#: A plain value whose type is known elsewhere, such as by the kind of a rule.
PlainValue = NewType("PlainValue", object)
_DEEPEST_VALUE, _MOST_PARTS = 6, 2_000


def read_plain(value: Any) -> Any:
    """The plain value a client sends, neither deep nor large."""
    if _parts(value, 1) > _MOST_PARTS:
        raise GraphQLError(f"A PlainValue has {_MOST_PARTS} parts at most.")
    return value


def _parts(value: Any, depth: int) -> int:
    if depth > _DEEPEST_VALUE:
        raise GraphQLError(f"A PlainValue is nested {_DEEPEST_VALUE} deep at most.")
    match value:
        case dict() if all(isinstance(key, str) for key in value):
            return 1 + sum(_parts(each, depth + 1) for each in value.values())
        case list():
            return 1 + sum(_parts(each, depth + 1) for each in value)
        case None | bool() | int() | str():
            return 1
        case float() if math.isfinite(value):
            return 1
    raise GraphQLError("A PlainValue is a text, a number, a truth value, null, a list or an object.")


PLAIN = strawberry.scalar(
    name="PlainValue",
    description=(
        "A plain value: a text such as `HANDLE`, a number, a truth value, null, a list, or an object such as "
        "`{n: 5, unit: WORKDAY}`. What is acceptable is said by what it is a value of."
    ),
    serialize=lambda value: value,
    parse_value=read_plain,
)

#: What the schema's configuration takes: Python type to scalar.
SCALARS: Mapping[object, ScalarDefinition] = {datetime: DATE_TIME, date: DATE, PlainValue: PLAIN}
