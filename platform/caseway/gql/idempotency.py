"""Replaying mutations byte by byte: the handshake between a resolver that knows the key and the edge that writes JSON.

A resolver that finds a stored result calls ``replay``; one that has just done the work calls ``record``. After the
execution the edge puts the stored bytes in place, or hands the fresh ones to the recorder.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, Protocol

from caseway.errors import CasewayError

#: Called once with the JSON text (UTF-8) of a mutation field's data.
Recorder = Callable[[bytes], Awaitable[None]]


class Replayable(Protocol):
    """What the edge needs from a request's context."""

    #: Response key of a root mutation field to the stored JSON that answers it.
    replays: dict[str, bytes]
    #: Response key of a root mutation field to whoever stores its JSON.
    recordings: dict[str, Recorder]


class Replayed(CasewayError):
    """This request was answered before: the first answer is repeated."""

    code = "REPLAYED"


def response_key(info: Any) -> str:
    """The key under which a root field is answered: its alias or its name."""
    return str(info.path.key)


def record(info: Any, recorder: Recorder) -> None:
    """Have the field's JSON handed to ``recorder`` after the execution; not called if the field failed."""
    info.context.recordings[response_key(info)] = recorder


def replay(info: Any, stored: bytes) -> NoReturn:
    """Answer the field with the stored JSON, whatever the present request selects. Leaves the resolver."""
    info.context.replays[response_key(info)] = stored
    raise Replayed
