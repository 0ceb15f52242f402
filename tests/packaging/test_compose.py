"""The container files say what Compose and our own command line understand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from caseway.cli import build
from caseway.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The parsed docker-compose.yml."""
    parsed: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    return parsed


def command_names(group: Any) -> dict[str, Any]:
    """Commands and sub-commands of our command line, e.g. ``db status``."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        found[name] = command
        found |= {f"{name} {below}": sub for below, sub in getattr(command, "commands", {}).items()}
    return found


def test_it_follows_the_compose_specification() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=REPOSITORY,
        check=False,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_services_are_the_database_the_migration_the_api_and_the_worker(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"postgres", "migrate", "api", "worker"}


def test_the_commands_it_names_exist(compose: dict[str, Any]) -> None:
    known = command_names(typer.main.get_command(build()))
    named = [" ".join(service["command"]) for name, service in compose["services"].items() if name != "postgres"]
    named.append(" ".join(compose["services"]["worker"]["healthcheck"]["test"]).removeprefix("CMD caseway "))
    dockerfile = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    default = re.search(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)
    assert default
    named.append(" ".join(json.loads(default[1])))
    assert [name for name in named if name not in known] == []


def test_everything_waits_for_what_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("api", "worker"):
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert "pg_isready" in services["postgres"]["healthcheck"]["test"]
    assert "HEALTHCHECK" in (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    secrets = re.findall(r"\$\{(CASEWAY_(?:DB_PASSWORD|MASTER_KEY))([^}]*)\}", text)
    assert len(secrets) == 3
    assert all(rest.startswith(":?") for _, rest in secrets)


def test_the_settings_it_passes_exist(compose: dict[str, Any]) -> None:
    dockerfile = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    passed = set(re.findall(r"\b(CASEWAY_[A-Z_]+)=", dockerfile))
    for service in compose["services"].values():
        passed |= {name for name in service.get("environment", {}) if name.startswith("CASEWAY_")}
    fields = {f"CASEWAY_{name.upper()}" for name in Settings.model_fields}
    assert passed - fields == set()


def test_nothing_of_ours_runs_as_root(compose: dict[str, Any]) -> None:
    dockerfile = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER caseway$", dockerfile, re.MULTILINE)
    for name in ("migrate", "api", "worker"):
        service = compose["services"][name]
        assert service["user"] == "10001" and service["read_only"] and service["cap_drop"] == ["ALL"]
