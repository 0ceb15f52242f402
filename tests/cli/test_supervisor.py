"""The supervisor: children are restarted, stopped in order, and never outlive it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from caseway.cli import ports
from caseway.cli.ports import PortBusy

#: A child that writes its process number to a file and then waits; it ends in order on SIGTERM.
CHILD = """
import os, signal, sys, time
from caseway.cli.supervisor import end_with_supervisor
end_with_supervisor(grace=1.0)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
while True:
    time.sleep(0.05)
"""

SUPERVISOR = """
import os, sys
from caseway.cli.supervisor import Supervisor
supervisor = Supervisor({"child": ["-c", sys.argv[1], sys.argv[2]]}, os.environ, lambda s: print(s, flush=True))
sys.exit(supervisor.run(ready=lambda: os.path.exists(sys.argv[2]), announce=lambda: print("ready", flush=True)))
"""


def supervise(file: Path, child: str = CHILD) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, child, str(file)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    with supervise(file) as process:
        wait_for(lambda: len(pids(file)) == 1)
        os.kill(pids(file)[0], signal.SIGKILL)
        wait_for(lambda: len(pids(file)) == 2)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[0]
    assert process.returncode == 0
    assert "child ended (signal SIGKILL); it starts again in 0.5 s" in said
    assert not any(lives(pid) for pid in pids(file))


#: Runs supervisors that get a signal at their first, second, third … line, and again every fifty lines after that.
INTERRUPTED = """
import os, signal, sys
from caseway.cli.supervisor import Supervisor

def at(count):
    left = count
    def trace(frame, event, argument):
        nonlocal left
        if event == "line":
            left -= 1
            if left <= 0 and left % 50 == 0:
                signal.raise_signal(signal.SIGTERM)
        return trace
    return trace

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for count in range(1, 50):
    supervisor = Supervisor({}, os.environ, print)
    sys.settrace(at(count))
    supervisor.run(ready=lambda: True, announce=lambda: None)
    sys.settrace(None)
print("stopped")
"""


def test_it_stops_wherever_a_signal_meets_it() -> None:
    """A handler that waited for a lock which the interrupted line holds would never return."""
    run = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60)
    assert run.stdout == "stopped\n", run.stderr


def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    with supervise(file) as process:
        wait_for(lambda: len(pids(file)) == 1)
        process.kill()
        wait_for(lambda: not lives(pids(file)[0]))


def test_a_child_that_never_comes_up_is_given_up(tmp_path: Path) -> None:
    with supervise(tmp_path / "never", child="raise SystemExit(3)") as process:
        said = process.communicate(timeout=30)[0]
    assert process.returncode == 1
    assert "child ended 4 times at its start; giving up" in said


def test_a_busy_port_is_told_with_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusy, match=rf"port {port} is in use by .*{os.getpid()}.*--port"):
            ports.listen("127.0.0.1", port)


def test_a_free_port_is_taken_at_once() -> None:
    with ports.listen("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0
