"""Refusals of the HTTP and GraphQL edge: requests that never reach a resolver. Each has a code and an HTTP status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from graphql import GraphQLError, Node

from caseway.errors import CasewayError

#: Characters of a message that go over the wire.
LONGEST_MESSAGE = 500


class EdgeRefusal(CasewayError):
    """The request cannot be served as it stands."""

    code = "INVALID_REQUEST"
    #: HTTP status. A well-formed GraphQL request is answered with 200 instead where the client takes plain JSON only.
    status: ClassVar[int] = 400
    #: Whether the request was well-formed HTTP and JSON, and only its GraphQL was refused.
    graphql: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, nodes: Sequence[Node] = (), **details: Any) -> None:
        super().__init__(message, **details)
        #: The refusal as GraphQL errors. Formatted at once, so that a remembered refusal holds on to no document.
        self.errors: list[dict[str, Any]] = [
            formatted(GraphQLError(self.message, list(nodes) or None, extensions={"code": self.code, **details}))
        ]


def formatted(error: GraphQLError) -> dict[str, Any]:
    """An error as it goes over the wire, its message kept short even where it quotes what the client sent."""
    shown: dict[str, Any] = dict(error.formatted)
    if len(error.message) > LONGEST_MESSAGE:
        shown["message"] = error.message[:LONGEST_MESSAGE] + "…"
    return shown


class MethodNotAllowed(EdgeRefusal):
    """Use POST; GET is for queries only."""

    code, status = "METHOD_NOT_ALLOWED", 405


class NotAcceptable(EdgeRefusal):
    """The answer is application/graphql-response+json or application/json: accept one of them."""

    code, status = "NOT_ACCEPTABLE", 406


class UnsupportedMediaType(EdgeRefusal):
    """Send the request as application/json in UTF-8, without content encoding."""

    code, status = "UNSUPPORTED_MEDIA_TYPE", 415


class BodyTooLarge(EdgeRefusal):
    """The request is larger than this server takes."""

    code, status = "BODY_TOO_LARGE", 413


class InvalidEncoding(EdgeRefusal):
    """The request is not valid UTF-8."""

    code = "INVALID_ENCODING"


class InvalidJson(EdgeRefusal):
    """The request is not valid JSON."""

    code = "INVALID_JSON"


class JsonTooDeep(EdgeRefusal):
    """The JSON of the request is nested too deeply."""

    code = "JSON_TOO_DEEP"


class InvalidCharacter(EdgeRefusal):
    """A text contains a NUL character or half of a surrogate pair, which cannot be stored: remove it."""

    code = "INVALID_CHARACTER"


class InvalidRequest(EdgeRefusal):
    """A GraphQL request is an object with a text `query`, or a `documentId`, and optionally `variables` and
    `operationName`."""


class BatchingOff(EdgeRefusal):
    """Send one operation per request: batches are not accepted."""

    code = "BATCHING_OFF"


class RateLimited(EdgeRefusal):
    """You, or your office, have asked for more in a minute than is allowed: go on after the time named."""

    code, status = "RATE_LIMITED", 429


class DeadlineExceeded(EdgeRefusal):
    """The request took too long and was stopped: ask for less, or try again with the same idempotency key."""

    code, status = "DEADLINE_EXCEEDED", 504


class AnswerNotKept(EdgeRefusal):
    """The work is done, but its answer could not be kept: send the same request with the same idempotency key again."""

    code, status = "ANSWER_NOT_KEPT", 503


class ParseFailed(EdgeRefusal):
    """The text is not a GraphQL document."""

    code, graphql = "GRAPHQL_PARSE_FAILED", True

    def __init__(self, problem: GraphQLError) -> None:
        super().__init__(problem.message)
        self.errors = [
            formatted(
                GraphQLError(
                    problem.message,
                    source=problem.source,
                    positions=problem.positions,
                    extensions={"code": self.code},
                )
            )
        ]


class ValidationFailed(EdgeRefusal):
    """The document does not fit the schema."""

    code, graphql = "GRAPHQL_VALIDATION_FAILED", True

    def __init__(self, problems: Sequence[GraphQLError]) -> None:
        super().__init__()
        self.errors = [
            formatted(GraphQLError(problem.message, problem.nodes, extensions={"code": self.code}))
            for problem in problems
        ]


class PersistedQueryNotFound(EdgeRefusal):
    """This process does not know a document of that hash: send the document together with its hash."""

    code, graphql = "PERSISTED_QUERY_NOT_FOUND", True


class PersistedQueryNotSupported(EdgeRefusal):
    """Documents are not kept by their hash here: send the document itself, or the id of a trusted one."""

    code, graphql = "PERSISTED_QUERY_NOT_SUPPORTED", True


class PersistedQueryMismatch(EdgeRefusal):
    """The hash is not the SHA-256 of the document that came with it."""

    code = "PERSISTED_QUERY_MISMATCH"


class DocumentUnknown(EdgeRefusal):
    """No trusted document has this id, or it is not the document that came with it."""

    code, graphql = "DOCUMENT_UNKNOWN", True


class DocumentNotTrusted(EdgeRefusal):
    """Only documents of the manifests that were given to this server are answered."""

    code, graphql = "DOCUMENT_NOT_TRUSTED", True


class OperationUnknown(EdgeRefusal):
    """Name one operation of the document in `operationName`."""

    code, graphql = "GRAPHQL_OPERATION_UNKNOWN", True


class SubscriptionElsewhere(EdgeRefusal):
    """Subscriptions are not served by a plain HTTP request."""

    code, graphql = "SUBSCRIPTION_NOT_HERE", True


class QueryTooManyTokens(EdgeRefusal):
    """The document is too long."""

    code, graphql = "QUERY_TOO_MANY_TOKENS", True


class QueryTooDeep(EdgeRefusal):
    """The document nests its fields too deeply."""

    code, graphql = "QUERY_TOO_DEEP", True


class QueryTooManyAliases(EdgeRefusal):
    """The document has too many aliases or repeated fields, counted after its fragments are expanded."""

    code, graphql = "QUERY_TOO_MANY_ALIASES", True


class QueryTooManyDirectives(EdgeRefusal):
    """The document has too many directives, counted after its fragments are expanded."""

    code, graphql = "QUERY_TOO_MANY_DIRECTIVES", True


class QueryTooManyRootFields(EdgeRefusal):
    """One operation asks for too many root fields: send several requests."""

    code, graphql = "QUERY_TOO_MANY_ROOT_FIELDS", True


class QueryTooManyFragments(EdgeRefusal):
    """The document defines too many fragments."""

    code, graphql = "QUERY_TOO_MANY_FRAGMENTS", True


class QueryTooCostly(EdgeRefusal):
    """The operation may answer too much: ask for smaller pages or fewer nested lists."""

    code, graphql = "QUERY_TOO_COSTLY", True


class PageSizeRefused(EdgeRefusal):
    """Ask for a page of 1 to 100 rows, with either `first` or `last`."""

    code, graphql = "PAGE_SIZE", True
