"""Tables of top-ups: who delivers them, and how each stands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.topups.states import State
from mall.db import Base, IdText
from mall.webhooks.shared_secret import SharesSecret

STATE_CHECK = "state IN (" + ", ".join(f"'{state.value}'" for state in State) + ")"


class TopUpProvider(SharesSecret, Base):
    """A system that tops accounts up."""

    PURPOSE = "top-up-secret"

    __tablename__ = "top_up_providers"

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    active: Mapped[bool]
    created_at: Mapped[datetime]


class TopUp(Base):
    """The top-up of an order: what is asked of whom, for which account (encrypted), and how it stands.

    ``next_at``: when it is to be sent or asked after next. ``attempts``: in this state. ``reference``: the
    provider's own. ``problem``: of the last attempt, in a word.
    """

    __tablename__ = "top_ups"
    __table_args__ = (
        CheckConstraint(STATE_CHECK, name="state"),
        Index("ix_top_ups_due", "next_at", "order_id", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_top_ups_state_order_id", "state", "order_id"),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), type_=IdText, primary_key=True)
    provider_id: Mapped[str] = mapped_column(ForeignKey("top_up_providers.id"), type_=IdText)
    product: Mapped[str] = mapped_column(Text)
    target_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
