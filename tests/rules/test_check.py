"""The static check before publishing: every book in ``broken/`` is refused with its code, its row and a cure; every
book that ships passes, but for what its office has still to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from caseway.escalation import targets
from caseway.oversight.definitions import DEFINITIONS, About
from caseway.rules import conditions, yaml
from caseway.rules.check import Outside, check, library, look_at_row
from caseway.rules.check_people import people
from caseway.rules.documents import BookDocument, FileState
from caseway.rules.errors import RuleBookRefused
from caseway.rules.findings import Finding, FindingCode
from caseway.rules.kinds.metric import VOLUMES
from caseway.rules.kinds.rank_set import RankSet
from caseway.rules.kinds.vocabulary import Event, Stage
from caseway.rules.rows import BookRole, BookVersion, Row
from caseway.rules.targets import RUNGS, answers, depth
from caseway.rules.values import Rank
from caseway.rules.watching import STARTS, can_start

from .chains import book, codes, place, place_of, row, shipped, shipped_versions, span

BROKEN = sorted(Path(__file__).with_name("broken").glob("*.yaml"))
_HEADER = re.compile(r"# (?P<code>[A-Z_0-9]+) (?P<row>\S+)\n# (?P<why>.+)\n(# nobody: (?P<nobody>[A-Z_]+)\n)?---")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the first lines of a broken book say."""

    code: str
    #: The row, or the book where no row is to blame.
    where: str
    nobody: str | None

    @classmethod
    def of(cls, text: str) -> Expected:
        """Read the header of a file."""
        header = _HEADER.match(text)
        assert header is not None, "a broken book says what is wrong with it"
        return cls(header["code"], header["row"], header["nobody"])


def above(document: BookDocument) -> list[BookVersion]:
    """The versions that ship, without the book of that office."""
    return [each for each in shipped_versions() if each.book.code != document.system]


