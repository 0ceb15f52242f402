"""What an office has to report and what it has reported: worked out from the rules for periods, stored for events."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import area_facts, case_facts, office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars import service as calendars
from caseway.calendars.periods import Stretch, midnight
from caseway.cases import repository as cases
from caseway.cases.record import moment, record
from caseway.cases.texts import BODY, Check
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.notices import service as notices
from caseway.notices.codes import NoticeKind
from caseway.rules import service as rules
from caseway.supervision import receivers, repository
from caseway.supervision.errors import DutyRangeTooLong, ReportFiled, ReportNotOwed, ReportTooEarly
from caseway.supervision.models import ReportDuty, ReportFiling
from caseway.supervision.receivers import Receiver
from caseway.supervision.report_duties import (
    DutyState,
    PeriodDuty,
    ReportRule,
    days_between,
    first_days,
    is_sender,
    owed,
    period_duty,
    report_rules,
    state,
)
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: Longest range of days that duties are worked out for, and the first year.
MOST_DAYS, _FIRST_YEAR = 100, 2000


@dataclass(frozen=True, slots=True)
class Standing:
    """The report of a period with whether it was filed, and to whom it goes."""

    duty: PeriodDuty
    filing: ReportFiling | None
    to: tuple[Receiver, ...]
    cc: tuple[Receiver, ...]

    def state(self, now: datetime) -> DutyState:
        """Where it stands at an instant."""
        return state(self.duty.due_at, filed_at=self.filing.filed_at if self.filing else None, now=now)


def may_read(policy: Policy, actor: Actor, office: Office) -> bool:
    """Whether somebody sees what an office owes: its own staff, and offices above it."""
    facts = office_facts(actor, office.id, office.path) | area_facts(actor, office.path)
    return policy.allows(actor, Permission.REPORT_READ, facts)


async def standings(session: AsyncSession, office: Office, *, within: Stretch) -> list[Standing]:
    """The reports of periods that an office owes and that are due in the range, in the order of their due dates.
    ``DutyRangeTooLong`` for more than 100 days.

    Costs one look at the rules for each day on which they changed in the range, and one query for what was filed: the
    same for a country of a hundred offices and of 700,000.
    """
    _check(within)
    by_day = await _rules_by_day(session, office, within=within)
    calendar = await calendars.for_chain(session, office.chain)
    duties = list(owed(lambda day: by_day[day], within=within, calendar=calendar))
    if not duties:
        return []
    filed = {
        (row.rule_book, row.rule_row, row.period_on): row
        for row in await repository.filings(
            session,
            office.id,
            since=min(each.period.first for each in duties),
            until=max(each.period.first for each in duties),
        )
    }
    owners = await repository.owners_of(session, {each.rule.ref.book for each in duties})
    known: dict[ReportRule, tuple[tuple[Receiver, ...], tuple[Receiver, ...]]] = {}
    found = []
    for each in duties:
        if each.rule not in known:
            known[each.rule] = await addressees(session, each.rule, office=office, owner=owners.get(each.rule.ref.book))
        to, cc = known[each.rule]
        key = (each.rule.ref.book, each.rule.ref.row_id, each.period.first)
        found.append(Standing(each, filed.get(key), to, cc))
    return found


async def addressees(
    session: AsyncSession, rule: ReportRule, *, office: Office, owner: Office | None
) -> tuple[tuple[Receiver, ...], tuple[Receiver, ...]]:
    """To whom a report goes and who gets a copy."""
    to = await receivers.receivers(session, rule.to, office=office, owner=owner)
    cc = await receivers.receivers(session, rule.cc, office=office, owner=owner)
    return tuple(to), tuple(cc)


async def sending_rules(session: AsyncSession, office: Office, *, day: date) -> list[ReportRule]:
    """The rules about reports in force on a day that name this office as the sender."""
    found = report_rules(await rules.effective_on(session, office.id, day=day))
    if not found:
        return []
    owners = await repository.owners_of(session, {each.ref.book for each in found})
    asked = await receivers.sender(session, office)
    codes = {book: owner.code for book, owner in owners.items()}
    return [each for each in found if is_sender(each.sender, asked, owner_code=codes.get(each.ref.book))]


async def file_period(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    book: str,
    rule: str,
    period_on: date,
    text: str | None,
    now: datetime,
) -> Standing:
    """File the report of a period, for the office that owes it. Raises ``NotFound``, ``NotPermitted``,
    ``ReportNotOwed``, ``ReportTooEarly``, ``ReportFiled``."""
    office = await _filing_office(uow, policy, actor, office_id)
    body = _body(text)
    found = await standing(uow.session, office, book=book, rule=rule, period_on=period_on)
    if found is None:
        raise ReportNotOwed
    if midnight(period_on) > now:
        raise ReportTooEarly(from_on=period_on)
    duty = found.duty
    row = ReportFiling(
        office_id=office.id,
        rule_book=book,
        rule_row=rule,
        period_on=period_on,
        rule_version=duty.rule.ref.version,
        name=duty.rule.name,
        filed_at=now,
        filed_by=actor.person_id,
        body=body,
    )
    if not await repository.file_period(uow, row):
        raise ReportFiled
    await _tell(uow, (*found.to, *found.cc), office, key=f"report:{office.id}:{book}:{rule}:{period_on}", at=now)
    return Standing(duty, row, found.to, found.cc)


async def standing(session: AsyncSession, office: Office, *, book: str, rule: str, period_on: date) -> Standing | None:
    """The report of one period by its rule and first day; ``None`` if the office owes no such report."""
    if period_on.year < _FIRST_YEAR:
        return None
    asked = [
        each
        for each in await sending_rules(session, office, day=period_on)
        if (each.ref.book, each.ref.row_id) == (book, rule)
    ]
    if not asked:
        return None
    calendar = await calendars.for_chain(session, office.chain)
    # A period lasts a year at most, and its report may be due some time after it.
    within = Stretch(period_on, date(period_on.year + 2, 1, 1))
    wanted = period_duty(asked[0], period_on, within=within, calendar=calendar)
    if wanted is None:
        return None
    to, cc = await addressees(session, asked[0], office=office, owner=await repository.owner_of(session, book))
    filed = await repository.filings(session, office.id, since=period_on, until=period_on)
    row = next((row for row in filed if (row.rule_book, row.rule_row) == (book, rule)), None)
    return Standing(wanted, row, to, cc)


async def file_event(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    duty_id: uuid.UUID,
    text: str | None,
    now: datetime,
) -> ReportDuty:
    """File the report that an event called for. Raises ``NotFound``, ``NotPermitted``, ``ReportFiled``."""
    seen = await repository.duty(uow.session, city_id, duty_id)
    if seen is None:
        raise NotFound
    case = await cases.lock(uow, city_id, seen.case_id)
    facts = case_facts(actor, case, await cases.grants(uow.session, case), now=now)
    if not policy.allows(actor, Permission.CASE_CARD, facts):
        raise NotFound
    office = await _filing_office(uow, policy, actor, seen.office_id)
    body = _body(text)
    row = await repository.duty(uow.session, city_id, duty_id)
    if row is None or row.filed_at is not None:
        raise ReportFiled
    at = moment(case, now)
    row.filed_at, row.filed_by, row.body = at, actor.person_id, body
    await uow.session.flush()
    await record(
        uow, case,
        type="report.filed", at=at, actor=actor,
        facts={"duty_id": row.id, "name": row.name, "event": row.event, "office": row.office_id}, changes={},
    )  # fmt: skip
    for rule in await sending_rules(uow.session, office, day=rules.day_of(row.opened_at)):
        if (rule.ref.book, rule.ref.row_id) == (row.rule_book, row.rule_row):
            owner = await repository.owner_of(uow.session, row.rule_book)
            to, cc = await addressees(uow.session, rule, office=office, owner=owner)
            await _tell(uow, (*to, *cc), office, key=f"report:{row.id}", at=at, city_id=city_id, case_id=case.id)
    return row


async def _filing_office(uow: UnitOfWork, policy: Policy, actor: Actor, office_id: int) -> Office:
    office = await offices.by_id(uow.session, office_id)
    if office is None or not may_read(policy, actor, office):
        raise NotFound
    await policy.require(uow, actor, Permission.REPORT_FILE, office_facts(actor, office.id, office.path))
    return office


def _body(text: str | None) -> str | None:
    check = Check()
    body = check.optional("text", text, BODY)
    check.done()
    return body


def _check(within: Stretch) -> None:
    if not 1 <= days_between(within.first, within.last) <= MOST_DAYS or within.first.year < _FIRST_YEAR:
        raise DutyRangeTooLong(most_days=MOST_DAYS)


async def _rules_by_day(session: AsyncSession, office: Office, *, within: Stretch) -> dict[date, list[ReportRule]]:
    """The rules that the office is the sender of, on the first day of every period that matters. They are read once for
    each stretch between two days on which a version came into force."""
    days = first_days(within)
    turns = await repository.turning_days(session, office, after=days[0], until=days[-1])
    read: dict[date, list[ReportRule]] = {}
    found: dict[date, list[ReportRule]] = {}
    for day in days:
        since = max((each for each in turns if each <= day), default=days[0])
        if since not in read:
            read[since] = await sending_rules(session, office, day=since)
        found[day] = read[since]
    return found


async def _tell(
    uow: UnitOfWork,
    to: Iterable[Receiver],
    office: Office,
    *,
    key: str,
    at: datetime,
    city_id: int | None = None,
    case_id: uuid.UUID | None = None,
) -> None:
    told = {each.office.id for each in to if each.office is not None and each.office.id != office.id}
    for office_id in sorted(told):
        await notices.tell(
            uow,
            office_id=office_id,
            kind=NoticeKind.REPORT_FILED,
            key=key,
            at=at,
            city_id=city_id,
            case_id=case_id,
            facts={"office": office.id},
        )
