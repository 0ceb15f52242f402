"""Who reports or informs whom, how often or on which event, with which copies."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Kind, Merge, PositiveSpan, param
from caseway.rules.kinds.vocabulary import Event
from caseway.rules.values import Period


class Report(Kind):
    """A report that is owed regularly, or when something happens."""

    kind_name = "report"
    key_params = ("name",)

    name: Code = param("Name of the report.", merge=Merge.FREE)
    sender: Code = param("Who reports.", merge=Merge.FREE)
    to: tuple[Code, ...] = param("To whom.", merge=Merge.SUPERSET)
    cc: tuple[Code, ...] | None = param("Who gets a copy.", merge=Merge.SUPERSET, default=None)
    per: Period | Literal["PERIODIC"] | None = param(
        "How often; PERIODIC = regularly, without a number.", merge=Merge.MAX, default=None
    )
    on_event: Event | None = param("What calls for it.", merge=Merge.FREE, default=None)
    within: PositiveSpan | Literal["IMMEDIATE"] | None = param(
        "How soon after the event or the end of the period.", merge=Merge.MAX, unit="span", default=None
    )
    fields: tuple[Code, ...] | None = param("What it says.", merge=Merge.SUPERSET, default=None)
    direction: Literal["UP", "DOWN", "SIDE", "INTERNAL"] | None = param(
        "Which way it goes.", merge=Merge.FREE, default=None
    )
