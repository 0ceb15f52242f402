"""``make up`` on a machine that has only Python and make, with an almost empty environment, answers the first query."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.installed import ask, bare_environment, copy_tracked_files, free_port, remove_database, started

pytestmark = pytest.mark.fresh

#: The first start makes an environment and installs every dependency.
PATIENCE = 600.0


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A fresh checkout in a directory everybody may enter (pytest's own is closed to others)."""
    place = Path(tempfile.mkdtemp(prefix="caseway-fresh-"))
    place.chmod(0o755)
    copy_tracked_files(place / "caseway")
    yield place / "caseway"
    shutil.rmtree(place)


@pytest.fixture
def data_dir(checkout: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A data directory beside the checkout; its database is removed afterwards, wherever it was placed."""
    directory = checkout.parent / request.node.name
    yield directory
    python = checkout / ".venv" / "bin" / "python"
    if python.exists():
        remove_database(python, bare_environment(directory))


def make_up(checkout: Path, data_dir: Path, log: Path) -> str:
    """Run ``make up`` until it has answered a query; returns what it said."""
    port = free_port()
    command = ["make", "up", f"ARGS=--port {port}"]
    with started(
        command, cwd=checkout, environment=bare_environment(data_dir), log=log, port=port, patience=PATIENCE
    ) as process:
        assert ask(port, "/graphql", {"query": "{ __typename }"}) == (200, {"data": {"__typename": "Query"}})
        # It answers a moment before it says so.
        for _ in range(300):
            if "Demo accounts" in log.read_text(encoding="utf-8"):
                break
            time.sleep(0.1)
    assert process.returncode is not None
    return log.read_text(encoding="utf-8")


def test_make_up_answers_the_first_query_and_installs_only_once(checkout: Path, data_dir: Path, tmp_path: Path) -> None:
    first = make_up(checkout, data_dir, tmp_path / "first.log")
    assert "creating the database cluster" in first and "Demo accounts" in first
    second = make_up(checkout, data_dir, tmp_path / "second.log")
    assert "Installing" not in second and "creating the database cluster" not in second
    assert "Demo accounts" in second


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_root_runs_it_in_a_directory_only_root_may_enter(checkout: Path, data_dir: Path, tmp_path: Path) -> None:
    place = checkout.parent
    place.chmod(0o700)
    try:
        assert "Demo accounts" in make_up(checkout, data_dir, tmp_path / "log")
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert not (data_dir / "postgres").exists()
    finally:
        place.chmod(0o755)
