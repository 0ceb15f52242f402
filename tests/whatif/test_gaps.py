"""Where the history cannot tell what would have been, it is said so, by case and rule, and nothing is made up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from caseway.clocks.workflow import ClockKind, Event
from caseway.escalation.workflow import Gives
from caseway.rules.kinds.vocabulary import Stage
from caseway.whatif import ends
from caseway.whatif.history import Missing, MissingCode, Setting
from caseway.whatif.outcome import Outcome, outcome
from caseway.whatif.replay import replay
from support.pasts import FIRST, changed, draft, plain, read, tampered
from support.simulated import Year

EXTENSION = "extend: {n: 30, unit: DAY}, extend_times: 1, extend_by: UNIT_HEAD"


def _of(found: Iterable[Outcome], code: MissingCode) -> list[Missing]:
    return [each for one in found for each in one.missing if each.code is code]


@pytest.mark.parametrize("stage", [each for each in Stage if each.value in ClockKind.__members__])
def test_it_is_known_what_ends_every_stage_that_a_rule_can_limit(stage: Stage) -> None:
    assert ClockKind(stage.value) in ends.ENDED_BY_EVENTS | ends.ENDED_WITH_THE_CASE


def test_a_condition_that_asks_for_what_was_not_recorded_is_named(plain_year: Year) -> None:
    text = changed(plain(), ("when: 'group_size > 1'", "when: 'bounces > 1'"))
    found = read(plain_year, draft(text)).outcomes()
    gaps = _of(found, MissingCode.CONDITION)
    assert {each.rule for each in gaps} == {"bounces > 1"}
    assert all("bounces" in each.what for each in gaps)
    # What cannot be answered does not hold: no clock of that row runs.
    assert not any(pair.after for one in found for pair in one.clocks if pair.kind is ClockKind.ANSWER)


def test_an_extension_that_would_have_been_refused_does_not_count(year: Year) -> None:
    """Half a day is allowed by no rule: every extension of the past would have been refused."""
    text = changed(FIRST, (EXTENSION, "extend: {n: 1, unit: DAY}, extend_times: 1, extend_by: UNIT_HEAD"))
    past = read(year, draft(text))
    extended = [each for each in past.histories if any(event.type == "case.extended" for event in each.events)]
    assert extended, "nobody extended anything in this year"
    told = 0
    for history in extended:
        found = replay(history, past.lookup.setting(with_draft=True))
        refused = [each for each in found.missing if each.code is MissingCode.REFUSED]
        by_draft = [run for run in found.clocks if run.state.kind is ClockKind.HANDLE and run.state.extension]
        if any(run.state.extension.cap.amount == 1 for run in by_draft if run.state.extension is not None):
            told += 1
            assert [each.what for each in refused] == ["an extension by 30 DAY would have been too long"]
            assert not any(event.event == Event.EXTEND for run in found.clocks for event in run.events)
    assert told


def test_who_approved_is_known_but_not_their_rank(year: Year) -> None:
    """The rules ask for another rank than the one that was asked for when the clock started."""

    def by_another(facts: dict[str, Any]) -> dict[str, Any]:
        extension = facts["extension"]
        return facts if extension is None else {**facts, "extension": {**extension, "by": "SOMEBODY_ELSE"}}

    past = read(year)
    setting = past.lookup.setting(with_draft=False)
    extended = [each for each in past.histories if any(event.type == "case.extended" for event in each.events)]
    assert extended
    for history in extended:
        assert not replay(history, setting).missing
        found = replay(tampered(history, by_another), setting)
        assert {each.code for each in found.missing} == {MissingCode.RANK}
        assert all("approved by" in each.what for each in found.missing)


def test_an_office_that_has_moved_since_is_not_judged(year: Year) -> None:
    past = read(year, draft(FIRST))
    setting: Setting = past.lookup.setting(with_draft=True)
    moved = replace(setting, moved_at=lambda office_id: setting.now)
    found = outcome(past.histories[0], in_force=past.lookup.setting(with_draft=False), tried=moved)
    assert MissingCode.OFFICE_CHANGED in {each.code for each in found.missing}
    assert not found.is_told
    assert not found.is_reproduced


def test_after_a_take_up_that_was_not_nobody_knows_what_the_other_office_would_have_done(plain_year: Year) -> None:
    found = read(plain_year, draft(FIRST)).outcomes()
    moved = [one for one in found if _of([one], MissingCode.MOVED)]
    assert moved
    for one in moved:
        assert any(pair.either.gives is Gives.TAKE_UP and pair.before is None for pair in one.changed_raises)
        assert one.changed_clocks == []
        assert one.is_reproduced


def test_what_an_escalation_would_have_led_to_is_no_condition_to_be_answered(plain_year: Year) -> None:
    text = changed(
        plain(),
        ("offset: {n: 0, unit: DAY}", "offset: {n: -3, unit: DAY}"),
        ("when: 'group_size >= 2 || field == \"LAND\"'", "when: 'supervisions > 0'"),
    )
    gaps = _of(read(plain_year, draft(text)).outcomes(), MissingCode.CONDITION)
    assert {each.rule for each in gaps} == {"nanhu-lively NL-16"}
