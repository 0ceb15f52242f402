"""Committed files name no package registry and no path of one machine, and every dependency is pinned."""

from __future__ import annotations

import re

import pytest

from .source import ROOT, texts

#: Hosts that hand out packages or images, put together so that this file does not name them. What installs and builds
#: is told where to fetch by its own configuration, so that a mirror or a closed network works without a change here.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pypi", "python", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "com"),
        ("npmjs", "org"),
        ("npmmirror", "com"),
        ("yarnpkg", "com"),
        ("unpkg", "com"),
        ("jsdelivr", "net"),
        ("cdnjs", "com"),
        ("cloudflare", "com"),
        ("debian", "org"),
        ("ubuntu", "com"),
        ("alpinelinux", "org"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("anaconda", "org"),
        ("docker", "io"),
        ("docker", "com"),
        ("ghcr", "io"),
        ("gcr", "io"),
        ("quay", "io"),
        ("tuna", "tsinghua"),
        ("mirrors", "aliyun"),
    )
)
#: Where one builder's machine keeps things; a checkout may lie anywhere.
_MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|tmp/notes|home/\w+)/|/Users/\w+/")


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile("|".join(re.escape(host) for host in REGISTRIES), re.IGNORECASE)
    found = [f"{path}: {match[0]}" for path, text in texts() for match in [hosts.search(text)] if match]
    assert found == []


def test_no_file_names_a_path_of_one_machine() -> None:
    found = []
    for path, text in texts():
        if not path.startswith("platform/caseway/gql/static/") and path != "tests/style/test_files.py":
            found += [f"{path}: {match[0]}" for match in [_MACHINE_PATHS.search(text)] if match]
    assert found == []


@pytest.fixture(scope="module")
def requirements() -> list[str]:
    """The requirements of the lock, one logical line each."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [line for line in lines.replace("\\\n", " ").splitlines() if line.strip()]


def test_every_dependency_is_pinned_with_hashes(requirements: list[str]) -> None:
    assert len(requirements) > 50
    for line in requirements:
        assert re.match(r"[a-z0-9][a-z0-9.\-\[\],]*==[^\s;]+", line), f"not pinned: {line[:80]}"
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), f"no hash: {line[:80]}"


def test_the_lock_says_nothing_about_where_to_fetch(requirements: list[str]) -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b", text, re.MULTILINE)
    assert "://" not in text
    assert not [line for line in requirements if " @ " in line]


def test_every_declared_dependency_is_in_the_lock(requirements: list[str]) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = {re.split(r"[=\[]", line)[0] for line in requirements}
    for line in declared:
        match = re.match(r"[A-Za-z0-9._-]+", line)
        assert match, line
        assert re.sub(r"[._]+", "-", match[0]).lower() in locked, line
