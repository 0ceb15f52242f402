"""Asks everything as everybody, and compares what comes back with what may.

``Walk.questions`` sends root fields in batches; every answer is read twice: its raw bytes (with everything in them that
decodes to an id) for texts of cases that the actor may not see, and its objects for fields that are more than their
level allows. What is wrong is collected as ``Leak``, never raised, so that a test can also ask for one.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from caseway.gql import ids
from support import walk_oracle as oracle
from support.app import Answer, Caller
from support.walk_case import IDENTITY, MARKER, Denied, Known
from support.walk_oracle import Viewer
from support.walk_rules import DRAFTED
from support.walk_schema import JOINT, Root, document

if TYPE_CHECKING:
    from support.walk_notices import Told

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OPAQUE = re.compile(rb'"([A-Za-z0-9_-]{16,400})"')
#: Fields of a case that say what the case is about: null below the level.
_CONTENT_FIELDS = ("title", "claims", "petitioners")
_BATCH = 12
#: Roots about what an office has to see to, and who may ask.
_OVERSEEN = {
    "supervisions": oracle.sees_duties,
    "accountabilityReviews": oracle.sees_reviews,
    "reportDuties": oracle.sees_duties,
    "reportEventDuties": oracle.sees_duties,
    "metricValue": oracle.counts,
    "statistics": oracle.sees_statistics,
    "statisticsCases": oracle.sees_statistics,
    "protectedCounts": oracle.sees_statistics,
}
#: Below this a number of accusations is not told.
_FEWEST = 5


@dataclass(frozen=True)
class Leak:
    """Something told to somebody who may not know it."""

    viewer: str
    asked: str
    case: str
    what: str


@dataclass
class Walker:
    """One actor with a way to ask, and the judge's view of them. ``viewer`` is None for nobody in particular."""

    name: str
    caller: Caller
    viewer: Viewer | None


