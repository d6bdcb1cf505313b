"""Announcements, and who has read which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
TIP_RECORD = "tip_record_within(text, timestamptz, text[], text[], int, int, int, int, int, int)"
# Runs with its owner's rights: the back office learns how many have read, never who.
READERS = """CREATE FUNCTION announcement_readers(announcement text) RETURNS bigint LANGUAGE sql STABLE
 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
 SELECT count(*) FROM public.announcement_reads r WHERE r.announcement_id = announcement $$"""


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("link", sa.Text),
        sa.Column("important", sa.Boolean, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("levels", ARRAY(sa.SmallInteger)),
        sa.Column("segment_id", IdText),
        sa.Column("from_at", TIMED),
        sa.Column("until_at", TIMED, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("notice_id", IdText),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_by", IdText, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("updated_at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name="fk_announcements_segment_id"),
        sa.UniqueConstraint("notice_id", name="uq_announcements_notice_id"),
        sa.CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state"),
        sa.CheckConstraint("audience IN ('everybody', 'levels', 'segment')", name="audience"),
        sa.CheckConstraint("(audience = 'levels') = (levels IS NOT NULL)", name="levels"),
        sa.CheckConstraint("(audience = 'segment') = (segment_id IS NOT NULL)", name="segment"),
        sa.CheckConstraint("from_at < until_at", name="times"),
        sa.CheckConstraint("state <> 'published' OR (from_at IS NOT NULL AND notice_id IS NOT NULL)", name="published"),
    )
    shown, bound = sa.text("state = 'published'"), sa.text("segment_id IS NOT NULL")
    op.create_index("ix_announcements_shown", "announcements", ["until_at"], postgresql_where=shown)
    op.create_index("ix_announcements_segment_id", "announcements", ["segment_id"], postgresql_where=bound)
    op.create_table(
        "announcement_reads",
        sa.Column("announcement_id", IdText, primary_key=True),
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("read_at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcements.id"], name="fk_announcement_reads_announcement_id"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_announcement_reads_member_id"),
    )
    op.create_index("ix_announcement_reads_member_id", "announcement_reads", ["member_id"])
    op.execute(READERS)
    op.execute("REVOKE ALL ON FUNCTION announcement_readers(text) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION announcement_readers(text) TO {role(Login.BACKOFFICE)}")
    grant(op, "announcements", EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "announcement_reads", EARNING="SELECT", REDEMPTION="SELECT, INSERT, DELETE")
    # Every page counts what is unread, whatever its login.
    grant(op, "notice_preferences", EARNING="SELECT")
    op.execute(f"GRANT EXECUTE ON FUNCTION {TIP_RECORD} TO {role(Login.EARNING)}")


def downgrade() -> None:
    op.execute(f"REVOKE EXECUTE ON FUNCTION {TIP_RECORD} FROM {role(Login.EARNING)}")
    op.execute(f"REVOKE SELECT ON notice_preferences FROM {role(Login.EARNING)}")
    op.execute("DROP FUNCTION announcement_readers(text)")
    op.drop_table("announcement_reads")
    op.drop_table("announcements")
