"""The page of an inbox as somebody would write it by hand who knows its SQL: one Starlette route, the same statement,
the same token, actor and second lock, and no GraphQL. Serves ``reads.py``; no benchmark by itself.

    CASEWAY_PORT=… DATABASE_URL=… python benchmarks/handwritten.py <the GraphQL query that it stands for>
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from caseway.access.plans_sql import parameters
from caseway.app import authenticator, build_services
from caseway.cases.queries import CaseOrder
from caseway.db import keyset
from caseway.gql.compiler.engine import Engine
from caseway.gql.compiler.statements import Statement
from caseway.gql.context import Context
from caseway.gql.documents import DocumentStore
from caseway.gql.execution import Prepared
from caseway.gql.limits import Limits
from caseway.schema import compiled, schema
from caseway.settings import Settings

#: Rows of the page.
_ROWS = 50


class _Known(Exception):
    """The statement, taken from the compiler as it was about to be sent."""

    def __init__(self, statement: Statement) -> None:
        super().__init__()
        self.statement = statement


class _Spy(Engine):
    async def _rows(self, made: Statement, values: Any, context: Context) -> Any:
        raise _Known(made)


async def _statement(query: str, context: Context) -> Statement:
    document = DocumentStore(schema._schema, Limits()).get(query)
    prepared = Prepared(document, document.operation(None), {}, 0)
    try:
        await _Spy(schema, compiled)._answer(prepared, context)
    except _Known as found:
        return found.statement
    raise SystemExit("the query is not compiled")


def build(settings: Settings, query: str) -> Starlette:
    """The application: ``POST /graphql`` answers the page, whatever it is sent."""
    services = build_services(settings)
    authenticate = authenticator(services)
    page = keyset.page_of(first=_ROWS, order=CaseOrder.DUE_AT_ASC.name, filters={"isOpen": True}, width=2)
    known: list[Statement] = []

    async def inbox(request: Request) -> Response:
        context = await authenticate(request.headers, "")
        actor = context.acting()
        if not known:
            known.append(await _statement(query, context))
        scopes, bars = services.policy.scope(actor).settings()
        values = parameters(actor, now=services.clock()) | {"lock_scopes": scopes, "lock_bars": bars}
        rows = await services.database.fetch(known[0].text, known[0].arguments(values))
        shown = rows[:_ROWS]
        more = "true" if len(rows) > _ROWS else "false"
        end = f'"{page.cursor(shown[-1][0], shown[-1][1])}"' if shown else "null"
        body = (
            f'{{"data":{{"cases":{{"nodes":[{",".join([row[3] for row in shown])}],'
            f'"pageInfo":{{"hasNextPage":{more},"endCursor":{end}}}}}}}}}'
        )
        return Response(body.encode(), media_type="application/json")

    async def ready(request: Request) -> Response:
        return Response(b"{}")

    return Starlette(routes=[Route("/graphql", inbox, methods=["POST"]), Route("/readyz", ready)])


if __name__ == "__main__":
    environment = Settings()
    uvicorn.run(
        build(environment, sys.argv[1]), host=environment.host, port=environment.port, loop="uvloop", http="httptools",
        log_level="warning", access_log=False, server_header=False,
    )  # fmt: skip
