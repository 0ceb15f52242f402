"""Why supervisions were opened, accountability reviews, duties to report; linked leaders and responsibility lists.

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: As `caseway policies rls` wrote them when this migration was made.
_LOCK = """
grant select, insert on responsibility_list to caseway_app;
alter table responsibility_list enable row level security;
alter table responsibility_list force row level security;
create policy responsibility_list_read on responsibility_list for select using (exists (select from cases c where c.city_id = responsibility_list.city_id and c.id = responsibility_list.case_id offset 0));
create policy responsibility_list_add on responsibility_list for insert with check (app.scopes() @> array[0]);
grant select, insert on supervision to caseway_app;
alter table supervision enable row level security;
alter table supervision force row level security;
create policy supervision_read on supervision for select using (exists (select from cases c where c.city_id = supervision.city_id and c.id = supervision.case_id offset 0));
create policy supervision_add on supervision for insert with check (app.scopes() @> array[0]);
grant select, insert on accountability_evidence to caseway_app;
alter table accountability_evidence enable row level security;
alter table accountability_evidence force row level security;
create policy accountability_evidence_read on accountability_evidence for select using (exists (select from cases c where c.city_id = accountability_evidence.city_id and c.id = accountability_evidence.case_id offset 0));
create policy accountability_evidence_add on accountability_evidence for insert with check (app.scopes() @> array[0]);
grant select, insert, update (filed_at, filed_by, body) on report_duty to caseway_app;
alter table report_duty enable row level security;
alter table report_duty force row level security;
create policy report_duty_read on report_duty for select using (exists (select from cases c where c.city_id = report_duty.city_id and c.id = report_duty.case_id offset 0));
create policy report_duty_add on report_duty for insert with check (app.scopes() @> array[0]);
create policy report_duty_change on report_duty for update using (exists (select from cases c where c.city_id = report_duty.city_id and c.id = report_duty.case_id offset 0)) with check (app.scopes() @> array[0]);
grant select, insert, update (state, decided_at, decided_by, decision) on accountability_review to caseway_app;
alter table accountability_review enable row level security;
alter table accountability_review force row level security;
create policy accountability_review_read on accountability_review for select using (app.scopes() @> array[0] or exists (select from office o where o.id = accountability_review.office_id and array[o.id, 1000000000 + o.l1, 1000000000 + o.l2, 1000000000 + o.l3, 1000000000 + o.l4, 1000000000 + o.l5, 1000000000 + o.l6] && app.scopes() offset 0));
create policy accountability_review_add on accountability_review for insert with check (app.scopes() @> array[0]);
create policy accountability_review_change on accountability_review for update using (app.scopes() @> array[0] or exists (select from office o where o.id = accountability_review.office_id and array[o.id, 1000000000 + o.l1, 1000000000 + o.l2, 1000000000 + o.l3, 1000000000 + o.l4, 1000000000 + o.l5, 1000000000 + o.l6] && app.scopes() offset 0)) with check (app.scopes() @> array[0]);
grant select, insert on report_filing to caseway_app;
alter table report_filing enable row level security;
alter table report_filing force row level security;
create policy report_filing_read on report_filing for select using (app.scopes() @> array[0] or exists (select from office o where o.id = report_filing.office_id and array[o.id, 1000000000 + o.l1, 1000000000 + o.l2, 1000000000 + o.l3, 1000000000 + o.l4, 1000000000 + o.l5, 1000000000 + o.l6] && app.scopes() offset 0));
create policy report_filing_add on report_filing for insert with check (app.scopes() @> array[0]);
grant select, insert, update (valid_to) on liaison_link to caseway_app;
"""  # noqa: E501 - word for word, to be compared

#: Supervisions of the releases before, which their orders alone knew.
_ORDERED = """
set local app.scopes = '{0}';
insert into supervision (city_id, order_id, case_id, office_id, subject_office_id, trigger, opened_at)
select city_id, id, case_id, sender_id, receiver_id, 'ORDERED', sent_at from custody_order where kind = 'SUPERVISE';
set local app.scopes = '';
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "liaison_link",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["office.id"], name=op.f("fk_liaison_link_area_id")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_liaison_link_office_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_liaison_link_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liaison_link")),
    )
    op.create_index("ix_liaison_link_area_id", "liaison_link", ["area_id", "valid_from", "id"], unique=False)
    op.create_index("ix_liaison_link_office_id", "liaison_link", ["office_id", "valid_from", "id"], unique=False)
    op.create_index(
        "uq_liaison_link_open",
        "liaison_link",
        ["person_id", "office_id", "area_id"],
        unique=True,
        postgresql_where=sa.text("valid_to is null"),
    )
    op.create_table(
        "responsibility_list",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("solving_office_id", sa.Integer(), nullable=False),
        sa.Column("lead_person_id", sa.Integer(), nullable=False),
        sa.Column("handler_person_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("linked_person_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_book", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("rule_row", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_responsibility_list_city_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "order_id"],
            ["custody_order.city_id", "custody_order.id"],
            name=op.f("fk_responsibility_list_city_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_responsibility_list")),
    )
    op.create_index(
        "ix_responsibility_list_area_id",
        "responsibility_list",
        ["area_id"],
        unique=False,
        postgresql_where=sa.text("area_id is not null"),
    )
    op.create_index(
        "ix_responsibility_list_case", "responsibility_list", ["city_id", "case_id", "delivered_at"], unique=False
    )
    op.create_table(
        "supervision",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("subject_office_id", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=True),
        sa.Column("clock_kind", sa.Text(), nullable=True),
        sa.Column("layer", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_code", sa.Text(), nullable=True),
        sa.Column("rule_book", sa.Text(), nullable=True),
        sa.Column("rule_version", sa.Integer(), nullable=True),
        sa.Column("rule_row", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(trigger = 'ORDERED') = (clock_id is null) and (clock_id is null) = (rule_row is null)",
            name=op.f("ck_supervision_cause"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_supervision_city_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "order_id"],
            ["custody_order.city_id", "custody_order.id"],
            name=op.f("fk_supervision_city_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "order_id", name=op.f("pk_supervision")),
        sa.UniqueConstraint(
            "city_id", "case_id", "clock_id", "by_code", name=op.f("uq_supervision_city_id_case_id_clock_id_by_code")
        ),
    )
    op.create_index("ix_supervision_office_id", "supervision", ["office_id", "opened_at", "order_id"], unique=False)
    op.create_table(
        "accountability_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("subject_office_id", sa.Integer(), nullable=False),
        sa.Column("subject_rank", sa.Text(), nullable=True),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("rule_book", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("rule_row", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="OPEN", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'OPEN') = (decided_at is null)", name=op.f("ck_accountability_review_decided")),
        sa.CheckConstraint("state in ('OPEN', 'DECIDED', 'DISMISSED')", name=op.f("ck_accountability_review_state")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_accountability_review_office_id")),
        sa.ForeignKeyConstraint(
            ["subject_office_id"], ["office.id"], name=op.f("fk_accountability_review_subject_office_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accountability_review")),
        sa.UniqueConstraint("occurrence", name=op.f("uq_accountability_review_occurrence")),
    )
    op.create_index(
        "ix_accountability_review_office_id",
        "accountability_review",
        ["office_id", sa.literal_column("opened_at desc"), sa.literal_column("id desc")],
        unique=False,
    )
    op.create_table(
        "accountability_evidence",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"],
            ["cases.city_id", "cases.id"],
            name=op.f("fk_accountability_evidence_city_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["accountability_review.id"], name=op.f("fk_accountability_evidence_review_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "case_id", "review_id", name=op.f("pk_accountability_evidence")),
    )
    op.create_index("ix_accountability_evidence_review_id", "accountability_evidence", ["review_id"], unique=False)
    op.create_table(
        "report_filing",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("rule_book", sa.Text(), nullable=False),
        sa.Column("rule_row", sa.Text(), nullable=False),
        sa.Column("period_on", sa.Date(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_by", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_report_filing_office_id")),
        sa.PrimaryKeyConstraint("office_id", "rule_book", "rule_row", "period_on", name=op.f("pk_report_filing")),
    )
    op.create_table(
        "report_duty",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rule_book", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("rule_row", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_by", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_report_duty_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_report_duty")),
        sa.UniqueConstraint(
            "city_id", "case_id", "office_id", "rule_book", "rule_row", "occurrence", name="uq_report_duty_occurrence"
        ),
    )
    op.create_index("ix_report_duty_office_id", "report_duty", ["office_id", "opened_at", "id"], unique=False)
    op.execute(_LOCK)
    op.execute(_ORDERED)


def downgrade() -> None:
    """Undo."""
    op.drop_table("report_duty")
    op.drop_table("report_filing")
    op.drop_table("accountability_evidence")
    op.drop_table("accountability_review")
    op.drop_table("supervision")
    op.drop_table("responsibility_list")
    op.drop_table("liaison_link")
