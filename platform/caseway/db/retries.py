"""How often and when work is tried again that the platform owes itself: timers and messages share one rule."""

from __future__ import annotations

from datetime import timedelta

#: Failed attempts after which it is left to people.
MAX_ATTEMPTS = 8
_FIRST_BACKOFF = timedelta(seconds=5)
_LONGEST_BACKOFF = timedelta(hours=1)
_ERROR_LENGTH = 500


def backoff(attempts: int) -> timedelta:
    """How long to wait after the given number of failures: 5 s, 10 s, 20 s … at most an hour."""
    return min(_FIRST_BACKOFF * (1 << (attempts - 1)), _LONGEST_BACKOFF)


def reason(error: BaseException) -> str:
    """A failure in the words that are stored: never longer than 500 characters, never with what a text cannot hold."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:_ERROR_LENGTH]
