"""What is counted of cases: the closed list of counts, each with its definition. No number is shown without one.

Flows are things that happened on a day; stocks are what there was at the end of a day. None of them is about how many
people come as a target (domain 6.1): they describe the load, and how duties were done.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from caseway.oversight.timeliness import Measure
from caseway.rules.kinds.vocabulary import Metric

#: What each rate is about, as its counts are named.
RATES = {Metric.ON_TIME_CLOSURE_RATE: "ANSWER", Metric.ON_TIME_ACCEPTANCE_RATE: "NOTICE"}
#: Ages in days beyond which open cases are counted apart.
AGES = (30, 60, 90, 180, 365)


class Count(StrEnum):
    """One thing that is counted, at the office that holds the case."""

    REGISTERED = "REGISTERED"
    REPEATED = "REPEATED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    REDIRECTED = "REDIRECTED"
    MOVED_IN = "MOVED_IN"
    MOVED_OUT = "MOVED_OUT"
    RETURNED = "RETURNED"
    OBJECTED = "OBJECTED"
    ESCALATED = "ESCALATED"
    SUPERVISED = "SUPERVISED"
    EXTENDED = "EXTENDED"
    ANSWERED = "ANSWERED"
    REDONE = "REDONE"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"
    MERGED = "MERGED"
    NOTICE_ON_TIME_LAW = "NOTICE_ON_TIME_LAW"
    NOTICE_LATE_LAW = "NOTICE_LATE_LAW"
    NOTICE_ON_TIME_OFFICE = "NOTICE_ON_TIME_OFFICE"
    NOTICE_LATE_OFFICE = "NOTICE_LATE_OFFICE"
    ANSWER_ON_TIME_LAW = "ANSWER_ON_TIME_LAW"
    ANSWER_LATE_LAW = "ANSWER_LATE_LAW"
    ANSWER_ON_TIME_OFFICE = "ANSWER_ON_TIME_OFFICE"
    ANSWER_LATE_OFFICE = "ANSWER_LATE_OFFICE"
    OPEN = "OPEN"
    OPEN_OVER_30 = "OPEN_OVER_30"
    OPEN_OVER_60 = "OPEN_OVER_60"
    OPEN_OVER_90 = "OPEN_OVER_90"
    OPEN_OVER_180 = "OPEN_OVER_180"
    OPEN_OVER_365 = "OPEN_OVER_365"
    NOTICE_OVERDUE_LAW = "NOTICE_OVERDUE_LAW"
    NOTICE_OVERDUE_OFFICE = "NOTICE_OVERDUE_OFFICE"
    ANSWER_OVERDUE_LAW = "ANSWER_OVERDUE_LAW"
    ANSWER_OVERDUE_OFFICE = "ANSWER_OVERDUE_OFFICE"

    @property
    def is_stock(self) -> bool:
        """Whether it is what there was at the end of a day, rather than what happened on it."""
        return self in STOCKS

    @property
    def definition(self) -> str:
        """What is counted, and what is not."""
        return DEFINITIONS[self]


STOCKS = frozenset(each for each in Count if each.startswith("OPEN") or "_OVERDUE_" in each)
#: Stocks that only an event in the case begins or ends; the others also begin because a day comes.
BY_EVENTS = frozenset({Count.OPEN})

_LIMITS = {Measure.LAW: "the limits of the law", Measure.OFFICE: "all limits, those of the offices included"}
_DAY = "Counted on the day it was entered, at the office that held the case."

_DUTIES = {
    "NOTICE_ON_TIME": "按期告知: decisions on acceptance told within {limits}.",
    "NOTICE_LATE": "逾期告知: decisions on acceptance told after one of {limits}.",
    "NOTICE_OVERDUE": "超期未告知: open at the end of the day without a decision on acceptance told, although one of "
    "{limits} had passed.",
    "ANSWER_ON_TIME": "按期办结: first opinions served within {limits}, recorded extensions included.",
    "ANSWER_LATE": "逾期办结: first opinions served after one of {limits}.",
    "ANSWER_OVERDUE": "超期未结: open at the end of the day without an opinion served, although one of {limits} had "
    "passed.",
}

DEFINITIONS: MappingProxyType[Count, str] = MappingProxyType(
    {
        Count.REGISTERED: f"登记: cases registered, one per proceeding. {_DAY}",
        Count.REPEATED: f"重复登记: further registrations of a matter whose case is open; they begin no clock. {_DAY}",
        Count.ACCEPTED: f"受理: notices of acceptance. {_DAY}",
        Count.REFUSED: f"不予受理: notices of refusal on a legal ground. {_DAY}",
        Count.REDIRECTED: f"引导: notices that lead to another statutory path. {_DAY}",
        Count.MOVED_IN: "转入: times that custody came to an office from another, also inside the area.",
        Count.MOVED_OUT: "转出: times that custody left an office for another, inside the area too. It closes nothing.",
        Count.RETURNED: "退回: agreed returns, at the office that gave the case back. It closes nothing.",
        Count.OBJECTED: f"异议: objections to an order that moved a case. {_DAY}",
        Count.ESCALATED: "提级: escalations raised and requests to take a case up, at the office it would leave.",
        Count.SUPERVISED: f"督办: orders of supervision. {_DAY}",
        Count.EXTENDED: f"延期: recorded extensions. {_DAY}",
        Count.ANSWERED: "答复: first opinions, on the day of service, at the office that held the case.",
        Count.REDONE: f"责令重办: orders to handle an answered case once more. {_DAY}",
        Count.CLOSED: f"结案: answered cases that were closed. {_DAY}",
        Count.WITHDRAWN: f"撤回: cases that ended because the petitioner withdrew them. {_DAY}",
        Count.MERGED: f"并案: cases that went on as another case of the same matter. {_DAY}",
        Count.OPEN: "在办: open cases at the end of the day, at the office that held them then.",
        **{
            Count[f"OPEN_OVER_{days}"]: f"超{days}天: of them, those registered more than {days} days before."
            for days in AGES
        },
        **{
            Count[f"{duty}_{measure}"]: text.format(limits=_LIMITS[measure])
            for duty, text in _DUTIES.items()
            for measure in Measure
        },
    }
)
