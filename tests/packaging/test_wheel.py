"""The wheel works without the repository: installed elsewhere, it starts and answers from its own files."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.installed import REPOSITORY, ask, bare_environment, free_port, remove_database, started


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(directory), str(REPOSITORY)], check=True, capture_output=True)
    (built,) = directory.glob("caseway-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel; its dependencies are those of the environment the tests run in, without the
    editable installation that lies there (a path added by a .pth file brings no .pth files of its own)."""
    directory = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True)
    python = directory / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    (own,) = directory.glob("lib/python*/site-packages")
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return directory


@pytest.fixture
def data_dir(environment: Path, tmp_path: Path) -> Iterator[Path]:
    """A data directory; its database is removed afterwards, wherever it was placed."""
    yield tmp_path / "data"
    remove_database(environment / "bin" / "python", bare_environment(tmp_path / "data"))


def test_it_holds_what_is_read_at_run_time_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("policies/model.conf", "alembic/env.py", "schema/schema.graphql", "tenants/"):
        assert any(name.startswith(f"caseway/_bundle/{needed}") for name in names), needed
    assert not [name for name in names if name.startswith(("tests", "platform", "benchmarks")) or ".venv" in name]


def test_it_reads_its_own_files(environment: Path, tmp_path: Path) -> None:
    program = "from caseway import bundle; print(bundle.__file__); print(bundle.path('alembic', 'env.py'))"
    done = subprocess.run(
        [str(environment / "bin" / "python"), "-c", program],
        cwd=tmp_path,
        env=bare_environment(tmp_path),
        check=True,
        text=True,
        capture_output=True,
    )
    for line in done.stdout.splitlines():
        assert Path(line).is_relative_to(environment) and Path(line).is_file()


def test_it_starts_and_answers(environment: Path, data_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [str(environment / "bin" / "caseway"), "up", "--no-demo", "--port", str(port)]
    log = tmp_path / "log"
    with started(
        command, cwd=tmp_path, environment=bare_environment(data_dir), log=log, port=port, patience=60
    ) as process:
        assert ask(port, "/healthz")[0] == 200
        assert ask(port, "/graphql", {"query": "{ __typename }"}) == (200, {"data": {"__typename": "Query"}})
    assert process.returncode == 0, log.read_text()
