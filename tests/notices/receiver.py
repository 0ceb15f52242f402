"""A receiver of webhooks on this machine: notes what comes, checks the signature as the specification says, and answers
what the test wants."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: The secret of the specification's example.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """What came, and what is answered."""

    url: str = ""
    status: int = 204
    messages: list[dict[str, Any]] = field(default_factory=list)
    #: Ids of messages whose signature was wrong.
    forged: list[str] = field(default_factory=list)

    def take(self, headers: Any, body: bytes) -> None:
        """One message."""
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        signed = f"{message_id}.{timestamp}.".encode() + body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(wanted, headers["webhook-signature"]):
            self.forged.append(message_id)
        self.messages.append(
            {"id": message_id, "at": int(timestamp), "type": headers["content-type"], **json.loads(body)}
        )


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A running receiver; it forgets everything at the end."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        """One request."""

        def do_POST(self) -> None:
            """Take a message."""
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:
                # The sender died in the middle of it: that is no message, as for any server of HTTP.
                self.close_connection = True
                return
            receiver.take(self.headers, body)
            self.send_response(receiver.status)
            if receiver.status in (301, 302, 307):
                self.send_header("location", receiver.url)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks?from=caseway"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
