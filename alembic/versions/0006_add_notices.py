"""The outbox, notices of offices, and tasks of administrators.

Revision: 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: As `caseway policies rls` wrote them when this migration was made.
_LOCK = """
grant select, insert, update, delete on outbox to caseway_app;
alter table outbox enable row level security;
alter table outbox force row level security;
create policy outbox_read on outbox for select using (app.scopes() @> array[0]);
create policy outbox_add on outbox for insert with check (app.scopes() @> array[0]);
create policy outbox_change on outbox for update using (app.scopes() @> array[0]) with check (app.scopes() @> array[0]);
create policy outbox_remove on outbox for delete using (app.scopes() @> array[0]);
grant select, insert, update (read_at, read_by), delete on office_notice to caseway_app;
alter table office_notice enable row level security;
alter table office_notice force row level security;
create policy office_notice_read on office_notice for select using (app.scopes() && array[0, office_notice.office_id] and (office_notice.case_id is null or exists (select from cases c where c.city_id = office_notice.city_id and c.id = office_notice.case_id offset 0)));
create policy office_notice_add on office_notice for insert with check (app.scopes() @> array[0]);
create policy office_notice_change on office_notice for update using (app.scopes() && array[0, office_notice.office_id] and (office_notice.case_id is null or exists (select from cases c where c.city_id = office_notice.city_id and c.id = office_notice.case_id offset 0))) with check (app.scopes() @> array[0]);
create policy office_notice_remove on office_notice for delete using (app.scopes() @> array[0]);
grant select, insert, update (closed_at, closed_by) on admin_task to caseway_app;
"""  # noqa: E501 - word for word, to be compared


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "outbox",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_outbox_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "city_id", "key", "office_id", "channel", name=op.f("uq_outbox_city_id_key_office_id_channel")
        ),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"], unique=False, postgresql_where=sa.text("sent_at is null"))
    op.create_index(
        "ix_outbox_sent_at", "outbox", ["sent_at"], unique=False, postgresql_where=sa.text("sent_at is not null")
    )
    op.create_table(
        "office_notice",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "case_id"], ["cases.city_id", "cases.id"], name=op.f("fk_office_notice_city_id_case_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_office_notice")),
    )
    op.create_index("ix_office_notice_office_id_at", "office_notice", ["office_id", "at", "id"], unique=False)
    op.create_index(
        "ix_office_notice_unread",
        "office_notice",
        ["office_id", "at", "id"],
        unique=False,
        postgresql_where=sa.text("read_at is null"),
    )
    op.create_index(
        "ix_office_notice_read_at",
        "office_notice",
        ["read_at"],
        unique=False,
        postgresql_where=sa.text("read_at is not null"),
    )
    op.create_table(
        "admin_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_task")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_admin_task_kind_key")),
    )
    op.create_index("ix_admin_task_office_id_opened_at", "admin_task", ["office_id", "opened_at", "id"], unique=False)
    op.execute(_LOCK)


def downgrade() -> None:
    """Undo."""
    op.drop_table("admin_task")
    op.drop_table("office_notice")
    op.drop_table("outbox")
