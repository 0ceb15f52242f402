"""Who chooses whom: the petitioner the leader, the leader the matter."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, CountOrNone, Kind, Merge, param
from caseway.rules.values import Level, Rank


class ChoiceMode(Kind):
    """Receptions at which people choose their leader, or leaders their matters."""

    kind_name = "choice_mode"
    key_params = ()

    mode: Literal["NAMED", "MUTUAL"] = param("One side chooses, or both.", merge=Merge.FREE)
    petitioner_chooses: Code | None = param("What the petitioner chooses.", merge=Merge.FREE, default=None)
    leader_chooses: Code | None = param("What the leader chooses.", merge=Merge.FREE, default=None)
    coverage: tuple[Rank, ...] | None = param("Who can be chosen.", merge=Merge.SUPERSET, default=None)
    units: CountOrNone | None = param(
        "Offices that take part, as counted once.", merge=Merge.NONE, unit="offices", default=None
    )
    levels: tuple[Level, ...] | None = param("Levels whose leaders can be chosen.", merge=Merge.SUPERSET, default=None)
