"""The enums of rule books."""

from __future__ import annotations

from caseway.gql.enums import described
from caseway.rules.kinds import Merge
from caseway.rules.models import Decision, VersionState
from caseway.rules.rows import BookRole

described(
    BookRole,
    name="RuleBookRole",
    description="What a rule book is.",
    values={
        "LAW": "A layer of the law 法规: reaches every office of its jurisdiction.",
        "OFFICE": "The book of one office 本级规则.",
    },
)
described(
    VersionState,
    name="RuleVersionState",
    description="Where a version of a rule book stands.",
    values={
        "DRAFT": "Being written; only its own office reads it.",
        "PROPOSED": "Touches what the law lays down: another person must confirm it.",
        "PUBLISHED": "Counts from its first day on; never changed again.",
        "DISCARDED": "Given up before it was published.",
    },
)
described(
    Merge,
    name="RuleMergeMode",
    description="How the value of an office joins the values of the rules above it.",
    values={
        "LOCK": "The value above is fixed.",
        "MAX": "At most the value above.",
        "MIN": "At least the value above.",
        "SUPERSET": "Adds to the values above, takes none away.",
        "FREE": "Replaces the value above.",
        "NONE": "A fact about one office, not inherited.",
    },
)
described(
    Decision,
    name="RuleReviewDecision",
    description="What the review of a guarded rule came to.",
    values={
        "APPROVED": "Exactly this wording may be switched on.",
        "REFUSED": "It stays off; an earlier approval of the same wording counts no more.",
    },
)
