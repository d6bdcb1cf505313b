"""Tables of the ledger (schema ``ledger``). ``member_id`` leads every key, so books can be spread over nodes.

Postings and draws are append-only by grant and trigger. The hot paths write these tables with the SQL of
``points.ledger.shelf``; the models serve migrations, reports and tests.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText
from points.ledger.accounts import MOVES, Account

BALANCES = tuple(account.value for account in Account)
CONSERVATION = "issued + debt = available + pending + held + redeemed + expired + reversed"
MOVES_CHECK = "(debit, credit) IN (" + ", ".join(f"('{d.value}', '{c.value}')" for d, c in MOVES) + ")"


class Wallet(Base):
    """The lock and the O(1) read of one member's book: a balance for each account, in points."""

    __tablename__ = "wallets"
    __table_args__ = (
        CheckConstraint(" AND ".join(f"{name} >= 0" for name in BALANCES), name="not_negative"),
        CheckConstraint("debt = 0 OR available = 0", name="debt_or_available"),
        CheckConstraint(CONSERVATION, name="conservation"),
        Index("ix_wallets_next_due_at", "next_due_at", postgresql_where=text("next_due_at IS NOT NULL")),
        {"schema": "ledger"},
    )

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    issued: Mapped[int] = mapped_column(BigInteger, server_default="0")
    pending: Mapped[int] = mapped_column(BigInteger, server_default="0")
    available: Mapped[int] = mapped_column(BigInteger, server_default="0")
    held: Mapped[int] = mapped_column(BigInteger, server_default="0")
    redeemed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    expired: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reversed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    debt: Mapped[int] = mapped_column(BigInteger, server_default="0")
    next_due_at: Mapped[datetime | None]
    head_hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_version: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Posting(Base):
    """One posting; balanced by its shape. ``hash`` chains it to the one before in the same book."""

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint(MOVES_CHECK, name="moves"),
        Index("ix_postings_posted_at", "posted_at"),
        {"schema": "ledger"},
    )

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    debit: Mapped[str] = mapped_column(Text)
    credit: Mapped[str] = mapped_column(Text)
    points: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    ref: Mapped[str | None] = mapped_column(IdText)
    award_id: Mapped[str | None] = mapped_column(IdText)
    occurred_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    available_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    net_after: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Lot(Base):
    """Points earned together, with one expiry; keyed by the posting that made it."""

    __tablename__ = "lots"
    __table_args__ = (
        CheckConstraint("remaining >= 0 AND remaining <= points", name="remaining"),
        CheckConstraint("expired_points >= 0 AND expired_points <= points", name="expired_points"),
        Index("ix_lots_open", "member_id", "expires_at", postgresql_where=text("remaining > 0")),
        {"schema": "ledger"},
    )

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    award_id: Mapped[str | None] = mapped_column(IdText)
    points: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)
    expired_points: Mapped[int] = mapped_column(BigInteger, server_default="0")
    pending: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    available_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class LotDraw(Base):
    """A posting drew points from a lot; negative points went back to it."""

    __tablename__ = "lot_draws"
    __table_args__ = (CheckConstraint("points <> 0", name="points"), {"schema": "ledger"})

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    lot_version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    points: Mapped[int] = mapped_column(BigInteger)


class Hold(Base):
    """Points set aside for an order. Open while points > captured + released."""

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("points > 0 AND captured >= 0 AND released >= 0 AND refunded >= 0", name="not_negative"),
        CheckConstraint("captured + released <= points AND refunded <= captured", name="within"),
        Index(
            "ix_holds_expiring",
            "member_id",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL AND captured + released < points"),
        ),
        {"schema": "ledger"},
    )

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    hold_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(Text)
    ref: Mapped[str | None] = mapped_column(IdText)
    expires_at: Mapped[datetime | None]
    captured: Mapped[int] = mapped_column(BigInteger, server_default="0")
    released: Mapped[int] = mapped_column(BigInteger, server_default="0")
    refunded: Mapped[int] = mapped_column(BigInteger, server_default="0")


class HoldShare(Base):
    """What a hold drew from one lot, in the order ``position``."""

    __tablename__ = "hold_shares"
    __table_args__ = (
        CheckConstraint("captured + released <= points AND refunded <= captured", name="within"),
        {"schema": "ledger"},
    )

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    hold_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    lot_version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(BigInteger)
    captured: Mapped[int] = mapped_column(BigInteger, server_default="0")
    released: Mapped[int] = mapped_column(BigInteger, server_default="0")
    refunded: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Seal(Base):
    """A signed Merkle root over wallet heads; ``previous`` chains the seals."""

    __tablename__ = "seals"
    __table_args__ = ({"schema": "ledger"},)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sealed_at: Mapped[datetime]
    heads: Mapped[int] = mapped_column(Integer)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
