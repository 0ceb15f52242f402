"""Every query of supervision that writes or serves a write, and the days on which rules changed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.codes import RecordKind
from caseway.cases.models import Case, CaseRecord, Registration
from caseway.custody.models import Order
from caseway.custody.workflow import OrderKind
from caseway.db.session import UnitOfWork
from caseway.rules.models import RuleBook, RuleBookVersion, VersionState
from caseway.supervision.models import (
    AccountabilityEvidence,
    AccountabilityReview,
    ReportDuty,
    ReportFiling,
    Supervision,
)
from caseway.tenancy.models import Office


async def owner_of(session: AsyncSession, book: str) -> Office | None:
    """The office whose rule book this is; ``None`` for layers of the law."""
    owner: Office | None = await session.scalar(
        select(Office).join(RuleBook, RuleBook.office_id == Office.id).where(RuleBook.code == book)
    )
    return owner


async def owners_of(session: AsyncSession, books: Collection[str]) -> dict[str, Office]:
    """The offices whose rule books these are, by the code of the book; layers of the law are left out."""
    rows = await session.execute(
        select(RuleBook.code, Office)
        .join(Office, Office.id == RuleBook.office_id)
        .where(RuleBook.code.in_(sorted(set(books))))
    )
    return {row[0]: row[1] for row in rows}


async def turning_days(session: AsyncSession, office: Office, *, after: date, until: date) -> list[date]:
    """The days in ``(after, until]`` on which a published version came into force of a book that can speak to the
    office: of the law, or of an office above it or its own."""
    statement = (
        select(RuleBookVersion.effective_from)
        .join(RuleBook, RuleBook.id == RuleBookVersion.book_id)
        .where(
            RuleBookVersion.state == VersionState.PUBLISHED,
            RuleBookVersion.effective_from > after,
            RuleBookVersion.effective_from <= until,
            or_(RuleBook.office_id.is_(None), RuleBook.office_id.in_(office.chain)),
        )
        .distinct()
        .order_by(RuleBookVersion.effective_from)
    )
    return [day for day in await session.scalars(statement) if day is not None]


# Supervisions


async def add_supervision(uow: UnitOfWork, row: Supervision) -> None:
    """Store why a supervision was opened, after its order."""
    uow.session.add(row)
    await uow.session.flush()


async def is_supervised(session: AsyncSession, case: Case, *, clock_id: uuid.UUID, by: str) -> bool:
    """Whether the lateness of this clock has opened a supervision of this body before."""
    found = await session.scalar(
        select(Supervision.order_id).where(
            Supervision.city_id == case.city_id,
            Supervision.case_id == case.id,
            Supervision.clock_id == clock_id,
            Supervision.by_code == by,
        )
    )
    return found is not None


async def unexplained(session: AsyncSession, case: Case) -> list[Order]:
    """The supervisions of the case that officers ordered and that are not noted yet."""
    statement = (
        select(Order)
        .outerjoin(Supervision, (Supervision.city_id == Order.city_id) & (Supervision.order_id == Order.id))
        .where(
            Order.city_id == case.city_id,
            Order.case_id == case.id,
            Order.kind == OrderKind.SUPERVISE,
            Order.sent_by > 0,
            Supervision.order_id.is_(None),
        )
        .order_by(Order.sent_at, Order.id)
    )
    return list(await session.scalars(statement))


async def order_of(session: AsyncSession, case: Case, order_id: uuid.UUID) -> Order | None:
    """An order of the case."""
    found: Order | None = await session.get(Order, (case.city_id, order_id))
    return found if found is not None and found.case_id == case.id else None


async def lapses(session: AsyncSession, case: Case, *, at: datetime) -> int:
    """How many times a supervision of the case was not replied to in time: orders whose date for the reply passed
    before they ended, or before ``at``."""
    found = await session.scalar(
        select(func.count())
        .select_from(Order)
        .where(
            Order.city_id == case.city_id,
            Order.case_id == case.id,
            Order.kind == OrderKind.SUPERVISE,
            Order.report_due_at.is_not(None),
            Order.report_due_at <= func.coalesce(Order.ended_at, at),
        )
    )
    return int(found or 0)


# Reviews of accountability


async def add_review(uow: UnitOfWork, row: AccountabilityReview, evidence: Sequence[AccountabilityEvidence]) -> None:
    """Store a review with its file."""
    uow.session.add(row)
    await uow.session.flush()
    for each in evidence:
        uow.session.add(each)
    await uow.session.flush()


async def is_reviewed(session: AsyncSession, occurrence: str) -> bool:
    """Whether a review was opened for this occurrence."""
    found = await session.scalar(select(AccountabilityReview.id).where(AccountabilityReview.occurrence == occurrence))
    return found is not None


async def counted(session: AsyncSession, case: Case, *, book: str, rule: str) -> set[uuid.UUID]:
    """Ids of the registrations of the case's matter that reviews by this rule have counted already."""
    rows = await session.scalars(
        select(AccountabilityEvidence.summary["counted"])
        .join(AccountabilityReview, AccountabilityReview.id == AccountabilityEvidence.review_id)
        .join(Case, (Case.city_id == AccountabilityEvidence.city_id) & (Case.id == AccountabilityEvidence.case_id))
        .where(
            Case.city_id == case.city_id,
            Case.matter_id == case.matter_id,
            AccountabilityReview.rule_book == book,
            AccountabilityReview.rule_row == rule,
        )
    )
    return {uuid.UUID(each) for found in rows for each in found}


