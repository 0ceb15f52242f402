"""Staff over HTTP: sessions, who is asking, and administration, as clients do it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from caseway.app import build_app
from caseway.db.session import Database
from caseway.gql.ids import encode
from caseway.people.models import Membership, Person
from caseway.settings import Settings
from people.conftest import COUNTY, MASTER, NEIGHBOUR, NOW, PASSWORD, TOWN, Make, Somebody
from support.writing import writing

Reply = dict[str, Any]
Call = Callable[..., Awaitable[Reply]]

START = """mutation Start($input: SessionStartInput!) { sessionStart(input: $input) {
  __typename
  ... on SessionStartPayload {
    session { accessToken accessExpiresAt refreshToken endsAt } person { id name } memberships { office { code } }
  }
  ... on Error { code message }
} }"""
REFRESH = """mutation Renew($input: SessionRefreshInput!) { sessionRefresh(input: $input) {
  ... on SessionRefreshPayload { session { accessToken refreshToken } } ... on Error { code }
} }"""
END = """mutation End($input: SessionEndInput!) { sessionEnd(input: $input) {
  ... on SessionEndPayload { ended } ... on Error { code }
} }"""
CHANGE = """mutation Change($input: PasswordChangeInput!) { passwordChange(input: $input) {
  ... on PasswordChangePayload { session { accessToken } } ... on Error { code }
} }"""
VIEWER = (
    """{ viewer { locale roles person { id name } actingOffice { code } memberships { office { code } roles } } }"""
)
STAFF = """query Staff($first: Int!, $after: String) { viewer { actingOffice { staff(first: $first, after: $after) {
  nodes { person { name memberships { office { code } } } roles } pageInfo { hasNextPage endCursor }
} } } }"""
NODE_STAFF = """query Node($id: ID!) { node(id: $id) { ... on Office { staff(first: 1) { nodes { id } } } } }"""
NODE_PERSON = """query Node($id: ID!) { node(id: $id) { ... on Person { name } } }"""
CREATE = """mutation Create($input: StaffCreateInput!) { staffCreate(input: $input) {
  ... on StaffCreatePayload {
    membership { id office { code } roles rank person { id name isActive } } initialPassword
  }
  ... on Error { code }
  ... on InvalidInputError { fieldErrors { path code } }
} }"""
GRANT = """mutation Grant($input: MembershipGrantInput!) { membershipGrant(input: $input) {
  ... on MembershipGrantPayload { membership { id office { code } validTo } } ... on Error { code }
} }"""
FINISH = """mutation Finish($input: MembershipEndInput!) { membershipEnd(input: $input) {
  ... on MembershipEndPayload { membership { id validTo } } ... on Error { code }
} }"""
DEACTIVATE = """mutation Leave($input: StaffDeactivateInput!) { staffDeactivate(input: $input) {
  ... on StaffDeactivatePayload { person { isActive memberships { id } } } ... on Error { code }
} }"""
RESET = """mutation Reset($input: StaffPasswordResetInput!) { staffPasswordReset(input: $input) {
  ... on StaffPasswordResetPayload { person { name } newPassword } ... on Error { code }
} }"""


class Watch:
    """The application's clock."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def watch() -> Watch:
    """Moves the application's time."""
    return Watch()


@pytest.fixture
async def client(
    database: Database, database_url: str, tmp_path: Path, watch: Watch
) -> AsyncIterator[httpx.AsyncClient]:
    """The real application behind an in-process client."""
    settings = Settings.model_validate(
        {"database_url": database_url, "data_dir": tmp_path, "master_key": base64.b64encode(MASTER).decode()}
    )
    app = build_app(settings, now=watch)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://caseway.test") as opened,
    ):
        yield opened


@pytest.fixture
def call(client: httpx.AsyncClient) -> Call:
    """Sends an operation and gives the whole reply."""

    async def send(query: str, *, token: str = "", office: str = "", **variables: Any) -> Reply:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if office:
            headers["Caseway-Office"] = office
        reply = await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        found: Reply = reply.json()
        return found | {"status": reply.status_code, "text": reply.text}

    return send


