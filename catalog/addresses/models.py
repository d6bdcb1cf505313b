"""The table of members' addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class MemberAddress(Base):
    """An address that a member keeps, encrypted under a key outside the database. At most one is the default."""

    __tablename__ = "member_addresses"
    __table_args__ = (
        Index("ix_member_addresses_member_id_id", "member_id", "id"),
        Index("uq_member_addresses_default", "member_id", unique=True, postgresql_where=text("is_default")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    member_id: Mapped[str] = mapped_column(IdText)
    address_box: Mapped[bytes] = mapped_column(LargeBinary)
    is_default: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
