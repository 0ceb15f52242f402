"""The merge engine: what rows of several books come to, which row each value comes from, and what is refused."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from typing import Any

import pytest

from caseway.calendars.published import calendar
from caseway.rules.findings import FindingCode
from caseway.rules.kinds.deadline import Deadline
from caseway.rules.kinds.escalation import Escalation
from caseway.rules.kinds.fixed_day import FixedDay
from caseway.rules.kinds.intake import Intake
from caseway.rules.kinds.leader_duty import _WITHIN, LeaderDuty
from caseway.rules.kinds.metric import MetricRule
from caseway.rules.kinds.rank_set import RankSet
from caseway.rules.kinds.review_chain import ReviewChain
from caseway.rules.kinds.routing import Routing
from caseway.rules.resolve import EffectiveRules, Rule, resolve
from caseway.rules.rows import BookVersion, Row
from caseway.rules.values import Period, Rank, Span, Unit

from .chains import book, place, place_of, row, rules_of, shipped, shipped_versions, span

XIUZHOU = "330411"
FORWARD: dict[str, Any] = {"stage": "FORWARD", "start": "RECEIVED"}
HANDLE = ("HANDLE", "APPEAL_CLAIM_31_6", "ACCEPTED")


def sources(rule: Rule[Any], parameter: str) -> list[str]:
    """The rows that a value comes from."""
    return [ref.row_id for ref in rule.provenance[parameter]]


def only(rules: EffectiveRules, kind: type[Any]) -> Rule[Any]:
    """The only rule of a kind."""
    (rule,) = rules.of(kind)
    return rule


def found(rules: EffectiveRules) -> list[tuple[str, str, str, str | None]]:
    """Conflicts as (code, row, parameter, row above)."""
    return [(f.code.value, f.row_id, f.parameter, f.parent.row_id if f.parent else None) for f in rules.conflicts]


def edited(*rows: Row) -> EffectiveRules:
    """The district of the scenarios, with these rows in its book."""
    versions = [each for each in shipped_versions() if each.book.code != "xiuzhou"]
    return resolve([*versions, book("xiuzhou", XIUZHOU, *rows)], place(XIUZHOU))


# --- the books that ship


def test_the_only_conflict_of_the_books_that_ship_is_one_of_norms() -> None:
    """S4.1: the provincial regulation of 2016 allows a longer extension than the national one of 2022."""
    everywhere = {
        finding
        for document in shipped().values()
        if document.level is not None and document.role.role == "OFFICE"
        for finding in resolve(shipped_versions(history=True), place_of(document)).conflicts
    }
    (conflict,) = everywhere
    assert (conflict.code, conflict.book, conflict.row_id, conflict.parameter) == (
        FindingCode.LOOSER_THAN_PARENT,
        "law-zj-2016",
        "LZJ-04",
        "extend",
    )
    assert conflict.parent is not None
    assert conflict.parent.row_id == "L22-17"
    assert "60 DAY" in conflict.message and "30 DAY" in conflict.cure


def test_the_handling_limit_of_a_district() -> None:
    """S4.1: limit from the province, extension from the nation, at most 90 days, both rows named."""
    rule = rules_of(XIUZHOU).find(Deadline, *HANDLE)
    assert rule is not None
    assert (rule.params.limit, rule.params.extend, rule.params.total_max) == (
        Span(30, Unit.DAY),
        Span(30, Unit.DAY),
        Span(90, Unit.DAY),
    )
    assert sources(rule, "limit") == ["LZJ-04"]
    assert sources(rule, "extend") == ["L22-17"]
    assert sources(rule, "total_max") == ["L22-17", "LZJ-04"]
    assert (rule.params.extend_times, rule.params.extend_by) == (1, Rank.UNIT_HEAD)
    assert [(each.ref.row_id, each.layer, each.params.limit) for each in rule.rows] == [
        ("L22-17", "LAW", Span(60, Unit.DAY)),
        ("LZJ-04", "LAW", Span(30, Unit.DAY)),
    ]


def test_limits_of_different_units_stand_side_by_side() -> None:
    """5 workdays are not always shorter than 15 days: each row gives a date of its own."""
    rule = rules_of(XIUZHOU).find(Deadline, "FORWARD", "", "RECEIVED")
    assert rule is not None
    assert rule.bounds["limit"] == (Span(15, Unit.DAY), Span(5, Unit.WORKDAY))
    assert sources(rule, "limit") == ["L22-09", "LZJ-02"]
    assert [value for _, value in rule.stated("limit")] == [Span(15, Unit.DAY), Span(5, Unit.WORKDAY)]


def test_the_reception_day_of_a_county_is_that_of_its_city() -> None:
    """S4.3: without a fixed day of its own the county receives on the 15th, never moved."""
    rule = rules_of("330424").find(FixedDay, "RECEPTION")
    assert rule is not None
    assert (rule.params.days, rule.params.roll) == ((15,), "NEVER")
    assert sources(rule, "roll") == ["JX-15", "HY-02"]
    assert rules_of("330424100").find(FixedDay, "RECEPTION") is not None, "towns keep it as well"
    assert rules_of("330424100200").find(FixedDay, "RECEPTION") is None, "villages do not"


def test_the_law_that_was_replaced_adds_its_differences() -> None:
    before = resolve(shipped_versions(history=True), place("330411"))
    now = resolve(shipped_versions(), place("330411"))
    assert only(before, Routing).params.skip_level == "WITH_COPY"
    assert only(now, Routing).params.skip_level is None
    assert ("law-2005", 1) in before.versions and ("law-2005", 1) not in now.versions


def test_representatives_by_province() -> None:
    zhejiang, sichuan = only(rules_of(XIUZHOU), Intake).params, only(rules_of("5117"), Intake).params
    assert [zhejiang.representatives(group) for group in (10, 11, 200)] == [3, 5, 5]
    assert [sichuan.representatives(group) for group in (10, 11, 200)] == [5, 5, 5]
    assert zhejiang.register_all is True


def test_facts_about_one_office_are_not_inherited() -> None:
    assert only_metric(rules_of("3305"), "PERSON_VISITS").params.observed is not None
    below = resolve(
        [book("a", "33", row("A-01", "metric", "SUBTREE", code="TRAINING", observed={"n": 1}))], place("3304")
    )
    assert only(below, MetricRule).params.observed is None
    assert "observed" not in only(below, MetricRule).provenance


def test_facts_of_the_office_above_do_not_mix_with_own_ones() -> None:
    above = book("a", "33", row("A-01", "metric", "SUBTREE", code="TRAINING", observed={"n": 1}, flag="ABOVE"))
    silent = resolve([above, book("b", "3304", row("B-01", "metric", code="TRAINING", base=True))], place("3304"))
    assert (only(silent, MetricRule).params.observed, only(silent, MetricRule).params.base) == (None, True)
    own = row("B-01", "metric", code="TRAINING", observed={"n": 2})
    told = only(resolve([above, book("b", "3304", own)], place("3304")), MetricRule)
    assert (told.params.observed, told.params.flag) == ({"n": 2}, None)
    assert sources(told, "observed") == ["B-01"]


def only_metric(rules: EffectiveRules, code: str) -> Rule[MetricRule]:
    """The figure with that code."""
    rule = rules.find(MetricRule, code)
    assert rule is not None
    return rule


# --- the four refusals of a district's edits (S4.4)


def test_a_looser_limit_is_refused_with_the_row_above() -> None:
    rules = edited(row("XZ-01", "deadline", **FORWARD, limit=span(10, "WORKDAY")))
    assert ("LOOSER_THAN_PARENT", "XZ-01", "limit", "LZJ-02") in found(rules)
    rule = rules.find(Deadline, "FORWARD", "", "RECEIVED")
    assert rule is not None
    assert rule.bounds["limit"] == (Span(15, Unit.DAY), Span(5, Unit.WORKDAY)), "the looser one has no effect"


def test_a_stricter_limit_is_accepted() -> None:
    rules = edited(row("XZ-01", "deadline", **FORWARD, limit=span(3, "WORKDAY")))
    assert [each for each in found(rules) if each[1].startswith("XZ")] == []
    rule = rules.find(Deadline, "FORWARD", "", "RECEIVED")
    assert rule is not None
    assert rule.params.limit == Span(3, Unit.WORKDAY)
    assert [each.ref.row_id for each in rule.rows] == ["L22-09", "LZJ-02", "XZ-01"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"days": [15, 25], "roll": "NEVER"}, []),
        ({"days": [25], "roll": "NEVER"}, [("MISSING_PARENT_DAY", "XZ-02", "days", "JX-15")]),
        ({"days": [15], "roll": "NEXT_WORKDAY"}, [("LOCKED", "XZ-02", "roll", "JX-15")]),
    ],
    ids=["more days", "without the day above", "another roll"],
)
def test_reception_days_below_a_fixed_day(params: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    rules = edited(row("XZ-02", "fixed_day", activity="RECEPTION", **params))
    assert [each for each in found(rules) if each[1] == "XZ-02"] == expected
    rule = rules.find(FixedDay, "RECEPTION")
    assert rule is not None
    assert 15 in rule.params.days and rule.params.roll == "NEVER", "what is refused has no effect"


def test_a_refusal_names_the_day_and_the_cure() -> None:
    (finding,) = [
        each
        for each in edited(row("XZ-02", "fixed_day", activity="RECEPTION", days=[25], roll="NEVER")).conflicts
        if each.row_id == "XZ-02"
    ]
    assert str(finding) == (
        "MISSING_PARENT_DAY XZ-02.days: XZ-02 leaves out 15, which jiaxing v1 JX-15 sets; add 15 to days"
    )


def test_more_representatives_than_above_are_refused() -> None:
    bands = [{"group_max": 10, "reps_max": 4}, {"group_max": None, "reps_max": 5}]
    rules = edited(row("XZ-03", "intake", bands=bands))
    assert ("LOOSER_THAN_PARENT", "XZ-03", "bands", "LZJ-01") in found(rules)
    assert only(rules, Intake).params.representatives(10) == 3


# --- one engine, each mode


def chain(*rows: Row, below: Row | None = None, at: str = "3304") -> EffectiveRules:
    """A province with rows for everything below, and a city with one row."""
    versions: list[BookVersion] = [book("above", "33", *rows)]
    if below is not None:
        versions.append(book("below", "3304", below))
    return resolve(versions, place(at))


def test_days_that_do_not_name_the_level_are_free_below() -> None:
    above = row("A-01", "fixed_day", "SUBTREE", activity="VISIT", days=[10], roll="NEVER")
    rules = chain(above, below=row("B-01", "fixed_day", activity="VISIT", days=[20], roll="NEXT_WORKDAY"))
    assert found(rules) == []
    assert only(rules, FixedDay).params.days == (20,)


def test_free_days_between_do_not_free_what_stands_higher() -> None:
    """A city without levels in its row does not undo the province's binding day for a county."""
    province = row("A-01", "fixed_day", "SUBTREE", activity="VISIT", days=[10], roll="NEVER", levels=["CITY", "COUNTY"])
    city = row("B-01", "fixed_day", "SUBTREE", activity="VISIT", days=[10, 20], roll="NEVER")
    county = row("C-01", "fixed_day", activity="VISIT", days=[5], roll="NEVER")
    rules = resolve([book("a", "33", province), book("b", "3304", city), book("c", "330411", county)], place(XIUZHOU))
    assert found(rules) == [("MISSING_PARENT_DAY", "C-01", "days", "A-01")]
    assert set(only(rules, FixedDay).params.days) == {5, 10}, "20 was the city's own affair"


