"""GraphiQL for exploring the API in a browser. Every file of it is served from here: no outside host is asked."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

FILES_PATH = "/static/graphiql"
DIRECTORY = Path(__file__).resolve().parent / "static" / "graphiql"

#: Scripts only from here. GraphiQL's editor writes style attributes; its icons and fonts are data addresses.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page() -> Response:
    """The page itself; it has no inline script."""
    return HTMLResponse(
        (DIRECTORY / "index.html").read_bytes(),
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept",
            "X-Content-Type-Options": "nosniff",
        },
    )


def files() -> Mount:
    """The route of scripts and style sheets."""
    return Mount(FILES_PATH, StaticFiles(directory=DIRECTORY), name="graphiql")
