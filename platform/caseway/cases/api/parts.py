"""Fields of ``Case`` that slices above answer: they register here, for a graph is cyclic and slices are not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import strawberry

from caseway.cases.visibility import CaseView
from caseway.db.keyset import Page


class CustodyPart(Protocol):
    """What custody answers about a case, each only as far as the viewer may see it."""

    async def intervals(self, info: strawberry.Info, seen: CaseView) -> list[Any]:
        """The chain of holders, oldest first."""

    async def orders(self, info: strawberry.Info, seen: CaseView, page: Page) -> Any:
        """A connection of the orders about the case, oldest first."""


#: Answers one field of ``Case`` for a viewer.
Answer = Callable[[strawberry.Info, CaseView], Awaitable[Any]]


class Parts:
    """The registered parts of this process."""

    def __init__(self) -> None:
        self._custody: CustodyPart | None = None
        self._answers: dict[str, Answer] = {}

    def register(self, *, custody: CustodyPart) -> None:
        """Called once, by the api of custody, at import."""
        self._custody = custody

    def answers(self, **fields: Answer) -> None:
        """Who answers further fields of ``Case``, by the name of the field; called by apis of slices, at import."""
        self._answers |= fields

    async def answer(self, field: str, info: strawberry.Info, seen: CaseView) -> Any:
        """The answer to such a field. Raises ``RuntimeError`` if nobody answers it: a mistake in putting the schema
        together."""
        if field not in self._answers:
            raise RuntimeError(f"nobody answers Case.{field}: the slice's api was not imported")
        return await self._answers[field](info, seen)

    @property
    def custody(self) -> CustodyPart:
        """Raises ``RuntimeError`` if nobody is registered: a mistake in putting the schema together."""
        if self._custody is None:
            raise RuntimeError("caseway.custody.api was not imported")
        return self._custody


parts = Parts()
