"""Reading a GraphQL request off the wire: size, encoding, JSON, shape, and what the client accepts in return."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request

from caseway.gql.limits import unstorable
from caseway.gql.refusals import (
    BatchingOff,
    BodyTooLarge,
    InvalidCharacter,
    InvalidEncoding,
    InvalidJson,
    InvalidRequest,
    JsonTooDeep,
    NotAcceptable,
    UnsupportedMediaType,
)

RESPONSE_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
HTML_TYPE = "text/html"
#: Objects and lists inside each other in ``variables``: far above any input, far below the interpreter's stack.
DEEPEST_JSON = 32
#: Names under which clients send the id of a trusted document, the one of the specification's draft first.
_IDS = ("documentId", "doc_id")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
#: Parameters of an address that ask for something; without any of them a browser is shown the page.
ASKING = ("query", "extensions", *_IDS)


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a client asks for: a document, or the id or the hash of one, or both."""

    query: str | None
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    #: Id of a trusted document.
    document_id: str | None = None
    #: SHA-256 of the document, hexadecimal in lower case, as automatic persisted queries send it.
    persisted: str | None = None


def negotiate(accept: str | None, offered: tuple[str, ...] = (RESPONSE_TYPE, JSON_TYPE)) -> str | None:
    """The offered type the client likes best (ties: the order in which the client names them), or None.

    Without an ``Accept`` header, and for ``*/*``, it is plain ``application/json``, as older clients expect. Types we
    do not offer, such as ``text/event-stream``, are passed over.
    """
    if not accept or not accept.strip():
        return JSON_TYPE if JSON_TYPE in offered else offered[0]
    best, best_quality = None, 0.0
    for entry in accept.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        quality = _quality(parameters)
        if quality <= best_quality:
            continue
        if name in offered:
            best, best_quality = name, quality
        elif name in ("*/*", "application/*"):
            best, best_quality = JSON_TYPE if JSON_TYPE in offered else offered[0], quality
    return best


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


def response_type(request: Request) -> str:
    """The type to answer in; raises ``NotAcceptable``."""
    chosen = negotiate(request.headers.get("accept"))
    if chosen is None:
        raise NotAcceptable
    return chosen


async def read_post(request: Request, *, most_bytes: int) -> GraphQLRequest:
    """The request in a POST body. Only ``application/json`` is taken: a form of another site cannot send that without
    asking first, so no cookie-bearing browser can be misused."""
    _check_content_type(request)
    return _shape(_decode(await _body(request, most_bytes)))


def read_get(request: Request) -> GraphQLRequest:
    """The request in a GET address: ``query``, and ``variables`` as JSON."""
    parameters = request.query_params
    asked: dict[str, Any] = {}
    for name in ("query", "operationName", *_IDS):
        if parameters.get(name):
            asked[name] = parameters[name]
    for name in ("variables", "extensions"):
        if parameters.get(name):
            asked[name] = _decode(parameters[name].encode("utf-8", "surrogatepass"))
    return _shape(asked)


def _check_content_type(request: Request) -> None:
    name, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    charsets = [each.partition("=")[2].strip('" ') for each in parameters if each.startswith("charset")]
    if name != JSON_TYPE or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise UnsupportedMediaType
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType


async def _body(request: Request, most_bytes: int) -> bytes:
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > most_bytes:
        raise BodyTooLarge(limit=most_bytes)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most_bytes:
            raise BodyTooLarge(limit=most_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise InvalidEncoding from None
    except RecursionError:
        raise JsonTooDeep(limit=DEEPEST_JSON) from None
    except msgspec.DecodeError as problem:
        if not _is_utf_8(body):
            raise InvalidEncoding from None
        if _has_half_surrogate(body):
            raise InvalidCharacter from None
        raise InvalidJson(f"The request is not valid JSON: {problem}") from None


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_half_surrogate(body: bytes) -> bool:
    """Whether the only thing wrong with a JSON text is a lone ``\\ud8xx``, which other parsers let pass."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return b"\\ud" in body.lower()


def _shape(asked: Any) -> GraphQLRequest:
    if isinstance(asked, list):
        raise BatchingOff
    if not isinstance(asked, dict):
        raise InvalidRequest
    query, document_id = asked.get("query"), next((asked[key] for key in _IDS if asked.get(key) is not None), None)
    if query is not None and (not isinstance(query, str) or not query):
        raise InvalidRequest("`query` is a text with a GraphQL document.")
    if document_id is not None and (not isinstance(document_id, str) or not document_id):
        raise InvalidRequest("`documentId` is a text: the id of a trusted document.")
    name = asked.get("operationName")
    if name is not None and not isinstance(name, str):
        raise InvalidRequest("`operationName` is a text or null.")
    for key in ("variables", "extensions"):
        if asked.get(key) is not None and not isinstance(asked[key], dict):
            raise InvalidRequest(f"`{key}` is an object or null.")
    persisted = _persisted((asked.get("extensions") or {}).get("persistedQuery"))
    if query is None and document_id is None and persisted is None:
        raise InvalidRequest("The request has neither a `query`, which is a text with a GraphQL document, nor its id.")
    variables = asked.get("variables") or {}
    _check_values(variables)
    if unstorable(query or "") or unstorable(name or ""):
        raise InvalidCharacter
    return GraphQLRequest(query, variables, name or None, document_id, persisted)


def _persisted(sent: Any) -> str | None:
    """The hash in what automatic persisted queries send."""
    if sent is None:
        return None
    digest = sent.get("sha256Hash") if isinstance(sent, dict) and sent.get("version") == 1 else None
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise InvalidRequest("`extensions.persistedQuery` has the version 1 and a `sha256Hash` of 64 digits.")
    return digest.lower()


def _check_values(variables: Mapping[str, Any]) -> None:
    """Refuse deep nesting and texts the database cannot hold, anywhere in the variables. Walks without recursion."""
    level: list[Any] = [variables]
    for _ in range(DEEPEST_JSON):
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                if unstorable(value):
                    raise InvalidCharacter
            elif isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
        if not below:
            return
        level = below
    raise JsonTooDeep(limit=DEEPEST_JSON)
