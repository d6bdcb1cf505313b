"""The table of linked sign-ins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class OutsideIdentity(Base):
    """An identity at a provider with which a member signs in; one of each provider.

    What the provider calls the person is kept as 16 bytes of HMAC alone, like every id from outside.
    """

    __tablename__ = "outside_identities"
    __table_args__ = (UniqueConstraint("member_id", "provider", name="uq_outside_identities_member_id_provider"),)

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    subject_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText)
    linked_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
