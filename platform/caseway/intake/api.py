"""Registration on the graph."""

from __future__ import annotations

import uuid
from datetime import datetime

import strawberry

from caseway.access.actor import Actor
from caseway.cases.api.registering import EntryInput
from caseway.cases.api.types import CaseType, seen_case, shown_case
from caseway.cases.workflow import PetitionClass
from caseway.db.session import UnitOfWork
from caseway.gql.errors import mutation
from caseway.gql.perform import Outcome, perform
from caseway.gql.problems import Problems
from caseway.intake import service
from caseway.intake.service import Intake, NewFacts


@strawberry.input(description="What an accusation, or any other matter, is about as to offices and officials.")
class AccusedInput:
    """Recorded at intake: the offices, everything below them, and the persons never learn of the case."""

    office_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description="Offices complained about.")
    person_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Officials complained about; the offices of their posts count as accused too."
    )
    is_unknown: bool = strawberry.field(
        default=False, description="Accusations: it is not known whom it is about, or the platform does not know them."
    )


@strawberry.input(description="New facts on a matter whose case has ended (T29).")
class NewFactsInput:
    """Makes a new case of the old matter, with fresh limits."""

    preceding_case_id: strawberry.ID = strawberry.field(description="The ended case.")
    statement: str = strawberry.field(description="The new facts or reasons, up to 20,000 characters.")


@strawberry.input(description="The matter to register.")
class CaseRegisterInput:
    """Input of ``caseRegister``."""

    entry: EntryInput = strawberry.field(description="What was brought in, how and by whom.")
    petition_class: PetitionClass = strawberry.field(description="Class of the matter.")
    field: str = strawberry.field(description="Field of the matter: a code such as LAND, up to 40 characters.")
    place_code: str = strawberry.field(description="Division code of the place it is about, 2 to 12 digits.")
    accused: AccusedInput | None = strawberry.field(
        default=None, description="Whom it is about; needed for accusations, possible for every class."
    )
    new_facts: NewFactsInput | None = strawberry.field(default=None, description="If the matter had a case before.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A key of 8 to 255 printable characters, kept seven days: repeating it with the same input has no "
        "further effect and is answered with the same bytes.",
    )


@strawberry.type(description="The case that was made of the matter.")
class CaseRegisterPayload:
    """Payload of ``caseRegister``."""

    case: CaseType | None = strawberry.field(
        description="The case; null if it was passed on at once because it is about your office or about you."
    )
    number: str = strawberry.field(description="Case number: the receipt for the petitioner.")
    is_passed_on: bool = strawberry.field(
        description="Whether a superior office holds it from the first instant, and nothing of it is shown here."
    )


@strawberry.type
class IntakeMutations:
    """Mutations that bring matters in."""

    @mutation(CaseRegisterPayload)
    async def case_register(self, info: strawberry.Info, input: CaseRegisterInput) -> CaseRegisterPayload:
        """Register a matter 登记 (T1). It is at once a case that your office holds; no form, name or document is a
        condition. If it is about your office, the lowest superior free of the complaint holds it instead."""
        ctx, intake = info.context, _intake(input)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            done = await service.register(uow, ctx.policy, ctx.keyring, actor, intake=intake, now=now)
            return {
                "city": done.city_id,
                "case": str(done.case_id) if done.case_id is not None else None,
                "number": done.number,
            }

        async def visible(outcome: Outcome) -> bool:
            case = outcome["case"]
            return case is None or await seen_case(ctx, outcome["city"], uuid.UUID(case)) is not None

        outcome = await perform(info, input, work, visible=visible)
        case = outcome["case"]
        return CaseRegisterPayload(
            case=await shown_case(ctx, outcome["city"], uuid.UUID(case)) if case is not None else None,
            number=outcome["number"],
            is_passed_on=case is None,
        )


def _intake(given: CaseRegisterInput) -> Intake:
    problems = Problems()
    accused = given.accused or AccusedInput()
    offices = [
        problems.number_id(f"accused.officeIds.{place}", "Office", each)
        for place, each in enumerate(accused.office_ids)
    ]
    persons = [
        problems.number_id(f"accused.personIds.{place}", "Person", each)
        for place, each in enumerate(accused.person_ids)
    ]
    new_facts: NewFacts | None = None
    if given.new_facts is not None:
        city_id, preceding = problems.case_side_id(
            "newFacts.precedingCaseId", "Case", given.new_facts.preceding_case_id
        )
        new_facts = NewFacts(city_id=city_id, preceding_id=preceding, statement=given.new_facts.statement)
    problems.refuse()
    return Intake(
        entry=given.entry.value(),
        petition_class=given.petition_class,
        field=given.field,
        place_code=given.place_code,
        accused_office_ids=tuple(offices),
        accused_person_ids=tuple(persons),
        accused_unknown=accused.is_unknown,
        new_facts=new_facts,
    )
