"""Tables of cases: matters, cases (a projection of the ledger), registrations, petitioners, grants."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model

_OPEN = text("is_open")


class Matter(Model):
    """The thing complained of or proposed: groups all registrations about it. Holds nothing about persons."""

    __tablename__ = "matter"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    #: Field of the matter, e.g. LAND, HOUSING, EDUCATION.
    field: Mapped[str]
    #: Division code of the place it is about.
    place_code: Mapped[str]
    opened_at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("city_id", "id"),)


class Case(Model):
    """One proceeding on a matter. The row is a projection of its ledger events and can be rebuilt from them.

    ``city_id`` is the home city where the case was registered: it never changes and grants nothing (design §11).
    ``l1..l6`` are the holder's ancestors by depth. ``granted`` lists the offices with a live grant, ``barred`` the
    offices (+id) and persons (-id) that must never learn of it; both are read by the row policies.
    """

    __tablename__ = "cases"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    #: Human case number, unique in the city; random, so that it tells nothing about other cases.
    number: Mapped[str]
    matter_id: Mapped[uuid.UUID]
    proceeding: Mapped[str] = mapped_column(default="HANDLING", server_default="HANDLING")
    #: Closed case whose new facts this one is about (T29), in the same city.
    preceding_id: Mapped[uuid.UUID | None]
    #: Open case of the same matter that this one was merged into (T27).
    merged_into_id: Mapped[uuid.UUID | None]
    stage: Mapped[str]
    petition_class: Mapped[str]
    channel: Mapped[str]
    field: Mapped[str]
    place_code: Mapped[str]
    is_open: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    holder_id: Mapped[int]
    #: Whether the holder is a discipline body: the competent body for accusations.
    held_by_discipline: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    l1: Mapped[int] = mapped_column(default=0, server_default="0")
    l2: Mapped[int] = mapped_column(default=0, server_default="0")
    l3: Mapped[int] = mapped_column(default=0, server_default="0")
    l4: Mapped[int] = mapped_column(default=0, server_default="0")
    l5: Mapped[int] = mapped_column(default=0, server_default="0")
    l6: Mapped[int] = mapped_column(default=0, server_default="0")
    registering_office_id: Mapped[int]
    #: Person who handles it in the holding office; 0 = nobody. Cleared when custody moves.
    assignee_id: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Leader in charge (包案); 0 = nobody. Cleared when custody moves.
    lead_id: Mapped[int] = mapped_column(default=0, server_default="0")
    granted: Mapped[list[int]] = mapped_column(default=list, server_default="{}")
    barred: Mapped[list[int]] = mapped_column(default=list, server_default="{}")
    #: Accused offices and persons as recorded (subset of ``barred``): where the case must never go.
    accused_office_ids: Mapped[list[int]] = mapped_column(default=list, server_default="{}")
    accused_person_ids: Mapped[list[int]] = mapped_column(default=list, server_default="{}")
    group_size: Mapped[int] = mapped_column(default=1, server_default="1")
    #: GENERAL, SIMPLE, COMPLEX or MAJOR: which limits of rule books are about it.
    grade: Mapped[str] = mapped_column(default="GENERAL", server_default="GENERAL")
    #: Whether its matter had no case before (初信初访).
    is_first_time: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    received_at: Mapped[datetime]
    registered_at: Mapped[datetime]
    #: Earliest due instant of the running clocks of the proceeding; null = none runs. Rebuilt from clock events.
    due_at: Mapped[datetime | None]
    #: When the opinion was served (办结 for statistics).
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    #: Instant of the newest event.
    changed_at: Mapped[datetime]
    #: Number and hash of the newest ledger event; the number is also the version for optimistic checks.
    version: Mapped[int]
    ledger_hash: Mapped[bytes]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        UniqueConstraint("city_id", "number"),
        ForeignKeyConstraint(["city_id", "matter_id"], ["matter.city_id", "matter.id"]),
        CheckConstraint("group_size between 1 and 1000000", name="group_size"),
        *(Index(f"ix_cases_l{n}_due_open", f"l{n}", "due_at", "id", postgresql_where=_OPEN) for n in range(1, 7)),
        *(
            Index(f"ix_cases_l{n}_registered", f"l{n}", text("registered_at desc"), text("id desc"))
            for n in range(1, 7)
        ),
        # Those that an office itself holds: a small part of what its area does.
        Index("ix_cases_holder_due_open", "holder_id", "due_at", "id", postgresql_where=_OPEN),
        Index("ix_cases_holder_registered", "holder_id", text("registered_at desc"), text("id desc")),
        *(
            Index(
                f"ix_cases_{who}_due_open",
                f"{who}_id",
                "due_at",
                "id",
                postgresql_where=text(f"{who}_id <> 0 and is_open"),
            )
            for who in ("assignee", "lead")
        ),
        *(
            Index(
                f"ix_cases_{who}_registered",
                f"{who}_id",
                text("registered_at desc"),
                text("id desc"),
                postgresql_where=text(f"{who}_id <> 0"),
            )
            for who in ("assignee", "lead")
        ),
        Index("ix_cases_matter", "city_id", "matter_id"),
        # What is barred to somebody is left out of the numbers that they are told.
        Index("ix_cases_barred", "barred", postgresql_using="gin", postgresql_where=text("barred <> '{}'")),
        # Accusations that wait for their hand-over: few, and looked through by the worker.
        Index(
            "ix_cases_accusation_waiting",
            "id",
            postgresql_where=text("is_open and petition_class = 'ACCUSATION' and not held_by_discipline"),
        ),
    )


class CaseGrant(Model):
    """Why an office (or one person of it) that does not hold a case may still see something of it."""

    __tablename__ = "case_grant"

    city_id: Mapped[int]
    case_id: Mapped[uuid.UUID]
    office_id: Mapped[int]
    #: 0 = the whole office; REASONED grants are personal.
    person_id: Mapped[int] = mapped_column(default=0, server_default="0")
    #: CUSTODY (held it before), ADDRESSEE (an unsigned order to it), JOINT (assists), INFORMED (copied or reported to),
    #: ADVISOR (asked for advice), REASONED (a person above with a recorded reason), LINKED (a leader of the area).
    kind: Mapped[str]
    since_at: Mapped[datetime]
    #: Null = for good; a past instant = over.
    until_at: Mapped[datetime | None]
    order_id: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]
    #: Copies of the case's, which follow it (``record``): lists of what an office sees by grants are sorted by them,
    #: and reading the order from the cases would cost as much as the office ever was granted.
    is_open: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    due_at: Mapped[datetime | None]
    registered_at: Mapped[datetime | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "case_id", "office_id", "person_id", "kind"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        Index("ix_case_grant_office", "office_id", "kind", "case_id"),
        Index("ix_case_grant_due_open", "office_id", "due_at", "case_id", postgresql_where=_OPEN),
        Index("ix_case_grant_registered", "office_id", text("registered_at desc"), text("case_id desc")),
    )


class Registration(Model):
    """One entry of a matter with an office. Title and claim of accusations lie in ``accusation_record`` instead."""

    __tablename__ = "registration"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    matter_id: Mapped[uuid.UUID]
    channel: Mapped[str]
    received_at: Mapped[datetime]
    registered_at: Mapped[datetime]
    office_id: Mapped[int]
    registrar_id: Mapped[int]
    title: Mapped[str | None]
    claim: Mapped[str | None]
    group_size: Mapped[int]
    #: A further registration of a matter that was registered before.
    is_repeat: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        Index("ix_registration_case", "city_id", "case_id", "registered_at"),
    )


class AccusationRecord(Model):
    """What an accusation says, encrypted under the accusation key of the city (domain 6.3, informant protection)."""

    __tablename__ = "accusation_record"

    city_id: Mapped[int]
    registration_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    title_enc: Mapped[bytes]
    claim_enc: Mapped[bytes]
    #: Whether the informant agreed that the competent body learns the name.
    name_consent: Mapped[bool]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "registration_id"),
        ForeignKeyConstraint(["city_id", "registration_id"], ["registration.city_id", "registration.id"]),
        Index("ix_accusation_record_case", "city_id", "case_id"),
    )


class Petitioner(Model):
    """A petitioner or representative of one registration, encrypted per column. Exists per case; no other key to it
    than a blind index that only the handling scope can use (INV-28)."""

    __tablename__ = "petitioner"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    registration_id: Mapped[uuid.UUID]
    position: Mapped[int]
    is_representative: Mapped[bool]
    name_enc: Mapped[bytes]
    phone_enc: Mapped[bytes | None]
    address_enc: Mapped[bytes | None]
    #: Place of residence at town level (division code); null if not told.
    residence_code: Mapped[str | None]
    phone_index: Mapped[bytes | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "registration_id"], ["registration.city_id", "registration.id"]),
        Index("ix_petitioner_case", "city_id", "case_id"),
        Index("ix_petitioner_phone", "city_id", "phone_index", postgresql_where=text("phone_index is not null")),
    )


class Recusal(Model):
    """An officer's declared direct interest in a case (art. 28): bars the person like an accused one (INV-06)."""

    __tablename__ = "recusal"

    city_id: Mapped[int]
    case_id: Mapped[uuid.UUID]
    person_id: Mapped[int]
    at: Mapped[datetime]
    declared_by: Mapped[int]
    reason: Mapped[str]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "case_id", "person_id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
    )


