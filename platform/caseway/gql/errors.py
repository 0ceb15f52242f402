"""Typed refusals: how a domain error becomes a member of a mutation's result union.

A ``CasewayError`` has a GraphQL *twin* that implements ``Error``. ``expose`` pairs them; ``mutation`` gives a resolver
the result union; the schema converts what the resolver raises. Resolvers contain no ``try``. A domain error whose twin
is not in the union, or that has none of its own, becomes ``RefusedError`` with its stable code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Coroutine, Mapping
from datetime import date, datetime
from typing import Annotated, Any, TypeVar, Union

import strawberry

from caseway import errors as domain
from caseway.errors import CasewayError
from caseway.gql.fields import description_of
from caseway.gql.scalars import write_instant

Payload = TypeVar("Payload")
Builder = Callable[[Any], Any]

_REGISTRY: dict[type[CasewayError], tuple[type, Builder]] = {}


@strawberry.interface(description="An expected failure that the caller can act on. Codes never change their meaning.")
class Error:
    """What every refusal has."""

    code: str = strawberry.field(description="Stable, machine-readable code, such as `NOT_PERMITTED`.")
    message: str = strawberry.field(description="What happened and what would help, in English, for people.")


@strawberry.type(description="One machine-readable fact about a refusal.")
class ErrorDetail:
    """A key and a value."""

    key: str = strawberry.field(description="Name of the fact, such as `limit`.")
    value: str = strawberry.field(description="Its value as text; instants as `DateTime` writes them.")


@strawberry.type(description="One problem with one field of an input.")
class FieldError:
    """A path, a code and a message."""

    path: str = strawberry.field(description="Path of the field within `input`, such as `summary` or `items.0.kind`.")
    code: str = strawberry.field(description="Stable code of the problem, such as `TOO_LONG`.")
    message: str = strawberry.field(description="What is wrong and what would be accepted.")


@strawberry.type(description="There is nothing here that you may see: not existing and not visible answer alike.")
class NotFoundError(Error):
    """Twin of ``NotFound``."""


@strawberry.type(description="Your role in the acting office does not allow this.")
class NotPermittedError(Error):
    """Twin of ``NotPermitted``."""


@strawberry.type(description="Some fields are not acceptable. All problems are reported at once.")
class InvalidInputError(Error):
    """Twin of ``InvalidInput``."""

    field_errors: list[FieldError] = strawberry.field(description="Every problem found, at least one.")


@strawberry.type(description="Somebody else did this, or something that excludes it, a moment ago.")
class ConflictError(Error):
    """Twin of ``Conflict``."""


@strawberry.type(description="The object has changed since you read it: read it again and decide anew.")
class StaleVersionError(Error):
    """Twin of ``StaleVersion``."""


@strawberry.type(description="The idempotency key was used before with another input. Keys are kept seven days.")
class IdempotencyMismatchError(Error):
    """Twin of ``IdempotencyMismatch``."""


@strawberry.type(
    description="Any other refusal of the domain, told apart by `code`: wrong stage, rule not met, deadline passed. "
    "The codes are listed in the documentation of errors."
)
class RefusedError(Error):
    """Twin of every ``CasewayError`` without a twin of its own in the union."""

    details: list[ErrorDetail] = strawberry.field(description="Facts behind the refusal, such as limits and instants.")


#: Members of every mutation's result union after its payload.
COMMON: tuple[type, ...] = (
    NotFoundError,
    NotPermittedError,
    InvalidInputError,
    ConflictError,
    StaleVersionError,
    IdempotencyMismatchError,
    RefusedError,
)


def expose(error: type[CasewayError], twin: type, build: Builder | None = None) -> None:
    """Pair a domain error with its GraphQL twin.

    Without ``build``, the twin gets code and message, and every further field of it from the error's ``details`` of the
    same name. Call it once per pair, at import, next to the twin.
    """
    if _REGISTRY.get(error, (twin,))[0] is not twin:
        raise ValueError(f"{error.__name__} has another twin already")
    _REGISTRY[error] = (twin, build or _builder(twin))


def result_union(name: str, payload: type, *twins: type) -> Any:
    """The annotated union ``<name>Result`` of a payload, the twins given and the common refusals."""
    members = (payload, *twins, *COMMON)
    description = f"What `{name[:1].lower()}{name[1:]}` did, or why it did not."
    return Annotated[Union[members], strawberry.union(name=f"{name}Result", description=description)]  # noqa: UP007


def mutation(
    payload: type[Payload], *twins: type, deprecation_reason: str | None = None
) -> Callable[[Callable[..., Coroutine[Any, Any, Payload]]], Any]:
    """A mutation field whose resolver answers the payload or raises; its docstring is the field's description.

    ``CaseAcceptPayload`` gives the result union ``CaseAcceptResult``; further twins go after the payload.
    """
    name = payload.__name__.removesuffix("Payload")
    if name == payload.__name__:
        raise ValueError(f"the payload of a mutation is called <Name>Payload, not {name}")
    union = result_union(name, payload, *twins)

    def decorate(resolver: Callable[..., Coroutine[Any, Any, Payload]]) -> Any:
        text = description_of(resolver)
        return strawberry.mutation(
            resolver=resolver, graphql_type=union, description=text, deprecation_reason=deprecation_reason
        )

    return decorate


@dataclasses.dataclass(frozen=True)
class Conversion:
    """Strawberry's handler for one pair: asked only in fields whose union has the twin."""

    exception_type: type[CasewayError]
    error_type: type
    build: Builder

    def handle(self, exception: Any, *, field: Any, info: Any) -> Any:
        """The twin of a raised error."""
        return self.build(exception)


def conversions() -> list[Any]:
    """Handlers for the schema, the most specific error first, ``RefusedError`` for all others last."""
    pairs = sorted(_REGISTRY.items(), key=lambda pair: -len(pair[0].__mro__))
    return [Conversion(error, twin, build) for error, (twin, build) in pairs]


def details_of(error: CasewayError) -> Mapping[str, str]:
    """The facts of an error as texts."""
    return {key: _detail(value) for key, value in error.details.items() if value is not None}


def _detail(value: Any) -> str:
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _builder(twin: type) -> Builder:
    extra = [each.name for each in dataclasses.fields(twin) if each.name not in ("code", "message")]

    def build(error: CasewayError) -> Any:
        return twin(code=error.code, message=error.message, **{name: error.details.get(name) for name in extra})

    return build


def _invalid_input(error: domain.InvalidInput) -> InvalidInputError:
    problems = [FieldError(path=path, code=code, message=message) for path, code, message in error.problems]
    return InvalidInputError(code=error.code, message=error.message, field_errors=problems)


def _refused(error: CasewayError) -> RefusedError:
    details = [ErrorDetail(key=key, value=value) for key, value in details_of(error).items()]
    return RefusedError(code=error.code, message=error.message, details=details)


expose(domain.NotFound, NotFoundError)
expose(domain.NotPermitted, NotPermittedError)
expose(domain.InvalidInput, InvalidInputError, _invalid_input)
expose(domain.Conflict, ConflictError)
expose(domain.StaleVersion, StaleVersionError)
expose(domain.IdempotencyMismatch, IdempotencyMismatchError)
expose(CasewayError, RefusedError, _refused)
