"""The enums of reception."""

from __future__ import annotations

from caseway.gql.enums import described
from caseway.reception.codes import Coverage, DutyState, ResourceState, SessionActivity, SessionState
from caseway.reception.duties import DutyReason
from caseway.rules.kinds.vocabulary import Form

described(
    SessionActivity,
    name="ReceptionActivity",
    description="What leaders do at a session.",
    values={
        "RECEPTION": "接访: leaders receive whoever comes.",
        "VISIT": "下访: leaders go down to people or places.",
        "RECEPTION_AND_VISIT": "下访接访: leaders receive where they visit; counts as either.",
        "APPOINTMENT": "约访: a reception that was arranged.",
        "CLIENT_MEETING": "与信访人见面: a leader in charge meets the people of a matter.",
        "DUTY_SHIFT": "值班: a leader is on duty at the reception place.",
        "LETTER_READING": "批阅来信: a leader reads letters.",
        "MEETING_ATTENDANCE": "参加例会: a leader attends a petition meeting below.",
    },
)
described(
    Form,
    name="ReceptionForm",
    description="Form of a reception or visit 接访形式, as rule books name it.",
    values={each.name: f"{each.description}." for each in Form},
)
described(
    SessionState,
    name="ReceptionSessionState",
    description="How far a session has come.",
    values={
        "PLANNED": "Planned; nobody has recorded yet how it went.",
        "HELD": "Recorded as held.",
        "CANCELLED": "Called off, with a reason.",
    },
)
described(
    Coverage,
    name="ReceptionCoverage",
    description="Whether every leader of a session, or a recorded substitute, was there.",
    values={
        "PENDING": "Its day has not ended, and nothing is recorded.",
        "COVERED": "Every turn was taken by the leader or by a substitute.",
        "UNCOVERED": "A turn was taken by nobody, or nobody recorded the session as held: a breach of the office.",
        "CANCELLED": "It was called off.",
    },
)
described(
    DutyState,
    name="DutyState",
    description="How a duty of one period stands. Nothing is judged before its period has ended.",
    values={
        "MET": "Everything was done.",
        "MISSED": "No session was held on the fixed day.",
        "SHORTFALL": "Less was done than is asked for: see `missing`.",
        "EXEMPT": "Nothing is owed in this period: see `reason`.",
        "VACANT": "Nobody of the office has the rank that owes it.",
        "PENDING": "The period has not ended.",
        "PROVISIONAL": "The calendar of the year is not published: nothing is owed yet.",
    },
)
described(
    DutyReason,
    name="DutyReason",
    description="Why a duty is exempt, vacant or provisional.",
    values={
        "NO_WORKDAY_IN_WEEK": "The whole week is off: a weekly duty is exempt.",
        "NOT_IN_POST_THROUGHOUT": "The leader came or left within the period.",
        "NOBODY_HAS_THE_RANK": "Nobody of the office has the rank that the rule names.",
        "CALENDAR_NOT_PUBLISHED": "The holidays of the year are not announced yet.",
    },
)
described(
    ResourceState,
    name="ResourceState",
    description="How what an office declares to have compares with the standard.",
    values={
        "MET": "It is enough.",
        "BELOW_STANDARD": "It is less than the least that is asked for.",
        "ABOVE_STANDARD": "It is more than the most that is allowed.",
        "UNDECLARED": "The office has not said what it has.",
    },
)
