"""Escalations and their hand-backs.

Revision: 0008, after 0007.
Rules: works while the previous release still runs; take-ups that are under way, or by which the present holder came to
a case, are kept as escalations too, so that they have a way back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: As `caseway policies rls` wrote them when this migration was made.
_LOCK = """
grant select, insert, update on escalation to caseway_app;
alter table escalation enable row level security;
alter table escalation force row level security;
create policy escalation_read on escalation for select using (exists (select from cases c where c.city_id = escalation.city_id and c.id = escalation.case_id offset 0));
create policy escalation_add on escalation for insert with check (app.scopes() @> array[0]);
create policy escalation_change on escalation for update using (exists (select from cases c where c.city_id = escalation.city_id and c.id = escalation.case_id offset 0)) with check (app.scopes() @> array[0]);
"""  # noqa: E501 - word for word, to be compared

#: Take-ups of the releases before, which their orders alone knew.
_TAKE_UPS = """
set local app.scopes = '{0}';
insert into escalation (city_id, id, case_id, rule_name, rules_office_id, rules_on, rung, to_code, gives, state,
  occurrence, is_automatic, applied_by, raised_by, from_office_id, to_office_id, order_id, raised_at, taken_at)
select o.city_id, gen_random_uuid(), o.case_id, '', o.sender_id, (o.sent_at at time zone 'Asia/Shanghai')::date, 0,
  'SUPERIOR', 'TAKE_UP', case o.state when 'SIGNED' then 'TAKEN' else 'RAISED' end,
  o.id::text, false, o.sent_by, o.sent_by, o.sender_id, o.receiver_id, o.id, o.sent_at, o.signed_at
from custody_order o join cases c on c.city_id = o.city_id and c.id = o.case_id
where o.kind = 'TAKE_UP' and c.is_open and c.petition_class <> 'ACCUSATION'
  and (o.state in ('SENT', 'DELIVERED') or o.state = 'SIGNED' and exists (
    select from custody u
    where u.city_id = o.city_id and u.case_id = o.case_id and u.order_id = o.id and u.to_at is null));
set local app.scopes = '';
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "escalation",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("rule_name", sa.Text(), nullable=False),
        sa.Column("rule_book", sa.Text(), nullable=True),
        sa.Column("rule_version", sa.Integer(), nullable=True),
        sa.Column("rule_row", sa.Text(), nullable=True),
        sa.Column("rules_office_id", sa.Integer(), nullable=False),
        sa.Column("rules_on", sa.Date(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("to_code", sa.Text(), nullable=False),
        sa.Column("gives", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("counted", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("triggers", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("conditions", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("applied_by", sa.Integer(), nullable=False),
        sa.Column("raised_by", sa.Integer(), nullable=True),
        sa.Column("from_office_id", sa.Integer(), nullable=False),
        sa.Column("to_office_id", sa.Integer(), nullable=True),
        sa.Column("answer_limit", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("back_order_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("tried", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("points", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("gives in ('INFORM', 'SUPERVISE', 'ADVISE', 'TAKE_UP')", name=op.f("ck_escalation_gives")),
        sa.CheckConstraint(
            "state in ('PROPOSED', 'RAISED', 'TAKEN', 'ANSWERED', 'REFUSED', 'HANDED_BACK', 'CLOSED', 'RECALLED')",
            name=op.f("ck_escalation_state"),
        ),
        sa.CheckConstraint(
            "state not in ('RAISED', 'TAKEN', 'HANDED_BACK') or raised_at is not null",
            name=op.f("ck_escalation_raised"),
        ),
        sa.CheckConstraint(
            "(state in ('PROPOSED', 'RAISED', 'TAKEN', 'HANDED_BACK')) = (ended_at is null)",
            name=op.f("ck_escalation_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_escalation_city_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "order_id"],
            ["custody_order.city_id", "custody_order.id"],
            name=op.f("fk_escalation_city_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "back_order_id"],
            ["custody_order.city_id", "custody_order.id"],
            name=op.f("fk_escalation_city_id_back_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "parent_id"],
            ["escalation.city_id", "escalation.id"],
            name=op.f("fk_escalation_city_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["rules_office_id"], ["office.id"], name=op.f("fk_escalation_rules_office_id")),
        sa.ForeignKeyConstraint(["from_office_id"], ["office.id"], name=op.f("fk_escalation_from_office_id")),
        sa.ForeignKeyConstraint(["to_office_id"], ["office.id"], name=op.f("fk_escalation_to_office_id")),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_escalation")),
        sa.UniqueConstraint(
            "city_id",
            "case_id",
            "rule_name",
            "rung",
            "occurrence",
            name=op.f("uq_escalation_city_id_case_id_rule_name_rung_occurrence"),
        ),
    )
    op.create_index("ix_escalation_case", "escalation", ["city_id", "case_id", "raised_at"], unique=False)
    op.create_index(
        "ix_escalation_to_office",
        "escalation",
        ["to_office_id", "raised_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.execute(_LOCK)
    op.execute(_TAKE_UPS)


def downgrade() -> None:
    """Undo."""
    op.drop_table("escalation")
