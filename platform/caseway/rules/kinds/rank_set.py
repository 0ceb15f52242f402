"""Which ranks owe the duties of leaders in an office."""

from __future__ import annotations

from caseway.rules.kinds._base import Code, CountOrNone, Kind, Merge, Year, param
from caseway.rules.values import Level, Rank


class RankSet(Kind):
    """A named set of ranks that other rules use, such as LEADERS. An office may widen a set that stands above it and
    names its level, but not narrow it; anything else it says anew."""

    kind_name = "rank_set"
    key_params = ("name",)

    name: Code = param("Name of the set, as other rules use it.", merge=Merge.FREE)
    min_rank: Rank | None = param("The lowest rank that belongs to the set.", merge=Merge.FREE, default=None)
    includes: tuple[Rank, ...] | None = param(
        "Ranks that belong to the set besides those from min_rank on.", merge=Merge.SUPERSET, default=None
    )
    headcount: CountOrNone | None = param(
        "People in the set, as counted once.", merge=Merge.NONE, unit="people", default=None
    )
    at: Level | None = param("Level of the offices whose people the set holds.", merge=Merge.NONE, default=None)
    since: Year | None = param("Year from which the set is in use.", merge=Merge.NONE, unit="year", default=None)

    def mode_below(self, name: str, level: Level) -> Merge:
        """A set that names the level of an office may be widened there, not narrowed: its least rank only falls."""
        return Merge.MAX if name == "min_rank" and self.at == level else self.parameters[name].merge
