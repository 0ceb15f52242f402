"""Manifests of trusted documents: files that a client's build writes, from ids to the texts of its documents.

Read are objects from id to text, as codegen's client preset and relay-compiler write them, and Apollo's
``apollo-persisted-query-manifest``. An id of 64 hexadecimal digits is the SHA-256 of its text, and is checked; other
ids are taken as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from caseway.errors import CasewayError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+/=-]{0,127}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_PREFIX = "sha256:"
_APOLLO = "apollo-persisted-query-manifest"


class ManifestInvalid(CasewayError):
    """A manifest of trusted documents cannot be used: write it anew with the client's build."""

    code = "MANIFEST_INVALID"


def sha256(text: str) -> str:
    """The SHA-256 of a document's text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain(document_id: str) -> str:
    """An id as it is looked up: without the prefix ``sha256:``, hexadecimal digits in lower case."""
    bare = document_id.removeprefix(_PREFIX)
    return bare.lower() if _SHA256.fullmatch(bare) else document_id


def read(path: Path) -> dict[str, str]:
    """The texts of a manifest by their ids; of all ``*.json`` in it if the path is a folder. Raises
    ``ManifestInvalid`` that names the file and the entry."""
    if path.is_dir():
        files = sorted(path.glob("*.json"))
    elif path.is_file():
        files = [path]
    else:
        raise ManifestInvalid(f"There is no manifest of trusted documents at {path}.")
    found: dict[str, str] = {}
    for file in files:
        for document_id, text in _entries(file):
            key = plain(document_id)
            if found.setdefault(key, text) != text:
                raise ManifestInvalid(f"{file} gives the id {document_id} to another text than a manifest before it.")
    return found


def _entries(file: Path) -> Iterator[tuple[str, str]]:
    try:
        content: Any = msgspec.json.decode(file.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise ManifestInvalid(f"{file} is not JSON in UTF-8: {problem}") from None
    for document_id, text in _pairs(file, content):
        if not isinstance(document_id, str) or not _ID.fullmatch(document_id):
            raise ManifestInvalid(f"{file} has an id that is none: {str(document_id)[:80]!r}.")
        if not isinstance(text, str) or not text.strip():
            raise ManifestInvalid(f"{file} has no text for the id {document_id}.")
        key = plain(document_id)
        if _SHA256.fullmatch(key) and sha256(text) != key:
            raise ManifestInvalid(f"{file}: {document_id} is not the SHA-256 of its text, which was changed.")
        yield document_id, text


def _pairs(file: Path, content: Any) -> Iterator[tuple[Any, Any]]:
    if not isinstance(content, dict):
        raise ManifestInvalid(f"{file} is no manifest: it holds no object from ids to texts.")
    if content.get("format") != _APOLLO:
        yield from content.items()
        return
    operations = content.get("operations")
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        raise ManifestInvalid(f"{file} has no list of operations.")
    for each in operations:
        yield each.get("id"), each.get("body")
