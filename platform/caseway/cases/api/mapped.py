"""How cases are read by compiled statements: the fields of ``types`` and ``pieces`` as SQL, and the roots of
``queries``. What is enciphered (names, records, accusations) or computed by the clocks is left to the resolvers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from caseway.access.flags_sql import rendered
from caseway.access.permissions import Permission
from caseway.access.plans_sql import Branch, branches
from caseway.cases import loaders, queries, visibility
from caseway.cases.api import enums as enums  # described before they are used
from caseway.cases.api.pieces import OfferedAction
from caseway.cases.api.queries import (
    CaseFilterInput,
    CaseOrderInput,
    criteria_of,
    office_within,
    order_of,
    page_of,
    page_of_stubs,
)
from caseway.cases.models import Case
from caseway.db import keyset
from caseway.db.keyset import Page
from caseway.gql import ids
from caseway.gql.compiler.mapping import Bound, Json, Key, Leaf, Made, Many, One, Paged, RootMap, Source, TypeMap
from caseway.gql.compiler.selection import TYPENAME, Selected
from caseway.gql.context import Context
from caseway.gql.execution import encode
from caseway.gql.facts import written
from caseway.gql.perform import note_missed
from caseway.people.mapped import office_of, person_of

#: Global id of the case at hand, and the filters that cursors of lists below a case are bound to.
_ID = "'Case:' || {t}.city_id || ':' || {t}.id"
OF_CASE = (
    """('{{"case": "' || translate(encode(convert_to(""" + _ID + """, 'UTF8'), 'base64'), E'+/=\\n', '-_') || '"}}')"""
)
#: Rows of a table of cases' parts that belong to the case at hand.
PART = "{r}.city_id = {t}.city_id and {r}.case_id = {t}.id"
ENTITLED = (Permission.CASE_CARD, Permission.CASE_CONTENT)


def _texts(*values: str) -> str:
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


_CONTENT = "{can[CASE_CONTENT]}"
_INSIDE = "({t}.holder_id = {office} or {can[CASE_CONTENT]})"
_SHARE = f"""({{can[CASE_HISTORY]}} or case when {{can[CASE_PART]}}
  then {{r}}.type in {_texts(*queries.ANSWER_EVENTS)}
    or ({{r}}.office_id = {{office}} and {{r}}.at <= {{held}} and {{r}}.type not in {_texts(*queries.HIDDEN_FROM_PART)})
  else {{r}}.type in {_texts(*queries.STUB_EVENTS)} end)"""
_VISIBILITY = """case when {can[CASE_CONTENT]} then case when {can[CASE_IDENTITY]} then 'FULL' else 'CONTENT' end
  else 'CARD' end"""
_ACCUSATION = "({t}.petition_class = 'ACCUSATION' and {can[CASE_CONTENT]})"
_LAST_DAY = "((({t}.due_at - interval '1 microsecond') at time zone 'Asia/Shanghai')::date)"


def _facts(payload: str, _: Sequence[Selected]) -> str:
    city_id, facts = payload.split(":", 1)
    return encode(written(json.loads(facts), city_id=int(city_id))).decode()


#: Every permission that an action asks for, in an order.
_ASKED = sorted({each for permissions in visibility.PERMISSIONS_FOR.values() for each in permissions})


def _actions(payload: str, selected: Sequence[Selected]) -> str:
    stage, _, bits = payload.partition(":")
    granted = frozenset(permission for permission, bit in zip(_ASKED, bits, strict=True) if bit == "1")
    shown = [OfferedAction.of(offer) for offer in visibility.offers(stage, granted)]
    read: dict[str, Callable[[OfferedAction], Any]] = {
        "name": lambda offer: offer.name,
        "isAvailable": lambda offer: offer.is_available,
        "reason": lambda offer: offer.reason,
        TYPENAME: lambda offer: "CaseAction",
    }
    return encode([{child.key: read[child.name](each) for child in selected} for each in shown]).decode()


def _linked(column: str) -> One:
    return One("Case", "cases {r}", f"{{r}}.city_id = {{t}}.city_id and {{r}}.id = {{t}}.{column}")


TYPES = {
    "Case": TypeMap(
        {
            "id": Leaf(Json.ID, _ID),
            "number": Leaf(Json.TOKEN, "{t}.number"),
            "version": Leaf(Json.NUMBER, "{t}.version"),
            "visibility": Leaf(Json.TOKEN, _VISIBILITY),
            "proceeding": Leaf(Json.TOKEN, "{t}.proceeding"),
            "stage": Leaf(Json.TOKEN, "{t}.stage"),
            "petitionClass": Leaf(Json.TOKEN, "{t}.petition_class"),
            "channel": Leaf(Json.TOKEN, "{t}.channel"),
            "field": Leaf(Json.TEXT, "{t}.field"),
            "placeCode": Leaf(Json.TEXT, "{t}.place_code"),
            "isOpen": Leaf(Json.TRUTH, "{t}.is_open"),
            "groupSize": Leaf(Json.NUMBER, "{t}.group_size"),
            "grade": Leaf(Json.TOKEN, "{t}.grade"),
            "isFirstTime": Leaf(Json.TRUTH, "{t}.is_first_time"),
            "receivedAt": Leaf(Json.INSTANT, "{t}.received_at"),
            "registeredAt": Leaf(Json.INSTANT, "{t}.registered_at"),
            "dueAt": Leaf(Json.INSTANT, "{t}.due_at"),
            "dueOn": Leaf(Json.DAY, _LAST_DAY),
            "isOverdue": Leaf(Json.TRUTH, "({t}.is_open and coalesce({t}.due_at <= {now}, false))"),
            "answeredAt": Leaf(Json.INSTANT, "{t}.answered_at"),
            "closedAt": Leaf(Json.INSTANT, "{t}.closed_at"),
            "holder": office_of("holder_id"),
            "registeringOffice": office_of("registering_office_id"),
            "assignee": person_of("assignee_id", when=_INSIDE),
            "lead": person_of("lead_id", when=_INSIDE),
            "title": Leaf(
                Json.TEXT,
                "(select coalesce(g.title, '') from registration g where g.city_id = {t}.city_id "
                "and g.case_id = {t}.id order by g.registered_at, g.id limit 1)",
                when=_CONTENT,
            ),
            "claims": Many("Claim", "registration {r}", PART, order="{r}.registered_at, {r}.id", when=_CONTENT),
            "timeline": Paged(
                "TimelineEvent",
                "ledger_event {r}",
                f"{PART} and {_SHARE}",
                keys=(Key("{r}.seq", "i"),),
                order=queries.TIMELINE_ORDER,
                filters=OF_CASE,
            ),
            "availableActions": Made(
                "{t}.stage || ':' || "
                + " || ".join(f"case when {{can[{each.name}]}} then '1' else '0' end" for each in _ASKED),
                _actions,
                type="CaseAction",
            ),
            "preceding": _linked("preceding_id"),
            "mergedInto": _linked("merged_into_id"),
        },
        guarded=ENTITLED,
        odd={"title": _ACCUSATION, "claims": _ACCUSATION},
    ),
    "CaseStub": TypeMap(
        {
            "id": Leaf(Json.ID, "'CaseStub:' || {t}.city_id || ':' || {t}.id"),
            "number": Leaf(Json.TOKEN, "{t}.number"),
            "registeredAt": Leaf(Json.INSTANT, "{t}.registered_at"),
            "handedOverAt": Leaf(Json.INSTANT, "{held}"),
        },
        guarded=(Permission.CASE_STUB,),
    ),
    "Claim": TypeMap(
        {
            "title": Leaf(Json.TEXT, "coalesce({t}.title, '')"),
            "claim": Leaf(Json.TEXT, "coalesce({t}.claim, '')"),
            "channel": Leaf(Json.TOKEN, "{t}.channel"),
            "receivedAt": Leaf(Json.INSTANT, "{t}.received_at"),
            "registeredAt": Leaf(Json.INSTANT, "{t}.registered_at"),
            "groupSize": Leaf(Json.NUMBER, "{t}.group_size"),
            "isRepeat": Leaf(Json.TRUTH, "{t}.is_repeat"),
            "office": office_of("office_id"),
        },
        reason="listed only for those who may read the case",
    ),
    "TimelineEvent": TypeMap(
        {
            "seq": Leaf(Json.NUMBER, "{t}.seq"),
            "type": Leaf(Json.TOKEN, "{t}.type"),
            "at": Leaf(Json.INSTANT, "{t}.at"),
            "reason": Leaf(Json.TEXT, "{t}.reason", when="{up[CASE_HISTORY]}"),
            "office": office_of("office_id"),
            "person": person_of("person_id", when="{up[CASE_HISTORY]}"),
            "facts": Made(
                "case when {up[CASE_HISTORY]} then {up[t]}.city_id || ':' || ({t}.facts - 'set')::text "
                "else '0:{{}}' end",
                _facts,
            ),
        },
        reason="each event is shown or not by what the viewer may see of the case",
    ),
}


async def _cases(
    context: Context,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    filter: CaseFilterInput | None = None,
    order_by: CaseOrderInput | None = None,
) -> Bound | None:
    actor, now, order = context.acting(), context.now(), order_of(order_by)
    page = page_of(context, filter, order, first=first, after=after, last=last, before=before)
    within = None
    if filter is not None and filter.within_office_id is not None:
        async with context.reader() as session:
            within = await office_within(session, filter.within_office_id)
        if within is None:
            return Bound("none", {}, _nowhere, page=page, nothing=True)
    criteria = queries.conditions(criteria_of(filter, within), now)
    permission = queries.asked(criteria)
    ways = branches(context.policy, actor, permission, now=now, cases=Case)
    return _listed(permission, ways, criteria, order, page)


def _nowhere() -> Source:
    return Source("cases c", where="false")


def _one(context: Context, key: tuple[int, uuid.UUID] | None, **rest: Any) -> Bound:
    source = Source("cases c", where="c.city_id = ⟨case_city⟩::integer and c.id = ⟨case_id⟩::uuid")
    values = {"case_city": key[0], "case_id": key[1]} if key is not None else {}
    return Bound("one", values, lambda: source, nothing=key is None, **rest)


async def _stubs(
    context: Context,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Bound:
    actor, now = context.acting(), context.now()
    page = page_of_stubs(context, first=first, after=after, last=last, before=before)
    ways = queries.stub_branches(context.policy, actor, now=now)
    return _listed(Permission.CASE_STUB, ways, queries.ACCUSATIONS, queries.STUB_ORDER, page)


def _listed(
    permission: Permission, ways: Sequence[Branch], criteria: loaders.Criteria, order: queries.CaseOrder, page: Page
) -> Bound:
    """A page of the cases that some branches open."""
    columns = order.columns(backwards=page.backwards)

    def source() -> Source:
        found = rendered(loaders.keys_of_cases(ways, criteria, order.value, page))
        return Source(
            f"({found}) found join cases c on c.city_id = found.city_id and c.id = found.id",
            keys=tuple(f"c.{column}" for column, _ in columns),
            order=", ".join(f"k{number}{way}" for number, (_, way) in enumerate(columns)),
            limit=page.limit + 1,
        )

    shape = (permission, order.name, loaders.shape(criteria), keyset.shape(page))
    return Bound(shape, {**loaders.values(criteria), **keyset.values(page)}, source, page=page, nothing=not ways)


async def _case(context: Context, id: str) -> Bound:
    key = ids.try_decode_case_side("Case", id)
    missed = partial(note_missed, context, "case", id) if key is not None else None
    return _one(context, key, missed=missed)


async def _node(context: Context, id: str) -> Bound | None:
    """Cases only: whatever else has an id is left to the resolver."""
    key = ids.try_decode_case_side("Case", id)
    if key is None:
        return None
    return _one(context, key, missed=partial(note_missed, context, "node", id[: ids.LONGEST_ID]), type="Case")


ROOTS = {
    "cases": RootMap("Case", _cases),
    "caseStubs": RootMap("CaseStub", _stubs),
    "case": RootMap("Case", _case),
    "node": RootMap("Case", _node),
}
