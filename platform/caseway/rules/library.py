"""The books that ship as files: reading a folder of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from caseway import bundle
from caseway.rules import yaml
from caseway.rules.check_library import library
from caseway.rules.documents import BookDocument
from caseway.rules.errors import RuleBookRefused
from caseway.rules.findings import Finding, FindingCode


def read_folder(folder: Path | None = None) -> tuple[BookDocument, ...]:
    """Every book of the ``.yaml`` files of a folder (those that ship by default) or of one file, by code.
    ``RuleBookRefused`` with everything that is wrong in any file, or between the books."""
    documents: list[BookDocument] = []
    findings: list[Finding] = []
    where = folder or bundle.path("tenants", "rulebooks")
    if not where.exists():
        message = f"there is no folder {where}"
        raise RuleBookRefused([Finding(FindingCode.WRONG_SHAPE, "", "", "", message, "name a folder of .yaml files")])
    for path in sorted(where.glob("*.yaml")) if where.is_dir() else [where]:
        try:
            documents += yaml.parse(path.read_bytes())
        except RuleBookRefused as refusal:
            findings += (replace(finding, book=finding.book or path.name) for finding in refusal.findings)
        except OSError as fault:
            message = f"{path.name} cannot be read: {fault.strerror}"
            findings.append(Finding(FindingCode.NOT_YAML, path.name, "", "", message, "make the file readable"))
    if findings or (findings := list(library([document.book for document in documents]))):
        raise RuleBookRefused(findings)
    return tuple(sorted(documents, key=lambda document: document.system))
