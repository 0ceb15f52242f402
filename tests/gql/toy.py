"""A small schema and application that exercise the edge without the platform behind it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx
import strawberry
from starlette.applications import Starlette

from caseway.db.keyset import Page, Window, window
from caseway.errors import CasewayError, Conflict, InvalidInput, NotFound, NotPermitted, StaleVersion
from caseway.gql.build import build_schema
from caseway.gql.connection import (
    After,
    Before,
    Connection,
    CountedConnection,
    First,
    Last,
    connect,
    connect_counted,
    page,
)
from caseway.gql.errors import Error, expose, mutation
from caseway.gql.execution import Shortcut
from caseway.gql.fields import field
from caseway.gql.http import GraphQLEndpoint, Observation
from caseway.gql.idempotency import record, replay
from caseway.gql.ids import encode, try_decode_number
from caseway.gql.problems import Problems
from caseway.settings import Settings

SECRET = "the secret of row 17"


class Unauthenticated(CasewayError):
    """The token is not good."""

    code = "UNAUTHENTICATED"


class TooHeavy(CasewayError):
    """The box is heavier than the shelf carries."""

    code = "TOO_HEAVY"


class ShelfFull(CasewayError):
    """The shelf is full."""

    code = "SHELF_FULL"


@strawberry.type(description="The shelf is full.")
class ShelfFullError(Error):
    """A twin with a field of its own."""

    capacity: int = strawberry.field(description="Boxes the shelf takes.")


expose(ShelfFull, ShelfFullError)


@dataclass
class ToyContext:
    """One request's context, as the edge expects it."""

    user: str | None = None
    stored: dict[str, bytes] = dataclasses.field(default_factory=dict)
    replays: dict[str, bytes] = dataclasses.field(default_factory=dict)
    recordings: dict[str, Callable[[bytes], Awaitable[None]]] = dataclasses.field(default_factory=dict)


@strawberry.type(description="A box.")
class Box:
    number: strawberry.Private[int]

    @field()
    def id(self) -> strawberry.ID:
        """Global id."""
        return strawberry.ID(encode("Box", self.number))

    @field()
    def label(self) -> str:
        """Its label."""
        return f"箱子 {self.number}"

    @field()
    def inside(self) -> list[Box]:
        """Boxes inside."""
        return []

    @field()
    def pages(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Box]:
        """Boxes inside, paged."""
        return boxes_of(page(first=first, after=after, last=last, before=before, order="number", width=1))

    @field()
    def broken(self) -> str | None:
        """Always fails."""
        raise RuntimeError(SECRET)


def found(wanted: Page) -> Window[int]:
    """Numbers 1 to 25, as a repository would find them."""
    numbers = list(range(1, 26))
    if wanted.after:
        numbers = [each for each in numbers if (each,) > wanted.after]
    if wanted.before:
        numbers = [each for each in numbers if (each,) < wanted.before]
    if wanted.backwards:
        numbers.reverse()
    return window(numbers[: wanted.limit + 1], wanted)


def boxes_of(wanted: Page) -> Connection[Box]:
    """A page of boxes."""
    return connect(found(wanted), node=lambda number: Box(number=number), key=lambda number: (number,))


@strawberry.type
class Query:
    @field()
    def hello(self, name: str = "世界") -> str:
        """Says hello."""
        return f"你好 {name}"

    @field()
    def viewer(self, info: strawberry.Info) -> str | None:
        """Who asks."""
        user: str | None = info.context.user
        return user

    @field()
    def box(self, id: strawberry.ID) -> Box | None:
        """A box by id."""
        number = try_decode_number("Box", id)
        return None if number is None else Box(number=number)

    @field()
    def boxes(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Box]:
        """Boxes."""
        return boxes_of(page(first=first, after=after, last=last, before=before, order="number", width=1))

    @field()
    def counted(self, first: First = None, after: After = None) -> CountedConnection[Box]:
        """Boxes, counted."""
        wanted = page(first=first, after=after, order="number", filters={"all": True}, width=1)
        return connect_counted(
            found(wanted), node=lambda number: Box(number=number), key=lambda number: (number,), total=25
        )

    @field()
    def instant(self, at: datetime) -> datetime:
        """The instant given."""
        return at

    @field()
    def day(self, on: date) -> date:
        """The day given."""
        return on

    @field(metadata={"list_size": 3, "weight": 7})
    def few(self) -> list[Box]:
        """A list with a declared size."""
        return []

    @field()
    async def slow(self) -> str:
        """Takes its time."""
        await asyncio.sleep(5)
        return "done"

    @field()
    def refused(self) -> str:
        """Refused on a read."""
        raise NotPermitted

    @field()
    def broken(self) -> str | None:
        """Fails."""
        raise RuntimeError(SECRET)

    @field()
    def broken_hard(self) -> str:
        """Fails without a null to fall back on."""
        raise RuntimeError(SECRET)

    @field()
    def overflow(self) -> int | None:
        """Answers a number too large for GraphQL."""
        return 2**40


