"""Ordered steps or branches that a handler records."""

from __future__ import annotations

from caseway.rules.kinds._base import Code, Kind, Merge, param
from caseway.rules.kinds.vocabulary import CaseClass


class Procedure(Kind):
    """Steps that every handling goes through. Steps may be added, never removed."""

    kind_name = "procedure"
    key_params = ("name",)

    name: Code = param("Name of the procedure.", merge=Merge.LOCK)
    steps: tuple[Code, ...] | None = param("The steps in order.", merge=Merge.SUPERSET, default=None)
    branches: dict[CaseClass, Code] | None = param(
        "What follows for which class of case.", merge=Merge.FREE, default=None
    )
    by: Code | None = param("Who does it.", merge=Merge.FREE, default=None)
    on_event: Code | None = param("What starts it.", merge=Merge.FREE, default=None)
