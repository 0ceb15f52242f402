"""What people write: trimmed, not empty, not over-long, storable. All problems of one input are refused together."""

from __future__ import annotations

from datetime import datetime

from caseway.errors import InvalidInput

#: Longest texts, in characters.
TITLE, REASON, BODY = 200, 1_000, 20_000


class Check:
    """Collects the problems of one input; ``done`` raises ``InvalidInput`` with all of them."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str, str]] = []

    def problem(self, path: str, code: str, message: str) -> None:
        """One more problem at a field (its path in the input, as clients write it)."""
        self.problems.append((path, code, message))

    def required(self, path: str, value: str | None, longest: int, *, shortest: int = 1) -> str:
        """The trimmed text. Problems: REQUIRED, TOO_SHORT, TOO_LONG, INVALID_CHARACTER."""
        text = (value or "").strip()
        if not text:
            self.problem(path, "REQUIRED", "Write something here.")
        elif len(text) < shortest:
            self.problem(path, "TOO_SHORT", f"Write at least {shortest} characters.")
        elif len(text) > longest:
            self.problem(path, "TOO_LONG", f"Write at most {longest} characters.")
        elif "\x00" in text:
            self.problem(path, "INVALID_CHARACTER", "Remove the NUL character.")
        return text

    def optional(self, path: str, value: str | None, longest: int) -> str | None:
        """Like ``required``, but null, empty and blank all mean "nothing"."""
        return self.required(path, value, longest) if value and value.strip() else None

    def past(self, path: str, at: datetime, *, now: datetime, since: datetime) -> datetime:
        """An instant that lies in the past, not before ``since``. Problems: FUTURE, TOO_EARLY."""
        if at > now:
            self.problem(path, "FUTURE", "This lies in the future.")
        elif at < since:
            self.problem(path, "TOO_EARLY", f"This cannot lie before {since.isoformat()}.")
        return at

    def done(self) -> None:
        """Raise ``InvalidInput`` if there was any problem."""
        if self.problems:
            raise InvalidInput(self.problems)
