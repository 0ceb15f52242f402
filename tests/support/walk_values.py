"""Values for every root argument and every input field of the schema, taken from the walked world.

A root field or argument that nothing is known about here is a ``LookupError``: the walk refuses to pass over it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLSchema, get_named_type

from caseway.access.permissions import Permission
from caseway.gql import ids
from support.walk_case import CONTENT, Known
from support.walk_oversight import FEICHENG_XFJ, FORESTRY, HUTUN, MARCH
from support.walk_reception import ReceptionRoots, reception_values
from support.walk_rules import RuleRoots, rule_values
from support.walk_schema import Enum, Inputs, Root, Selections, is_leaf, pages

if TYPE_CHECKING:
    from support.walk_notices import Tasks, Told
    from support.walk_oversight import Overseen
    from support.walk_rules import Books

#: An id that no case has.
NOBODYS_KEY = uuid.UUID("01900000-0000-7000-8000-00000000dead")
_NOBODY_ELSES_KEY = uuid.UUID("01900000-0000-7000-8000-00000000beef")
#: Roots that answer nobody in particular; every other one tells nothing without an identity.
PUBLIC_ROOTS = frozenset({"receptionSchedule", "ruleRegister"})
_FAR = {"since": "2026-04-01T00:00:00Z", "before": "2027-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Places:
    """Ids of the world by what they are."""

    cases: tuple[Known, ...]
    offices: dict[str, str]
    persons: dict[str, str]
    memberships: dict[str, str]
    overrides: tuple[str, ...]
    #: Offices by code, and persons, that stand for all of their kind: everybody would be the same question again.
    chosen: tuple[str, ...]
    met: tuple[str, ...]
    notices: dict[str, Told]
    tasks: Tasks
    #: Sessions of reception.
    sessions: tuple[str, ...]
    overseen: Overseen
    books: Books

    @property
    def orders(self) -> list[str]:
        """Every order."""
        return [order.gid for case in self.cases for order in case.orders]

    @property
    def escalations(self) -> list[str]:
        """Every escalation."""
        return [raised.gid for case in self.cases for raised in case.escalations]

    @property
    def nodes(self) -> list[str]:
        """Every id of every type."""
        found = [case.gid for case in self.cases] + [case.stub_gid for case in self.cases] + self.orders
        found += self.escalations
        found += [*self.overrides, *(self.offices[code] for code in self.chosen)]
        found += [each[name] for each in (self.persons, self.memberships) for name in self.met]
        found += [*self.sessions, ids.encode("ReceptionSession", 2_000_000_000)]
        found += [*self.overseen.links, *(each.gid for each in self.overseen.reviews)]
        found += [ids.encode("LiaisonLink", 2_000_000_000), ids.encode("AccountabilityReview", NOBODYS_KEY)]
        found += [*self.notices, self.tasks.office, self.tasks.platform, ids.encode("AdminTask", NOBODYS_KEY)]
        city = self.cases[0].key[0]
        return [
            *found,
            *(
                ids.encode(kind, city, NOBODYS_KEY)
                for kind in ("Case", "CaseStub", "Order", "Escalation", "OfficeNotice")
            ),
        ]


def nobodys(gid: str, key: uuid.UUID = NOBODYS_KEY) -> str:
    """An id of the same type and city that belongs to nothing."""
    kind, (city, _) = ids.split(gid)
    assert isinstance(city, int)
    return ids.encode(kind, city, key)


#: The months in which the walked world was made.
_MONTHS = {"fromOn": "2026-01-01", "toOn": "2026-04-30"}


class Roots(ReceptionRoots, RuleRoots):
    """Every query root with every argument."""

    def __init__(self, schema: GraphQLSchema, places: Places) -> None:
        assert schema.query_type is not None
        self.schema, self.places = schema, places
        self.fields = schema.query_type.fields
        self.selections = Selections(schema)
        self.chosen = [places.offices[code] for code in places.chosen]

    def names(self) -> list[str]:
        """All of them; a root without a way to walk it is a ``LookupError``."""
        for name in self.fields:
            if not hasattr(self, f"_{_snake(name)}"):
                raise LookupError(f"the walk does not know Query.{name}: add its arguments in support/walk_values.py")
        return list(self.fields)

    def of(self, name: str, *, thorough: bool = True) -> Iterator[Root]:
        """The root with all its arguments, one after the other; otherwise only those that ask for whole objects."""
        given = list(getattr(self, f"_{_snake(name)}")())
        used = {argument for arguments, _ in given for argument in arguments}
        if unused := set(self.fields[name].args) - used:
            raise LookupError(f"the walk never uses {name}({', '.join(sorted(unused))})")
        kind = self.fields[name].type
        plain, full = self._plain(kind), "" if is_leaf(kind) else self.selections.full(kind)
        for arguments, whole in given:
            if not (whole or thorough):
                continue
            yield Root(self.fields[name], name, arguments, full if whole else plain)

    def one(self, name: str, arguments: dict[str, Any]) -> Root:
        """The root with these arguments, and everything below it."""
        kind = self.fields[name].type
        return Root(self.fields[name], name, arguments, "" if is_leaf(kind) else self.selections.full(kind))

    def _plain(self, kind: Any) -> str:
        """For filters and pages: which rows there are, not what is in them."""
        named = get_named_type(kind)
        if is_leaf(kind):
            return ""
        if "pageInfo" in getattr(named, "fields", {}):
            row = get_named_type(named.fields["nodes"].type)
            shown = "id" if "id" in row.fields else next(n for n, each in row.fields.items() if is_leaf(each.type))
            return f"{{ edges {{ cursor node {{ __typename {shown} }} }} pageInfo {{ hasNextPage hasPreviousPage }} }}"
        return self.selections.full(kind)

    def _viewer(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield {}, True

    def _office(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from (({"id": gid}, True) for gid in [*self.chosen, ids.encode("Office", 2_000_000_000)])

    def _office_by_code(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from (({"code": code}, True) for code in ("330402100", "330402-jw", "nowhere"))

    def _case(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from (({"id": case.gid}, True) for case in self.places.cases)
        yield {"id": nobodys(self.places.cases[0].gid)}, True
        yield {"id": self.places.cases[0].stub_gid}, True

    def _cases(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield {"first": 100}, True
        yield {"last": 2, "before": None}, False
        yield {"first": 1, "after": None}, False
        for field, direction in product(self._enum("CaseOrderField"), self._enum("OrderDirection")):
            yield {"first": 100, "orderBy": {"field": field, "direction": direction}}, False
        yield from (({"first": 100, "filter": each}, False) for each in self._filters())

    def _filters(self) -> Iterator[dict[str, Any]]:
        kind = self.schema.get_type("CaseFilter")
        assert isinstance(kind, GraphQLInputObjectType)
        for name, each in kind.fields.items():
            named = get_named_type(each.type)
            if isinstance(named, GraphQLEnumType):
                many = isinstance(each.type, GraphQLList)
                yield from ({name: [Enum(value)] if many else Enum(value)} for value in named.values)
            elif named.name == "Boolean":
                yield from ({name: value} for value in (True, False))
            elif named.name == "InstantRange":
                yield from ({name: {bound: instant}} for bound, instant in _FAR.items())
            else:
                yield from ({name: value} for value in self._filter_values(name))

    def _filter_values(self, name: str) -> list[Any]:
        match name:
            case "fields":
                return [["LAND"], ["HOUSING"]]
            case "withinOfficeId":
                return self.chosen
            case "text":
                return [self.title_mark(case) for case in self.places.cases] + ["标题"]
        raise LookupError(f"the walk knows no values for CaseFilter.{name}: add them in support/walk_values.py")

    @staticmethod
    def title_mark(case: Known) -> str:
        """A marker that stands in the title of a case."""
        return next(text for text, kind in case.markers.items() if kind == CONTENT and len(text) > 1)

    def _case_stubs(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield {"first": 100}, True
        yield from pages()

    def _case_counts(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from (({"officeId": gid}, True) for gid in self.chosen)

    def _incoming_orders(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield {"first": 100}, True
        yield from pages()

    def _incoming_escalations(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from self._incoming_orders()

    def _office_notices(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield {"first": 100}, True
        yield from pages()
        yield from (({"first": 100, "unreadOnly": only}, False) for only in (True, False))
        yield from (({"first": 100, "kind": kind}, False) for kind in self._enum("NoticeKind"))

    def _admin_tasks(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from (({"first": 100, "openOnly": only}, True) for only in (True, False))
        yield from pages()

    def _access_attempts(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield {"first": 100}, True
        yield from pages()

    def _access_overrides(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from (({"officeId": gid}, True) for gid in self.chosen)

    def _calendar_days(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """A month with a holiday and a local day in it, and days that no notice is known for."""
        for gid in [*self.chosen, ids.encode("Office", 2_000_000_000)]:
            yield {"officeId": gid, "fromOn": "2026-05-20", "toOn": "2026-06-22"}, True
        yield {"officeId": self.chosen[0], "fromOn": "2026-12-30", "toOn": "2027-01-04"}, True

    def _calendar_horizon(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield {}, True

    def _liaison_links(self) -> Iterator[tuple[dict[str, Any], bool]]:
        for gid, ended in product([*self._overseen, ids.encode("Office", 2_000_000_000)], (True, False)):
            yield {"officeId": gid, "withEnded": ended, "first": 100}, True
        yield from pages(officeId=self.places.offices[HUTUN])

    def _supervisions(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from self._pages_of(("330402", FEICHENG_XFJ), "330402-xfj")

    def _accountability_reviews(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from self._pages_of(("330402", "370983"), "330402100")

    def _report_event_duties(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield from self._pages_of(("330402100", "330402-jw"), "330402-xfj")

    def _pages_of(self, filled: tuple[str, str], *others: str) -> Iterator[tuple[dict[str, Any], bool]]:
        """Offices where there is something, the chosen ones, and the pages of one."""
        codes = dict.fromkeys([*filled, *others, *self.places.chosen])
        gids = [*(self.places.offices[code] for code in codes), ids.encode("Office", 2_000_000_000)]
        yield from (({"officeId": gid, "first": 100}, True) for gid in gids)
        yield from pages(officeId=self.places.offices[filled[0]])

    def _report_duties(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """A month of which one report was filed and others are missing, and the end of a year."""
        year_end = {"fromOn": "2026-12-25", "toOn": "2027-01-05"}
        for gid, range_ in product([*self._overseen, ids.encode("Office", 2_000_000_000)], (MARCH, year_end)):
            yield {"officeId": gid, **range_}, True

    def _metric_definitions(self) -> Iterator[tuple[dict[str, Any], bool]]:
        yield {}, True

    def _metric_value(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """A figure that is worked out, and one that is not."""
        days = {"fromOn": "2026-04-01", "toOn": "2026-04-30"}
        for gid, code in product(
            [*self.chosen, ids.encode("Office", 2_000_000_000)], ("ON_TIME_CLOSURE_RATE", "SATISFACTION_RATE")
        ):
            yield {"officeId": gid, "code": code, **days}, True

    def _statistics(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """Everything that is counted of some months, of every office; tables by everything, of one."""
        for gid in [*self.chosen, ids.encode("Office", 2_000_000_000)]:
            yield {"officeId": gid, **_MONTHS, "by": Enum("CHILD_OFFICE")}, True
        asked = {"officeId": self.chosen[0], **_MONTHS}
        yield {**asked, "counts": [Enum("OPEN")], "by": Enum("STAGE")}, True
        yield {**asked, "asOfOn": "2026-03-01", "filter": {"fields": ["LAND"]}, "by": Enum("MONTH")}, True
        for each in ("PETITION_CLASS", "CHANNEL", "FIELD"):
            yield {**asked, "counts": [Enum("REGISTERED")], "by": Enum(each)}, True

    def _statistics_cases(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """What was registered, and what is open, of every office; all about the cases, of one."""
        asked = {**_MONTHS, "toOn": "2027-04-30", "first": 100}
        for gid, count in product([*self.chosen, ids.encode("Office", 2_000_000_000)], ("REGISTERED", "OPEN")):
            yield {**asked, "officeId": gid, "count": Enum(count)}, gid == self.chosen[0]
        asked = {**asked, "officeId": self.chosen[0], "count": Enum("REGISTERED")}
        yield {**asked, "ownOnly": True, "asOfOn": "2026-03-01", "filter": {"channels": [Enum("LETTER")]}}, False
        yield from pages(**_MONTHS, officeId=self.chosen[0], count=Enum("REGISTERED"))

    def _protected_counts(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """A month that is over, of both kinds."""
        for gid, kind in product([*self.chosen, ids.encode("Office", 2_000_000_000)], (True, False)):
            yield {"officeId": gid, "monthOn": "2026-03-10", "accusations": kind}, True

    @property
    def _overseen(self) -> list[str]:
        """Offices whose duties and links are asked for: the chosen ones and some far from all of them."""
        return [*self.chosen, *(self.places.offices[code] for code in (HUTUN, FEICHENG_XFJ, FORESTRY, "330402-xfj"))]

    def _access_explain(self) -> Iterator[tuple[dict[str, Any], bool]]:
        persons = [("fengqiao.handler", "330402100"), ("nanhu.leader", "330402"), ("yuxin.handler", "330402101")]
        for (person, office), case in product(persons, self.places.cases):
            yield {
                "caseId": case.gid,
                "personId": self.places.persons[person],
                "officeId": self.places.offices[office],
                "permission": Permission.CASE_CONTENT.value,
            }, True  # fmt: skip

    def _node(self) -> Iterator[tuple[dict[str, Any], bool]]:
        # The fields behind a node are those behind its other ways in: walked in full for what belongs to cases.
        yield from (({"id": gid}, True) for gid in self.places.nodes)

    def _enum(self, name: str) -> list[Enum]:
        kind = self.schema.get_type(name)
        assert isinstance(kind, GraphQLEnumType)
        return [Enum(value) for value in kind.values]


class Attempts:
    """Every mutation, aimed at one case, order, office or person."""

    #: Mutations about the caller's own session: they take nothing that belongs to anybody else.
    OWN = frozenset({"sessionStart", "sessionRefresh", "sessionEnd", "passwordChange"})

    def __init__(self, schema: GraphQLSchema, places: Places, *, soon: str, past: str) -> None:
        assert schema.mutation_type is not None
        self.schema, self.places, self.soon, self.past = schema, places, soon, past
        self.fields = schema.mutation_type.fields
        self.selections = Selections(schema)
        self.inputs = Inputs(self._known)

    def input_of(self, name: str) -> GraphQLInputObjectType:
        """The input type of a mutation."""
        kind = get_named_type(self.fields[name].args["input"].type)
        assert isinstance(kind, GraphQLInputObjectType)
        return kind

    def names(self, subject: str) -> list[str]:
        """Mutations whose input has a field of this name."""
        return [name for name in self.fields if name not in self.OWN and subject in self.input_of(name).fields]

    def at(self, name: str, given: dict[str, Any], *, whole: bool = False) -> Root:
        """The mutation with these values, and plausible ones for the rest."""
        built = self.inputs.build(self.input_of(name), given, whole=whole)
        built.pop("idempotencyKey", None)
        built.pop("password", None)
        return Root(self.fields[name], name, {"input": built}, self.selections.full(self.fields[name].type))

    def _known(self, owner: str, name: str) -> Any:
        offices, persons = self.places.offices, self.places.persons
        match name:
            case "caseId" | "targetId" | "precedingCaseId":
                return nobodys(self.places.cases[0].gid, _NOBODY_ELSES_KEY)
            case "escalationId":
                return nobodys(self.places.escalations[0], _NOBODY_ELSES_KEY)
            case "triggers":
                return ["MULTI_DEPT"]
            case "points":
                return ["走查所写的文字"]
            case "orderId":
                return nobodys(self.places.orders[0], _NOBODY_ELSES_KEY)
            case "officeId" | "competentOfficeId" | "parentId" | "intoId":
                return offices["330402101"]
            case "officeIds":
                return [offices["330402101"]]
            case "personId":
                return persons["yuxin.handler"]
            case "personIds":
                return [persons["yuxin.handler"]]
            case "membershipId":
                return self.places.memberships["yuxin.handler"]
            case "noticeId":
                return ids.encode("OfficeNotice", self.places.cases[0].key[0], _NOBODY_ELSES_KEY)
            case "taskId":
                return ids.encode("AdminTask", _NOBODY_ELSES_KEY)
            case "overrideId":
                return ids.encode("AccessOverride", 999_999)
            case "solvingOfficeId" | "areaId":
                return offices["330402101"]
            case "leadPersonId" | "handlerPersonId":
                return persons["yuxin.handler"]
            case "linkId":
                return ids.encode("LiaisonLink", 2_000_000_000)
            case "reviewId":
                return ids.encode("AccountabilityReview", _NOBODY_ELSES_KEY)
            case "dutyId":
                return ids.encode("ReportDuty", self.places.cases[0].key[0], _NOBODY_ELSES_KEY)
            case "caseIds":
                return [nobodys(self.places.cases[0].gid, _NOBODY_ELSES_KEY)]
            case "book":
                return "law-2022"
            case "rule" if owner == "AccountabilityReviewOpenInput":
                return "L22-32"
            case "decision" if owner == "AccountabilityReviewDecideInput":
                return "走查所写的文字"
            case "localDayId":
                return ids.encode("CalendarLocalDay", 999_999)
            case "dayOn":
                return self.soon[:10]
            case "basis":
                return "走查所依据的决定"
            case "expectedVersion" | "withinDays" | "days":
                return 1
            case "reportDueAt":
                return self.soon
            case "receivedAt" | "servedAt" | "signedAt" | "validFrom":
                return self.past
            case "validTo":
                return self.soon
            case "relation":
                return "own+ordinary"
            case "permission":
                return "case:content"
            case "role":
                return "handler"
            case "rank":
                return "STAFF"
            case "locale":
                return "zh-CN"
            case "field":
                return "LAND"
            case "placeCode" | "residenceCode":
                return "330402100"
            case "code" | "successorCode":
                return "330402100999"
            case "children" | "fields" | "portfolios":
                return ["LAND"]
            case "groupSize":
                return 2
            case "legalPower" | "name" | "username" | "phone" | "address" | "password" | "idempotencyKey":
                return f"walk-{name}"
            case (
                "title"
                | "text"
                | "tried"
                | "reason"
                | "instruction"
                | "claim"
                | "statement"
                | "purpose"
                | "explanation"
            ):
                return "走查所写的文字"
            case "body" | "legalBasis" | "remedies" | "newFacts" if owner != "CaseRegisterInput":
                return "走查所写的文字"
            case "consent" | "contactUnknown" | "isUnknown":
                return False
            case "kind" if owner == "BookRuleInput":
                return "meeting"
        found = reception_values(persons["yuxin.handler"], soon=self.soon)
        return (found | rule_values(offices["330402101"], soon=self.soon)).get(name)


def _snake(name: str) -> str:
    return "".join("_" + sign.lower() if sign.isupper() else sign for sign in name)
