"""Meetings that recur or are called, and what comes of them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from caseway.rules.kinds._base import Code, DayOfMonth, Kind, Merge, distinct, in_every_month, param
from caseway.rules.kinds.vocabulary import Trigger
from caseway.rules.values import Level, Period, Rank


class Meeting(Kind):
    """A meeting about matters: how often, on which days, who leads it, what it results in."""

    kind_name = "meeting"
    key_params = ("name", "level")

    name: Code = param("Name of the meeting.", merge=Merge.FREE)
    level: Level | None = param("Level that holds it.", merge=Merge.FREE, default=None)
    per: Period | Literal["PERIODIC"] | None = param(
        "How often; PERIODIC = regularly, without a number.", merge=Merge.MAX, default=None
    )
    days: tuple[DayOfMonth, ...] | None = param(
        "Days of the month.", merge=Merge.FREE, unit="day of the month", default=None
    )
    short_month: Literal["LAST_DAY", "SKIP"] | None = param(
        "What happens to day 29, 30 or 31 in a month that has none.", merge=Merge.FREE, default=None
    )
    uncertain_days: tuple[DayOfMonth, ...] | None = param(
        "Days between which the damaged source leaves the choice.",
        merge=Merge.NONE,
        unit="day of the month",
        default=None,
    )
    chair: Rank | None = param("Who leads it.", merge=Merge.FREE, default=None)
    members: tuple[Code, ...] | None = param("Who takes part.", merge=Merge.SUPERSET, default=None)
    agenda: tuple[Code, ...] | None = param("What is gone through.", merge=Merge.SUPERSET, default=None)
    outputs: tuple[Code, ...] | None = param("What comes of it.", merge=Merge.SUPERSET, default=None)
    tracked_by: Code | None = param("Who sees to it that the results are carried out.", merge=Merge.FREE, default=None)
    trigger: tuple[Trigger, ...] | None = param("What calls for it.", merge=Merge.FREE, default=None)

    @model_validator(mode="after")
    def _days_exist(self) -> Self:
        distinct(self.days or (), "days")
        in_every_month(self.days or (), self.short_month)
        return self
