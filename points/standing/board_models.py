"""Members who chose to be on the boards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

ACCOUNTS = """(SELECT id AS holder, id FROM members
 UNION ALL SELECT alias_of, id FROM members WHERE alias_of IS NOT NULL)"""
"""Every member's accounts, for SQL: the own one, and those that were merged into it."""


class BoardMember(Base):
    """A member who opted in; without a row nobody is shown anywhere."""

    __tablename__ = "board_members"

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    opted_in_at: Mapped[datetime]
