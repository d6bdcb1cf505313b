"""Members who chose to be on the boards, and whether these are shown."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Integer, SmallInteger
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


class BoardSettings(Base):
    """One row: whether the boards are shown now; without it they are."""

    __tablename__ = "board_settings"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    paused: Mapped[bool]
    version: Mapped[int] = mapped_column(Integer)
    updated_by: Mapped[str] = mapped_column(IdText)
    updated_at: Mapped[datetime]
