"""The table of stages, without a database: nothing leaves it, whatever order things happen in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.cases.errors import TransitionRefused
from caseway.cases.workflow import FIRST_STAGE, OPEN_STAGES, TABLE, TRANSITIONS, Action, Stage, available, next_stage

ACTIONS = st.lists(st.tuples(st.sampled_from(Action), st.sampled_from([None, *Stage])), max_size=40)
#: What reviews will use; nothing leads there yet.
RESERVED = {Stage.UNDER_REVIEW, Stage.CONCLUDED}


def walk(steps: list[tuple[Action, Stage | None]]) -> list[Stage]:
    """The stages that a case goes through when these things are tried one after the other."""
    stages = [FIRST_STAGE]
    for action, to in steps:
        try:
            stages.append(next_stage(stages[-1], action, to=to))
        except TransitionRefused:
            continue
    return stages


@given(ACTIONS)
def test_no_sequence_of_actions_leaves_the_table(steps: list[tuple[Action, Stage | None]]) -> None:
    stages = walk(steps)
    reachable = {(source, target) for (source, _), targets in TRANSITIONS.items() for target in targets}
    assert set(pairwise(stages)) <= reachable


@given(ACTIONS)
def test_what_has_ended_is_never_open_again(steps: list[tuple[Action, Stage | None]]) -> None:
    stages = walk(steps)
    ended = [stage not in OPEN_STAGES for stage in stages]
    assert ended == sorted(ended)


@given(ACTIONS)
def test_a_closed_case_can_only_be_archived(steps: list[tuple[Action, Stage | None]]) -> None:
    stages = walk(steps)
    if Stage.CLOSED in stages:
        assert set(stages[stages.index(Stage.CLOSED) :]) <= {Stage.CLOSED, Stage.ARCHIVED}


@given(st.sampled_from(Stage), st.sampled_from(Action))
def test_a_refusal_names_the_stage_and_what_is_allowed_there(stage: Stage, action: Action) -> None:
    if (stage, action) in TRANSITIONS:
        return
    with pytest.raises(TransitionRefused) as refused:
        next_stage(stage, action)
    assert refused.value.details == {
        "from": stage,
        "action": action,
        "allowed": sorted(available(stage)),
    }


def test_every_stage_but_the_reserved_ones_can_be_reached() -> None:
    reached = {FIRST_STAGE, *(target for targets in TRANSITIONS.values() for target in targets)}
    from_sources = {target for row in TABLE for target in row.targets}
    assert set(Stage) - RESERVED <= from_sources | {FIRST_STAGE}
    assert RESERVED.isdisjoint(from_sources)
    assert set(Stage) - RESERVED <= reached


def test_no_open_stage_is_a_dead_end() -> None:
    for stage in OPEN_STAGES - RESERVED:
        leads = {target for (source, _), targets in TRANSITIONS.items() if source == stage for target in targets}
        assert leads - {stage}, stage


def test_the_table_has_no_two_rows_for_one_stage_and_action() -> None:
    seen = [(source, row.action) for row in TABLE for source in row.sources]
    assert len(seen) == len(set(seen))


def test_every_action_stands_in_the_table() -> None:
    assert {row.action for row in TABLE} == set(Action)


@pytest.mark.parametrize(
    ("rule", "stage", "action", "to", "then"),
    [
        ("T2", Stage.REGISTERED, Action.FORWARD, None, Stage.IN_TRANSIT),
        ("T2", Stage.SIGNED, Action.FORWARD, None, Stage.IN_TRANSIT),
        ("T3", Stage.IN_TRANSIT, Action.RECALL, None, Stage.REGISTERED),
        ("T3", Stage.IN_TRANSIT, Action.RECALL, Stage.HANDLING, Stage.HANDLING),
        ("T4", Stage.IN_TRANSIT, Action.SIGN_FOR, None, Stage.SIGNED),
        ("T5", Stage.IN_TRANSIT, Action.DEEM_RECEIPT, None, Stage.SIGNED),
        ("T6", Stage.SIGNED, Action.OBJECT, None, Stage.OBJECTED),
        ("T7", Stage.OBJECTED, Action.AGREE_OBJECTION, None, Stage.REGISTERED),
        ("T8", Stage.OBJECTED, Action.REFUSE_OBJECTION, None, Stage.SIGNED),
        ("T9", Stage.SIGNED, Action.ACCEPT, None, Stage.ACCEPTED),
        ("T10", Stage.REGISTERED, Action.REFUSE, None, Stage.NOT_ACCEPTED),
        ("T11", Stage.HANDLING, Action.REDIRECT, None, Stage.REDIRECTED),
        ("T12", Stage.ACCEPTED, Action.START_HANDLING, None, Stage.HANDLING),
        ("T13", Stage.HANDLING, Action.RECORD_HANDLING, None, Stage.HANDLING),
        ("T14", Stage.HANDLING, Action.EXTEND, None, Stage.HANDLING),
        ("T15", Stage.HANDLING, Action.HAND_OVER, None, Stage.IN_TRANSIT),
        ("T16", Stage.HANDLING, Action.ASK_ADVICE, None, Stage.HANDLING),
        ("T17", Stage.HANDLING, Action.ANSWER, None, Stage.ANSWERED),
        ("T18", Stage.ANSWERED, Action.ORDER_REDO, None, Stage.REDO),
        ("T19", Stage.REDO, Action.ANSWER, None, Stage.ANSWERED),
        ("T25", Stage.ANSWERED, Action.CLOSE, None, Stage.CLOSED),
        ("T26", Stage.HANDLING, Action.WITHDRAW, None, Stage.WITHDRAWN),
        ("T27", Stage.SIGNED, Action.MERGE, None, Stage.MERGED),
        ("T28", Stage.CLOSED, Action.ARCHIVE, None, Stage.ARCHIVED),
        ("T29", Stage.CLOSED, Action.NEW_FACTS, None, Stage.CLOSED),
    ],
)
def test_the_rules_of_the_domain_stand_in_the_table(
    rule: str, stage: Stage, action: Action, to: Stage | None, then: Stage
) -> None:
    assert next_stage(stage, action, to=to) == then
    assert any(row.rule == rule and row.action == action and stage in row.sources for row in TABLE)


@pytest.mark.parametrize(
    ("stage", "action"),
    [
        (Stage.ACCEPTED, Action.ANSWER),
        (Stage.IN_TRANSIT, Action.ACCEPT),
        (Stage.HANDLING, Action.CLOSE),
        (Stage.HANDLING, Action.REFUSE),
        (Stage.CLOSED, Action.ORDER_REDO),
        (Stage.ARCHIVED, Action.ARCHIVE),
        (Stage.NOT_ACCEPTED, Action.ACCEPT),
        (Stage.ACCEPTED, Action.MERGE),
    ],
)
def test_what_the_domain_does_not_know_is_refused(stage: Stage, action: Action) -> None:
    with pytest.raises(TransitionRefused):
        next_stage(stage, action)
