"""Cover when the leader on the rota cannot come."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Flag, Kind, Merge, PositiveSpan, param


class Substitution(Kind):
    """What a leader who cannot come has to do, so that nobody waits in vain."""

    kind_name = "substitution"
    key_params = ()

    notify_head: Flag | None = param("The head of the office is told.", merge=Merge.MIN, default=None)
    arrange_sub: Flag | None = param("The leader arranges for a substitute.", merge=Merge.MIN, default=None)
    either: Flag | None = param("One of the two is enough.", merge=Merge.FREE, default=None)
    must_cover: Flag = param("Somebody must receive.", merge=Merge.MIN)
    before: Literal["BEFORE_SESSION"] | PositiveSpan | None = param(
        "By when it has to be arranged.", merge=Merge.FREE, unit="span before the session", default=None
    )
