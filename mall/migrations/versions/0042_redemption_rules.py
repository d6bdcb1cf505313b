"""Redemption rules, segments, households, and the one question about tips that orders may ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
SIGNATURE = "tip_record_within(text, timestamptz, text[], text[], int, int, int, int, int, int)"
# Runs with its owner's rights, who may read sources; whoever calls it learns yes or no, never a figure or a tip.
QUESTION = """CREATE FUNCTION tip_record_within(member text, since timestamptz, adopted_stages text[],
  judged_stages text[], prior_adopted int, prior_tips int, percent_from int, percent_to int, adopted_from int,
  adopted_to int) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
 SELECT (200 * (t.adopted + prior_adopted) + t.judged + prior_tips) / (2 * (t.judged + prior_tips))
   BETWEEN percent_from AND percent_to AND t.adopted BETWEEN adopted_from AND adopted_to
 FROM (SELECT count(*) FILTER (WHERE e.facts ->> 'stage' = ANY(adopted_stages)) AS adopted, count(*) AS judged
  FROM public.members o JOIN sources.cases c ON c.member_id = o.id
  JOIN sources.credit_events e ON e.event_key = c.deciding_event
  WHERE (o.id = member OR o.alias_of = member) AND c.type = 'tip.outcome' AND c.deciding_at > since
  AND e.facts ->> 'stage' = ANY(judged_stages)) t $$"""


def upgrade() -> None:
    op.create_table(
        "households",
        sa.Column("tag", IdText, primary_key=True),
        sa.Column("created_at", TIMED, nullable=False),
    )
    op.create_table(
        "member_households",
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("tag", IdText, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_member_households_member_id"),
        sa.ForeignKeyConstraint(["tag"], ["households.tag"], name="fk_member_households_tag"),
    )
    op.create_index("ix_member_households_tag", "member_households", ["tag"])
    op.create_table(
        "segments",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("name", JSONB, nullable=False),
        sa.Column("filter", JSONB, nullable=False),
        *_kept(),
    )
    op.create_table(
        "redemption_rules",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("name", JSONB, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("gift_id", IdText),
        sa.Column("category_id", IdText),
        sa.Column("above_points", sa.BigInteger),
        sa.Column("segment_id", IdText),
        sa.Column("terms", JSONB, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        *_kept(),
        sa.ForeignKeyConstraint(["gift_id"], ["gifts.id"], name="fk_redemption_rules_gift_id"),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name="fk_redemption_rules_category_id"),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name="fk_redemption_rules_segment_id"),
        sa.CheckConstraint(
            "kind IN ('limit', 'level', 'membership', 'effectiveness', 'segment', 'blackout', 'debt')", name="kind"
        ),
        sa.CheckConstraint("gift_id IS NULL OR category_id IS NULL", name="scope"),
        sa.CheckConstraint("above_points > 0", name="above"),
        sa.CheckConstraint("(kind = 'segment') = (segment_id IS NOT NULL)", name="segment"),
    )
    asked = sa.text("segment_id IS NOT NULL")
    op.create_index("ix_redemption_rules_segment_id", "redemption_rules", ["segment_id"], postgresql_where=asked)
    op.execute(QUESTION)
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO {role(Login.REDEMPTION)}")
    # PostgreSQL lets nobody lock a row without the right to change a column of it: orders lock households.
    grant(op, "households", REDEMPTION="SELECT, UPDATE (created_at)", BACKOFFICE="SELECT, INSERT, UPDATE (created_at)")
    grant(
        op, "member_households", EARNING="SELECT", REDEMPTION="SELECT, DELETE", BACKOFFICE="SELECT, INSERT, DELETE"
    )  # fmt: skip
    grant(op, "segments", EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")
    grant(op, "redemption_rules", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")


def _kept() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("updated_at", TIMED, nullable=False),
    ]


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    for name in ("redemption_rules", "segments", "member_households", "households"):
        op.drop_table(name)
