"""Refusals of custody: why a case cannot go there, or an order cannot be dealt with now."""

from __future__ import annotations

from caseway.errors import CasewayError


class SameOffice(CasewayError):
    """Your office is the target itself: choose another office."""

    code = "SAME_OFFICE"


class RouteToAccused(CasewayError):
    """The case is about this office or one above it: choose an office that has nothing to do with the complaint."""

    code = "ROUTE_TO_ACCUSED"


class NoCompetence(CasewayError):
    """This office is not competent for the case: see which offices the route rules allow."""

    code = "NO_COMPETENCE"


class RecallTooLate(CasewayError):
    """The receiver has signed for it: ask the receiver to hand it back, or the common superior to decide."""

    code = "RECALL_TOO_LATE"


class ObjectionLate(CasewayError):
    """The time for objecting is over (5 workdays from delivery): handle the case, or hand it over."""

    code = "OBJECTION_LATE"


class ObjectionNotPossible(CasewayError):
    """Only a case that came by a forward, an assignment or a hand-over can be objected to."""

    code = "OBJECTION_NOT_POSSIBLE"


class BounceNeedsDecision(CasewayError):
    """These two offices have bounced this case before: their common superior or a joint conference decides first."""

    code = "BOUNCE_NEEDS_DECISION"


class CompetenceDecided(CasewayError):
    """The common superior has decided that your office is competent: it cannot be objected to again."""

    code = "COMPETENCE_DECIDED"


class NoDispute(CasewayError):
    """No office has disputed its competence for this case: there is nothing to decide or to refer."""

    code = "NO_DISPUTE"


class NotTheCommonSuperior(CasewayError):
    """Only the lowest common superior of the two offices, or a joint conference, decides who is competent."""

    code = "NOT_THE_COMMON_SUPERIOR"


class NobodyToMoveTo(CasewayError):
    """No office above is free of the complaint and open: the administrator of the area must name one."""

    code = "NOBODY_TO_MOVE_TO"


class SkipLevelForbidden(CasewayError):
    """The rules of this office send matters down one level at a time: send it to the office right below."""

    code = "SKIP_LEVEL_FORBIDDEN"
