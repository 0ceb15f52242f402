"""The simulated country: its offices, who is at work there, and where a matter belongs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import case_facts, office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars.workdays import Calendar
from caseway.clocks.arithmetic import day_of
from caseway.custody import routes
from caseway.db.crypto import KeyRing
from caseway.db.session import Database
from caseway.simulation.arrivals import Counter
from caseway.simulation.repository import View
from caseway.simulation.staff import Staff
from caseway.tenancy.models import Office, OfficeKind

#: Kinds of offices that decide about competence for their seat.
_DECIDING = (OfficeKind.PETITION_OFFICE, OfficeKind.GOVERNMENT, OfficeKind.JOINT_CONFERENCE)


@dataclass(slots=True)
class Land:
    """Where the simulation plays, and the instant at which it has arrived."""

    database: Database
    #: Sees everything: what the simulated people know of their cases, and when the next timer is due.
    watching: AsyncSession
    policy: Policy
    keyring: KeyRing
    calendar: Calendar
    staff: Staff
    offices: dict[int, Office]
    now: datetime
    _staffed_below: dict[int | None, list[Office]] = field(default_factory=dict)
    _institutions: dict[int | None, list[Office]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.offices.values():
            if each.id in self.staff.office_ids:
                self._staffed_below.setdefault(each.parent_id, []).append(each)
            if each.kind != OfficeKind.GOVERNMENT:
                self._institutions.setdefault(each.parent_id, []).append(each)

    @property
    def today(self) -> date:
        """The simulated day in Asia/Shanghai."""
        return day_of(self.now)

    def clock(self) -> datetime:
        """The simulated instant."""
        return self.now

    def able(self, view: View, permission: Permission, *office_ids: int) -> list[Actor]:
        """Those at work in some offices who may do this to a case, by the policy."""
        return [
            actor
            for office_id in office_ids
            for actor in self.staff.present(office_id, self.today)
            if self.policy.allows(actor, permission, case_facts(actor, view.case, view.grants, now=self.now))
        ]

    def counters(self, root: Office) -> list[Counter]:
        """The offices below the root where somebody registers matters."""
        return [
            Counter(office.id, self.offices.get(office.seat_id, office).code)
            for office in self.offices.values()
            if office.path.startswith(root.path) and office.kind in (OfficeKind.GOVERNMENT, OfficeKind.PETITION_OFFICE)
            if any(
                self.policy.allows(
                    each.actor, Permission.CASE_REGISTER, office_facts(each.actor, office.id, office.path)
                )
                for each in self.staff.of(office.id)
            )
        ]

    def better_place(self, holder: Office, *, field: str, place_code: str) -> Office | None:
        """The next office on the way to where a matter belongs; null = it belongs to the holder, or nobody works on
        the way."""
        seat = self.offices.get(holder.seat_id, holder)
        for office in self.below(seat):
            if place_code.startswith(office.code) and office.kind == OfficeKind.GOVERNMENT:
                return office
        return self.department(holder, field=field)

    def department(self, holder: Office, *, field: str) -> Office | None:
        """The department of the holder's government that is competent for a field; null for departments themselves."""
        if holder.kind == OfficeKind.DEPARTMENT:
            return None
        found = (each for each in self.below(self.offices.get(holder.seat_id, holder)) if field in each.fields)
        return next((each for each in found if each.kind == OfficeKind.DEPARTMENT), None)

    def below(self, seat: Office) -> list[Office]:
        """The offices with staff right below a government."""
        return self._staffed_below.get(seat.id, [])

    def beside(self, office: Office) -> list[Office]:
        """Governments with staff beside one, and departments beside a department."""
        found = self._staffed_below.get(office.parent_id, [])
        return [each for each in found if each.kind == office.kind and each.id != office.id]

    def superior(self, office: Office) -> Office | None:
        """The government above an office: of a department its own one; null at the top."""
        seat = self.offices.get(office.seat_id, office)
        return self.offices.get(seat.parent_id) if seat.parent_id is not None else None

    def discipline_body(self, holder: Office, accused: Sequence[int]) -> Office | None:
        """The nearest discipline body, of the holder's seat or above, that a case about these offices can go to."""
        seat: Office | None = self.offices.get(holder.seat_id, holder)
        while seat is not None:
            for each in self._institutions.get(seat.id, []):
                if each.kind == OfficeKind.DISCIPLINE and routes.is_clean(each, accused):
                    return each
            seat = self.superior(seat)
        return None

    def deciders(self, first: Office, second: Office) -> list[int]:
        """The offices that may decide between two others: those that act for the lowest government above both."""
        line = routes.government_chain(first)
        other = set(routes.government_chain(second))
        above = [office_id for office_id in line if office_id in other]
        parties = {first.seat_id, second.seat_id}
        above = [office_id for office_id in above if office_id not in parties] or above
        if not above or (seat := self.offices.get(above[-1])) is None:
            return []
        found = [each for each in self.below(seat) if each.kind in _DECIDING[::2]]
        return [*(each.id for each in found), seat.id]

    def for_seat(self, seat: Office) -> list[int]:
        """The offices that act for a government, its petition office first."""
        return [*(each.id for each in self.below(seat) if each.kind == OfficeKind.PETITION_OFFICE), seat.id]
