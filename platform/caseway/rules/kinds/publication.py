"""What is made public, with which fields, where, how early and how often."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Kind, Merge, PositiveSpan, param
from caseway.rules.values import Level, Period


class Publication(Kind):
    """Something that everybody can read."""

    kind_name = "publication"
    key_params = ("subject",)

    subject: Code = param("What is published.", merge=Merge.LOCK)
    fields: tuple[Code, ...] | None = param("What it says.", merge=Merge.SUPERSET, default=None)
    channels: tuple[Code, ...] | None = param("Where it can be read.", merge=Merge.SUPERSET, default=None)
    lead: Literal["BEFORE_SESSION"] | PositiveSpan | None = param(
        "How early it is published.", merge=Merge.MIN, unit="span before the session", default=None
    )
    refresh: Period | Literal["PERIODIC"] | None = param(
        "How often it is renewed; PERIODIC = regularly, without a number.", merge=Merge.MAX, default=None
    )
    by: Code | None = param("Who publishes.", merge=Merge.FREE, default=None)
    levels: tuple[Level, ...] | None = param("Levels whose data it gives.", merge=Merge.SUPERSET, default=None)
