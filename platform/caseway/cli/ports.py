"""Who holds a TCP port, told in words a person can act on."""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path

from caseway.errors import CasewayError

#: Names the listening socket that a supervisor hands down to the api process.
LISTENER = "CASEWAY_LISTENER"


class PortBusy(CasewayError):
    """Another program listens on this port: stop it, or choose another port with --port."""

    code = "PORT_BUSY"


def listen(host: str, port: int, *, patience: float = 0.0) -> socket.socket:
    """A listening socket. What the api of a killed supervisor still holds is waited for, up to ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return _bind(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise PortBusy(f"cannot listen on {host}:{port}: {error.strerror}; choose another one.") from error
            holder = _holder(port)
            if time.monotonic() < deadline and holder is not None and _orphaned(holder):
                time.sleep(0.25)
                continue
            raise PortBusy(f"port {port} is in use by {_describe(holder)}", port=port) from error


def given_or_new(host: str, port: int) -> socket.socket:
    """The listening socket that the supervisor handed down, else a new one. It stays open in the supervisor while the
    api starts again, so that callers wait for a moment instead of being refused."""
    handle = os.environ.pop(LISTENER, "")
    return socket.socket(fileno=int(handle)) if handle else listen(host, port)


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _describe(holder: int | None) -> str:
    if holder is None:
        return "another program: stop it, or choose another port with --port."
    if _orphaned(holder):
        return f"a Caseway whose supervisor is gone: end it with `kill {holder}`, or choose another port with --port."
    if _ours(holder):
        return f"another Caseway (process {holder}): end it with `kill {holder}`, or choose another port with --port."
    return f"process {holder} ({_arguments(holder) or 'unknown'}): end it, or choose another port with --port."


def _holder(port: int) -> int | None:
    """The process that listens on the port; None where the system does not tell (then the message stays general)."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return None
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _holds(process, inodes):
            return int(process.name)
    return None


def _holds(process: Path, inodes: set[str]) -> bool:
    try:
        return any(os.readlink(handle) in inodes for handle in (process / "fd").iterdir())
    except OSError:
        return False


def _arguments(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def _ours(pid: int) -> bool:
    return "caseway" in _arguments(pid)


def _orphaned(pid: int) -> bool:
    """An api process that nobody supervises: it is about to end by itself, unless it was started by hand."""
    return _ours(pid) and " serve" in _arguments(pid) and not _ours(_parent(pid))


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0