class CaseRecord(Model):
    """Notices, opinions, advice, replies and handling records of a case: text that belongs to its content."""

    __tablename__ = "case_record"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    #: ACCEPTANCE_NOTICE, INQUIRY, HANDLING_OPINION …: see ``codes.RecordKind``.
    kind: Mapped[str]
    at: Mapped[datetime]
    person_id: Mapped[int]
    office_id: Mapped[int]
    order_id: Mapped[uuid.UUID | None]
    #: Outcome of an opinion (SUPPORTED, EXPLAINED, NOT_SUPPORTED) and the like; null if the kind has none.
    outcome: Mapped[str | None]
    #: Null for accusations, whose text is in ``text_enc``.
    text: Mapped[str | None]
    text_enc: Mapped[bytes | None]
    #: When it was served on the petitioner (an answer counts only when served, INV-14).
    served_at: Mapped[datetime | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        Index("ix_case_record_case", "city_id", "case_id", "at"),
    )


class CaseSearch(Model):
    """Two-character grams of title and claim of ordinary cases. Read only through ``app.search_cases``."""

    __tablename__ = "case_search"

    city_id: Mapped[int]
    case_id: Mapped[uuid.UUID]
    grams: Mapped[str] = mapped_column(TSVECTOR)

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "case_id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        Index("ix_case_search_grams", "grams", postgresql_using="gin"),
    )
