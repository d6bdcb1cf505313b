"""Tables of orders. ``status`` has one writer: ``catalog.redemption.writer``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.gifts.models import CASH_CHECK
from catalog.redemption.lifecycle import NOT_COUNTED, OVER, Status
from mall.db import Base, IdText


def _listed(statuses: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{status}'" for status in statuses) + ")"


STATUS_CHECK = f"status IN {_listed(Status)}"
NOT_COUNTED_SQL = _listed(sorted(NOT_COUNTED))
OVER_SQL = _listed(sorted(OVER))


class Order(Base):
    """An order. Its id is also the id of its hold in the member's book.

    ``points``, ``cash_cents``: for all pieces. Name and picture are those of the moment it was placed.
    ``history_seq``: the number of its last history row. ``carrier``: a code of
    ``catalog.fulfilment.carriers``. Gifts, stock and pickup points are never deleted, and a foreign key to them would
    lock the hot row of a sale once more for every order.
    ``refunded_points``, ``refunded_quantity``: given back after the gift was had. ``reminders``: how many times the
    member was told that it waits to be collected. ``claim_until``: when a winner must have said how the prize is to
    come.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(STATUS_CHECK, name="status"),
        CheckConstraint("quantity > 0 AND points > 0", name="positive"),
        CheckConstraint(
            "refunded_points BETWEEN 0 AND points AND refunded_quantity BETWEEN 0 AND quantity", name="refunded"
        ),
        CheckConstraint(CASH_CHECK, name="cash"),
        Index("ix_orders_member_id_id", "member_id", "id"),
        Index("ix_orders_member_id_gift_id_placed_at", "member_id", "gift_id", "placed_at"),
        Index("ix_orders_status_id", "status", "id"),
        Index("ix_orders_cause_id_status", "cause_id", "status", postgresql_where=text("cause_id IS NOT NULL")),
        Index("ix_orders_gift_id_placed_at", "gift_id", "placed_at"),
        Index("ix_orders_placed_at", "placed_at", "id"),
        Index("ix_orders_kind_id", "kind", "id"),
        Index(
            "ix_orders_pickup_point_id_id",
            "pickup_point_id",
            "id",
            postgresql_where=text("pickup_point_id IS NOT NULL"),
        ),
        Index("ix_orders_entered", "gift_id", "id", postgresql_where=text("kind = 'draw' AND status = 'placed'")),
        Index("ix_orders_uncollected", "pickup_until", "id", postgresql_where=text("status = 'ready_for_pickup'")),
        Index("ix_orders_unclaimed", "claim_until", "id", postgresql_where=text("status = 'awaiting_claim'")),
        Index("ix_orders_under_way", "moved_at", "id", postgresql_where=text("status = 'shipped'")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    number: Mapped[str] = mapped_column(IdText, unique=True)
    member_id: Mapped[str] = mapped_column(IdText)
    gift_id: Mapped[str] = mapped_column(IdText)
    item_id: Mapped[str] = mapped_column(IdText)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(BigInteger)
    cash_cents: Mapped[int | None] = mapped_column(BigInteger)
    cash_currency: Mapped[str | None] = mapped_column(Text)
    gift_name: Mapped[dict[str, str]] = mapped_column(JSONB)
    variant_name: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    picture: Mapped[str | None] = mapped_column(Text)
    pickup_point_id: Mapped[str | None] = mapped_column(IdText)
    cause_id: Mapped[str | None] = mapped_column(IdText)
    pickup_until: Mapped[datetime | None]
    claim_until: Mapped[datetime | None]
    carrier: Mapped[str | None] = mapped_column(Text)
    tracking: Mapped[str | None] = mapped_column(Text)
    history_seq: Mapped[int] = mapped_column(SmallInteger)
    placed_at: Mapped[datetime]
    moved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    refunded_points: Mapped[int] = mapped_column(BigInteger, server_default="0")
    refunded_quantity: Mapped[int] = mapped_column(Integer, server_default="0")
    reminders: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    wallet_id: Mapped[str | None] = mapped_column(IdText)
    """Whose book holds the points, where that is an account that was merged into the member's; None: the member's."""

    @property
    def book_id(self) -> str:
        """Whose book holds the points of the order; merging accounts never changes it."""
        return self.wallet_id or self.member_id


class OrderHistory(Base):
    """A transition: the status it led to, when, by whom, and the reason given. Never changed afterwards."""

    __tablename__ = "order_history"
    __table_args__ = (Index("ix_order_history_at", "at", postgresql_using="brin"),)

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), type_=IdText, primary_key=True)
    seq: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(IdText)
    reason: Mapped[str | None] = mapped_column(Text)


class OrderRefund(Base):
    """Points of an order given back by staff, for ``quantity`` pieces or (0) as a gesture. Never changed afterwards."""

    __tablename__ = "order_refunds"
    __table_args__ = (CheckConstraint("points > 0 AND quantity >= 0", name="positive"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), type_=IdText, index=True)
    points: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int] = mapped_column(Integer)
    restocked: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(IdText)
    at: Mapped[datetime]


class RedemptionPolicy(Base):
    """One row: what the owner decided for all gifts. ``approval_above_points`` None: only gifts that ask for it."""

    __tablename__ = "redemption_policy"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("approval_above_points >= 0", name="threshold"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    approval_above_points: Mapped[int | None] = mapped_column(BigInteger)


class OrderAddress(Base):
    """Where an order goes, encrypted under a key of its own."""

    __tablename__ = "order_addresses"

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), type_=IdText, primary_key=True)
    address_box: Mapped[bytes] = mapped_column(LargeBinary)


class AddressKey(Base):
    """The key of one order's address, itself encrypted. Deleting the row destroys the address, in backups too
    once they no longer hold the row."""

    __tablename__ = "address_keys"

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), type_=IdText, primary_key=True)
    key_box: Mapped[bytes] = mapped_column(LargeBinary)


class PickupCode(Base):
    """What a member shows at the pickup point. Among codes that are open no two are the same."""

    __tablename__ = "pickup_codes"
    __table_args__ = (
        Index("uq_pickup_codes_open", "code_hash", unique=True, postgresql_where=text("closed_at IS NULL")),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), type_=IdText, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    code_box: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class PickupMisses(Base):
    """When a member of staff lately gave a code that no order waits for."""

    __tablename__ = "pickup_misses"

    staff_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    missed_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
