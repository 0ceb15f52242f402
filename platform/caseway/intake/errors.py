"""Refusals of intake. There are few: nobody is turned away for lack of a form, a name or a document (INV-18)."""

from __future__ import annotations

from caseway.errors import CasewayError


class NotClosed(CasewayError):
    """New facts make a new case only after the earlier one has ended: add a registration to the open case instead."""

    code = "NOT_CLOSED"
