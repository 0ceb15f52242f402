"""Statistics: events that wait to be counted, how far each case is counted, roll-ups and what is behind them.

Every case that there is already waits to be counted. The previous release leaves no word of what it does meanwhile: run
``caseway statistics rebuild`` once it has ended.

Revision: 0015, after 0014.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_CASES = (["city_id", "case_id"], ["cases.city_id", "cases.id"])
_LEVELS = [f"l{depth}" for depth in range(1, 7)]
_LOCK = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
#: What is outside the scope of nobody: the platform's own.
_FILL = """
select set_config('app.scopes', '{0}', true);
insert into stat_delta (city_id, case_id, seq, at) select city_id, id, version, changed_at from cases;
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "stat_delta",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(*_CASES, name=op.f("fk_stat_delta_city_id_case_id_cases")),
        sa.PrimaryKeyConstraint("city_id", "case_id", "seq", name=op.f("pk_stat_delta")),
    )
    op.create_index("ix_stat_delta_at", "stat_delta", ["at"])
    op.create_table(
        "stat_case",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(*_CASES, name=op.f("fk_stat_case_city_id_case_id_cases")),
        sa.PrimaryKeyConstraint("city_id", "case_id", name=op.f("pk_stat_case")),
    )
    op.create_table(
        "stat_cell",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("via_id", sa.Integer(), nullable=False),
        sa.Column("grain", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("petition_class", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "city_id", "office_id", "grain", "what", "day", "known_on", "via_id",
            "petition_class", "channel", "field", "stage",
            name=op.f("pk_stat_cell"),
        ),
    )  # fmt: skip
    op.create_index("ix_stat_cell_day", "stat_cell", ["office_id", "grain", "what", "day"])
    op.create_index("ix_stat_cell_known", "stat_cell", ["office_id", "grain", "what", "known_on"])
    op.create_table(
        "stat_mark",
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _LEVELS),
        sa.ForeignKeyConstraint(*_CASES, name=op.f("fk_stat_mark_city_id_case_id_cases")),
        sa.PrimaryKeyConstraint("city_id", "case_id", "what", "seq", name=op.f("pk_stat_mark")),
    )
    op.create_index("ix_stat_mark_area", "stat_mark", ["what", "day", *_LEVELS, "case_id"])
    op.create_table(
        "stat_check",
        sa.Column("city_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_stat_check")),
    )
    op.execute(_FILL)
    for statement in _LOCK.split(";\n"):
        if statement.strip():
            op.execute(statement)
    # Cases whose complaint bars an office or a person: what they add is left out of the numbers that these are told.
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_cases_barred",
            "cases",
            ["barred"],
            postgresql_using="gin",
            postgresql_where=sa.text("barred <> '{}'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.drop_index("ix_cases_barred", "cases", postgresql_concurrently=True, if_exists=True)
    for table in ("stat_check", "stat_mark", "stat_cell", "stat_case", "stat_delta"):
        op.drop_table(table)
