"""Mutations that write an office's draft."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime

import strawberry

from caseway.access.actor import Actor
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.gql import ids
from caseway.gql.context import Context
from caseway.gql.errors import mutation
from caseway.gql.perform import Outcome, perform
from caseway.gql.problems import Problems
from caseway.gql.scalars import PlainValue
from caseway.rules import drafting, reading, repository, reviews
from caseway.rules.api.findings import RuleBookRefusedError
from caseway.rules.api.types import RuleBookVersionType
from caseway.rules.drafts import Draft
from caseway.rules.models import Decision
from caseway.rules.rows import Row

_KEY = "8 to 255 printable characters. A repeat with the same key and input does nothing again; kept seven days."
_REVISION = "The revision that you have read; STALE_VERSION if it is another one by now. Absent means any."
_OFFICE = "The office whose book it is: your own."
_LONGEST_CODE, _LONGEST_TEXT, _MOST_PARAMETERS = 40, 2_000, 40


@strawberry.input(description="A parameter of a rule.")
class RuleParameterInput:
    """Name and value."""

    name: str = strawberry.field(description="Name, as in `RuleKindParameter.name`.")
    value: PlainValue = strawberry.field(description="The value, such as `HANDLE` or `{n: 5, unit: WORKDAY}`.")


@strawberry.input(description="A rule as it is to stand in the book.")
class BookRuleInput:
    """Translated to ``rows.Row``."""

    code: str = strawberry.field(description="What it is called in the book, such as `XZ-01`; 40 characters at most.")
    kind: str = strawberry.field(description="Kind of rule, as in `RuleKind.name`.")
    applies_to: str = strawberry.field(
        default="SELF", description="Whom it reaches: SELF, CHILDREN, CHILD_UNITS, SUBTREE, LEVEL:x or OFFICE:code."
    )
    parameters: list[RuleParameterInput] = strawberry.field(description="Its parameters, each once.")
    unresolved: list[str] = strawberry.field(
        default_factory=list,
        description="What is still to be decided; while there is anything, it cannot be published.",
    )
    guard: str | None = strawberry.field(
        default=None,
        description="A guard such as `flagged`, for a rule that may reward fewer petitions. Once given, it stays.",
    )
    is_enabled: bool = strawberry.field(
        default=True, description="Whether it is switched on. A guarded rule needs a recorded review first."
    )
    is_withheld: bool = strawberry.field(
        default=False, description="Publish the book without this rule having effect, because something is undecided."
    )
    withheld_reason: str | None = strawberry.field(default=None, description="Why; needed when it is withheld.")
    clause: str | None = strawberry.field(default=None, description="The clause in words, 2000 characters at most.")

    def row(self) -> Row:
        """The row that is meant. Raises ``InvalidInput``."""
        problems = Problems()
        code = problems.text("rule.code", self.code, longest=_LONGEST_CODE)
        names = [each.name for each in self.parameters]
        problems.check(
            len(names) <= _MOST_PARAMETERS, "rule.parameters", "TOO_MANY", f"Give {_MOST_PARAMETERS} at most."
        )
        problems.check(len(set(names)) == len(names), "rule.parameters", "DUPLICATE", "Give each parameter once.")
        reason = problems.optional_text("rule.withheldReason", self.withheld_reason, longest=_LONGEST_TEXT)
        problems.check(
            not self.is_withheld or reason is not None, "rule.withheldReason", "BLANK", "Say why it is withheld."
        )
        clause = problems.optional_text("rule.clause", self.clause, longest=_LONGEST_TEXT)
        guard = problems.optional_text("rule.guard", self.guard, longest=_LONGEST_CODE)
        problems.refuse()
        return Row(
            id=code,
            kind=self.kind,
            applies_to=self.applies_to,
            params={each.name: each.value for each in self.parameters},
            guard=guard,
            unresolved=tuple(self.unresolved),
            withheld=self.is_withheld,
            withheld_reason=reason or "",
            enabled=self.is_enabled,
            text=clause or "",
        )


@strawberry.input(description="What selects a draft.")
class DraftInput:
    """Base of the inputs about an office's draft."""

    office_id: strawberry.ID = strawberry.field(description=_OFFICE)
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)

    @property
    def number(self) -> int:
        """The office's number. Raises ``MalformedId``."""
        return ids.decode_number("Office", self.office_id)


