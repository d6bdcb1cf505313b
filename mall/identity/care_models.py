"""Tables of what staff keep about members: notes, freezes with their end, and new passwords by two persons."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText
from mall.two_persons import StaffRequest, two_persons_checks


class MemberNote(Base):
    """What somebody of the staff wrote down about a member. Never changed; gone when the member leaves.

    Nobody but staff reads it; that there can be such notes is told on the page about privacy.
    """

    __tablename__ = "member_notes"
    __table_args__ = (Index("ix_member_notes_member_id_id", "member_id", "id"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText)
    words: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(IdText)
    at: Mapped[datetime]


class MemberFreeze(Base):
    """A time in which a member may look at everything and do nothing. ``ends_at`` None: until staff lift it."""

    __tablename__ = "member_freezes"
    __table_args__ = (
        CheckConstraint("ends_at > frozen_at", name="ends_later"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
        Index("uq_member_freezes_member_id", "member_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
        Index("ix_member_freezes_ends_at", "ends_at", postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText)
    reason: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[datetime | None]
    frozen_by: Mapped[str] = mapped_column(IdText)
    frozen_at: Mapped[datetime]
    lifted_by: Mapped[str | None] = mapped_column(IdText)
    lifted_at: Mapped[datetime | None]


class PasswordReset(StaffRequest, Base):
    """A new password for a member who lost it and every recovery code: asked for by one person, approved by another.

    ``identified``: how the member was recognised. ``token_hash``: of the link that approving made, until it is used
    or replaced; it is good until ``expires_at``. ``reason`` and ``identified`` go when the member leaves.
    """

    __tablename__ = "password_resets"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'approved', 'rejected', 'used')", name="state"),
        *two_persons_checks(),
        CheckConstraint("(state = 'used') = (used_at IS NOT NULL)", name="used"),
        CheckConstraint("token_hash IS NULL OR state = 'approved'", name="link"),
        Index("uq_password_resets_member_id", "member_id", unique=True, postgresql_where=text("state = 'requested'")),
        Index("ix_password_resets_member_id_id", "member_id", "id"),
    )

    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText)
    reason: Mapped[str] = mapped_column(Text)
    identified: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True, deferred=True)
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
