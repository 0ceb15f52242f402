"""Channels, registration, representatives, identity and query."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from caseway.rules.kinds._base import Code, Count, CountOrNone, Flag, Kind, Merge, param
from caseway.rules.kinds.vocabulary import Channel
from caseway.rules.values import Level


class Band(BaseModel):
    """How many representatives a group up to a size may have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group_max: Count | None = Field(description="Largest group of the band; null = any size.")
    reps_max: Count = Field(description="Most representatives of such a group.")


class Intake(Kind):
    """How matters come in. An office may add channels and categories, and allow fewer representatives."""

    kind_name = "intake"
    key_params = ()

    channels: tuple[Channel, ...] | None = param("Ways in which matters come in.", merge=Merge.SUPERSET, default=None)
    register_all: Flag | None = param("Everything is registered.", merge=Merge.LOCK, default=None, alias="register")
    single_entry: Flag | None = param("One entry for all channels.", merge=Merge.FREE, default=None)
    query: Flag | None = param("Petitioners can look up the state of their matter.", merge=Merge.MIN, default=None)
    representatives_max: Count | None = param(
        "Most representatives of a group.", merge=Merge.MAX, unit="people", default=None
    )
    bands: tuple[Band, ...] | None = param(
        "Most representatives by the size of the group.", merge=Merge.MAX, unit="people", default=None
    )
    identity: tuple[Code, ...] | None = param(
        "How people and agents show who they are.", merge=Merge.FREE, default=None
    )
    integrated: CountOrNone | None = param(
        "Systems joined to the entry, as counted once.", merge=Merge.NONE, unit="systems", default=None
    )
    categories: tuple[Code, ...] | None = param("Categories of matters.", merge=Merge.SUPERSET, default=None)
    dedicated_staff: Flag | None = param("Staff are set aside for it.", merge=Merge.MIN, default=None)
    per_level: tuple[Level, ...] | None = param(
        "Levels that have an entry of their own.", merge=Merge.SUPERSET, default=None
    )
    flow: tuple[Code, ...] | None = param("Steps after the entry.", merge=Merge.SUPERSET, default=None)
    no_second_acceptance: tuple[Code, ...] | None = param(
        "Matters that are not accepted a second time.", merge=Merge.LOCK, default=None
    )

    @model_validator(mode="after")
    def _bands_rise(self) -> Self:
        sizes = [band.group_max for band in self.bands or ()]
        known = [size for size in sizes if size is not None]
        if None in sizes[:-1] or known != sorted(set(known)):
            raise PydanticCustomError(
                "contradiction",
                "the bands must rise from the smallest group on, the open one last",
                {"parameter": "bands"},
            )
        return self

    def representatives(self, group_size: int) -> int | None:
        """Most representatives of a group of that many people; ``None`` = no rule says a number."""
        band = next((b for b in self.bands or () if b.group_max is None or group_size <= b.group_max), None)
        numbers = [n for n in (self.representatives_max, band.reps_max if band else None) if n is not None]
        return min(numbers, default=None)
