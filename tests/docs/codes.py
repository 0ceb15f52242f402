"""Every error code that the platform can answer with, read from the code itself."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import caseway
from caseway.errors import CasewayError

_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
#: Calls that take a problem's code after its place.
_FIELD_CALLS = {"problem", "add", "check"}
_FILE_CALLS = {"fault", "Fault"}
PACKAGE = Path(caseway.__file__).parent


def refusals() -> dict[str, list[type[CasewayError]]]:
    """Code -> the classes that have it."""
    for module in pkgutil.walk_packages(caseway.__path__, "caseway."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    found: dict[str, list[type[CasewayError]]] = {}
    for kind in _below(CasewayError):
        if kind.__module__.startswith("caseway."):  # tests declare some of their own
            found.setdefault(kind.code, []).append(kind)
    return found


def field_codes() -> set[str]:
    """Codes of problems with one field of an input: ``(path, code, message)`` however it is written. The words of a
    ``Literal[…]`` are none."""
    found = set()
    words: set[ast.AST] = set()
    for node in _nodes():
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "Literal":
            words.add(node.slice)
        if node in words:
            continue
        if isinstance(node, ast.Tuple) and len(node.elts) == 3 and isinstance(node.ctx, ast.Load):
            found |= _codes([node.elts[1]])
        elif isinstance(node, ast.Call) and _called(node) in _FIELD_CALLS:
            found |= _codes(node.args[1:3])
    return found


def file_codes() -> set[str]:
    """Codes of faults in declared files."""
    found = set()
    for node in _nodes():
        if isinstance(node, ast.Call) and _called(node) in _FILE_CALLS:
            found |= _codes(node.args[:3])
        elif isinstance(node, ast.Assign):
            found |= _assigned(node)
    return found


def edge_codes() -> set[str]:
    """Codes of top-level errors that are no class: ``extensions={"code": …}``, or a constant named ``…_CODE``."""
    found = set()
    for node in _nodes():
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code":
                    found |= _codes([value])
        elif isinstance(node, ast.Assign) and any(getattr(each, "id", "").endswith("_CODE") for each in node.targets):
            found |= _codes([node.value])
    return found


def _below(kind: type[CasewayError]) -> Iterator[type[CasewayError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _below(child)


def _nodes() -> Iterator[ast.AST]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _codes(nodes: list[ast.expr]) -> set[str]:
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text for text in texts if len(text) > 3 and _CODE.fullmatch(text)}


def _assigned(node: ast.Assign) -> set[str]:
    """``code = "…"`` and ``code, inner = "…", …``."""
    found: set[str] = set()
    for target in node.targets:
        if isinstance(target, ast.Name) and target.id == "code" and not isinstance(node.value, ast.Tuple):
            found |= _codes([node.value])
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=True)
            found |= {code for name, value in pairs if getattr(name, "id", "") == "code" for code in _codes([value])}
    return found
