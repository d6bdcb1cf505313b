"""Tables of stock. An item is what is counted: a gift, or a variant of one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

KINDS_CHECK = "kind IN ('received', 'corrected', 'imported', 'ordered', 'returned', 'released', 'withdrawn')"


class StockItem(Base):
    """How many pieces can be ordered. The hot row: it is locked last in every transaction.

    Of a voucher gift this is the number of its unused codes; a donation may have no limit
    (``catalog.stock.unlimited``). ``queue_id``: the waiting room that stands before the item; while there is one, only
    its turns take pieces.
    """

    __tablename__ = "stock_items"
    __table_args__ = (CheckConstraint("on_hand >= 0", name="not_negative"),)

    item_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    gift_id: Mapped[str] = mapped_column(ForeignKey("gifts.id"), type_=IdText, index=True)
    on_hand: Mapped[int] = mapped_column(BigInteger)
    queue_id: Mapped[str | None] = mapped_column(IdText)


class StockMovement(Base):
    """A change of stock; the sum of an item's movements is what is on hand. Never changed afterwards.

    ``kind``: received, corrected, imported (voucher codes), ordered, returned, released and withdrawn
    (drops). ``ref``: the order's id.
    """

    __tablename__ = "stock_movements"
    __table_args__ = (
        CheckConstraint("change <> 0", name="change"),
        CheckConstraint(KINDS_CHECK, name="kind"),
        Index("ix_stock_movements_item_id_id", "item_id", "id"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    item_id: Mapped[str] = mapped_column(IdText)
    kind: Mapped[str] = mapped_column(Text)
    change: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(Text)
    ref: Mapped[str | None] = mapped_column(IdText)
    actor: Mapped[str] = mapped_column(IdText)
    at: Mapped[datetime]


class StockAlert(Base):
    """Staff want to know when an item has ``low_at`` pieces or fewer; ``low_since``: they were told so then."""

    __tablename__ = "stock_alerts"
    __table_args__ = (CheckConstraint("low_at >= 0", name="threshold"),)

    item_id: Mapped[str] = mapped_column(ForeignKey("stock_items.item_id"), type_=IdText, primary_key=True)
    low_at: Mapped[int] = mapped_column(Integer)
    low_since: Mapped[datetime | None]