@strawberry.type(description="A draft after a change.")
class DraftPayload:
    """Base of the payloads of drafting."""

    version: RuleBookVersionType = strawberry.field(description="The draft as it is now.")


@strawberry.input(description="The draft to open: the newest published version once more, or an empty first one.")
class RuleDraftOpenInput(DraftInput):
    """Input of ``ruleDraftOpen``."""

    effective_on: date | None = strawberry.field(
        default=None, description="First day (China's time zone) on which it is meant to count; absent = said later."
    )
    note: str | None = strawberry.field(default=None, description="What it is about, 2000 characters at most.")


@strawberry.type(description="The draft that was opened.")
class RuleDraftOpenPayload(DraftPayload):
    """Payload of ``ruleDraftOpen``."""


@strawberry.input(description="A rule to write into the draft.")
class RuleDraftPutInput(DraftInput):
    """Input of ``ruleDraftPut``."""

    revision: str | None = strawberry.field(default=None, description=_REVISION)
    rule: BookRuleInput = strawberry.field(description="The rule; one with the same code is replaced.")


@strawberry.type(description="The draft with the rule in it.")
class RuleDraftPutPayload(DraftPayload):
    """Payload of ``ruleDraftPut``."""


@strawberry.input(description="A rule to take out of the draft.")
class RuleDraftRemoveInput(DraftInput):
    """Input of ``ruleDraftRemove``."""

    revision: str | None = strawberry.field(default=None, description=_REVISION)
    rule_code: str = strawberry.field(description="Which rule, as in `BookRule.code`.")


@strawberry.type(description="The draft without the rule.")
class RuleDraftRemovePayload(DraftPayload):
    """Payload of ``ruleDraftRemove``."""


@strawberry.input(description="The draft to give up.")
class RuleDraftDiscardInput(DraftInput):
    """Input of ``ruleDraftDiscard``."""

    revision: str | None = strawberry.field(default=None, description=_REVISION)


@strawberry.type(description="The draft that was given up; its number is not used again.")
class RuleDraftDiscardPayload(DraftPayload):
    """Payload of ``ruleDraftDiscard``."""


@strawberry.input(description="A YAML document to become the draft.")
class RuleDraftImportInput(DraftInput):
    """Input of ``ruleDraftImport``."""

    revision: str | None = strawberry.field(default=None, description=_REVISION)
    yaml: str = strawberry.field(
        description="One document, such as `RuleBookVersion.yaml` answers it; 1 MiB of UTF-8 at most."
    )


@strawberry.type(description="The draft with the content of the document. It is opened if there is none.")
class RuleDraftImportPayload(DraftPayload):
    """Payload of ``ruleDraftImport``."""


@strawberry.input(description="What you found when you reviewed a guarded rule of the draft.")
class RuleReviewRecordInput(DraftInput):
    """Input of ``ruleReviewRecord``."""

    revision: str | None = strawberry.field(default=None, description=_REVISION)
    rule_code: str = strawberry.field(description="The guarded rule, as in `BookRule.code`.")
    decision: Decision = strawberry.field(description="What the review came to.")
    reason: str = strawberry.field(description="Why, 2000 characters at most.")


@strawberry.type(description="A recorded review. It counts for exactly this wording of the rule.")
class RuleReviewRecordPayload:
    """Payload of ``ruleReviewRecord``."""

    rule_code: str = strawberry.field(description="The rule.")
    decision: Decision = strawberry.field(description="What the review came to.")
    reviewed_at: datetime = strawberry.field(description="When it was recorded.")


Change = Callable[[UnitOfWork, Actor, datetime], Awaitable[Draft]]


async def version_of(context: Context, outcome: Outcome) -> RuleBookVersionType:
    """The version that an outcome names, as it is now. Raises ``NotFound`` when it may not be read (any more)."""
    async with context.reader() as session:
        book = (await repository.books(session, [int(outcome["book"])])).get(int(outcome["book"]))
        found = (
            await reading.version(session, context.policy, context.actor, book, int(outcome["number"]))
            if book is not None
            else None
        )
    if book is None or found is None:
        raise NotFound
    return RuleBookVersionType.of(found, book)


