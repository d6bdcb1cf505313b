"""The index of awards that wait begins with the day they can be spent.

In the order of their ids it held every award that ever had to wait, and each look at those that still do read all of
them (0.3 s among 6,000,000). By day (none for those that somebody has to confirm) the ones that wait are two ranges;
rule and id stand beside it, so that counting and filtering by rule do not read the awards themselves. It is written
for the same awards as before, less those that are void.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None
BOOKED_TO_WAIT = "available_at IS NULL OR available_at > booked_at"


def upgrade() -> None:
    op.drop_index("ix_awards_waiting", "awards", schema="sources")
    op.create_index(
        "ix_awards_waiting", "awards", ["available_at", "rule_key", "award_id"], schema="sources",
        postgresql_where=sa.text(f"points > 0 AND ({BOOKED_TO_WAIT})"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_awards_waiting", "awards", schema="sources")
    op.create_index(
        "ix_awards_waiting", "awards", ["award_id"], schema="sources", postgresql_where=sa.text(BOOKED_TO_WAIT)
    )
