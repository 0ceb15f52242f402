"""What a what-if refuses."""

from __future__ import annotations

from caseway.errors import CasewayError


class NothingToTry(CasewayError):
    """This office has no draft of its rule book: open one with `ruleDraftOpen`, or import one, and try that out."""

    code = "WHAT_IF_NO_DRAFT"


class WhatIfPeriod(CasewayError):
    """Ask for 1 to 36 months."""

    code = "WHAT_IF_PERIOD"
