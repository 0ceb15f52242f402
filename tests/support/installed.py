"""Running the platform as a program of its own, and asking it over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
#: How this machine reaches Python packages; nothing else of the environment is passed on.
_REACH = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE")


def bare_environment(data_dir: Path) -> dict[str, str]:
    """An environment with a search path and hardly anything else: no HOME, no locale, no terminal. The data directory
    is named, so that a test never touches the data of whoever runs it."""
    reach = {name: value for name, value in os.environ.items() if name.startswith(_REACH)}
    return {"PATH": os.environ["PATH"], "CASEWAY_DATA_DIR": str(data_dir), **reach}


def free_port() -> int:
    """A TCP port nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
    return number


def ask(port: int, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
    """One request; status and parsed JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            headers = {"content-type": "application/json", "accept": "application/graphql-response+json"}
            connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@contextmanager
def started(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path, port: int, patience: float
) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process group of its own, from when it answers ``/readyz`` until it has ended in order."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, " ".join(command), port, patience, log)
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], command: str, port: int, patience: float, log: Path) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            if ask(port, "/readyz")[0] == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException, ValueError):
            pass
        told = log.read_text(errors="replace")[-4000:]
        assert process.poll() is None, f"{command} ended with {process.returncode}:\n{told}"
        assert time.monotonic() < deadline, f"{command} did not answer in {patience} s:\n{told}"
        time.sleep(0.1)


def copy_tracked_files(target: Path) -> None:
    """What a clone would hold: the files under version control as they are now, else everything that is not built."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
    )
    if listing.returncode == 0 and listing.stdout:
        for name in filter(None, os.fsdecode(listing.stdout).split("\0")):
            if (REPOSITORY / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / name, target / name)
    else:
        built = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "dist", "build", "var")
        shutil.copytree(REPOSITORY, target, ignore=built, dirs_exist_ok=True)


def remove_database(python: Path, environment: Mapping[str, str]) -> None:
    """Delete the embedded database of a data directory, wherever it was placed."""
    command = [str(python), "-m", "caseway.cli", "db", "reset", "--yes"]
    subprocess.run(command, env=dict(environment), cwd="/", check=True, capture_output=True)
