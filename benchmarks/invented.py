"""Invented cases of a country: from its offices and a seed to rows, ready for COPY. No benchmark by itself.

They are skewed as real ones are: few offices register most, counties and towns more than cities and villages, most
matters go one level down, most cases are long closed, some have been open for months. Ledgers are whole: every hash
fits, and folding the events gives the row. Left out are what lies enciphered (petitioners, accusations) and timers, so
that no worker begins to work on five years at once.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from caseway.cases.repository import COPIED, grams
from caseway.ledger.hashing import GENESIS

#: Share of registrations by level of the office, and how steeply offices of a level differ.
_LEVELS = {"CITY": 0.12, "COUNTY": 0.38, "TOWN": 0.4, "VILLAGE": 0.1}
_STEEPNESS = 0.8
#: Share of all cases that arise in the area that is given more than its own.
SKEW = 0.3
_FIELDS = ("LAND", "HOUSING", "EDUCATION", "LABOUR", "ENVIRONMENT", "TRAFFIC")
_CHANNELS = ("NETWORK",) * 5 + ("LETTER",) * 2 + ("VISIT",) * 2 + ("PHONE", "MAILBOX", "QR")
_CLASSES = ("APPEAL_CLAIM",) * 8 + ("SUGGESTION",)
_WHAT = (
    "村道积水", "电梯停运", "学校接送", "拖欠工资", "河道污染", "噪音扰民", "宅基地纠纷", "拆迁补偿", "停车困难",
    "路灯不亮", "自来水浑浊", "土地流转", "物业收费", "医保报销", "养殖场异味", "公交绕行", "危房改造", "垃圾清运",
)  # fmt: skip
_WISH = ("请尽快处理", "请予核实", "希望给出答复", "请疏通", "请公开标准", "请派人查看", "要求说明理由")
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_NUMBERS = len(_SIGNS) ** 7
_ZERO = GENESIS.hex()


@dataclass(frozen=True, slots=True)
class Place:
    """An office as cases are stamped with it."""

    id: int
    code: str
    level: str
    parent_id: int | None
    levels: tuple[int, ...]
    city_id: int
    #: Somebody of its staff; 0 = it has none.
    person_id: int = 0


@dataclass(slots=True)
class Country:
    """Where cases arise, and where they go from there."""

    places: Sequence[Place]
    seed: str
    #: Id of the office in whose area a disproportionate share arises; 0 = nowhere.
    heavy: int = 0
    below: dict[int, list[Place]] = field(default_factory=lambda: defaultdict(list))
    _weights: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        mixed = Random(self.seed)
        weights: dict[int, float] = {}
        for level, share in _LEVELS.items():
            found = [each for each in self.places if each.level == level]
            mixed.shuffle(found)
            steep = [1 / (rank + 1) ** _STEEPNESS for rank in range(len(found))]
            weights |= {each.id: share * part / sum(steep) for each, part in zip(found, steep, strict=True)}
        inside = {each.id for each in self.places if self.heavy in each.levels}
        if inside and self.heavy:
            own, rest = sum(weights[each] for each in inside), sum(weights.values())
            factor = SKEW * (rest - own) / ((1 - SKEW) * own)
            weights |= {each: weights[each] * factor for each in inside}
        self._weights = list(accumulate(weights[each.id] for each in self.places))
        for each in self.places:
            if each.parent_id is not None:
                self.below[each.parent_id].append(each)

    def somewhere(self, pick: Random) -> Place:
        """Where a case is registered."""
        return self.places[bisect(self._weights, pick.random() * self._weights[-1])]

    def way(self, pick: Random, start: Place) -> list[Place]:
        """The offices that come to hold it after another."""
        found = [start]
        while pick.random() < (0.6 if len(found) == 1 else 0.25) and (down := self.below.get(found[-1].id)):
            # The first of the children get most.
            found.append(down[int(len(down) * pick.random() ** 2)])
        return found


class Rows:
    """Lines of text for each table, collected from case after case."""

    def __init__(self, country: Country, *, now: datetime) -> None:
        self.country, self.now = country, now
        self.lines: dict[str, list[str]] = defaultdict(list)

    def add(self, number: int, at: datetime, pick: Random) -> None:
        """The ``number``-th case of all, registered at an instant, as far as it has come until now."""
        way = self.country.way(pick, self.country.somewhere(pick))
        _Case(self, way, number, at, pick).play()

    def take(self) -> dict[str, str]:
        """What was collected since the last time, by table."""
        found = {table: "".join(lines) for table, lines in self.lines.items()}
        self.lines.clear()
        return found


class _Case:
    """One case being played."""

    def __init__(self, rows: Rows, way: list[Place], number: int, at: datetime, pick: Random) -> None:
        self.rows, self.way, self.at, self.pick = rows, way, at, pick
        self.id, self.matter_id = self.uuid(at), self.uuid(at)
        self.holder, self.city_id = way[0], way[0].city_id
        self.seq, self.hash, self.last = 0, _ZERO, at
        self.clock, self.clock_events = ("", ""), 0
        self.row: dict[str, Any] = {}
        self.grants: list[tuple[Any, ...]] = []
        self.number = f"{way[0].code}-{at:%Y%m%d}-{_signs(number)}"

    def uuid(self, at: datetime) -> str:
        """A UUID of version 7."""
        drawn = self.pick.getrandbits(74)
        whole = (
            (int(at.timestamp() * 1000) << 80) | 0x7000 << 64 | (drawn >> 62) << 64 | 0x8 << 60 | drawn & (1 << 60) - 1
        )
        text = f"{whole:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def play(self) -> None:
        """From registration to its end, or to the present instant."""
        days = self.pick.lognormvariate(3.4, 0.7) * (4 if self.pick.random() < 0.03 else 1)
        self._register()
        moment = self.at
        for receiver in self.way[1:]:
            moment += timedelta(days=days * 0.03, microseconds=1)
            if moment > self.rows.now:
                return self._end()
            order_id = self._send(receiver, moment)
            moment += timedelta(days=days * 0.05, microseconds=1)
            if moment > self.rows.now:
                self._order(order_id, self.last, None, receiver)
                return self._end()
            self._sign(receiver, order_id, moment)
        accepted, answered = (moment + timedelta(days=days * part, microseconds=1) for part in (0.2, 0.9))
        if accepted <= self.rows.now:
            self._accept(accepted)
        if answered <= self.rows.now:
            self._answer(answered)
        closed = answered + timedelta(days=31)
        if closed <= self.rows.now:
            self._event("case.closed", closed, {"ground": "WINDOW_LAPSED"}, stage="CLOSED", is_open=False,
                        closed_at=_text(closed), due_at=None)  # fmt: skip
        return self._end()

    def _register(self) -> None:
        start, pick = self.holder, self.pick
        due = self._start("ACCEPT_NOTICE", "RECEIVED", "L22-10", 15, self.at)
        kind, channel = pick.choice(_CLASSES), pick.choice(_CHANNELS)
        group = 1 if pick.random() < 0.9 else pick.randint(2, 30)
        topic, at = pick.choice(_FIELDS), _text(self.at)
        self._event(
            "case.registered", self.at, {},
            accused_office_ids=[], accused_person_ids=[], answered_at=None, assignee_id=start.person_id, barred=[],
            channel=channel, closed_at=None, due_at=due, field=topic, grade="GENERAL", granted=[],
            group_size=group, held_by_discipline=False, is_first_time=True, is_open=True, lead_id=0,
            matter_id=self.matter_id, merged_into_id=None, number=self.number, petition_class=kind,
            place_code=start.code, preceding_id=None, proceeding="HANDLING", received_at=at, registered_at=at,
            registering_office_id=start.id, stage="REGISTERED", holder_id=start.id, **_levels(start),
        )  # fmt: skip
        self._line("matter", self.matter_id, topic, start.code, at)
        title, wish = f"{pick.choice(_WHAT)}{pick.randint(1, 99)}", pick.choice(_WISH)
        self._line(
            "registration", self.uuid(self.at), self.id, self.matter_id, channel, at, at, start.id, start.person_id,
            title, wish, group, "f",
        )  # fmt: skip
        words = " ".join(f"'{each}'" for each in sorted({*grams(title), *grams(wish)}))
        self._line("case_search", self.id, words)
        self._custody = (0, start.id, self.at, r"\N", r"\N")

    def _send(self, receiver: Place, at: datetime) -> str:
        order_id = self.uuid(at)
        facts = {"from": self.holder.id, "order_id": order_id, "to": receiver.id}
        self._event("case.assigned", at, facts, stage="IN_TRANSIT")
        granted = sorted({*self.row["granted"], receiver.id})
        delivered = at + timedelta(microseconds=1)
        self._event(
            "order.delivered", delivered, {"copied": [], "order_id": order_id, "to": receiver.id}, granted=granted
        )
        return order_id

    def _sign(self, receiver: Place, order_id: str, at: datetime) -> None:
        sender, text = self.holder, _text(at)
        self._order(order_id, self.last, at, receiver)
        seq, office_id, since, by, follows = self._custody
        self._line("custody", self.id, seq, office_id, _text(since), text, by, follows)
        self._custody = (seq + 1, receiver.id, at, order_id, text)
        self._grant(sender, "CUSTODY", text, order_id)
        granted = sorted({*self.row["granted"], sender.id} - {receiver.id})
        self.holder = receiver
        self._event(
            "order.signed", at, {"from": sender.id, "order_id": order_id, "to": receiver.id},
            stage="SIGNED", assignee_id=receiver.person_id, holder_id=receiver.id, held_by_discipline=False, lead_id=0,
            granted=granted, **_levels(receiver),
        )  # fmt: skip

    def _accept(self, at: datetime) -> None:
        self._stop(at)
        due = self._start("HANDLE", "ACCEPTED", "L22-17", 60, at)
        self._event("case.accepted", at, {"contact_unknown": False}, stage="ACCEPTED", due_at=due)

    def _answer(self, at: datetime) -> None:
        self._stop(at)
        facts = {"outcome": self.pick.choice(("SUPPORTED", "EXPLAINED", "NOT_SUPPORTED"))}
        self._event("case.answered", at, facts, stage="ANSWERED", due_at=None, answered_at=_text(at))

    def _end(self) -> None:
        seq, office_id, since, by, follows = self._custody
        self._line("custody", self.id, seq, office_id, _text(since), r"\N", by, follows)
        for grant in self.grants:
            self._line("case_grant", self.id, *grant, *(_cell(self.row[name]) for name in COPIED))
        row = self.row | {"changed_at": _text(self.last), "version": self.seq, "ledger_hash": rf"\\x{self.hash}"}
        self._line("cases", self.id, *(_cell(row[name]) for name in CASE_COLUMNS))

    def _event(self, type: str, at: datetime, facts: dict[str, Any], **changes: Any) -> None:
        self.seq += 1
        self.last = at
        self.row |= changes
        text = json.dumps(facts | {"set": changes}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        event_id, office, person = self.uuid(at), self.holder.id, self.holder.person_id
        body = (
            f'{{"at":"{_text(at)}","case_id":"{self.id}","city_id":{self.city_id},"facts":{text},"id":"{event_id}",'
            f'"office_id":{office},"person_id":{person},"reason":null,"seq":{self.seq},"type":"{type}"}}'
        )
        before, self.hash = self.hash, hashlib.sha256(bytes.fromhex(self.hash) + body.encode()).hexdigest()
        self._line(
            "ledger_event", self.id, self.seq, event_id, type, _text(at), person, office, r"\N", text,
            rf"\\x{before}", rf"\\x{self.hash}",
        )  # fmt: skip

    def _start(self, kind: str, start: str, row: str, days: int, at: datetime) -> str:
        """A clock of the law; its due instant."""
        day = at + timedelta(hours=8)
        due = _text(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=days + 1, hours=-8))
        limit = {
            "row": row, "book": "law-2022", "roll": "NEVER", "unit": "DAY", "layer": "LAW", "remind_before": [],
            "amount": days, "source": f"law-2022 {row}", "version": 1,
            "case_class": None,
        }  # fmt: skip
        self.clock = (self.uuid(at), kind)
        facts = {"dues": [[due, False]], "start": start, "limits": [limit], "extension": None, "person_id": 0}
        self._clock("START", at, facts)
        return due

    def _stop(self, at: datetime) -> None:
        self._clock("STOP", at, {"person_id": 0})

    def _clock(self, event: str, at: datetime, facts: dict[str, Any]) -> None:
        clock_id, kind = self.clock
        self.clock_events += 1
        own = clock_id if event == "START" else self.uuid(at)
        self._line(
            "clock_event", own, self.id, self.clock_events, clock_id, kind, event, _text(at), self.holder.id, r"\N",
            json.dumps(facts),
        )  # fmt: skip

    def _order(self, order_id: str, sent: datetime, signed: datetime | None, receiver: Place) -> None:
        at = _text(sent)
        if signed is None:
            self._grant(receiver, "ADDRESSEE", at, order_id)
        self._line(
            "custody_order", order_id, self.id, "ASSIGN", "t", "SIGNED" if signed else "DELIVERED", self.holder.id,
            receiver.id, self.holder.person_id, at, at, _text(signed) if signed else r"\N",
            receiver.person_id if signed else r"\N", self.row["stage"] if signed else "REGISTERED",
        )  # fmt: skip

    def _grant(self, office: Place, kind: str, at: str, order_id: str) -> None:
        self.grants.append((office.id, 0, kind, at, order_id))

    def _line(self, table: str, *cells: Any) -> None:
        self.rows.lines[table].append("\t".join((str(self.city_id), *map(str, cells))) + "\n")


#: Columns of ``cases`` after ``city_id`` and ``id``, as rows have them.
CASE_COLUMNS = (
    "number", "matter_id", "proceeding", "preceding_id", "merged_into_id", "stage", "petition_class", "channel",
    "field", "place_code", "is_open", "holder_id", "held_by_discipline", "l1", "l2", "l3", "l4", "l5", "l6",
    "registering_office_id", "assignee_id", "lead_id", "granted", "barred", "accused_office_ids", "accused_person_ids",
    "group_size", "grade", "is_first_time", "received_at", "registered_at", "due_at", "answered_at", "closed_at",
    "changed_at", "version", "ledger_hash",
)  # fmt: skip
#: Columns of each table in the order of its lines, parents before what refers to them.
COLUMNS: dict[str, tuple[str, ...]] = {
    "matter": ("city_id", "id", "field", "place_code", "opened_at"),
    "cases": ("city_id", "id", *CASE_COLUMNS),
    "registration": (
        "city_id", "id", "case_id", "matter_id", "channel", "received_at", "registered_at", "office_id", "registrar_id",
        "title", "claim", "group_size", "is_repeat",
    ),
    "case_search": ("city_id", "case_id", "grams"),
    "custody_order": (
        "city_id", "id", "case_id", "kind", "moves_custody", "state", "sender_id", "receiver_id", "sent_by", "sent_at",
        "delivered_at", "signed_at", "signed_by", "stage_before",
    ),
    "custody": ("city_id", "case_id", "seq", "office_id", "from_at", "to_at", "order_id", "follows_at"),
    "case_grant": ("city_id", "case_id", "office_id", "person_id", "kind", "since_at", "order_id", *COPIED),
    "clock_event": (
        "city_id", "id", "case_id", "seq", "clock_id", "kind", "event", "at", "office_id", "order_id", "facts",
    ),
    "ledger_event": (
        "city_id", "case_id", "seq", "id", "type", "at", "person_id", "office_id", "reason", "facts", "prev_hash",
        "hash",
    ),
}  # fmt: skip


def _levels(place: Place) -> dict[str, int]:
    return {f"l{depth}": office_id for depth, office_id in enumerate(place.levels, start=1)}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _cell(value: Any) -> str:
    match value:
        case None:
            return r"\N"
        case bool():
            return "t" if value else "f"
        case list():
            return "{" + ",".join(map(str, value)) + "}"
        case _:
            return str(value)


def _signs(number: int) -> str:
    """Seven signs that look random, and are another for every number."""
    left = number * 5_700_357_409 % _NUMBERS
    found = []
    for _ in range(7):
        left, sign = divmod(left, len(_SIGNS))
        found.append(_SIGNS[sign])
    return "".join(found)
