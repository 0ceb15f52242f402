"""Sessions of reception with their leaders, and declared resources.

Revision: 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: What requests may do: no case and no petitioner is in these tables, so their rows are open.
_GRANTS = {
    "reception_session": "select, insert, update",
    "reception_turn": "select, insert, update (present_id)",
    "resource_declaration": "select, insert",
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "reception_session",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), server_default="PLANNED", nullable=False),
        sa.Column("matters", sa.Integer(), server_default="0", nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_reception_session_ends_after_start")),
        sa.CheckConstraint("state in ('PLANNED', 'HELD', 'CANCELLED')", name=op.f("ck_reception_session_state")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_reception_session_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reception_session")),
    )
    op.create_index("ix_reception_session_office_id_day", "reception_session", ["office_id", "day", "id"], unique=False)
    op.create_table(
        "reception_turn",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("leader_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("present_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["leader_id"], ["person.id"], name=op.f("fk_reception_turn_leader_id")),
        sa.ForeignKeyConstraint(["present_id"], ["person.id"], name=op.f("fk_reception_turn_present_id")),
        sa.ForeignKeyConstraint(["session_id"], ["reception_session.id"], name=op.f("fk_reception_turn_session_id")),
        sa.PrimaryKeyConstraint("session_id", "leader_id", name=op.f("pk_reception_turn")),
    )
    op.create_table(
        "resource_declaration",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_resource_declaration_amount")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_resource_declaration_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_declaration")),
    )
    op.create_index(
        "ix_resource_declaration_office_id_item", "resource_declaration", ["office_id", "item", "id"], unique=False
    )
    for table, granted in _GRANTS.items():
        op.execute(f"grant {granted} on {table} to caseway_app")


def downgrade() -> None:
    """Undo."""
    for table in ("resource_declaration", "reception_turn", "reception_session"):
        op.drop_table(table)
