"""What of the shipped books has an effect, row by row: the committed table is what the code says, and adds up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseway.cli import build
from caseway.errors import CasewayError
from caseway.rules.coverage import Status, as_table, coverage, row_coverage
from caseway.rules.kinds import EFFECTS

from .chains import row, shipped, span

GOLDEN = Path(__file__).with_name("coverage.golden.tsv")


def test_the_committed_table_is_what_the_code_says() -> None:
    """After a change that is meant: ``caseway tenants coverage --rows > tests/rules/coverage.golden.tsv``."""
    assert as_table(coverage(shipped().values())) == GOLDEN.read_text(encoding="utf-8")


def test_every_row_is_covered_once() -> None:
    found = coverage(shipped().values())
    assert [(book, each.row_id) for book, each in found.rows] == [
        (name, each.id) for name in sorted(shipped()) for each in shipped()[name].rows
    ]
    assert sum(found.count(status) for status in Status) == len(found.rows) == 423
    assert sum(found.waiting_for.values()) == found.count(Status.WAITING)
    undecided = {each.id for document in shipped().values() for each in document.rows if each.undecided}
    assert {each.row_id for _, each in found.rows if each.status is Status.UNRESOLVED} == undecided


def test_what_has_an_effect_says_where_it_lives() -> None:
    for _, each in coverage(shipped().values()).rows:
        if each.status is Status.EFFECT:
            assert each.detail == EFFECTS[each.kind].lives_in
        assert each.detail


def test_what_becomes_of_a_row() -> None:
    limit = row("A", "deadline", stage="ANSWER", start="REGISTERED", limit=span(5, "DAY"))
    visit = row("A", "deadline", stage="AFTER_VISIT", start="VISIT_HELD", limit=span(5, "DAY"))
    cards = row("A", "document_set", name="CONTACT_CARD")
    responsible = row("A", "document_set", name="RESPONSIBILITY_LIST")
    told = {
        "in effect": row_coverage(limit),
        "undecided": row_coverage(replace(limit, unresolved=("limit",))),
        "placeholder": row_coverage(replace(limit, params={**limit.params, "limit": "TENANT_SETS"})),
        "withheld": row_coverage(replace(limit, withheld=True, withheld_reason="later")),
        "off": row_coverage(replace(limit, enabled=False, guard="flagged")),
        "of a visit": row_coverage(visit),
        "other papers": row_coverage(cards),
        "responsibility list": row_coverage(responsible),
    }
    assert {name: (each.status.value, each.detail) for name, each in told.items()} == {
        "in effect": ("EFFECT", "clocks"),
        "undecided": ("UNRESOLVED", "limit"),
        "placeholder": ("UNRESOLVED", "limit"),
        "withheld": ("UNRESOLVED", "withheld: later"),
        "off": ("OFF", "flagged"),
        "of a visit": ("WAITING", "appointments"),
        "other papers": ("WAITING", "documents"),
        "responsibility list": ("EFFECT", "leads"),
    }


def test_the_command_shows_totals() -> None:
    found = coverage(shipped().values())
    shown = CliRunner().invoke(build(), ["tenants", "coverage"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    totals = next(line for line in shown.output.splitlines() if line.split()[:1] == ["all"])
    assert totals.split()[1:] == [str(found.count(status)) for status in Status]
    assert all(name in shown.output for name in shipped())


def test_the_command_gives_every_row_as_values() -> None:
    given = CliRunner().invoke(build(), ["tenants", "coverage", "--json"])
    values = json.loads(given.output)
    assert sum(len(each["rules"]) for each in values["books"]) == 423
    assert values["totals"]["EFFECT"] == coverage(shipped().values()).count(Status.EFFECT)
    lines = CliRunner().invoke(build(), ["tenants", "coverage", "--rows"])
    assert lines.output == GOLDEN.read_text(encoding="utf-8")


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("system: x\n", encoding="utf-8")
    refused = CliRunner().invoke(build(), ["tenants", "coverage", str(tmp_path)])
    assert isinstance(refused.exception, CasewayError)
    assert "MISSING_KEY" in refused.exception.message
    nowhere = CliRunner().invoke(build(), ["tenants", "coverage", str(tmp_path / "nowhere")])
    assert isinstance(nowhere.exception, CasewayError)
    assert "nowhere" in nowhere.exception.message


@pytest.mark.parametrize("kind", EFFECTS)
def test_every_kind_is_used_by_some_book(kind: str) -> None:
    assert any(each.kind == kind for document in shipped().values() for each in document.rows)