@dataclass
class Walk:
    """The cases of a world and how to judge answers about them."""

    cases: Sequence[Known]
    #: Offices by code from the top down to each office.
    lines: dict[str, tuple[str, ...]]
    denied: tuple[Denied, ...] = ()
    #: Codes of offices by their numbers.
    codes: dict[int, str] = field(default_factory=dict)
    #: Names of persons by user name.
    names: dict[str, str] = field(default_factory=dict)
    #: Notices by their global ids.
    notices: dict[str, Told] = field(default_factory=dict)
    #: Cases in the files of reviews by their global ids.
    reviews: dict[str, tuple[Known, ...]] = field(default_factory=dict)
    #: Revisions of unpublished rule books, and whose they are.
    unpublished: dict[str, str] = field(default_factory=dict)
    #: (type, field) that came back with a value.
    seen: set[tuple[str, str]] = field(default_factory=set)
    answers: int = 0
    _owners: dict[str, Known] = field(default_factory=dict)
    _allowed: dict[Viewer, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for case in self.cases:
            self.learn(case)

    def learn(self, case: Known) -> None:
        """Which case every telling text belongs to."""
        for text in [case.number, str(case.key[1]), *case.markers]:
            self._owners[text] = case
        for order in case.orders:
            self._owners.update(dict.fromkeys([order.gid, *order.texts], case))
        for raised in case.escalations:
            self._owners.update(dict.fromkeys([raised.gid, *raised.lower_texts, *raised.upper_texts], case))

    def allowed(self, viewer: Viewer | None) -> set[str]:
        """Every telling text that may be told to the viewer."""
        if viewer is None:
            return set()
        if viewer not in self._allowed:
            found = (oracle.allowed(viewer, case, self.lines[case.holder], self.denied) for case in self.cases)
            self._allowed[viewer] = set().union(*found)
        return self._allowed[viewer]

    def level(self, viewer: Viewer | None, case: Known) -> int:
        """What the judge says."""
        if viewer is None:
            return oracle.NONE
        return oracle.level(viewer, case, self.lines[case.holder], self.denied)

    async def questions(self, walker: Walker, roots: Iterable[Root], *, kind: str = "query") -> list[Leak]:
        """Ask them all; what they told too much."""
        found: list[Leak] = []
        for batch in _batches(roots):
            text, variables = document(kind, batch)
            answer = await walker.caller(text, **variables)
            about = " | ".join(dict.fromkeys(each.about for each in batch))[:300]
            # An office's audit repeats the ids that its own staff asked for, of something and of nothing alike.
            echoed = self.ids() if batch[0].name == "accessAttempts" else ()
            found += self.judge(walker, answer, about, besides=echoed)
            for number, root in enumerate(batch):
                told = (answer.body.get("data") or {}).get(f"r{number}")
                found += [Leak(walker.name, root.about, *wrong) for wrong in self._by_answer(walker.viewer, root, told)]
        return found

    def _by_answer(self, viewer: Viewer | None, root: Root, told: Any) -> Iterator[tuple[str, str]]:
        """What a list or a number tells, whatever it shows of the cases behind it."""
        if viewer is None or not told:
            return
        if root.name == "cases" and "text" in (root.arguments.get("filter") or {}):
            for each in objects(told):
                case = self._by_gid(each.get("id", ""))
                if case is not None and self.level(viewer, case) < oracle.FULL_CONTENT:
                    yield case.name, "found by words it may not read"
        if root.name == "accessExplain":
            case = self._by_gid(root.arguments["caseId"])
            if case is not None and (case.accusation or oracle.barred(viewer, case)):
                yield case.name, "explained"
            if case is not None and not self._related(
                case, self.codes[int(str(ids.split(root.arguments["officeId"])[1][0]))]
            ):
                yield case.name, "explained to those it has nothing to do with"
        if (
            isinstance(told, dict)
            and told.get("edges") == []
            and any(told.get("pageInfo", {}).get(name) for name in ("hasNextPage", "hasPreviousPage"))
        ):
            yield "", "an empty page that says there are more"
        if root.name in _OVERSEEN:
            rows = told.get("nodes") or told.get("edges") if "pageInfo" in told else told
            (_, (number,)) = ids.split(root.arguments["officeId"])
            code = self.codes.get(int(str(number)), "")
            if rows and not _OVERSEEN[root.name](viewer, self.lines.get(code, ())):
                yield "", f"{root.name} of {code}"
        if root.name == "statistics" and "filter" not in root.arguments:
            (_, (number,)) = ids.split(root.arguments["officeId"])
            yield from (("", wrong) for wrong in self._miscounted_open(viewer, self.codes[int(str(number))], told))
        if root.name == "caseCounts":
            (_, (number,)) = ids.split(root.arguments["officeId"])
            yield from (("", wrong) for wrong in self._miscounted(viewer, self.codes[int(str(number))], told))

    def _related(self, case: Known, office: str) -> bool:
        """Whether an office has, or had, anything to do with a case."""
        involved = case.earlier | case.addressee | case.joint | case.informed | case.advisor
        return office in involved or office in self.lines[case.holder]

    def _miscounted(self, viewer: Viewer, code: str, told: list[dict[str, Any]]) -> Iterator[str]:
        inside = [case for case in self.cases if code in self.lines[case.holder] and not oracle.barred(viewer, case)]
        for row in told:
            accusations = row["petitionClass"] == "ACCUSATION"
            alike = [case for case in inside if case.accusation == accusations and case.is_open == row["isOpen"]]
            number: int | None = len(alike)
            if accusations and len(alike) < _FEWEST:
                number = None
            if row["petitionClass"] != "SUGGESTION" and row["count"] != number:
                yield f"{row['count']} cases of {code} counted, not {number}"

    def _miscounted_open(self, viewer: Viewer, code: str, told: dict[str, Any]) -> Iterator[str]:
        """Open ordinary cases, as statistics tell them to somebody."""
        inside = [case for case in self.cases if code in self.lines[case.holder] and not oracle.barred(viewer, case)]
        number = sum(case.is_open and not case.accusation for case in inside)
        values = {each["count"]: each["value"] for each in told["total"]["values"]}
        if values.get("OPEN", number) != number:
            yield f"{values['OPEN']} open cases of {code} in the statistics, not {number}"

    def judge(self, walker: Walker, answer: Answer, asked: str, *, besides: Iterable[str] = ()) -> list[Leak]:
        """One answer. ``besides`` = texts that may stand in this very answer."""
        self.answers += 1
        unexpected = [
            each
            for each in answer.body.get("errors", [])
            if each.get("extensions", {}).get("code")
            in ("UNEXPECTED", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "QUERY_TOO_COSTLY", "PAGE_SIZE")
        ]
        assert not unexpected, (walker.name, asked, unexpected[:2])
        may = self.allowed(walker.viewer) | set(besides)
        told = {text for text in self.texts(answer.raw) if text not in may}
        found = [Leak(walker.name, asked, self._owners[text].name, self._category(text)) for text in sorted(told)]
        for each in objects(answer.body.get("data")):
            found += [Leak(walker.name, asked, *wrong) for wrong in self._too_much(walker, each)]
            self.note(each)
        return found

    def ids(self) -> set[str]:
        """The ids of every case and order, as they stand in answers."""
        orders = {order.gid for case in self.cases for order in case.orders}
        raised = {each.gid for case in self.cases for each in case.escalations}
        return orders | raised | {str(case.key[1]) for case in self.cases}

    def texts(self, raw: bytes) -> set[str]:
        """Telling texts in an answer, also inside of ids and cursors."""
        opened = [raw.decode(), *(_opened(each) for each in _OPAQUE.findall(raw))]
        found: set[str] = set()
        for text in opened:
            found |= {each for each in MARKER.findall(text) if each in self._owners}
            found |= {each for each in _UUID.findall(text) if each in self._owners}
        whole = opened[0]
        found |= {text for text in self._owners if len(text) == 1 and text in whole}
        found |= {case.number for case in self.cases if case.number in whole}
        found |= {order.gid for case in self.cases for order in case.orders if order.gid in whole}
        found |= {each.gid for case in self.cases for each in case.escalations if each.gid in whole}
        return found

    def _category(self, text: str) -> str:
        case = self._owners[text]
        if text in case.markers:
            return case.markers[text]
        return "number" if text == case.number else "order" if text not in str(case.key[1]) else "id"

    def _too_much(self, walker: Walker, each: dict[str, Any]) -> Iterator[tuple[str, str]]:
        viewer = walker.viewer
        match each.get("__typename"):
            case "Case" if "visibility" in each:
                case = self._by_gid(each["id"])
                if case is not None:
                    yield from ((case.name, what) for what in self._case_fields(viewer, case, each))
            case "CaseStub":
                case = self._by_gid(each["id"])
                if case is not None and self.level(viewer, case) != oracle.STUB:
                    yield case.name, "stub"
            case "Office" if each.get("staff") is not None and "code" in each:
                if not oracle.sees_staff(viewer, self.lines[each["code"]]):
                    yield "", f"staff of {each['code']}"
            case "Membership" if "office" in each and "code" in each["office"]:
                own = each["person"].get("name") == self.names.get(walker.name.partition("@")[0])
                if not own and not oracle.sees_staff(viewer, self.lines[each["office"]["code"]]):
                    yield "", f"a post in {each['office']['code']}"
            case "AccessOverride" | "AccessExplanation" | "AccessAttempt" as kind:
                if viewer is None or not viewer.post.roles & oracle.ADMINISTERS:
                    yield "", kind
            case "OfficeNotice" if "id" in each:
                yield from self._notice(viewer, self.notices[each["id"]])
            case "AdminTask" if "office" in each:
                if not self._looks_after(viewer, each["office"]):
                    yield "", "a task"
            case "RuleBookVersion" if each.get("revision") in self.unpublished:
                if not oracle.reads_drafts(viewer, self.unpublished[each["revision"]]):
                    yield "", "a draft"
            case "BookRule" if each.get("code") in DRAFTED:
                if not oracle.reads_drafts(viewer, DRAFTED[each["code"]]):
                    yield "", f"rule {each['code']} of a draft"
            case "RulePackDrift" if "code" in (each.get("office") or {}):
                if not oracle.provides_rules(viewer, self.lines[each["office"]["code"]]):
                    yield "", f"what differs from a pack in {each['office']['code']}"
            case "ReceptionSession" | "DutyStatement" | "ResourceStandard" as kind if "code" in (
                each.get("office") or {}
            ):
                if not oracle.sees_reception(viewer, self.lines[each["office"]["code"]]):
                    yield "", f"{kind} of {each['office']['code']}"
            case "LiaisonLink" | "AccountabilityReview" | "AccountabilityEvidence" | "Supervision" | "ReportDuty":
                yield from self._overseen(viewer, each)
            case "CaseCount" if "count" in each:
                if each["petitionClass"] == "ACCUSATION" and each["count"] is not None and each["count"] < _FEWEST:
                    yield "", f"a count of {each['count']} accusations"

    def _overseen(self, viewer: Viewer | None, each: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What is said of an office's oversight is said to those who may know; what it is about is a case they see."""
        kind = each["__typename"]
        if viewer is None:
            yield "", kind
        if kind in ("AccountabilityReview", "ReportDuty") and "office" in each:
            code = self.codes[ids.decode_number("Office", each["office"]["id"])]
            may = oracle.sees_duties if kind == "ReportDuty" else oracle.sees_reviews
            if not may(viewer, self.lines[code]):
                yield "", f"{kind} of {code}"
        file = self.reviews.get(each.get("id", ""), ())
        yield from ((case.name, "a review") for case in file if viewer and oracle.barred(viewer, case))
        about_a_case = kind in ("AccountabilityEvidence", "Supervision") or each.get("event")
        if about_a_case and each.get("case", "") is None:
            yield "", f"{kind} about a case that is not shown"
        if each.get("holders") or each.get("registrations"):
            case = self._by_gid(each["case"]["id"])
            if case is not None and not (viewer and oracle.sees_history(viewer, case, self.lines[case.holder])):
                yield case.name, "history in a review"

    def _looks_after(self, viewer: Viewer | None, office: dict[str, Any] | None) -> bool:
        """Tasks of the platform are its operators', those of an office its own administrators'."""
        if viewer is None or office is None:
            return viewer is not None and "platform_operator" in viewer.post.roles
        return "tenant_admin" in viewer.post.roles and office.get("code", viewer.post.office) == viewer.post.office

    def _notice(self, viewer: Viewer | None, told: Told) -> Iterator[tuple[str, str]]:
        """A notice is its office's, for those who work on cases there; about a case, for those who see a card of it."""
        name = told.case.name if told.case is not None else ""
        if viewer is None or viewer.post.office != told.office or not oracle.works_on_cases(viewer):
            yield name, f"a notice to {told.office}"
        elif told.case is not None and self.level(viewer, told.case) < oracle.CARD:
            yield name, "a notice"

    def _case_fields(self, viewer: Viewer | None, case: Known, each: dict[str, Any]) -> Iterator[str]:
        """What a case object shows beyond its level."""
        seen = self.level(viewer, case)
        if each["visibility"] != oracle.NAMES.get(seen):
            yield f"visibility {each['visibility']}, not {oracle.NAMES.get(seen)}"
        if seen < oracle.CARD:
            yield "a card"
        if viewer is None:
            return
        history = oracle.sees_history(viewer, case, self.lines[case.holder])
        content = seen >= oracle.FULL_CONTENT
        office = viewer.post.office
        if not content:
            yield from (name for name in _CONTENT_FIELDS if each.get(name) is not None)
            if case.holder != office:
                yield from (name for name in ("assignee", "lead") if each.get(name) is not None)
            answers = ("HANDLING_OPINION", "LEGAL_BASIS", "REMEDIES")
            if any(row["kind"] not in answers for row in each.get("records") or []):
                yield "records"
        if not history and "custody" in each and "timeline" in each:
            if any(row["office"].get("code", office) != office for row in each["custody"]):
                yield "custody"
            for row in each["timeline"]["nodes"]:
                yield from (f"timeline.{name}" for name in ("reason", "person") if row.get(name) is not None)
                if row["facts"] != "{}":
                    yield "timeline.facts"
                if office not in case.earlier and row["type"] not in ("case.registered", "case.accusation_handed_over"):
                    yield f"timeline {row['type']}"
        if each.get("responsibilityList") is not None and not oracle.sees_list(viewer, case, self.lines[case.holder]):
            yield "responsibilityList"
        raises = case.holder == office and case.is_open and not case.accusation and viewer.post.roles & oracle.RAISES
        if each.get("whyNotEscalated") is not None and not (history or raises):
            yield "whyNotEscalated"
        for row in [] if history else each.get("supervisions") or []:
            between = {
                self.codes[ids.decode_number("Office", row[name]["id"])] for name in ("supervisor", "supervised")
            }
            if office not in between | {case.holder}:
                yield "supervisions"
        involved = case.earlier | case.addressee | case.joint | case.advisor | {case.holder}
        apart = office not in involved and viewer.seat not in self.lines[case.holder] and case.lead != viewer.name
        if apart and any(row["isAvailable"] for row in each.get("availableActions", [])):
            yield "availableActions"

    def _by_gid(self, gid: str) -> Known | None:
        return next((case for case in self.cases if gid in (case.gid, case.stub_gid)), None)

    def note(self, each: dict[str, Any]) -> None:
        """Remember which fields came back with a value."""
        kind = each.get("__typename")
        if kind is not None:
            self.seen |= {(kind, name) for name, value in each.items() if value is not None and value != []}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in an answer, with the aliases of the walk taken off."""
    if isinstance(value, list):
        for each in value:
            yield from objects(each)
    elif isinstance(value, dict):
        plain = {key.split(JOINT, 1)[-1] if not key.startswith("__") else key: each for key, each in value.items()}
        yield plain
        for each in plain.values():
            yield from objects(each)


def _opened(text: bytes) -> str:
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _batches(roots: Iterable[Root]) -> Iterator[list[Root]]:
    batch: list[Root] = []
    for root in roots:
        batch.append(root)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def identity_texts(case: Known) -> set[str]:
    """What says who brought a case."""
    return {text for text, kind in case.markers.items() if kind == IDENTITY}
