"""``caseway up``: the whole platform with one command - database, schema, demo, api and worker."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
from collections.abc import Callable
from typing import Annotated

import typer

from caseway.cli import console, ports, reference
from caseway.cli.supervisor import Supervisor
from caseway.db import address, migrate, server
from caseway.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


def up(
    demo: Annotated[bool, typer.Option(help="Load the demo: offices, staff and cases.")] = True,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default CASEWAY_HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default CASEWAY_PORT or 8000.")] = None,
) -> None:
    """Start everything and keep it running until Ctrl-C. May be run again at any time: nothing is done twice."""
    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=chosen)
    signal.signal(signal.SIGTERM, _interrupt)
    code = 0
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as stack:
        with console.progress() as progress:
            listener = stack.enter_context(ports.listen(settings.host, settings.port, patience=15.0))
            stack.enter_context(server.running(settings, progress=progress))
            stack.callback(_finish_undisturbed)
            welcome = prepare(settings, demo=demo, progress=progress)
        code = _supervise(settings, welcome, listener)
    console.say("stopped")
    raise typer.Exit(code)


def prepare(settings: Settings, *, demo: bool, progress: Callable[[str], None]) -> str:
    """Everything between a running database and the first request. Returns what to tell the person in front of it."""
    where = server.address(settings)
    address.check(where)
    migrate.upgrade(where, progress=progress)
    reference.load(where, progress=progress)
    if not demo:
        return ""
    progress("loading the demo")
    from caseway.cli.demo import load  # reads slices that nothing else here needs

    with migrate.loading(where, progress=progress):
        return load(settings)


def _supervise(settings: Settings, welcome: str, listener: socket.socket) -> int:
    environment = dict(os.environ) | {
        "CASEWAY_HOST": settings.host,
        "CASEWAY_PORT": str(settings.port),
        ports.LISTENER: str(listener.fileno()),
    }
    children = {"api": ["-m", "caseway.cli", "serve"], "worker": ["-m", "caseway.cli", "worker"]}

    def announce() -> None:
        console.say(f"ready: {_base(settings)}/graphql  (Ctrl-C stops it)")
        if welcome:
            print(welcome, flush=True)

    supervisor = Supervisor(
        children, environment, console.say, inherited=(listener.fileno(),), tend=_keep_alive(settings)
    )
    return supervisor.run(ready=lambda: _ready(settings), announce=announce)


def _keep_alive(settings: Settings) -> Callable[[], None]:
    """Brings the embedded server back when its process was killed."""
    if not settings.embedded:
        return lambda: None
    own = server.embedded(settings, progress=console.say)

    def tend() -> None:
        if not own.alive():
            own.revive()

    return tend


def _ready(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(_reach(settings.host), settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reach(host: str) -> str:
    """Where a listener on this address can be reached from the same machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def _base(settings: Settings) -> str:
    host = _reach(settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _finish_undisturbed() -> None:
    """From here on the database is being stopped, which takes a moment and should not be torn."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
