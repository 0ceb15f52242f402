"""What every case mutation takes and answers, and the way from a service's result to a payload."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypedDict

import strawberry

from caseway.access.actor import Actor
from caseway.cases.api.types import CaseType, seen_case, shown_case
from caseway.cases.service import Notice
from caseway.db.session import UnitOfWork
from caseway.gql import ids
from caseway.gql.perform import Outcome, perform


@strawberry.input(description="What selects a case and guards a change of it.")
class CaseInput:
    """Base of the inputs of case mutations."""

    case_id: strawberry.ID = strawberry.field(description="The case.")
    expected_version: int | None = strawberry.field(
        default=None,
        description="`Case.version` as you read it: refused with STALE_VERSION if it has changed since.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A key of 8 to 255 printable characters, kept seven days: repeating it with the same input has no "
        "further effect and is answered with the same bytes.",
    )


@strawberry.input(
    description="How the petitioner was told (art. 23): by a served notice, or not for lack of any contact."
)
class NoticeInput:
    """Translated to ``service.Notice``."""

    served_at: datetime | None = strawberry.field(default=None, description="When the notice was served.")
    contact_unknown: bool = strawberry.field(
        default=False, description="Name or address is unclear, so that nobody could be told."
    )
    text: str | None = strawberry.field(default=None, description="Text of the notice, up to 20,000 characters.")

    def value(self) -> Notice:
        """The domain's notice."""
        return Notice(served_at=self.served_at, contact_unknown=self.contact_unknown, text=self.text)


@strawberry.type(description="A case after a change.")
class CasePayload:
    """Base of the payloads of case mutations."""

    case: CaseType | None = strawberry.field(
        description="The case as you see it now; null if it is no longer yours to see."
    )


class Target(TypedDict):
    """Arguments that every service function of a case takes."""

    city_id: int
    case_id: uuid.UUID
    expected_version: int | None


def target(given: CaseInput) -> Target:
    """Which case, and in which version. Raises ``MalformedId``."""
    city_id, case_id = ids.decode_case_side("Case", given.case_id)
    return Target(city_id=city_id, case_id=case_id, expected_version=given.expected_version)


def office_id(given: strawberry.ID) -> int:
    """The number of an office id in an input. Raises ``MalformedId``."""
    return ids.decode_number("Office", given)


def person_id(given: strawberry.ID) -> int:
    """The number of a person id in an input. Raises ``MalformedId``."""
    return ids.decode_number("Person", given)


#: A service function with its arguments bound, ready for a transaction.
Call = Callable[[UnitOfWork, Actor, datetime], Awaitable[Any]]


async def change(info: strawberry.Info, given: Any, call: Call) -> Outcome:
    """Run a service function that answers something with ``city_id`` and ``case_id``; its ids are the outcome."""

    async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
        done = await call(uow, actor, now)
        outcome = {"city": done.city_id, "case": str(done.case_id)}
        for name in ("order_id", "record_id", "escalation_id"):
            if getattr(done, name, None) is not None:
                outcome[name] = str(getattr(done, name))
        return outcome

    async def visible(outcome: Outcome) -> bool:
        return await seen_case(info.context, outcome["city"], uuid.UUID(outcome["case"])) is not None

    return await perform(info, given, work, visible=visible)


async def changed_case(info: strawberry.Info, given: Any, call: Call) -> CaseType | None:
    """Like ``change``, answering the case as the viewer sees it afterwards."""
    outcome = await change(info, given, call)
    return await shown_case(info.context, outcome["city"], uuid.UUID(outcome["case"]))
