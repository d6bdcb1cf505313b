"""Sign-ins at other places that members have linked, and the drawn face a member chose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
READERS = (Login.EARNING, Login.BACKOFFICE)


def upgrade() -> None:
    op.create_table(
        "outside_identities",
        sa.Column("provider", sa.Text, primary_key=True),
        sa.Column("subject_hash", sa.LargeBinary, primary_key=True),
        sa.Column("member_id", IdText, nullable=False),
        sa.Column("linked_at", TIMED, nullable=False),
        sa.Column("last_used_at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_outside_identities_member_id"),
        sa.UniqueConstraint("member_id", "provider", name="uq_outside_identities_member_id_provider"),
    )
    # A merge ends the sign-ins of the account that goes; whose they are outside the back office need not know.
    grant(
        op, "outside_identities", REDEMPTION="SELECT, INSERT, UPDATE (subject_hash, last_used_at), DELETE",
        BACKOFFICE="SELECT (member_id, provider, linked_at), DELETE",
    )  # fmt: skip
    op.add_column("members", sa.Column("avatar", sa.Text))
    for login in READERS:
        op.execute(f"GRANT SELECT (avatar) ON members TO {role(login)}")


def downgrade() -> None:
    op.drop_column("members", "avatar")
    op.drop_table("outside_identities")