@strawberry.input(description="What to store.")
class BoxStoreInput:
    label: str = strawberry.field(description="Label.")
    fail: str = strawberry.field(default="", description="How to fail.")
    idempotency_key: str | None = strawberry.field(default=None, description="Key.")


@strawberry.type(description="The stored box.")
class BoxStorePayload:
    box: Box = strawberry.field(description="The box.")


REFUSALS: Mapping[str, Callable[[], Exception]] = {
    "not-found": NotFound,
    "not-permitted": NotPermitted,
    "conflict": Conflict,
    "stale": StaleVersion,
    "heavy": lambda: TooHeavy(limit=20, at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC), hidden=None),
    "full": lambda: ShelfFull(capacity=12),
    "invalid": lambda: InvalidInput([("label", "TAKEN", "Another box has this label.")]),
    "bug": lambda: RuntimeError(SECRET),
}


@strawberry.type
class Mutation:
    @mutation(BoxStorePayload, ShelfFullError)
    async def box_store(self, info: strawberry.Info, input: BoxStoreInput) -> BoxStorePayload:
        """Store a box."""
        problems = Problems()
        problems.text("label", input.label, longest=10)
        problems.check(input.label != input.fail, "fail", "SAME", "Label and failure are the same.")
        problems.refuse()
        if input.fail in REFUSALS:
            raise REFUSALS[input.fail]()
        context: ToyContext = info.context
        if key := input.idempotency_key:
            if key in context.stored:
                replay(info, context.stored[key])

            async def keep(body: bytes) -> None:
                if input.fail == "store":
                    raise RuntimeError(SECRET)
                context.stored[key] = body

            record(info, keep)
        return BoxStorePayload(box=Box(number=len(context.stored) + 1))


SCHEMA = build_schema(Query, Mutation)


class Toy:
    """The application over the toy schema, and what it observed."""

    def __init__(
        self, *, shortcut: Shortcut | None = None, trusted: Mapping[str, str] | None = None, **settings: Any
    ) -> None:
        self.stored: dict[str, bytes] = {}
        self.observed: list[Observation] = []
        self.endpoint = GraphQLEndpoint(
            SCHEMA,
            Settings(**settings),
            self.authenticate,
            shortcut=shortcut,
            observe=self.observed.append,
            trusted=trusted,
        )
        self.app = Starlette(routes=self.endpoint.routes())

    async def authenticate(self, headers: Mapping[str, str], client: str) -> ToyContext:
        """No token is anonymous; "Bearer good" is a user; "Bearer bug" breaks."""
        match headers.get("authorization"):
            case None:
                return ToyContext(stored=self.stored)
            case "Bearer good":
                return ToyContext(user=f"someone at {client}", stored=self.stored)
            case "Bearer bug":
                raise RuntimeError(SECRET)
        raise Unauthenticated

    def client(self) -> httpx.AsyncClient:
        """A client that speaks to the application in this process."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://testserver")

    async def post(self, query: str, variables: Mapping[str, Any] | None = None, **options: Any) -> httpx.Response:
        """One operation by POST, answered as a modern client wants it."""
        headers = {"Accept": "application/graphql-response+json", **options.pop("headers", {})}
        async with self.client() as client:
            body = {"query": query, "variables": variables, **options}
            return await client.post("/graphql", json=body, headers=headers)


def codes(response: httpx.Response) -> list[str]:
    """The codes of the top-level errors in an answer."""
    return [each["extensions"]["code"] for each in response.json().get("errors", [])]


app = Toy().app
