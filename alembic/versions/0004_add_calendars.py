"""Calendars: years, special days and local days.

Revision: 0004, after 0003. The days of the years 2004-2026 lie in the file beside this one, frozen.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_DAYS = Path(__file__).with_suffix(".csv")
_SOURCE = "as in chinesecalendar 1.11.0"
#: Titles and numbers of the notices that are known for certain; the others are only known to be in the source.
_NOTICES = {2026: "国务院办公厅关于2026年部分节假日安排的通知(国办发明电〔2025〕7号)"}
_KINDS = "kind in ('HOLIDAY', 'MAKE_UP_WORKDAY')"
_GRANTS = (
    "grant select, insert, update on calendar_year to caseway_app",
    "grant select, insert, delete on calendar_day to caseway_app",
    "grant select, insert, update (revoked_at, revoked_by) on local_day to caseway_app",
    "grant select, update on calendar_revision to caseway_app",
)


def upgrade() -> None:
    """Apply."""
    years = op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_by", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("year between 2000 and 2099", name=op.f("ck_calendar_year_year")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
    )
    days = op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("year = extract(year from day)", name=op.f("ck_calendar_day_year_of_day")),
        sa.CheckConstraint(_KINDS, name=op.f("ck_calendar_day_kind")),
        sa.ForeignKeyConstraint(["year"], ["calendar_year.year"], name=op.f("fk_calendar_day_year")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
    )
    op.create_index("ix_calendar_day_year", "calendar_day", ["year"], unique=False)
    op.create_table(
        "local_day",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_KINDS, name=op.f("ck_local_day_kind")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_local_day_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_day")),
    )
    op.create_index(
        "uq_local_day_live",
        "local_day",
        ["office_id", "day"],
        unique=True,
        postgresql_where=sa.text("revoked_at is null"),
    )
    op.create_table(
        "calendar_revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("followed", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_calendar_revision_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_revision")),
    )
    for grant in _GRANTS:
        op.execute(grant)
    _fill(years, days)
    op.execute("insert into calendar_revision (id, value) values (1, 0)")


def _fill(years: sa.Table, days: sa.Table) -> None:
    with _DAYS.open(encoding="utf-8", newline="") as lines:
        shipped = [
            {"day": date.fromisoformat(day), "year": int(day[:4]), "kind": kind, "name": name}
            for day, kind, name in csv.reader(lines)
        ]
    for year in sorted({each["year"] for each in shipped}):
        known = {"year": year, "notice": _NOTICES.get(year, _SOURCE), "source": _SOURCE, "loaded_by": 0}
        op.execute(sa.insert(years).values(**known, loaded_at=sa.func.now()))
    op.bulk_insert(days, shipped)


def downgrade() -> None:
    """Undo."""
    for table in ("calendar_revision", "local_day", "calendar_day", "calendar_year"):
        op.drop_table(table)
