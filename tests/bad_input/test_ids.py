"""Ids that are unknown, malformed, of another kind or another office's: nothing tells "not there" from "not yours"."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
)

from bad_input.conftest import Probe, mutation
from caseway.gql.ids import decode, encode
from caseway.schema import schema

#: Of the same kind and city as a real one, but of nothing that ever was.
GHOST = uuid.UUID("0190aaaa-0000-7000-8000-000000000000")
GRAPH = schema._schema
KINDS = {
    "caseId": "Case", "orderId": "Order", "targetId": "Case", "precedingCaseId": "Case", "escalationId": "Escalation",
}  # fmt: skip


def inputs() -> dict[str, GraphQLInputObjectType]:
    """The input of every mutation."""
    root = GRAPH.mutation_type
    assert root is not None
    found: dict[str, Any] = {}
    for name, field in root.fields.items():
        kind = get_named_type(field.args["input"].type)
        assert isinstance(kind, GraphQLInputObjectType)
        found[name] = kind
    return found


def naming(*names: str) -> list[tuple[str, str]]:
    """Mutations that take one of these ids, with the name of that id, however deep in the input."""
    return [(mutation, name) for mutation, kind in inputs().items() for name in names if name in _fields(kind)]


def _fields(kind: GraphQLInputObjectType) -> Iterator[str]:
    for name, field in kind.fields.items():
        yield name
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from _fields(inner)


def sensible(kind: GraphQLInputType, known: dict[str, Any], name: str = "") -> Any:
    """A value that nothing is wrong with in itself; ids by the names of their fields."""
    if name in known:
        return known[name]
    if isinstance(kind, GraphQLNonNull):
        return sensible(kind.of_type, known, name)
    if isinstance(kind, GraphQLList):
        return [sensible(kind.of_type, known, name.removesuffix("s"))]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return {
            each: sensible(field.type, known, each)
            for each, field in kind.fields.items()
            if isinstance(field.type, GraphQLNonNull) or each in known or each == "newFacts"
        }
    by_type: dict[str, Any] = {"String": "请依法办理并说明理由", "Int": 1, "Boolean": True, "ID": known["officeId"]}
    by_type |= {"DateTime": known["DateTime"], "Date": known["DateTime"][:10], "PlainValue": 1}
    return by_type[str(kind)]


async def known_values(probe: Probe) -> dict[str, Any]:
    """Ids and values that are fine for everybody."""
    return {
        "officeId": await probe.office("330411"),
        "intoId": await probe.office("330424"),
        "personId": await probe.person("xiuzhou.handler"),
        "leadPersonId": await probe.person("xiuzhou.leader"),
        "handlerPersonId": await probe.person("xiuzhou.handler"),
        "DateTime": probe.ago(minutes=1),
        "idempotencyKey": None,
        "expectedVersion": None,
        "placeCode": "330411",
        "caseId": await probe.register("xiuzhou.clerk"),
        "targetId": await probe.register("xiuzhou.clerk"),
    }


def ghost(kind: str, real: str) -> str:
    """An id like a real one that names nothing."""
    city_id = decode(kind, real)[0]
    return encode(kind, city_id, GHOST)


async def test_not_yours_and_not_there_are_the_same_bytes_for_every_mutation(probe: Probe) -> None:
    """Whatever the role: staff of a county next door with the id of a case, order or escalation of 南湖区."""
    open_case = await probe.register()
    order_id = await probe.forward("jiaxing.clerk", open_case, "330402")
    ended = await probe.handled()
    await probe.done("fengqiao.handler", "caseAnswer", **probe.opinion(ended))
    accusation = await probe.register(
        "nanhu.clerk", petitionClass="ACCUSATION", accused={"officeIds": [await probe.office("330402101")]}
    )
    taken = await probe.handled()
    await probe.done("nanhu.leader", "caseTakeUp", caseId=taken, reason="由区里统一办理")
    query = "query ($id: ID!) { case(id: $id) { escalations { id } } }"
    up = (await (await probe.as_("nanhu.leader"))(query, id=taken)).data["case"]["escalations"]
    hidden: dict[str, Any] = {"Case": (open_case, ended, accusation), "Order": (order_id,)}
    hidden["Escalation"] = (up[0]["id"],)
    walked = naming(*KINDS)
    assert len(walked) > 30, walked
    values = await known_values(probe)
    strangers = [f"xiuzhou.{role}" for role in ("clerk", "dispatcher", "handler", "leader")]
    strangers += ["xiuzhou.admin", "platform.operator"]
    callers = {who: await probe.as_(who) for who in strangers}
    thorough = {"xiuzhou.dispatcher", "xiuzhou.handler"}

    async def walk() -> Any:
        for name, id_name in walked:
            kind = KINDS[id_name]
            for who, caller in callers.items():
                for real in hidden[kind] if who in thorough else hidden[kind][:1]:
                    answers = []
                    for chosen in (real, ghost(kind, real)):
                        given = sensible(inputs()[name], values | {id_name: chosen})
                        answers.append(await caller(mutation(name), input=given))
                    assert answers[0].raw == answers[1].raw, (name, who, answers[0].body, answers[1].body)
                    if id_name in ("caseId", "orderId", "escalationId"):
                        assert answers[0].code in {"NOT_FOUND", "NOT_PERMITTED"}, (name, who, answers[0].body)
        return answers[0]

    await probe.unchanged(walk)


async def test_the_accused_read_the_same_for_their_case_as_for_none(probe: Probe) -> None:
    hidden = await probe.register("nanhu.clerk", accused={"officeIds": [await probe.office("330402100")]})
    values = await known_values(probe)
    for who in ("fengqiao.dispatcher", "daxing.clerk"):
        caller = await probe.as_(who)
        for name, id_name in naming("caseId"):
            pair = [
                await caller(mutation(name), input=sensible(inputs()[name], values | {id_name: chosen}))
                for chosen in (hidden, ghost("Case", hidden))
            ]
            assert pair[0].raw == pair[1].raw, (name, who, pair[0].body)


async def test_reads_of_foreign_unknown_and_malformed_ids_are_the_same_nothing(probe: Probe) -> None:
    case_id = await probe.register()
    order_id = await probe.forward("jiaxing.clerk", case_id, "330402")
    caller = await probe.as_("xiuzhou.dispatcher")
    cases = [case_id, ghost("Case", case_id), "", "x", "!", order_id, await probe.office("3304"), "x" * 5_000, "\u200b"]
    cases += [
        encode("Case", 1, 2),
        encode("Case", "a"),
        encode("Office", -1),
        case_id + "=",
        case_id[:-1],
        f" {case_id}",
    ]
    answers = {(await caller("query ($id: ID!) { case(id: $id) { number } }", id=each)).raw for each in cases}
    assert answers == {b'{"data":{"case":null}}'}
    nodes = [
        case_id,
        order_id,
        ghost("Case", case_id),
        "",
        "x" * 5_000,
        encode("Nothing", 1),
        encode("Person", 2**31 - 1),
    ]
    answers = {(await caller("query ($id: ID!) { node(id: $id) { id } }", id=each)).raw for each in nodes}
    assert answers == {b'{"data":{"node":null}}'}


async def test_a_malformed_id_and_an_id_of_another_kind_say_what_was_expected(probe: Probe) -> None:
    case_id, office_id = await probe.register(), await probe.office("330402")
    for bad in ("", "x", office_id, "0", "../../etc/passwd", "x" * 5_000, "T2ZmaWNlOjE=", case_id.lower()):
        answer = await probe.refused(
            "jiaxing.dispatcher", "caseForward", "MALFORMED_ID", caseId=bad, officeId=office_id
        )
        assert {"key": "expected", "value": "Case"} in answer.result["details"]
    for bad in ("", "x", case_id, "330402", encode("Office", "x")):
        answer = await probe.refused("jiaxing.dispatcher", "caseForward", "MALFORMED_ID", caseId=case_id, officeId=bad)
        assert {"key": "expected", "value": "Office"} in answer.result["details"]
    await probe.refused(
        "jiaxing.clerk", "caseRegister", "INVALID_INPUT", at="accused.officeIds.1", problem="MALFORMED_ID",
        **probe.matter(accused={"officeIds": [office_id, case_id]}),
    )  # fmt: skip


async def test_no_mutation_breaks_over_a_malformed_id(probe: Probe) -> None:
    """Every id of every input, replaced by rubbish, is refused as data."""
    case_id = await probe.register()
    values = await known_values(probe) | {"caseId": case_id, "targetId": case_id, "precedingCaseId": case_id}
    values |= {"orderId": encode("Order", 1, GHOST), "escalationId": encode("Escalation", 1, GHOST)}
    ids = sorted({name for kind in inputs().values() for name in _fields(kind) if name.endswith("Id")})
    assert {"caseId", "orderId", "officeId", "personId", "membershipId", "overrideId"} <= set(ids)
    values |= {name: values["officeId"] for name in ids if name not in values}
    admin, desk = await probe.as_("jiaxing.admin"), await probe.as_("jiaxing.dispatcher")

    async def walk() -> Any:
        for name, id_name in naming(*ids):
            for rubbish in ("", "\u202erubbish", encode("Office", "x")):
                for caller in (admin, desk):
                    answer = await caller(mutation(name), input=sensible(inputs()[name], values | {id_name: rubbish}))
                    assert answer.code is not None and "UNEXPECTED" not in answer.codes, (name, id_name, answer.body)
        return answer

    await probe.unchanged(walk)
