"""What a condition of a rule may speak about: the closed list of fields, each with its type, unit and meaning.

Every field belongs to a case, its matter, its clocks or the office that holds it. None says anything about the person
who brought the matter: neither who it is, nor what else that person has brought (domain 6.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FieldType(StrEnum):
    """What a field holds. There are no fractions: money is a whole number of fen (分)."""

    BOOL = "BOOL"
    INT = "INT"
    STRING = "STRING"
    TIMESTAMP = "TIMESTAMP"
    CODES = "CODES"  # a list of codes, asked with ``'CODE' in field``


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a condition may name."""

    name: str
    type: FieldType
    #: Meaning, unit and time zone, as one sentence for the person who writes the rule.
    description: str
    #: The only values it can have; empty = any value of the type.
    values: tuple[str, ...] = ()
    #: Whether its value changes by time alone: conditions that name it are looked at again every midnight.
    moves: bool = False


_CLASSES = (*("SUGGESTION", "ACCUSATION"), "APPEAL_CLAIM")
_PROCEEDINGS = (*("HANDLING", "REVIEW"), "SECOND_REVIEW")
_LEVELS = ("PROVINCE", "CITY", "COUNTY", "TOWN", "VILLAGE")
_KINDS = ("GOVERNMENT", "PETITION_OFFICE", "DEPARTMENT", "DISCIPLINE", "JOINT_CONFERENCE")
_STAGES = (
    *("REGISTERED", "IN_TRANSIT", "SIGNED", "OBJECTED", "ACCEPTED", "HANDLING", "ANSWERED", "REDO", "UNDER_REVIEW"),
    *("CLOSED", "CONCLUDED", "NOT_ACCEPTED", "REDIRECTED", "WITHDRAWN", "MERGED", "ARCHIVED"),
)

_BOOL, _INT, _STRING, _INSTANT, _CODES = FieldType

_DECLARED = (
    Field(
        "petition_class",
        _STRING,
        "Class of the matter (2022 regulation, art. 29-31).",
        _CLASSES,
    ),
    Field("proceeding", _STRING, "Which proceeding the case is.", _PROCEEDINGS),
    Field("stage", _STRING, "Where the work of the case stands.", _STAGES),
    Field(
        "channel",
        _STRING,
        "How the matter first reached an office.",
        ("NETWORK", "LETTER", "PHONE", "FAX", "VISIT", "MAILBOX", "QR"),
    ),
    Field("field", _STRING, "Code of what the matter is about, e.g. the field of work that an office declares."),
    Field(
        "place_code", _STRING, "Division code of the place that the matter is about; a town's begins with its county's."
    ),
    Field(
        "grade",
        _STRING,
        "How the case was graded; GENERAL until somebody grades it.",
        ("GENERAL", "SIMPLE", "COMPLEX", "MAJOR"),
    ),
    Field("is_first_time", _BOOL, "Whether the matter is registered for the first time (初信初访)."),
    Field("group_size", _INT, "People who came together with the registration of the case; 1 = a single person."),
    Field("registrations", _INT, "Registrations of the same matter so far, the first included."),
    Field("bounces", _INT, "How often the case came back from an office that it had been sent to."),
    Field("redos", _INT, "How often the case was ordered to be handled again."),
    Field("extensions", _INT, "Extensions granted to the handling limit."),
    Field("assistants", _INT, "Offices that assist the holder at present (协办)."),
    Field("days_open", _INT, "Calendar days since the day of registration, in Asia/Shanghai.", moves=True),
    Field("workdays_open", _INT, "Working days since the day of registration, by the holder's calendar.", moves=True),
    Field("months_open", _INT, "Full months since the day of registration, in Asia/Shanghai.", moves=True),
    Field("days_held", _INT, "Calendar days since the present holder took the case, in Asia/Shanghai.", moves=True),
    Field(
        "has_due", _BOOL, "Whether a limit of the proceeding is running; only then due_at and days_left mean something."
    ),
    Field(
        "due_at",
        _INSTANT,
        "The instant at which the earliest running limit ends: 24:00 of its last day. The end of the year 9999 while "
        "none runs.",
    ),
    Field(
        "days_left",
        _INT,
        "Calendar days until the last day of the earliest running limit; negative afterwards, 1000000 while none runs.",
        moves=True,
    ),
    Field(
        "is_overdue",
        _BOOL,
        "Whether a running limit of the proceeding has passed, the law's or an office's.",
        moves=True,
    ),
    Field("is_overdue_by_law", _BOOL, "Whether a running limit that the law itself sets has passed.", moves=True),
    Field(
        "overdue_days",
        _INT,
        "Calendar days since the last day of the earliest running limit that has passed; 0 while none has.",
        moves=True,
    ),
    Field(
        "overdue_stages",
        _CODES,
        "Stages whose limits run and have passed, e.g. 'HANDLE' in overdue_stages.",
        moves=True,
    ),
    Field("holder_level", _STRING, "Level of the office that holds the case.", _LEVELS),
    Field("holder_kind", _STRING, "Kind of the office that holds the case.", _KINDS),
    Field("level_registered", _STRING, "Level of the office that registered the case.", _LEVELS),
    Field("received_at", _INSTANT, "The instant at which the matter reached the office that registered it."),
    Field("registered_at", _INSTANT, "The instant at which the case was registered."),
    Field("now", _INSTANT, "The instant for which the condition is asked.", moves=True),
    Field("month", _INT, "Month of that instant in Asia/Shanghai, 1 to 12.", moves=True),
    Field("day_of_month", _INT, "Day of the month of that instant in Asia/Shanghai, 1 to 31.", moves=True),
    Field("weekday", _INT, "Day of the week of that instant in Asia/Shanghai, 1 = Monday to 7 = Sunday.", moves=True),
    Field("under_supervision", _BOOL, "Whether a supervision order to the holder waits for its reply (督办)."),
    Field("supervisions", _INT, "Supervision orders so far, answered ones included."),
    Field("escalations", _INT, "Escalations of the case that were raised so far, whatever became of them."),
    Field("escalation_depth", _INT, "Offices that have taken the case up and not handed it back yet."),
    Field("escalations_refused", _INT, "Escalations that the upper office refused."),
)

#: Name -> field, in the order in which they are shown.
FIELDS: MappingProxyType[str, Field] = MappingProxyType({field.name: field for field in _DECLARED})

#: What ``days_left`` is while no limit runs: further away than any limit.
NO_LIMIT_DAYS = 1_000_000
