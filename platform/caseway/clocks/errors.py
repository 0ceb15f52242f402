"""What clocks refuse."""

from __future__ import annotations

from caseway.errors import CasewayError


class ClockNotRunning(CasewayError):
    """The limit that this concerns is not running: look at the case's present stage and limits."""

    code = "CLOCK_NOT_RUNNING"


class ExtensionCap(CasewayError):
    """The extension is longer than the rules allow: see the cap and its source in the details (art. 34: 30 days)."""

    code = "EXTENSION_CAP"


class ExtensionOnce(CasewayError):
    """The limit was extended as often as the rules allow: a second extension is not possible (art. 34)."""

    code = "EXTENSION_ONCE"


class ExtensionLate(CasewayError):
    """The limit has already expired: only a running limit can be extended (art. 34)."""

    code = "EXTENSION_LATE"


class ExtensionNotice(CasewayError):
    """An extension needs a reason that the petitioner is told: give the reason and send the notice (art. 34)."""

    code = "EXTENSION_NOTICE"


class ExtensionRank(CasewayError):
    """The extension must be approved by the rank that the details name: let that person approve it (art. 34)."""

    code = "EXTENSION_RANK"


class ReclassificationLate(CasewayError):
    """The limit has already expired: a case is put into another class only before that (INV-07)."""

    code = "RECLASSIFICATION_LATE"


class SuspensionNotAllowed(CasewayError):
    """Nothing stops this limit: only the hearing of a second review is not counted (art. 36)."""

    code = "SUSPENSION_NOT_ALLOWED"
