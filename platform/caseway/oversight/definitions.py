"""The figures that rule books may name, each with its definition. A number without one is not shown anywhere.

Figures about how many people come, or come to upper offices, describe the load; they never are a target, a ground for
praise or blame, or an order of offices (domain 6.1): whoever is measured by fewer petitions will see to it that fewer
are heard. Figures about how a duty was done may be targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from caseway.rules.kinds.vocabulary import Metric


class About(StrEnum):
    """What a figure speaks about; decides whether it may ever be a target."""

    #: How a duty towards the petitioner was done.
    DUTY = "DUTY"
    #: What people thought of the answer; silence is no opinion.
    OPINION = "OPINION"
    #: How much work there was, or what an office did besides.
    LOAD = "LOAD"
    #: How many people came, or came to upper offices.
    VOLUME = "VOLUME"


#: Only these may be targets.
_MAY_BE_TARGET = frozenset({About.DUTY, About.OPINION})


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure means, in sentences for people; ``numerator`` and ``denominator`` are null for counts."""

    code: str
    title: str
    definition: str
    numerator: str | None
    denominator: str | None
    #: Where the definition comes from.
    source: str
    about: About
    #: Whether the platform works it out now (``metricValue``), by law and by office limits apart.
    is_live: bool = False

    @property
    def may_be_target(self) -> bool:
        """Whether an office may set a target for it."""
        return self.about in _MAY_BE_TARGET


#: 2022 regulation and, where it is silent, the platform's own.
_LAW = "信访工作条例 (2022)"
_OWN = "Definition of the platform; the regulation names no formula."


def _rate(
    code: Metric, text: str, over: tuple[str, str], about: About, source: str = _OWN, *, live: bool = False
) -> Definition:
    return Definition(str(code), code.description, text, over[0], over[1], source, about, live)


def _count(code: Metric, text: str, about: About, source: str = _OWN) -> Definition:
    return Definition(str(code), code.description, text, None, None, source, about)


_ALL = (
    _rate(
        Metric.ON_TIME_CLOSURE_RATE,
        "Share of what had to be answered that was answered in time. A case is closed when its opinion is served; "
        "one that was sent back or on is not. Recorded extensions count. Limits of the law and of offices apart.",
        (
            "Cases whose opinion was served in the period within the limits",
            "Cases whose opinion was served in the period, and cases whose limit had passed unanswered at its end",
        ),
        About.DUTY,
        f"{_LAW} art. 34",
        live=True,
    ),
    _rate(
        Metric.ON_TIME_ACCEPTANCE_RATE,
        "Share of what had to be decided on acceptance that was decided and told in time. Sending a case on, or back, "
        "is no decision. Limits of the law and of offices apart.",
        (
            "Notices of acceptance, refusal or redirection served in the period within the limits",
            "Such notices served in the period, and cases whose limit had passed without one at its end",
        ),
        About.DUTY,
        f"{_LAW} art. 22, 23",
        live=True,
    ),
    _rate(
        Metric.CLOSURE_RATE,
        "Share of the cases registered in a period that have been answered by now, late or not.",
        ("Cases registered in the period with a served opinion", "Cases registered in the period"),
        About.LOAD,
    ),
    _rate(
        Metric.FIRST_TIME_RESOLUTION_RATE,
        "Share of first-time matters that were answered and neither reviewed nor redone nor registered again.",
        (
            "First-time matters answered in the period without review, redo or further registration within 90 days",
            "First-time matters answered in the period",
        ),
        About.DUTY,
    ),
    _rate(
        Metric.LOCAL_RESOLUTION_RATE,
        "Share of matters answered at the level where they arose and accepted there: shown with the rates of redo and "
        "review beside it, never by where anybody went.",
        (
            "Matters answered and rated, or left unreviewed, at the level of origin",
            "Matters answered at the level of origin",
        ),
        About.DUTY,
    ),
    _rate(
        Metric.SATISFACTION_RATE,
        "Share of rated answers rated satisfied or basically satisfied. Silence never counts as satisfaction.",
        ("Answers rated satisfied or basically satisfied", "Answers rated at all"),
        About.OPINION,
        f"{_LAW} art. 22",
    ),
    _rate(
        Metric.SATISFACTION_RATE_UNIT,
        "The same about the unit that handled the matter.",
        ("Ratings of the unit: satisfied or basically satisfied", "Ratings of the unit"),
        About.OPINION,
    ),
    _rate(
        Metric.RATING_PARTICIPATION_RATE,
        "Share of answers that could be rated and were.",
        ("Answers that were rated", "Answers that could be rated"),
        About.OPINION,
    ),
    _rate(
        Metric.INCIDENCE_LOCAL_SKIP,
        "Visits at an office more than one level above the competent one, against registrations. An aggregate for "
        "finding out where duties are not done.",
        ("Visits more than one level above the competent office", "Registrations"),
        About.VOLUME,
        f"{_LAW} art. 20",
    ),
    _count(
        Metric.BACKLOG_OPEN,
        "Open cases older than the age that a rule names, counted at their holders.",
        About.LOAD,
    ),
    _count(Metric.HEARING_COUNT, "Hearings held in the period.", About.LOAD),
    _count(Metric.ITEMS_RECEIVED, "Items that reached offices in the period.", About.VOLUME),
    _count(Metric.NAMED_RECEPTION, "Receptions by the leader that the petitioner named.", About.LOAD),
    _count(Metric.OVERSIGHT_COUNT, "Inspections of offices in the period.", About.LOAD),
    _count(
        Metric.PERSON_VISITS,
        "People in visiting parties, counted by party; nobody is told apart.",
        About.VOLUME,
    ),
    _count(Metric.PETITION_VOLUME, "Registrations in the period, over all channels.", About.VOLUME),
    _count(Metric.PROVINCE_ASSESSMENT, "What an upper office found, as it published it.", About.LOAD),
    _count(Metric.PUBLICITY, "Answers given and leaflets handed out on rights and procedure.", About.LOAD),
    _count(Metric.RECEPTION_COUNT, "Visiting parties that were received by leaders.", About.LOAD),
    _count(Metric.REVIEW_COUNT, "Meetings on difficult matters and the matters dealt with.", About.LOAD),
    _count(
        Metric.SKIP_LEVEL_VISITS,
        "Visits more than one level above the competent office; aggregate only.",
        About.VOLUME,
        f"{_LAW} art. 20",
    ),
    _count(Metric.SUPERVISED_COUNT, "Supervisions opened in the period.", About.LOAD),
    _count(Metric.TRAINING, "Courses held and staff who took part.", About.LOAD),
)

#: Code -> definition, for every figure that rule books may name.
DEFINITIONS: MappingProxyType[str, Definition] = MappingProxyType({each.code: each for each in _ALL})
