"""Reply, progress report, call-back, evaluation and re-do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from caseway.rules.kinds._base import Code, Flag, Kind, Merge, param
from caseway.rules.kinds.vocabulary import Trigger
from caseway.rules.values import Period, Rank


class FollowUp(Kind):
    """What is owed to the petitioner after and during handling."""

    kind_name = "follow_up"
    key_params = ()

    reply_every_case: Flag | None = param("Every case is answered.", merge=Merge.MIN, default=None)
    callback_ratio: Annotated[float, Strict(), Field(ge=0, le=1)] | None = param(
        "Share of closed cases whose petitioners are called back.", merge=Merge.MIN, unit="share 0 to 1", default=None
    )
    progress_report: Flag | None = param("The petitioner is told how it goes.", merge=Merge.MIN, default=None)
    revisit: Period | Literal["PERIODIC"] | None = param(
        "How often the petitioner is visited again; PERIODIC = regularly, without a number.",
        merge=Merge.MAX,
        default=None,
    )
    track_whole: Flag | None = param("The whole course of the matter can be followed.", merge=Merge.MIN, default=None)
    redo_when: tuple[Trigger, ...] | None = param("When it is done again.", merge=Merge.SUPERSET, default=None)
    redo_review: Code | None = param("How the first handling is looked at then.", merge=Merge.FREE, default=None)
    redo_supervisor: Rank | None = param(
        "Least rank that supervises the second handling.", merge=Merge.MIN, default=None
    )
    evaluate: Flag | None = param("The petitioner can evaluate.", merge=Merge.MIN, default=None)
    unrated_counts_as: Literal["EXCLUDED"] | None = param(
        "What silence counts as: nothing.", merge=Merge.LOCK, default=None
    )
    by: Code | None = param("Who follows up.", merge=Merge.FREE, default=None)
