"""复查 and 复核: who decides, time to ask, time to decide, finality."""

from __future__ import annotations

from caseway.rules.kinds._base import Code, Kind, Merge, PositiveSpan, param


class ReviewChain(Kind):
    """The two reviews of an answer. Time of the petitioner may only be lengthened, time of offices only shortened."""

    kind_name = "review_chain"
    key_params = ()

    stages: tuple[Code, ...] = param("The reviews in order.", merge=Merge.LOCK)
    ask_within: PositiveSpan = param(
        "How long the petitioner has to ask.", merge=Merge.MIN, unit="span from the answer"
    )
    decide_within: PositiveSpan = param(
        "How long the reviewer has to decide.", merge=Merge.MAX, unit="span from receipt"
    )
    reviewer: Code | None = param("Who reviews.", merge=Merge.LOCK, default=None)
    hearing_excluded_at: Code | None = param(
        "The review at which the time of a hearing is not counted.", merge=Merge.LOCK, default=None
    )
    final: Code | None = param("What ends the matter.", merge=Merge.LOCK, default=None)
    accept_within: PositiveSpan | None = param(
        "How long the reviewer has to accept the request.", merge=Merge.MAX, unit="span from receipt", default=None
    )
    outcomes: tuple[Code, ...] | None = param("What can be decided.", merge=Merge.LOCK, default=None)
    redo_bar: Code | None = param("What a second handling may not do.", merge=Merge.LOCK, default=None)
