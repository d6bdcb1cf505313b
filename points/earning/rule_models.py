"""Tables of earning rules: what members may know the rules by. Nothing here tells who earned what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

STATES = ("draft", "submitted", "approved", "published", "retired", "discarded")
"""A draft is submitted, approved by a second person (or sent back), published, and one day retired."""


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
        CheckConstraint(
            "state IN ('draft', 'submitted', 'approved', 'published', 'retired', 'discarded')", name="state"
        ),
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
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    """Counts the edits of a draft: who saves must have seen the last one."""
    based_on: Mapped[int | None] = mapped_column(Integer)
    """The version it began as a copy of."""
    authors: Mapped[list[str]] = mapped_column(ARRAY(IdText), server_default=text("'{}'"))
    """Everybody whose words are in the draft; none of them may approve it."""
    submitted_by: Mapped[str | None] = mapped_column(IdText)
    approved_by: Mapped[str | None] = mapped_column(IdText)
    published_by: Mapped[str | None] = mapped_column(IdText)
    retired_by: Mapped[str | None] = mapped_column(IdText)
    submitted_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    rejection: Mapped[str | None] = mapped_column(Text)
    """Why it was sent back the last time."""


class RuleControls(Base):
    """One row: what the owner wants a second person to look at. NULL: no limit."""

    __tablename__ = "rule_controls"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    approve_above_award_points: Mapped[int | None] = mapped_column(BigInteger)
    """The most that one award of a draft may come to without approval."""
    approve_above_minted_points: Mapped[int | None] = mapped_column(BigInteger)
    """The most that a draft may mint in any of its back-tests without approval."""
    backtest_budget_points: Mapped[int | None] = mapped_column(BigInteger)
    """The most that the whole programme may mint in 30 days of a back-test; beyond it only an owner publishes."""
    backtest_required: Mapped[bool] = mapped_column(Boolean)
    """Whether a draft must have been back-tested as it is before it is submitted or published."""


class RuleBacktest(Base):
    """A replay of real history with a draft in the place of the published version; see ``points.backtest``."""

    __tablename__ = "rule_backtests"
    __table_args__ = (
        ForeignKeyConstraint(
            ["rule_key", "version"],
            ["earning_rule_versions.rule_key", "earning_rule_versions.version"],
            name="fk_rule_backtests_rule_key",
        ),
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("window_from < window_until", name="window"),
        Index("ix_rule_backtests_rule_key_version", "rule_key", "version", "id"),
        Index("ix_rule_backtests_open", "id", postgresql_where=text("state IN ('queued', 'running')")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    rule_key: Mapped[str] = mapped_column(IdText)
    version: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer)
    """The edit of the draft that was tested: a later edit needs a test of its own."""
    window_from: Mapped[datetime]
    window_until: Mapped[datetime]
    """Events that occurred from ``window_from`` to before ``window_until`` are replayed."""
    state: Mapped[str] = mapped_column(Text)
    rows_done: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rows_total: Mapped[int | None] = mapped_column(BigInteger)
    minted_points: Mapped[int | None] = mapped_column(BigInteger)
    """What the draft itself would have granted in the window."""
    over_budget: Mapped[bool | None] = mapped_column(Boolean)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[str | None] = mapped_column(Text)
    started_by: Mapped[str] = mapped_column(IdText)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    """When the worker last gave a sign of life."""
    finished_at: Mapped[datetime | None]


class Campaign(Base):
    """A factor on what rules pay for a while (``points.earning.campaigns``); does not change once published."""

    __tablename__ = "campaigns"
    __table_args__ = (CheckConstraint("state IN ('draft', 'published', 'retired')", name="state"),)

    key: Mapped[str] = mapped_column(IdText, primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    effective_from: Mapped[datetime | None]
    effective_until: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(IdText)
    created_at: Mapped[datetime]


class PointBudget(Base):
    """So many points for a rule, or for the whole programme, in a period (``points.earning.budgets``)."""

    __tablename__ = "point_budgets"
    __table_args__ = (
        CheckConstraint("period IN ('month', 'total')", name="period"),
        CheckConstraint("action IN ('stop', 'pend')", name="action"),
        CheckConstraint("limit_points >= 0", name="limit_not_negative"),
    )

    scope: Mapped[str] = mapped_column(IdText, primary_key=True)
    period: Mapped[str] = mapped_column(Text)
    limit_points: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(Text)
    updated_by: Mapped[str] = mapped_column(IdText)
    updated_at: Mapped[datetime]


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
