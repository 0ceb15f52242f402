"""Refusals of the calendar: files that cannot be loaded, and days that an office cannot decide."""

from __future__ import annotations

from collections.abc import Iterable

from caseway.errors import CasewayError
from caseway.tenancy.declarations import Fault


class CalendarFileInvalid(CasewayError):
    """The calendar file has faults, and nothing of it was loaded: see each file, line and day."""

    code = "CALENDAR_FILE_INVALID"

    def __init__(self, faults: Iterable[Fault]) -> None:
        #: Every fault found, by file and line.
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults), count=len(self.faults))


class CalendarFileUnnamed(CasewayError):
    """Name one calendar file or a folder of them, or give --installed, but not both."""

    code = "CALENDAR_FILE_UNNAMED"


class CalendarRange(CasewayError):
    """Ask for 1 to 400 days, from the first to the last one."""

    code = "CALENDAR_RANGE"


class LocalDayNotFound(CasewayError):
    """There is no local day in force under this id: read the calendar of the office again."""

    code = "LOCAL_DAY_NOT_FOUND"


class LocalDayOffice(CasewayError):
    """Local days are decided by governments of towns and above: ask the government that this office belongs to."""

    code = "LOCAL_DAY_OFFICE"


class LocalDayDate(CasewayError):
    """A local day lies after today, and at most 400 days ahead: what is past has been reckoned with already."""

    code = "LOCAL_DAY_DATE"


class LocalDayStatutory(CasewayError):
    """The whole country has this day off by regulation or notice: no office can make it a workday."""

    code = "LOCAL_DAY_STATUTORY"


class LocalDayUnchanged(CasewayError):
    """Nothing would change: the day is already like this for the office."""

    code = "LOCAL_DAY_UNCHANGED"


class LocalDayTaken(CasewayError):
    """The office has decided this day already: revoke that local day first."""

    code = "LOCAL_DAY_TAKEN"
