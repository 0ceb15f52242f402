"""The base of every expected refusal: a fact with a stable code and a sentence that helps."""

from __future__ import annotations

from typing import Any, ClassVar


class CasewayError(Exception):
    """An expected failure that the caller can act on.

    ``code`` is stable for ever and documented in ``docs/errors.md``; ``message`` says what happened and what would
    help; ``details`` holds machine-readable facts (limits, instants) and never personal data.
    """

    code: ClassVar[str] = "REFUSED"

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.message = message or (self.__doc__ or self.code).strip().splitlines()[0]
        self.details = details
        super().__init__(self.message)


class NotFound(CasewayError):
    """There is nothing here that you may see under this id: check the id and the office you act for."""

    code = "NOT_FOUND"


class NotPermitted(CasewayError):
    """Your role, or your part in the case, does not allow this: ask a colleague in charge, or your administrator."""

    code = "NOT_PERMITTED"


#: Problems of one input that are told: the answer to rubbish does not grow with it.
MOST_PROBLEMS = 50


class InvalidInput(CasewayError):
    """Some fields are not acceptable: see each field's problem."""

    code = "INVALID_INPUT"

    def __init__(self, problems: list[tuple[str, str, str]] | None = None, message: str | None = None) -> None:
        #: (path, code, message) of the problems found, all at once but never more than ``MOST_PROBLEMS``.
        self.problems = (problems or [])[:MOST_PROBLEMS]
        super().__init__(message or "; ".join(f"{path}: {text}" for path, _, text in self.problems) or None)


class StaleVersion(CasewayError):
    """The case has changed since you read it: read it again and decide anew."""

    code = "STALE_VERSION"


class Conflict(CasewayError):
    """Somebody else did this a moment ago: read the case again."""

    code = "CONFLICT"


class IdempotencyMismatch(CasewayError):
    """This idempotency key was used before with another input: use a new key for a new request."""

    code = "IDEMPOTENCY_MISMATCH"