def test_of_two_rows_of_one_book_the_one_that_binds_has_the_effect() -> None:
    free = row("A-01", "fixed_day", "SUBTREE", activity="VISIT", days=[10], roll="NEXT_WORKDAY")
    binding = row("A-02", "fixed_day", "SUBTREE", activity="VISIT", days=[10], roll="NEVER", levels=["CITY"])
    for rows in ((free, binding), (binding, free)):
        rules = chain(*rows)
        assert only(rules, FixedDay).params.roll == "NEVER"
        assert [finding.code for finding in rules.conflicts] == [FindingCode.SAME_OFFICE_DISAGREES]


def test_locked_values_stay() -> None:
    above = row("A-01", "protection", "SUBTREE", item="NO_RETALIATION", effect="AUDIT")
    rules = chain(above, below=row("B-01", "protection", item="NO_RETALIATION", effect="NOTHING"))
    assert found(rules) == [("LOCKED", "B-01", "effect", "A-01")]


def test_windows_of_petitioners_only_grow_and_those_of_offices_only_shrink() -> None:
    base = {"stages": ["REVIEW"], "ask_within": span(30, "DAY"), "decide_within": span(30, "DAY")}
    above = row("A-01", "review_chain", "SUBTREE", **base)
    kind = row("B-01", "review_chain", **base | {"ask_within": span(40, "DAY"), "decide_within": span(20, "DAY")})
    assert found(chain(above, below=kind)) == []
    assert only(chain(above, below=kind), ReviewChain).params.ask_within == Span(40, Unit.DAY)
    hard = row("B-01", "review_chain", **base | {"ask_within": span(20, "DAY"), "decide_within": span(40, "DAY")})
    assert found(chain(above, below=hard)) == [
        ("LOOSER_THAN_PARENT", "B-01", "ask_within", "A-01"),
        ("LOOSER_THAN_PARENT", "B-01", "decide_within", "A-01"),
    ]


