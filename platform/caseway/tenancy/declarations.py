"""Reading declared YAML files so that every fault names its file and line, and nothing in them can do harm.

Scalars stay the text that stands in the file, so that a code is never read as a number nor ``NO`` as false; the typed
structure decides what a value means. Aliases, tags, deep nesting and large files are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec
import yaml

from caseway.errors import CasewayError

LARGEST_FILE = 5 * 1024 * 1024
_DEEPEST = 12
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHERE = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<index>\d+)\]")

T = TypeVar("T")
#: Where a value stands: keys and indices from the top of the file.
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong, where it stands, and its stable code."""

    file: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code}: {self.message}"


class DeclarationRefused(CasewayError):
    """The declared configuration has faults, and nothing of it was applied: see each file and line."""

    code = "DECLARATION_REFUSED"

    def __init__(self, faults: Iterable[Fault]) -> None:
        #: Every fault found, by file and line.
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults), count=len(self.faults))


@dataclass(slots=True)
class Document:
    """The content of one file and the line on which each of its values begins."""

    file: str
    value: Any
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """The line of a value, or of the nearest value around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def fault(self, place: Place, code: str, message: str) -> Fault:
        """A fault at a value of this file."""
        return Fault(self.file, self.line(place), code, message)


def read(path: Path, *, name: str | None = None) -> Document:
    """The content of one YAML file. ``DeclarationRefused`` when it is too large, not UTF-8, not YAML, or uses aliases
    or tags."""
    file = name or path.name
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST_FILE else b""
    except OSError as fault:
        raise DeclarationRefused([Fault(file, 1, "UNREADABLE", str(fault.strerror))]) from None
    if size > LARGEST_FILE:
        raise DeclarationRefused([Fault(file, 1, "TOO_LARGE", f"a declared file has at most {LARGEST_FILE} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        raise DeclarationRefused([Fault(file, line, "NOT_UTF8", "this file is not UTF-8")]) from None
    return parse(text, file)


def parse(text: str, file: str) -> Document:
    """The content of a YAML text; see ``read``."""
    document = Document(file, None)
    try:
        _Builder(document).feed(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = mark.line + 1 if mark else 1
        raise DeclarationRefused([Fault(file, line, "NOT_YAML", fault.problem or "not a YAML text")]) from None
    except yaml.YAMLError as fault:
        raise DeclarationRefused([Fault(file, 1, "NOT_YAML", str(fault))]) from None
    return document


class _Builder:
    """Builds plain values from parser events, with a stack instead of recursion."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[tuple[Any, Place]] = []
        self.key: list[str | None] = []
        self.documents = 0

    def feed(self, events: Iterator[Any]) -> None:
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            match event:
                case yaml.DocumentStartEvent():
                    self.documents += 1
                    if self.documents > 1:
                        self._refuse(line, "SECOND_DOCUMENT", "one file holds one document")
                case yaml.AliasEvent():
                    self._refuse(line, "ALIAS", "aliases (*name) are not used in declared files")
                case yaml.ScalarEvent():
                    self._tag(event, line)
                    self._scalar(event, line)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._tag(event, line)
                    place = self._place({} if isinstance(event, yaml.MappingStartEvent) else [], line)
                    if len(place) > _DEEPEST:
                        self._refuse(line, "TOO_DEEP", "this is nested too deeply")
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self.stack.pop()
                    self.key.pop()

    def _scalar(self, event: Any, line: int) -> None:
        if self.stack and isinstance(self.stack[-1][0], dict) and self.key[-1] is None:
            mapping, place = self.stack[-1]
            if event.value in mapping:
                self._refuse(line, "DUPLICATE_KEY", f"the key {event.value!r} is given twice")
            self.key[-1] = event.value
            self.document.lines[(*place, event.value)] = line
            return
        empty = event.style is None and event.value in {"", "~", "null"}
        self._place(None if empty else event.value, line)

    def _place(self, value: Any, line: int) -> Place:
        if not self.stack:
            place: Place = ()
            self.document.value = value
        else:
            container, above = self.stack[-1]
            if isinstance(container, list):
                place = (*above, len(container))
                container.append(value)
            else:
                key = self.key[-1]
                if key is None:
                    self._refuse(line, "KEY", "a key is a plain text")
                place = (*above, key)
                container[key] = value
                self.key[-1] = None
        self.document.lines.setdefault(place, line)
        if isinstance(value, dict | list):
            self.stack.append((value, place))
            self.key.append(None)
        return place

    def _tag(self, event: Any, line: int) -> None:
        if event.tag is not None:
            self._refuse(line, "TAG", f"tags ({event.tag}) are not used in declared files")

    def _refuse(self, line: int, code: str, message: str) -> NoReturn:
        raise DeclarationRefused([Fault(self.document.file, line, code, message)])


def items(document: Document, keys: Iterable[str], settings: Iterable[str] = ()) -> Iterator[tuple[str, int, Any]]:
    """Every entry of the lists that stand under ``keys`` at the top of a file, with its index. ``settings`` are keys
    that hold one text each (see ``setting``). Other keys, and other shapes, are refused."""
    lists, texts = tuple(keys), tuple(settings)
    known = (*lists, *texts)
    if document.value is None:
        return
    if not isinstance(document.value, dict):
        raise DeclarationRefused([document.fault((), "SHAPE", f"a file holds the keys {', '.join(known)}")])
    faults = [
        document.fault((key,), "UNKNOWN_KEY", f"{key!r} is none of {', '.join(known)}")
        for key in document.value
        if key not in known
    ]
    faults += [
        document.fault((key,), "SHAPE", f"{key!r} holds a list")
        for key, value in document.value.items()
        if key in lists and not isinstance(value, list | None)
    ]
    faults += [
        document.fault((key,), "SHAPE", f"{key!r} holds one text")
        for key, value in document.value.items()
        if key in texts and not isinstance(value, str)
    ]
    if faults:
        raise DeclarationRefused(faults)
    for key in lists:
        for index, value in enumerate(document.value.get(key) or []):
            yield key, index, value


def setting(document: Document, key: str) -> str | None:
    """The text under a key at the top of a file; None when it is not given."""
    value = document.value.get(key) if isinstance(document.value, dict) else None
    return value if isinstance(value, str) else None


def typed(document: Document, place: Place, value: Any, type_: type[T], faults: list[Fault]) -> T | None:
    """A value as its typed structure; what is wrong with it goes into ``faults`` with its line."""
    try:
        return msgspec.convert(value, type_, strict=False)
    except msgspec.ValidationError as error:
        message = str(error)
        inner: Place = ()
        if found := _WHERE.search(message):
            message = message[: found.start()]
            inner = tuple(
                int(step["index"]) if step["index"] is not None else step["key"]
                for step in _STEP.finditer(found["path"])
            )
        code = "INVALID"
        if (unknown := re.search(r"contains unknown field `(?P<key>[^`]+)`", message)) is not None:
            code, inner = "UNKNOWN_KEY", (*inner, unknown["key"])
        elif "missing required field" in message:
            code = "MISSING_KEY"
        elif message.startswith("Invalid enum value"):
            code = "UNKNOWN_VALUE"
        faults.append(document.fault((*place, *inner), code, message))
        return None
