"""Guards of the product, found in its source and taken out one at a time.

A *site* is one call of ``CaseView.may``, ``Policy.allows`` or ``Policy.visibility``: taken out, the question is always
answered with yes when it is asked from there. Sites are found by reading the source, so that a new one is a new guard
without anybody adding it to a list. ``replaced`` takes out everything else: it puts another function in the place of
one, in every module that has imported it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import caseway
from caseway.access.permissions import Visibility
from caseway.access.policy import Policy
from caseway.cases.visibility import CaseView

ROOT = Path(caseway.__file__).parent
_ASKED = {"may": CaseView, "allows": Policy, "visibility": Policy}
_YES = {"may": True, "allows": True, "visibility": Visibility.FULL}


@dataclass(frozen=True)
class Site:
    """One place in the source where a guard is asked."""

    module: str
    function: str
    asked: str
    #: Which of the questions with the same name in this function, from the top.
    number: int
    line: int
    end: int

    def __str__(self) -> str:
        return f"{self.module}:{self.function}:{self.asked}:{self.number}"


def sites() -> list[Site]:
    """All of them; the policy's own inner workings apart."""
    return [site for path in sorted(ROOT.rglob("*.py")) if path.name != "policy.py" for site in _in(path)]


def _in(path: Path) -> Iterator[Site]:
    tree = ast.parse(path.read_text())
    counted: dict[tuple[str, str], int] = {}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        nested = {inner for node in ast.walk(function) if node is not function
                  and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for inner in ast.walk(node)}  # fmt: skip
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and node not in nested]
        for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
            if isinstance(call.func, ast.Attribute) and call.func.attr in _ASKED and call.args:
                if call.func.attr == "visibility" and ast.unparse(call.func.value).split(".")[-1] != "policy":
                    continue
                module = str(path.relative_to(ROOT)).removesuffix(".py").replace("/", ".")
                key = (f"{module}.{function.name}", call.func.attr)
                counted[key] = counted.get(key, 0) + 1
                yield Site(module, function.name, call.func.attr, counted[key], call.lineno, call.end_lineno or 0)


def taken_out(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """From this place the answer is yes, from all others it is what it is."""
    owner = _ASKED[site.asked]
    original = getattr(owner, site.asked)
    path = str(ROOT / (site.module.replace(".", "/") + ".py"))

    def asked(self: Any, *args: Any, **named: Any) -> Any:
        caller: FrameType = sys._getframe(1)
        while (
            caller.f_code.co_name in ("<genexpr>", "<listcomp>")
            and caller.f_back is not None
            and (caller.f_code.co_filename != path)
        ):
            caller = caller.f_back
        if caller.f_code.co_filename == path and site.line <= caller.f_lineno <= site.end:
            return _YES[site.asked]
        return original(self, *args, **named)

    monkeypatch.setattr(owner, site.asked, asked)


def replaced(monkeypatch: pytest.MonkeyPatch, original: Any, substitute: Any) -> None:
    """Put something else in the place of a function, wherever it was imported."""
    found = 0
    for name, module in list(sys.modules.items()):
        if name.startswith("caseway."):
            for key, value in list(vars(module).items()):
                if value is original:
                    monkeypatch.setattr(module, key, substitute)
                    found += 1
    assert found, f"nobody uses {original}"
