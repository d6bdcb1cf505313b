"""The audit trail is searched by action, by time and for words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLE = "audit_entries"
SEARCHED = "search_pairs(audit_text(action, subject, detail))"
TEXT = """CREATE FUNCTION audit_text(action text, subject text, detail jsonb) RETURNS text
 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
 SELECT lower(action || ' ' || subject || ' ' || detail::text)
$$"""


def upgrade() -> None:
    op.create_index("ix_audit_entries_action_id", TABLE, ["action", "id"])
    op.create_index("ix_audit_entries_at", TABLE, ["at"])
    op.execute(TEXT)
    op.create_index("ix_audit_entries_searched", TABLE, [sa.text(SEARCHED)], postgresql_using="gin")


def downgrade() -> None:
    for name in ("searched", "at", "action_id"):
        op.drop_index(f"ix_audit_entries_{name}", table_name=TABLE)
    op.execute("DROP FUNCTION audit_text")
