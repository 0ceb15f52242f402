"""Rule books, their versions and rows, and the reviews of guarded rows.

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: As `caseway policies rls` wrote them when this migration was made.
_LOCK = """
grant select, insert, update (name) on rule_book to caseway_app;
grant select, insert, update on rule_book_version to caseway_app;
alter table rule_book_version enable row level security;
alter table rule_book_version force row level security;
create policy rule_book_version_read on rule_book_version for select using (rule_book_version.state = 'PUBLISHED' or app.scopes() && array[0, 2000000000 + rule_book_version.office_id]);
create policy rule_book_version_add on rule_book_version for insert with check (app.scopes() @> array[0]);
create policy rule_book_version_change on rule_book_version for update using (rule_book_version.state <> 'PUBLISHED' and (rule_book_version.state = 'PUBLISHED' or app.scopes() && array[0, 2000000000 + rule_book_version.office_id])) with check (app.scopes() @> array[0]);
grant select, insert, delete on rule_row to caseway_app;
alter table rule_row enable row level security;
alter table rule_row force row level security;
create policy rule_row_read on rule_row for select using (exists (select from rule_book_version v where v.book_id = rule_row.book_id and v.number = rule_row.number offset 0));
create policy rule_row_add on rule_row for insert with check (app.scopes() @> array[0]);
create policy rule_row_remove on rule_row for delete using (exists (select from rule_book_version v where v.book_id = rule_row.book_id and v.number = rule_row.number and v.state <> 'PUBLISHED') and app.scopes() @> array[0]);
grant select, insert on rule_review to caseway_app;
alter table rule_review enable row level security;
alter table rule_review force row level security;
create policy rule_review_read on rule_review for select using (app.scopes() && array[0, 2000000000 + rule_review.office_id]);
create policy rule_review_add on rule_review for insert with check (app.scopes() @> array[0]);
grant select, insert, update (done_path, done_at) on rule_recheck to caseway_app;
alter table rule_recheck enable row level security;
alter table rule_recheck force row level security;
create policy rule_recheck_read on rule_recheck for select using (app.scopes() @> array[0]);
create policy rule_recheck_add on rule_recheck for insert with check (app.scopes() @> array[0]);
create policy rule_recheck_change on rule_recheck for update using (app.scopes() @> array[0]) with check (app.scopes() @> array[0]);
"""  # noqa: E501 - word for word, to be compared


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rule_book",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=True),
        sa.Column("jurisdiction", sa.Text(), server_default="", nullable=False),
        sa.Column("amends", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role in ('LAW', 'OFFICE')", name=op.f("ck_rule_book_role")),
        sa.CheckConstraint("(role = 'LAW') = (office_id is null)", name=op.f("ck_rule_book_owner")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_rule_book_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_book")),
        sa.UniqueConstraint("code", name=op.f("uq_rule_book_code")),
        sa.UniqueConstraint("office_id", name=op.f("uq_rule_book_office_id")),
    )
    op.create_index(
        "ix_rule_book_law", "rule_book", ["jurisdiction"], unique=False, postgresql_where=sa.text("role = 'LAW'")
    )
    op.create_table(
        "rule_recheck",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), server_default="", nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("done_path", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_recheck")),
        sa.UniqueConstraint("key", name=op.f("uq_rule_recheck_key")),
    )
    op.create_index(
        "ix_rule_recheck_open", "rule_recheck", ["id"], unique=False, postgresql_where=sa.text("done_at is null")
    )
    op.create_table(
        "rule_book_version",
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("about", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), server_default="0", nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposed_by", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Integer(), nullable=True),
        sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("discarded_by", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state in ('DRAFT', 'PROPOSED', 'PUBLISHED', 'DISCARDED')", name=op.f("ck_rule_book_version_state")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_rule_book_version_number")),
        sa.CheckConstraint(
            "state <> 'PUBLISHED' or (effective_from is not null and published_at is not null)",
            name=op.f("ck_rule_book_version_published"),
        ),
        sa.CheckConstraint(
            "state <> 'PROPOSED' or proposed_by is not null", name=op.f("ck_rule_book_version_proposed")
        ),
        sa.ForeignKeyConstraint(["book_id"], ["rule_book.id"], name=op.f("fk_rule_book_version_book_id")),
        sa.PrimaryKeyConstraint("book_id", "number", name=op.f("pk_rule_book_version")),
    )
    op.create_index("ix_rule_book_version_office_id", "rule_book_version", ["office_id"], unique=False)
    op.create_index(
        "uq_rule_book_version_undecided",
        "rule_book_version",
        ["book_id"],
        unique=True,
        postgresql_where=sa.text("state in ('DRAFT', 'PROPOSED')"),
    )
    op.create_table(
        "rule_review",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_office_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision in ('APPROVED', 'REFUSED')", name=op.f("ck_rule_review_decision")),
        sa.ForeignKeyConstraint(["book_id"], ["rule_book.id"], name=op.f("fk_rule_review_book_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_review")),
    )
    op.create_index("ix_rule_review_book_id_row_id", "rule_review", ["book_id", "row_id"], unique=False)
    op.create_table(
        "rule_row",
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("applies_to", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=True),
        sa.Column("guard", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("withheld", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("withheld_reason", sa.Text(), nullable=True),
        sa.Column("unresolved", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("clause", sa.Text(), nullable=True),
        sa.Column("edited_by", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["book_id", "number"],
            ["rule_book_version.book_id", "rule_book_version.number"],
            name=op.f("fk_rule_row_book_id_number"),
        ),
        sa.PrimaryKeyConstraint("book_id", "number", "row_id", name=op.f("pk_rule_row")),
    )
    for statement in filter(None, map(str.strip, _LOCK.split(";\n"))):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for table in ("rule_row", "rule_review", "rule_book_version", "rule_recheck", "rule_book"):
        op.drop_table(table)
