"""Who may import whom: the contracts in pyproject.toml hold, and they would notice if they did not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .source import ROOT, modules

LINTER = Path(sys.executable).with_name("lint-imports")


def test_the_import_contracts_are_kept(tmp_path: Path) -> None:
    done = subprocess.run(
        [LINTER, "--cache-dir", tmp_path], cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, done.stdout.decode()
    assert b"0 broken" in done.stdout


#: Slice modules below which the layers inside a slice are ordered: api > the rest > models > errors.
@pytest.mark.parametrize("lower", ["models", "errors", "workflow", "repository", "loaders"])
def test_inside_a_slice_lower_modules_know_no_api_and_no_service(lower: str) -> None:
    for module in modules("platform/caseway"):
        if module.name.rpartition(".")[2] != lower or module.name.count(".") != 1 or module.name.startswith("gql."):
            continue
        own = f"caseway.{module.name.partition('.')[0]}"
        for source, name, line in module.imported:
            full = f"{source}.{name}" if name else source
            inside = full.startswith(f"{own}.")
            assert not (inside and full.split(".")[2] in ("api", "service", "jobs")), f"{module.path}:{line}: {full}"
            if lower in ("models", "errors", "workflow"):
                assert not (inside and full.split(".")[2] in ("repository", "loaders")), f"{module.path}:{line}: {full}"


def test_errors_and_pure_rules_know_no_database() -> None:
    for module in modules("platform/caseway"):
        if module.name.rpartition(".")[2] in ("errors", "workflow") and not module.name.startswith("gql."):
            for source, _, line in module.imported:
                assert not source.startswith(("sqlalchemy", "psycopg", "asyncpg")), f"{module.path}:{line}: {source}"
