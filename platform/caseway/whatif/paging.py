"""Pages of the cases that a what-if lists. They are worked out anew for every page: a cursor stands for a case."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence

from caseway.db import keyset
from caseway.db.keyset import MalformedCursor, Page, Value, Window
from caseway.whatif.outcome import Outcome

#: Newest registration first; the width of its cursors is 2.
ORDER = "registered"


def key(found: Outcome) -> tuple[uuid.UUID, int]:
    """The place of a case: ids follow each other in time."""
    return found.case_id, found.city_id


async def window(
    listed: Sequence[Outcome], page: Page, is_seen: Callable[[Outcome], Awaitable[bool]]
) -> Window[Outcome]:
    """The page of those that are seen; asks for no more than the page needs."""
    for place in (page.after, page.before):
        if place is not None and [type(each) for each in place] != [uuid.UUID, int]:
            raise MalformedCursor
    ordered = sorted(listed, key=key, reverse=not page.backwards)
    kept: list[Outcome] = []
    for each in ordered:
        if _lies_within(key(each), page) and await is_seen(each):
            kept.append(each)
            if len(kept) > page.limit:
                break
    return keyset.window(kept, page)


def _lies_within(place: tuple[Value, ...], page: Page) -> bool:
    """Whether a place comes after the one cursor and before the other; the greatest ids come first."""
    if page.after is not None and not _less(place, page.after):
        return False
    return page.before is None or _less(page.before, place)


def _less(one: tuple[Value, ...], other: tuple[Value, ...]) -> bool:
    (id_, city), (other_id, other_city) = one, other
    assert isinstance(id_, uuid.UUID)
    assert isinstance(other_id, uuid.UUID)
    assert isinstance(city, int)
    assert isinstance(other_city, int)
    return (id_, city) < (other_id, other_city)
