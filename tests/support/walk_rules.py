"""Rule books of the walked world: of a town everything that can be done with one, at the end with a draft that only its
own office may know of; a village below that was made looser than the rules of the town it was moved to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import psycopg

from caseway.gql import ids
from support.walk_build import FENGQIAO, NANHU, VILLAGE, XIUZHOU, Builder
from support.walk_schema import pages

if TYPE_CHECKING:
    from support.walk_values import Places

#: Rules that stand in drafts alone, and whose drafts.
DRAFTED = dict.fromkeys((f"FQD-0{number}" for number in range(1, 6)), FENGQIAO)
#: A street that has a declared draft.
STREET = "120111001"


@dataclass(frozen=True)
class Books:
    """What is known of the rule books."""

    #: Code of the town's book.
    town: str
    #: Revision of every unpublished version -> code of its office.
    unpublished: dict[str, str]


def _rule(code: str, kind: str, *, clause: str | None = None, **parameters: Any) -> dict[str, Any]:
    given = [{"name": name, "value": value} for name, value in parameters.items()]
    return {"code": code, "kind": kind, "parameters": given, "clause": clause}


def _limit(code: str, n: int, applies_to: str) -> dict[str, Any]:
    limit = {"n": n, "unit": "WORKDAY"}
    rule = _rule(code, "deadline", stage="RESPOND", limit=limit, start="DISPATCHED")
    return {**rule, "appliesTo": applies_to}


Asked = Iterator[tuple[dict[str, Any], bool]]


def rule_values(office: str, *, soon: str) -> dict[str, Any]:
    """Values for input fields that only rule books have: an office far from most, and an instant that is ahead."""
    return {
        "appliesTo": "SELF",
        "value": "WALK",
        "unresolved": [],
        "revision": "00" * 32,
        "ruleCode": "FQ-01",
        "versionNumber": 1,
        "packCode": "village-basics",
        "sourceId": office,
        "effectiveOn": soon[:10],
        "yaml": "system: walk",
        **dict.fromkeys(("clause", "withheldReason", "note"), "走查所写的文字"),
    }


class RuleRoots:
    """How the walk asks the roots of rule books (a part of ``walk_values.Roots``)."""

    places: Places
    chosen: list[str]

    def _rule_book(self) -> Asked:
        for gid in [*self._ruled, ids.encode("Office", 2_000_000_000)]:
            yield {"officeId": gid}, True

    def _rule_books(self) -> Asked:
        yield {"first": 5}, True
        yield from pages()

    def _rule_book_versions(self) -> Asked:
        town = self.places.books.town
        yield from (({"bookCode": code, "first": 20}, True) for code in (town, "xiyingmen", "law-2022", "nowhere"))
        yield from pages(bookCode=town)

    def _rule_diff(self) -> Asked:
        """Among them the draft, which is the newest version."""
        for one, other in product(range(1, 6), repeat=2):
            yield {"bookCode": self.places.books.town, "fromNumber": one, "toNumber": other}, True
        yield {"bookCode": "xiyingmen", "fromNumber": 1, "toNumber": 1}, True

    def _rule_findings(self) -> Asked:
        for gid in self._ruled:
            yield {"officeId": gid}, True
        yield {"officeId": self.places.offices["330402100"], "effectiveOn": "2026-06-01"}, True

    def _effective_rules(self) -> Asked:
        town = self.places.offices["330402100"]
        yield from (({"officeId": gid}, True) for gid in (town, ids.encode("Office", 2_000_000_000)))
        yield {"officeId": town, "at": "2020-06-01T00:00:00Z", "kind": "deadline"}, True

    def _rule_what_if(self) -> Asked:
        """What the draft of the town would have changed; nothing for everybody else."""
        for gid in [*self._ruled, ids.encode("Office", 2_000_000_000)]:
            yield {"officeId": gid, "months": 12}, True

    def _rule_kinds(self) -> Asked:
        yield {}, True

    def _rule_packs(self) -> Asked:
        yield {}, True

    def _rule_pack_drift(self) -> Asked:
        town = {"packCode": "village-basics", "officeId": self.places.offices["330402100"]}
        yield {**town, "first": 100}, True
        yield {**town, "packCode": "nowhere", "first": 100}, True
        yield {**town, "officeId": self.places.offices["330402"], "first": 100}, True
        yield from pages(**town)

    def _rule_register(self) -> Asked:
        yield {"first": 100}, True
        yield from (({"officeCode": code, "first": 10}, True) for code in ("330402100", "120111001", "nowhere"))
        yield from pages()

    @property
    def _ruled(self) -> list[str]:
        """Offices whose books are asked for: the chosen ones, and a street that has a declared draft."""
        return [*self.chosen, self.places.offices[STREET]]


async def build_rules(to: Builder) -> None:
    """Books of a town, a county and a neighbour; what is moved later is in ``loosened``."""
    who, office = "fengqiao.admin", {"officeId": to.offices[FENGQIAO]}
    await to.ask(who, "ruleDraftOpen", note="草案", effectiveOn=to.local()[:10], **office)
    await to.ask(who, "ruleDraftPut", rule=_rule("FQ-01", "meeting", name="WEEKLY_TALK", per="WEEK"), **office)
    await to.ask(who, "ruleDraftRemove", ruleCode="FQ-01", **office)
    await to.ask(who, "ruleDraftDiscard", **office)
    await to.ask(who, "ruleDraftOpen", **office)
    talk = _rule("FQ-01", "meeting", clause="每周一次。", name="WEEKLY_TALK", per="WEEK", chair="HEADS")
    put = await to.ask(who, "ruleDraftPut", rule=talk, **office)
    done = await to.ask(who, "ruleBookPublish", revision=put["version"]["revision"], note="第一版", **office)
    first = done["version"]["number"]
    forward = _rule("FQ-02", "deadline", stage="FORWARD", limit={"n": 3, "unit": "WORKDAY"}, start="RECEIVED")
    await to.ask(who, "ruleDraftOpen", **office)
    await to.ask(who, "ruleDraftPut", rule=forward, **office)
    other = _rule("FQ-01", "meeting", clause="每月一次。", name="WEEKLY_TALK", per="MONTH", chair="HEADS")
    put = await to.ask(who, "ruleDraftPut", rule=other, **office)
    await to.ask(who, "ruleBookPublish", revision=put["version"]["revision"], **office)
    await to.ask("fengqiao.leader", "ruleBookConfirm", revision=put["version"]["revision"], **office)
    await to.ask(who, "ruleBookRollback", versionNumber=first, **office)
    await to.ask("fengqiao.leader", "ruleBookConfirm", revision=_revision(to, FENGQIAO), **office)
    street = {"officeId": to.offices[STREET]}
    review = {"ruleCode": "XY-10", "decision": "REFUSED", "reason": "不用作指标"}
    await to.ask("xiyingmen.leader", "ruleReviewRecord", **review, **street)
    await _neighbours(to)
    # What stays a draft.
    await to.ask(who, "ruleDraftImport", yaml=_document(to), **office)
    await to.ask("nanhu.admin", "rulePackApply", packCode="town-basics", officeId=to.offices[FENGQIAO])


async def _neighbours(to: Builder) -> None:
    for username, code, rule in (
        ("nanhu.admin", NANHU, _limit("NH-01", 1, "SUBTREE")),
        ("xiuzhou.admin", XIUZHOU, _limit("XZ-01", 3, "SELF")),
    ):
        office = {"officeId": to.offices[code]}
        await to.ask(username, "ruleDraftOpen", **office)
        put = await to.ask(username, "ruleDraftPut", rule=rule, **office)
        await to.ask(username, "ruleBookPublish", revision=put["version"]["revision"], **office)
    # A village of its own mind, so that a pack and a clone leave something untouched.
    village = {"officeId": to.offices[VILLAGE]}
    await to.ask("daxing.admin", "ruleDraftOpen", **village)
    rule = _rule("VB-04", "meeting", name="OPEN_MATTERS", level="VILLAGE", per="WEEK", chair="VILLAGE_HEAD")
    put = await to.ask("daxing.admin", "ruleDraftPut", rule=rule, **village)
    await to.ask("daxing.admin", "ruleBookPublish", revision=put["version"]["revision"], **village)
    await to.ask("nanhu.admin", "rulePackApply", packCode="village-basics", officeId=to.offices[FENGQIAO])


async def loosened(to: Builder, village: str, town: str) -> None:
    """Give a village a limit of three days, and the town that it is to be moved to one of one day. A second village
    there is refused the three days."""
    who = "dongwuqi.admin"
    await to.ask(who, "ruleBookClone", sourceId=to.offices[XIUZHOU], officeIds=[village])
    await to.ask(who, "ruleBookClone", sourceId=to.offices[NANHU], officeIds=[town])
    inside = next(gid for code, gid in sorted(to.offices.items()) if code.startswith("152525100") and len(code) == 12)
    await to.ask(who, "ruleBookClone", sourceId=to.offices[XIUZHOU], officeIds=[inside])


def known(to: Builder) -> Books:
    """The books as they are at the end."""
    with psycopg.connect(to.world.database.dsn) as connection:
        rows = connection.execute(
            "select encode(v.digest, 'hex'), o.code from rule_book_version v join office o on o.id = v.office_id"
            " where v.state <> 'PUBLISHED'"
        ).fetchall()
        town = connection.execute(
            "select b.code from rule_book b join office o on o.id = b.office_id where o.code = %s", (FENGQIAO,)
        ).fetchone()
    assert town is not None
    return Books(town[0], dict(rows))


def _revision(to: Builder, code: str) -> str:
    with psycopg.connect(to.world.database.dsn) as connection:
        row = connection.execute(
            "select encode(v.digest, 'hex') from rule_book_version v join office o on o.id = v.office_id"
            " where o.code = %s and v.state = 'PROPOSED'",
            (code,),
        ).fetchone()
    assert row is not None
    return str(row[0])


def _document(to: Builder) -> str:
    return f"""\
system: {known(to).town}
name: 凤桥镇
role: office
office: {{level: TOWN, code: '{FENGQIAO}'}}
rules:
- {{id: FQD-01, kind: meeting, applies_to: SELF, params: {{name: MONTHLY_TALK, per: MONTH}}}}
- {{id: FQD-02, kind: fixed_day, applies_to: SELF,
   params: {{activity: VISIT, days: [8], roll: UNSPECIFIED, levels: [TOWN]}}}}
- {{id: FQD-03, kind: deadline, applies_to: SUBTREE,
   params: {{stage: HANDLE, limit: {{n: 9, unit: DAY}}, start: ACCEPTED}}}}
- {{id: FQD-04, kind: escalation, applies_to: SUBTREE,
   params: {{name: SOON, trigger: [OTHER], ladder: [TOWN, COUNTY], when: 'days_open >= 0',
            rungs: [{{to: COUNTY, gives: INFORM}}]}}}}
- {{id: FQD-05, kind: deadline, applies_to: SUBTREE,
   params: {{stage: ANSWER, limit: {{n: 40, unit: DAY}}, start: REGISTERED, when: 'bounces > 9'}}}}
"""
