"""The thirty kinds: what each says about itself, what is read, and what wrong rows are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from caseway.rules.findings import RowInvalid
from caseway.rules.kinds import EFFECTS, KINDS, parse
from caseway.rules.kinds._base import Kind, Merge
from caseway.rules.kinds.deadline import Deadline
from caseway.rules.kinds.escalation import Escalation
from caseway.rules.kinds.forms import accepted
from caseway.rules.kinds.intake import Intake
from caseway.rules.kinds.leader_duty import LeaderDuty
from caseway.rules.kinds.vocabulary import VOCABULARIES, Stage
from caseway.rules.values import Rank, Span, Unit

from .chains import shipped, span


def test_there_are_thirty_kinds_and_each_is_known_by_its_name() -> None:
    assert len(KINDS) == 30
    assert {name: kind.kind_name for name, kind in KINDS.items()} == {name: name for name in KINDS}
    assert KINDS.keys() == EFFECTS.keys()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_says_what_it_is(kind: type[Kind]) -> None:
    assert kind.__doc__ and kind.__doc__.strip().endswith(".")
    assert set(kind.key_params) | set(kind.paced) | set(kind.together) | set(kind.apart_by) <= kind.parameters.keys()
    assert (kind.effect_in.lives_in is None) != (kind.effect_in.waits_for is None), "it has an effect, or waits for one"


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in KINDS.values() for name in kind.parameters], ids=lambda each: str(each)
)
def test_a_parameter_says_what_it_is(kind: type[Kind], name: str) -> None:
    parameter = kind.parameters[name]
    assert parameter.description.endswith("."), "a sentence"
    assert isinstance(parameter.merge, Merge)
    form = accepted(kind, name)
    if form.span or "a whole number" in form.plain or "a number" in form.plain:
        assert parameter.unit, "a number says what it counts"
    if parameter.complete:
        assert parameter.merge is Merge.SUPERSET


def test_bounds_are_only_on_what_has_an_order() -> None:
    """MAX and MIN need values that can be compared; SUPERSET needs lists."""
    for kind in KINDS.values():
        for name, parameter in kind.parameters.items():
            form = accepted(kind, name)
            if parameter.merge is Merge.SUPERSET:
                assert form.many, f"{kind.kind_name}.{name}"
            elif parameter.merge in (Merge.MAX, Merge.MIN):
                ordered = form.span or form.plain or any(each.__name__ in ("Rank", "Period") for each in form.lists)
                assert ordered or {"NO", "ALLOW"} & set(form.words), f"{kind.kind_name}.{name}"


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=VOCABULARIES)
def test_every_code_of_a_closed_list_has_a_meaning(vocabulary: Any) -> None:
    assert len(vocabulary) >= 5
    for member in vocabulary:
        assert member == member.name
        assert member.description


def test_every_row_that_ships_is_read() -> None:
    rows = [row for document in shipped().values() for row in document.rows]
    assert len(rows) == 423
    assert {row.kind for row in rows} == set(KINDS)
    for row in rows:
        assert row.model.kind_name == row.kind
        assert row.model.stated.keys() == {name for name, value in row.params.items() if value is not None}


def test_rows_that_ship_name_only_known_qualities_and_guards() -> None:
    rows = [row for document in shipped().values() for row in document.rows]
    assert {row.quality for row in rows} == {
        None,
        "narrated",
        "inferred",
        "inherited",
        "uncertain",
        "partial",
        "conflict",
    }
    off = [row.id for row in rows if not row.enabled]
    assert off == ["DZ-01", "DWQ-27", "QD-11", "QN-11", "XB-12", "XC-34", "XY-10"]


WRONG: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("wrong_rows.yaml").read_text("utf-8"))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda each: f"{each['code']} {each['kind']}.{each['parameter']}")
def test_a_wrong_row_names_the_parameter_and_the_cure(wrong: dict[str, Any]) -> None:
    with pytest.raises(RowInvalid) as refused:
        parse(wrong["kind"], wrong["params"], row_id="X-01")
    (finding,) = refused.value.findings
    assert (finding.code, finding.row_id, finding.parameter) == (wrong["code"], "X-01", wrong["parameter"])
    assert wrong["cure"] in finding.cure
    assert wrong["parameter"] in finding.message
    assert "X-01" in refused.value.message


def test_everything_wrong_with_a_row_is_told_at_once() -> None:
    with pytest.raises(RowInvalid) as refused:
        parse("deadline", {"stage": "NO", "limit": "WEEK", "begin": 1})
    assert {finding.parameter for finding in refused.value.findings} == {"stage", "limit", "begin", "start"}


def test_a_day_that_some_months_lack_needs_a_word() -> None:
    days = parse("fixed_day", {"activity": "RECEPTION", "days": [31], "roll": "NEVER", "short_month": "LAST_DAY"})
    assert days.given("short_month") == "LAST_DAY"


def test_rows_are_typed_and_never_change() -> None:
    deadline = parse("deadline", {"stage": "HANDLE", "limit": span(60, "DAY"), "start": "ACCEPTED"})
    assert isinstance(deadline, Deadline)
    assert (deadline.stage, deadline.limit, deadline.extend, deadline.roll) == (
        Stage.HANDLE,
        Span(60, Unit.DAY),
        None,
        "NEVER",
    )
    assert deadline.given("roll") is None, "a default is not stated"
    with pytest.raises(ValueError, match="frozen"):
        deadline.extend_by = Rank.HEADS


def test_a_ladder_without_rungs_advises_step_by_step() -> None:
    ladder = parse("escalation", {"trigger": ["OUT_OF_AUTHORITY"], "ladder": ["TOWN_OR_DEPT", "COUNTY", "CITY"]})
    assert isinstance(ladder, Escalation)
    assert [(rung.to, rung.gives, rung.automatic) for rung in ladder.steps] == [
        ("COUNTY", "ADVISE", None),
        ("CITY", "ADVISE", None),
    ]


@pytest.mark.parametrize(
    ("group", "most"), [(1, 2), (5, 2), (6, 3), (10, 3), (11, 4), (1000, 4)], ids=lambda each: str(each)
)
def test_representatives_by_the_size_of_the_group(group: int, most: int) -> None:
    bands = [{"group_max": 5, "reps_max": 2}, {"group_max": 10, "reps_max": 3}, {"group_max": None, "reps_max": 9}]
    intake = parse("intake", {"bands": bands, "representatives_max": 4})
    assert isinstance(intake, Intake)
    assert intake.representatives(group) == most


def test_no_rule_no_number_of_representatives() -> None:
    intake = parse("intake", {"bands": [{"group_max": 5, "reps_max": 2}]})
    assert isinstance(intake, Intake)
    assert (intake.representatives(5), intake.representatives(6)) == (2, None)


def test_the_key_says_which_rows_speak_of_the_same_thing() -> None:
    duty = {"activity": "RECEPTION", "actor": "HEADS", "scope": "EACH", "min": 1, "unit": "CASE", "per": "EVENT"}
    one = parse("leader_duty", duty | {"cases": ["KEY", "GROUP"]})
    other = parse("leader_duty", duty | {"cases": ["GROUP", "KEY"], "min": 2})
    third = parse("leader_duty", duty)
    assert isinstance(one, LeaderDuty)
    assert one.key == other.key != third.key
