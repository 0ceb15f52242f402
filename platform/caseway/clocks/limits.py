"""The platform's own conventions, in one place: limits that neither the law nor an office's rules set.

Everything else comes from rule books. Where a book says something about one of these, the book holds.
"""

from __future__ import annotations

from caseway.clocks.arithmetic import Limit, Roll, Unit
from caseway.clocks.workflow import Layer, PinnedLimit


def _convention(amount: int, name: str, roll: Roll = Roll.NEVER, unit: Unit = Unit.WORKDAY) -> PinnedLimit:
    return PinnedLimit(Limit(amount, unit, f"platform {name}", roll), Layer.PLATFORM)


#: Receipt is deemed after one workday (C5): the law is silent.
SIGN_FOR = _convention(1, "C5 deemed receipt")
#: A wrong addressee objects within 5 workdays of delivery; art. 23 says the same, and every book stands on it.
OBJECT = _convention(5, "objection")
#: The sender answers an objection within 5 workdays; after that the dispute goes to the common superior.
ANSWER_OBJECTION = _convention(5, "answer to an objection")
#: The common superior decides within 5 workdays; after that its own superior is told.
DECIDE_DISPUTE = _convention(5, "decision on a dispute")
#: The petitioner's window (C3); art. 35 says 30 days, and every book stands on it.
REVIEW_WINDOW = _convention(30, "review window", Roll.NEXT_WORKDAY, Unit.DAY)
