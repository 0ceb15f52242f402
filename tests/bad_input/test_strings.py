"""Texts in every script come back as they went: nothing is cut, folded, reordered or taken for code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bad_input.conftest import Probe, mutation

TEXTS = {
    "emoji": "积水😀👨‍👩‍👧‍👦🏳️‍🌈🇨🇳",
    "right to left": "مرحبا שלום abc \u202eolleh\u202c \u2067x\u2069",
    "zero width": "零\u200b宽\u200d字\ufeff符\u2060里",
    "combining": "e" + "\u0301" * 150 + "z̷̢̛",
    "not normalised": "Å vs Å, ﬁ vs fi, ｆｕｌｌ",
    "rare characters": "𠮷野家𪚥𰻝㐂",
    "line breaks": "一\r\n二\n三\u2028四\u2029五\t六",
    "sql": "'; DROP TABLE cases; -- \" \\ %_ $1 :name ? %(x)s {0}",
    "templates": "{{7*7}} ${7*7} #{7} <%= 7 %> <script>alert(1)</script> &amp; ]]>",
    "json": '{"a": "\\u0041", "b": [null]} \\n \\u0000',
    "formulas": "=1+1 @SUM(A1) +cmd|' /C calc'!A0",
    "controls": "a\x01b\x07c\x1bd\x7fe\x80f",
    "private use": "\ue000\U000f0000\U0010ffff\uffff",
}
READ = "query ($id: ID!) { case(id: $id) { title claims { title claim } petitioners { maskedName } } }"


@pytest.mark.parametrize("kind", TEXTS)
async def test_a_text_comes_back_as_it_went(probe: Probe, kind: str) -> None:
    text = TEXTS[kind]
    people = [{"name": text[:100].strip(), "phone": text[:40].strip(), "address": text}]
    case_id = await probe.register("fengqiao.clerk", title=text, claim=text, petitioners=people)
    seen = (await (await probe.as_("fengqiao.clerk"))(READ, id=case_id)).data["case"]
    assert seen["title"] == text and seen["claims"] == [{"title": text, "claim": text}]
    given: dict[str, Any] = {"caseId": case_id, "purpose": "核对信访人身份"}
    read = await probe.done(
        "fengqiao.clerk", "caseIdentityRead", selection="petitioners { name phone address }", **given
    )
    assert read["petitioners"] == people


@pytest.mark.parametrize("kind", TEXTS)
async def test_an_accusation_comes_back_as_it_went(probe: Probe, kind: str) -> None:
    """Its texts are stored encrypted, beside every index."""
    text = TEXTS[kind]
    accused: dict[str, Any] = {"officeIds": [await probe.office("330402")]}
    case_id = await probe.register("jiaxing-xfj.clerk", petitionClass="ACCUSATION", accused=accused, claim=text)
    target = await probe.office("3304-jw")
    done = await probe.done(
        "jiaxing-xfj.clerk", "caseHandOverAccusation", selection="order { id }", caseId=case_id, officeId=target
    )
    await probe.sign("jiaxing-jw.handler", done["order"]["id"])
    seen = (await (await probe.as_("jiaxing-jw.handler"))(READ, id=case_id)).data["case"]
    assert seen["claims"][0]["claim"] == text


async def test_white_space_around_a_text_is_not_part_of_it(probe: Probe) -> None:
    case_id = await probe.register("fengqiao.clerk", title="\u3000 村道积水 \n", claim="\t请修\u3000路 ")
    seen = (await (await probe.as_("fengqiao.clerk"))(READ, id=case_id)).data["case"]
    assert seen["claims"] == [{"title": "村道积水", "claim": "请修\u3000路"}]


async def test_the_longest_texts_are_taken(probe: Probe) -> None:
    title, claim = "😀" * 200, "𠮷" * 20_000
    case_id = await probe.register("fengqiao.clerk", title=title, claim=claim)
    seen = (await (await probe.as_("fengqiao.clerk"))(READ, id=case_id)).data["case"]
    assert seen["claims"] == [{"title": title, "claim": claim}]


async def test_names_of_offices_and_staff_are_data_and_nothing_else(probe: Probe) -> None:
    name = '测试局\'; --%_\\ "引号" ${x} <b>'
    given: dict[str, Any] = {
        "officeId": await probe.office("3304"),
        "kind": "DEPARTMENT",
        "code": "3304-test",
        "name": name,
    }
    made = await probe.done("jiaxing.admin", "officeCreateChild", selection="office { id name }", **given)
    assert made["office"]["name"] == name
    post: dict[str, Any] = {"officeId": made["office"]["id"], "roles": ["HANDLER"], "title": name}
    person = await probe.done(
        "jiaxing.admin", "staffCreate", selection="membership { title person { name } }",
        name=name, username="odd.name", post=post,
    )  # fmt: skip
    assert person["membership"] == {"title": name, "person": {"name": name}}


async def test_the_answer_is_plain_utf_8_without_escapes(probe: Probe) -> None:
    answer = await probe.send(
        "fengqiao.clerk", "caseRegister", selection="case { title }", **probe.matter(title="积水😀")
    )
    assert "积水😀".encode() in answer.raw
    escaped = json.dumps(
        {"query": mutation("caseRegister", "case { title }"), "variables": {"input": probe.matter(title="积水😀")}}
    )
    token = (await probe.as_("fengqiao.clerk")).token
    response = await probe.client.post(
        "/graphql", content=escaped.encode(),
        headers={"content-type": "application/json", "authorization": f"Bearer {token}"},
    )  # fmt: skip
    assert response.content == answer.raw, "written with escapes or without, it is the same text"
