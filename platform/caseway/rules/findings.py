"""What is wrong with a row or a book: findings with a stable code, a sentence, the cure, and the row above, if any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from caseway.errors import CasewayError


class FindingCode(StrEnum):
    """Stable codes of findings."""

    # One row by itself.
    UNKNOWN_KIND = "UNKNOWN_KIND"
    UNKNOWN_PARAMETER = "UNKNOWN_PARAMETER"
    MISSING_PARAMETER = "MISSING_PARAMETER"
    WRONG_TYPE = "WRONG_TYPE"
    WRONG_UNIT = "WRONG_UNIT"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    UNKNOWN_RANK = "UNKNOWN_RANK"
    NOT_POSITIVE = "NOT_POSITIVE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    DAY_OUT_OF_RANGE = "DAY_OUT_OF_RANGE"
    DAY_NOT_IN_EVERY_MONTH = "DAY_NOT_IN_EVERY_MONTH"
    DUPLICATE_VALUE = "DUPLICATE_VALUE"
    CONTRADICTION = "CONTRADICTION"
    UNKNOWN_REACH = "UNKNOWN_REACH"
    # A row against the rows above it, or beside it.
    LOOSER_THAN_PARENT = "LOOSER_THAN_PARENT"
    LOCKED = "LOCKED"
    MISSING_PARENT_DAY = "MISSING_PARENT_DAY"
    INCOMPARABLE = "INCOMPARABLE"
    SAME_OFFICE_DISAGREES = "SAME_OFFICE_DISAGREES"
    LONGER_THAN_LAW = "LONGER_THAN_LAW"
    # What a person has still to decide.
    UNRESOLVED_PARAMETER = "UNRESOLVED_PARAMETER"
    FLAGGED_RULE_NEEDS_REVIEW = "FLAGGED_RULE_NEEDS_REVIEW"
    VOLUME_AS_TARGET = "VOLUME_AS_TARGET"
    # A book that would not work.
    REACHES_NOBODY = "REACHES_NOBODY"
    STAGE_UNWATCHED = "STAGE_UNWATCHED"
    EXTENSION_WITHOUT_RANK = "EXTENSION_WITHOUT_RANK"
    EXTENSION_WITHOUT_NOTICE = "EXTENSION_WITHOUT_NOTICE"
    ESCALATION_NO_TARGET = "ESCALATION_NO_TARGET"
    ESCALATION_DEAD_END = "ESCALATION_DEAD_END"
    ESCALATION_LOOP = "ESCALATION_LOOP"
    ESCALATION_UNREACHABLE_RUNG = "ESCALATION_UNREACHABLE_RUNG"
    ESCALATION_NEVER_STARTS = "ESCALATION_NEVER_STARTS"
    RANK_SET_OF_NOBODY = "RANK_SET_OF_NOBODY"
    ROSTER_OF_NOBODY = "ROSTER_OF_NOBODY"
    SUPERVISION_BY_NOBODY = "SUPERVISION_BY_NOBODY"
    REPORT_TO_NOBODY = "REPORT_TO_NOBODY"
    CONDITION_INVALID = "CONDITION_INVALID"
    #: A note: the dates depend on a calendar that is not published yet.
    PROVISIONAL_DAYS = "PROVISIONAL_DAYS"
    # A text that is no book.
    BOOK_TOO_LARGE = "BOOK_TOO_LARGE"
    BOOK_NOT_UTF8 = "BOOK_NOT_UTF8"
    NOT_YAML = "NOT_YAML"
    YAML_TAG = "YAML_TAG"
    YAML_ALIAS = "YAML_ALIAS"
    YAML_TOO_DEEP = "YAML_TOO_DEEP"
    DUPLICATE_KEY = "DUPLICATE_KEY"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    MISSING_KEY = "MISSING_KEY"
    WRONG_SHAPE = "WRONG_SHAPE"
    SUMMARY_DIFFERS = "SUMMARY_DIFFERS"
    DUPLICATE_ROW = "DUPLICATE_ROW"
    UNKNOWN_ROW = "UNKNOWN_ROW"
    DUPLICATE_BOOK = "DUPLICATE_BOOK"
    MISSING_PARENT = "MISSING_PARENT"
    INHERITANCE_LOOP = "INHERITANCE_LOOP"


@dataclass(frozen=True, slots=True)
class RowRef:
    """Where a value comes from: one row of one version of one book."""

    book: str
    version: int
    row_id: str

    def __str__(self) -> str:
        return f"{self.book} v{self.version} {self.row_id}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and what would put it right."""

    code: FindingCode
    #: Code of the book; empty while a row is looked at by itself.
    book: str
    #: Id of the row; empty for findings about the book.
    row_id: str
    #: Name of the parameter; empty for findings about the row.
    parameter: str
    message: str
    cure: str
    #: The row above (or beside) that forbids it.
    parent: RowRef | None = None
    #: Line of the text in which it stands; 0 = there is no text, or no line.
    line: int = 0
    #: A remark that forbids nothing.
    is_note: bool = False

    def __str__(self) -> str:
        where = ".".join(part for part in (self.row_id, self.parameter) if part) or self.book
        return f"{self.code} {where}: {self.message}; {self.cure}"


class RowInvalid(CasewayError):
    """The parameters of this rule are not acceptable: see each finding and its cure."""

    code = "RULE_INVALID"

    def __init__(self, findings: Iterable[Finding]) -> None:
        #: Everything that is wrong with the row.
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings), count=len(self.findings))
