"""Tags; and an index for words in any language: all letters and pairs of neighbours of a gift's text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PAIRS = r"""CREATE FUNCTION search_pairs(folded text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
 SELECT coalesce(array_agg(DISTINCT substr(word, at, size)), '{}')
 FROM regexp_split_to_table(folded, '\s+') AS word, generate_series(1, 2) AS size,
  generate_series(1, length(word) - size + 1) AS at
$$"""
# As ``catalog.gifts.search.search_text`` writes it from now on: the name by itself in the first line.
NAMES_FIRST = """UPDATE gifts SET search_text = lower(normalize(
  (SELECT string_agg(value, ' ') FROM jsonb_each_text(name)), NFKC)) || E'\n' || search_text"""
NAMES_GONE = "UPDATE gifts SET search_text = substr(search_text, strpos(search_text, E'\n') + 1)"


def upgrade() -> None:
    op.create_table(
        "tags",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("code", IdText, nullable=True),
        sa.Column("name", JSONB, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("code", name="uq_tags_code"),
    )
    grant(op, "tags", EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")
    grant(op, "categories", BACKOFFICE="DELETE")
    op.add_column("gifts", sa.Column("tag_ids", sa.ARRAY(IdText), nullable=False, server_default=sa.text("'{}'")))
    op.execute(NAMES_FIRST)
    op.execute(PAIRS)
    pairs = sa.Computed("search_pairs(search_text)", persisted=True)
    op.add_column("gifts", sa.Column("search_pairs", sa.ARRAY(sa.Text), pairs, nullable=True))
    for name, column in (("ix_gifts_search", "search_pairs"), ("ix_gifts_tag_ids", "tag_ids")):
        op.create_index(name, "gifts", [column], postgresql_using="gin")


def downgrade() -> None:
    for name in ("search_pairs", "tag_ids"):
        op.drop_column("gifts", name)
    op.execute("DROP FUNCTION search_pairs")
    op.execute(NAMES_GONE)
    op.drop_table("tags")
    op.execute(f"REVOKE DELETE ON categories FROM {role(Login.BACKOFFICE)}")
