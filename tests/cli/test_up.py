"""``caseway up`` with the real application: whatever is killed comes back, and nothing outlives the whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from caseway.db.embedded import EmbeddedPostgres, ServerState
from caseway.db.embedded_process import postmaster_pid
from support.installed import ask, bare_environment, free_port, started

UP = [sys.executable, "-m", "caseway.cli", "up", "--no-demo", "--port"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """The embedded database of the platform under test; removed afterwards."""
    own = EmbeddedPostgres(tmp_path / "data")
    yield own
    own.destroy()


def child(supervisor: int, command: str) -> int | None:
    """The process number of one of the supervisor's children."""
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1]) if entry.name.isdigit() else 0
            if parent == supervisor and command in (entry / "cmdline").read_text():
                return int(entry.name)
        except (OSError, IndexError, ValueError):
            continue
    return None


def ready(port: int) -> bool:
    try:
        return ask(port, "/readyz")[0] == 200
    except (OSError, ValueError):
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)


def test_what_is_killed_comes_back_and_nothing_outlives_the_whole(server: EmbeddedPostgres, tmp_path: Path) -> None:
    port, log, environment = free_port(), tmp_path / "log", bare_environment(tmp_path / "data")
    with started(
        [*UP, str(port)], cwd=tmp_path, environment=environment, log=log, port=port, patience=60
    ) as supervisor:
        api = child(supervisor.pid, "serve")
        assert api
        os.kill(api, signal.SIGKILL)
        assert ask(port, "/healthz")[0] == 200  # waits for the next one instead of being refused
        assert child(supervisor.pid, "serve") != api

        wait_for(lambda: child(supervisor.pid, "worker") is not None)
        worker = child(supervisor.pid, "worker")
        assert worker
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: child(supervisor.pid, "worker") not in (None, worker))

        postmaster = postmaster_pid(server.place.data)
        assert postmaster
        os.kill(postmaster, signal.SIGKILL)
        wait_for(lambda: postmaster_pid(server.place.data) not in (None, postmaster))
        wait_for(lambda: ready(port))

        refused = subprocess.run(
            [*UP, str(port)], env=environment, cwd=tmp_path, check=False, text=True, capture_output=True
        )
        assert refused.returncode == 1
        assert f"PORT_BUSY: port {port} is in use by another Caseway" in refused.stderr

        supervisor.kill()
        wait_for(lambda: server.state() is ServerState.DOWN)
        assert not ready(port)


def test_an_orderly_stop_takes_the_database_down(server: EmbeddedPostgres, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    environment = bare_environment(tmp_path / "data")
    with started(
        [*UP, str(port)], cwd=tmp_path, environment=environment, log=log, port=port, patience=60
    ) as supervisor:
        assert server.state() is ServerState.UP
    assert supervisor.returncode == 0
    assert server.state() is ServerState.DOWN
    assert log.read_text().rstrip().endswith("caseway: stopped")
