"""Standards for people, rooms, money and coverage."""

from __future__ import annotations

from typing import Self

from pydantic import JsonValue, model_validator
from pydantic_core import PydanticCustomError

from caseway.rules.kinds._base import Code, Kind, Merge, Number, param


class Resource(Kind):
    """What an office has to have."""

    kind_name = "resource"
    key_params = ("item",)

    item: Code = param("What it is.", merge=Merge.LOCK)
    min: Number | None = param("The least of it.", merge=Merge.MIN, unit="number of the unit", default=None)
    max: Number | None = param("The most of it.", merge=Merge.FREE, unit="number of the unit", default=None)
    unit: Code | None = param("What is counted.", merge=Merge.LOCK, default=None)
    per: Code | None = param("For each of what.", merge=Merge.LOCK, default=None)
    attrs: tuple[Code, ...] | None = param("What belongs to it.", merge=Merge.FREE, default=None)
    observed: dict[str, JsonValue] | None = param("What the source reports.", merge=Merge.NONE, default=None)

    def waits(self) -> str | None:
        """A row that only reports what somebody has sets no standard."""
        return NUMBER if self.min is None and self.max is None else super().waits()

    @model_validator(mode="after")
    def _least_is_not_more_than_most(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise PydanticCustomError("contradiction", "min is more than max", {"parameter": "min"})
        return self


#: What standards without a bound wait for.
NUMBER = "a number"
