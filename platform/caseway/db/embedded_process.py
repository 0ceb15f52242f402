"""Whether a cluster's server runs, seen from the outside, without ever trusting a process number alone."""

from __future__ import annotations

import os
import subprocess
from enum import StrEnum
from pathlib import Path

from caseway.db.embedded_places import Account

_PROC = Path("/proc")
_NAMES = ("postgres", "postmaster")


class ServerState(StrEnum):
    """What an embedded server is doing."""

    #: No cluster has been made yet.
    ABSENT = "absent"
    #: There is a cluster; nothing runs.
    DOWN = "down"
    #: The server lives but does not take connections (starting, recovering or stopping).
    BUSY = "busy"
    #: The server takes connections.
    UP = "up"
    #: The server was killed; children of it have not gone yet, so its memory is still in use.
    DYING = "dying"


def postmaster_pid(data: Path) -> int | None:
    """The process number that the server wrote down, if any. It may be stale: of a zombie, or another program's."""
    return recorded_pid(data / "postmaster.pid")


def recorded_pid(note: Path) -> int | None:
    """The process number in the first line of one of the server's notes."""
    try:
        return int(note.read_text(errors="replace").split()[0])
    except (OSError, IndexError, ValueError):
        return None


def is_postmaster(pid: int, data: Path) -> bool:
    """Whether the process is a living server of this very cluster (not a zombie, not a reused number)."""
    if _PROC.joinpath("self", "stat").exists():
        name, condition = _linux_stat(pid)
        return condition not in ("", "Z", "X") and name.startswith(_NAMES) and str(data) in _linux_arguments(pid)
    listing = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(pid)], check=False, text=True, capture_output=True, cwd="/"
    ).stdout.strip()
    return "postgres" in listing and not listing.startswith("Z") and str(data) in listing


def survivors(data: Path, account: Account | None) -> list[int]:
    """Living processes that belong to the cluster, such as children that outlive their killed server. Each of them
    works in the data directory, which a reused number cannot feign. A zombie is none: it holds no memory any more, and
    where the first process of a container reaps nobody it would stay for ever. Empty where there is no /proc."""
    if not _PROC.joinpath("self", "stat").exists():
        return []
    found = []
    for pid in (int(entry) for entry in os.listdir(_PROC) if entry.isdigit()):
        name, condition = _linux_stat(pid)
        if condition not in ("", "Z", "X") and name.startswith(_NAMES) and _works_in(pid, data, account):
            found.append(pid)
    return found


def _linux_stat(pid: int) -> tuple[str, str]:
    """Name and state letter of a process; empty when there is none."""
    try:
        line = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return "", ""
    return line[line.index("(") + 1 : line.rindex(")")], line[line.rindex(")") + 2]


def _linux_arguments(pid: int) -> list[str]:
    try:
        return os.fsdecode((_PROC / str(pid) / "cmdline").read_bytes()).split("\0")
    except OSError:
        return []


def _works_in(pid: int, data: Path, account: Account | None) -> bool:
    link = _PROC / str(pid) / "cwd"
    try:
        return os.readlink(link) == str(data)
    except PermissionError:
        if account is None:
            return False  # a process of somebody else
    except OSError:
        return False
    # Root inside a container may not look at other accounts' processes, but the account itself may.
    answer = subprocess.run(
        ["readlink", str(link)],
        check=False,
        text=True,
        capture_output=True,
        cwd="/",
        user=account.uid,
        group=account.gid,
    )
    return answer.stdout.rstrip("\n") == str(data)
