"""The committed SDL is the schema of the code, and the command that compares them says how they differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema, validate_schema
from typer.testing import CliRunner

from caseway import bundle
from caseway.cli import build
from caseway.cli import schema as commands

GOLDEN = bundle.path("schema", "schema.graphql")


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


def test_the_committed_schema_is_the_schema_of_the_code() -> None:
    assert GOLDEN.read_text(encoding="utf-8") == commands.sdl(), "run `caseway schema export` and read the diff"


def test_the_schema_is_valid_sorted_and_ends_with_a_newline() -> None:
    text = GOLDEN.read_text(encoding="utf-8")
    schema = build_schema(text)
    assert validate_schema(schema) == []
    names = [name for name in schema.type_map if not name.startswith("__")]
    written = [name for name in names if schema.type_map[name].ast_node is not None]
    assert written == sorted(written)
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")


def test_export_writes_the_schema_to_standard_output(run: CliRunner) -> None:
    done = run.invoke(build(), ["schema", "export", "-"])
    assert done.exit_code == 0
    assert done.stdout == commands.sdl()


def test_export_writes_a_file_that_check_accepts(run: CliRunner, tmp_path: Path) -> None:
    target = tmp_path / "new" / "schema.graphql"
    assert run.invoke(build(), ["schema", "export", str(target)]).exit_code == 0
    assert run.invoke(build(), ["schema", "check", str(target)]).exit_code == 0


def test_check_shows_the_difference_and_fails(run: CliRunner, tmp_path: Path) -> None:
    target = tmp_path / "schema.graphql"
    target.write_text(commands.sdl().replace("  dueOn: Date\n", "  dueDay: Date\n"), encoding="utf-8")
    done = run.invoke(build(), ["schema", "check", str(target)])
    assert done.exit_code == 1
    assert "-  dueDay: Date" in done.output
    assert "+  dueOn: Date" in done.output
    assert "caseway schema export" in done.output


def test_check_fails_without_a_committed_file(run: CliRunner, tmp_path: Path) -> None:
    assert run.invoke(build(), ["schema", "check", str(tmp_path / "nothing.graphql")]).exit_code == 1
