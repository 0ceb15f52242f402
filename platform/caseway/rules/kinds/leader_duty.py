"""What leaders or an office owe again and again: receptions, visits, shifts, letters, the hotline."""

from __future__ import annotations

from typing import Any, Literal

from caseway.rules.kinds._base import Code, CountOrNone, Flag, Kind, Merge, Year, param
from caseway.rules.kinds.vocabulary import Activity, Trigger
from caseway.rules.values import Level, Period, Rank


class LeaderDuty(Kind):
    """A recurring duty: so many of a unit in each period, owed by each leader of a rank or by the office together."""

    kind_name = "leader_duty"
    key_params = ("activity", "actor", "scope", "unit", "season", "level", "cases")
    paced = ("min", "per")

    activity: Activity = param("What is owed.", merge=Merge.LOCK)
    actor: Rank = param("Who owes it: a rank, or the name of a set of ranks.", merge=Merge.FREE)
    scope: Literal["EACH", "OFFICE"] = param("Whether each leader owes it, or the office as a whole.", merge=Merge.LOCK)
    min: CountOrNone = param(
        "How many in each period; 0 = the source gives no number.", merge=Merge.MIN, unit="number of the unit"
    )
    unit: Literal["SESSION", "DAY", "WORKDAY", "CASE", "SHIFT_DAY"] = param("What is counted.", merge=Merge.LOCK)
    per: Period = param("The period in which it is owed.", merge=Merge.MAX)
    level: Level | None = param("Only offices of this level owe it.", merge=Merge.FREE, default=None)
    cases: tuple[Trigger, ...] | None = param("Only matters like these count.", merge=Merge.FREE, default=None)
    season: Literal["ALWAYS", "KEY_PERIOD", "CAMPAIGN"] | None = param(
        "When it is owed; absent = always.", merge=Merge.FREE, default=None
    )
    more_when: tuple[Trigger, ...] | None = param("When more is owed than that.", merge=Merge.SUPERSET, default=None)
    venue: Code | None = param("Where it takes place.", merge=Merge.FREE, default=None)
    since: Year | None = param("Year from which it is owed.", merge=Merge.NONE, unit="year", default=None)
    assumed: Flag | None = param("The number is assumed and has to be confirmed.", merge=Merge.NONE, default=None)

    def reaches_level(self, level: Level) -> bool:
        """A duty that names a level is owed by offices of that level only."""
        return self.level is None or self.level == level

    def waits(self) -> str | None:
        """What the calendar alone can count has an effect; the rest waits for what it hangs on, or for a number."""
        if self.season in ("KEY_PERIOD", "CAMPAIGN") or self.per is Period.CAMPAIGN:
            return CAMPAIGNS
        if self.per is Period.EVENT:
            return APPOINTMENTS
        return super().waits() if self.min > 0 else NUMBER

    @classmethod
    def compare_paces(cls, left: tuple[Any, ...], right: tuple[Any, ...]) -> int | None:
        """A duty asks for more than another if keeping it keeps the other: 1 per DAY is more than 2 per WEEK."""
        if left == right:
            return 0
        more, less = implies(*left, *right), implies(*right, *left)
        return 0 if more and less else 1 if more else -1 if less else None


#: What duties wait for that begin only when somebody declares a campaign or a key period.
CAMPAIGNS = "campaigns"
#: What duties wait for that are owed for each matter of a kind.
APPOINTMENTS = "appointments"
#: What duties wait for whose source says only that they are owed regularly.
NUMBER = "a number"
#: Fewest whole periods of a kind in a longer one, wherever the longer one begins. A week without any workday is exempt
#: from weekly duties anyway (C8), so that every week counts one workday.
_WITHIN: dict[Period, dict[Period, int]] = {
    Period.DAY: {
        Period.WORKDAY: 1,
        Period.WEEK: 7,
        Period.TEN_DAYS: 10,
        Period.HALF_MONTH: 13,
        Period.MONTH: 28,
        Period.TWO_MONTHS: 59,
        Period.QUARTER: 90,
        Period.HALF_YEAR: 181,
        Period.YEAR: 365,
    },
    Period.WORKDAY: {Period.WEEK: 1, Period.TEN_DAYS: 1, Period.HALF_MONTH: 3, Period.MONTH: 13, Period.TWO_MONTHS: 30}
    | {Period.QUARTER: 50, Period.HALF_YEAR: 105, Period.YEAR: 230},
    Period.WEEK: {Period.TEN_DAYS: 1, Period.HALF_MONTH: 1, Period.MONTH: 3, Period.TWO_MONTHS: 7, Period.QUARTER: 12}
    | {Period.HALF_YEAR: 24, Period.YEAR: 51},
    Period.TEN_DAYS: {Period.HALF_MONTH: 1, Period.MONTH: 2, Period.TWO_MONTHS: 5, Period.QUARTER: 9}
    | {Period.HALF_YEAR: 18, Period.YEAR: 36},
    Period.HALF_MONTH: {
        Period.MONTH: 2,
        Period.TWO_MONTHS: 4,
        Period.QUARTER: 6,
        Period.HALF_YEAR: 12,
        Period.YEAR: 24,
    },
    Period.MONTH: {Period.TWO_MONTHS: 2, Period.QUARTER: 3, Period.HALF_YEAR: 6, Period.YEAR: 12},
    Period.TWO_MONTHS: {Period.QUARTER: 1, Period.HALF_YEAR: 3, Period.YEAR: 6},
    Period.QUARTER: {Period.HALF_YEAR: 2, Period.YEAR: 4},
    Period.HALF_YEAR: {Period.YEAR: 2},
}


def implies(number: int, per: Period, wanted: int, wanted_per: Period) -> bool:
    """Whether who does so many in each period has also done so many in each other period, whatever the days. As many in
    a shorter period are always enough; fewer are, if whole periods add up."""
    if wanted == 0 or (per == wanted_per and number >= wanted):
        return True
    if per.length is None or wanted_per.length is None or per.length >= wanted_per.length:
        return False
    return number >= wanted or number * _WITHIN[per][wanted_per] >= wanted
