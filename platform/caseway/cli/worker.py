"""``caseway worker``: one worker process (timers, outbox, folding)."""

from __future__ import annotations

from contextlib import ExitStack

import typer

from caseway.cli import console, logs, supervisor
from caseway.db import server
from caseway.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)


def worker() -> None:
    """Do what falls due: timers, notifications, statistics. Any number of workers may run side by side."""
    settings = Settings()
    logs.configure(settings)
    supervisor.end_with_supervisor()
    with ExitStack() as stack:
        with console.progress() as progress:
            stack.enter_context(server.running(settings, progress=progress))
        from caseway.worker import run

        run(settings)
