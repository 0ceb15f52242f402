"""Explanations: which rule decided, what had a say, and what was missing."""

from __future__ import annotations

import pytest
from typer import Typer
from typer.testing import CliRunner

from access.world import make_world
from caseway.access.facts import mask
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cli import policies


@pytest.fixture
def program() -> Typer:
    """The program with the commands about policies."""
    app = Typer()
    app.callback()(lambda: None)
    policies.register(app)
    return app


def test_an_allow_names_its_rule(policy: Policy) -> None:
    actor = make_world(1, cases=0).actor(5, 12, "dispatcher")
    found = policy.explain(actor, Permission.CASE_FORWARD, mask("own", "ordinary", "open"))
    assert found.allowed
    assert found.decided_by == ("dispatcher", "*", "own+ordinary+open", "case", "forward", "allow")
    assert found.facts == ("any", "own", "open", "ordinary")
    assert found.missing == ()


def test_a_deny_names_its_rule_before_any_allow(policy: Policy) -> None:
    actor = make_world(1, cases=0).actor(5, 12, "dispatcher")
    found = policy.explain(actor, Permission.CASE_FORWARD, mask("own", "ordinary", "open", "accused"))
    assert not found.allowed
    assert found.decided_by == ("*", "*", "accused", "case", "forward", "deny")
    assert found.roles[0].allows


def test_a_refusal_without_a_rule_says_what_is_missing(policy: Policy) -> None:
    actor = make_world(1, cases=0).actor(5, 12, "handler")
    found = policy.explain(actor, Permission.CASE_HANDLE, mask("own", "ordinary", "open"))
    assert not found.allowed and found.decided_by is None
    assert found.missing[0].facts == ("mine",)
    assert found.missing[0].rule[0] == "handler"


def test_one_role_that_grants_is_enough_and_a_rule_of_the_office_is_named() -> None:
    policy = Policy()
    rule = ("handler", "t12", "own+ordinary", "case", "content", "allow")
    policy.bundles.swap([rule])
    actor = make_world(1, cases=0).actor(5, 12, "reviewer", "handler")
    found = policy.explain(actor, Permission.CASE_CONTENT, mask("own", "ordinary"))
    assert found.allowed and found.decided_by == rule
    assert [part.allowed for part in found.roles] == [False, True]


def test_the_commands_check_explain_and_print(program: Typer) -> None:
    run = CliRunner()
    assert run.invoke(program, ["policies", "check"]).exit_code == 0
    refused = run.invoke(program, ["policies", "explain", "handler", "case:forward", "own+ordinary+open"])
    assert refused.exit_code == 1 and "would need mine" in refused.output
    allowed = run.invoke(program, ["policies", "explain", "dispatcher", "case:forward", "own+ordinary+open"])
    assert allowed.exit_code == 0 and "decided by: dispatcher" in allowed.output
    assert run.invoke(program, ["policies", "explain", "king", "case:forward", "own"]).exit_code == 2
    assert run.invoke(program, ["policies", "rls"]).output.startswith("-- Generated")


def test_the_check_fails_when_the_generated_files_are_stale(program: Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "_generated", lambda: {"policy.csv": "something else"})
    result = CliRunner().invoke(program, ["policies", "check"])
    assert result.exit_code == 1 and "policies/policy.csv is out of date" in result.output
