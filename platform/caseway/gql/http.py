"""The HTTP endpoint: GraphQL over HTTP by POST and (queries only) GET, answered as UTF-8 JSON and never cached.

Status codes: what is wrong with the HTTP request has its own (401, 405, 406, 413, 415, 429, 504, 400 for bad JSON).
What is wrong with the GraphQL in it is 400 without ``data`` for clients that accept
``application/graphql-response+json``, and 200 for those that only know ``application/json``. Whatever was executed is
200.

``extensions.cost`` is answered when the request has the header ``Caseway-Debug: cost``, and ``extensions.plan`` (how
a read was answered: ``compiled``, or why by resolvers) with ``Caseway-Debug: plan``; both with ``cost, plan``.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from caseway.errors import CasewayError
from caseway.gql import graphiql, masking, requests
from caseway.gql.documents import DocumentStore
from caseway.gql.errors import details_of
from caseway.gql.execution import Executor, Outcome, Prepared, Shortcut, encode
from caseway.gql.idempotency import Replayable
from caseway.gql.limits import Limits
from caseway.gql.persisted import Texts
from caseway.gql.rates import Rates
from caseway.gql.refusals import EdgeRefusal, MethodNotAllowed
from caseway.gql.requests import HTML_TYPE, JSON_TYPE, RESPONSE_TYPE
from caseway.settings import Settings

#: From the request's headers and the client's network address to the resolvers' context; raises a ``CasewayError``
#: with code UNAUTHENTICATED for a token that is not good. No token is an anonymous context.
Authenticate = Callable[[Headers, str], Awaitable[Replayable]]

PATH = "/graphql"
DEBUG_HEADER = "Caseway-Debug"
#: Codes of tokens that are not good (any more): 401.
_WHO = frozenset({"UNAUTHENTICATED", "TOKEN_EXPIRED"})
_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Observation:
    """One answered request, for metrics: nothing in it says what was asked about whom."""

    kind: str
    operation: str | None
    status: int
    seconds: float
    cost: int
    codes: tuple[str, ...]
    #: SHA-256 of the document; empty where there was none.
    document: str = ""


class GraphQLEndpoint:
    """Serves one schema. ``routes()`` goes into the application."""

    def __init__(
        self,
        schema: strawberry.Schema,
        settings: Settings,
        authenticate: Authenticate,
        *,
        shortcut: Shortcut | None = None,
        observe: Callable[[Observation], None] | None = None,
        documents: DocumentStore | None = None,
        trusted: Mapping[str, str] | None = None,
        rates: Rates | None = None,
    ) -> None:
        """``documents``: a memory shared with other endpoints of the same schema and settings. ``trusted``: texts of
        documents by their plain ids. ``rates``: counts what is asked for; None = nobody does."""
        self._settings = settings
        self._authenticate = authenticate
        self._observe = observe
        limits = Limits.of(settings)
        if documents is None:
            documents = DocumentStore(schema._schema, limits, introspection=settings.introspection)
        self.documents = documents
        self._rates = rates
        self._texts = Texts(
            trusted or {}, automatic=settings.persisted_queries, only_trusted=settings.only_trusted_documents
        )
        self._executor = Executor(
            schema,
            self.documents,
            most_cost=limits.cost,
            seconds=settings.request_timeout_seconds,
            hide_suggestions=not settings.introspection,
            shortcut=shortcut,
        )

    def routes(self) -> list[BaseRoute]:
        """The endpoint, and GraphiQL's own files if it is switched on."""
        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]  # refused ones get our own 405
        found: list[BaseRoute] = [Route(PATH, self.handle, methods=methods)]
        return [*found, graphiql.files()] if self._settings.graphiql else found

    async def handle(self, request: Request) -> Response:
        """Answer one request, whatever happens."""
        if self._wants_page(request):
            return graphiql.page()
        started = time.perf_counter()
        answer = _Answer()
        try:
            await self._answer(request, answer)
        except EdgeRefusal as refusal:
            answer.refuse(refusal.errors, status=refusal.status, graphql=refusal.graphql)
        except CasewayError as refusal:
            answer.refuse([_shown(refusal)], status=401 if refusal.code in _WHO else 400)
        except ClientDisconnect:
            answer.refuse([], status=499)
        except Exception as problem:  # the last resort: nothing unforeseen leaves unmasked
            answer.refuse([masking.unexpected(problem)], status=500)
        if self._observe is not None:
            self._observe(answer.observation(time.perf_counter() - started))
        return answer.response()

    async def _answer(self, request: Request, answer: _Answer) -> None:
        if request.method not in ("GET", "POST"):
            raise MethodNotAllowed
        answer.media_type = requests.response_type(request)
        if request.method == "POST":
            asked = await requests.read_post(request, most_bytes=self._settings.max_body_bytes)
        else:
            asked = requests.read_get(request)
        context = await self._authenticate(request.headers, request.client.host if request.client else "")
        text = self._texts.of(asked)
        prepared = self._executor.prepare(
            text, asked.variables, asked.operation_name, queries_only=request.method == "GET"
        )
        self._texts.keep(asked)
        answer.prepared = prepared
        actor = getattr(context, "actor", None)
        if self._rates is not None and actor is not None:
            await self._rates.charge(actor, prepared.cost)
        debug = request.headers.get(DEBUG_HEADER, "")
        answer.debug = "cost" in debug
        answer.outcome = await self._executor.run(prepared, context)
        answer.plan = getattr(context, "plan", "") if "plan" in debug else ""

    def _wants_page(self, request: Request) -> bool:
        if not self._settings.graphiql or request.method != "GET" or request.query_params.keys() & requests.ASKING:
            return False
        accept = request.headers.get("accept")
        return bool(accept) and requests.negotiate(accept, (HTML_TYPE, RESPONSE_TYPE, JSON_TYPE)) == HTML_TYPE


