"""How the processes log: one line per event, as text or JSON; of an exception its type and stack, never its text."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

from caseway.settings import Settings

#: Frames of a stack that are logged, the innermost last.
_FRAMES = 15


def configure(settings: Settings) -> None:
    """Set up the log of this process by ``log_level`` and ``log_json``."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_text,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def without_text(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put type and stack in the place of an exception: its text and its local variables may quote rows."""
    given = event.pop("exc_info", None)
    problem = sys.exc_info()[1] if given is True else given
    if isinstance(problem, tuple):
        problem = problem[1]
    if isinstance(problem, BaseException):
        frames = traceback.extract_tb(problem.__traceback__)[-_FRAMES:]
        event["error_type"] = f"{type(problem).__module__}.{type(problem).__qualname__}"
        event["sqlstate"] = getattr(getattr(problem, "orig", None), "sqlstate", None)
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event
