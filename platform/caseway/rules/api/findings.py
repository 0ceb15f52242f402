"""What is wrong with a rule book, on the graph: findings, and the refusal that carries all of them."""

from __future__ import annotations

import strawberry

from caseway.gql.errors import Error, expose
from caseway.rules.errors import RuleBookRefused
from caseway.rules.findings import Finding, RowInvalid


@strawberry.type(description="One thing that is wrong with a rule book, and what would put it right.")
class RuleFinding:
    """A finding of the static check or of the merge."""

    code: str = strawberry.field(description="Stable code, such as `LOOSER_THAN_PARENT` or `UNRESOLVED_PARAMETER`.")
    rule_code: str | None = strawberry.field(description="The rule it is about; null if it is about the whole book.")
    parameter: str | None = strawberry.field(description="The parameter; null if it is about the whole rule.")
    message: str = strawberry.field(description="What is wrong, in English, for people.")
    cure: str = strawberry.field(description="What would put it right.")
    parent_book: str | None = strawberry.field(description="Code of the book that forbids it; null if none does.")
    parent_rule: str | None = strawberry.field(description="The rule there that forbids it; null if none does.")
    is_remark: bool = strawberry.field(description="Whether it forbids nothing and only tells something.")

    @classmethod
    def of(cls, finding: Finding) -> RuleFinding:
        """The GraphQL object of a finding."""
        parent = finding.parent
        return cls(
            code=finding.code.value,
            rule_code=finding.row_id or None,
            parameter=finding.parameter or None,
            message=finding.message,
            cure=finding.cure,
            parent_book=parent.book if parent is not None else None,
            parent_rule=parent.row_id if parent is not None else None,
            is_remark=finding.is_note,
        )


@strawberry.type(
    description="The rule book cannot stand as it is. `code` is that of the first finding; nothing was changed."
)
class RuleBookRefusedError(Error):
    """Twin of ``RuleBookRefused`` and of ``RowInvalid``."""

    findings: list[RuleFinding] = strawberry.field(description="Everything that is wrong, at least one.")


def _refused(refusal: RuleBookRefused) -> RuleBookRefusedError:
    return RuleBookRefusedError(
        code=refusal.code, message=refusal.message, findings=[RuleFinding.of(each) for each in refusal.findings]
    )


def _invalid(refusal: RowInvalid) -> RuleBookRefusedError:
    return RuleBookRefusedError(
        code=refusal.findings[0].code.value,
        message=refusal.message,
        findings=[RuleFinding.of(each) for each in refusal.findings],
    )


expose(RuleBookRefused, RuleBookRefusedError, _refused)
expose(RowInvalid, RuleBookRefusedError, _invalid)
