"""``caseway serve``: one api process."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import Annotated, NoReturn

import typer
import uvicorn

from caseway.cli import console, logs, ports, supervisor
from caseway.db import server
from caseway.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default CASEWAY_HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default CASEWAY_PORT or 8000.")] = None,
) -> None:
    """Answer GraphQL over HTTP. The database must have been migrated (`caseway migrate`)."""
    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=chosen)
    logs.configure(settings)
    supervisor.end_with_supervisor()
    with ports.given_or_new(settings.host, settings.port) as listener, ExitStack() as stack:
        with console.progress() as progress:
            stack.enter_context(server.running(settings, progress=progress))
        # uvicorn repeats the signal that ended it; it must end this process in order too, not at once.
        signal.signal(signal.SIGTERM, _leave)
        from caseway.app import build_app

        uvicorn.Server(
            uvicorn.Config(
                build_app(settings),
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http="httptools",
                lifespan="on",
                log_level=settings.log_level.lower(),
                access_log=False,
                server_header=False,
                # Longer than the pauses of ordinary clients: a connection closed under a request looks like a fault.
                timeout_keep_alive=75,
                timeout_graceful_shutdown=10,
            )
        ).run(sockets=[listener])


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)
