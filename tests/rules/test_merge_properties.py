"""Over random chains and random books: whatever an office says, what applies to it is never looser than what stands
above it, every value names the row it comes from, and the order of the given versions does not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from caseway.rules.findings import FindingCode
from caseway.rules.kinds import KINDS, Kind, Merge
from caseway.rules.kinds.leader_duty import LeaderDuty
from caseway.rules.merge import SourcedRow
from caseway.rules.order import Verdict, against
from caseway.rules.place import OfficePlace
from caseway.rules.resolve import EffectiveRules, Rule, resolve
from caseway.rules.rows import BookVersion, Row
from caseway.rules.values import Level, Period, Unit
from caseway.tenancy.models import OfficeKind

from .chains import book, span

RANKS = st.sampled_from(["HEADS", "IN_CHARGE", "OFFICER", "CITY_LEADER", "SECTION_DEPUTY"])
SPANS = st.builds(span, st.integers(1, 40), st.sampled_from([Unit.DAY.value, Unit.WORKDAY.value, Unit.MONTH.value]))
CODES = st.lists(st.sampled_from(["A", "B", "C", "D"]), min_size=1, max_size=3, unique=True)
LEVELS = st.lists(st.sampled_from([each.value for each in Level][:5]), min_size=1, max_size=4, unique=True)
PERIODS = st.sampled_from([each.value for each in Period])


def _params(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    fixed = {
        name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in required.items()
    }
    return st.fixed_dictionaries(fixed, optional=optional)


@st.composite
def bands(draw: st.DrawFn) -> list[dict[str, Any]]:
    sizes: list[int | None] = [*sorted(draw(st.sets(st.integers(1, 12), max_size=2))), None]
    return [{"group_max": size, "reps_max": draw(st.integers(1, 9))} for size in sizes]


PARAMS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "deadline": _params(
        {"stage": "HANDLE", "start": "ACCEPTED", "limit": SPANS},
        {
            "extend": SPANS,
            "extend_by": RANKS,
            "extend_notify": st.booleans(),
            "extend_times": st.integers(1, 3),
            "roll": st.sampled_from(["NEVER", "NEXT_WORKDAY"]),
            "observed": SPANS,
        },
    ),
    "fixed_day": _params(
        {
            "activity": "RECEPTION",
            "days": st.lists(st.integers(1, 28), min_size=1, max_size=3, unique=True),
            "roll": st.sampled_from(["NEVER", "NEXT_WORKDAY"]),
        },
        {"levels": LEVELS, "groups_min": st.integers(1, 9), "actor": RANKS},
    ),
    "leader_duty": _params(
        {
            "activity": "RECEPTION",
            "actor": "HEADS",
            "scope": "EACH",
            "min": st.integers(0, 9),
            "unit": "SESSION",
            "per": PERIODS,
        },
        {"more_when": st.lists(st.sampled_from(["KEY", "GROUP"]), min_size=1, unique=True)},
    ),
    "intake": _params(
        {},
        {
            "bands": bands(),
            "representatives_max": st.integers(1, 9),
            "register": st.booleans(),
            "query": st.booleans(),
            "categories": CODES,
            "no_second_acceptance": CODES,
        },
    ),
    "routing": _params(
        {},
        {
            "skip_level": st.sampled_from(["FORBID", "WITH_COPY", "ALLOW"]),
            "object_within": SPANS,
            "forbid": CODES,
            "dispute_to": st.sampled_from(["X", "Y"]),
            "multi_unit": st.sampled_from(["X", "Y"]),
        },
    ),
    "review_chain": _params(
        {"stages": CODES, "ask_within": SPANS, "decide_within": SPANS}, {"accept_within": SPANS, "outcomes": CODES}
    ),
    "rank_set": _params({"name": "LEADERS"}, {"min_rank": RANKS, "at": st.sampled_from([e.value for e in Level][:5])}),
    "preparation": _params(
        {"by": "OFFICE", "items": CODES},
        {"lead": SPANS, "lower_opinion": st.sampled_from(["NO", "EXPECTED", "REQUIRED"])},
    ),
}
REACH = st.sampled_from(["SELF", "CHILDREN", "SUBTREE", "LEVEL:COUNTY", "LEVEL:VILLAGE"])
LINE = ("33", "3304", "330411", "330411100", "330411100200")


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[BookVersion], OfficePlace]:
    """A law and the books of a line of offices (some have none), seen from one of these offices."""
    kinds = draw(st.lists(st.sampled_from(sorted(PARAMS)), min_size=1, max_size=3, unique=True))
    versions = []
    for number, office in enumerate((None, *LINE)):
        rows = [
            Row(f"{number}-{kind}-{copy}", kind, "SELF" if office is None else draw(REACH), draw(PARAMS[kind]))
            for kind in kinds
            for copy in range(draw(st.integers(0, 2)))
        ]
        if rows:
            versions.append(book(f"book-{number}", office, *rows))
    depth = draw(st.integers(0, len(LINE) - 1))
    above = tuple(enumerate(LINE[:depth]))
    return versions, OfficePlace(99, LINE[depth], list(Level)[depth], OfficeKind.GOVERNMENT, above)


def _is_bound(row: SourcedRow[Any], name: str, level: Level) -> bool:
    return row.params.mode_below(name, level) not in (Merge.FREE, Merge.NONE)


def _never_looser(rule: Rule[Any], level: Level) -> None:
    """Every value that binds is kept by the effective one."""
    for row in rule.rows:
        for name, value in row.params.stated.items():
            if name in rule.params.paced:
                _pace(rule, row)
            elif _is_bound(row, name, level):
                _value(rule, row, name, value, level)


def _value(rule: Rule[Any], row: SourcedRow[Any], name: str, value: Any, level: Level) -> None:
    effective = rule.params.given(name)
    mode = row.params.mode_below(name, level)
    said = f"{name}: {effective} under {value} of {row.ref}"
    if mode is Merge.SUPERSET:
        assert set(value) <= set(effective), said
    elif mode is Merge.LOCK:
        first = next(each for each in rule.rows if name in each.params.stated and _is_bound(each, name, level))
        assert effective == first.params.given(name), said
    else:
        assert against(mode, effective, value) is not Verdict.LOOSER, said
        for bound in rule.bounds.get(name, ()):
            assert against(mode, bound, value) is not Verdict.LOOSER, said


def _pace(rule: Rule[LeaderDuty], row: SourcedRow[LeaderDuty]) -> None:
    """What is owed keeps what a row asks for, unless nothing could keep both: then the row higher up is kept."""
    own, wanted = (rule.params.min, rule.params.per), (row.params.min, row.params.per)
    assert LeaderDuty.compare_paces(own, wanted) in (0, 1, None), f"{own} under {wanted} of {row.ref}"
    if row is rule.rows[0]:
        assert LeaderDuty.compare_paces(own, wanted) in (0, 1), f"{own} under {wanted} of {row.ref}, the highest"


@given(chains())
def test_nothing_is_looser_than_what_stands_above(given_chain: tuple[list[BookVersion], OfficePlace]) -> None:
    versions, place = given_chain
    for rule in resolve(versions, place).rules:
        _never_looser(rule, place.rule_level)


@given(chains())
def test_every_value_names_rows_that_state_it(given_chain: tuple[list[BookVersion], OfficePlace]) -> None:
    versions, place = given_chain
    for rule in resolve(versions, place).rules:
        by_ref = {row.ref: row.params for row in rule.rows}
        assert rule.provenance.keys() == rule.params.stated.keys()
        for name, refs in rule.provenance.items():
            assert refs
            assert all(name in by_ref[ref].stated for ref in refs)
            stated = [by_ref[ref].given(name) for ref in refs]
            effective = rule.params.given(name)
            if isinstance(effective, tuple) and KINDS[rule.kind].parameters[name].merge is not Merge.MAX:
                assert set(effective) <= {part for value in stated for part in value}
            elif not isinstance(effective, tuple):
                assert effective in stated


@given(chains(), st.randoms(use_true_random=False))
def test_the_order_of_the_versions_does_not_matter(
    given_chain: tuple[list[BookVersion], OfficePlace], pick: Any
) -> None:
    versions, place = given_chain
    shuffled = list(versions)
    pick.shuffle(shuffled)
    assert _told(resolve(shuffled, place)) == _told(resolve(versions, place))


def _told(rules: EffectiveRules) -> list[Any]:
    return [
        rules.versions,
        [(rule.kind, rule.key, rule.params, dict(rule.provenance)) for rule in rules.rules],
        rules.conflicts,
    ]


@given(chains())
def test_a_refused_value_is_a_finding_and_an_accepted_one_is_none(
    given_chain: tuple[list[BookVersion], OfficePlace],
) -> None:
    """A row below that states a value which the effective one does not honour has a finding, with the row above."""
    versions, place = given_chain
    rules = resolve(versions, place)
    refused = {(finding.book, finding.parameter) for finding in rules.conflicts}
    for finding in rules.conflicts:
        assert finding.parent is not None
        assert finding.row_id in finding.message and finding.cure
    for rule in rules.rules:
        for name, wanted in _modes(rule, Merge.LOCK).items():
            for row, value in wanted[1:]:
                if value != rule.params.given(name):
                    assert (row.ref.book, name) in refused


def _modes(rule: Rule[Any], mode: Merge) -> dict[str, Sequence[tuple[SourcedRow[Any], Any]]]:
    """Parameter -> (row, value) of the rows that state it, for parameters of a mode that bind everywhere."""
    kind: type[Kind] = KINDS[rule.kind]
    names = [name for name, parameter in kind.parameters.items() if parameter.merge is mode]
    if kind.kind_name in ("fixed_day", "rank_set"):
        return {}
    return {
        name: [(row, row.params.given(name)) for row in rule.rows if row.params.given(name) is not None]
        for name in names
    }


@given(chains())
def test_an_office_that_says_nothing_has_what_stands_above(
    given_chain: tuple[list[BookVersion], OfficePlace],
) -> None:
    """Taking the own book away never makes anything stricter, and leaves no finding about it."""
    versions, place = given_chain
    without = resolve([each for each in versions if each.book.office_code != place.code], place)
    assert not [finding for finding in without.conflicts if finding.book == f"book-{LINE.index(place.code) + 1}"]
    assert {finding for finding in without.conflicts if finding.code is not FindingCode.SAME_OFFICE_DISAGREES} <= set(
        resolve(versions, place).conflicts
    )
