"""Which triggers of accountability rules the platform can count, and how: everything else is for people to notice."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from caseway.clocks.arithmetic import Limit, Unit
from caseway.escalation.counters import Counter
from caseway.rules.kinds.accountability import Accountability

#: A supervision was not replied to in time; ``count`` says how often on one case.
LAPSED = "SUPERVISION_REPLY_OVERDUE"
#: A visit of at least so many people is a group visit 集体访.
GROUP = 5


@dataclass(frozen=True, slots=True)
class _Counted:
    """Which registrations of one matter a trigger counts."""

    at_level: str | None
    group_min: int | None = GROUP
    channel: str | None = "VISIT"


_COUNTED = MappingProxyType(
    {
        "SAME_MATTER_GROUP_VISITS_TO_CITY": _Counted("CITY"),
        "SAME_MATTER_GROUP_VISITS_TO_PROVINCE": _Counted("PROVINCE"),
        "SAME_MATTER_REGISTERED_AGAIN": _Counted(None, None, None),
    }
)


def counter_of(params: Accountability) -> Counter | None:
    """The counter of a rule; ``None`` if its trigger is none that registrations of one matter can reach, or if it names
    no count or no window."""
    counted = _COUNTED.get(params.trigger)
    if counted is None or params.count is None or params.window is None:
        return None
    window = Limit(params.window.n, Unit(params.window.unit.value), params.trigger)
    return Counter(
        params.count, window, group_min=counted.group_min, channel=counted.channel, at_level=counted.at_level
    )
