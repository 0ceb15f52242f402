"""Everything is put together here: settings in, one Starlette application out."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from caseway import __version__, bundle, clock, monitoring
from caseway.access.policy import Policy
from caseway.access.watch import Watcher
from caseway.clock import Clock
from caseway.db import address, buckets, keys, migrate, readiness
from caseway.db.crypto import KeyRing
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database
from caseway.gql import manifests
from caseway.gql.compiler.engine import Engine
from caseway.gql.context import Context, Services
from caseway.gql.documents import DocumentStore
from caseway.gql.http import GraphQLEndpoint
from caseway.gql.rates import Rates
from caseway.ledger import audit
from caseway.people import service as people
from caseway.people.errors import ActingOfficeInvalid, ActingOfficeRequired
from caseway.people.tokens import Tokens
from caseway.schema import compiled, schema
from caseway.settings import Settings


def build_services(settings: Settings, *, now: Clock = clock.now) -> Services:
    """What a process shares between requests. Connects to nothing yet."""
    database = Database(
        address.sqlalchemy_url(settings),
        pool_size=settings.db_pool_size,
        max_overflow=settings.db_pool_overflow,
        pooler=settings.db_pooler,
    )
    master = keys.master_key(settings)
    return Services(
        settings=settings,
        database=database,
        policy=Policy(),
        keyring=KeyRing(master),
        tokens=Tokens(master, settings),
        clock=now,
        audit=audit.note,
    )


def build_app(settings: Settings, *, now: Clock = clock.now, documents: DocumentStore | None = None) -> Starlette:
    """The application of one api process. Tests pass their own clock, and share the memory of documents between the
    applications that they start; nothing else differs from production."""
    services = build_services(settings, now=now)
    needed = migrate.newest() or ""  # revisions are numbered, so a newer schema compares as greater
    tokens = services.tokens
    assert isinstance(tokens, Tokens)
    engine = Engine(schema, compiled)
    requests_so_far = monitoring.Requests(slow_seconds=settings.slow_request_seconds)
    endpoint = GraphQLEndpoint(
        schema,
        settings=settings,
        authenticate=authenticator(services),
        shortcut=engine if settings.compiled_reads else None,
        documents=documents,
        trusted=trusted_documents(settings),
        observe=requests_so_far.observe,
        rates=Rates(
            partial(buckets.pour, services.database),
            person_per_minute=settings.rate_person_per_minute,
            office_per_minute=settings.rate_office_per_minute,
        ),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with services.database.unit(NO_SCOPE) as uow:
            # A wrong master key stops the process before the first request, not in the middle of one.
            uow.nothing_to_do()
            await services.keyring.check(uow.session)
            await tokens.keys.check(uow.session)
        watcher = Watcher(services.database, services.policy)
        await watcher.start()
        try:
            yield
        finally:
            await watcher.stop()
            await services.database.close()

    async def healthz(request: Request) -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "ok", "version": __version__})

    async def readyz(request: Request) -> JSONResponse:
        """The process can serve: database reached, and migrated at least as far as this release needs (the policy was
        whole when it started). A late worker or a calendar that ends soon is told, and no reason to send nobody here.
        """
        try:
            async with services.database.reader(NO_SCOPE) as session:
                revision = await readiness.revision(session)
        except Exception:
            return JSONResponse({"status": "unready", "database": "unreachable or not migrated"}, status_code=503)
        if revision is None or revision < needed:
            unready = {"status": "unready", "database": "run the migrations", "migration": revision, "needed": needed}
            return JSONResponse(unready, status_code=503)
        found = await monitoring.pulse(services.database, now=now())
        return JSONResponse({"status": "ready", "migration": revision, **found})

    async def metrics(request: Request) -> Response:
        """Lag of the worker, reach of the calendar and requests so far, for a Prometheus that bears the token."""
        token = settings.metrics_token.get_secret_value()
        if not token:
            return JSONResponse({"status": "not found"}, status_code=404)
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode()):
            return JSONResponse({"status": "unauthorized"}, status_code=401, headers={"WWW-Authenticate": "Bearer"})
        found = await monitoring.measure(services.database, now=now())
        return Response(
            monitoring.exposition(found, engine.counts, requests_so_far), media_type=monitoring.CONTENT_TYPE_LATEST
        )

    async def home(request: Request) -> RedirectResponse:
        """Whoever opens the bare address is shown the way."""
        return RedirectResponse("/graphql")

    app = Starlette(
        routes=[
            Route("/", home),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            *endpoint.routes(),
        ],
        lifespan=lifespan,
    )
    app.state.services = services
    app.state.compiler = engine
    return app


def trusted_documents(settings: Settings) -> dict[str, str]:
    """Documents that clients may name by their ids: the shipped ones, and those of the deployment's own clients.
    Raises ``ManifestInvalid``."""
    shipped = manifests.read(bundle.path("schema", "operations.json"))
    return shipped | manifests.read(Path(settings.trusted_documents)) if settings.trusted_documents else shipped


def authenticator(services: Services):  # type: ignore[no-untyped-def]
    """Headers -> Context: checks the bearer token, and for which office the person acts (``Caseway-Office``)."""

    async def authenticate(headers: Headers, client: str = "") -> Context:
        context = Context(services=services, locale=_locale(headers), client=client)
        authorization = headers.get("authorization", "")
        if not authorization:
            return context
        now = services.clock()
        async with services.database.reader(NO_SCOPE) as session:
            context.identity = await services.tokens.check(session, authorization, now=now)
            try:
                context.actor = await people.actor(
                    session, context.identity, office=headers.get("caseway-office"), now=now
                )
            except (ActingOfficeRequired, ActingOfficeInvalid) as refusal:
                context.refusal = refusal
        return context

    return authenticate


def _locale(headers: Headers) -> str:
    wanted = headers.get("accept-language", "")
    return "en" if wanted.lower().startswith("en") else "zh-CN"
