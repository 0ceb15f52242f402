"""``caseway schema``: write the GraphQL schema and the JSON Schema of the rule kinds, or say how the code differs."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Annotated

import typer
from strawberry.printer import print_schema

from caseway import bundle
from caseway.gql.manifests import sha256

commands = typer.Typer(help="Write the GraphQL schema, or compare it with the committed one.", no_args_is_help=True)
rule_kinds = typer.Typer(help="The same for the JSON Schema of the rule kinds.", no_args_is_help=True)
documents = typer.Typer(help="The same for the manifest of trusted documents.", no_args_is_help=True)
commands.add_typer(rule_kinds, name="rule-kinds")
commands.add_typer(documents, name="documents")

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


def rule_kinds_text() -> str:
    """The JSON Schema of the rule kinds of the code."""
    from caseway.rules.schema_export import text  # builds every kind: only these commands pay for it

    return text()


def committed_rule_kinds() -> Path:
    """The committed JSON Schema of the rule kinds."""
    return bundle.path("schema", "rule-kinds.json")


def manifest_text() -> str:
    """The manifest of the shipped documents: from the SHA-256 of each to its text, ordered by role and name."""
    texts = [
        file.read_text(encoding="utf-8") for file in sorted(bundle.path("schema", "operations").glob("*/*.graphql"))
    ]
    return json.dumps({sha256(text): text for text in texts}, ensure_ascii=False, indent=1) + "\n"


def committed_manifest() -> Path:
    """The committed manifest of the shipped documents."""
    return bundle.path("schema", "operations.json")


@commands.command()
def export(
    target: Annotated[
        str, typer.Argument(help="File to write; - for standard output. The committed file if absent.")
    ] = "",
) -> None:
    """Write the schema of the code."""
    _export(sdl(), target, committed())


@commands.command()
def check(
    source: Annotated[str, typer.Argument(help="File to compare with; the committed file if absent.")] = "",
) -> None:
    """Fail, with the difference, if the committed schema is not the schema of the code."""
    _check(sdl(), Path(source) if source else committed(), "caseway schema export")


@rule_kinds.command("export")
def export_rule_kinds(
    target: Annotated[
        str, typer.Argument(help="File to write; - for standard output. The committed file if absent.")
    ] = "",
) -> None:
    """Write the JSON Schema of the rule kinds."""
    _export(rule_kinds_text(), target, committed_rule_kinds())


@rule_kinds.command("check")
def check_rule_kinds(
    source: Annotated[str, typer.Argument(help="File to compare with; the committed file if absent.")] = "",
) -> None:
    """Fail, with the difference, if the committed JSON Schema is not that of the rule kinds."""
    path = Path(source) if source else committed_rule_kinds()
    _check(rule_kinds_text(), path, "caseway schema rule-kinds export")


@documents.command("export")
def export_documents(
    target: Annotated[
        str, typer.Argument(help="File to write; - for standard output. The committed file if absent.")
    ] = "",
) -> None:
    """Write the manifest of the shipped documents."""
    _export(manifest_text(), target, committed_manifest())


@documents.command("check")
def check_documents(
    source: Annotated[str, typer.Argument(help="File to compare with; the committed file if absent.")] = "",
) -> None:
    """Fail, with the difference, if the committed manifest is not that of the shipped documents."""
    _check(manifest_text(), Path(source) if source else committed_manifest(), "caseway schema documents export")


def _export(text: str, target: str, default: Path) -> None:
    if target == STDOUT:
        typer.echo(text, nl=False)
        return
    path = Path(target) if target else default
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {path}")


def _check(text: str, path: Path, cure: str) -> None:
    written = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = list(difflib.unified_diff(written.splitlines(), text.splitlines(), str(path), "the code", lineterm=""))
    if lines:
        typer.echo("\n".join(lines))
        typer.echo(f"{path} differs from the code: read the difference, then run `{cure}`", err=True)
        raise typer.Exit(1)
    typer.echo(f"{path} is what the code says")
