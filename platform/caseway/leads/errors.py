"""Refusals of leads: why a list cannot be delivered, or a leader not be linked."""

from __future__ import annotations

from caseway.errors import CasewayError


class NoListRule(CasewayError):
    """No rule of your area asks for responsibility lists: assign the case by an ordinary order."""

    code = "NO_LIST_RULE"


class NotResponsible(CasewayError):
    """The list names an active leader of the unit or its government, and an officer of the unit who handles cases."""

    code = "NOT_RESPONSIBLE"


class LeaderNotLinked(CasewayError):
    """No leader is linked to the area of the matter, so the list was delivered to nobody: link a leader first."""

    code = "LEADER_NOT_LINKED"


class LinkedLeaderBarred(CasewayError):
    """A leader linked to the area must not learn of this case, so the list was delivered to nobody: link another."""

    code = "LINKED_LEADER_BARRED"


class NotLinkable(CasewayError):
    """Only an active leader of an office above the area can be linked to it: choose another person or area."""

    code = "NOT_LINKABLE"


class LinkEnded(CasewayError):
    """This link has ended already: the leader is no longer linked to the area by it."""

    code = "LINK_ENDED"
