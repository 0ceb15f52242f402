"""Manifests of trusted documents: what clients' builds write is read, and what was changed by hand is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caseway.gql.manifests import ManifestInvalid, plain, read, sha256

A, B = "query A { hello }", "query B { viewer }\n"


def written(folder: Path, content: Any, name: str = "m.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))
    return path


def test_objects_from_ids_to_texts_are_read(tmp_path: Path) -> None:
    """SHA-256 as codegen and relay-compiler can be told to use, with or without its prefix, and other ids."""
    content = {sha256(A).upper(): A, f"sha256:{sha256(B)}": B, "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d": A, "shop/B:1.0": B}
    assert read(written(tmp_path, content)) == {
        sha256(A): A, sha256(B): B, "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d": A, "shop/B:1.0": B,
    }  # fmt: skip


def test_the_manifest_of_apollo_is_read(tmp_path: Path) -> None:
    operations = [{"id": sha256(A), "name": "A", "type": "query", "body": A}]
    content = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    assert read(written(tmp_path, content)) == {sha256(A): A}


def test_all_manifests_of_a_folder_are_read(tmp_path: Path) -> None:
    written(tmp_path, {"a": A}, "web.json")
    written(tmp_path, {"b": B, "a": A}, "app.json")
    written(tmp_path, "no manifest", "README.md")
    assert read(tmp_path) == {"a": A, "b": B}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "is no manifest"),
        ({"a": 1}, "no text for the id a"),
        ({"a": " "}, "no text for the id a"),
        ({"": A}, "an id that is none"),
        ({"a b": A}, "an id that is none"),
        ({"x" * 200: A}, "an id that is none"),
        ({sha256(A): B}, "is not the SHA-256 of its text"),
        ({"format": "apollo-persisted-query-manifest"}, "no list of operations"),
        ({"format": "apollo-persisted-query-manifest", "operations": [1]}, "no list of operations"),
        ({"format": "apollo-persisted-query-manifest", "operations": [{"id": "a"}]}, "no text for the id a"),
        ({"format": "apollo-persisted-query-manifest", "operations": [{"body": A}]}, "an id that is none"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_with_its_file_and_entry(
    tmp_path: Path, content: Any, said: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ManifestInvalid, match=said) as refused:
        read(path)
    assert str(path) in refused.value.message


def test_an_id_has_one_text_over_all_manifests(tmp_path: Path) -> None:
    written(tmp_path, {"a": A}, "app.json")
    last = written(tmp_path, {"a": B}, "web.json")
    with pytest.raises(ManifestInvalid, match="gives the id a to another text") as refused:
        read(tmp_path)
    assert str(last) in refused.value.message


def test_bytes_that_are_no_text_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_bytes(b'{"a": "\xff"}')
    for path in (tmp_path / "m.json", tmp_path / "missing.json"):
        with pytest.raises(ManifestInvalid):
            read(path)


def test_ids_are_compared_without_prefix_and_case() -> None:
    assert plain("sha256:" + "AB" * 32) == plain("ab" * 32) == "ab" * 32
    assert plain("Shop:A") == "Shop:A"
