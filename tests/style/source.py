"""The project's own files, as the style tests look at them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Where our Python lies.
SOURCES = ("platform", "tests", "benchmarks", "alembic")
#: What is made here and belongs to nobody's commit.
_MADE_HERE = {"__pycache__", "dist", "build", "var", "node_modules"}


@dataclass(frozen=True)
class Module:
    """One Python file."""

    #: Relative to the checkout, such as ``platform/caseway/app.py``.
    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return _parse(self.text)

    @property
    def name(self) -> str:
        """Its name below the package, such as ``cases.api.types``; only for modules of the platform."""
        return self.path.removeprefix("platform/caseway/").removesuffix(".py").replace("/", ".")

    @property
    def imported(self) -> Iterator[tuple[str, str, int]]:
        """(module, name, line) of everything it imports; the name is empty for ``import x``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, "", node.lineno
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                for alias in node.names:
                    yield node.module or "", alias.name, node.lineno


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every Python file below the folders (all of ours by default)."""
    found = []
    for folder in folders or SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found.append(Module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))
    return tuple(found)


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """(path, text) of every file that could be committed and is text."""
    found = []
    for path in sorted(_files(ROOT)):
        try:
            found.append((path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return tuple(found)


def _files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        # Hidden folders are tools' caches and git's own; what is ours in them is in .ci.
        hidden = entry.name.startswith(".") and entry.name not in (".ci", ".dockerignore", ".gitignore")
        if hidden or entry.name in _MADE_HERE or entry.name.endswith(".egg-info"):
            continue
        if entry.is_dir():
            yield from _files(entry)
        elif entry.is_file():
            yield entry
