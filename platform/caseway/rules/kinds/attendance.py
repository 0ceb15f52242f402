"""Who must come, how fast, for which visit."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import AnySpan, Code, Count, Flag, Kind, Merge, param
from caseway.rules.kinds.vocabulary import Event
from caseway.rules.values import Level, Rank


class Attendance(Kind):
    """Officials who come to the people, to receive them and take over the matter."""

    kind_name = "attendance"
    key_params = ("event", "who", "at_level")

    event: Code = param("What calls for it.", merge=Merge.LOCK)
    who: Rank = param("Who comes.", merge=Merge.MIN)
    within: AnySpan | Literal["ANY_TIME"] | None = param(
        "How fast; ANY_TIME = without a number.", merge=Merge.MAX, unit="span", default=None
    )
    start: Event | None = param("From when the time runs.", merge=Merge.LOCK, default=None)
    group_min: Count | None = param(
        "From how many people on, this number included.", merge=Merge.MAX, unit="people", default=None
    )
    group_below: Count | None = param(
        "Up to how many people, this number not included.", merge=Merge.FREE, unit="people", default=None
    )
    at_level: Level | None = param("Level of the office that was visited.", merge=Merge.LOCK, default=None)
    place: Code | None = param("Where to.", merge=Merge.FREE, default=None)
    discretionary: Flag | None = param("Nobody has to come.", merge=Merge.FREE, default=None)
    uncertain: Code | None = param("What the damaged source leaves open.", merge=Merge.NONE, default=None)
