"""Which leaders are linked to which area or subject, to help solve matters there."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from caseway.rules.kinds._base import Code, Count, Flag, Kind, Merge, param
from caseway.rules.values import Level, Rank


class TeamPart(BaseModel):
    """So many people of a rank."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: Count = Field(description="How many.")
    rank: Rank = Field(description="Of which rank.")


class Liaison(Kind):
    """Leaders who know the matters of an area and help to solve them."""

    kind_name = "liaison"
    key_params = ("leader", "area")

    leader: Rank = param("Who is linked.", merge=Merge.FREE)
    area: Code = param("To what.", merge=Merge.FREE)
    team: tuple[TeamPart, ...] | None = param("Who makes up the team.", merge=Merge.FREE, whole=True, default=None)
    partner: tuple[TeamPart, ...] | None = param(
        "Who stands opposite in the area.", merge=Merge.FREE, whole=True, default=None
    )
    joint_assessment: Flag | None = param("Both sides are assessed together.", merge=Merge.FREE, default=None)
    subjects: Count | None = param("Number of subjects in the source.", merge=Merge.NONE, unit="subjects", default=None)
    duty: tuple[Code, ...] | None = param("What the leader does there.", merge=Merge.FREE, default=None)
    also: tuple[Code, ...] | None = param("Who is linked besides.", merge=Merge.FREE, default=None)
    levels: tuple[Level, ...] | None = param("Levels of the areas.", merge=Merge.FREE, default=None)