async def lock_review(session: AsyncSession, review_id: uuid.UUID) -> AccountabilityReview | None:
    """One review as the session's scope shows it, locked until the end of the transaction."""
    statement = select(AccountabilityReview).where(AccountabilityReview.id == review_id).with_for_update()
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def is_barred(session: AsyncSession, review_id: uuid.UUID, bars: Sequence[int]) -> bool:
    """Whether a case in the file is barred to somebody. To be asked as the platform, which sees every case."""
    found = await session.scalar(
        select(AccountabilityEvidence.case_id)
        .join(Case, (Case.city_id == AccountabilityEvidence.city_id) & (Case.id == AccountabilityEvidence.case_id))
        .where(AccountabilityEvidence.review_id == review_id, Case.barred.overlap(list(bars)))
        .limit(1)
    )
    return found is not None


async def registrations_of_matter(session: AsyncSession, case: Case) -> list[tuple[Registration, Office]]:
    """Every registration of the case's matter with the office where it was made, oldest first."""
    rows = await session.execute(
        select(Registration, Office)
        .join(Case, (Case.city_id == Registration.city_id) & (Case.id == Registration.case_id))
        .join(Office, Office.id == Registration.office_id)
        .where(Case.city_id == case.city_id, Case.matter_id == case.matter_id)
        .order_by(Registration.registered_at, Registration.id)
    )
    return [(registration, office) for registration, office in rows]


async def cases_of_matter(session: AsyncSession, case: Case) -> list[Case]:
    """The cases of the case's matter, oldest first."""
    statement = (
        select(Case)
        .where(Case.city_id == case.city_id, Case.matter_id == case.matter_id)
        .order_by(Case.registered_at, Case.id)
    )
    return list(await session.scalars(statement))


# Duties to report


async def filings(session: AsyncSession, office_id: int, *, since: date, until: date) -> list[ReportFiling]:
    """The reports of periods that an office filed, for periods that begin in ``[since, until]``."""
    statement = select(ReportFiling).where(
        ReportFiling.office_id == office_id, ReportFiling.period_on >= since, ReportFiling.period_on <= until
    )
    return list(await session.scalars(statement))


async def file_period(uow: UnitOfWork, row: ReportFiling) -> bool:
    """Store that the report of a period was filed; False (and nothing stored) if it was filed before."""
    values = {column.key: getattr(row, column.key) for column in ReportFiling.__table__.columns}
    stored = await uow.session.scalar(
        insert(ReportFiling).values(**values).on_conflict_do_nothing().returning(ReportFiling.office_id)
    )
    return stored is not None


async def open_duty(uow: UnitOfWork, row: ReportDuty) -> bool:
    """Store a duty that an event opened; False (and nothing stored) if the same occurrence opened it before."""
    values = {column.key: getattr(row, column.key) for column in ReportDuty.__table__.columns}
    stored = await uow.session.scalar(
        insert(ReportDuty)
        .values(**values)
        .on_conflict_do_nothing(constraint="uq_report_duty_occurrence")
        .returning(ReportDuty.id)
    )
    return stored is not None


async def duty(session: AsyncSession, city_id: int, duty_id: uuid.UUID) -> ReportDuty | None:
    """One duty of an event, as the session's scope shows it."""
    statement = select(ReportDuty).where(ReportDuty.city_id == city_id, ReportDuty.id == duty_id)
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def unmet(session: AsyncSession, case: Case, *, event: str) -> list[ReportDuty]:
    """The duties that an event of the case opened and that nobody has met."""
    statement = select(ReportDuty).where(
        ReportDuty.city_id == case.city_id,
        ReportDuty.case_id == case.id,
        ReportDuty.event == event,
        ReportDuty.filed_at.is_(None),
    )
    return list(await session.scalars(statement))


async def newest_reply(session: AsyncSession, case: Case) -> uuid.UUID | None:
    """Id of the supervision of the case that was replied to last."""
    found: uuid.UUID | None = await session.scalar(
        select(CaseRecord.order_id)
        .where(
            CaseRecord.city_id == case.city_id,
            CaseRecord.case_id == case.id,
            CaseRecord.kind == RecordKind.SUPERVISION_REPLY,
        )
        .order_by(CaseRecord.at.desc(), CaseRecord.id.desc())
        .limit(1)
    )
    return found
