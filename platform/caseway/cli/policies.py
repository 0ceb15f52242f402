"""``caseway policies``: check, generate and explain the permission policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from caseway import bundle
from caseway.access import explain as explaining
from caseway.access import golden as golden_table
from caseway.access import matrix, rowsecurity
from caseway.access.bounds import Bounds
from caseway.access.bundles import base_bundle
from caseway.access.facts import FACTS, mask
from caseway.access.permissions import ROLES, Permission
from caseway.errors import CasewayError

policies = typer.Typer(help="Check, generate and explain the permission policy.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(policies, name="policies")


@policies.command()
def check() -> None:
    """Fail when a generated file differs from what it is generated from, or a file is not well formed."""
    try:
        stale = [name for name, text in _generated().items() if not _same(bundle.path("policies", name), text)]
        Bounds(matrix.load())
    except CasewayError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        raise typer.Exit(1) from error
    for name in stale:
        typer.echo(f"policies/{name} is out of date: run `caseway policies generate` and read the diff", err=True)
    if stale:
        raise typer.Exit(1)
    typer.echo(f"{len(matrix.load().rules)} rules, all generated files up to date")


@policies.command()
def generate() -> None:
    """Write policy.csv, golden.tsv and rls.sql from matrix.tsv."""
    for name, text in _generated().items():
        path = bundle.path("policies", name)
        if not _same(path, text):
            path.write_text(text, encoding="utf-8")
            typer.echo(f"wrote {path}")


@policies.command()
def golden() -> None:
    """Print what every role may do under every usual set of facts."""
    typer.echo(golden_table.render(matrix.load()), nl=False)


@policies.command()
def rls() -> None:
    """Print the row level security that follows from the policy. A migration freezes its own copy."""
    typer.echo(rowsecurity.write_sql(matrix.load()), nl=False)


@policies.command()
def explain(
    role: Annotated[str, typer.Argument(help="A role, e.g. dispatcher.")],
    permission: Annotated[str, typer.Argument(help="A permission, e.g. case:forward.")],
    facts: Annotated[str, typer.Argument(help="Facts joined by +, e.g. own+ordinary+open.")] = "any",
) -> None:
    """Say which rule of the platform's policy decides, and what is missing. Exit code 1 = refused."""
    names = [name for name in facts.split("+") if name]
    if (
        role not in ROLES
        or permission not in {known.value for known in Permission}
        or any(name not in FACTS for name in names)
    ):
        typer.echo(f"unknown role, permission or fact; roles: {' '.join(ROLES)}; facts: {' '.join(FACTS)}", err=True)
        raise typer.Exit(2)
    found = explaining.explain(base_bundle(matrix.load()), [role], Permission(permission), mask(*names))
    typer.echo("allowed" if found.allowed else "refused")
    typer.echo(f"facts: {' '.join(found.facts)}")
    typer.echo(f"decided by: {', '.join(found.decided_by) if found.decided_by else 'no rule'}")
    for miss in found.missing:
        typer.echo(f"would need {' '.join(miss.facts)}: {', '.join(miss.rule)}")
    if not found.allowed:
        raise typer.Exit(1)


def _generated() -> dict[str, str]:
    """Every generated file's text as it should be."""
    base = matrix.parse_matrix(bundle.text("policies", "matrix.tsv"))
    policy = matrix.render_policy(base)
    matrix.parse_policy(policy)
    return {"policy.csv": policy, "golden.tsv": golden_table.render(base), "rls.sql": rowsecurity.write_sql(base)}


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
