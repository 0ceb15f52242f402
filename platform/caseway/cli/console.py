"""What the commands say while they work: a spinner on a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

_errors = Console(stderr=True)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A function that takes one short sentence about what is being done now."""
    if not _errors.is_terminal:
        yield say
        return
    with _errors.status("…") as status:
        yield lambda sentence: status.update(escape(sentence))


def say(sentence: str) -> None:
    """One line for the person who started the command; standard output stays free for results."""
    _errors.print(f"caseway: {sentence}", markup=False, highlight=False, soft_wrap=True)


def output() -> Console:
    """Standard output as it is now, for tables: as wide as the terminal, or as COLUMNS says."""
    return Console()
