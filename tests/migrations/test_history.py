"""The migrations as files: numbered, in one line, safe to run while the previous release works, as the linter says."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from alembic import command
from alembic.script import Script, ScriptDirectory

from caseway.db import migrate

#: Rules of the linter that are not for us, each with the reason.
NOT_FOR_US = {
    "prefer-bigint-over-int": "numbers of offices and persons and the level columns stay small; cases have UUIDs",
    "prefer-text-field": "alembic's own table of revisions has a varchar",
    "transaction-nesting": "the statements on paper hold the BEGIN and COMMIT of each migration",
}


def scripts() -> list[Script]:
    """Every migration, oldest first."""
    directory = ScriptDirectory.from_config(migrate.configuration())
    return list(reversed(list(directory.walk_revisions())))


def on_paper(revisions: str = "base:head") -> str:
    """The statements of an upgrade, as alembic writes them out for review."""
    written = io.StringIO()
    configuration = migrate.configuration()
    configuration.output_buffer = written
    command.upgrade(configuration, revisions, sql=True)
    return written.getvalue()


def test_migrations_are_numbered_without_gaps_and_follow_each_other() -> None:
    found = scripts()
    assert [script.revision for script in found] == [f"{number:04}" for number in range(1, len(found) + 1)]
    assert found[0].down_revision is None
    assert all(after.down_revision == before.revision for before, after in pairwise(found))


def test_names_are_number_verb_noun() -> None:
    for script in scripts():
        assert re.fullmatch(rf"{script.revision}_[a-z]+(_[a-z0-9]+)+\.py", Path(script.path).name)


def test_every_migration_can_be_undone() -> None:
    for script in scripts():
        assert callable(getattr(script.module, "downgrade", None)), script.path
        assert script.module.downgrade.__doc__, script.path


def test_no_migration_reads_the_models_or_the_policy_of_today() -> None:
    """What a migration does must not change when the code does: it imports nothing of ours."""
    for script in scripts():
        assert "caseway" not in re.findall(r"^\s*(?:from|import) (\w+)", Path(script.path).read_text(), re.MULTILINE)


def test_statements_and_waiting_for_locks_are_limited() -> None:
    assert "SET lock_timeout = '5s'" in on_paper()
    assert "SET statement_timeout" in on_paper()


def test_the_linter_finds_nothing(tmp_path: Path) -> None:
    script = tmp_path / "upgrade.sql"
    script.write_text(on_paper(), encoding="utf-8")
    linter = Path(sys.executable).with_name("squawk")
    options = [f"--exclude={rule}" for rule in NOT_FOR_US]
    done = subprocess.run(
        [linter, "--pg-version=15.0", "--assume-in-transaction", "--reporter=json", *options, script],
        check=False,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout or "[]") == [], done.stdout
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("statement", ["CREATE INDEX late ON cases (stage);", "ALTER TABLE cases ADD x int NOT NULL;"])
def test_the_linter_is_awake(tmp_path: Path, statement: str) -> None:
    script = tmp_path / "bad.sql"
    script.write_text(statement, encoding="utf-8")
    linter = Path(sys.executable).with_name("squawk")
    done = subprocess.run([linter, "--pg-version=15.0", script], check=False, capture_output=True)
    assert done.returncode != 0
