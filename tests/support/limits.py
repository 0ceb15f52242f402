"""Limits as rule books pin them to clocks, for tests that start a clock by hand."""

from __future__ import annotations

from caseway.clocks.arithmetic import Limit, Roll, Unit
from caseway.clocks.workflow import ClockKind, Layer, PinnedLimit


def law(amount: int, unit: Unit, source: str = "law", roll: Roll = Roll.NEVER) -> PinnedLimit:
    """A limit of the law."""
    return PinnedLimit(Limit(amount, unit, source, roll), Layer.LAW)


#: The limits that the law itself sets.
LAW: dict[ClockKind, PinnedLimit] = {
    ClockKind.FORWARD: law(15, Unit.DAY),
    ClockKind.DIRECT_NOTICE: law(15, Unit.DAY),
    ClockKind.ACCEPT_NOTICE: law(15, Unit.DAY),
    ClockKind.SIGN_FOR: law(1, Unit.WORKDAY),
    ClockKind.OBJECT: law(5, Unit.WORKDAY),
    ClockKind.HANDLE: law(60, Unit.DAY),
    ClockKind.REVIEW_WINDOW: law(30, Unit.DAY, "law", Roll.NEXT_WORKDAY),
}
