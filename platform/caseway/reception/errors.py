"""Refusals of reception: sessions that cannot be planned or recorded, ranges, and resources that nobody asks for."""

from __future__ import annotations

from caseway.errors import CasewayError


class ReceptionRange(CasewayError):
    """Ask for 1 to 400 days, from the first to the last one, in the years 2000 to 2099."""

    code = "RECEPTION_RANGE"


class MonthInvalid(CasewayError):
    """A month is written like 2026-02, in the years 2000 to 2099."""

    code = "MONTH_INVALID"


class SessionTimes(CasewayError):
    """A session begins and ends on one day in China, and ends after it begins: check both instants."""

    code = "SESSION_TIMES"


class SessionTooFar(CasewayError):
    """Sessions are planned at most a year ahead and entered at most 31 days after they took place: check the day."""

    code = "SESSION_TOO_FAR"


class LeaderElsewhere(CasewayError):
    """A session is held by people who have a post in the office or below it on that day: choose others."""

    code = "LEADER_ELSEWHERE"


class SessionNotBegun(CasewayError):
    """A session is recorded as held from its begin on, not before: wait, or cancel it."""

    code = "SESSION_NOT_BEGUN"


class SessionSettled(CasewayError):
    """The session has been recorded as held or cancelled already: read it again, and plan another one if needed."""

    code = "SESSION_SETTLED"


class LeaderNotRostered(CasewayError):
    """Only leaders of this session can be absent from it: see the session's own list."""

    code = "LEADER_NOT_ROSTERED"


class ResourceNotAsked(CasewayError):
    """No rule of this office sets a standard for that: see its resource standards for what is asked."""

    code = "RESOURCE_NOT_ASKED"
