"""YAML texts of rule books into plain values with line numbers, so that nothing in them can do harm.

Scalars follow the core schema of YAML 1.2: only ``true``, ``false``, ``null`` and plain numbers are not text, so that
``NO``, ``OFF`` and ``2016-01-01`` stay what is written. Aliases, tags, duplicate keys and deep nesting are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from caseway.rules.errors import RuleBookRefused
from caseway.rules.findings import Finding, FindingCode

#: A rule book has at most so many bytes.
LARGEST_BOOK = 1024 * 1024
#: Nesting of the deepest value that a book needs is 6.
DEEPEST = 12
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"-?(0|[1-9][0-9]{0,39})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}([eE][-+][0-9]{1,3})?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}

#: Where a value stands: keys and indices from the top of a document.
Place = tuple[str | int, ...]


@dataclass(slots=True)
class Parsed:
    """One YAML document: its plain value, and the line on which each value begins."""

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """The line of a value, or of the nearest value around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read(data: bytes | str) -> tuple[Parsed, ...]:
    """Every document of a text. ``RuleBookRefused`` when it is too large, not UTF-8 or not plain YAML."""
    size = len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))
    if size > LARGEST_BOOK:
        refuse(FindingCode.BOOK_TOO_LARGE, 0, f"the book has {size:,} bytes", f"keep it within {LARGEST_BOOK:,} bytes")
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as fault:
            line = data[: fault.start].count(b"\n") + 1
            refuse(FindingCode.BOOK_NOT_UTF8, line, f"line {line} is not UTF-8", "save the file as UTF-8")
    else:
        text = data
    try:
        return tuple(_documents(yaml.parse(text, Loader=_LOADER)))
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = mark.line + 1 if mark else 1
        refuse(FindingCode.NOT_YAML, line, f"line {line}: {fault.problem or 'this is no YAML'}", "correct that line")
    except (yaml.YAMLError, UnicodeEncodeError) as fault:
        reason = str(fault).splitlines()[0]
        refuse(FindingCode.NOT_YAML, 0, f"the text is no YAML: {reason}", "remove what YAML does not allow")


def refuse(code: FindingCode, line: int, message: str, cure: str) -> NoReturn:
    """Refuse the whole text for one reason."""
    raise RuleBookRefused([Finding(code, "", "", "", message, cure, line=line)])


def _documents(events: Iterator[Any]) -> Iterator[Parsed]:
    builder: _Builder | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            builder = _Builder()
        elif isinstance(event, yaml.DocumentEndEvent) and builder is not None:
            yield builder.parsed
        elif builder is not None:
            builder.take(event)


class _Builder:
    """Builds plain values from the events of one document, with a stack instead of recursion."""

    def __init__(self) -> None:
        self.parsed = Parsed()
        self._stack: list[tuple[Any, Place]] = []
        self._keys: list[str | None] = []

    def take(self, event: Any) -> None:
        """The next event."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if getattr(event, "tag", None) is not None:
            refuse(FindingCode.YAML_TAG, line, f"line {line} has the tag {event.tag}", "write the plain value")
        match event:
            case yaml.AliasEvent():
                refuse(FindingCode.YAML_ALIAS, line, f"line {line} has an alias", "write the value out")
            case yaml.ScalarEvent():
                self._scalar(event, line)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                if len(self._stack) >= DEEPEST:
                    refuse(FindingCode.YAML_TOO_DEEP, line, f"line {line} is nested too deeply", "write it flatter")
                self._open({} if isinstance(event, yaml.MappingStartEvent) else [], line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._stack.pop()
                self._keys.pop()

    def _scalar(self, event: Any, line: int) -> None:
        if self._stack and isinstance(self._stack[-1][0], dict) and self._keys[-1] is None:
            container, place = self._stack[-1]
            if event.value in container:
                refuse(FindingCode.DUPLICATE_KEY, line, f"line {line} gives {event.value} again", "give it once")
            self._keys[-1] = event.value
            self.parsed.lines[(*place, event.value)] = line
            return
        self._place(_plain(event), line)

    def _open(self, value: Any, line: int) -> None:
        self._stack.append((value, self._place(value, line)))
        self._keys.append(None)

    def _place(self, value: Any, line: int) -> Place:
        place: Place = ()
        if not self._stack:
            self.parsed.value = value
        else:
            container, above = self._stack[-1]
            if isinstance(container, list):
                place = (*above, len(container))
                container.append(value)
            else:
                key = self._keys[-1]
                if key is None:
                    refuse(FindingCode.NOT_YAML, line, f"line {line} has a key that is no text", "use a plain text")
                place = (*above, key)
                container[key] = value
                self._keys[-1] = None
        self.parsed.lines.setdefault(place, line)
        return place


def _plain(event: Any) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
