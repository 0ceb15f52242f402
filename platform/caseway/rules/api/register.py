"""The public rule register 规则公示: which office applies which rules, since when. For everybody, without login.

It shows published versions and nothing else: no staff, no drafts, no case. Offices appear by code and name, which are
public (art. 19), and lead nowhere from here.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import strawberry

from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.rules import reading, repository
from caseway.rules.api.types import BookRuleType, rules_of
from caseway.rules.models import RuleBookVersion
from caseway.rules.reading import Registered
from caseway.rules.rows import BookRole


@strawberry.type(description="A published rule book in the public register: the version that counts today.")
class RegisteredBook:
    """An entry of the register."""

    version: strawberry.Private[RuleBookVersion]
    code: str = strawberry.field(description="Code of the book.")
    name: str = strawberry.field(description="Name of the book.")
    role: BookRole = strawberry.field(description="Whether it is a layer of the law or an office's own book.")
    office_code: str | None = strawberry.field(description="Code of its office; null for layers of the law.")
    office_name: str | None = strawberry.field(description="Name of its office; null for layers of the law.")
    number: int = strawberry.field(description="Number of the version in force today.")
    effective_on: date = strawberry.field(description="Since which day it counts (China's time zone).")
    published_at: datetime = strawberry.field(description="When it was published.")

    @classmethod
    def of(cls, entry: Registered) -> RegisteredBook:
        """The GraphQL object of an entry."""
        version = entry.version
        assert version.effective_from is not None
        assert version.published_at is not None
        return cls(
            version=version,
            code=entry.book.code,
            name=entry.book.name,
            role=BookRole(entry.book.role),
            office_code=entry.office.code if entry.office is not None else None,
            office_name=entry.office.name if entry.office is not None else None,
            number=version.number,
            effective_on=version.effective_from,
            published_at=version.published_at,
        )

    @field()
    async def rules(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[BookRuleType]:
        """Its rules, in the book's own order."""
        return await rules_of(info.context, self.version, first=first, after=after, last=last, before=before)


@strawberry.type
class RegisterQueries:
    """The one root field about rules that needs no login."""

    @field()
    async def rule_register(
        self,
        info: strawberry.Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        office_code: Annotated[
            str | None,
            strawberry.argument(
                description="Only the books that apply to the office with this code: its own, those above it, the law."
            ),
        ] = None,
    ) -> Connection[RegisteredBook]:
        """The public register of rules in force today, by code of the book. Needs no login."""
        context: Context = info.context
        wanted = page(
            first=first,
            after=after,
            last=last,
            before=before,
            order=repository.BOOK_ORDER,
            filters={"office": office_code},
        )
        async with context.reader() as session:
            found = await reading.register(session, wanted, office_code=office_code, now=context.now())
        return connect(found, node=RegisteredBook.of, key=lambda entry: (entry.book.code, entry.book.id))
