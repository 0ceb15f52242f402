"""Refusals of the slice."""

from __future__ import annotations

from caseway.errors import CasewayError


class TaskClosed(CasewayError):
    """This task was closed before: read the list of tasks again."""

    code = "TASK_CLOSED"


class OutboxAddressInvalid(CasewayError):
    """The address that messages are sent to must be https, or http on this machine: set CASEWAY_OUTBOX_URL so."""

    code = "OUTBOX_ADDRESS_INVALID"


class OutboxSecretInvalid(CasewayError):
    """Messages are signed: set CASEWAY_OUTBOX_SECRET to whsec_ followed by 24 to 64 random bytes in base64."""

    code = "OUTBOX_SECRET_INVALID"
