"""How orders and the chain of holders are read by compiled statements: the fields of ``types`` as SQL."""

from __future__ import annotations

from caseway.access.permissions import Permission
from caseway.cases.api.mapped import OF_CASE, PART
from caseway.cases.api.types import ORDER_ORDER
from caseway.custody.api.queries import page_of_incoming
from caseway.custody.workflow import SPECS
from caseway.db import keyset
from caseway.gql.compiler.mapping import Bound, Json, Key, Leaf, Many, One, Paged, RootMap, Source, TypeMap
from caseway.gql.context import Context
from caseway.people.mapped import office_of, person_of

_WITH_TEXTS = "({up[CASE_CONTENT]} or {t}.sender_id = {office})"
_DUTY = "case {t}.kind " + " ".join(f"when '{kind}' then '{spec.duty}'" for kind, spec in SPECS.items()) + " end"
_DAY = "({} at time zone 'Asia/Shanghai')::date"

TYPES = {
    "Case": TypeMap(
        {
            "custody": Many(
                "CustodyInterval",
                "custody {r}",
                f"{PART} and ({{can[CASE_HISTORY]}} or {{r}}.office_id = {{office}})",
                order="{r}.seq",
            ),
            "orders": Paged(
                "Order",
                "custody_order {r}",
                f"{PART} and ({{can[CASE_HISTORY]}} or {{office}} in ({{r}}.sender_id, {{r}}.receiver_id))",
                keys=(Key("{r}.sent_at", "t"), Key("{r}.id", "u")),
                order=ORDER_ORDER,
                filters=OF_CASE,
            ),
        }
    ),
    "CustodyInterval": TypeMap(
        {
            "seq": Leaf(Json.NUMBER, "{t}.seq"),
            "fromAt": Leaf(Json.INSTANT, "{t}.from_at"),
            "toAt": Leaf(Json.INSTANT, "{t}.to_at"),
            "office": office_of("office_id"),
            "days": Leaf(Json.NUMBER, f"{_DAY.format('coalesce({t}.to_at, {now})')} - {_DAY.format('{t}.from_at')}"),
        },
        reason="all for those who see the history of the case, else those of the own office",
    ),
    "Order": TypeMap(
        {
            "id": Leaf(Json.ID, "'Order:' || {t}.city_id || ':' || {t}.id"),
            "kind": Leaf(Json.TOKEN, "{t}.kind"),
            "state": Leaf(Json.TOKEN, "{t}.state"),
            "movesCustody": Leaf(Json.TRUTH, "{t}.moves_custody"),
            "duty": Leaf(Json.TOKEN, _DUTY),
            "sentAt": Leaf(Json.INSTANT, "{t}.sent_at"),
            "deliveredAt": Leaf(Json.INSTANT, "{t}.delivered_at"),
            "signedAt": Leaf(Json.INSTANT, "{t}.signed_at"),
            "isDeemed": Leaf(Json.TRUTH, "({t}.signed_at is not null and coalesce({t}.signed_by = 0, false))"),
            "objectedAt": Leaf(Json.INSTANT, "{t}.objected_at"),
            "endedAt": Leaf(Json.INSTANT, "{t}.ended_at"),
            "reportDueAt": Leaf(Json.INSTANT, "{t}.report_due_at"),
            "instruction": Leaf(Json.TEXT, "{t}.instruction", when=_WITH_TEXTS),
            "objection": Leaf(Json.TEXT, "{t}.objection", when=_WITH_TEXTS),
            "sender": office_of("sender_id"),
            "receiver": office_of("receiver_id"),
            "signedBy": person_of("signed_by", when="{office} in ({t}.sender_id, {t}.receiver_id)"),
            "copied": Many(
                "Office",
                "unnest({t}.copied_office_ids) with ordinality copied(id, place) join office {r} on {r}.id = copied.id",
                "true",
                order="copied.place",
            ),
            "case": One("Case", "cases {r}", "{r}.city_id = {t}.city_id and {r}.id = {t}.case_id"),
        },
        reason="all for those who see the history of the case, else those that the own office sent or received",
    ),
}


async def _incoming(
    context: Context,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Bound:
    page = page_of_incoming(context, first=first, after=after, last=last, before=before)

    def source() -> Source:
        where = ["c.receiver_id = ⟨access_office⟩::integer and c.state in ('SENT', 'DELIVERED')"]
        for name, place, sign in (("after", page.after, ">"), ("before", page.before, "<")):
            if place is not None:
                where.append(f"(c.sent_at, c.id) {sign} (⟨{name}_0⟩::timestamptz, ⟨{name}_1⟩::uuid)")
        down = " desc" if page.backwards else ""
        return Source(
            "custody_order c join cases u on u.city_id = c.city_id and u.id = c.case_id",
            where=" and ".join(where),
            keys=("c.sent_at", "c.id"),
            up=Permission.CASE_CARD,
            order=f"k0{down}, k1{down}",
            limit=page.limit + 1,
        )

    return Bound(("incoming", keyset.shape(page)), keyset.values(page), source, page=page)


ROOTS = {"incomingOrders": RootMap("Order", _incoming)}
