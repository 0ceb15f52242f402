"""Bringing rules to many offices on the graph: packs, clones, and how far an office is from a pack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self

import strawberry

from caseway.access.actor import Actor
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.errors import mutation
from caseway.gql.fields import field
from caseway.gql.perform import Outcome, perform
from caseway.people.office_api import OfficeType, known_office
from caseway.rules import cloning, packs, reading
from caseway.rules.cloning import Provision
from caseway.rules.packs import Pack
from caseway.rules.reading import OfficeDrift
from caseway.rules.values import Level as RuleLevel
from caseway.tenancy.models import Level
from caseway.tenancy.repository import OFFICE_ORDER

_KEY = "8 to 255 printable characters. A repeat with the same key and input does nothing again; kept seven days."
#: Offices that are told one by one; the counts are of all.
_MOST_TOLD = 100

described(
    cloning.Outcome,
    name="RuleProvisionOutcome",
    description="What became of one office to which rules were brought.",
    values={
        "PUBLISHED": "It has them now, as a new version.",
        "PROPOSED": "They touch what the law lays down: a second person of the office must confirm them.",
        "UNCHANGED": "It had them already.",
        "DRAFT_OPEN": "It is writing a version of its own, which is not touched.",
        "DIFFERS": "It has rules of its own, which are not replaced.",
        "REFUSED": "They cannot stand in its chain; nothing was changed there.",
    },
)


@strawberry.type(description="An office to which rules could not be brought, and why.")
class RuleProvision:
    """One office."""

    office: OfficeType = strawberry.field(description="The office.")
    outcome: cloning.Outcome = strawberry.field(description="What became of it.")
    finding_codes: list[str] = strawberry.field(
        description="Codes of what is wrong with the rules in its chain; empty unless it was refused."
    )


@strawberry.type(description="What became of all offices to which rules were brought.")
class ProvidedPayload:
    """Base of the payloads of providing."""

    published: int = strawberry.field(description="Offices that have them now, as a new version.")
    proposed: int = strawberry.field(description="Offices where a second person must confirm them.")
    unchanged: int = strawberry.field(description="Offices that had them already.")
    untouched: list[RuleProvision] = strawberry.field(
        description="Offices where nothing was done, by code, and why; the first 100 of them."
    )
    untouched_count: int = strawberry.field(description="How many offices that are in all.")

    @classmethod
    async def of(cls, context: Context, outcome: Outcome) -> Self:
        """The payload of an outcome."""
        return cls(
            published=outcome["published"],
            proposed=outcome["proposed"],
            unchanged=outcome["unchanged"],
            untouched=[
                RuleProvision(
                    office=await known_office(context, office_id),
                    outcome=cloning.Outcome(became),
                    finding_codes=codes,
                )
                for office_id, became, codes in outcome["untouched"]
            ],
            untouched_count=outcome["untouched_count"],
        )


@strawberry.input(description="A pack for the offices of its level in an area.")
class RulePackApplyInput:
    """Input of ``rulePackApply``."""

    pack_code: str = strawberry.field(description="Which pack, as in `RulePack.code`.")
    office_id: strawberry.ID = strawberry.field(
        description="The area: every government of the pack's level at and below this office, 2000 at most."
    )
    effective_on: date | None = strawberry.field(
        default=None, description="First day (China's time zone) on which it counts; absent means today."
    )
    overwrites: bool = strawberry.field(
        default=False, description="Replace rules of the pack that an office has changed for itself."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="What became of the offices of the area.")
class RulePackApplyPayload(ProvidedPayload):
    """Payload of ``rulePackApply``."""


@strawberry.input(description="The published rules of one office for others.")
class RuleBookCloneInput:
    """Input of ``ruleBookClone``."""

    source_id: strawberry.ID = strawberry.field(description="The office whose newest published version is taken.")
    office_ids: list[strawberry.ID] = strawberry.field(description="The offices that get it, 2000 at most.")
    effective_on: date | None = strawberry.field(
        default=None, description="First day (China's time zone) on which it counts; absent means today."
    )
    overwrites: bool = strawberry.field(
        default=False, description="Replace the rules of offices that have some of their own."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="What became of the offices named.")
class RuleBookClonePayload(ProvidedPayload):
    """Payload of ``ruleBookClone``."""


@strawberry.type(description="A pack 规则包: ready-made rules for the offices of one level.")
class RulePack:
    """A pack that ships."""

    code: str = strawberry.field(description="Code of the pack.")
    name: str = strawberry.field(description="Name for people.")
    note: str = strawberry.field(description="What it is for.")
    level: Level | None = strawberry.field(description="The level that it is for; null for departments.")
    rule_codes: list[str] = strawberry.field(description="Its rules, as in `BookRule.code`.")

    @classmethod
    def of(cls, pack: Pack) -> RulePack:
        """The GraphQL object of a pack."""
        return cls(
            code=pack.code,
            name=pack.name,
            note=pack.note,
            level=Level(pack.level.value) if pack.level is not RuleLevel.UNIT else None,
            rule_codes=[row.id for row in pack.rows],
        )


@strawberry.type(description="How the published rules of an office differ from a pack.")
class RulePackDrift:
    """One office."""

    office: OfficeType = strawberry.field(description="The office.")
    is_applied: bool = strawberry.field(description="Whether it has every rule of the pack, word for word.")
    missing_rules: list[str] = strawberry.field(description="Rules of the pack that it lacks.")
    differing_rules: list[str] = strawberry.field(description="Rules of the pack that it says differently.")

    @classmethod
    def of(cls, found: OfficeDrift) -> RulePackDrift:
        """The GraphQL object of a drift."""
        return cls(
            office=OfficeType.of(found.office),
            is_applied=not found.drift.missing and not found.drift.differing,
            missing_rules=list(found.drift.missing),
            differing_rules=list(found.drift.differing),
        )


@strawberry.type
class PackQueries:
    """Root fields about packs."""

    @field(metadata={"list_size": 10})
    def rule_packs(self, info: strawberry.Info) -> list[RulePack]:
        """The packs that ship with the platform, by code."""
        info.context.acting()
        return [RulePack.of(pack) for _, pack in sorted(packs.packs().items())]

    @field()
    async def rule_pack_drift(
        self,
        info: strawberry.Info,
        pack_code: Annotated[str, strawberry.argument(description="Which pack, as in `RulePack.code`.")],
        office_id: Annotated[
            strawberry.ID, strawberry.argument(description="The area: your office or one below it, with all below.")
        ],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[RulePackDrift]:
        """How the published rules of the pack's offices in an area differ from the pack, by code of the office. Empty
        where you may not bring rules to."""
        context: Context = info.context
        actor = context.acting()
        wanted = page(
            first=first,
            after=after,
            last=last,
            before=before,
            order=OFFICE_ORDER,
            filters={"pack": pack_code, "office": office_id},
        )
        number = ids.try_decode_number("Office", office_id)
        async with context.reader() as session:
            found = await reading.drift(
                session, context.policy, actor, wanted, pack_code=pack_code, area_id=number or 0, now=context.now()
            )
        return connect(found, node=RulePackDrift.of, key=lambda each: (each.office.code, each.office.id))


@strawberry.type
class ProvidingMutations:
    """Mutations that bring rules to many offices."""

    @mutation(RulePackApplyPayload)
    async def rule_pack_apply(self, info: strawberry.Info, input: RulePackApplyInput) -> RulePackApplyPayload:
        """Bring a pack to all offices of its level in an area. Doing it twice changes nothing the second time."""
        ctx, area_id = info.context, ids.decode_number("Office", input.office_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            done = await cloning.apply_pack(
                uow,
                ctx.policy,
                actor,
                pack_code=input.pack_code,
                area_id=area_id,
                effective_from=input.effective_on,
                overwrite=input.overwrites,
                now=now,
            )
            return _outcome(done)

        return await RulePackApplyPayload.of(ctx, await perform(info, input, work))

    @mutation(RuleBookClonePayload)
    async def rule_book_clone(self, info: strawberry.Info, input: RuleBookCloneInput) -> RuleBookClonePayload:
        """Give offices the rules that another one has published: rules only, no people and no cases."""
        ctx, source_id = info.context, ids.decode_number("Office", input.source_id)
        office_ids = [ids.decode_number("Office", each) for each in input.office_ids]
        if not office_ids:
            raise NotFound

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            done = await cloning.clone(
                uow,
                ctx.policy,
                actor,
                source_id=source_id,
                office_ids=office_ids,
                effective_from=input.effective_on,
                overwrite=input.overwrites,
                now=now,
            )
            return _outcome(done)

        return await RuleBookClonePayload.of(ctx, await perform(info, input, work))


def _outcome(done: Sequence[Provision]) -> Outcome:
    counts = Counter(each.outcome for each in done)
    went = (cloning.Outcome.PUBLISHED, cloning.Outcome.PROPOSED, cloning.Outcome.UNCHANGED)
    untouched = [each for each in done if each.outcome not in went]
    return {
        "published": counts[cloning.Outcome.PUBLISHED],
        "proposed": counts[cloning.Outcome.PROPOSED],
        "unchanged": counts[cloning.Outcome.UNCHANGED],
        "untouched": [
            [each.office.id, each.outcome.value, sorted({finding.code.value for finding in each.findings})]
            for each in untouched[:_MOST_TOLD]
        ],
        "untouched_count": len(untouched),
    }
