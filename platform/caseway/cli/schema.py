"""``caseway schema``: write the GraphQL schema as the committed SDL, or say how the code differs from it."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer
from strawberry.printer import print_schema

from caseway import bundle

commands = typer.Typer(help="Write the GraphQL schema, or compare it with the committed one.", no_args_is_help=True)

#: What stands for standard output in place of a file name.
STDOUT = "-"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(commands, name="schema")


def sdl() -> str:
    """The schema of the code in the schema definition language, with descriptions. Types are sorted by name, so that
    the order of imports shows nowhere; fields and union members stand as the code has them (payload first)."""
    from caseway.schema import schema  # builds every type: only these commands pay for it

    return print_schema(schema).rstrip("\n") + "\n"


def committed() -> Path:
    """The file that is under version control, and that the wheel carries."""
    return bundle.path("schema", "schema.graphql")


@commands.command()
def export(
    target: Annotated[
        str, typer.Argument(help="File to write; - for standard output. The committed file if absent.")
    ] = "",
) -> None:
    """Write the schema of the code."""
    if target == STDOUT:
        typer.echo(sdl(), nl=False)
        return
    path = Path(target) if target else committed()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(sdl(), encoding="utf-8")
    typer.echo(f"wrote {path}")


@commands.command()
def check(
    source: Annotated[str, typer.Argument(help="File to compare with; the committed file if absent.")] = "",
) -> None:
    """Fail, with the difference, if the committed schema is not the schema of the code."""
    path = Path(source) if source else committed()
    written = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = list(difflib.unified_diff(written.splitlines(), sdl().splitlines(), str(path), "the code", lineterm=""))
    if lines:
        typer.echo("\n".join(lines))
        typer.echo(f"{path} differs from the code: read the difference, then run `caseway schema export`", err=True)
        raise typer.Exit(1)
    typer.echo(f"{path} is what the code says")
