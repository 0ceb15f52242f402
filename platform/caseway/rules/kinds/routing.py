"""Jurisdiction, hand-over and rules of level."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Count, Flag, Kind, Merge, PositiveSpan, param


class Routing(Kind):
    """Where matters go. The principles above stay; everything else may only be made stricter."""

    kind_name = "routing"
    key_params = ()

    principles: tuple[Code, ...] | None = param("Principles of jurisdiction.", merge=Merge.SUPERSET, default=None)
    out_of_portfolio: Code | None = param(
        "What a leader does with a matter of another's portfolio.", merge=Merge.FREE, default=None
    )
    out_of_authority: Code | None = param(
        "What an office does that lacks the authority.", merge=Merge.FREE, default=None
    )
    multi_unit: Code | None = param("Who handles a matter of several units.", merge=Merge.FREE, default=None)
    skip_level: Literal["FORBID", "WITH_COPY", "ALLOW"] | None = param(
        "Whether an order may go past the next level.", merge=Merge.MAX, default=None
    )
    copy_intermediate: Flag | None = param("The offices between get a copy.", merge=Merge.MIN, default=None)
    object_within: PositiveSpan | None = param(
        "How long a wrong addressee has to object.", merge=Merge.MAX, unit="span from delivery", default=None
    )
    answer_objection_within: PositiveSpan | None = param(
        "How long the sender has to answer an objection.", merge=Merge.MAX, unit="span from the objection", default=None
    )
    decide_dispute_within: PositiveSpan | None = param(
        "How long the common superior has to decide a dispute.",
        merge=Merge.MAX,
        unit="span from the referral",
        default=None,
    )
    most_bounces: Count | None = param(
        "How often a matter may go back and forth between two offices before a decision is needed.",
        merge=Merge.MAX,
        unit="returns",
        default=None,
    )
    solve_locally: Flag | None = param("Matters are solved where they arise.", merge=Merge.MIN, default=None)
    level_by_level: Flag | None = param("Matters go up and down one level at a time.", merge=Merge.MIN, default=None)
    forbid: tuple[Code, ...] | None = param("What is forbidden.", merge=Merge.SUPERSET, default=None)
    dispute_to: Code | None = param("Who decides a dispute about competence.", merge=Merge.LOCK, default=None)
    merged_office: Code | None = param("Who takes over from an office that was merged.", merge=Merge.LOCK, default=None)
