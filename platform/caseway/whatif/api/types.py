"""What a draft would have changed, on the graph. Figures name no case; changes are shown case by case to those who see
the case."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from caseway.cases.api.types import CaseType, shown_case
from caseway.clocks.workflow import ClockKind
from caseway.escalation.workflow import Gives
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.fields import field
from caseway.people.office_api import OfficeType, known_office
from caseway.whatif import paging, repository
from caseway.whatif.history import Missing, MissingCode
from caseway.whatif.outcome import ClockPair, Limit, Outcome, RaisePair, Side
from caseway.whatif.service import WhatIf
from caseway.whatif.totals import Count, Pair, RungKey

described(
    MissingCode,
    name="WhatIfUnknown",
    description="Why the history cannot tell what would have been. Nothing is invented in its place.",
    values={
        "HISTORY_DIFFERS": "Replayed under the rules that were in force, the case does not come out as it was.",
        "OFFICE_CHANGED": "An office stands elsewhere in the tree than it did then.",
        "CONDITION": "A condition asks for something that was not recorded.",
        "TAKEN_OVER": "Limits came from a merged case, and stay as they were.",
        "REFUSED": "Somebody did what these rules would have refused; what they would have done instead is not known.",
        "RANK": "Who approved something is recorded, not the rank that they had then.",
        "DECISION": "A rung would have been proposed; what people would have decided is not known.",
        "MOVED": "The case would have moved to another office; what would have been done there is not known.",
    },
)


@strawberry.type(description="How many of something there were, and how many of them were late.")
class WhatIfCount:
    """A figure."""

    total: int = strawberry.field(description="How many.")
    late: int = strawberry.field(description="How many of them passed while they ran.")

    @classmethod
    def of(cls, count: Count) -> WhatIfCount:
        """The GraphQL object of a count."""
        return cls(total=count.all, late=count.late)


@strawberry.type(description="What a rule did and would have done: limits that applied, and those that passed.")
class WhatIfRule:
    """One row of a book."""

    rule: str = strawberry.field(description="Book and rule, or the text of a condition that could not be answered.")
    before: WhatIfCount = strawberry.field(description="As it was.")
    after: WhatIfCount = strawberry.field(description="With the draft.")
    unknown: int = strawberry.field(description="Cases in which the history does not tell what it would have done.")

    @classmethod
    def of(cls, rule: str, pair: Pair) -> WhatIfRule:
        """The GraphQL object of a figure by rule."""
        before, after = WhatIfCount.of(pair.before), WhatIfCount.of(pair.after)
        return cls(rule=rule, before=before, after=after, unknown=pair.unknown)


@strawberry.type(description="Clocks of one kind, before and after.")
class WhatIfStage:
    """One kind of clock."""

    clock: ClockKind = strawberry.field(description="What the clocks measure.")
    before: WhatIfCount = strawberry.field(description="As it was.")
    after: WhatIfCount = strawberry.field(description="With the draft.")


@strawberry.type(description="What an office owed, before and after: its load.")
class WhatIfOffice:
    """One office."""

    number: strawberry.Private[int]
    before: WhatIfCount = strawberry.field(description="Clocks that it owed.")
    after: WhatIfCount = strawberry.field(description="Clocks that it would have owed.")

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office."""
        return await known_office(info.context, self.number)