@dataclass(slots=True)
class _Answer:
    """The answer as it takes shape."""

    media_type: str = JSON_TYPE
    prepared: Prepared | None = None
    outcome: Outcome | None = None
    debug: bool = False
    plan: str = ""
    status: int = 200

    def refuse(self, errors: list[dict[str, Any]], *, status: int, graphql: bool = False) -> None:
        """Nothing ran. A GraphQL mistake in a well-formed request is 200 for clients that only know plain JSON."""
        self.status = 200 if graphql and self.media_type == JSON_TYPE else status
        self.outcome = Outcome(None, errors, ran=False)

    def observation(self, seconds: float) -> Observation:
        """What metrics may know."""
        codes = tuple(str(each.get("extensions", {}).get("code")) for each in self._outcome().errors)
        prepared = self.prepared
        return Observation(
            kind=prepared.kind if prepared else "refused",
            operation=prepared.name if prepared else None,
            status=self._status(),
            seconds=seconds,
            cost=prepared.cost if prepared else 0,
            codes=codes,
            document=prepared.document.sha256 if prepared else "",
        )

    def response(self) -> Response:
        """The answer on the wire."""
        outcome = self._outcome()
        body: dict[str, Any] = {}
        if outcome.errors:
            body["errors"] = outcome.errors
        if outcome.ran:
            body["data"] = outcome.data
        extensions: dict[str, Any] = {"cost": self.prepared.cost} if self.debug and self.prepared else {}
        if self.plan:
            extensions["plan"] = self.plan
        if extensions:
            body["extensions"] = extensions
        headers = dict(_HEADERS)
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if self.status == 405:
            headers["Allow"] = "GET, POST"
        if self.status == 429:
            headers["Retry-After"] = str(outcome.errors[0]["extensions"]["retryAfterSeconds"])
        return Response(encode(body), self._status(), headers, media_type=f"{self.media_type}; charset=utf-8")

    def _outcome(self) -> Outcome:
        return self.outcome or Outcome(None, [], ran=False)

    def _status(self) -> int:
        if self.status == 200 and not self._outcome().ran and self.media_type == RESPONSE_TYPE:
            return 400
        return self.status


def _shown(refusal: CasewayError) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": refusal.code}
    if details := details_of(refusal):
        extensions["details"] = dict(details)
    return {"message": refusal.message, "extensions": extensions}
