"""The command line: ``caseway <command>``. Each module of this package brings its commands in ``register(app)``."""

from __future__ import annotations

import importlib
import sys

import typer

from caseway.errors import CasewayError

#: The modules whose commands exist. A new one is one more line; nothing else knows them.
MODULES = (
    "up",
    "serve",
    "worker",
    "migrate",
    "db",
    "keys",
    "timers",
    "outbox",
    "ledger",
    "statistics",
    "policies",
    "calendar",
    "schema",
    "tenants",
    "demo",
    "simulate",
)


def build() -> typer.Typer:
    """The program with all its commands."""
    app = typer.Typer(
        name="caseway",
        help="The petition-case platform: start it, migrate it, look after its data.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_whole)
    for name in MODULES:
        importlib.import_module(f"{__name__}.{name}").register(app)
    return app


def _whole() -> None:
    """Keeps every command a sub-command, however few there are."""


def main() -> None:
    """Run the program. An expected refusal is one sentence and exit code 1, never a traceback."""
    try:
        build()()
    except CasewayError as refusal:
        print(f"caseway: {refusal.code}: {refusal.message}", file=sys.stderr)
        raise SystemExit(1) from None