def test_ranks_that_cannot_be_compared_are_refused() -> None:
    handle = {"stage": "HANDLE", "start": "ACCEPTED", "limit": span(60, "DAY"), "extend": span(30, "DAY")}
    above = row("A-01", "deadline", "SUBTREE", **handle, extend_by="HEADS")
    rules = chain(above, below=row("B-01", "deadline", **handle, extend_by="CITY_LEADER"))
    assert found(rules) == [("INCOMPARABLE", "B-01", "extend_by", "A-01")]
    assert only(rules, Deadline).params.extend_by is Rank.HEADS
    equal = chain(above, below=row("B-01", "deadline", **handle, extend_by="HEADS"))
    assert found(equal) == []
    assert sources(only(equal, Deadline), "extend_by") == ["A-01", "B-01"]


def test_two_rows_of_one_book_that_disagree() -> None:
    rules = edited(
        row("XZ-01", "deadline", **FORWARD, limit=span(3, "WORKDAY")),
        row("XZ-02", "deadline", **FORWARD, limit=span(2, "WORKDAY")),
    )
    assert ("SAME_OFFICE_DISAGREES", "XZ-02", "limit", "XZ-01") in found(rules)


def test_rows_of_one_book_with_conditions_of_their_own_do_not_disagree() -> None:
    rules = edited(
        row("XZ-01", "deadline", **FORWARD, limit=span(3, "WORKDAY")),
        row("XZ-02", "deadline", **FORWARD, limit=span(1, "WORKDAY"), when="group_size > 4"),
    )
    assert [each for each in found(rules) if each[1].startswith("XZ")] == []
    rule = rules.find(Deadline, "FORWARD", "", "RECEIVED")
    assert rule is not None
    assert [each.params.when for each in rule.rows][-2:] == [None, "group_size > 4"]


