"""What malice will cost a member once the time to answer is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.migrations.grants import grant

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ID = sa.Text(collation="C")
MOMENT = sa.DateTime(timezone=True)
NAME = "announced_debits"


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("id", ID, nullable=False),
        sa.Column("case_key", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("rule_key", ID, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("announced_at", MOMENT, nullable=False),
        sa.Column("bites_at", MOMENT, nullable=False),
        sa.Column("answer_box", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('open', 'taken', 'waived', 'lapsed')", name=op.f("ck_announced_debits_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announced_debits")),
        schema="sources",
    )
    still_open = sa.text("state = 'open'")
    op.create_index(
        "uq_announced_debits_open", NAME, ["case_key"], unique=True, schema="sources", postgresql_where=still_open
    )
    op.create_index("ix_announced_debits_member_id", NAME, ["member_id"], schema="sources")
    op.create_index("ix_announced_debits_due", NAME, ["bites_at"], schema="sources", postgresql_where=still_open)
    grant(op, "sources.announced_debits", EARNING="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table(NAME, schema="sources")
