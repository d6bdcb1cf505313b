"""Rule versions on their way: who drafted, submitted, approved and published; the owner's thresholds; back-tests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
VERSIONS = "earning_rule_versions"
NOW = "'draft', 'submitted', 'approved', 'published', 'retired', 'discarded'"
BEFORE = "'draft', 'published', 'retired'"


def upgrade() -> None:
    op.add_column(VERSIONS, sa.Column("revision", sa.Integer, nullable=False, server_default=sa.text("1")))
    op.add_column(VERSIONS, sa.Column("based_on", sa.Integer))
    op.add_column(VERSIONS, sa.Column("authors", ARRAY(IdText), nullable=False, server_default=sa.text("'{}'")))
    for deed in ("submitted", "approved", "published", "retired"):
        op.add_column(VERSIONS, sa.Column(f"{deed}_by", IdText))
    op.add_column(VERSIONS, sa.Column("submitted_at", TIMED))
    op.add_column(VERSIONS, sa.Column("approved_at", TIMED))
    op.add_column(VERSIONS, sa.Column("rejection", sa.Text))
    op.drop_constraint(op.f("ck_earning_rule_versions_state"), VERSIONS)
    op.create_check_constraint("state", VERSIONS, f"state IN ({NOW})")
    _create_controls()
    _create_backtests()


def _create_controls() -> None:
    op.create_table(
        "rule_controls",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("approve_above_award_points", sa.BigInteger),
        sa.Column("approve_above_minted_points", sa.BigInteger),
        sa.Column("backtest_budget_points", sa.BigInteger),
        sa.Column("backtest_required", sa.Boolean, nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.execute("INSERT INTO rule_controls VALUES (1, 1000, 100000, NULL, false)")
    grant(op, "rule_controls", EARNING="SELECT", BACKOFFICE="SELECT, UPDATE")


def _create_backtests() -> None:
    op.create_table(
        "rule_backtests",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("rule_key", IdText, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("window_from", TIMED, nullable=False),
        sa.Column("window_until", TIMED, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("rows_done", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("rows_total", sa.BigInteger),
        sa.Column("minted_points", sa.BigInteger),
        sa.Column("over_budget", sa.Boolean),
        sa.Column("result", JSONB(none_as_null=True)),
        sa.Column("error", sa.Text),
        sa.Column("started_by", IdText, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("started_at", TIMED),
        sa.Column("seen_at", TIMED),
        sa.Column("finished_at", TIMED),
        sa.ForeignKeyConstraint(["rule_key", "version"], [f"{VERSIONS}.rule_key", f"{VERSIONS}.version"],
                                name="fk_rule_backtests_rule_key"),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
        sa.CheckConstraint("window_from < window_until", name="window"),
    )  # fmt: skip
    op.create_index("ix_rule_backtests_rule_key_version", "rule_backtests", ["rule_key", "version", "id"])
    op.create_index(
        "ix_rule_backtests_open", "rule_backtests", ["id"], postgresql_where=sa.text("state IN ('queued', 'running')")
    )
    grant(op, "rule_backtests", EARNING="SELECT, UPDATE", BACKOFFICE="SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("rule_backtests")
    op.drop_table("rule_controls")
    op.execute(f"UPDATE {VERSIONS} SET state = 'draft' WHERE state IN ('submitted', 'approved', 'discarded')")
    op.drop_constraint(op.f("ck_earning_rule_versions_state"), VERSIONS)
    op.create_check_constraint("state", VERSIONS, f"state IN ({BEFORE})")
    added = ("revision", "based_on", "authors", "submitted_by", "approved_by", "published_by", "retired_by")
    for name in (*added, "submitted_at", "approved_at", "rejection"):
        op.drop_column(VERSIONS, name)