def test_lists_of_one_book_unite_and_facts_may_differ() -> None:
    rules = rules_of("320681")
    receiving = rules.find(RankSet, "RECEIVING_LEADERS")
    assert receiving is not None
    assert receiving.params.includes == (Rank.COURT_HEAD, Rank.PROCURATORATE_HEAD, Rank.NPC, Rank.CPPCC)
    assert found(rules) == []


def test_a_set_of_ranks_that_names_the_level_is_only_widened() -> None:
    above = row("A-01", "rank_set", "SUBTREE", name="LEADERS", min_rank="SECTION_DEPUTY", at="CITY")
    narrow = row("B-01", "rank_set", name="LEADERS", min_rank="DIVISION_DEPUTY")
    assert found(chain(above, below=narrow)) == [("LOOSER_THAN_PARENT", "B-01", "min_rank", "A-01")]
    free = row("A-01", "rank_set", "SUBTREE", name="LEADERS", min_rank="SECTION_DEPUTY", at="TOWN")
    assert found(chain(free, below=narrow)) == []
    assert only(chain(free, below=narrow), RankSet).params.min_rank is Rank.DIVISION_DEPUTY


def test_a_ladder_is_replaced_as_a_whole() -> None:
    rungs = [{"to": "PARENT", "gives": "TAKE_UP", "after": span(3, "DAY")}]
    above = row("A-01", "escalation", "SUBTREE", trigger=["OVERDUE"], ladder=["TOWN_OR_DEPT", "PARENT"], rungs=rungs)
    rules = chain(above, below=row("B-01", "escalation", trigger=["KEY"], ladder=["TOWN_OR_DEPT", "CITY", "PROVINCE"]))
    merged = only(rules, Escalation).params
    assert merged.rungs is None, "the rungs of another ladder are no rungs of this one"
    assert [rung.to for rung in merged.steps] == ["CITY", "PROVINCE"]
    assert set(merged.trigger) == {"OVERDUE", "KEY"}


