"""What clocks refuse."""

from __future__ import annotations

from caseway.errors import CasewayError


class ClockNotRunning(CasewayError):
    """The limit that this concerns is not running: look at the case's present stage and limits."""

    code = "CLOCK_NOT_RUNNING"


class ExtensionCap(CasewayError):
    """The extension is longer than the regulation allows: at most 30 days (art. 34)."""

    code = "EXTENSION_CAP"


class ExtensionOnce(CasewayError):
    """The limit was extended before: a second extension is not allowed (art. 34)."""

    code = "EXTENSION_ONCE"


class ExtensionLate(CasewayError):
    """The limit has already expired: only a running limit can be extended (art. 34)."""

    code = "EXTENSION_LATE"


class ExtensionNotice(CasewayError):
    """An extension needs a reason that the petitioner is told: give the reason and send the notice (art. 34)."""

    code = "EXTENSION_NOTICE"
