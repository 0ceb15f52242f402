"""Keyset pages: stable, drift-free windows over a sorted list, and the opaque cursors that mark a place in it.

A list is sorted by one or more keys and, last of all, by a unique id. A cursor is the tuple of those values for a row,
bound by a fingerprint to the ordering and the filter it was made under: in any other list it is refused.
Null counts as the largest value, which is what PostgreSQL's plain indexes do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    SmallInteger,
    and_,
    bindparam,
    false,
    literal_column,
    or_,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

from caseway.errors import CasewayError

#: Bounds of a page, in rows.
SMALLEST_PAGE, LARGEST_PAGE = 1, 100
_LONGEST_CURSOR = 600
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+\Z")

Row = TypeVar("Row")
#: What a cursor may hold for one sort key.
Value = None | bool | int | str | date | datetime | uuid.UUID
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


class MalformedCursor(CasewayError):
    """This cursor was not given out for this list with this order and filter: start again at the first page."""

    code = "MALFORMED_CURSOR"


class PageSize(CasewayError):
    """Ask for a page of 1 to 100 rows, with either `first` or `last`."""

    code = "PAGE_SIZE"


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column of an ordering. The last key of every ordering is unique and not nullable."""

    column: Column
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The window a caller asks for: up to ``limit`` rows after one place and before another.

    ``backwards`` means the *last* rows of that window; they are still answered in the list's own order.
    """

    limit: int
    after: tuple[Value, ...] | None = None
    before: tuple[Value, ...] | None = None
    backwards: bool = False
    fingerprint: str = ""

    def cursor(self, *values: Value) -> str:
        """The opaque cursor of a row of this list, from its sort key values (the unique id last)."""
        return encode_cursor(self.fingerprint, values)


@dataclass(frozen=True, slots=True)
class Window(Generic[Row]):
    """The rows of one page, in the list's own order, and whether there are more on either side."""

    rows: list[Row]
    has_next: bool
    has_previous: bool
    page: Page = field(default_factory=lambda: Page(limit=LARGEST_PAGE))


