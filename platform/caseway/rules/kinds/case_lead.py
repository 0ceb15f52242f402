"""The responsible leader of a case: when, who, with which duties, until when."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Flag, Kind, Merge, param
from caseway.rules.kinds.vocabulary import Duty, Trigger
from caseway.rules.values import Level, Period, Rank


class CaseLead(Kind):
    """Which matters get a leader of their own, and what that leader owes the matter."""

    kind_name = "case_lead"
    key_params = ("selector", "trigger")

    trigger: tuple[Trigger, ...] | None = param("Matters that get a leader.", merge=Merge.SUPERSET, default=None)
    selector: Literal["PORTFOLIO", "ASSIGNED", "FIRST_RECEIVER", "HEAD", "AREA_LINK"] = param(
        "How the leader is found.", merge=Merge.FREE
    )
    lead_rank: Rank | None = param("Least rank of the leader.", merge=Merge.MIN, default=None)
    duties: tuple[Duty, ...] | None = param("What the leader owes the matter.", merge=Merge.SUPERSET, default=None)
    until: Literal["CLOSED"] | None = param("When the duty ends.", merge=Merge.LOCK, default=None)
    plan_per_case: Flag | None = param("Every matter gets a plan.", merge=Merge.MIN, default=None)
    team: Flag | None = param("A team stands by the leader.", merge=Merge.MIN, default=None)
    letter: Flag | None = param("The leader answers by letter.", merge=Merge.MIN, default=None)
    named_handler: Flag | None = param("A handler is named.", merge=Merge.MIN, default=None)
    list_cycle: Period | None = param("How often the list of led matters is renewed.", merge=Merge.MAX, default=None)
    collective_when: tuple[Trigger, ...] | None = param(
        "Matters that several leaders take together.", merge=Merge.SUPERSET, default=None
    )
    first_time_only: Flag | None = param("Only matters raised for the first time.", merge=Merge.FREE, default=None)
    meet_petitioner: Code | None = param("When the leader meets the petitioner.", merge=Merge.FREE, default=None)
    levels: tuple[Level, ...] | None = param(
        "Levels at which leaders take matters.", merge=Merge.SUPERSET, default=None
    )
