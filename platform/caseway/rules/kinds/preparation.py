"""What must be ready before a session, by whom, how early."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Flag, Kind, Merge, PositiveSpan, param


class Preparation(Kind):
    """Papers and notices that have to be ready before a reception or visit."""

    kind_name = "preparation"
    key_params = ("by", "to")

    lead: PositiveSpan | None = param(
        "How long before the session.", merge=Merge.MIN, unit="span before the session", default=None
    )
    by: Code = param("Who prepares.", merge=Merge.FREE)
    to: Code | None = param("For whom.", merge=Merge.FREE, default=None)
    items: tuple[Code, ...] = param("What has to be ready.", merge=Merge.SUPERSET)
    reminders: tuple[Code, ...] | None = param("How people are reminded.", merge=Merge.SUPERSET, default=None)
    lower_opinion: Literal["NO", "EXPECTED", "REQUIRED"] | None = param(
        "Whether the office below gives its opinion first.", merge=Merge.MIN, default=None
    )
    notify_petitioner: Flag | None = param("The petitioner is told.", merge=Merge.MIN, default=None)
