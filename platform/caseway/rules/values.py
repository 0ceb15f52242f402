"""Values that rule books speak in: spans of time, periods, levels; and how two of them compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Strict

from caseway.rules.ranks import Rank
from caseway.rules.vocabulary import Vocabulary

__all__ = [
    "DAY_UNITS",
    "EXACT_SECONDS",
    "Level",
    "Period",
    "Rank",
    "Span",
    "Unit",
    "compare_bounds",
    "compare_spans",
    "provably_shorter",
]


class Unit(Vocabulary):
    """Unit of a span of time. Days end at 24:00 in Asia/Shanghai, the day of the event is not counted."""

    SECOND = "SECOND", "秒"
    MINUTE = "MINUTE", "分钟"
    HOUR = "HOUR", "小时"
    DAY = "DAY", "日 (calendar)"
    WORKDAY = "WORKDAY", "工作日"
    MONTH = "MONTH", "月"


class Level(Vocabulary):
    """Administrative level, highest first. A department (``UNIT``) has no level of its own in rule books."""

    PROVINCE = "PROVINCE", "省"
    CITY = "CITY", "市"
    COUNTY = "COUNTY", "县/区/旗"
    TOWN = "TOWN", "乡镇/街道/苏木"
    VILLAGE = "VILLAGE", "村/社区"
    UNIT = "UNIT", "部门/单位"


class Period(Vocabulary):
    """How often something is owed. The first ten are ordered from the shortest on; the last two have no length."""

    DAY = "DAY", "每日"
    WORKDAY = "WORKDAY", "每个工作日"
    WEEK = "WEEK", "每周"
    TEN_DAYS = "TEN_DAYS", "每10天 (rolling gap)"
    HALF_MONTH = "HALF_MONTH", "每半月 (1-15, 16-end)"
    MONTH = "MONTH", "每月"
    TWO_MONTHS = "TWO_MONTHS", "每两个月 (from January)"
    QUARTER = "QUARTER", "每季度"
    HALF_YEAR = "HALF_YEAR", "每半年"
    YEAR = "YEAR", "每年"
    CAMPAIGN = "CAMPAIGN", "活动期间"
    EVENT = "EVENT", "每件符合条件的事项"

    @property
    def length(self) -> int | None:
        """The place in the order, 0 = shortest; ``None`` for CAMPAIGN and EVENT, which have no length."""
        return _LENGTHS.get(self)


_LENGTHS = {period: place for place, period in enumerate(list(Period)[:10])}

#: Seconds of the units that are exact.
EXACT_SECONDS = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600}
#: Units that are counted in days and end at 24:00.
DAY_UNITS = frozenset({Unit.DAY, Unit.WORKDAY, Unit.MONTH})
_DAY_SECONDS = 86_400
#: Fewest and most calendar days of one unit; ``None`` = no upper bound, because holidays have none.
_DAYS: dict[Unit, tuple[int, int | None]] = {Unit.DAY: (1, 1), Unit.WORKDAY: (1, None), Unit.MONTH: (28, 31)}


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time in one unit, such as 5 WORKDAY. Spans of different units are compared by their bounds only."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    n: Annotated[int, Strict()]
    unit: Unit

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Span:
        """The span of ``{n: 5, unit: WORKDAY}``; ``ValueError`` or ``KeyError`` if it is none."""
        n, unit = value["n"], Unit(value["unit"])
        if isinstance(n, bool) or not isinstance(n, int) or len(value) != 2:
            raise ValueError(f"{value!r} is no span of time")
        return cls(n, unit)

    def dump(self) -> dict[str, Any]:
        """``{n: 5, unit: WORKDAY}``: what a rule book holds."""
        return {"n": self.n, "unit": self.unit.value}

    @property
    def days(self) -> tuple[int, int | None]:
        """Fewest and most calendar days from the day of the event to the last day, for units counted in days."""
        fewest, most = _DAYS[self.unit]
        return fewest * self.n, None if most is None else most * self.n

    @property
    def seconds(self) -> tuple[int, int | None]:
        """Fewest and most seconds from the event to the end of the span. A span counted in days ends at 24:00 of its
        last day, thus up to one day later than the same number of 24 hours."""
        if self.unit in EXACT_SECONDS:
            exact = self.n * EXACT_SECONDS[self.unit]
            return exact, exact
        fewest, most = self.days
        return fewest * _DAY_SECONDS, None if most is None else (most + 1) * _DAY_SECONDS

    def __str__(self) -> str:
        return f"{self.n} {self.unit.value}"


def compare_spans(left: Span, right: Span) -> int | None:
    """-1, 0 or 1 as ``left`` is provably shorter than, the same as, or longer than ``right`` whatever the day of the
    event; ``None`` where it depends on that day, so that only the two dates can tell."""
    if left.unit == right.unit:
        return (left.n > right.n) - (left.n < right.n)
    by_days = left.unit in DAY_UNITS and right.unit in DAY_UNITS
    return compare_bounds(left.days, right.days) if by_days else compare_bounds(left.seconds, right.seconds)


def compare_bounds(left: tuple[int, int | None], right: tuple[int, int | None]) -> int | None:
    """The same for two lengths of which only the least and the most is known; ``None`` as a most has no bound."""
    (left_least, left_most), (right_least, right_most) = left, right
    if left_least == left_most == right_least == right_most:
        return 0
    if left_most is not None and left_most < right_least:
        return -1
    if right_most is not None and right_most < left_least:
        return 1
    return None


def provably_shorter(left: Span, right: Span) -> bool:
    """Whether ``left`` is shorter than ``right`` whatever the day of the event."""
    return compare_spans(left, right) == -1
