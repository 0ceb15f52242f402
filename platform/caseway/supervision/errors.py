"""Refusals of supervision: what cannot be reviewed, decided or reported."""

from __future__ import annotations

from caseway.errors import CasewayError


class NoAccountabilityRule(CasewayError):
    """No rule in force for that office says so: cite a rule about accountability by its book and id."""

    code = "NO_ACCOUNTABILITY_RULE"


class ReviewDecided(CasewayError):
    """This review was decided before: a decision is not changed, open another review on new grounds."""

    code = "REVIEW_DECIDED"


class EvidenceNotSeen(CasewayError):
    """The file of a review holds cases that you see yourself, ordinary ones: leave out what is not yours to see."""

    code = "EVIDENCE_NOT_SEEN"


class ReportNotOwed(CasewayError):
    """Your office owes no such report for that period: read your duties to report again."""

    code = "REPORT_NOT_OWED"


class ReportFiled(CasewayError):
    """This report was filed before: a report is filed once."""

    code = "REPORT_FILED"


class ReportTooEarly(CasewayError):
    """The period of this report has not begun: wait for its first day."""

    code = "REPORT_TOO_EARLY"


class DutyRangeTooLong(CasewayError):
    """Duties are worked out for at most 100 days at a time, not before 2000: ask for a shorter time."""

    code = "DUTY_RANGE_TOO_LONG"