async def _changed(info: strawberry.Info, given: DraftInput, change: Change) -> RuleBookVersionType:
    async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
        draft = await change(uow, actor, now)
        return {"book": draft.book.id, "number": draft.version.number}

    return await version_of(info.context, await perform(info, given, work))


@strawberry.type
class DraftingMutations:
    """Mutations of drafts."""

    @mutation(RuleDraftOpenPayload)
    async def rule_draft_open(self, info: strawberry.Info, input: RuleDraftOpenInput) -> RuleDraftOpenPayload:
        """Open the one draft of your office's rule book."""
        ctx, number = info.context, input.number
        problems = Problems()
        note = problems.optional_text("note", input.note, longest=_LONGEST_TEXT)
        problems.refuse()
        return RuleDraftOpenPayload(
            version=await _changed(
                info,
                input,
                lambda uow, actor, now: drafting.open_(
                    uow, ctx.policy, actor, office_id=number, effective_from=input.effective_on, note=note, now=now
                ),
            )
        )

    @mutation(RuleDraftPutPayload, RuleBookRefusedError)
    async def rule_draft_put(self, info: strawberry.Info, input: RuleDraftPutInput) -> RuleDraftPutPayload:
        """Write a rule into the draft. It is compared at once with its kind and with the rules above and beside it."""
        ctx, number, row = info.context, input.number, input.rule.row()
        return RuleDraftPutPayload(
            version=await _changed(
                info,
                input,
                lambda uow, actor, now: drafting.put(
                    uow, ctx.policy, actor, office_id=number, row=row, revision=input.revision, now=now
                ),
            )
        )

    @mutation(RuleDraftRemovePayload, RuleBookRefusedError)
    async def rule_draft_remove(self, info: strawberry.Info, input: RuleDraftRemoveInput) -> RuleDraftRemovePayload:
        """Take a rule out of the draft."""
        ctx, number = info.context, input.number
        return RuleDraftRemovePayload(
            version=await _changed(
                info,
                input,
                lambda uow, actor, now: drafting.remove(
                    uow, ctx.policy, actor, office_id=number, row_id=input.rule_code, revision=input.revision
                ),
            )
        )

    @mutation(RuleDraftDiscardPayload)
    async def rule_draft_discard(self, info: strawberry.Info, input: RuleDraftDiscardInput) -> RuleDraftDiscardPayload:
        """Give the draft up."""
        ctx, number = info.context, input.number
        return RuleDraftDiscardPayload(
            version=await _changed(
                info,
                input,
                lambda uow, actor, now: drafting.discard(
                    uow, ctx.policy, actor, office_id=number, revision=input.revision, now=now
                ),
            )
        )

    @mutation(RuleDraftImportPayload, RuleBookRefusedError)
    async def rule_draft_import(self, info: strawberry.Info, input: RuleDraftImportInput) -> RuleDraftImportPayload:
        """Give the draft the content of a YAML document, all of it or nothing."""
        ctx, number = info.context, input.number
        return RuleDraftImportPayload(
            version=await _changed(
                info,
                input,
                lambda uow, actor, now: drafting.import_text(
                    uow, ctx.policy, actor, office_id=number, text=input.yaml, revision=input.revision, now=now
                ),
            )
        )

    @mutation(RuleReviewRecordPayload)
    async def rule_review_record(self, info: strawberry.Info, input: RuleReviewRecordInput) -> RuleReviewRecordPayload:
        """Record the review of a guarded rule of the draft that another person wrote. It changes nothing by itself."""
        ctx, number = info.context, input.number
        problems = Problems()
        reason = problems.text("reason", input.reason, longest=_LONGEST_TEXT)
        problems.refuse()

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            review = await reviews.record(
                uow,
                ctx.policy,
                actor,
                office_id=number,
                row_id=input.rule_code,
                decision=input.decision,
                reason=reason,
                revision=input.revision,
                now=now,
            )
            return {"rule": review.row_id, "decision": review.decision, "at": review.at.isoformat()}

        outcome = await perform(info, input, work)
        return RuleReviewRecordPayload(
            rule_code=outcome["rule"],
            decision=Decision(outcome["decision"]),
            reviewed_at=datetime.fromisoformat(outcome["at"]),
        )
