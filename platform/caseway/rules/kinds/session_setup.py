"""Forms, place, organiser, companions, staffing and recording of receptions and visits."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Count, Flag, Kind, Merge, Year, param
from caseway.rules.kinds.vocabulary import Activity, Form, Trigger
from caseway.rules.values import Level, Rank


class SessionSetup(Kind):
    """How a reception or visit is held. Companions and forms are only added to what stands above."""

    kind_name = "session_setup"
    key_params = ("activity",)

    activity: Activity = param("What is set up.", merge=Merge.LOCK)
    forms: tuple[Form, ...] | None = param("Forms in which it is held.", merge=Merge.SUPERSET, default=None)
    primary: Form | None = param("The usual form.", merge=Merge.FREE, default=None)
    form_when: dict[Form, tuple[Trigger, ...]] | None = param(
        "Which matters call for which form.", merge=Merge.FREE, default=None
    )
    form_level: dict[Form, tuple[Level, ...]] | None = param(
        "Which level holds which form.", merge=Merge.FREE, default=None
    )
    venue: Code | None = param("Where it takes place.", merge=Merge.FREE, default=None)
    organiser: Code | None = param("Who organises it.", merge=Merge.FREE, default=None)
    companions: tuple[Rank, ...] | None = param(
        "Who takes part besides the leader.", merge=Merge.SUPERSET, default=None
    )
    companions_since: dict[Rank, Year] | None = param(
        "Year from which each companion takes part.", merge=Merge.NONE, unit="year", default=None
    )
    groups_min: Count | None = param("Fewest groups of leaders.", merge=Merge.MIN, unit="groups", default=None)
    dedicated_staff: Flag | None = param("Staff are set aside for it.", merge=Merge.MIN, default=None)
    av_record: Literal["OFF", "NOTICE_AND_BASIS"] | None = param(
        "Whether sound and picture may be recorded, with notice and a recorded basis.", merge=Merge.FREE, default=None
    )
    case_filter: tuple[Trigger, ...] | None = param("Matters that it is meant for.", merge=Merge.FREE, default=None)
    elements: tuple[Code, ...] | None = param("Parts that belong to it.", merge=Merge.SUPERSET, default=None)
    level: Level | None = param("Only offices of this level.", merge=Merge.FREE, default=None)

    def reaches_level(self, level: Level) -> bool:
        """A set-up that names a level is for offices of that level only."""
        return self.level is None or self.level == level