def test_undecided_withheld_and_switched_off_rows_say_nothing() -> None:
    limit = {"stage": "ANSWER", "start": "REGISTERED", "limit": span(5, "DAY")}
    for said in (
        Row("B-01", "deadline", "SELF", limit, unresolved=("limit",)),
        Row("B-01", "deadline", "SELF", limit, withheld=True),
        Row("B-01", "deadline", "SELF", limit, enabled=False),
        Row("B-01", "deadline", "SELF", limit | {"limit": "TENANT_SETS"}),
    ):
        assert chain(below=said).rules == ()
    assert len(chain(below=Row("B-01", "deadline", "SELF", limit)).rules) == 1


# --- how much is owed


DUTY = {"activity": "RECEPTION", "actor": "HEADS", "scope": "EACH", "unit": "SESSION"}


@pytest.mark.parametrize(
    ("own", "above", "enough"),
    [
        ((1, "DAY"), (2, "WEEK"), True),
        ((1, "WEEK"), (1, "MONTH"), True),
        ((1, "WEEK"), (3, "MONTH"), True),
        ((1, "WEEK"), (4, "MONTH"), False),
        ((3, "MONTH"), (1, "WEEK"), False),
        ((1, "MONTH"), (3, "QUARTER"), True),
        ((1, "TWO_MONTHS"), (1, "QUARTER"), True),
        ((1, "YEAR"), (0, "MONTH"), True),
        ((1, "EVENT"), (1, "MONTH"), False),
        ((1, "CAMPAIGN"), (1, "CAMPAIGN"), True),
        ((0, "WEEK"), (1, "YEAR"), False),
    ],
    ids=str,
)
def test_a_duty_keeps_the_duty_above(own: tuple[int, str], above: tuple[int, str], enough: bool) -> None:
    rules = chain(
        row("A-01", "leader_duty", "SUBTREE", **DUTY, min=above[0], per=above[1]),
        below=row("B-01", "leader_duty", **DUTY, min=own[0], per=own[1]),
    )
    duty = only(rules, LeaderDuty).params
    assert found(rules) == ([] if enough else [("LOOSER_THAN_PARENT", "B-01", "min", "A-01")])
    assert (duty.min, duty.per) == (own if enough else above)


def _periods(kind: Period, year: int) -> list[tuple[date, date]]:
    """First and last day of the periods that begin in a year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    months = [(date(year, m, 1), (date(year + m // 12, m % 12 + 1, 1)) - timedelta(days=1)) for m in range(1, 13)]
    match kind:
        case Period.DAY:
            return [(day, day) for day in days]
        case Period.WORKDAY:
            return [(day, day) for day in days if calendar().is_workday(day)]
        case Period.WEEK:
            return [(day, day + timedelta(days=6)) for day in days if day.weekday() == 0]
        case Period.HALF_MONTH:
            return [half for a, b in months for half in ((a, a.replace(day=15)), (a.replace(day=16), b))]
        case _:
            size = {Period.MONTH: 1, Period.TWO_MONTHS: 2, Period.QUARTER: 3, Period.HALF_YEAR: 6, Period.YEAR: 12}[
                kind
            ]
            return [(months[i][0], months[i + size - 1][1]) for i in range(0, 12, size)]


def test_whole_periods_in_longer_ones_are_never_fewer_than_counted() -> None:
    years = range(2007, 2027)
    for inner, counts in _WITHIN.items():
        if inner is Period.TEN_DAYS:  # a rolling gap: it has no first day
            continue
        parts = [part for year in years for part in _periods(inner, year)]
        firsts, lasts = [first for first, _ in parts], [last for _, last in parts]
        for outer, fewest in counts.items():
            if outer in (Period.TEN_DAYS, Period.WORKDAY) or (inner, outer) == (Period.WORKDAY, Period.WEEK):
                continue
            for start, end in (each for year in years[1:-1] for each in _periods(outer, year)):
                whole = bisect_right(lasts, end) - bisect_left(firsts, start)
                assert whole >= fewest, (inner, outer, start)
