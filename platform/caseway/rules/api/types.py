"""Rule books, versions and rules on the graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import strawberry

from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.gql.scalars import PlainValue
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office
from caseway.rules import content, reading, repository, service, yaml
from caseway.rules.api import enums  # noqa: F401 - describes the enums before they are used
from caseway.rules.models import RuleBook, RuleBookVersion, RuleRow, VersionState
from caseway.rules.rows import BookRole, Row


@strawberry.type(description="A parameter of a rule and its value, as it stands in the book.")
class RuleParameterValue:
    """Name and value."""

    name: str = strawberry.field(description="Name, as in `RuleKindParameter.name`.")
    value: PlainValue = strawberry.field(description="The value.")


@strawberry.type(name="BookRule", description="One rule of one version of a rule book, as it stands there.")
class BookRuleType:
    """A row of a book."""

    code: str = strawberry.field(description="What the rule is called in its book, such as `JX-15`; lasts for ever.")
    kind: str = strawberry.field(description="Kind of rule, as in `RuleKind.name`.")
    applies_to: str = strawberry.field(
        description="Whom it reaches: SELF, CHILDREN, CHILD_UNITS, SUBTREE, LEVEL:x or OFFICE:code."
    )
    parameters: list[RuleParameterValue] = strawberry.field(
        description="Its parameters, in the order of the kind.", metadata={"list_size": 5}
    )
    quality: str | None = strawberry.field(description="How the source knows it; null for what an office wrote itself.")
    guard: str | None = strawberry.field(description="Why it is off by default or was worded anew; null for most.")
    is_enabled: bool = strawberry.field(description="Whether it is switched on.")
    is_withheld: bool = strawberry.field(description="Whether the book was published without it having effect.")
    withheld_reason: str | None = strawberry.field(description="Why; null unless it is withheld.")
    unresolved: list[str] = strawberry.field(
        description="What a person has still to decide before it has effect.", metadata={"list_size": 1}
    )
    clause: str | None = strawberry.field(description="The clause in words; null if the book gives none.")

    @classmethod
    def of(cls, row: Row) -> BookRuleType:
        """The GraphQL object of a row."""
        return cls(
            code=row.id,
            kind=row.kind,
            applies_to=row.applies_to,
            parameters=[
                RuleParameterValue(name=name, value=PlainValue(value)) for name, value in content.ordered(row).items()
            ],
            quality=row.quality,
            guard=row.guard,
            is_enabled=row.enabled,
            is_withheld=row.withheld,
            withheld_reason=row.withheld_reason or None,
            unresolved=list(row.unresolved),
            clause=row.text or None,
        )


@strawberry.type(name="RuleBookVersion", description="One version of a rule book.")
class RuleBookVersionType:
    """A version; its rules are paged."""

    version: strawberry.Private[RuleBookVersion]
    book: strawberry.Private[RuleBook]
    number: int = strawberry.field(description="Its number within the book, from 1.")
    state: VersionState = strawberry.field(description="Where it stands.")
    effective_on: date | None = strawberry.field(
        description="First day (China's time zone) on which it counts; null in a draft that has not said so."
    )
    basis_number: int | None = strawberry.field(description="The version it was started from; null for the first.")
    revision: str = strawberry.field(description="Names the content: it changes with every edit of a draft.")
    note: str | None = strawberry.field(description="What its authors say about it; null if nothing.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    proposed_at: datetime | None = strawberry.field(
        description="When it was proposed to a second person; null unless one was needed."
    )
    published_at: datetime | None = strawberry.field(description="When it was published; null before.")

    @classmethod
    def of(cls, version: RuleBookVersion, book: RuleBook) -> RuleBookVersionType:
        """The GraphQL object of a version."""
        return cls(
            version=version,
            book=book,
            number=version.number,
            state=VersionState(version.state),
            effective_on=version.effective_from,
            basis_number=version.based_on,
            revision=version.digest.hex(),
            note=version.note,
            created_at=version.created_at,
            proposed_at=version.proposed_at,
            published_at=version.published_at,
        )

    @field()
    async def is_in_force(self, info: strawberry.Info) -> bool:
        """Whether it is the version that counts today."""
        found = await in_force(info.context, self.book)
        return found is not None and found.number == self.number

    @field()
    async def created_by(self, info: strawberry.Info) -> PersonType | None:
        """Who began it; null for the platform itself (declared configuration), and for other offices."""
        return await _person(info.context, self.book, self.version.created_by)

    @field()
    async def proposed_by(self, info: strawberry.Info) -> PersonType | None:
        """Who proposed it; null unless a second person was needed, and for other offices."""
        return await _person(info.context, self.book, self.version.proposed_by)

    @field()
    async def published_by(self, info: strawberry.Info) -> PersonType | None:
        """Who published it, the second person where two were needed; null before, for the platform itself, and for
        other offices."""
        return await _person(info.context, self.book, self.version.published_by)

    @field()
    async def rules(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[BookRuleType]:
        """Its rules, in the book's own order."""
        return await rules_of(info.context, self.version, first=first, after=after, last=last, before=before)

    @field(metadata={"weight": 20})
    async def yaml(self, info: strawberry.Info) -> str:
        """The version as a YAML document: what `ruleDraftImport` takes."""
        async with info.context.reader() as session:
            return yaml.dump(await reading.document(session, self.book, self.version))


