"""The guides tell the truth: every setting and every command they name exists, and every setting is named."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from graphql import build_schema
from pydantic import SecretStr

from caseway import bundle, cli
from caseway.settings import Settings

DOCS = bundle.path("docs")
GUIDES = [*sorted(DOCS.rglob("*.md")), bundle.path("platform", "README.md"), bundle.path("policies", "README.md")]


def _operations() -> str:
    return (DOCS / "guides" / "operations.md").read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CASEWAY_") or name == "DATABASE_URL"]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    rows = dict(re.findall(r"^\| `CASEWAY_(\w+)` \| (\S+) \| \S", _operations(), re.MULTILINE))
    assert sorted(rows) == sorted(name.upper() for name in Settings.model_fields)
    for name, value in Settings():
        shown = rows[name.upper()]
        if isinstance(value, SecretStr):
            assert (shown, value.get_secret_value()) == ("empty", "")
        elif value == "":
            assert shown == "empty", name
        elif isinstance(value, bool):
            assert shown == f"`{str(value).lower()}`"
        elif isinstance(value, Path):
            assert Path(shown.strip("`")).name == value.name
        else:
            assert shown == f"`{value}`", name


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_no_guide_names_a_setting_that_does_not_exist(guide: Path) -> None:
    known = {f"CASEWAY_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\bCASEWAY_[A-Z_]+\b", guide.read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_command_that_a_guide_names_exists(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    lines = re.findall(r"`(caseway [^`]+)`", text) + re.findall(r"^ {4}(caseway .+)$", text, re.MULTILINE)
    calls = [call for line in lines for call in re.split(r"\s{3,}| && ", line) if call.startswith("caseway ")]
    for call in calls:
        words = re.sub(r"<[^>]*>|\|\S*", "", call).split()[1:]
        _follow(words, call)


def _follow(words: list[str], call: str) -> None:
    """Walk from command to command, then look the options up."""
    present: Any = typer.main.get_command(cli.build())
    while words and hasattr(present, "commands") and not words[0].startswith("-"):
        assert words[0] in present.commands, call
        present = present.commands[words.pop(0)]
    options = {option for parameter in present.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= options, call


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_link_leads_somewhere(guide: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", guide.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (guide.parent / path) if path else guide
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}, target


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_mutation_that_a_guide_names_exists(guide: Path) -> None:
    graph = build_schema(bundle.text("schema", "schema.graphql"))
    assert graph.query_type and graph.mutation_type
    known = {*graph.query_type.fields, *graph.mutation_type.fields}
    named = re.findall(r"`((?:office|access|case|session|staff)[A-Z]\w+)`", guide.read_text(encoding="utf-8"))
    assert set(named) <= known
