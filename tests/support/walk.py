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
from typing import Any

from support import walk_oracle as oracle
from support.app import Answer, Caller
from support.walk_case import IDENTITY, MARKER, Denied, Known
from support.walk_oracle import Viewer
from support.walk_schema import JOINT, Root, document

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OPAQUE = re.compile(rb'"([A-Za-z0-9_-]{16,400})"')
#: Fields of a case that say what the case is about: null below the level.
_CONTENT_FIELDS = ("title", "claims", "petitioners")
_BATCH = 12


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
            found += self.judge(walker, answer, " | ".join(dict.fromkeys(each.about for each in batch))[:300])
        return found

    def judge(self, walker: Walker, answer: Answer, asked: str, *, besides: Iterable[str] = ()) -> list[Leak]:
        """One answer. ``besides`` = texts that may stand in this very answer."""
        self.answers += 1
        unexpected = [each for each in answer.body.get("errors", []) if each.get("extensions", {}).get("code") in
                      ("UNEXPECTED", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "QUERY_TOO_COSTLY")]
        assert not unexpected, (walker.name, asked, unexpected[:2])
        may = self.allowed(walker.viewer) | set(besides)
        told = {text for text in self.texts(answer.raw) if text not in may}
        found = [
            Leak(walker.name, asked, self._owners[text].name, self._category(text)) for text in sorted(told)
        ]
        for each in objects(answer.body.get("data")):
            found += [Leak(walker.name, asked, *wrong) for wrong in self._too_much(walker.viewer, each)]
            self._note(each)
        return found

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
        return found

    def _category(self, text: str) -> str:
        case = self._owners[text]
        if text in case.markers:
            return case.markers[text]
        return "number" if text == case.number else "order" if text not in str(case.key[1]) else "id"

    def _too_much(self, viewer: Viewer | None, each: dict[str, Any]) -> Iterator[tuple[str, str]]:
        match each.get("__typename"):
            case "Case" if "visibility" in each:
                case = self._by_gid(each["id"])
                if case is not None:
                    yield from ((case.name, what) for what in self._case_fields(viewer, case, each))
            case "CaseStub":
                case = self._by_gid(each["id"])
                if case is not None and self.level(viewer, case) != oracle.STUB:
                    yield case.name, "stub"
            case "CaseCount" if "count" in each:
                if each["petitionClass"] == "ACCUSATION" and each["count"] is not None and each["count"] < 5:
                    yield "", f"a count of {each['count']} accusations"

    def _case_fields(self, viewer: Viewer | None, case: Known, each: dict[str, Any]) -> Iterator[str]:
        """What a case object shows beyond its level."""
        seen = self.level(viewer, case)
        if each["visibility"] != oracle.NAMES.get(seen):
            yield f"visibility {each['visibility']}, not {oracle.NAMES.get(seen)}"
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
        involved = case.earlier | case.addressee | case.joint | case.advisor | {case.holder}
        if office not in involved and viewer.seat not in self.lines[case.holder] and case.lead != viewer.name:
            if any(row["isAvailable"] for row in each.get("availableActions", [])):
                yield "availableActions"

    def _by_gid(self, gid: str) -> Known | None:
        return next((case for case in self.cases if gid in (case.gid, case.stub_gid)), None)

    def _note(self, each: dict[str, Any]) -> None:
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
