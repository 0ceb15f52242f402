"""Running one operation of a document: price it, execute it, mask its errors, replay and record its mutations."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import strawberry
from graphql import ExecutionResult, OperationDefinitionNode, execute
from strawberry.execution import optimized_is_awaitable

from caseway.gql import cost as costs
from caseway.gql import masking
from caseway.gql.documents import Document, DocumentStore, is_mutation, is_subscription
from caseway.gql.idempotency import Replayable
from caseway.gql.refusals import AnswerNotKept, DeadlineExceeded, MethodNotAllowed, SubscriptionElsewhere

_ENCODER = msgspec.json.Encoder()
encode = _ENCODER.encode


@dataclass(frozen=True, slots=True)
class Prepared:
    """One operation ready to run: valid, within the limits, priced."""

    document: Document
    operation: OperationDefinitionNode
    variables: dict[str, Any]
    cost: int

    @property
    def name(self) -> str | None:
        """The operation's name, if the client gave one."""
        return self.operation.name.value if self.operation.name else None

    @property
    def kind(self) -> str:
        """``query`` or ``mutation``."""
        return self.operation.operation.value


@dataclass(slots=True)
class Outcome:
    """What an execution answers."""

    data: Any
    errors: list[dict[str, Any]]
    #: False when nothing ran because a variable was not acceptable: the answer then has no ``data``.
    ran: bool = True


#: A faster way for operations it knows: the JSON text of ``data``, or None to leave it to the ordinary executor.
Shortcut = Callable[[Prepared, Any], Awaitable[bytes | None]]


class Executor:
    """Prepares and runs operations over one schema."""

    def __init__(
        self,
        schema: strawberry.Schema,
        store: DocumentStore,
        *,
        most_cost: int,
        seconds: float,
        hide_suggestions: bool = False,
        shortcut: Shortcut | None = None,
    ) -> None:
        self._schema = schema
        self._store = store
        self._most_cost = most_cost
        self._seconds = seconds
        self._hide_suggestions = hide_suggestions
        self._shortcut = shortcut

    def prepare(
        self, text: str, variables: Mapping[str, Any], operation_name: str | None, *, queries_only: bool = False
    ) -> Prepared:
        """The operation to run; raises an ``EdgeRefusal`` before anything is executed."""
        document = self._store.get(text)
        operation = document.operation(operation_name)
        if is_subscription(operation):
            raise SubscriptionElsewhere(nodes=(operation,))
        if queries_only and is_mutation(operation):
            raise MethodNotAllowed("Mutations are sent by POST.")
        cost = document.formula.cost(operation, variables)
        costs.refuse_beyond(self._most_cost, cost, operation)
        return Prepared(document, operation, dict(variables), cost)

    async def run(self, prepared: Prepared, context: Replayable) -> Outcome:
        """Execute within the deadline; raises ``DeadlineExceeded``. Anything unforeseen is masked in the outcome."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds) as deadline:
                if self._shortcut is not None:
                    text = await self._shortcut(prepared, context)
                    if text is not None:
                        return Outcome(msgspec.Raw(text), [])
                result = await self._execute(prepared, context)
        except TimeoutError as problem:
            if not deadline.expired():
                raise
            raise DeadlineExceeded(seconds=round(time.monotonic() - started, 1)) from problem
        return await self._settle(prepared, result, context)

    async def _execute(self, prepared: Prepared, context: Replayable) -> ExecutionResult:
        result = execute(
            self._schema._schema,
            prepared.document.node,
            context_value=context,
            variable_values=prepared.variables,
            operation_name=prepared.name,
            executor_class=self._schema.execution_context_class,
            is_awaitable=cast(Any, optimized_is_awaitable),
            hide_suggestions=self._hide_suggestions,
            operation_extensions=None,
        )
        return await result if inspect.isawaitable(result) else result

    async def _settle(self, prepared: Prepared, result: ExecutionResult, context: Replayable) -> Outcome:
        data, found = result.data, result.errors or []
        if data is None and found and all(error.path is None for error in found):
            return Outcome(None, [masking.present(error, operation=prepared.name) for error in found], ran=False)
        if is_mutation(prepared.operation) and data is not None:
            failed = {error.path[0] for error in found if error.path}
            await self._record(prepared, data, failed, context)
            for key, stored in context.replays.items():
                if key in data:
                    data[key] = msgspec.Raw(stored)
            found = [error for error in found if not error.path or error.path[0] not in context.replays]
        return Outcome(data, [masking.present(error, operation=prepared.name) for error in found])

    async def _record(
        self, prepared: Prepared, data: Mapping[str, Any], failed: set[str | int], context: Replayable
    ) -> None:
        """Hand fresh results to their recorders. Whoever gets an answer can have it repeated to the byte, so none is
        given that could not be kept: the work is committed, and the same key brings its answer later. Raises
        ``AnswerNotKept``."""
        for key, recorder in context.recordings.items():
            if key not in data or key in failed or key in context.replays:
                continue
            try:
                await recorder(encode(data[key]))
            except Exception as problem:  # whatever the store raises
                masking.unexpected(problem, operation=prepared.name, path=[key])
                raise AnswerNotKept from problem