def everything(text: str, *, nobody: str | None = None) -> Iterator[Finding]:
    """What publishing the books of a text would be told."""
    outside = Outside(condition=conditions.check, headcount=lambda rank: 0 if rank == nobody else None)
    try:
        documents = yaml.parse(text)
    except RuleBookRefused as refusal:
        yield from refusal.findings
        return
    known = {code: document.inherits for code, document in shipped().items()}
    yield from library([document.book for document in documents], known=known)
    for document in documents:
        assert document.office_code is not None
        yield from check(document.version(), above(document), place(document.office_code), outside=outside)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_book_is_refused(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = Expected.of(text)
    found = [each for each in everything(text, nobody=expected.nobody) if not each.is_note]
    assert {finding.code.value for finding in found} == {expected.code}
    finding = next(each for each in found if expected.where in (each.row_id, each.book))
    assert expected.where == finding.book or expected.where in finding.message, "the message names the row"
    assert finding.cure
    if expected.nobody is not None:
        assert list(everything(text)) == [], "with people of that rank nothing is wrong"


def test_broken_books_cover_the_codes_of_the_check() -> None:
    assert len(BROKEN) >= 30
    seen = {Expected.of(path.read_text(encoding="utf-8")).code for path in BROKEN}
    elsewhere = {
        *("BOOK_TOO_LARGE", "BOOK_NOT_UTF8", "NOT_YAML", "YAML_TAG", "YAML_ALIAS", "YAML_TOO_DEEP", "DUPLICATE_KEY"),
        *("MISSING_KEY", "WRONG_SHAPE", "SUMMARY_DIFFERS", "OUT_OF_RANGE", "DUPLICATE_VALUE", "PROVISIONAL_DAYS"),
    }
    assert seen | elsewhere == {code.value for code in FindingCode}
    assert not seen & elsewhere


@pytest.mark.parametrize("document", shipped().values(), ids=shipped())
def test_a_book_that_ships_passes_but_for_what_is_undecided(document: BookDocument) -> None:
    if document.role.role is BookRole.LAW:
        chain = [each for each in above(document) if each.book.code == "law-2022"]
        found = check(document.version(), chain)
    else:
        found = check(document.version(), above(document), place_of(document))
    errors = [finding for finding in found if not finding.is_note]
    if document.state is FileState.DRAFT:
        assert {finding.code for finding in errors} == {FindingCode.UNRESOLVED_PARAMETER}
    else:
        assert errors == []


def test_the_conflict_of_norms_is_a_remark() -> None:
    law = shipped()["law-zj-2016"].version()
    national = shipped()["law-2022"].version()
    (remark,) = check(law, [national])
    assert (remark.code, remark.row_id, remark.is_note) == (FindingCode.LOOSER_THAN_PARENT, "LZJ-04", True)
    undeclared = replace(law, rows=tuple(replace(each, quality=None) for each in law.rows))
    (error,) = check(undeclared, [national])
    assert not error.is_note


def test_drafts_that_wait_for_their_office_name_each_row() -> None:
    """S1.9, S4.2, S4.5: publishing names the parameter that nobody has decided."""
    said = {
        name: [str(each).partition(":")[0] for each in check(document.version(), above(document), place_of(document))]
        for name, document in shipped().items()
        if document.state is FileState.DRAFT
    }
    assert said == {
        "tongxiang": ["UNRESOLVED_PARAMETER TX-01.roll"],
        "xiyingmen": ["UNRESOLVED_PARAMETER XY-02.assumed_count"],
        "xihu": [*(f"UNRESOLVED_PARAMETER XH-0{n}.limit" for n in range(2, 8)), "UNRESOLVED_PARAMETER XH-09.per"],
    }


def test_a_decided_draft_passes() -> None:
    document = shipped()["tongxiang"]
    decided = tuple(
        replace(each, params={**each.params, "roll": "NEXT_WORKDAY"}, unresolved=()) if each.id == "TX-01" else each
        for each in document.rows
    )
    assert check(replace(document, rows=decided).version(), above(document), place_of(document)) == ()


def test_withholding_a_rule_decides_it_too() -> None:
    document = shipped()["tongxiang"]
    withheld = tuple(
        replace(each, withheld=True, withheld_reason="the council decides in May") for each in document.rows
    )
    assert check(replace(document, rows=withheld).version(), above(document), place_of(document)) == ()


def test_a_reviewed_rule_may_be_switched_on() -> None:
    document = shipped()["qindu"]
    on = tuple(replace(each, enabled=True) for each in document.rows)
    version = replace(document, rows=on).version()
    found = check(version, above(document), place_of(document))
    assert [(each.code, each.row_id) for each in found] == [(FindingCode.FLAGGED_RULE_NEEDS_REVIEW, "QN-11")]
    reviewed = Outside(reviewed=frozenset({"QN-11"}))
    assert check(version, above(document), place_of(document), outside=reviewed) == ()


def test_days_beyond_the_published_calendar_are_a_remark() -> None:
    visit = book("xiuzhou", "330411", row("XZ-01", "fixed_day", activity="VISIT", days=[20], roll="NEXT_WORKDAY"))
    later = replace(visit, effective_from=date(2027, 2, 1))
    outside = Outside(published_until=date(2026, 12, 31))
    assert check(visit, [], place("330411"), outside=outside) == ()
    (remark,) = check(later, [], place("330411"), outside=outside)
    assert (remark.code, remark.is_note) == (FindingCode.PROVISIONAL_DAYS, True)


def test_a_row_is_looked_at_by_itself() -> None:
    outside = Outside(condition=conditions.check)
    fine = row("A-01", "deadline", stage="ANSWER", start="REGISTERED", limit=span(5, "DAY"), when="group_size > 4")
    assert list(look_at_row(fine, outside=outside)) == []
    wrong = replace(fine, applies_to="ALL", params={**fine.params, "when": "group_size"})
    assert codes(look_at_row(wrong, outside=outside)) == ["UNKNOWN_REACH", "CONDITION_INVALID"]
    assert codes(look_at_row(Row("A-01", "nothing", "SELF"))) == ["UNKNOWN_KIND"]


def test_findings_stand_in_the_order_of_the_rows() -> None:
    late = [
        row(f"A-{n}", "deadline", stage=stage, start=start, limit=span(40, "DAY"))
        for n, (stage, start) in enumerate((("FORWARD", "RECEIVED"), ("DIRECT_NOTICE", "RECEIVED")))
    ]
    found = check(book("xiuzhou", "330411", *late), shipped_versions(), place("330411"))
    assert [each.row_id for each in found] == ["A-0", "A-1"]
    swapped = check(book("xiuzhou", "330411", *reversed(late)), shipped_versions(), place("330411"))
    assert [each.row_id for each in swapped] == ["A-1", "A-0"]


def test_figures_that_are_no_targets_are_those_that_count_who_comes() -> None:
    assert {str(code) for code in VOLUMES} == {each.code for each in DEFINITIONS.values() if each.about is About.VOLUME}


# --- what the check leans on


def test_every_stage_has_events_that_can_start_it() -> None:
    assert STARTS.keys() == set(Stage)
    assert all(STARTS.values())
    deadlines = [each.model for document in shipped().values() for each in document.rows if each.kind == "deadline"]
    assert len(deadlines) == 24
    assert all(can_start(each.stage, each.start) for each in deadlines)  # type: ignore[attr-defined]
    assert not can_start(Stage.HANDLE, Event.CLOSED)
    assert not can_start(Stage.FORWARD, Event.DELIVERED)


@pytest.mark.parametrize(
    ("code", "expected", "deep"),
    [
        ("PARENT", True, None),
        ("CITY", True, 1),
        ("PROVINCE", True, 0),
        ("COUNTY", True, 2),
        ("TOWN", True, 3),
        ("JOINT_CONFERENCE_OFFICE", True, 2),
        ("CITY_LEADERS", True, 2),
        ("TOWN_OR_DEPT", True, 3),
        ("RIGHTS_SECTION", None, None),
    ],
)
def test_what_bodies_stand_for_in_the_book_of_a_county(code: str, expected: bool | None, deep: int | None) -> None:
    county = place("330411")
    assert answers(code, county) is expected
    assert depth(code, county) == deep


def test_nobody_stands_above_a_root() -> None:
    assert answers("PARENT", place("12"), below=False) is False
    assert answers("PARENT", place("12")) is True, "above the offices below it stands the root itself"
    assert answers("TOWN", place("120111"), below=False) is False
    assert answers("TOWN", place("120111")) is True
    assert answers("PROVINCE", place("12")) is False
    assert answers("CITY", place("120111")) is True


def test_rungs_are_the_bodies_that_escalation_knows() -> None:
    known = targets._JOINT | targets._PETITION | targets._GOVERNMENT | targets._ABOVE
    assert known == RUNGS


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({Rank.SECTION_DEPUTY: 2, Rank.DIVISION_DEPUTY: 1, Rank.DIVISION_DEPUTY_UP: 0}, 3),
        ({Rank.SECTION_DEPUTY: 0, Rank.DIVISION_DEPUTY: 0, Rank.DIVISION_DEPUTY_UP: 0}, 0),
        ({Rank.SECTION_DEPUTY: 0, Rank.DIVISION_DEPUTY: 0}, None),
        ({}, None),
    ],
)
def test_how_many_belong_to_a_set(counts: dict[Rank, int], expected: int | None) -> None:
    model = row("A", "rank_set", name="LEADERS", min_rank="SECTION_DEPUTY").model
    assert isinstance(model, RankSet)
    assert people(model, counts.get) == expected
