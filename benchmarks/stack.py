"""A whole Caseway in a throw-away directory: durable embedded PostgreSQL, api and worker as processes of their own.

What is killed is started again at once, as a service manager would. Only processes that this module started are ended.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from caseway import demo
from caseway.clock import now
from caseway.db import migrate
from caseway.db.embedded import EmbeddedPostgres
from caseway.db.embedded_process import is_postmaster, postmaster_pid
from caseway.db.session import Database

LOGIN = """
mutation Login($input: SessionStartInput!) {
  sessionStart(input: $input) { ... on SessionStartPayload { session { accessToken } } ... on Error { code message } }
}
"""


@dataclass
class Stack:
    """The processes, and how to reach and to kill them."""

    directory: Path
    server: EmbeddedPostgres
    port: int
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    _stopping: bool = False

    @property
    def base(self) -> str:
        """Where the api answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str) -> None:
        """Start the api or a worker."""
        commands = {"api": ["serve"], "worker": ["worker"]}
        with (self.directory / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "-m", "caseway.cli", *commands[name]],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts[name] = self.starts.get(name, 0) + 1

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return kept | {
            "CASEWAY_DATA_DIR": str(self.directory / "data"),
            "CASEWAY_MASTER_KEY": base64.b64encode(bytes(range(32))).decode(),
            "CASEWAY_PORT": str(self.port),
            "CASEWAY_ACCESS_TOKEN_SECONDS": "86400",
            "CASEWAY_RATE_PERSON_PER_MINUTE": "0",
            "CASEWAY_RATE_OFFICE_PER_MINUTE": "0",
            "CASEWAY_WORKER_POLL_SECONDS": "0.2",
            "CASEWAY_LOG_LEVEL": "WARNING",
        }

    async def keep_alive(self) -> None:
        """Start again whatever has ended, until the stack is closed."""
        while not self._stopping:
            if not self.server.alive():
                await asyncio.to_thread(self.server.revive)
            for name, child in list(self.children.items()):
                if child.poll() is not None and not self._stopping:
                    self.start(name)
            await asyncio.sleep(0.05)

    async def ready(self, seconds: float = 60.0) -> None:
        """Wait until the api answers."""
        deadline = time.monotonic() + seconds
        async with httpx.AsyncClient() as client:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"{self.base}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise TimeoutError(f"the api did not answer; see {self.directory}/api.log: {self.log('api')}")

    def log(self, name: str) -> str:
        """The end of what a process said."""
        return (self.directory / f"{name}.log").read_text(errors="replace")[-2000:]

    def kill(self, target: str) -> bool:
        """kill -9 of the api, the worker, one database backend of theirs, or the postmaster; whether it was there."""
        pid = self._pid(target)
        if pid is None:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def _pid(self, target: str) -> int | None:
        if target in self.children:
            child = self.children[target]
            return child.pid if child.poll() is None else None
        data = self.server.place.data
        postmaster = postmaster_pid(data)
        if postmaster is None or not is_postmaster(postmaster, data):
            return None
        if target == "postmaster":
            return postmaster
        with contextlib.suppress(psycopg.Error), self.connect() as connection:
            rows = connection.execute(
                "select pid from pg_stat_activity where application_name = 'caseway' and pid <> pg_backend_pid()"
            ).fetchall()
            return int(random.choice(rows)[0]) if rows else None
        return None

    def connect(self) -> psycopg.Connection[Any]:
        """A connection past every lock, for looking and for turning clocks."""
        return psycopg.connect(self.server.address.dsn, autocommit=True, connect_timeout=5)

    def close(self) -> None:
        """End what was started, and delete everything."""
        self._stopping = True
        for child in self.children.values():
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.server.stop(force=True)
        self.server.destroy()
        shutil.rmtree(self.directory, ignore_errors=True)


def _directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="caseway-benchmark-"))
    directory.chmod(0o711)  # the account that a root-started server drops to must get through
    return directory


@asynccontextmanager
async def running(*names: str) -> AsyncIterator[Stack]:
    """A stack with the demo's offices and staff; ``names`` of api and worker are started and kept alive."""
    directory = _directory()
    server = EmbeddedPostgres(directory / "data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    stack = Stack(directory, server, port)
    keeper: asyncio.Task[None] | None = None
    try:
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(migrate.upgrade, server.address)
        database = Database(server.address.sqlalchemy)
        await demo.offices_and_staff(database, now=now())
        await database.close()
        for name in names:
            stack.start(name)
        keeper = asyncio.create_task(stack.keep_alive())
        if "api" in names:
            await stack.ready()
        yield stack
    except Exception as error:
        error.add_note("\n".join(f"{name}, started {stack.starts[name]} times: {stack.log(name)}" for name in names))
        raise
    finally:
        stack._stopping = True
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        await asyncio.to_thread(stack.close)


async def login(client: httpx.AsyncClient, base: str, username: str) -> dict[str, str]:
    """The headers of a member of the demo's staff."""
    given = {"username": username, "password": demo.password()}
    answer = await client.post(f"{base}/graphql", json={"query": LOGIN, "variables": {"input": given}})
    session = answer.json()["data"]["sessionStart"]["session"]
    return {"authorization": f"Bearer {session['accessToken']}"}
