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
    """A figure is about 1 to 366 days that have begun: ask for such a period."""

    code = "FIGURE_PERIOD_INVALID"
