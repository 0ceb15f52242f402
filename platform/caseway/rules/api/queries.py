"""Root fields about rule books. Drafts are shown to their own office; a draft of another office is as good as none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

import strawberry

from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.gql.scalars import PlainValue
from caseway.rules import publishing, reading, repository
from caseway.rules.api.findings import RuleFinding
from caseway.rules.api.types import BookRuleType, RuleBookType, RuleBookVersionType
from caseway.rules.models import RuleBook, RuleBookVersion

OfficeArgument = Annotated[strawberry.ID, strawberry.argument(description="The office.")]
BookArgument = Annotated[str, strawberry.argument(description="Code of the book, as in `RuleBook.code`.")]


@strawberry.type(description="Something that two versions of a rule say differently.")
class RuleDifference:
    """A name with both values."""

    name: str = strawberry.field(description="Name of the parameter, or of what else a rule says about itself.")
    before_value: PlainValue | None = strawberry.field(description="What the earlier one says; null for nothing.")
    after_value: PlainValue | None = strawberry.field(description="What the later one says; null for nothing.")


@strawberry.type(description="A rule that two versions say differently.")
class RuleChange:
    """Both wordings and what differs."""

    before_rule: BookRuleType = strawberry.field(description="As the earlier version has it.")
    after_rule: BookRuleType = strawberry.field(description="As the later version has it.")
    differences: list[RuleDifference] = strawberry.field(description="What differs, parameters first.")


@strawberry.type(description="What one version of a book says differently from another.")
class RuleDiff:
    """Rules added, removed and changed."""

    added: list[BookRuleType] = strawberry.field(description="Rules that only the later version has.")
    removed: list[BookRuleType] = strawberry.field(description="Rules that only the earlier version has.")
    changed: list[RuleChange] = strawberry.field(description="Rules that both have and say differently.")

    @classmethod
    def of(cls, found: reading.Diff) -> RuleDiff:
        """The GraphQL object of a diff."""
        return cls(
            added=[BookRuleType.of(row) for row in found.added],
            removed=[BookRuleType.of(row) for row in found.removed],
            changed=[
                RuleChange(
                    before_rule=BookRuleType.of(each.before),
                    after_rule=BookRuleType.of(each.after),
                    differences=[
                        RuleDifference(
                            name=one.name,
                            before_value=PlainValue(one.before) if one.before is not None else None,
                            after_value=PlainValue(one.after) if one.after is not None else None,
                        )
                        for one in each.differences
                    ],
                )
                for each in found.changed
            ],
        )


@strawberry.type
class RuleQueries:
    """Root fields about rule books, for everybody with an office."""

    @field()
    async def rule_book(self, info: strawberry.Info, office_id: OfficeArgument) -> RuleBookType | None:
        """The book of an office. Null while it has none that you may read."""
        context: Context = info.context
        context.acting()
        number = ids.try_decode_number("Office", office_id)
        if number is None:
            return None
        async with context.reader() as session:
            found = await reading.book(session, context.policy, context.actor, office_id=number)
        return RuleBookType.of(found) if found is not None else None

    @field()
    async def rule_books(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[RuleBookType]:
        """All books with a published version, law layers among them, by code."""
        context: Context = info.context
        context.acting()
        wanted = page(first=first, after=after, last=last, before=before, order=repository.BOOK_ORDER)
        async with context.reader() as session:
            found = await repository.published_books(session, wanted)
        return connect(found, node=RuleBookType.of, key=lambda book: (book.code, book.id))

    @field()
    async def rule_book_versions(
        self,
        info: strawberry.Info,
        book_code: BookArgument,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[RuleBookVersionType]:
        """The versions of a book that you may read, newest first: the published ones, in your own office all of
        them."""
        context: Context = info.context
        context.acting()
        wanted = page(
            first=first,
            after=after,
            last=last,
            before=before,
            order=repository.VERSION_ORDER,
            filters={"book": book_code},
            width=1,
        )
        async with context.reader() as session:
            book = await reading.book(session, context.policy, context.actor, code=book_code)
            found = repository.nothing(wanted)
            if book is not None:
                found = await reading.versions(session, context.policy, context.actor, book, wanted)
        return connect(found, node=_version_of(book), key=lambda version: (version.number,))

    @field(metadata={"weight": 20})
    async def rule_diff(
        self,
        info: strawberry.Info,
        book_code: BookArgument,
        from_number: Annotated[int, strawberry.argument(description="Number of the earlier version.")],
        to_number: Annotated[int, strawberry.argument(description="Number of the later version.")],
    ) -> RuleDiff | None:
        """What a version says differently from another. Null unless you may read both."""
        context: Context = info.context
        context.acting()
        async with context.reader() as session:
            book = await reading.book(session, context.policy, context.actor, code=book_code)
            if book is None:
                return None
            both = [
                await reading.version(session, context.policy, context.actor, book, number)
                for number in (from_number, to_number)
            ]
            if both[0] is None or both[1] is None:
                return None
            return RuleDiff.of(await reading.diff(session, both[0], both[1]))

    @field(metadata={"weight": 20, "list_size": 10})
    async def rule_findings(
        self,
        info: strawberry.Info,
        office_id: OfficeArgument,
        effective_on: Annotated[
            date | None,
            strawberry.argument(description="First day to check for; absent means that of the draft, else today."),
        ] = None,
    ) -> list[RuleFinding]:
        """What would stop the publication of your office's draft; empty when nothing would, and where you may read no
        draft."""
        context: Context = info.context
        context.acting()
        number = ids.try_decode_number("Office", office_id)
        if number is None or not reading.reads_drafts(context.policy, context.actor, number):
            return []
        async with context.reader() as session:
            found = await publishing.findings(session, office_id=number, effective_from=effective_on, now=context.now())
        return [RuleFinding.of(each) for each in found]


def _version_of(book: RuleBook | None) -> Callable[[RuleBookVersion], RuleBookVersionType]:
    def node(version: RuleBookVersion) -> RuleBookVersionType:
        assert book is not None, "a version of no book"
        return RuleBookVersionType.of(version, book)

    return node
