"""Where the platform's own files (policies, tenants, schema, migrations) lie: in the wheel or in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEEL = _PACKAGE / "_bundle"
#: platform/caseway/bundle.py -> the checkout's root.
_ROOT = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parents[1]


def path(*parts: str) -> Path:
    """The path of a bundled file or folder, e.g. ``path("policies", "model.conf")``."""
    return _ROOT.joinpath(*parts)


def text(*parts: str) -> str:
    """The UTF-8 text of a bundled file."""
    return path(*parts).read_text(encoding="utf-8")
