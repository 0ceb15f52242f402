"""Create matters, cases, custody, clocks and the ledger.

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "ledger_event",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "case_id", "seq", name=op.f("pk_ledger_event")),
    )
    op.create_table(
        "matter",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("place_code", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_matter")),
    )
    op.create_table(
        "timer",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_timer")),
        sa.UniqueConstraint("city_id", "case_id", "kind", "step", name=op.f("uq_timer_city_id_case_id_kind_step")),
    )
    op.create_index("ix_timer_due_at", "timer", ["due_at"], unique=False)
    op.create_table(
        "cases",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("proceeding", sa.Text(), server_default="HANDLING", nullable=False),
        sa.Column("preceding_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("petition_class", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("place_code", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("held_by_discipline", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("l1", sa.Integer(), server_default="0", nullable=False),
        sa.Column("l2", sa.Integer(), server_default="0", nullable=False),
        sa.Column("l3", sa.Integer(), server_default="0", nullable=False),
        sa.Column("l4", sa.Integer(), server_default="0", nullable=False),
        sa.Column("l5", sa.Integer(), server_default="0", nullable=False),
        sa.Column("l6", sa.Integer(), server_default="0", nullable=False),
        sa.Column("registering_office_id", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lead_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("granted", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("barred", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("accused_office_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("accused_person_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("group_size", sa.Integer(), server_default="1", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ledger_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("group_size between 1 and 1000000", name=op.f("ck_cases_group_size")),
        sa.ForeignKeyConstraint(
            ["city_id", "matter_id"], ["matter.city_id", "matter.id"], name=op.f("fk_cases_city_id_matter_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_cases")),
        sa.UniqueConstraint("city_id", "number", name=op.f("uq_cases_city_id_number")),
    )
    op.create_index(
        "ix_cases_assignee",
        "cases",
        ["assignee_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("assignee_id <> 0"),
    )
    op.create_index(
        "ix_cases_l1_due_open", "cases", ["l1", "due_at", "id"], unique=False, postgresql_where=sa.text("is_open")
    )
    op.create_index(
        "ix_cases_l1_registered",
        "cases",
        ["l1", sa.literal_column("registered_at desc"), sa.literal_column("id desc")],
        unique=False,
    )
    op.create_index(
        "ix_cases_l2_due_open", "cases", ["l2", "due_at", "id"], unique=False, postgresql_where=sa.text("is_open")
    )
    op.create_index(
        "ix_cases_l2_registered",
        "cases",
        ["l2", sa.literal_column("registered_at desc"), sa.literal_column("id desc")],
        unique=False,
    )
    op.create_index(
        "ix_cases_l3_due_open", "cases", ["l3", "due_at", "id"], unique=False, postgresql_where=sa.text("is_open")
    )
    op.create_index(
        "ix_cases_l3_registered",
        "cases",
        ["l3", sa.literal_column("registered_at desc"), sa.literal_column("id desc")],
        unique=False,
    )
    op.create_index(
        "ix_cases_l4_due_open", "cases", ["l4", "due_at", "id"], unique=False, postgresql_where=sa.text("is_open")
    )
    op.create_index(
        "ix_cases_l4_registered",
        "cases",
        ["l4", sa.literal_column("registered_at desc"), sa.literal_column("id desc")],
        unique=False,
    )
    op.create_index(
        "ix_cases_l5_due_open", "cases", ["l5", "due_at", "id"], unique=False, postgresql_where=sa.text("is_open")
    )
    op.create_index(
        "ix_cases_l5_registered",
        "cases",
        ["l5", sa.literal_column("registered_at desc"), sa.literal_column("id desc")],
        unique=False,
    )
    op.create_index(
        "ix_cases_l6_due_open", "cases", ["l6", "due_at", "id"], unique=False, postgresql_where=sa.text("is_open")
    )
    op.create_index(
        "ix_cases_l6_registered",
        "cases",
        ["l6", sa.literal_column("registered_at desc"), sa.literal_column("id desc")],
        unique=False,
    )
    op.create_index(
        "ix_cases_lead", "cases", ["lead_id", "due_at", "id"], unique=False, postgresql_where=sa.text("lead_id <> 0")
    )
    op.create_index(
        "ix_cases_accusation_waiting",
        "cases",
        ["id"],
        unique=False,
        postgresql_where=sa.text("is_open and petition_class = 'ACCUSATION' and not held_by_discipline"),
    )
    op.create_index("ix_cases_matter", "cases", ["city_id", "matter_id"], unique=False)
    op.create_table(
        "case_grant",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_case_grant_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "case_id", "office_id", "person_id", "kind", name=op.f("pk_case_grant")),
    )
    op.create_index("ix_case_grant_office", "case_grant", ["office_id", "kind", "case_id"], unique=False)
    op.create_table(
        "case_record",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("text_enc", sa.LargeBinary(), nullable=True),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_case_record_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_case_record")),
    )
    op.create_index("ix_case_record_case", "case_record", ["city_id", "case_id", "at"], unique=False)
    op.create_table(
        "case_search",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grams", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_case_search_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "case_id", name=op.f("pk_case_search")),
    )
    op.create_index("ix_case_search_grams", "case_search", ["grams"], unique=False, postgresql_using="gin")
    op.create_table(
        "clock_event",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_clock_event_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_clock_event")),
        sa.UniqueConstraint("city_id", "case_id", "seq", name=op.f("uq_clock_event_city_id_case_id_seq")),
    )
    op.create_table(
        "competence_decision",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("competent_office_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_competence_decision_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_competence_decision")),
    )
    op.create_index("ix_competence_decision_case", "competence_decision", ["city_id", "case_id", "at"], unique=False)
    op.create_table(
        "custody",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("follows_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(seq = 0) = (follows_at is null)", name=op.f("ck_custody_first")),
        sa.CheckConstraint("follows_at = from_at", name=op.f("ck_custody_contiguous")),
        sa.CheckConstraint("to_at > from_at", name=op.f("ck_custody_positive")),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id", "follows_at"],
            ["custody.city_id", "custody.case_id", "custody.to_at"],
            name="fk_custody_follows",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_custody_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "case_id", "seq", name=op.f("pk_custody")),
        sa.UniqueConstraint("city_id", "case_id", "follows_at", name=op.f("uq_custody_city_id_case_id_follows_at")),
        sa.UniqueConstraint("city_id", "case_id", "to_at", name=op.f("uq_custody_city_id_case_id_to_at")),
    )
    op.create_index("ix_custody_office_id", "custody", ["office_id", "case_id"], unique=False)
    op.create_index(
        "uq_custody_open", "custody", ["city_id", "case_id"], unique=True, postgresql_where=sa.text("to_at is null")
    )
    op.create_table(
        "custody_order",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("moves_custody", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("receiver_id", sa.Integer(), nullable=False),
        sa.Column("sent_by", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.Integer(), nullable=True),
        sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("instruction", sa.Text(), nullable=True),
        sa.Column("objection", sa.Text(), nullable=True),
        sa.Column("copied_office_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("report_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stage_before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_custody_order_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_custody_order")),
    )
    op.create_index("ix_custody_order_case", "custody_order", ["city_id", "case_id", "sent_at"], unique=False)
    op.create_index(
        "ix_custody_order_inbox",
        "custody_order",
        ["receiver_id", "sent_at", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('SENT', 'DELIVERED')"),
    )
    op.create_index(
        "uq_custody_order_live",
        "custody_order",
        ["city_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("moves_custody and state in ('SENT', 'DELIVERED')"),
    )
    op.create_table(
        "recusal",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_recusal_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "case_id", "person_id", name=op.f("pk_recusal")),
    )
    op.create_table(
        "registration",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("registrar_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("group_size", sa.Integer(), nullable=False),
        sa.Column("is_repeat", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_registration_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_registration")),
    )
    op.create_index("ix_registration_case", "registration", ["city_id", "case_id", "registered_at"], unique=False)
    op.create_table(
        "accusation_record",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("title_enc", sa.LargeBinary(), nullable=False),
        sa.Column("claim_enc", sa.LargeBinary(), nullable=False),
        sa.Column("name_consent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "registration_id"],
            ["registration.city_id", "registration.id"],
            name=op.f("fk_accusation_record_city_id_registration_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "registration_id", name=op.f("pk_accusation_record")),
    )
    op.create_index("ix_accusation_record_case", "accusation_record", ["city_id", "case_id"], unique=False)
    op.create_table(
        "petitioner",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_representative", sa.Boolean(), nullable=False),
        sa.Column("name_enc", sa.LargeBinary(), nullable=False),
        sa.Column("phone_enc", sa.LargeBinary(), nullable=True),
        sa.Column("address_enc", sa.LargeBinary(), nullable=True),
        sa.Column("residence_code", sa.Text(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "registration_id"],
            ["registration.city_id", "registration.id"],
            name=op.f("fk_petitioner_city_id_registration_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_petitioner")),
    )
    op.create_index("ix_petitioner_case", "petitioner", ["city_id", "case_id"], unique=False)
    op.create_index(
        "ix_petitioner_phone",
        "petitioner",
        ["city_id", "phone_index"],
        unique=False,
        postgresql_where=sa.text("phone_index is not null"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("petitioner")
    op.drop_table("accusation_record")
    op.drop_table("registration")
    op.drop_table("recusal")
    op.drop_table("custody_order")
    op.drop_table("custody")
    op.drop_table("competence_decision")
    op.drop_table("clock_event")
    op.drop_table("case_search")
    op.drop_table("case_record")
    op.drop_table("case_grant")
    op.drop_table("cases")
    op.drop_table("timer")
    op.drop_table("matter")
    op.drop_table("ledger_event")
