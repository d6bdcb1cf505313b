"""The pool of voucher codes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class VoucherCode(Base):
    """A code, encrypted under a key outside the database; ``code_hash`` (HMAC) finds duplicates.

    ``item_id``: the gift or variant it belongs to. ``order_id``: who got it; ``revealed_at``: when the code
    was first shown, after which it is never given to anybody else.
    """

    __tablename__ = "voucher_codes"
    __table_args__ = (
        Index("uq_voucher_codes_code", "item_id", "code_hash", unique=True),
        Index("ix_voucher_codes_free", "item_id", "id", postgresql_where=text("order_id IS NULL")),
        Index("ix_voucher_codes_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    item_id: Mapped[str] = mapped_column(IdText)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    code_box: Mapped[bytes] = mapped_column(LargeBinary)
    imported_at: Mapped[datetime]
    order_id: Mapped[str | None] = mapped_column(IdText)
    revealed_at: Mapped[datetime | None]
