"""Relay connections over keyset pages: the GraphQL types and how a repository's window becomes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from caseway.db import keyset
from caseway.db.keyset import Page, Value, Window

Node = TypeVar("Node")
Row = TypeVar("Row")

#: The four arguments of every connection field, described once.
First = Annotated[
    int | None, strawberry.argument(description="Rows from the beginning, 1 to 100. Give `first` or `last`.")
]
After = Annotated[str | None, strawberry.argument(description="Only rows after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="Rows from the end, 1 to 100. Give `first` or `last`.")]
Before = Annotated[str | None, strawberry.argument(description="Only rows before this cursor.")]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether there are rows after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there are rows before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last row; null on an empty page.")


@strawberry.type(description="A row of a list and its place in it.")
class Edge(Generic[Node]):
    """Relay's edge."""

    cursor: str = strawberry.field(
        description="Opaque mark of this place, valid for `after` and `before` with the same order and filter."
    )
    node: Node = strawberry.field(description="The row itself.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[Node]):
    """Relay's connection, with ``nodes`` for those who need no cursors."""

    edges: list[Edge[Node]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[Node] = strawberry.field(description="The rows alone.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in the list.")


@strawberry.type(description="One page of a list whose length is cheap to know.")
class CountedConnection(Connection[Node], Generic[Node]):
    """A connection that also tells how many rows there are."""

    total_count: int = strawberry.field(description="Rows in the whole list that you may see, not only on this page.")


def page(
    *,
    first: int | None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    order: str,
    filters: Mapping[str, Any] | None = None,
    width: int = 2,
) -> Page:
    """The page that a connection field's arguments ask for.

    ``order`` names the ordering, ``filters`` holds the filter's values: cursors are good for this combination only.
    ``width`` is the number of sort keys, the unique id included. Raises ``PAGE_SIZE`` or ``MALFORMED_CURSOR``.
    """
    return keyset.page_of(first=first, after=after, last=last, before=before, order=order, filters=filters, width=width)


def connect(
    found: Window[Row], *, node: Callable[[Row], Node], key: Callable[[Row], tuple[Value, ...]]
) -> Connection[Node]:
    """A repository's window as a connection: ``node`` makes the GraphQL object, ``key`` reads the sort key values."""
    return Connection(**_parts(found, node, key))


def connect_counted(
    found: Window[Row], *, node: Callable[[Row], Node], key: Callable[[Row], tuple[Value, ...]], total: int
) -> CountedConnection[Node]:
    """Like ``connect``, with the length of the whole list."""
    return CountedConnection(total_count=total, **_parts(found, node, key))


def _parts(found: Window[Row], node: Callable[[Row], Node], key: Callable[[Row], tuple[Value, ...]]) -> dict[str, Any]:
    edges = [Edge(cursor=found.page.cursor(*key(row)), node=node(row)) for row in found.rows]
    return {
        "edges": edges,
        "nodes": [edge.node for edge in edges],
        "page_info": PageInfo(
            has_next_page=found.has_next,
            has_previous_page=found.has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    }
