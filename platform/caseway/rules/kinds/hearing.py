"""A hearing, public or face to face, before an opinion."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Kind, Merge, param
from caseway.rules.kinds.vocabulary import Trigger


class Hearing(Kind):
    """When and how a hearing is held. Its effect never takes away a review."""

    kind_name = "hearing"
    key_params = ()

    trigger: tuple[Trigger, ...] | None = param("Matters that are heard.", merge=Merge.SUPERSET, default=None)
    forms: tuple[Code, ...] | None = param("Forms of the hearing.", merge=Merge.SUPERSET, default=None)
    on_the_spot: tuple[Code, ...] | None = param("What is done there.", merge=Merge.SUPERSET, default=None)
    participants: tuple[Code, ...] | None = param("Who takes part.", merge=Merge.SUPERSET, default=None)
    effect: Code | None = param("What comes of it.", merge=Merge.FREE, default=None)
    rules_fixed: tuple[Code, ...] | None = param("What is laid down beforehand.", merge=Merge.FREE, default=None)
    clock: Literal["RUNS", "EXCLUDED_IN_SECOND_REVIEW"] | None = param(
        "Whether the time of the hearing counts.", merge=Merge.LOCK, default=None
    )
