"""Refusals of the office tree: what cannot be done to an office, and why."""

from __future__ import annotations

from caseway.errors import CasewayError


class OfficeNotFound(CasewayError):
    """There is no such office: check the code or the id."""

    code = "OFFICE_NOT_FOUND"


class OfficeClosed(CasewayError):
    """This office is closed: use the office that took over its duties."""

    code = "OFFICE_CLOSED"


class OfficeSuspended(CasewayError):
    """This office is suspended and receives nothing new: resume it first, or choose another one."""

    code = "OFFICE_SUSPENDED"


class OfficeNotSuspended(CasewayError):
    """This office is not suspended: there is nothing to resume."""

    code = "OFFICE_NOT_SUSPENDED"


class WrongLevel(CasewayError):
    """The levels do not fit: a government hangs below a higher level, an institution below one of its own level."""

    code = "WRONG_LEVEL"


class CodeTaken(CasewayError):
    """Another open office has this code: choose a code of its own."""

    code = "CODE_TAKEN"


class OfficeDepth(CasewayError):
    """The tree would become deeper than six offices: hang the office higher."""

    code = "OFFICE_DEPTH"


class OfficeCycle(CasewayError):
    """An office cannot hang below itself, merge into itself or be succeeded by an office below it."""

    code = "OFFICE_CYCLE"


class OfficeHasChildren(CasewayError):
    """Open offices hang below this one: move or close them first."""

    code = "OFFICE_HAS_CHILDREN"


class OfficeUnchanged(CasewayError):
    """Nothing would change: the office is already like this."""

    code = "OFFICE_UNCHANGED"


class OfficeDateConflict(CasewayError):
    """The effective date lies before an earlier change of this office or in the future: choose a date in between."""

    code = "OFFICE_DATE"


class DivisionsRefused(CasewayError):
    """The division files cannot be imported: see the file and line."""

    code = "DIVISIONS_REFUSED"
