"""What raises a review of an office or an official, never of a petitioner."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Condition, Count, DaySpan, Kind, Merge, param
from caseway.rules.values import Rank


class Accountability(Kind):
    """A reason to look into how an office or an official did its duty. It raises a review by people and never acts."""

    kind_name = "accountability"
    key_params = ("trigger", "measure", "subject")
    apart_by = ("when",)

    trigger: Code = param("What raises the review.", merge=Merge.FREE)
    count: Count | None = param("How often it has to happen.", merge=Merge.FREE, unit="times", default=None)
    window: DaySpan | None = param("Within which time.", merge=Merge.FREE, unit="span", default=None)
    subject: Rank | None = param("Whose duty it is.", merge=Merge.FREE, default=None)
    measure: Code = param("What the review may come to.", merge=Merge.FREE)
    human_review: Literal[True] = param("People decide; nothing acts by itself.", merge=Merge.LOCK, default=True)
    basis: Code | None = param("Rules it rests on.", merge=Merge.FREE, default=None)
    flag: Code | None = param("Why the rule is off until a recorded review.", merge=Merge.NONE, default=None)
    items: Count | None = param("Number of items in the source.", merge=Merge.NONE, unit="items", default=None)
    when: Condition | None = param("Condition on the case under which it applies.", merge=Merge.FREE, default=None)
