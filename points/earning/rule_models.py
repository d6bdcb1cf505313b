"""Tables of earning rules: what members may know the rules by. Nothing here tells who earned what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

STATES = ("draft", "published", "retired")


class EarningRule(Base):
    """A rule by which points are earned; what it pays is in its versions."""

    __tablename__ = "earning_rules"

    key: Mapped[str] = mapped_column(IdText, primary_key=True)
    title: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]


class EarningRuleVersion(Base):
    """One version of a rule. Immutable once published; in force from ``effective_from`` (NULL: since ever)."""

    __tablename__ = "earning_rule_versions"
    __table_args__ = (
        CheckConstraint("version > 0", name="version_positive"),
        CheckConstraint("state IN ('draft', 'published', 'retired')", name="state"),
    )

    rule_key: Mapped[str] = mapped_column(IdText, ForeignKey("earning_rules.key"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    effective_from: Mapped[datetime | None]
    effective_until: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(IdText)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class CreditLabel(Base):
    """A label that ``points.credit`` may carry; admins keep the list."""

    __tablename__ = "credit_labels"

    code: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[dict[str, Any]] = mapped_column(JSONB)
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))


class RuleRevision(Base):
    """One row that changes whenever rules or labels do: processes keep compiled rules until it does."""

    __tablename__ = "rule_revision"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    token: Mapped[str] = mapped_column(IdText)
