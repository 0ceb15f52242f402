"""Every figure that a rule book may name has a definition, and figures about volume never are targets."""

from __future__ import annotations

import pytest

from caseway.oversight.definitions import DEFINITIONS, About
from caseway.oversight.figures import CLOSING
from caseway.rules.kinds.metric import MetricRule
from caseway.rules.kinds.vocabulary import Metric
from support.rulebooks import shipped

SEEDS = (
    "law-2022", "jiaxing", "xiang-a", "dazhou-dpf", "tianjin", "qidong", "xiang-b", "xiyingmen", "feicheng", "zhuji",
    "xihu", "huzhou", "haiyan", "zhejiang", "qindu", "xiang-c", "jiedao", "pujiang",
)  # fmt: skip


def test_every_figure_has_a_definition_and_no_other_has_one() -> None:
    assert set(DEFINITIONS) == {str(each) for each in Metric}
    for code, each in DEFINITIONS.items():
        assert each.code == code
        assert each.title == Metric(code).description
        assert len(each.definition) > 20 and each.definition.endswith(".")
        assert (each.numerator is None) is (each.denominator is None)
        assert each.source


@pytest.mark.parametrize(
    "code",
    ["PETITION_VOLUME", "PERSON_VISITS", "SKIP_LEVEL_VISITS", "INCIDENCE_LOCAL_SKIP", "ITEMS_RECEIVED", "CLOSURE_RATE"],
)
def test_how_many_people_come_is_never_a_target(code: str) -> None:
    assert not DEFINITIONS[code].may_be_target


def test_what_may_be_a_target_is_about_a_duty_or_an_opinion() -> None:
    assert {code for code, each in DEFINITIONS.items() if each.may_be_target} == {
        *("ON_TIME_CLOSURE_RATE", "ON_TIME_ACCEPTANCE_RATE", "FIRST_TIME_RESOLUTION_RATE", "LOCAL_RESOLUTION_RATE"),
        *("SATISFACTION_RATE", "SATISFACTION_RATE_UNIT", "RATING_PARTICIPATION_RATE"),
    }
    assert {each.about for each in DEFINITIONS.values() if not each.may_be_target} == {About.LOAD, About.VOLUME}


def test_what_is_worked_out_now_is_known_how_to_close() -> None:
    assert {code for code, each in DEFINITIONS.items() if each.is_live} == {str(each) for each in CLOSING}


def test_targets_of_the_seed_books_in_force_are_such_that_may_be() -> None:
    """What the sources reward beyond that is switched off until people have looked at it (domain 6.1)."""
    aimed = [
        (row.id, row.params["code"], row.enabled)
        for version in shipped(*SEEDS)
        for row in version.rows
        if row.kind == MetricRule.kind_name and "target" in row.params
    ]
    assert len(aimed) > 3
    assert [id for id, code, enabled in aimed if enabled and not DEFINITIONS[code].may_be_target] == []
