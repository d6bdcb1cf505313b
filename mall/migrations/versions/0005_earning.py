"""Earning: rules and their versions, sources, credit events, cases, awards, caps, claim codes, standings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SOURCES = {"schema": "sources"}
TIMED = sa.DateTime(timezone=True)
RULE_TABLES = ("earning_rules", "earning_rule_versions", "credit_labels", "rule_revision")
SOURCE_TABLES = (
    "source_members", "credit_events", "cases", "awards", "cap_usage", "claim_batches", "claim_codes", "claim_misses",
)  # fmt: skip


CHARTER: dict[str, tuple[str, str, dict[str, Any]]] = {
    "tip-outcome": (
        "线索成果",
        "Tip outcome",
        {
            "event": "tip.outcome",
            "points": {
                "base": {
                    "by": "stage",
                    "equal": {
                        "received": 2,
                        "adopted": 20,
                        "solved": 100,
                        "rejected": 0,
                        "overturned": 0,
                        "malicious": -50,
                    },
                },
                "multipliers": [
                    {"by": "grade", "equal": {"0": "1", "1": "1.2", "2": "1.5", "3": "2", "4": "2.5", "5": "3"}},
                    {"percent_of": "share"},
                ],
            },
            "visibility": "confidential",
        },
    ),
    "daily-check-in": (
        "每日签到",
        "Daily check-in",
        {
            "event": "check.in",
            "points": {"base": {"by": "streak_day", "at_least": [[1, 5], [7, 30]]}},
            "visibility": "public",
        },
    ),
    "member-login": (
        "每日登录",
        "Daily login",
        {"event": "member.login", "points": {"base": {"fixed": 1}}, "visibility": "public"},
    ),
    "quiz-result": (
        "答题成绩",
        "Quiz result",
        {
            "event": "quiz.result",
            "points": {"base": {"by": "percent", "at_least": [[0, 0], [60, 10], [80, 20], [100, 30]]}},
            "visibility": "public",
        },
    ),
    "activity-attended": (
        "参加活动",
        "Activity attended",
        {"event": "activity.attended", "points": {"base": {"fixed": 10}}, "visibility": "public"},
    ),
    "points-credit": (
        "积分发放",
        "Points credited",
        {"event": "points.credit", "points": {"base": {"fact": "points"}}, "visibility": "confidential"},
    ),
}
LABELS = {"bonus": ("奖励", "Bonus"), "thanks": ("感谢", "Thanks"), "correction": ("更正", "Correction")}


def _column(name: str, kind: object, *, key: bool = False, nullable: bool = False) -> sa.Column:
    if key:
        return sa.Column(name, kind, primary_key=True, autoincrement=False)
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    _create_rules()
    _create_events()
    _create_caps_and_claims()
    op.create_table("standings", _column("member_id", IdText, key=True), _column("public_points", sa.BigInteger))
    op.create_table(
        "check_ins",
        _column("member_id", IdText, key=True),
        _column("day", sa.Date, key=True),
        _column("streak", sa.Integer),
        _column("points", sa.BigInteger),
    )
    for name in RULE_TABLES:
        grant(op, name, EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    for name in SOURCE_TABLES:
        grant(op, f"sources.{name}", EARNING="SELECT, INSERT, UPDATE")
    grant(op, "sources.claim_codes", EARNING="DELETE")
    for name in ("standings", "check_ins"):
        grant(op, name, EARNING="SELECT, INSERT, UPDATE", REDEMPTION="SELECT", BACKOFFICE="SELECT")
    _publish_the_charter()


def _publish_the_charter() -> None:
    """The default rules as they were when this migration was written; version 1 reaches back without limit."""
    connection, now = op.get_bind(), datetime.now(UTC)
    for key, (zh, en, document) in CHARTER.items():
        full = {**document, "expiry": {"kind": "end_of_next_year"}}
        values = {"key": key, "title": json.dumps({"zh": zh, "en": en}), "document": json.dumps(full), "now": now}
        connection.execute(
            sa.text("INSERT INTO earning_rules (key, title, created_at) VALUES (:key, CAST(:title AS jsonb), :now)"),
            values,
        )
        connection.execute(
            sa.text(
                "INSERT INTO earning_rule_versions (rule_key, version, document, state, created_by, created_at, "
                "published_at) VALUES (:key, 1, CAST(:document AS jsonb), 'published', 'system', :now, :now)"
            ),
            values,
        )
    for code, (zh, en) in LABELS.items():
        connection.execute(
            sa.text("INSERT INTO credit_labels (code, name) VALUES (:code, CAST(:name AS jsonb))"),
            {"code": code, "name": json.dumps({"zh": zh, "en": en})},
        )
    connection.execute(sa.text("INSERT INTO rule_revision (id, token) VALUES (1, 'rev_0')"))


def _create_rules() -> None:
    op.create_table(
        "earning_rules",
        _column("key", IdText, key=True),
        _column("title", JSONB),
        _column("created_at", TIMED),
    )
    op.create_table(
        "earning_rule_versions",
        sa.Column("rule_key", IdText, sa.ForeignKey("earning_rules.key"), primary_key=True),
        _column("version", sa.Integer, key=True),
        _column("document", JSONB),
        _column("state", sa.Text),
        _column("effective_from", TIMED, nullable=True),
        _column("effective_until", TIMED, nullable=True),
        _column("created_by", IdText),
        _column("created_at", TIMED),
        _column("published_at", TIMED, nullable=True),
        sa.CheckConstraint("version > 0", name="version_positive"),
        sa.CheckConstraint("state IN ('draft', 'published', 'retired')", name="state"),
    )
    op.create_table(
        "credit_labels",
        _column("code", IdText, key=True),
        _column("name", JSONB),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.text("true")),
    )
    op.create_table(
        "rule_revision",
        _column("id", sa.SmallInteger, key=True),
        _column("token", IdText),
        sa.CheckConstraint("id = 1", name="one_row"),
    )


def _create_events() -> None:
    op.create_table(
        "source_members",
        _column("member_hash", sa.LargeBinary, key=True),
        _column("source_id", IdText),
        _column("member_id", IdText),
        _column("box", sa.LargeBinary),
        _column("created_at", TIMED),
        **SOURCES,
    )
    op.create_index("ix_source_members_member_id", "source_members", ["member_id"], **SOURCES)
    op.create_table(
        "credit_events",
        _column("event_key", sa.LargeBinary, key=True),
        _column("source_id", IdText),
        _column("fingerprint", sa.LargeBinary),
        _column("box", sa.LargeBinary),
        _column("member_id", IdText),
        _column("case_key", sa.LargeBinary),
        _column("type", sa.Text),
        _column("facts", JSONB),
        _column("occurred_at", TIMED),
        _column("arrival", sa.Integer),
        _column("posted_at", TIMED),
        _column("status", sa.Text),
        _column("points", sa.BigInteger),
        _column("reason", sa.Text, nullable=True),
        _column("awards", sa.JSON),
        _column("reversed_at", TIMED, nullable=True),
        _column("reversal_points", sa.BigInteger, nullable=True),
        _column("reversal_box", sa.LargeBinary, nullable=True),
        sa.CheckConstraint("status IN ('booked', 'pending', 'no_award')", name="status"),
        **SOURCES,
    )
    op.create_index("ix_credit_events_case_key", "credit_events", ["case_key"], **SOURCES)
    op.create_index("ix_credit_events_source_id", "credit_events", ["source_id", "posted_at", "event_key"], **SOURCES)
    op.create_table(
        "cases",
        _column("case_key", sa.LargeBinary, key=True),
        _column("source_id", IdText),
        _column("member_id", IdText),
        _column("type", sa.Text),
        _column("arrivals", sa.Integer),
        _column("anchor_at", TIMED),
        _column("deciding_event", sa.LargeBinary, nullable=True),
        _column("deciding_at", TIMED, nullable=True),
        _column("worth", sa.BigInteger),
        _column("award_ids", ARRAY(IdText)),
        **SOURCES,
    )
    op.create_table(
        "awards",
        _column("award_id", IdText, key=True),
        _column("case_key", sa.LargeBinary),
        _column("member_id", IdText),
        _column("rule_key", IdText),
        _column("rule_version", sa.Integer),
        _column("points", sa.BigInteger),
        _column("explanation", JSONB),
        _column("available_at", TIMED, nullable=True),
        _column("expires_at", TIMED),
        _column("visibility", sa.Text),
        _column("label", sa.Text),
        _column("booked_at", TIMED),
        **SOURCES,
    )
    op.create_index(
        "ix_awards_public",
        "awards",
        ["member_id", "booked_at"],
        postgresql_where=sa.text("visibility = 'public'"),
        **SOURCES,
    )


def _create_caps_and_claims() -> None:
    op.create_table(
        "cap_usage",
        _column("holder", IdText, key=True),
        _column("rule_key", IdText, key=True),
        _column("period", sa.Text, key=True),
        _column("starts_at", TIMED, key=True),
        _column("points", sa.BigInteger),
        _column("times", sa.BigInteger),
        **SOURCES,
    )
    op.create_table(
        "claim_batches",
        _column("batch_id", IdText, key=True),
        _column("source_id", IdText),
        _column("points", sa.BigInteger),
        _column("count", sa.Integer),
        _column("expires_at", TIMED),
        _column("created_at", TIMED),
        _column("revoked_at", TIMED, nullable=True),
        **SOURCES,
    )
    op.create_table(
        "claim_codes",
        _column("code_hash", sa.LargeBinary, key=True),
        _column("batch_id", IdText),
        _column("points", sa.BigInteger),
        _column("expires_at", TIMED),
        **SOURCES,
    )
    op.create_index("ix_claim_codes_batch_id", "claim_codes", ["batch_id"], **SOURCES)
    op.create_table(
        "claim_misses",
        _column("member_id", IdText, key=True),
        _column("missed_at", ARRAY(TIMED)),
        **SOURCES,
    )


def downgrade() -> None:
    op.drop_table("check_ins")
    op.drop_table("standings")
    for name in reversed(SOURCE_TABLES):
        op.drop_table(name, **SOURCES)
    for name in reversed(RULE_TABLES):
        op.drop_table(name)
