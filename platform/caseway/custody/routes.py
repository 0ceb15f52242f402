"""Where a case may go: pure functions over the facts of offices, and one small resolver that loads those facts.

The checks always run in this order, so that a refusal tells the strongest reason: the office exists, is open, is not
accused, is competent, stands at the right level (domain 5.4 (a)-(d); INV-04, INV-05, INV-13).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.workflow import PetitionClass
from caseway.custody.errors import NoCompetence, RouteToAccused, SameOffice, SkipLevelForbidden
from caseway.custody.workflow import SPECS, OrderKind, OrderSpec, Relation
from caseway.rules import service as rules
from caseway.rules.kinds.routing import Routing
from caseway.tenancy import repository as offices
from caseway.tenancy.errors import OfficeClosed, OfficeNotFound, OfficeSuspended, WrongLevel
from caseway.tenancy.models import Office, OfficeKind

#: Kinds that act for the whole seat and may hold cases for it.
_FOR_THE_SEAT = (OfficeKind.PETITION_OFFICE, OfficeKind.GOVERNMENT)


class Subject(Protocol):
    """The columns of a case that decide where it may go."""

    @property
    def petition_class(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def accused_office_ids(self) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Route:
    """An allowed way from the holder to a target."""

    sender: Office
    receiver: Office
    relation: Relation
    #: Offices that are copied because the order passes over their heads (INV-13).
    copies: tuple[Office, ...] = ()


def seat_chain(office: Office) -> tuple[int, ...]:
    """Ids from the root down to the office whose area this one acts for."""
    return office.chain if office.seat_id == office.id else office.chain[:-1]


def government_chain(office: Office) -> tuple[int, ...]:
    """Ids from the root down to the government this office is or belongs to."""
    return office.chain if office.kind == OfficeKind.GOVERNMENT else office.chain[:-1]


def relation(sender: Office, target: Office) -> Relation:
    """How ``target`` stands to ``sender``: in the tree of seats, and by level where the tree says nothing."""
    own, other = seat_chain(sender), seat_chain(target)
    if own == other:
        return Relation.SAME_SEAT
    if _begins(other, own):
        return _downwards(len(other) - len(own), target)
    if _begins(own, other):
        return _upwards(len(own) - len(other), sender)
    return _sideways(sender, target)


def _begins(chain: tuple[int, ...], start: tuple[int, ...]) -> bool:
    return chain[: len(start)] == start


def _downwards(steps: int, target: Office) -> Relation:
    if steps > 1:
        return Relation.FAR_BELOW
    return Relation.OWN_BUREAU if target.kind == OfficeKind.DEPARTMENT else Relation.BELOW


def _upwards(steps: int, sender: Office) -> Relation:
    if steps > 1:
        return Relation.FAR_ABOVE
    return Relation.OWN_GOVERNMENT if sender.kind == OfficeKind.DEPARTMENT else Relation.ABOVE


def _sideways(sender: Office, target: Office) -> Relation:
    if government_chain(sender) == government_chain(target):
        return Relation.FELLOW_BUREAU
    if sender.level != target.level:
        return Relation.ELSEWHERE
    if government_chain(sender)[:-1] == government_chain(target)[:-1]:
        return Relation.SIBLING
    return Relation.ELSEWHERE if sender.city_id == target.city_id else Relation.OTHER_CITY


def is_accused(office: Office, accused_office_ids: Collection[int]) -> bool:
    """Whether the office is an accused one, below an accused one, or an institution of one: all hang in its subtree."""
    return not set(accused_office_ids).isdisjoint(office.answers_to)


def is_clean(office: Office, accused_office_ids: Collection[int]) -> bool:
    """Open and free of the complaint: may come to hold the case."""
    return office.is_open and not is_accused(office, accused_office_ids)


def check_open(target: Office | None) -> Office:
    """The target, if it exists and may receive cases. Raises ``OfficeNotFound``, ``OfficeClosed``,
    ``OfficeSuspended``."""
    if target is None:
        raise OfficeNotFound
    if target.valid_to is not None:
        raise OfficeClosed(successor_id=target.successor_id)
    if target.suspended_at is not None:
        raise OfficeSuspended
    if target.statistical_only or target.virtual:
        raise OfficeClosed("This entry of the divisions is not an office: choose the office that serves the place.")
    return target


def covers_accusation(body: Office, sender: Office, accused: Collection[Office]) -> bool:
    """Whether a discipline body has the authority over the cadres of every accused office (art. 22, 30).

    It belongs to the sender's own seat or a seat above; only discipline bodies pass accusations down among themselves.
    Its area contains the accused offices, which are not the body's own superiors (those are refused as accused). The
    topmost body takes what nobody else may take.
    """
    area, line = seat_chain(body), seat_chain(sender)
    contains_all = all(_begins(office.chain, area) for office in accused)
    if _begins(line, area):
        return contains_all or len(area) == 1
    passed_down = sender.kind == OfficeKind.DISCIPLINE and _begins(area, line)
    return passed_down and bool(accused) and contains_all


def check_competence(
    kind: OrderKind, subject: Subject, sender: Office, target: Office, accused: Collection[Office]
) -> None:
    """Raise ``NoCompetence`` unless the target may deal with such a case under such an order."""
    spec = SPECS[kind]
    if subject.petition_class == PetitionClass.ACCUSATION:
        _check_accusation(spec, sender, target, accused)
        return
    if spec.for_accusations:
        raise NoCompetence("Only accusations are handed over to discipline bodies: forward this case instead.")
    if target.kind == OfficeKind.DISCIPLINE:
        raise NoCompetence("Discipline bodies receive only accusations.")
    if spec.moves_custody and target.kind == OfficeKind.JOINT_CONFERENCE:
        raise NoCompetence("A joint conference coordinates and decides; it holds no cases.")
    if spec.moves_custody and not spec.overrides_fields and not has_field(target, subject.field):
        raise NoCompetence("This department is not competent for the field of the case.", field=subject.field)


def _check_accusation(spec: OrderSpec, sender: Office, target: Office, accused: Collection[Office]) -> None:
    if target.kind != OfficeKind.DISCIPLINE or not covers_accusation(target, sender, accused):
        raise NoCompetence("Accusations go only to the discipline body that has authority over the accused office.")
    if spec.for_accusations is False:
        raise NoCompetence("Hand an accusation over to the discipline body instead of forwarding it.")


def has_field(office: Office, field: str) -> bool:
    """Whether the office is competent for a field: only departments are bound to fields, and only if they name some."""
    return office.kind != OfficeKind.DEPARTMENT or not office.fields or field in office.fields


def check_level(kind: OrderKind, sender: Office, target: Office) -> Relation:
    """How the target stands to the sender. Raises ``SameOffice`` or, for what such an order cannot reach,
    ``WrongLevel``."""
    if sender.id == target.id:
        raise SameOffice
    found = relation(sender, target)
    if found not in SPECS[kind].reach:
        raise WrongLevel(
            "Such an order does not reach this office: down it goes through the area of your seat, up exactly one "
            "level, sideways to offices of your level.",
            relation=str(found),
        )
    return found


def check_target(
    kind: OrderKind, subject: Subject, sender: Office, target: Office | None, accused: Collection[Office]
) -> Office:
    """All checks but the level: existence, open, accused, competence."""
    found = check_open(target)
    if is_accused(found, subject.accused_office_ids):
        raise RouteToAccused
    check_competence(kind, subject, sender, found, accused)
    return found


async def resolve(
    session: AsyncSession, kind: OrderKind, subject: Subject, *, sender: Office, target_id: int, at: datetime
) -> Route:
    """The route of an order, or the strongest reason why there is none (see the module's first lines)."""
    target = await offices.by_id(session, target_id)
    accused = (await offices.by_ids(session, subject.accused_office_ids)).values()
    receiver = check_target(kind, subject, sender, target, accused)
    found = check_level(kind, sender, receiver)
    copies: Sequence[Office] = ()
    # Copies are for ordinary cases: an accusation reaches the competent body and nobody on the way (INV-05).
    copied = SPECS[kind].moves_custody and subject.petition_class != PetitionClass.ACCUSATION
    if copied and found is Relation.FAR_BELOW:
        await _refuse_skipping(session, sender, at=at)
        copies = await _copies(session, subject, sender, receiver)
    return Route(sender, receiver, found, tuple(copies))


async def _refuse_skipping(session: AsyncSession, sender: Office, *, at: datetime) -> None:
    """An office may bind itself to send matters down one level at a time (domain 5.4 (a))."""
    for rule in (await rules.effective_for(session, sender, at=at)).of(Routing):
        binding = {"skip_level": rule.params.skip_level == "FORBID", "level_by_level": rule.params.level_by_level}
        for name in (each for each, binds in binding.items() if binds):
            raise SkipLevelForbidden(source=", ".join(map(str, rule.provenance[name])))


async def _copies(session: AsyncSession, subject: Subject, sender: Office, receiver: Office) -> list[Office]:
    """For every level passed over: its petition office, or its government if it has none."""
    found = []
    for government in await offices.skipped(session, sender, receiver):
        found.append(await for_seat(session, government, subject.accused_office_ids) or government)
    return found


async def for_seat(session: AsyncSession, seat: Office, accused_office_ids: Collection[int]) -> Office | None:
    """The office that holds cases for a seat: its petition office, else the government itself; ``None`` if neither is
    open and free of the complaint."""
    for kind in _FOR_THE_SEAT:
        found = seat if kind == OfficeKind.GOVERNMENT else await offices.institution(session, seat.id, kind)
        if found is not None and is_clean(found, accused_office_ids):
            return found
    return None


async def lowest_clean(
    session: AsyncSession, start: Office, subject: Subject, *, strictly_above: bool = False
) -> Office | None:
    """Who may hold a case that must not stay at ``start``; ``None`` if there is nobody.

    The petition office (else the government) of the nearest seat that is free of the complaint; with
    ``strictly_above`` not of the own seat. What a discipline body holds stays with discipline bodies (INV-05). A
    complaint about the top office, which leaves nobody in the line, goes to the discipline body at the top.
    """
    accused = subject.accused_office_ids
    seats = await _line(session, start)
    within = start.kind == OfficeKind.DISCIPLINE
    for seat in seats[1:] if strictly_above else seats:
        found = await discipline_body(session, seat) if within else await for_seat(session, seat, accused)
        if found is not None and is_clean(found, accused):
            return found
    last = None if strictly_above else await discipline_body(session, seats[-1])
    return last if last is not None and is_clean(last, accused) else None


async def discipline_body(session: AsyncSession, seat: Office) -> Office | None:
    """The open discipline body of a seat."""
    return await offices.institution(session, seat.id, OfficeKind.DISCIPLINE)


async def _line(session: AsyncSession, start: Office) -> list[Office]:
    """The seats from the office's own up to the top."""
    seats = [await offices.seat(session, start)]
    while (above := await offices.superior(session, seats[-1])) is not None:
        seats.append(above)
    return seats
