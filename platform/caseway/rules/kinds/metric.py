"""A figure with a definition, a target or an observed value."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from caseway.rules.kinds._base import Code, Flag, Kind, Merge, Number, param
from caseway.rules.kinds.vocabulary import Metric


class Target(BaseModel):
    """What a figure should be: a direction, or a comparison with a number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    op: Literal["UP", "DOWN", ">=", "<=", ">", "<", "="] = Field(description="Direction, or comparison with the value.")
    value: Number | None = Field(default=None, description="The number compared with; absent for a direction.")


class MetricRule(Kind):
    """A figure of an office. Figures about the number of petitions are shown and never are targets."""

    kind_name = "metric"
    key_params = ("code",)

    code: Metric = param("Which figure.", merge=Merge.LOCK)
    target: Target | None = param("What it should be.", merge=Merge.FREE, default=None)
    observed: dict[str, JsonValue] | None = param("What the source reports.", merge=Merge.NONE, default=None)
    base: Flag | None = param("Other figures refer to it.", merge=Merge.FREE, default=None)
    flag: Code | None = param("Why it is for display only.", merge=Merge.NONE, default=None)


#: Figures that count petitions, visits or visitors: shown, and never a target.
VOLUMES = frozenset(
    {
        *(Metric.PETITION_VOLUME, Metric.PERSON_VISITS, Metric.SKIP_LEVEL_VISITS, Metric.INCIDENCE_LOCAL_SKIP),
        Metric.ITEMS_RECEIVED,
    }
)
