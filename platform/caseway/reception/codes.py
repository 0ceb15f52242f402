"""Closed lists of codes that the reception slice stores and shows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class SessionActivity(StrEnum):
    """What leaders do at a session."""

    RECEPTION = "RECEPTION"
    VISIT = "VISIT"
    RECEPTION_AND_VISIT = "RECEPTION_AND_VISIT"
    APPOINTMENT = "APPOINTMENT"
    CLIENT_MEETING = "CLIENT_MEETING"
    DUTY_SHIFT = "DUTY_SHIFT"
    LETTER_READING = "LETTER_READING"
    MEETING_ATTENDANCE = "MEETING_ATTENDANCE"


class SessionState(StrEnum):
    """How far a session has come. What follows from it and the time of day is ``Coverage``, which is not stored."""

    PLANNED = "PLANNED"
    HELD = "HELD"
    CANCELLED = "CANCELLED"


class Coverage(StrEnum):
    """Whether every rostered leader, or a recorded substitute, was there (INV-23)."""

    PENDING = "PENDING"
    COVERED = "COVERED"
    UNCOVERED = "UNCOVERED"
    CANCELLED = "CANCELLED"


class DutyState(StrEnum):
    """How a duty of one period stands."""

    MET = "MET"
    MISSED = "MISSED"
    SHORTFALL = "SHORTFALL"
    EXEMPT = "EXEMPT"
    VACANT = "VACANT"
    PENDING = "PENDING"
    PROVISIONAL = "PROVISIONAL"


class ResourceState(StrEnum):
    """How what an office has compares with what is asked of it."""

    MET = "MET"
    BELOW_STANDARD = "BELOW_STANDARD"
    ABOVE_STANDARD = "ABOVE_STANDARD"
    UNDECLARED = "UNDECLARED"


#: Which sessions count towards which activity of a rule. Activities that join two are done by either of them.
COUNTS_AS: Mapping[str, frozenset[SessionActivity]] = {
    "RECEPTION": frozenset({SessionActivity.RECEPTION, SessionActivity.RECEPTION_AND_VISIT}),
    "VISIT": frozenset({SessionActivity.VISIT, SessionActivity.RECEPTION_AND_VISIT}),
    "RECEPTION_AND_VISIT": frozenset(
        {SessionActivity.RECEPTION_AND_VISIT, SessionActivity.RECEPTION, SessionActivity.VISIT}
    ),
    "RECEPTION_OR_VISIT": frozenset(
        {SessionActivity.RECEPTION, SessionActivity.VISIT, SessionActivity.RECEPTION_AND_VISIT}
    ),
    "APPOINTMENT": frozenset({SessionActivity.APPOINTMENT}),
    "APPOINTMENT_OR_VISIT": frozenset(
        {SessionActivity.APPOINTMENT, SessionActivity.VISIT, SessionActivity.RECEPTION_AND_VISIT}
    ),
    "RECEPTION_LETTERS_HOTLINE": frozenset(
        {SessionActivity.RECEPTION, SessionActivity.RECEPTION_AND_VISIT, SessionActivity.LETTER_READING}
    ),
    "CLIENT_MEETING": frozenset({SessionActivity.CLIENT_MEETING, SessionActivity.APPOINTMENT}),
    "DUTY_SHIFT": frozenset({SessionActivity.DUTY_SHIFT}),
    "LETTER_READING": frozenset({SessionActivity.LETTER_READING}),
    "MEETING_ATTENDANCE": frozenset({SessionActivity.MEETING_ATTENDANCE}),
}


def counts(activity: str, session: str) -> bool:
    """Whether a session of the one activity counts towards a duty of the other."""
    return session in COUNTS_AS.get(activity, frozenset())
