"""Waiting rooms of drops: places in a fair order, and turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("drops", sa.Column("waiting_minutes", sa.SmallInteger))
    op.add_column("drops", sa.Column("turn_seconds", sa.SmallInteger, nullable=False, server_default="180"))
    op.create_check_constraint("waiting", "drops", "waiting_minutes > 0 AND turn_seconds > 0")
    op.add_column("stock_items", sa.Column("queue_id", IdText))
    op.create_table(
        "queue_rooms",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("drop_id", IdText, nullable=False),
        sa.Column("gift_id", IdText, nullable=False),
        sa.Column("item_id", IdText, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("opens_at", TIMED, nullable=False),
        sa.Column("releases_at", TIMED, nullable=False),
        sa.Column("turn_seconds", sa.SmallInteger, nullable=False),
        sa.Column("seed", sa.LargeBinary, nullable=False),
        sa.Column("drawn_at", TIMED),
        sa.Column("last_place", sa.Integer, nullable=False),
        sa.Column("called_place", sa.Integer, nullable=False),
        sa.Column("ended", sa.Text),
        sa.Column("ended_at", TIMED),
        sa.ForeignKeyConstraint(["drop_id"], ["drops.id"], name="fk_queue_rooms_drop_id"),
        sa.ForeignKeyConstraint(["gift_id"], ["gifts.id"], name="fk_queue_rooms_gift_id"),
        sa.CheckConstraint("called_place BETWEEN 0 AND last_place AND turn_seconds > 0", name="figures"),
        sa.CheckConstraint("octet_length(seed) = 32", name="seed"),
        sa.CheckConstraint("ended IN ('sold_out', 'empty', 'replaced', 'called_off')", name="ended"),
        sa.CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name="end"),
    )
    op.create_index("uq_queue_rooms_drop_id", "queue_rooms", ["drop_id", "day"], unique=True)
    op.create_index("ix_queue_rooms_gift_id", "queue_rooms", ["gift_id", "day"])
    op.create_index("ix_queue_rooms_live", "queue_rooms", ["id"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "queue_tickets",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("room_id", IdText, nullable=False),
        sa.Column("member_id", IdText, nullable=False),
        sa.Column("joined_at", TIMED, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("place", sa.Integer),
        sa.Column("turn_until", TIMED),
        sa.Column("order_id", IdText),
        sa.ForeignKeyConstraint(["room_id"], ["queue_rooms.id"], name="fk_queue_tickets_room_id"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_queue_tickets_member_id"),
        sa.CheckConstraint("state IN ('waiting', 'turn', 'used', 'lapsed', 'left')", name="state"),
        sa.CheckConstraint("state <> 'turn' OR (place IS NOT NULL AND turn_until IS NOT NULL)", name="turn"),
    )
    op.create_index("uq_queue_tickets_member_id", "queue_tickets", ["member_id", "room_id"], unique=True)
    waiting, turn = sa.text("state = 'waiting'"), sa.text("state = 'turn'")
    op.create_index("ix_queue_tickets_waiting", "queue_tickets", ["room_id", "place"], postgresql_where=waiting)
    op.create_index("ix_queue_tickets_turn", "queue_tickets", ["room_id", "turn_until"], postgresql_where=turn)
    grant(op, "queue_rooms", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "queue_tickets", REDEMPTION="SELECT, INSERT, UPDATE", BACKOFFICE="SELECT, UPDATE")


def downgrade() -> None:
    op.drop_table("queue_tickets")
    op.drop_table("queue_rooms")
    op.drop_column("stock_items", "queue_id")
    op.drop_constraint(op.f("ck_drops_waiting"), "drops")
    op.drop_column("drops", "turn_seconds")
    op.drop_column("drops", "waiting_minutes")
