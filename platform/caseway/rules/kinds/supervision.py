"""督办 and 督查: by whom, when, how, over what."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Condition, Flag, Kind, Merge, PositiveSpan, param
from caseway.rules.kinds.vocabulary import Trigger
from caseway.rules.values import Period


class Supervision(Kind):
    """When the handling of a matter is supervised, by whom, and what can come of it."""

    kind_name = "supervision"
    key_params = ("by",)
    apart_by = ("when",)

    by: Code = param("Who supervises.", merge=Merge.FREE)
    modes: tuple[Code, ...] | None = param("Forms of supervision.", merge=Merge.SUPERSET, default=None)
    trigger: tuple[Trigger, ...] | None = param("What opens it.", merge=Merge.SUPERSET, default=None)
    methods: tuple[Code, ...] | None = param("How it is done.", merge=Merge.SUPERSET, default=None)
    checks: tuple[Code, ...] | None = param("What is looked at.", merge=Merge.SUPERSET, default=None)
    ledger: Flag | None = param("A ledger is kept.", merge=Merge.MIN, default=None)
    per: Period | Literal["IRREGULAR"] | None = param(
        "How often; IRREGULAR = without a number.", merge=Merge.MAX, default=None
    )
    reply_within: PositiveSpan | None = param(
        "How long the supervised office has to answer in writing.",
        merge=Merge.MAX,
        unit="span from delivery",
        default=None,
    )
    outputs: tuple[Code, ...] | None = param("What can come of it.", merge=Merge.SUPERSET, default=None)
    when: Condition | None = param("Condition on the case under which it opens.", merge=Merge.FREE, default=None)
