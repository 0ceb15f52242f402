"""What notices are about, and the ways they go out."""

from __future__ import annotations

from enum import StrEnum


class NoticeKind(StrEnum):
    """What an office is told; each kind has its sentence in ``SENTENCES``."""

    CLOCK_DUE_SOON = "CLOCK_DUE_SOON"
    CLOCK_OVERDUE = "CLOCK_OVERDUE"
    ESCALATED = "ESCALATED"
    SUPERVISED = "SUPERVISED"
    HANDED_BACK = "HANDED_BACK"
    LIST_DELIVERED = "LIST_DELIVERED"
    SUPERVISION_LAPSED = "SUPERVISION_LAPSED"
    REPORT_FILED = "REPORT_FILED"
    RULES_CHANGED = "RULES_CHANGED"


#: What each kind means to the office that reads it: shown as descriptions on the graph.
SENTENCES: dict[NoticeKind, str] = {
    NoticeKind.CLOCK_DUE_SOON: "催办提醒: a limit that the office owes ends soon.",
    NoticeKind.CLOCK_OVERDUE: "超期: a limit that the office owes has passed.",
    NoticeKind.ESCALATED: "提级: a case was raised a level, to the office or past it.",
    NoticeKind.SUPERVISED: "督办: a case of the office is supervised.",
    NoticeKind.HANDED_BACK: "交还: a case came back to the office.",
    NoticeKind.LIST_DELIVERED: "一单双交: a responsibility list was delivered to the office or to one of its leaders.",
    NoticeKind.SUPERVISION_LAPSED: "督办逾期未复: a supervision of the office was not replied to in time.",
    NoticeKind.REPORT_FILED: "报告已报: another office has filed a report that is for this one.",
    NoticeKind.RULES_CHANGED: "规则变更: rules that bind the office have changed.",
}


class Channel(StrEnum):
    """A way out of the outbox."""

    #: Into the office's own notices.
    OFFICE = "OFFICE"
    #: To the address that the deployment has set, signed.
    WEBHOOK = "WEBHOOK"
