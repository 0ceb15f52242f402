"""The mutation that says how much a case asks of an office."""

from __future__ import annotations

import strawberry

from caseway.cases import service
from caseway.cases.api.inputs import CaseInput, CasePayload, changed_case, target
from caseway.cases.workflow import Grade
from caseway.gql.errors import mutation


@strawberry.input(description="The case to grade, and why.")
class CaseGradeInput(CaseInput):
    """Input of ``caseGrade``."""

    grade: Grade = strawberry.field(description="How much the case asks of the office.")
    reason: str = strawberry.field(description="Why, up to 2,000 characters.")


@strawberry.type(description="The case that was graded.")
class CaseGradePayload(CasePayload):
    """Payload of ``caseGrade``."""


@strawberry.type
class GradingMutations:
    """Mutations that change which limits are about a case."""

    @mutation(CaseGradePayload)
    async def case_grade(self, info: strawberry.Info, input: CaseGradeInput) -> CaseGradePayload:
        """Grade a case before the limit in question has passed. Limits for the new class count from the same start, by
        the rules as they stood then; the law's limits stay."""
        ctx = info.context
        return CaseGradePayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: service.grade(
                    uow, ctx.policy, actor, **target(input), grade=input.grade, reason=input.reason, now=now
                ),
            )
        )
