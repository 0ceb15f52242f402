"""排查 of matters, never of persons: level and frequency."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Flag, Kind, Merge, param
from caseway.rules.values import Level, Period


class Screening(Kind):
    """Looking through open matters, again and again, for those that need help."""

    kind_name = "screening"
    key_params = ("level",)

    level: Level = param("Level at which it is done.", merge=Merge.LOCK)
    per: Period | None = param("How often.", merge=Merge.MAX, default=None)
    modes: tuple[Code, ...] | None = param("How.", merge=Merge.SUPERSET, default=None)
    ledger: Flag | None = param("A ledger is kept.", merge=Merge.MIN, default=None)
    review_per: Period | None = param("How often the result is gone through.", merge=Merge.MAX, default=None)
    subject: Literal["MATTERS"] | None = param("What is looked at: matters.", merge=Merge.LOCK, default=None)
    season: Literal["ALWAYS", "CAMPAIGN"] | None = param("When; absent = always.", merge=Merge.FREE, default=None)
