"""Validation of one input: every check adds a problem, and all problems are refused together."""

from __future__ import annotations

import uuid

from caseway.errors import InvalidInput
from caseway.gql import ids


class Problems:
    """Collects ``(path, code, message)`` of an input's fields; ``refuse`` raises ``InvalidInput`` if there is any."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, str]] = []

    def add(self, path: str, code: str, message: str) -> None:
        """One problem with the field at ``path`` (camelCase, within ``input``)."""
        self.found.append((path, code, message))

    def check(self, fine: bool, path: str, code: str, message: str) -> None:
        """A problem unless ``fine``."""
        if not fine:
            self.add(path, code, message)

    def text(self, path: str, value: str, *, longest: int, shortest: int = 1) -> str:
        """The text without white space around it; BLANK, TOO_SHORT or TOO_LONG in characters."""
        stripped = value.strip()
        if not stripped and shortest > 0:
            self.add(path, "BLANK", "Write something here.")
        elif len(stripped) < shortest:
            self.add(path, "TOO_SHORT", f"Write {shortest} characters at least.")
        elif len(stripped) > longest:
            self.add(path, "TOO_LONG", f"Write {longest} characters at most.")
        return stripped

    def optional_text(self, path: str, value: str | None, *, longest: int) -> str | None:
        """Like ``text``; null and blank both mean "nothing"."""
        if value is None or not value.strip():
            return None
        return self.text(path, value, longest=longest)

    def number_id(self, path: str, type_name: str, value: str) -> int:
        """The number in a global id; MALFORMED_ID (and 0) if it is not an id of that type."""
        try:
            return ids.decode_number(type_name, value)
        except ids.MalformedId as refusal:
            self.add(path, refusal.code, refusal.message)
            return 0

    def case_side_id(self, path: str, type_name: str, value: str) -> tuple[int, uuid.UUID]:
        """Home city and UUID in a global id; MALFORMED_ID (and zeros) if it is not an id of that type."""
        try:
            return ids.decode_case_side(type_name, value)
        except ids.MalformedId as refusal:
            self.add(path, refusal.code, refusal.message)
            return 0, uuid.UUID(int=0)

    def refuse(self) -> None:
        """Raise ``InvalidInput`` with everything found; nothing happens if all is fine."""
        if self.found:
            raise InvalidInput(self.found)
