"""Check-in: make-up cards, days that break no streak, reminders, and the rule for long streaks.

The rule is published in a new database; where members have checked in already it comes as a draft, because nobody
there has agreed to pay for it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from mall.db import Login
from mall.migrations.grants import grant, role

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

ID = sa.Text(collation="C")
TIMED = sa.DateTime(timezone=True)
KEY = "check-in-streak"
TITLE = {"zh": "连续签到里程碑", "en": "Check-in milestones"}
DOCUMENT = {
    "event": "streak.reached",
    "points": {"base": {"by": "streak", "equal": {"30": 50, "100": 200}}},
    "expiry": {"kind": "end_of_next_year"},
    "visibility": "public",
}


def upgrade() -> None:
    op.add_column("check_ins", sa.Column("repaired", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _create_cards()
    op.create_table(
        "check_in_settings",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("card_price_points", sa.BigInteger(), nullable=True),
        sa.Column("repair_days", sa.SmallInteger(), nullable=False),
        sa.Column("most_cards", sa.SmallInteger(), nullable=False),
        sa.Column("card_every_days", sa.SmallInteger(), nullable=True),
        sa.Column("repaired_day_pays", sa.Boolean(), nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("card_price_points BETWEEN 1 AND 1000000", name="card_price_points"),
        sa.CheckConstraint("repair_days BETWEEN 1 AND 31", name="repair_days"),
        sa.CheckConstraint("most_cards BETWEEN 1 AND 31", name="most_cards"),
        sa.CheckConstraint("card_every_days BETWEEN 1 AND 1000", name="card_every_days"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in_settings")),
    )
    op.execute("INSERT INTO check_in_settings VALUES (1, 50, 7, 3, 30, false)")
    op.create_table(
        "frozen_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_by", ID, nullable=False),
        sa.Column("added_at", TIMED, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_frozen_days")),
    )
    op.create_table(
        "check_in_reminders",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_check_in_reminders")),
    )
    op.create_index("ix_check_in_reminders_hour", "check_in_reminders", ["hour"])
    grant(op, "make_up_cards", EARNING="SELECT, INSERT, UPDATE", BACKOFFICE="SELECT, INSERT")
    grant(op, "check_in_settings", EARNING="SELECT", BACKOFFICE="SELECT, UPDATE")
    grant(op, "frozen_days", EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, DELETE")
    grant(
        op, "check_in_reminders", EARNING="SELECT, INSERT, UPDATE, DELETE", REDEMPTION="SELECT, DELETE",
        BACKOFFICE="SELECT, UPDATE",
    )  # fmt: skip
    grant(op, "check_ins", BACKOFFICE="UPDATE")
    _write_the_rule()


def _create_cards() -> None:
    op.create_table(
        "make_up_cards",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("price_points", sa.BigInteger(), nullable=True),
        sa.Column("earned_day", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("given_by", ID, nullable=True),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("used_at", TIMED, nullable=True),
        sa.Column("used_day", sa.Date(), nullable=True),
        sa.CheckConstraint("origin IN ('streak', 'bought', 'staff')", name="origin"),
        sa.CheckConstraint("(used_at IS NULL) = (used_day IS NULL)", name="used"),
        sa.CheckConstraint("(origin = 'streak') = (earned_day IS NOT NULL)", name="earned"),
        sa.CheckConstraint("(origin = 'bought') = (price_points IS NOT NULL)", name="price"),
        sa.CheckConstraint("(origin = 'staff') = (reason IS NOT NULL AND given_by IS NOT NULL)", name="given"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_make_up_cards")),
    )
    unused = sa.text("used_at IS NULL")
    op.create_index("ix_make_up_cards_unused", "make_up_cards", ["member_id", "id"], postgresql_where=unused)
    op.create_index("uq_make_up_cards_used_day", "make_up_cards", ["member_id", "used_day"], unique=True)
    op.create_index("uq_make_up_cards_earned_day", "make_up_cards", ["member_id", "earned_day"], unique=True)


def _write_the_rule() -> None:
    connection, now = op.get_bind(), datetime.now(UTC)
    fresh = connection.execute(sa.text("SELECT NOT EXISTS (SELECT FROM check_ins)")).scalar_one()
    values = {
        "key": KEY, "title": json.dumps(TITLE), "document": json.dumps(DOCUMENT), "now": now,
        "state": "published" if fresh else "draft", "published": now if fresh else None,
    }  # fmt: skip
    connection.execute(
        sa.text("INSERT INTO earning_rules (key, title, created_at) VALUES (:key, CAST(:title AS jsonb), :now)"), values
    )
    connection.execute(
        sa.text(
            "INSERT INTO earning_rule_versions (rule_key, version, document, state, created_by, created_at, "
            "published_at) VALUES (:key, 1, CAST(:document AS jsonb), :state, 'system', :now, :published)"
        ),
        values,
    )


def downgrade() -> None:
    op.execute(f"DELETE FROM rule_backtests WHERE rule_key = '{KEY}'")
    op.execute(f"DELETE FROM earning_rule_versions WHERE rule_key = '{KEY}'")
    op.execute(f"DELETE FROM earning_rules WHERE key = '{KEY}'")
    for table in ("check_in_reminders", "frozen_days", "check_in_settings", "make_up_cards"):
        op.drop_table(table)
    op.execute(f"REVOKE UPDATE ON check_ins FROM {role(Login.BACKOFFICE)}")
    op.drop_column("check_ins", "repaired")
