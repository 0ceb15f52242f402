"""Who runs the embedded PostgreSQL and where its files may lie so that this account reaches them.

PostgreSQL refuses to run as root. When root starts the platform, the server drops to an unprivileged account, and
every directory above its binaries, data and socket must let that account pass. Nothing here ever loosens the access
bits of a directory that already exists: what cannot be reached is placed elsewhere instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from caseway.errors import CasewayError

#: Bytes that fit into a unix socket address on every system we run on (macOS: 103), less "/.s.PGSQL.5432.lock".
_SOCKET_DIRECTORY_BYTES = 103 - 20
#: Holds one line: the name of the cluster that was placed outside an unreachable data directory.
_POINTER = "cluster.name"


class EmbeddedDatabaseFailed(CasewayError):
    """The embedded PostgreSQL could not be started: the message names the cause and what to do."""

    code = "EMBEDDED_DATABASE_FAILED"


@dataclass(frozen=True, slots=True)
class Account:
    """An operating system account that PostgreSQL may run as."""

    name: str
    uid: int
    gid: int

    def enters(self, directory: Path) -> bool:
        """Whether the account may pass through the directory and every directory above it (mode bits only: an access
        list that grants more is not seen, which costs a copy but never a failure)."""
        return all(self._may(parent, 0o1) for parent in (directory, *directory.parents))

    def _may(self, path: Path, bit: int) -> bool:
        try:
            status = path.stat()
        except OSError:
            return False
        if self.uid == 0:
            return True
        if status.st_uid == self.uid:
            return bool(status.st_mode & (bit << 6))
        if status.st_gid == self.gid:
            return bool(status.st_mode & (bit << 3))
        return bool(status.st_mode & bit)


def server_account() -> Account | None:
    """The account to drop to, or None when the present user is an ordinary one and runs the server itself."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedDatabaseFailed(
        "PostgreSQL does not run as root and this machine has neither an account 'postgres' nor 'nobody': "
        "create one of them (useradd --system postgres), start as another user, or set DATABASE_URL."
    )


def shared_root(account: Account) -> Path:
    """A directory of root's that the account can enter, for what it could not reach where it lay: /var/lib/caseway, or
    /var/tmp/caseway-<uid> where that is not possible. Nobody but root may write in it."""
    for candidate in (Path("/var/lib/caseway"), Path(f"/var/tmp/caseway-{os.geteuid()}")):
        try:
            own_directory(candidate, mode=0o755)
        except (OSError, EmbeddedDatabaseFailed):
            continue
        if account.enters(candidate):
            return candidate
    raise EmbeddedDatabaseFailed(
        f"the account '{account.name}' can enter neither /var/lib nor /var/tmp, so the embedded PostgreSQL has no "
        "place to run from: set DATABASE_URL, or start the platform as an ordinary user."
    )


def own_directory(path: Path, *, mode: int, account: Account | None = None) -> Path:
    """Create the directory, or accept it when it is already ours: a real directory of the account (default: the present
    user) that nobody else may write in. Anything else could have been laid there by another local user."""
    uid = account.uid if account else os.geteuid()
    try:
        path.mkdir(mode=0o700, parents=False)
    except FileExistsError:
        pass
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if status.st_uid != uid and status.st_uid == os.geteuid() and account and stat.S_ISDIR(status.st_mode):
        os.chown(path, account.uid, account.gid)
        status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid:
        raise EmbeddedDatabaseFailed(f"{path} belongs to somebody else: remove it, or choose another CASEWAY_DATA_DIR.")
    if stat.S_IMODE(status.st_mode) != mode:
        path.chmod(mode)
    return path


@dataclass(frozen=True, slots=True)
class Place:
    """The directories of one embedded cluster."""

    #: Root of everything else; belongs to the user who starts the platform.
    home: Path
    #: PostgreSQL's data directory; belongs to the server account, mode 0700.
    data: Path
    #: Where the unix socket lies; belongs to the server account, mode 0700: being let in is the authentication.
    socket: Path

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.home / "server.log"


def locate(data_dir: Path, account: Account | None) -> Place:
    """Where the cluster of a platform data directory lies (the same answer at every start). Creates nothing but the
    data directory itself and, when the server account cannot enter it, the pointer to the place outside."""
    data_dir = Path(os.path.abspath(data_dir))
    if not data_dir.exists():
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o755 if account else 0o700)
    data_dir = data_dir.resolve()
    inside = data_dir / "postgres"
    pointer = data_dir / _POINTER
    if account is None or (account.enters(data_dir) and not pointer.exists()):
        home = inside
    elif inside.joinpath("data", "PG_VERSION").exists():
        raise EmbeddedDatabaseFailed(
            f"the database lies in {inside}, which the account '{account.name}' can no longer enter: give back the "
            "right to enter the directories above it, or set CASEWAY_DATA_DIR to where the database should be."
        )
    else:
        home = own_directory(shared_root(account) / "clusters", mode=0o755) / _outside_name(pointer)
    return Place(home=home, data=home / "data", socket=_socket_directory(home, account))


def _outside_name(pointer: Path) -> str:
    """The cluster's name, drawn once and kept in the data directory: whoever deletes that directory starts anew,
    instead of meeting an old database whose keys are gone."""
    if not pointer.exists():
        draft = pointer.with_name(f"{_POINTER}.{os.getpid()}")
        draft.write_text(secrets.token_hex(8) + "\n", encoding="ascii")
        with contextlib.suppress(FileExistsError):  # another process was faster: its name counts
            pointer.hardlink_to(draft)
        draft.unlink()
    name = pointer.read_text(encoding="ascii").strip()
    if not name.isalnum():
        raise EmbeddedDatabaseFailed(f"{pointer} is damaged: it should hold one word of letters and digits.")
    return name


def _socket_directory(home: Path, account: Account | None) -> Path:
    inside = home / "run"
    if len(os.fsencode(inside)) <= _SOCKET_DIRECTORY_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    uid = account.uid if account else os.geteuid()
    return Path(f"/tmp/caseway-{uid}-{digest}")
