"""Effective rules and the kinds of rules on the graph."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from caseway.gql import ids
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.gql.scalars import PlainValue
from caseway.rules import resolve, sentences, service
from caseway.rules.api import enums  # noqa: F401 - describes the enums before they are used
from caseway.rules.api.findings import RuleFinding
from caseway.rules.kinds import KINDS, Kind, Merge
from caseway.rules.resolve import Rule, SourcedRow
from caseway.rules.rows import BookRole
from caseway.tenancy.errors import OfficeNotFound


@strawberry.type(description="Where an effective value comes from.")
class RuleSource:
    """One row behind a value."""

    book_code: str = strawberry.field(description="Code of the book.")
    version: int = strawberry.field(description="Number of the version.")
    rule_code: str = strawberry.field(description="The rule in it.")
    role: BookRole = strawberry.field(description="Whether the law or an office says it.")
    clause: str | None = strawberry.field(description="The clause in words; null if the book gives none.")


def _source(sourced: SourcedRow[Any]) -> RuleSource:
    return RuleSource(
        book_code=sourced.ref.book,
        version=sourced.ref.version,
        rule_code=sourced.ref.row_id,
        role=sourced.layer,
        clause=sourced.row.text or None,
    )


@strawberry.type(description="One of the limits of a deadline that stand side by side.")
class RuleLimit:
    """A limit and the row that sets it."""

    value: PlainValue = strawberry.field(description="The limit, such as `{n: 5, unit: WORKDAY}`.")
    source: RuleSource = strawberry.field(description="The row that sets it.")


@strawberry.type(description="A parameter of an effective rule.")
class EffectiveParameter:
    """A value with the rows that state it."""

    name: str = strawberry.field(description="Name, as in `RuleKindParameter.name`.")
    value: PlainValue = strawberry.field(description="The value that counts.")
    unit: str | None = strawberry.field(description="What its number counts; null where it has none.")
    merge_mode: Merge = strawberry.field(description="How values of the levels join.")
    sources: list[RuleSource] = strawberry.field(description="The rows that state it, the law first.")


@strawberry.type(description="One rule that applies to an office: what all rows that speak of the same thing come to.")
class EffectiveRule:
    """An effective rule."""

    kind: str = strawberry.field(description="Kind of rule, as in `RuleKind.name`.")
    subject: str = strawberry.field(description="What it is about, such as `HANDLE APPEAL_CLAIM_31_6 ACCEPTED`.")
    sentence: str = strawberry.field(description="The rule in words, with the row behind every value.")
    parameters: list[EffectiveParameter] = strawberry.field(description="Every parameter that some row states.")
    limits: list[RuleLimit] = strawberry.field(
        description="For limits of time: each row gives a date of its own, and the earliest counts; empty otherwise."
    )

    @classmethod
    def of(cls, rule: Rule[Any]) -> EffectiveRule:
        """The GraphQL object of a rule."""
        sources = {sourced.ref: _source(sourced) for sourced in rule.rows}
        declared = KINDS[rule.kind].parameters
        return cls(
            kind=rule.kind,
            subject=sentences.subject(rule),
            sentence=sentences.sentence(rule),
            parameters=[
                EffectiveParameter(
                    name=name,
                    value=PlainValue(value),
                    unit=declared[name].unit,
                    merge_mode=declared[name].merge,
                    sources=[sources[ref] for ref in refs if ref in sources],
                )
                for name, value, refs in sentences.values(rule)
            ],
            limits=[
                RuleLimit(value=PlainValue(sentences.plain(value)), source=sources[ref])
                for ref, value in (rule.stated("limit") if rule.kind == "deadline" else ())
            ],
        )


@strawberry.type(description="A book that took part in effective rules.")
class AppliedBook:
    """A book and its version."""

    book_code: str = strawberry.field(description="Code of the book.")
    version: int = strawberry.field(description="Number of the version in force that day.")


@strawberry.type(description="Everything that applies to an office on a day.")
class EffectiveRules:
    """The merged rules of a chain."""

    books: list[AppliedBook] = strawberry.field(description="Books of the chain, the law first.")
    rules: list[EffectiveRule] = strawberry.field(description="The rules, by kind.")
    conflicts: list[RuleFinding] = strawberry.field(
        description="Where a book of the chain is looser than one above it; the stricter value counts."
    )

    @classmethod
    def of(cls, found: resolve.EffectiveRules, kind: str | None) -> EffectiveRules:
        """The GraphQL object of effective rules, of one kind or all."""
        return cls(
            books=[AppliedBook(book_code=code, version=number) for code, number in found.versions],
            rules=[EffectiveRule.of(rule) for rule in found.rules if kind in (None, rule.kind)],
            conflicts=[RuleFinding.of(each) for each in found.conflicts],
        )


@strawberry.type(description="A parameter that rules of a kind may have.")
class RuleKindParameter:
    """What a form needs to know of it."""

    name: str = strawberry.field(description="Its name in books.")
    description: str = strawberry.field(description="What it means.")
    merge_mode: Merge = strawberry.field(description="How an office's value joins the values above it.")
    unit: str | None = strawberry.field(description="What its number counts; null where it has none.")
    is_required: bool = strawberry.field(description="Whether every rule of the kind must state it.")
    default: PlainValue | None = strawberry.field(description="What counts when no rule states it; null for nothing.")
    choices: list[str] = strawberry.field(description="The only values it takes; empty where any value will do.")


@strawberry.type(description="A kind of rule 规则类型. The list is closed and public.")
class RuleKind:
    """A kind with its parameters."""

    name: str = strawberry.field(description="Its name in books, such as `deadline`.")
    description: str = strawberry.field(description="What rules of the kind are for.")
    key: list[str] = strawberry.field(description="Parameters that say which rules speak of the same thing.")
    lives_in: str | None = strawberry.field(description="Where its effect is; null while it has none.")
    waits_for: str | None = strawberry.field(description="What it waits for; null if it has effect.")
    parameters: list[RuleKindParameter] = strawberry.field(description="Its parameters, in their order.")

    @classmethod
    def of(cls, kind: type[Kind]) -> RuleKind:
        """The GraphQL object of a kind."""
        return cls(
            name=kind.kind_name,
            description=sentences.purpose(kind),
            key=list(kind.key_params),
            lives_in=kind.effect_in.lives_in,
            waits_for=kind.effect_in.waits_for,
            parameters=[
                RuleKindParameter(
                    name=each.name,
                    description=each.description,
                    merge_mode=each.merge,
                    unit=each.unit,
                    is_required=each.required,
                    default=PlainValue(sentences.plain(each.default)) if each.default is not None else None,
                    choices=list(sentences.choices(kind, each.attribute)),
                )
                for each in kind.parameters.values()
            ],
        )


@strawberry.type
class EffectiveQueries:
    """Root fields about what applies."""

    @field(metadata={"weight": 20, "list_size": 1})
    async def effective_rules(
        self,
        info: strawberry.Info,
        office_id: Annotated[strawberry.ID, strawberry.argument(description="The office.")],
        at: Annotated[
            datetime | None, strawberry.argument(description="The instant; absent means now. Its day in China counts.")
        ] = None,
        kind: Annotated[
            str | None, strawberry.argument(description="Only rules of this kind, as in `RuleKind.name`.")
        ] = None,
    ) -> EffectiveRules | None:
        """What applies to an office: published versions only, merged down the tree, with the row behind every value.
        Null for no office."""
        context: Context = info.context
        context.acting()
        number = ids.try_decode_number("Office", office_id)
        if number is None:
            return None
        async with context.reader() as session:
            try:
                found = await service.effective(session, number, at=at or context.now())
            except OfficeNotFound:
                return None
        return EffectiveRules.of(found, kind)

    @field(metadata={"list_size": 30})
    def rule_kinds(self, info: strawberry.Info) -> list[RuleKind]:
        """All kinds of rules with their parameters, by name: what a form needs to know."""
        info.context.acting()
        return [RuleKind.of(KINDS[name]) for name in sorted(KINDS)]