async def field(reply: Awaitable[Reply]) -> Any:
    """The one root field of a reply without top-level errors."""
    found = await reply
    assert "errors" not in found, found["errors"]
    return next(iter(found["data"].values()))


async def token_of(call: Call, somebody: Somebody, password: str = PASSWORD) -> str:
    result = await field(call(START, input={"username": somebody.username, "password": password}))
    token: str = result["session"]["accessToken"]
    return token


async def test_a_session_from_login_to_logout(call: Call, make_person: Make, watch: Watch) -> None:
    await make_person(COUNTY, username="li.na", roles=("handler",))
    started = await field(call(START, input={"username": "Li.Na", "password": PASSWORD}))
    assert started["person"]["name"] == "李娜"
    assert started["memberships"] == [{"office": {"code": "330402"}}]
    assert started["session"]["endsAt"] == "2026-03-02T09:00:00.000000Z"
    token = started["session"]["accessToken"]
    viewer = await field(call(VIEWER, token=token))
    assert viewer == {
        "locale": "zh-CN",
        "roles": ["HANDLER"],
        "person": started["person"],
        "actingOffice": {"code": "330402"},
        "memberships": [{"office": {"code": "330402"}, "roles": ["HANDLER"]}],
    }
    watch.at += timedelta(minutes=15)
    expired = await call(VIEWER, token=token)
    assert expired["status"] == 401
    assert expired["errors"][0]["extensions"]["code"] == "TOKEN_EXPIRED"
    renewed = await field(call(REFRESH, input={"refreshToken": started["session"]["refreshToken"]}))
    token = renewed["session"]["accessToken"]
    assert (await field(call(VIEWER, token=token)))["person"] == started["person"]
    assert await field(call(END, token=token, input={})) == {"ended": True}
    assert (await call(VIEWER, token=token))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_without_a_token_nobody_is_asking(call: Call) -> None:
    assert await field(call(VIEWER)) is None
    assert await field(call(END, input={})) == {"code": "UNAUTHENTICATED"}
    given = {"presentPassword": PASSWORD, "newPassword": PASSWORD}
    assert await field(call(CHANGE, input=given)) == {"code": "UNAUTHENTICATED"}
    created = {
        "name": "王丽",
        "username": "wang.li",
        "post": {"officeId": encode("Office", COUNTY), "roles": ["CLERK"]},
    }
    assert await field(call(CREATE, input=created)) == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_bad_token_is_refused_before_anything_runs(call: Call, token: str) -> None:
    reply = await call(VIEWER, token=token)
    assert reply["status"] == 401
    assert reply["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_failed_logins_read_alike(call: Call, make_person: Make) -> None:
    await make_person(COUNTY, username="li.na")
    texts = set()
    for username, password in (("li.na", "wrong password"), ("nobody", PASSWORD), ("", "")):
        texts.add((await call(START, input={"username": username, "password": password}))["text"])
    assert len(texts) == 1
    assert '"code":"LOGIN_FAILED"' in texts.pop().replace(" ", "")


async def test_with_several_posts_the_office_is_chosen_by_header(call: Call, make_person: Make) -> None:
    token = await token_of(call, await make_person(COUNTY, TOWN))
    unclear = await field(call(VIEWER, token=token))
    assert unclear["actingOffice"] is None
    assert [each["office"]["code"] for each in unclear["memberships"]] == ["330402", "330402001"]
    for office in (encode("Office", TOWN), "330402001", str(TOWN)):
        assert (await field(call(VIEWER, token=token, office=office)))["actingOffice"] == {"code": "330402001"}
    made = {"name": "王丽", "username": "wang.li", "post": {"officeId": encode("Office", COUNTY), "roles": ["CLERK"]}}
    assert await field(call(CREATE, token=token, input=made)) == {"code": "ACTING_OFFICE_REQUIRED"}
    foreign = await field(call(CREATE, token=token, office="330411", input=made))
    assert foreign == {"code": "ACTING_OFFICE_INVALID"}


async def test_a_changed_password_ends_other_sessions(call: Call, make_person: Make, watch: Watch) -> None:
    somebody = await make_person(COUNTY)
    token, other = await token_of(call, somebody), await token_of(call, somebody)
    watch.at += timedelta(seconds=1)
    given = {"presentPassword": PASSWORD, "newPassword": "password1234"}
    assert await field(call(CHANGE, token=token, input=given)) == {"code": "PASSWORD_TOO_COMMON"}
    given["newPassword"] = "nine otters sleep on stones"
    changed = await field(call(CHANGE, token=token, input=given))
    for old in (token, other):
        assert (await call(VIEWER, token=old))["status"] == 401
    assert await field(call(VIEWER, token=changed["session"]["accessToken"]))


async def test_logging_out_everywhere_ends_every_session(call: Call, make_person: Make, watch: Watch) -> None:
    somebody = await make_person(COUNTY)
    token, other = await token_of(call, somebody), await token_of(call, somebody)
    watch.at += timedelta(seconds=1)
    await field(call(END, token=token, input={"everywhere": True}))
    for old in (token, other):
        assert (await call(VIEWER, token=old))["status"] == 401


async def test_the_staff_of_an_office_is_seen_by_colleagues_in_pages(call: Call, make_person: Make) -> None:
    token = await token_of(call, await make_person(COUNTY, name="甲"))
    for name in "乙丙":
        await make_person(COUNTY, name=name, roles=("handler",))
    await make_person(COUNTY, NEIGHBOUR, name="丁")
    first = (await field(call(STAFF, token=token, first=3)))["actingOffice"]["staff"]
    assert [each["person"]["name"] for each in first["nodes"]] == ["甲", "乙", "丙"]
    assert first["pageInfo"]["hasNextPage"]
    after = first["pageInfo"]["endCursor"]
    rest = (await field(call(STAFF, token=token, first=3, after=after)))["actingOffice"]["staff"]
    assert [each["person"]["name"] for each in rest["nodes"]] == ["丁"]
    # The post in the neighbouring office is not this viewer's to know.
    assert rest["nodes"][0]["person"]["memberships"] == [{"office": {"code": "330402"}}]


async def test_whoever_may_not_see_staff_gets_null(call: Call, make_person: Make) -> None:
    await make_person(NEIGHBOUR)
    agent = await token_of(call, await make_person(COUNTY, roles=("agent",)))
    assert (await field(call(STAFF, token=agent, first=3)))["actingOffice"] == {"staff": None}
    admin = await token_of(call, await make_person(COUNTY, roles=("tenant_admin",)))
    for office_id, seen in ((COUNTY, True), (TOWN, True), (NEIGHBOUR, False)):
        found = await field(call(NODE_STAFF, token=admin, id=encode("Office", office_id)))
        assert (found["staff"] is not None) is seen


async def test_a_person_is_found_by_id_where_the_staff_may_be_seen(call: Call, make_person: Make) -> None:
    me, colleague, stranger = [await make_person(each) for each in (COUNTY, COUNTY, NEIGHBOUR)]
    token = await token_of(call, me)
    for person, seen in ((me, True), (colleague, True), (stranger, False), (Somebody(987_654, ""), False)):
        found = await field(call(NODE_PERSON, token=token, id=encode("Person", person.id)))
        assert (found is not None) is seen
    assert await field(call(NODE_PERSON, id=encode("Person", me.id))) is None


async def test_an_administrator_takes_on_grants_ends_and_deactivates(
    call: Call, database: Database, make_person: Make, watch: Watch
) -> None:
    token = await token_of(call, await make_person(COUNTY, roles=("tenant_admin",)))
    post = {"officeId": encode("Office", COUNTY), "roles": ["HANDLER"], "rank": "SECTION_DEPUTY"}
    given = {"name": "王丽", "username": "wang.li", "post": post, "idempotencyKey": "create-wang-li"}
    created = await call(CREATE, token=token, input=given)
    result = created["data"]["staffCreate"]
    membership = result["membership"]
    assert membership["roles"] == ["HANDLER"]
    assert membership["person"]["name"] == "王丽"
    session = await field(call(START, input={"username": "wang.li", "password": result["initialPassword"]}))

    again = await call(CREATE, token=token, input=given)
    assert again["text"] == created["text"]
    other = await field(call(CREATE, token=token, input=given | {"name": "王莉"}))
    assert other == {"code": "IDEMPOTENCY_MISMATCH"}

    person_id = membership["person"]["id"]
    town = {"officeId": encode("Office", TOWN), "roles": ["LEADER"], "validTo": "2026-12-31T16:00:00Z"}
    granted = await field(call(GRANT, token=token, input={"personId": person_id, "post": town}))
    assert granted["membership"]["office"] == {"code": "330402001"}
    taken = await field(call(GRANT, token=token, input={"personId": person_id, "post": town}))
    assert taken == {"code": "MEMBERSHIP_EXISTS"}

    watch.at += timedelta(hours=1)
    token = await token_of(call, Somebody(0, "staff1"))
    ended = await field(call(FINISH, token=token, input={"membershipId": membership["id"]}))
    assert ended["membership"]["validTo"] == "2026-03-02T02:00:00.000000Z"
    viewer = await field(call(VIEWER, token=(await _renewed(call, session))))
    assert viewer["actingOffice"] == {"code": "330402001"}

    reset = await field(call(RESET, token=token, input={"personId": person_id}))
    assert len(reset["newPassword"]) == 23
    left = await field(call(DEACTIVATE, token=token, input={"personId": person_id}))
    assert left == {"person": {"isActive": False, "memberships": []}}
    gone = await field(call(START, input={"username": "wang.li", "password": reset["newPassword"]}))
    assert gone["code"] == "LOGIN_FAILED"
    async with writing(database) as reading:
        assert await reading.scalar(select(func.count()).select_from(Membership)) == 3


async def _renewed(call: Call, session: Any) -> str:
    result = await field(call(REFRESH, input={"refreshToken": session["session"]["refreshToken"]}))
    token: str = result["session"]["accessToken"]
    return token


async def test_a_made_password_is_stored_nowhere_in_plain_text(
    call: Call, database: Database, make_person: Make
) -> None:
    token = await token_of(call, await make_person(COUNTY, roles=("tenant_admin",)))
    post = {"officeId": encode("Office", COUNTY), "roles": ["CLERK"]}
    given = {"name": "王丽", "username": "wang.li", "post": post, "idempotencyKey": "create-wang-li"}
    made = (await field(call(CREATE, token=token, input=given)))["initialPassword"]
    assert made
    async with writing(database) as session:
        for table in ("idempotent_result", "access_event", "account", "person", "membership"):
            rows = await session.scalars(text(f"select {table}::text from {table}"))
            for row in rows:
                assert made not in row
                assert made.encode().hex() not in row


async def test_a_refused_administration_changes_nothing(call: Call, database: Database, make_person: Make) -> None:
    clerk = await token_of(call, await make_person(COUNTY))
    admin = await token_of(call, await make_person(COUNTY, roles=("tenant_admin",)))
    post = {"officeId": encode("Office", COUNTY), "roles": ["CLERK"]}
    given = {"name": "王丽", "username": "wang.li", "post": post}
    assert await field(call(CREATE, token=clerk, input=given)) == {"code": "NOT_PERMITTED"}
    abroad = given | {"post": post | {"officeId": encode("Office", NEIGHBOUR)}}
    assert await field(call(CREATE, token=admin, input=abroad)) == {"code": "NOT_PERMITTED"}
    both = given | {"post": post | {"roles": ["TENANT_ADMIN", "AUDITOR"]}}
    assert await field(call(CREATE, token=admin, input=both)) == {"code": "ROLE_COMBINATION"}
    wrong = given | {"username": "x", "post": post | {"officeId": "T2ZmaWNl"}}
    problems = (await field(call(CREATE, token=admin, input=wrong)))["fieldErrors"]
    assert problems == [{"path": "post.officeId", "code": "MALFORMED_ID"}]
    async with writing(database) as session:
        assert await session.scalar(select(func.count()).select_from(Person)) == 2
