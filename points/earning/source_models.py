"""Tables of the schema ``sources``: who reported what about whom. Only the login EARNING may read them.

Ids that a source chose (of events, members, cases) are kept as 16 bytes of HMAC, to be found by, and as
ciphertext, to be given back to that source; both under keys outside the database. The ledger knows of all
this nothing but an award id.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, DateTime, Identity, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

_SOURCES = {"schema": "sources"}


class SourceMember(Base):
    """A source's name for a person, and the member it stands for here."""

    __tablename__ = "source_members"
    __table_args__ = (Index("ix_source_members_member_id", "member_id"), _SOURCES)

    member_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    source_id: Mapped[str] = mapped_column(IdText)
    member_id: Mapped[str] = mapped_column(IdText)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class CreditEvent(Base):
    """An inbound fact and what it did. ``event_key`` (HMAC of source and event id) is also its public id."""

    __tablename__ = "credit_events"
    __table_args__ = (
        CheckConstraint("status IN ('booked', 'pending', 'no_award')", name="status"),
        Index("ix_credit_events_case_key", "case_key"),
        Index("ix_credit_events_source_id", "source_id", "posted_at", "event_key"),
        Index("ix_credit_events_credits", "posted_at", postgresql_where=text("type = 'points.credit'")),
        _SOURCES,
    )

    event_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    source_id: Mapped[str] = mapped_column(IdText)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON ``[event id, source's member id, subject]``, encrypted."""
    member_id: Mapped[str] = mapped_column(IdText)
    case_key: Mapped[bytes] = mapped_column(LargeBinary)
    type: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime]
    arrival: Mapped[int] = mapped_column(Integer)
    """Counts the events of the case in the order they were booked."""
    posted_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(Text)
    points: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(Text)
    awards: Mapped[list[Any]] = mapped_column(JSON)
    """What the event was answered with, so that a repeat gets the same; JSON keeps the order of its members."""
    reversed_at: Mapped[datetime | None]
    reversal_points: Mapped[int | None] = mapped_column(BigInteger)
    reversal_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    seq: Mapped[int] = mapped_column(BigInteger, Identity())
    """Its place in the order of booking, drawn under the locks: a back-test replays history in this order."""
    reversal_seq: Mapped[int | None] = mapped_column(BigInteger)
    """The place of its reversal in the same order."""


class Case(Base):
    """What events about one thing come to: a tip, a day's login, a quiz, an activity, a single credit."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_tips", "member_id", postgresql_where=text("type = 'tip.outcome'")),
        _SOURCES,
    )

    case_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    source_id: Mapped[str] = mapped_column(IdText)
    member_id: Mapped[str] = mapped_column(IdText)
    type: Mapped[str] = mapped_column(Text)
    arrivals: Mapped[int] = mapped_column(Integer)
    anchor_at: Mapped[datetime]
    """``occurred_at`` of the first event booked: caps count in the periods it lies in."""
    deciding_event: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The event that says what the case is worth; NULL when all were reversed."""
    deciding_at: Mapped[datetime | None]
    worth: Mapped[int] = mapped_column(BigInteger)
    """Points before caps."""
    award_ids: Mapped[list[str]] = mapped_column(ARRAY(IdText))


class Award(Base):
    """What one rule grants for one case. The ledger's postings and lots carry ``award_id`` and nothing else."""

    __tablename__ = "awards"
    __table_args__ = (
        Index(
            "ix_awards_waiting",
            "available_at",
            "rule_key",
            "award_id",
            postgresql_where=text("points > 0 AND (available_at IS NULL OR available_at > booked_at)"),
        ),
        Index("ix_awards_public", "member_id", "booked_at", postgresql_where=text("visibility = 'public'")),
        _SOURCES,
    )

    award_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    case_key: Mapped[bytes] = mapped_column(LargeBinary)
    member_id: Mapped[str] = mapped_column(IdText)
    rule_key: Mapped[str] = mapped_column(IdText)
    rule_version: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(BigInteger)
    explanation: Mapped[list[Any]] = mapped_column(JSONB)
    available_at: Mapped[datetime | None]
    """NULL while it waits to be confirmed."""
    expires_at: Mapped[datetime]
    visibility: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    booked_at: Mapped[datetime]
    number: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """Which of the member's awards of its rule in the period it is (diminishing returns), counted from 1."""


class CapUsage(Base):
    """What has been granted under a cap: by rule, for a member (or ``*``), in a period."""

    __tablename__ = "cap_usage"
    __table_args__ = (_SOURCES,)

    holder: Mapped[str] = mapped_column(IdText, primary_key=True)
    rule_key: Mapped[str] = mapped_column(IdText, primary_key=True)
    period: Mapped[str] = mapped_column(Text, primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)
    times: Mapped[int] = mapped_column(BigInteger)


class CaseReport(Base):
    """What a member's report of a case is beside those of others (``points.earning.reports``)."""

    __tablename__ = "reports"
    __table_args__ = (CheckConstraint("role IN ('first', 'corroborating', 'duplicate')", name="role"), _SOURCES)

    subject_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    case_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    role: Mapped[str] = mapped_column(Text)


class AnnouncedDebit(Base):
    """What malice will cost a member unless staff decide otherwise (``points.earning.appeals``).

    ``answer_box``: the member's answer, encrypted: it may tell of the tip.
    """

    __tablename__ = "announced_debits"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'taken', 'waived', 'lapsed')", name="state"),
        Index("uq_announced_debits_open", "case_key", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_announced_debits_member_id", "member_id"),
        Index("ix_announced_debits_due", "bites_at", postgresql_where=text("state = 'open'")),
        _SOURCES,
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    case_key: Mapped[bytes] = mapped_column(LargeBinary)
    member_id: Mapped[str] = mapped_column(IdText)
    rule_key: Mapped[str] = mapped_column(IdText)
    points: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    announced_at: Mapped[datetime]
    bites_at: Mapped[datetime]
    answer_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(IdText)
    decided_at: Mapped[datetime | None]


class ClaimBatch(Base):
    """Claim codes made by a source in one call."""

    __tablename__ = "claim_batches"
    __table_args__ = (_SOURCES,)

    batch_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    source_id: Mapped[str] = mapped_column(IdText)
    points: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ClaimCode(Base):
    """A code not used yet. Using it deletes the row: nothing is left that joins a batch to a member."""

    __tablename__ = "claim_codes"
    __table_args__ = (Index("ix_claim_codes_batch_id", "batch_id"), _SOURCES)

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    batch_id: Mapped[str] = mapped_column(IdText)
    points: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime]


class ClaimMisses(Base):
    """When a member last gave codes that were not good; more than a few lock the door for a while."""

    __tablename__ = "claim_misses"
    __table_args__ = (_SOURCES,)

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    missed_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))


class FactToTell(Base):
    """A booking or reversal that webhooks are to tell; the line goes when its deliveries are made."""

    __tablename__ = "facts_to_tell"
    __table_args__ = _SOURCES

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    event_key: Mapped[bytes] = mapped_column(LargeBinary)
    source_id: Mapped[str] = mapped_column(IdText)
    at: Mapped[datetime]
