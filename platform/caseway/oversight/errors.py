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
    """A figure is about days that have begun, and no more than `most_days` of them: ask for such a period."""

    code = "FIGURE_PERIOD_INVALID"


class FigureNotListed(CasewayError):
    """The cases behind this number are not kept: ask for something that happens, or for what is open today; overdue
    cases are listed by `cases` with `isOverdue`."""

    code = "FIGURE_NOT_LISTED"


class FigureNotByStage(CasewayError):
    """Only open cases have a stage: ask for the count OPEN alone when you break down or narrow by stage."""

    code = "FIGURE_NOT_BY_STAGE"