def fingerprint(*, order: str, filters: Mapping[str, Any] | None = None) -> str:
    """The short mark that ties cursors to one list: the name of its ordering and the values of its filter."""
    text = json.dumps([order, filters or {}], sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def page_size(first: int | None, last: int | None = None) -> int:
    """The number of rows asked for. ``PageSize`` when none or both are given, or the number is not 1 to 100."""
    if (first is None) == (last is None):
        raise PageSize
    size = first if first is not None else last
    if size is None or not SMALLEST_PAGE <= size <= LARGEST_PAGE:
        raise PageSize
    return size


def page_of(
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    order: str,
    filters: Mapping[str, Any] | None = None,
    width: int,
) -> Page:
    """The page that Relay's four arguments ask for. ``width`` is the number of sort keys, the unique id included."""
    mark = fingerprint(order=order, filters=filters)
    return Page(
        limit=page_size(first, last),
        after=decode_cursor(mark, after, width=width) if after is not None else None,
        before=decode_cursor(mark, before, width=width) if before is not None else None,
        backwards=last is not None,
        fingerprint=mark,
    )


def seek(statement: Select[Any], page: Page, keys: Sequence[SortKey], *, times: int = 1) -> Select[Any]:
    """The statement restricted to the page's window, ordered, with one row more than asked for (see ``window``).
    ``times``: how often the statement may give the same row, which then does not count twice."""
    for place in (page.after, page.before):
        if place is not None and not all(_fits(key, value) for key, value in zip(keys, place, strict=True)):
            raise MalformedCursor
    if page.after is not None:
        statement = statement.where(_beyond(keys, page.after, "after", forwards=True))
    if page.before is not None:
        statement = statement.where(_beyond(keys, page.before, "before", forwards=False))
    order = [key.column.desc() if key.descending is not page.backwards else key.column.asc() for key in keys]
    # A constant: with a parameter PostgreSQL expects a tenth of all rows, and plans anew each time.
    return statement.order_by(*order).limit(literal_column(str((page.limit + 1) * times), Integer))


def window(rows: Sequence[Row], page: Page) -> Window[Row]:
    """What ``seek`` found, as a page: the extra row is cut off and tells whether there is more.

    The side the caller came from is answered from the cursor alone: a cursor stands for a row that exists or existed.
    """
    more = len(rows) > page.limit
    kept = list(rows[: page.limit])
    if page.backwards:
        kept.reverse()
        return Window(kept, has_next=page.before is not None, has_previous=more, page=page)
    return Window(kept, has_next=more, has_previous=page.after is not None, page=page)


def values(page: Page) -> dict[str, Value]:
    """The values of the parameters that ``seek`` writes a window with: ``after_0`` … and ``before_0`` …"""
    places = (("after", page.after), ("before", page.before))
    return {f"{name}_{number}": value for name, place in places for number, value in enumerate(place or ())}


def shape(page: Page) -> tuple[Any, ...]:
    """Equal for windows that ``seek`` writes alike, apart from values."""
    places = (place and tuple(value is None for value in place) for place in (page.after, page.before))
    return (page.limit, page.backwards, *places)


def _beyond(keys: Sequence[SortKey], place: Sequence[Value], name: str, *, forwards: bool) -> ColumnElement[bool]:
    """Rows that come strictly after (``forwards``) or before a place."""
    # The values take the columns' types: an aware instant would otherwise be sent as one without time zone.
    marks = [
        bindparam(f"{name}_{number}", value, type_=key.column.type)
        for number, (key, value) in enumerate(zip(keys, place, strict=True))
    ]
    if len({key.descending for key in keys}) == 1 and not any(key.nullable for key in keys):
        # One row comparison: the only form PostgreSQL turns into a single index range.
        left, right = tuple_(*(key.column for key in keys)), tuple_(*marks)
        return left < right if keys[0].descending is forwards else left > right
    condition: ColumnElement[bool] = false()
    for key, mark, value in zip(reversed(keys), reversed(marks), reversed(place), strict=True):
        same = key.column.is_(None) if value is None else key.column == mark
        past = _past(key, mark, value is None, ascending=key.descending is not forwards)
        condition = or_(past, and_(same, condition))
    return condition


def _fits(key: SortKey, value: Value) -> bool:
    """Whether a value can be compared with a column, so that a forged cursor is refused and not a database error."""
    if value is None:
        return key.nullable
    try:
        expected = key.column.type.python_type
    except NotImplementedError:
        return True
    if type(value) is not expected:
        return False
    match key.column.type:
        case BigInteger():
            bits = 64
        case SmallInteger():
            bits = 16
        case Integer():
            bits = 32
        case _:
            return True
    return isinstance(value, int) and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


def _past(key: SortKey, mark: BindParameter[Any], is_null: bool, *, ascending: bool) -> ColumnElement[bool]:
    if is_null:
        return false() if ascending else key.column.is_not(None)
    if not ascending:
        return key.column < mark
    return or_(key.column > mark, key.column.is_(None)) if key.nullable else key.column > mark


def encode_cursor(mark: str, values: Sequence[Value]) -> str:
    """The opaque text of a place: the list's fingerprint and one tagged value per sort key."""
    text = json.dumps([mark, *(_tagged(value) for value in values)], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(mark: str, cursor: str, *, width: int) -> tuple[Value, ...]:
    """The values in a cursor of the list with this fingerprint; anything else is ``MalformedCursor``."""
    if len(cursor) > _LONGEST_CURSOR or not _BASE64URL.match(cursor):
        raise MalformedCursor
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(parts, list) or len(parts) != width + 1 or parts[0] != mark:
            raise MalformedCursor
        values = tuple(_untagged(part) for part in parts[1:])
    except (binascii.Error, ValueError, TypeError, KeyError, RecursionError):
        raise MalformedCursor from None
    if encode_cursor(mark, values) != cursor:
        raise MalformedCursor
    return values


def _tagged(value: Value) -> str:
    match value:
        case None:
            return "n"
        case bool():
            return "b1" if value else "b0"
        case int():
            return f"i{value}"
        case str():
            return f"s{value}"
        case datetime():
            return f"t{value.astimezone(UTC).isoformat()}"
        case date():
            return f"d{value.isoformat()}"
        case uuid.UUID():
            return f"u{value}"


_READERS: dict[str, Callable[[str], Value]] = {
    "n": lambda text: None,
    "b": {"1": True, "0": False}.__getitem__,
    "i": lambda text: _bounded(int(text)),
    "s": lambda text: _storable(text),
    "t": lambda text: _aware(datetime.fromisoformat(text)),
    "d": date.fromisoformat,
    "u": uuid.UUID,
}


def _untagged(text: str) -> Value:
    return _READERS[text[:1]](text[1:])


def _bounded(number: int) -> int:
    if abs(number) >= 2**63:
        raise ValueError("not a 64-bit number")
    return number


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant without offset")
    return instant.astimezone(UTC)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character")
    return text
