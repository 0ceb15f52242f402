"""Fixed days of the month, and what happens when one is no working day."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from caseway.rules.kinds._base import Code, Count, DayOfMonth, Flag, Kind, Merge, distinct, in_every_month, param
from caseway.rules.kinds.vocabulary import Activity
from caseway.rules.values import Level, Rank


class FixedDay(Kind):
    """Days of every month on which leaders receive or visit. Where a book above names the level of an office, its days
    stay and its roll is fixed; otherwise the office sets its own."""

    kind_name = "fixed_day"
    key_params = ("activity",)

    activity: Activity = param("What takes place on the days.", merge=Merge.LOCK)
    days: tuple[DayOfMonth, ...] = param(
        "Days of the month, 1 to 31.", merge=Merge.SUPERSET, unit="day of the month", complete=True
    )
    roll: Literal["NEVER", "NEXT_WORKDAY", "UNSPECIFIED"] = param(
        "What happens to a day that is no working day; UNSPECIFIED has to be decided before publishing.",
        merge=Merge.LOCK,
    )
    roll_on: Literal["NON_WORKDAY", "STATUTORY_HOLIDAY"] | None = param(
        "Which days roll; absent = every day that is no working day.", merge=Merge.FREE, default=None
    )
    levels: tuple[Level, ...] | None = param(
        "Only offices of these levels keep the days.", merge=Merge.SUPERSET, default=None
    )
    actor: Rank | None = param("Who receives or visits.", merge=Merge.FREE, default=None)
    joint: Flag | None = param("Several offices hold the day together.", merge=Merge.FREE, default=None)
    groups_min: Count | None = param("Fewest groups of leaders.", merge=Merge.MIN, unit="groups", default=None)
    venue: Code | None = param("Where it takes place.", merge=Merge.FREE, default=None)
    since: Annotated[str, StringConstraints(pattern=r"^\d{4}(-(0[1-9]|1[0-2]))?$")] | None = param(
        "Year, or year and month, from which the days are kept.", merge=Merge.NONE, unit="year-month", default=None
    )
    short_month: Literal["LAST_DAY", "SKIP"] | None = param(
        "What happens to day 29, 30 or 31 in a month that has none.", merge=Merge.FREE, default=None
    )

    @model_validator(mode="after")
    def _days_exist(self) -> Self:
        distinct(self.days, "days")
        in_every_month(self.days, self.short_month)
        return self

    def reaches_level(self, level: Level) -> bool:
        """Days that name levels are kept by offices of those levels only."""
        return self.levels is None or level in self.levels

    def mode_below(self, name: str, level: Level) -> Merge:
        """Days bind the books below where they name the level; other days are an office's own affair."""
        named = self.levels is not None and level in self.levels
        return self.parameters[name].merge if named else Merge.FREE
