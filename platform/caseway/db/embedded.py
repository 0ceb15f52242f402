"""The platform's own PostgreSQL: made, started, found again after a crash and stopped, over a unix socket only."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql

from caseway.db.address import Address
from caseway.db.embedded_binaries import Binaries, find
from caseway.db.embedded_places import EmbeddedDatabaseFailed, Place, locate, own_directory, server_account
from caseway.db.embedded_process import ServerState, is_postmaster, postmaster_pid, recorded_pid, survivors

__all__ = ["EmbeddedDatabaseFailed", "EmbeddedPostgres", "ServerState"]

#: The superuser of an embedded cluster, and its one database.
SUPERUSER = "postgres"
DATABASE = "caseway"
#: Names the socket file only: the server listens on no network address.
PORT = 5432

_DURABLE = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "2GB",
    "fsync": "on",
}
_THROWAWAY = {
    "max_connections": "100",
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "dynamic_shared_memory_type": "mmap",  # leaves nothing outside the directory when it is killed
}
_ALWAYS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
#: A log of an earlier run beyond this size is set aside at the next start.
_LOG_BYTES = 16 * 1024 * 1024


def _quiet(_: str) -> None:
    return None


class EmbeddedPostgres:
    """One PostgreSQL cluster below ``data_dir``.

    ``durable=False`` makes a throw-away cluster for tests that gives up safety for speed. ``progress`` is told, in one
    short sentence each, what is being waited for. Any number of processes may use the same cluster: each calls
    ``start()`` and, at its end, ``stop()``; the last one out stops the server.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        progress: Callable[[str], None] = _quiet,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.durable = durable
        self.account = server_account()
        self.place: Place = locate(data_dir, self.account)
        self._progress = progress
        self._settings = dict(settings or {})
        self._in_use: int | None = None
        self._found: Binaries | None = None

    @property
    def address(self) -> Address:
        """How to connect (the same before and after the start)."""
        return Address.of_socket(self.place.socket, port=PORT, user=SUPERUSER, database=DATABASE)

    @property
    def url(self) -> str:
        """``address`` as the ``postgresql://`` URL that psql and every driver understand."""
        return self.address.url

    @property
    def binaries(self) -> Binaries:
        """The programs in use: of the version that made the cluster, if there is one."""
        if self._found is None:
            self._found = find(self.account, major=self._cluster_major())
        return self._found

    def state(self) -> ServerState:
        """What the server is doing at this moment."""
        if self._cluster_major() is None:
            return ServerState.ABSENT
        answer = self.binaries.run("pg_isready", "-q", "-t", "5", "-h", self.place.socket, "-p", PORT).returncode
        if answer in (0, 1):
            return ServerState.UP if answer == 0 else ServerState.BUSY
        pid = postmaster_pid(self.place.data)
        if pid is not None and is_postmaster(pid, self.place.data):
            return ServerState.BUSY
        return ServerState.DYING if survivors(self.place.data, self.account) else ServerState.DOWN

    def start(self, timeout: float = 600.0) -> None:
        """Make the cluster if there is none, start its server if it does not run, and wait until it takes connections:
        after a crash until it has recovered, for at most ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        try:
            with self._lock():
                if self._cluster_major() is None:
                    self._initialise()
                self._bring_up(deadline)
                self._ensure_database()
                self._enter()
        except OSError as error:
            raise EmbeddedDatabaseFailed(
                f"the embedded PostgreSQL could not be prepared in {self.place.home}: {error}. Check who owns that "
                "directory, or set CASEWAY_DATA_DIR to another one."
            ) from error

    def stop(self, *, force: bool = False, timeout: float = 120.0) -> bool:
        """Leave the cluster; stop the server when nobody else uses it, or in any case with ``force``. Transactions that
        run are rolled back. Returns whether the server is down now."""
        if self._cluster_major() is None:
            return True
        with self._lock():
            alone = self._leave()
            if not (alone or force):
                return False
            if self.state() in (ServerState.UP, ServerState.BUSY):
                for mode in ("fast", "immediate"):
                    done = self.binaries.run(
                        "pg_ctl", "-D", self.place.data, "-m", mode, "-w", "-t", int(timeout), "stop"
                    )
                    if done.returncode == 0:
                        break
            return self.state() not in (ServerState.UP, ServerState.BUSY)

    def alive(self) -> bool:
        """Whether the server's process lives: cheap enough to ask every second, and says less than ``state()``."""
        pid = postmaster_pid(self.place.data)
        return pid is not None and is_postmaster(pid, self.place.data)

    def revive(self, timeout: float = 600.0) -> None:
        """Start the server again after its process was killed, without counting this object as one more user."""
        with self._lock():
            self._bring_up(time.monotonic() + timeout)

    def destroy(self) -> None:
        """Stop the server and delete the cluster with everything in it; refused while another process uses it."""
        if not self.stop():
            raise EmbeddedDatabaseFailed(
                f"another process uses the database in {self.place.home}, nothing was deleted: stop `caseway up` first."
            )
        shutil.rmtree(self.place.socket, ignore_errors=True)
        shutil.rmtree(self.place.home, ignore_errors=True)

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- making -----------------------------------------------------------------------------------------------------

    def _cluster_major(self) -> int | None:
        try:
            return int((self.place.data / "PG_VERSION").read_text(encoding="ascii").strip())
        except FileNotFoundError:
            return None

    def _initialise(self) -> None:
        """Make the cluster beside its place and rename it when complete: an interruption leaves no half cluster."""
        self._progress("creating the database cluster (once, a few seconds)")
        draft = self.place.data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        own_directory(draft, mode=0o700, account=self.account)
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        # Byte order on every system; letters beyond ASCII count as letters, which trigram search needs.
        choices = [[*builtin, "--lc-ctype=C.UTF-8"], builtin] if self.binaries.major >= 17 else [["--locale=C.UTF-8"]]
        arguments = ["-D", str(draft), "-U", SUPERUSER, "-E", "UTF8", "--auth-local=trust", "--auth-host=reject"]
        if not self.durable:
            arguments.append("--no-sync")
        for locale in choices:
            done = self.binaries.run("initdb", *arguments, *locale)
            if done.returncode == 0:
                break
        else:
            raise EmbeddedDatabaseFailed(
                f"initdb ({self.binaries.directory}) could not create the cluster in {self.place.home}: "
                f"{done.stdout.strip()[-800:]}"
            )
        handle = os.open(draft / "postgresql.conf", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write("\ninclude_if_exists = '../caseway.conf'  # written anew at every start\n")
        draft.rename(self.place.data)

    def _write_settings(self) -> None:
        values = _ALWAYS | (_DURABLE if self.durable else _THROWAWAY) | self._settings
        socket = str(self.place.socket).replace('"', '""').replace("'", "''")
        lines = [f"{name} = {value}" for name, value in values.items()]
        lines.append(f"unix_socket_directories = '\"{socket}\"'")
        target = self.place.home / "caseway.conf"
        draft = target.with_suffix(".new")
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        draft.chmod(0o644)
        draft.replace(target)

    # -- starting ---------------------------------------------------------------------------------------------------

    def _bring_up(self, deadline: float) -> None:
        state = self._settle(deadline)
        if state is ServerState.UP:
            return
        own_directory(self.place.socket, mode=0o700, account=self.account)
        self._write_settings()
        self._forget_dead_server()
        self._open_log()
        self._progress("starting the database")
        with subprocess.Popen(
            self.binaries.arguments(
                *("pg_ctl", "-D", self.place.data, "-w", "-t", max(1, int(deadline - time.monotonic()))),
                *("-l", self.place.log, "start"),
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self.binaries.options(),
        ) as starter:
            while True:
                try:
                    starter.wait(timeout=10)
                    break
                except subprocess.TimeoutExpired:
                    self._progress("still starting the database: it recovers after an unclean stop")
        if self.state() is not ServerState.UP:
            raise EmbeddedDatabaseFailed(
                f"the embedded PostgreSQL did not start; the end of {self.place.log} says: {self._log_end()}"
            )

    def _settle(self, deadline: float) -> ServerState:
        """Wait until the server is either up or gone: an earlier start may still recover, a killed server may not have
        left its memory yet."""
        told = False
        while (state := self.state()) in (ServerState.BUSY, ServerState.DYING):
            if time.monotonic() > deadline:
                raise EmbeddedDatabaseFailed(
                    f"the server of {self.place.data} (process {postmaster_pid(self.place.data)}) neither answers nor "
                    "ends; look at its log, or stop it with `caseway db stop`."
                )
            if not told:
                self._progress("waiting for the database, which is starting or ending")
                told = True
            time.sleep(0.1)
        return state

    def _forget_dead_server(self) -> None:
        """Remove the notes of a process number that is a zombie's or another program's by now: PostgreSQL itself would
        take it for a living server. That nothing of the old one lives was seen just before."""
        lock = f".s.PGSQL.{PORT}.lock"
        for note in (self.place.data / "postmaster.pid", self.place.socket / lock):
            pid = recorded_pid(note)
            if pid is not None and Path(f"/proc/{pid}").exists():
                note.unlink(missing_ok=True)

    def _open_log(self) -> None:
        if self.place.log.exists() and self.place.log.stat().st_size > _LOG_BYTES:
            self.place.log.replace(self.place.log.with_suffix(".log.1"))
        handle = os.open(self.place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        try:
            if self.account:
                os.fchown(handle, self.account.uid, self.account.gid)
        finally:
            os.close(handle)

    def _log_end(self) -> str:
        try:
            return " | ".join(self.place.log.read_text(errors="replace").splitlines()[-6:]) or "nothing"
        except OSError as error:
            return str(error)

    def _ensure_database(self) -> None:
        with psycopg.connect(self.address.with_database("postgres").dsn, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    # -- several processes ------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time makes, starts or stops the cluster."""
        home_mode = 0o755 if self.account else 0o700
        own_directory(self.place.home, mode=home_mode)
        handle = _open_private(self.place.home / "lock")
        try:
            self._wait_for(handle)
            yield
        finally:
            os.close(handle)

    def _wait_for(self, handle: int) -> None:
        for _ in range(20):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(0.05)
        self._progress("waiting for another process that starts or stops the database")
        fcntl.flock(handle, fcntl.LOCK_EX)

    def _enter(self) -> None:
        """Count this process among the users of the cluster until it leaves or dies."""
        if self._in_use is None:
            self._in_use = _open_private(self.place.home / "in-use")
            fcntl.flock(self._in_use, fcntl.LOCK_SH)

    def _leave(self) -> bool:
        """Stop being counted; returns whether nobody else is."""
        if self._in_use is not None:
            os.close(self._in_use)
            self._in_use = None
        handle = _open_private(self.place.home / "in-use")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(handle)
        return True


def _open_private(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR)
