"""The time limit of one stage for one class of case, with its extension."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from caseway.rules.kinds._base import Condition, Count, Flag, Kind, Merge, PositiveSpan, param
from caseway.rules.kinds.vocabulary import CaseClass, Event, Stage, Trigger
from caseway.rules.values import Rank, Span, provably_shorter

Limit = PositiveSpan | Literal["END_OF_MONTH", "TENANT_SETS"]


class Deadline(Kind):
    """One limit. Limits never replace one another: each applicable one gives a date, and the earliest date rules; the
    extension is the smallest one that the chain allows."""

    kind_name = "deadline"
    key_params = ("stage", "case_class", "start")
    apart_by = ("when",)

    stage: Stage = param("What has to be done in time.", merge=Merge.LOCK)
    case_class: CaseClass | None = param(
        "Only cases of this class; absent = every case.", merge=Merge.LOCK, default=None
    )
    limit: Limit = param(
        "How long it may take; END_OF_MONTH = to the end of the month of the start, TENANT_SETS = still to be decided.",
        merge=Merge.MAX,
        unit="span",
    )
    start: Event = param("From when the limit runs; the day of the event is not counted.", merge=Merge.FREE)
    extend: PositiveSpan | None = param("Most by which it may be extended.", merge=Merge.MAX, unit="span", default=None)
    extend_by: Rank | None = param("Least rank that approves an extension.", merge=Merge.MIN, default=None)
    extend_when: tuple[Trigger, ...] | None = param(
        "Cases in which it may be extended.", merge=Merge.FREE, default=None
    )
    extend_notify: Flag | None = param(
        "The petitioner is told of the extension and its reason.", merge=Merge.MIN, default=None
    )
    extend_times: Count | None = param("How often it may be extended.", merge=Merge.MAX, unit="times", default=None)
    total_max: PositiveSpan | None = param(
        "Most that limit and extensions come to together.", merge=Merge.MAX, unit="span", default=None
    )
    observed: PositiveSpan | None = param(
        "What the source reports as practice.", merge=Merge.NONE, unit="span", default=None
    )
    roll: Literal["NEVER", "NEXT_WORKDAY"] = param(
        "What happens to a due day that is no working day.", merge=Merge.LOCK, default="NEVER"
    )
    roll_on: Literal["NON_WORKDAY", "STATUTORY_HOLIDAY"] | None = param(
        "Which days roll; absent = every day that is no working day.", merge=Merge.FREE, default=None
    )
    when: Condition | None = param(
        "Condition on the case under which the limit applies; absent = always.", merge=Merge.FREE, default=None
    )
    remind_before: tuple[PositiveSpan, ...] | None = param(
        "How long before the due instant the holder is reminded.", merge=Merge.SUPERSET, unit="span", default=None
    )
    also_running: Flag | None = param(
        "The limit also applies to cases whose clock already runs when the version takes effect.",
        merge=Merge.FREE,
        default=None,
    )

    @model_validator(mode="after")
    def _extension_makes_sense(self) -> Self:
        if self.total_max is not None and isinstance(self.limit, Span) and provably_shorter(self.total_max, self.limit):
            raise PydanticCustomError(
                "contradiction", "total_max is shorter than the limit itself", {"parameter": "total_max"}
            )
        return self

    def waits(self) -> str | None:
        """Limits of visits and appointments wait for these to be kept."""
        return APPOINTMENTS if self.stage in _AT_SESSIONS else super().waits()


_AT_SESSIONS = frozenset({Stage.AFTER_VISIT, Stage.APPOINTMENT_TO_PLAN})
#: What they wait for.
APPOINTMENTS = "appointments"