@strawberry.type(name="RuleBook", description="A rule book: a layer of the law, or the book of one office.")
class RuleBookType:
    """A book."""

    book: strawberry.Private[RuleBook]
    code: str = strawberry.field(description="Code, unique for ever, such as `law-2022` or `jiaxing`.")
    name: str = strawberry.field(description="Name for people.")
    role: BookRole = strawberry.field(description="What it is.")

    @classmethod
    def of(cls, book: RuleBook) -> RuleBookType:
        """The GraphQL object of a book."""
        return cls(book=book, code=book.code, name=book.name, role=BookRole(book.role))

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType | None:
        """The office whose book it is; null for layers of the law."""
        return await known_office(info.context, self.book.office_id) if self.book.office_id is not None else None

    @field()
    async def in_force(self, info: strawberry.Info) -> RuleBookVersionType | None:
        """The version that counts today; null if none does yet."""
        found = await in_force(info.context, self.book)
        return RuleBookVersionType.of(found, self.book) if found is not None else None

    @field()
    async def draft(self, info: strawberry.Info) -> RuleBookVersionType | None:
        """What its office is writing; null when it writes nothing, and for every other office."""
        context: Context = info.context
        async with context.reader() as session:
            found = await reading.draft(session, context.policy, context.actor, self.book)
        return RuleBookVersionType.of(found, self.book) if found is not None else None


async def in_force(context: Context, book: RuleBook) -> RuleBookVersion | None:
    """The version of a book that counts today."""

    async def load(ids: list[int]) -> Sequence[RuleBookVersion | None]:
        async with context.reader() as session:
            return await reading.in_force(session, ids, day=service.day_of(context.now()))

    found: RuleBookVersion | None = await context.loader("rules.in_force", load).load(book.id)  # type: ignore[arg-type]
    return found


async def rules_of(
    context: Context,
    version: RuleBookVersion,
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Connection[BookRuleType]:
    """A page of the rules of a version."""
    wanted = page(
        first=first,
        after=after,
        last=last,
        before=before,
        order=repository.RULE_ORDER,
        filters={"book": version.book_id, "number": version.number},
    )
    async with context.reader() as session:
        found = await reading.rules(session, version, wanted)
    return connect(found, node=_rule, key=lambda row: (row.position, row.row_id))


def _rule(row: RuleRow) -> BookRuleType:
    return BookRuleType.of(content.to_row(row))


async def _person(context: Context, book: RuleBook, person_id: int | None) -> PersonType | None:
    """Who did it, for those who read the drafts of that office: what happened there is theirs to know."""
    if not person_id or not reading.reads_drafts(context.policy, context.actor, book.office_id or 0):
        return None
    return await known_person(context, person_id)
