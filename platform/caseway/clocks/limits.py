"""The limits that the national regulation itself sets, in one place.

They hold for every office until rule books stand in front of them; a rule book can only be as strict or stricter.
Sources: 信访工作条例 (2022), rows L22-* of the law layer.
"""

from __future__ import annotations

from caseway.clocks.arithmetic import Limit, Roll, Unit
from caseway.clocks.workflow import ClockKind

#: A petition office sorts and forwards within 15 days of receipt (art. 22).
FORWARD = Limit(15, Unit.DAY, "law-2022 L22-09 art. 22")
#: Another office that receives a matter directly tells the petitioner within 15 days of receipt (art. 23).
DIRECT_NOTICE = Limit(15, Unit.DAY, "law-2022 L22-11 art. 23")
#: The receiver of a forwarded matter tells the petitioner within 15 days of delivery (art. 23).
ACCEPT_NOTICE = Limit(15, Unit.DAY, "law-2022 L22-10 art. 23")
#: Receipt is deemed after one workday: a convention of the platform (C5), the law is silent.
SIGN_FOR = Limit(1, Unit.WORKDAY, "platform C5")
#: A wrong addressee objects within 5 workdays of delivery (art. 23).
OBJECT = Limit(5, Unit.WORKDAY, "law-2022 L22-12 art. 23")
#: Appeals and claims are handled within 60 days of acceptance (art. 34).
HANDLE = Limit(60, Unit.DAY, "law-2022 L22-17 art. 34")
#: Handling is extended once, by at most 30 days (art. 34).
EXTENSION_CAP = Limit(30, Unit.DAY, "law-2022 L22-17 art. 34")
#: The petitioner asks for a review within 30 days of the answer (art. 35); a window that ends on a rest day rolls (C3).
REVIEW_WINDOW = Limit(30, Unit.DAY, "law-2022 L22-18 art. 35", Roll.NEXT_WORKDAY)

#: The law's limit of each clock that has one. REDO and ORDER take the limit that the ordering office sets.
LAW: dict[ClockKind, Limit] = {
    ClockKind.FORWARD: FORWARD,
    ClockKind.DIRECT_NOTICE: DIRECT_NOTICE,
    ClockKind.ACCEPT_NOTICE: ACCEPT_NOTICE,
    ClockKind.SIGN_FOR: SIGN_FOR,
    ClockKind.OBJECT: OBJECT,
    ClockKind.HANDLE: HANDLE,
    ClockKind.REVIEW_WINDOW: REVIEW_WINDOW,
}


def handling(petition_class: str) -> Limit | None:
    """The handling limit of a class of matters. Art. 34 limits the handling of appeals and claims only (art. 31 no. 6):
    for suggestions (art. 29) and accusations (art. 30, the discipline body's own procedure) the law names no number."""
    return HANDLE if petition_class == "APPEAL_CLAIM" else None
