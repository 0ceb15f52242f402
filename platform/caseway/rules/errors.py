"""What can be wrong with a rule book, a draft of it, or what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable

from caseway.errors import CasewayError, NotFound, StaleVersion
from caseway.rules.findings import Finding


class RuleBookNotFound(NotFound):
    """There is no such rule book, version, draft or rule that you may see: check the office and the id."""


class RuleBookRefused(CasewayError):
    """The rule book cannot stand as it is: see each finding, which names the rule, the parameter and the cure."""

    code = "RULE_BOOK_REFUSED"

    def __init__(self, findings: Iterable[Finding]) -> None:
        #: Everything that is wrong, in the order of the book.
        self.findings = tuple(findings)
        first = self.findings[0]
        super().__init__(str(first) if len(self.findings) == 1 else f"{first} (and {len(self.findings) - 1} more)")
        #: The first finding's own code: what a client most likely asks about.
        self.code = first.code.value  # type: ignore[misc]  # documented one by one, as codes of findings


class DraftExists(CasewayError):
    """This office has a draft of its rule book already: go on with it, publish it or discard it first."""

    code = "RULE_DRAFT_EXISTS"


class DraftMissing(CasewayError):
    """This office has no draft of its rule book: open one first."""

    code = "RULE_DRAFT_MISSING"


class DraftChanged(StaleVersion):
    """The draft has changed since you read it: read it again and decide anew."""


class RuleMissing(CasewayError):
    """The draft has no rule with this id: see the draft's rules."""

    code = "RULE_MISSING"


class EffectiveInPast(CasewayError):
    """A version counts from today (China's time zone) or a later day: clocks that run keep what they began under."""

    code = "EFFECTIVE_IN_PAST"


class SecondPersonNeeded(CasewayError):
    """This version touches what the law lays down: another person than the one who proposed it must confirm it."""

    code = "SECOND_PERSON_NEEDED"


class NothingProposed(CasewayError):
    """No version of this book awaits confirmation: it was published, changed or discarded meanwhile."""

    code = "NOTHING_PROPOSED"


class NothingChanged(CasewayError):
    """The draft says exactly what the newest published version says: change it, or discard it."""

    code = "NOTHING_CHANGED"


class RuleNeedsReview(CasewayError):
    """This rule may reward fewer petitions: it stays off until another person has recorded a review of exactly this
    wording (ruleReviewRecord)."""

    code = "FLAGGED_RULE_NEEDS_REVIEW"


class RuleNotGuarded(CasewayError):
    """This rule needs no review: only guarded rules do."""

    code = "RULE_NOT_GUARDED"


class BookMismatch(CasewayError):
    """This file is the book of another office: import it there, or change its `system`."""

    code = "RULE_BOOK_MISMATCH"


class PackUnknown(CasewayError):
    """There is no pack of this name: see the list of packs."""

    code = "RULE_PACK_UNKNOWN"


class TooManyOffices(CasewayError):
    """One call reaches 2000 offices at most: choose a smaller area."""

    code = "TOO_MANY_OFFICES"
