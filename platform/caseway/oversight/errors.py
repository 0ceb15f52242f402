"""Refusals of oversight."""

from __future__ import annotations

from caseway.errors import CasewayError


class FigureTooLarge(CasewayError):
    """Too many cases for a figure that is worked out at once: ask for a smaller area or a shorter period."""

    code = "FIGURE_TOO_LARGE"


class FigureNotLive(CasewayError):
    """This figure has a definition but is not worked out here: see which ones are live in ``metricDefinitions``."""

    code = "FIGURE_NOT_LIVE"


class FigurePeriodInvalid(CasewayError):
    """A figure is about days that have begun, since 2000 and not too many of them: ask for such a period."""

    code = "FIGURE_PERIOD_INVALID"


class FigureNotListed(CasewayError):
    """The cases behind this number are not kept: ask for what happens, or for what is open today."""

    code = "FIGURE_NOT_LISTED"


class FigureNotByStage(CasewayError):
    """Only open cases have a stage: ask for the count OPEN alone when you break down or narrow by stage."""

    code = "FIGURE_NOT_BY_STAGE"


class FigureProtected(CasewayError):
    """Accusations are not part of these numbers: ask for `protectedCounts`."""

    code = "FIGURE_PROTECTED"


class MonthNotOver(CasewayError):
    """These numbers are told of months that are over, since 2000: ask for such a month."""

    code = "MONTH_NOT_OVER"