@strawberry.type(description="How often a rung of a ladder was climbed, and would have been.")
class WhatIfEscalation:
    """One rung, and the office that it asks."""

    office_number: strawberry.Private[int]
    ladder: str = strawberry.field(description="Name of the ladder.")
    rule: str = strawberry.field(description="Book and rule that describe it; empty for a take-up without a rule.")
    rung: int = strawberry.field(description="Place on the ladder; 0 is the first.")
    gives: Gives = strawberry.field(description="What the upper office gets.")
    before: int = strawberry.field(description="How often it was climbed.")
    after: int = strawberry.field(description="How often it would have been.")

    @classmethod
    def of(cls, key: RungKey, counts: tuple[int, int]) -> WhatIfEscalation:
        """The GraphQL object of a figure by rung."""
        return cls(
            office_number=key.office_id,
            ladder=key.name,
            rule=key.rule,
            rung=key.rung,
            gives=Gives(key.gives),
            before=counts[0],
            after=counts[1],
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType | None:
        """The office that is asked, as the tree stands today; null if nobody answers to the rung."""
        return await known_office(info.context, self.office_number) if self.office_number else None


@strawberry.type(description="A reason for which the history does not tell, and how many cases have it.")
class WhatIfReason:
    """A reason with its number."""

    code: MissingCode = strawberry.field(description="The reason.")
    cases: int = strawberry.field(description="How many cases; one may have several reasons.")


@strawberry.type(description="One limit of a clock that ran or would have run.")
class WhatIfLimit:
    """A limit with the date it comes to."""

    rule: str = strawberry.field(description="Book and rule, or the convention that it comes from.")
    due_at: datetime = strawberry.field(description="When it ends.")
    is_late: bool = strawberry.field(description="Whether it passed while the clock ran.")

    @classmethod
    def of(cls, limit: Limit) -> WhatIfLimit:
        """The GraphQL object of a limit."""
        return cls(rule=limit.rule, due_at=limit.due_at, is_late=limit.is_late)


@strawberry.type(description="A clock under one set of rules.")
class WhatIfSide:
    """Its ruling date and all its limits."""

    due_at: datetime = strawberry.field(description="The earliest of its limits.")
    limits: list[WhatIfLimit] = strawberry.field(metadata={"list_size": 3}, description="Every limit, the law's first.")

    @classmethod
    def of(cls, side: Side | None) -> WhatIfSide | None:
        """The GraphQL object of a side."""
        if side is None:
            return None
        return cls(due_at=side.due_at, limits=[WhatIfLimit.of(each) for each in side.limits])


@strawberry.type(description="A clock that would have been another.")
class WhatIfClock:
    """Before and after."""

    clock: ClockKind = strawberry.field(description="What it measures.")
    started_at: datetime = strawberry.field(description="What it counts from.")
    before: WhatIfSide | None = strawberry.field(description="As it was; null if there was none.")
    after: WhatIfSide | None = strawberry.field(description="With the draft; null if there would have been none.")

    @classmethod
    def of(cls, pair: ClockPair) -> WhatIfClock:
        """The GraphQL object of a clock."""
        before, after = WhatIfSide.of(pair.before), WhatIfSide.of(pair.after)
        return cls(clock=pair.kind, started_at=pair.started_at, before=before, after=after)


@strawberry.type(description="A rung that was climbed, or would have been.")
class WhatIfRung:
    """Before and after."""

    ladder: str = strawberry.field(description="Name of the ladder.")
    rule: str = strawberry.field(description="Book and rule that describe it; empty for a take-up without a rule.")
    rung: int = strawberry.field(description="Place on the ladder; 0 is the first.")
    gives: Gives = strawberry.field(description="What the upper office gets.")
    is_automatic: bool = strawberry.field(description="Raised at once; otherwise proposed to people.")
    before_at: datetime | None = strawberry.field(description="When it was climbed; null if it was not.")
    after_at: datetime | None = strawberry.field(description="When it would have been; null if it would not.")

    @classmethod
    def of(cls, pair: RaisePair) -> WhatIfRung:
        """The GraphQL object of a rung."""
        either = pair.either
        return cls(
            ladder=either.name,
            rule=either.rule,
            rung=either.rung,
            gives=either.gives,
            is_automatic=either.automatic,
            before_at=pair.before.at if pair.before is not None else None,
            after_at=pair.after.at if pair.after is not None else None,
        )


@strawberry.type(description="Something that the history of a case does not tell.")
class WhatIfGap:
    """INSUFFICIENT_HISTORY, and what is missing."""

    code: MissingCode = strawberry.field(description="Why it does not tell.")
    rule: str = strawberry.field(description="The rule that asks for it; empty if none in particular does.")
    missing: str = strawberry.field(description="What is missing.")

    @classmethod
    def of(cls, found: Missing) -> WhatIfGap:
        """The GraphQL object of a gap."""
        return cls(code=found.code, rule=found.rule, missing=found.what)


@strawberry.type(description="A case that would have gone otherwise, or whose history does not tell.")
class WhatIfChange:
    """Shown to those who see the case."""

    found: strawberry.Private[Outcome]
    clocks: list[WhatIfClock] = strawberry.field(
        metadata={"list_size": 4}, description="Clocks that would have been others."
    )
    escalations: list[WhatIfRung] = strawberry.field(
        metadata={"list_size": 3},
        description="Rungs of the case; where both instants are told, nothing would have changed.",
    )
    gaps: list[WhatIfGap] = strawberry.field(metadata={"list_size": 3}, description="What the history does not tell.")

    @classmethod
    def of(cls, found: Outcome) -> WhatIfChange:
        """The GraphQL object of a case's outcome."""
        return cls(
            found=found,
            clocks=[WhatIfClock.of(each) for each in found.changed_clocks],
            escalations=[WhatIfRung.of(each) for each in found.raises] if found.is_reproduced else [],
            gaps=[WhatIfGap.of(each) for each in found.missing],
        )

    @field()
    async def case(self, info: strawberry.Info) -> CaseType | None:
        """The case; null if it has just gone out of your sight."""
        return await shown_case(info.context, self.found.city_id, self.found.case_id)


@strawberry.type(description="A draft of rules, tried out on the cases of the past.")
class RuleWhatIf:
    """Figures over the cases whose history suffices, and the cases themselves to those who see them."""

    found: strawberry.Private[WhatIf]
    version_number: int = strawberry.field(description="Number that the draft has.")
    since_at: datetime = strawberry.field(description="Cases that were held at this instant or later are looked at.")
    is_complete: bool = strawberry.field(
        description="Whether all of them were; if not, the newest were, as many as time allows. The command line looks "
        "at all: `caseway tenants what-if`."
    )
    cases: int = strawberry.field(description="Ordinary cases that were looked at.")
    changed: int = strawberry.field(description="How many of them would have gone otherwise.")
    unknown: int = strawberry.field(description="How many of them the history does not tell about.")
    accusations: int | None = strawberry.field(description="Accusations that were looked at; null under 5.")
    accusations_changed: int | None = strawberry.field(
        description="How many of them would have gone otherwise; null under 5."
    )
    reasons: list[WhatIfReason] = strawberry.field(
        metadata={"list_size": 5}, description="Why the history does not tell."
    )
    rules: list[WhatIfRule] = strawberry.field(metadata={"list_size": 40}, description="By rule.")
    stages: list[WhatIfStage] = strawberry.field(metadata={"list_size": 20}, description="By kind of clock.")
    offices: list[WhatIfOffice] = strawberry.field(metadata={"list_size": 100}, description="By office that owes.")
    escalations: list[WhatIfEscalation] = strawberry.field(
        metadata={"list_size": 20}, description="By rung and the office that it asks."
    )

    @classmethod
    def of(cls, found: WhatIf) -> RuleWhatIf:
        """The GraphQL object of a what-if."""
        totals = found.totals
        return cls(
            found=found,
            version_number=found.draft.version,
            since_at=found.since,
            is_complete=found.is_complete,
            cases=totals.cases,
            changed=totals.changed,
            unknown=totals.unknown,
            accusations=totals.told(totals.accusations),
            accusations_changed=totals.told(totals.accusations_changed),
            reasons=[WhatIfReason(code=code, cases=cases) for code, cases in sorted(totals.reasons.items())],
            rules=[WhatIfRule.of(rule, pair) for rule, pair in sorted(totals.rules.items())],
            stages=[
                WhatIfStage(clock=kind, before=WhatIfCount.of(pair.before), after=WhatIfCount.of(pair.after))
                for kind, pair in sorted(totals.clocks.items())
            ],
            offices=[
                WhatIfOffice(number=office_id, before=WhatIfCount.of(pair.before), after=WhatIfCount.of(pair.after))
                for office_id, pair in sorted(totals.offices.items())
            ],
            escalations=[WhatIfEscalation.of(key, counts) for key, counts in sorted(totals.rungs.items())],
        )

    @field()
    async def changes(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[WhatIfChange]:
        """The cases that would have gone otherwise, or whose history does not tell, newest first, as far as you see
        them."""
        context: Context = info.context
        wanted = page(first=first, after=after, last=last, before=before, order=paging.ORDER)
        async with context.reader() as session:
            # The second lock leaves few for the question that costs more.
            not_hidden = await repository.not_hidden(
                session, [(each.city_id, each.case_id) for each in self.found.listed]
            )

        async def is_seen(found: Outcome) -> bool:
            key = (found.city_id, found.case_id)
            return key in not_hidden and await shown_case(context, *key) is not None

        found = await paging.window(self.found.listed, wanted, is_seen)
        return connect(found, node=WhatIfChange.of, key=paging.key)


MonthsArgument = Annotated[int, strawberry.argument(description="How many months to look back, 1 to 36.")]
