"""When a matter goes up, and through which bodies."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from caseway.rules.kinds._base import Code, Condition, Count, DaySpan, Flag, Kind, Merge, PositiveSpan, param
from caseway.rules.kinds.vocabulary import Channel, Stage, Trigger
from caseway.rules.values import Level, Span


class After(BaseModel):
    """An instant on a clock of the case: its due instant plus an offset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clock: Stage = Field(description="The stage whose clock is meant.")
    offset: Span = Field(description="Negative = before the due instant, 0 = at it.")


class Counter(BaseModel):
    """So many registrations of one matter within a window of time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Literal["REGISTRATION"] = Field(description="What is counted.")
    channel: Channel | None = Field(default=None, description="Only registrations that came in this way.")
    group_min: Count | None = Field(default=None, description="Only registrations of at least so many people.")
    at_level: Level | None = Field(default=None, description="Only registrations at offices of this level.")
    count: Count = Field(description="How many start the escalation.")
    window: DaySpan = Field(description="Within how many days or workdays.")


class Rung(BaseModel):
    """One step of the ladder: who is asked, for what, and by when they answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Code = Field(description="The body that is asked.")
    gives: Literal["INFORM", "SUPERVISE", "ADVISE", "TAKE_UP"] = Field(
        description="What is asked of it: to know, to supervise, to advise, or to take the matter up."
    )
    after: PositiveSpan | None = Field(
        default=None, description="How long after the rung before it is raised by itself; absent = a person raises it."
    )
    answer_within: PositiveSpan | None = Field(default=None, description="How long the superior has to answer.")
    automatic: Flag | None = Field(default=None, description="Raised without a person.")


class Escalation(Kind):
    """A ladder that a matter climbs when its triggers are met."""

    kind_name = "escalation"
    key_params = ("name",)
    apart_by = ("when",)
    together = ("ladder", "applicant", "next_when", "urgent", "after", "when", "counter", "rungs")

    trigger: tuple[Trigger, ...] = param("What makes a matter go up.", merge=Merge.SUPERSET)
    ladder: tuple[Code, ...] = param(
        "Where it starts, and the bodies it goes through from there.", merge=Merge.FREE, whole=True
    )
    applicant: Code | None = param("Who applies for it.", merge=Merge.FREE, default=None)
    next_when: tuple[Trigger, ...] | None = param("When it goes one rung further.", merge=Merge.FREE, default=None)
    urgent: Code | None = param("Where urgent matters go at once.", merge=Merge.FREE, default=None)
    name: Code = param("Name of the ladder, where an office has several.", merge=Merge.FREE, default="DEFAULT")
    after: After | None = param(
        "Instant on a clock of the case at which it starts by itself.", merge=Merge.FREE, unit="span", default=None
    )
    when: Condition | None = param("Condition on the case under which it applies.", merge=Merge.FREE, default=None)
    counter: Counter | None = param("Registrations of the matter that start it.", merge=Merge.FREE, default=None)
    rungs: tuple[Rung, ...] | None = param(
        "The rungs above the start, in full; absent = every further body of the ladder advises, once a person asks it.",
        merge=Merge.FREE,
        whole=True,
        default=None,
    )

    @property
    def steps(self) -> tuple[Rung, ...]:
        """The rungs above the start: as declared, or one that advises for every further body of the ladder."""
        if self.rungs is not None:
            return self.rungs
        return tuple(Rung(to=body, gives="ADVISE") for body in self.ladder[1:])
