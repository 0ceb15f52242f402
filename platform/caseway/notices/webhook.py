"""Messages to one address outside the platform, signed as Standard Webhooks asks (standardwebhooks.com, scheme v1).

What goes out says that an office has something to read, never what: no case, no text, no person. Whoever receives it
reads the notice itself through the API, with its own permissions.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from caseway.notices.errors import OutboxAddressInvalid, OutboxSecretInvalid
from caseway.settings import Settings

#: Prefix of a secret, and the bytes that one may have (Standard Webhooks, "Signature scheme").
_PREFIX, _FEWEST, _MOST = "whsec_", 24, 64
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
#: Seconds that the receiver has to answer.
_PATIENCE = 10.0


class Unanswered(RuntimeError):
    """The receiver did not take the message: it answered with another status than 2xx."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The address and the secret that both sides know."""

    url: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Webhook | None:
        """What the settings name; None without an address. Raises ``OutboxAddressInvalid``, ``OutboxSecretInvalid``."""
        url = settings.outbox_url.get_secret_value()
        return cls(_checked(url), _secret(settings.outbox_secret.get_secret_value())) if url else None

    def headers(self, message_id: str, body: bytes, *, at: datetime) -> dict[str, str]:
        """The three headers of a message; ``at`` is the instant of this attempt, which the receiver compares with its
        own clock."""
        timestamp = str(int(at.timestamp()))
        signed = b".".join([message_id.encode(), timestamp.encode(), body])
        signature = base64.b64encode(hmac.digest(self.secret, signed, hashlib.sha256)).decode()
        return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}

    async def send(self, message_id: uuid.UUID, content: Mapping[str, object], *, at: datetime) -> None:
        """Deliver one message. Raises ``Unanswered``, or what the network raises; the id is the same at every attempt,
        by which the receiver knows what it has already."""
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"content-type": "application/json", **self.headers(str(message_id), body, at=at)}
        await asyncio.to_thread(self._post, body, headers)

    def _post(self, body: bytes, headers: dict[str, str]) -> None:
        """No redirect is followed and no proxy asked: a message goes to the address that was set or nowhere."""
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_PATIENCE)
        try:
            connection.request("POST", f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", body, headers)
            status = connection.getresponse().status
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise Unanswered(f"the receiver answered {status}")


def content(*, kind: str, office_code: str, at: datetime) -> dict[str, object]:
    """What a message says: that an office (by its code) was told something of this kind, and when."""
    instant = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"type": "office.notice", "timestamp": instant, "data": {"office": office_code, "kind": kind}}


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.fragment:
        raise OutboxAddressInvalid
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise OutboxAddressInvalid
    return url


def _secret(text: str) -> bytes:
    try:
        found = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise OutboxSecretInvalid from None
    if not text.startswith(_PREFIX) or not _FEWEST <= len(found) <= _MOST:
        raise OutboxSecretInvalid
    return found
