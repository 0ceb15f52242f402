"""Who is asking: posts that have ended or not begun, offices of others, bad tokens, failed logins."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from bad_input.conftest import Probe, helps, mutation
from caseway import demo
from support.app import LOGIN, Answer

CASES = "{ cases(first: 1) { nodes { id } } }"
VIEWER = "{ viewer { actingOffice { code } } }"


async def test_a_post_that_has_ended_counts_no_more_from_that_instant(probe: Probe) -> None:
    who = "fengqiao.handler"
    await probe.as_(who)
    staff = await (await probe.as_("jiaxing.admin"))(
        "query ($code: String!) { officeByCode(code: $code) { staff(first: 50) { nodes { id person { id } } } } }",
        code="330402100",
    )
    person_id = await probe.person(who)
    posts = staff.data["officeByCode"]["staff"]["nodes"]
    post_id = next(each["id"] for each in posts if each["person"]["id"] == person_id)
    await probe.done("jiaxing.admin", "membershipEnd", selection="membership { id }", membershipId=post_id)
    await probe.denied(who, CASES, "ACTING_OFFICE_REQUIRED")
    answer = await (await probe.as_(who))(mutation("caseRegister"), input=probe.matter())
    assert (answer.code or answer.codes[0]) == "ACTING_OFFICE_REQUIRED"
    await probe.refused("jiaxing.admin", "membershipEnd", "MEMBERSHIP_ENDED", membershipId=post_id)


async def test_a_post_that_has_not_begun_does_not_count_yet(probe: Probe) -> None:
    office_id = await probe.office("330402101")
    given: dict[str, Any] = {
        "name": "新来的",
        "username": "new.person",
        "password": "lotus-red-boat-on-the-lake-48",
        "post": {"officeId": office_id, "roles": ["CLERK"], "validFrom": probe.ahead(days=2)},
    }
    await probe.done("jiaxing.admin", "staffCreate", selection="membership { id }", **given)
    caller = await probe.world.login("new.person", password=given["password"])
    assert (await caller(CASES)).codes == ["ACTING_OFFICE_REQUIRED"]
    probe.world.dial.by(days=3)
    caller = await probe.world.login("new.person", password=given["password"])
    assert (await caller(CASES)).data == {"cases": {"nodes": []}}


async def test_nobody_acts_for_an_office_of_somebody_else_whether_or_not_there_is_one(probe: Probe) -> None:
    answers = set()
    for office in ("330411", "3304", "999999", "nonsense", "T2ZmaWNlOjEz", "' or 1=1 --", "x" * 150, "x" * 5_000, "0"):
        caller = await probe.as_(f"nanhu.clerk@{office}")
        answer = await probe.unchanged(lambda caller=caller: caller(CASES))  # type: ignore[misc]
        assert answer.codes == ["ACTING_OFFICE_INVALID"]
        answers.add(answer.raw)
        acted = await probe.unchanged(
            lambda caller=caller: caller(mutation("caseRegister"), input=probe.matter())  # type: ignore[misc]
        )
        assert "ACTING_OFFICE_INVALID" in [acted.code, *acted.codes]
    assert len(answers) == 1


async def test_whoever_has_two_posts_says_for_which_office(probe: Probe) -> None:
    await probe.denied("jiaxing.double", CASES, "ACTING_OFFICE_REQUIRED")
    for office in ("3304-xfj", "3304-lxh", await probe.office("3304-xfj")):
        assert "errors" not in (await (await probe.as_(f"jiaxing.double@{office}"))(CASES)).body
    await probe.denied("jiaxing.double@3304", CASES, "ACTING_OFFICE_INVALID")


async def test_without_a_session_nothing_is_read_or_written(probe: Probe) -> None:
    nobody = probe.world
    assert (await nobody.post(VIEWER, {}, {})).data == {"viewer": None}
    assert (await nobody.post(CASES, {}, {})).codes == ["UNAUTHENTICATED"]
    answer = await probe.unchanged(lambda: nobody.post(mutation("caseRegister"), {"input": probe.matter()}, {}))
    assert "UNAUTHENTICATED" in [answer.code, *answer.codes]


async def test_tokens_that_are_not_ours_or_not_good_any_more_are_401(probe: Probe) -> None:
    token = (await probe.as_("jiaxing.clerk")).token
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    foreign = OKPKey.generate_key("Ed25519", {"kid": header.get("kid", "x")})
    secret = OctKey.import_key("x" * 32)

    def plain(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    none = plain(header | {"alg": "none"})
    bad = [
        "garbage", "a.b.c", "..", f"{head}.{body}", f"{head}.{body}.", f"{none}.{body}.", f"{none}.{body}.{signature}",
        f"{head}.{plain(claims | {'sub': '1'})}.{signature}", token[:-4] + "AAAA", token + "x", "x" * 10_000,
        jwt.encode({"alg": "HS256", "kid": header.get("kid", "x")}, claims, secret),
        jwt.encode(header | {"alg": "Ed25519"}, claims, foreign, algorithms=["Ed25519"]),
    ]  # fmt: skip
    headers = [f"Bearer {each}" for each in bad] + ["Bearer", "Bearer ", "Basic eDp4", token, f"Token {token}"]
    for authorization in headers:
        response = await probe.client.post("/graphql", json={"query": VIEWER}, headers={"authorization": authorization})
        assert response.status_code == 401, authorization
        assert response.headers["www-authenticate"] == "Bearer"
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] in {"UNAUTHENTICATED", "TOKEN_EXPIRED"} and helps(error["message"])
        assert "data" not in response.json()
    probe.world.dial.by(minutes=16)
    late = await probe.client.post("/graphql", json={"query": VIEWER}, headers={"authorization": f"Bearer {token}"})
    assert (late.status_code, code_of(late)) == (401, "TOKEN_EXPIRED")


def code_of(response: httpx.Response) -> str:
    """The code of the first error."""
    return str(response.json()["errors"][0]["extensions"]["code"])


async def attempt(probe: Probe, username: str, password: str) -> Answer:
    """One try to log in."""
    return await probe.world.post(LOGIN, {"input": {"username": username, "password": password}}, {})


async def test_failed_logins_read_alike_and_lock_the_account(probe: Probe) -> None:
    wrong = "wrong-password-of-somebody"
    texts = ("", " ", "nobody", "x" * 50_000, "jiaxing.clerk' or '1'='1", "ｊｉａｘｉｎｇ", "\u202e", "😀")
    answers = {(await probe.unchanged(lambda name=name: attempt(probe, name, wrong))).raw for name in texts}  # type: ignore[misc]
    known = await probe.unchanged(lambda: attempt(probe, "jiaxing.clerk", wrong))
    assert known.code == "LOGIN_FAILED" and helps(known.result["message"])
    assert answers == {known.raw}
    for password in ("", "x" * 300, "x" * 50_000, "\u202e", wrong):
        answer = await attempt(probe, "jiaxing.clerk", password)
        assert answer.raw == known.raw
    assert (await attempt(probe, "jiaxing.clerk", demo.password())).raw == known.raw, "locked by now"
    assert (await attempt(probe, "jiaxing.handler", demo.password())).code is None
    probe.world.dial.by(hours=1)
    assert (await attempt(probe, "jiaxing.clerk", demo.password())).code is None


async def test_administrators_reach_only_their_own_staff(probe: Probe) -> None:
    stranger = await probe.person("xiuzhou.handler")
    for name in ("staffDeactivate", "staffPasswordReset"):
        await probe.refused("nanhu.admin", name, "NOT_FOUND", personId=stranger)
    own = await probe.person("jiaxing.admin")
    answer = await probe.attempt("jiaxing.admin", "staffDeactivate", personId=own)
    assert answer.code in {"OWN_POSTS", "NOT_PERMITTED"}, answer.body
    post: dict[str, Any] = {"officeId": await probe.office("3304"), "roles": ["TENANT_ADMIN"]}
    for who in ("nanhu.admin", "jiaxing.clerk", "jiaxing.leader"):
        await probe.refused(who, "staffCreate", "NOT_PERMITTED", name="新来的", username="new.person", post=post)
