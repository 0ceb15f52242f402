"""Mutations that bring a version into force, and the way back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

import strawberry

from caseway.access.actor import Actor
from caseway.db.session import UnitOfWork
from caseway.gql.context import Context
from caseway.gql.errors import mutation
from caseway.gql.perform import Outcome, perform
from caseway.gql.problems import Problems
from caseway.rules import publishing
from caseway.rules.api.drafting import DraftInput, version_of
from caseway.rules.api.findings import RuleBookRefusedError
from caseway.rules.api.types import RuleBookVersionType
from caseway.rules.publishing import Published

_LONGEST_NOTE = 2_000


@strawberry.input(description="The draft to publish.")
class RuleBookPublishInput(DraftInput):
    """Input of ``ruleBookPublish``."""

    revision: str = strawberry.field(description="The revision that you have read: exactly this is published.")
    effective_on: date | None = strawberry.field(
        default=None,
        description="First day (China's time zone) on which it counts, today or later; absent means that of the draft, "
        "or today if there is none or it has passed.",
    )
    note: str | None = strawberry.field(default=None, description="What it is about, 2000 characters at most.")


@strawberry.type(description="What became of the publication.")
class PublishedPayload:
    """Base of the payloads of publishing."""

    version: RuleBookVersionType = strawberry.field(description="The version as it is now.")
    awaits_confirmation: bool = strawberry.field(
        description="Whether it was only proposed, because it touches what the law lays down: another person of the "
        "office must confirm it."
    )
    clamped_books: int = strawberry.field(
        description="Books below that are looser than it and were clamped, as far as they were compared at once; their "
        "administrators have a task."
    )
    compares_further: bool = strawberry.field(
        description="Whether more books below are still being compared in the background."
    )

    @classmethod
    async def of(cls, context: Context, outcome: Outcome) -> Self:
        """The payload of an outcome."""
        return cls(
            version=await version_of(context, outcome),
            awaits_confirmation=outcome["awaits"],
            clamped_books=outcome["clamped"],
            compares_further=outcome["further"],
        )


@strawberry.type(description="The version that was published, or proposed.")
class RuleBookPublishPayload(PublishedPayload):
    """Payload of ``ruleBookPublish``."""


@strawberry.input(description="The proposed version to publish.")
class RuleBookConfirmInput(DraftInput):
    """Input of ``ruleBookConfirm``."""

    revision: str = strawberry.field(description="The revision that you have read: exactly this is published.")


@strawberry.type(description="The version that was published.")
class RuleBookConfirmPayload(PublishedPayload):
    """Payload of ``ruleBookConfirm``."""


@strawberry.input(description="The earlier version whose content is to count again, as a new version.")
class RuleBookRollbackInput(DraftInput):
    """Input of ``ruleBookRollback``."""

    version_number: int = strawberry.field(description="Number of a published version.")
    effective_on: date | None = strawberry.field(
        default=None, description="First day (China's time zone) on which it counts; absent means today."
    )
    note: str | None = strawberry.field(default=None, description="Why, 2000 characters at most.")


@strawberry.type(description="The new version with the old content, published or proposed.")
class RuleBookRollbackPayload(PublishedPayload):
    """Payload of ``ruleBookRollback``."""


def _outcome(done: Published) -> Outcome:
    return {
        "book": done.book.id,
        "number": done.version.number,
        "awaits": done.awaits_confirmation,
        "clamped": done.clamped,
        "further": done.compares_further,
    }


@strawberry.type
class PublishingMutations:
    """Mutations of publishing."""

    @mutation(RuleBookPublishPayload, RuleBookRefusedError)
    async def rule_book_publish(self, info: strawberry.Info, input: RuleBookPublishInput) -> RuleBookPublishPayload:
        """Publish your office's draft. It is checked as a whole; what touches the law is only proposed, and books
        below that are looser now are clamped."""
        ctx, number, note = info.context, input.number, _note(input.note)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            done = await publishing.publish(
                uow,
                ctx.policy,
                actor,
                office_id=number,
                revision=input.revision,
                effective_from=input.effective_on,
                note=note,
                now=now,
            )
            return _outcome(done)

        return await RuleBookPublishPayload.of(ctx, await perform(info, input, work))

    @mutation(RuleBookConfirmPayload, RuleBookRefusedError)
    async def rule_book_confirm(self, info: strawberry.Info, input: RuleBookConfirmInput) -> RuleBookConfirmPayload:
        """Publish what another person of your office has proposed. It is checked once more."""
        ctx, number = info.context, input.number

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            done = await publishing.confirm(uow, ctx.policy, actor, office_id=number, revision=input.revision, now=now)
            return _outcome(done)

        return await RuleBookConfirmPayload.of(ctx, await perform(info, input, work))

    @mutation(RuleBookRollbackPayload, RuleBookRefusedError)
    async def rule_book_rollback(self, info: strawberry.Info, input: RuleBookRollbackInput) -> RuleBookRollbackPayload:
        """Publish the content of an earlier version as a new one. Nothing that was in force is changed."""
        ctx, number, note = info.context, input.number, _note(input.note)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            done = await publishing.rollback(
                uow,
                ctx.policy,
                actor,
                office_id=number,
                number=input.version_number,
                effective_from=input.effective_on,
                note=note,
                now=now,
            )
            return _outcome(done)

        return await RuleBookRollbackPayload.of(ctx, await perform(info, input, work))


def _note(text: str | None) -> str | None:
    problems = Problems()
    note = problems.optional_text("note", text, longest=_LONGEST_NOTE)
    problems.refuse()
    return note
