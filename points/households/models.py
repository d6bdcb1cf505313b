"""Tables of households."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Household(Base):
    """A tag by which members are counted together. Its row is what orders against its limits lock."""

    __tablename__ = "households"

    tag: Mapped[str] = mapped_column(IdText, primary_key=True)
    created_at: Mapped[datetime]


class MemberHousehold(Base):
    """The one household a member is counted in."""

    __tablename__ = "member_households"

    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText, primary_key=True)
    tag: Mapped[str] = mapped_column(ForeignKey("households.tag"), type_=IdText, index=True)
