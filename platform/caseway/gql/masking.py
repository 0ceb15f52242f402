"""What the outside sees of an error that reached the top of a GraphQL answer, and what the log keeps of it.

Domain errors and the client's own mistakes are shown with a code. Everything else is masked as "Unexpected error." with
an id; the log has the same id, the exception's type and the stack, never its text: that may quote rows.
"""

from __future__ import annotations

import traceback
import uuid
from typing import Any

import structlog
from graphql import GraphQLError, ValueNode
from strawberry.exceptions import StrawberryInputCoercionError

from caseway.errors import CasewayError
from caseway.gql.errors import details_of
from caseway.gql.refusals import EdgeRefusal, formatted

log = structlog.get_logger("caseway.gql")

UNEXPECTED_CODE = "UNEXPECTED"
UNEXPECTED_MESSAGE = "Unexpected error."
VALUE_INVALID_CODE = "GRAPHQL_VALUE_INVALID"


def present(error: GraphQLError, *, operation: str | None = None) -> dict[str, Any]:
    """An error of an execution as it goes over the wire."""
    origin = _origin(error)
    if isinstance(origin, EdgeRefusal):
        return {**origin.errors[0], **_where(error)}
    if isinstance(origin, CasewayError):
        extensions: dict[str, Any] = {"code": origin.code}
        if details := details_of(origin):
            extensions["details"] = dict(details)
        return {"message": origin.message, **_where(error), "extensions": extensions}
    if _is_the_clients(error, origin):
        return {**formatted(error), "extensions": {"code": VALUE_INVALID_CODE}}
    return {**unexpected(origin, operation=operation, path=error.path), **_where(error)}


def unexpected(
    problem: BaseException | None, *, operation: str | None = None, path: list[str | int] | None = None
) -> dict[str, Any]:
    """The masked form of anything unforeseen; logs it under the id that the client is told."""
    error_id = str(uuid.uuid4())
    log.error(
        "unexpected_error",
        error_id=error_id,
        error_type=f"{type(problem).__module__}.{type(problem).__qualname__}",
        sqlstate=getattr(getattr(problem, "orig", None), "sqlstate", None),
        operation=operation,
        path=".".join(str(step) for step in path or ()) or None,
        frames=_frames(problem),
    )
    return {"message": UNEXPECTED_MESSAGE, "extensions": {"code": UNEXPECTED_CODE, "id": error_id}}


def _origin(error: GraphQLError) -> BaseException | None:
    origin: BaseException | None = error.original_error
    while isinstance(origin, GraphQLError) and origin.original_error is not None:
        origin = origin.original_error
    return origin


def _is_the_clients(error: GraphQLError, origin: BaseException | None) -> bool:
    """Whether the client sent an unusable value: a variable (no path yet) or an argument (the error points at it)."""
    if isinstance(origin, StrawberryInputCoercionError) or isinstance(error, StrawberryInputCoercionError):
        return True
    if origin is not None and not isinstance(origin, GraphQLError):
        return False
    return error.path is None or bool(error.nodes and isinstance(error.nodes[0], ValueNode))


def _where(error: GraphQLError) -> dict[str, Any]:
    shown = error.formatted
    return {key: shown[key] for key in ("locations", "path") if key in shown}


def _frames(problem: BaseException | None) -> list[str]:
    if problem is None:
        return []
    frames = traceback.extract_tb(problem.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-15:]]
