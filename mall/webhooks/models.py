"""Tables of webhooks: where to send, and every message to every endpoint."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.clock import hour_of
from mall.db import Base, IdText
from mall.webhooks.shared_secret import SharesSecret


class DeliveryState(StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


STATE_CHECK = "state IN (" + ", ".join(f"'{state.value}'" for state in DeliveryState) + ")"
WAITING = text("state = 'waiting'")


class WebhookEndpoint(SharesSecret, Base):
    """Where events are sent. ``client_id``: whose it is, None for the mall's own.

    ``off_reason``: why the mall itself switched it off (``gone``, ``failing``). ``failing_since``: no success since
    then. ``told_at``: staff know that it fails. ``last_ms``: how long its last answer took.
    """

    PURPOSE = "webhook-secret"

    __tablename__ = "webhook_endpoints"
    __table_args__ = (CheckConstraint("off_reason IN ('gone', 'failing')", name="off_reason"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    client_id: Mapped[str | None] = mapped_column(ForeignKey("api_clients.id"), type_=IdText, index=True)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    active: Mapped[bool]
    off_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    last_answer: Mapped[str | None] = mapped_column(Text)
    last_ms: Mapped[int | None] = mapped_column(Integer)


class WebhookDelivery(Base):
    """A message to an endpoint. ``message_id`` is its ``webhook-id``, the same for every endpoint and attempt.

    ``place``: the order in which deliveries were made; those of one ``subject`` are sent in it. ``forced``: a test,
    sent once, also to an endpoint that is switched off. ``leased_until``: somebody is sending it until then at most.
    ``answer``: of the last attempt, a status or a word; no body of an answer is kept.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint(STATE_CHECK, name="state"),
        Index("ix_webhook_deliveries_endpoint_id_place", "endpoint_id", "place"),
        Index("ix_webhook_deliveries_waiting", "endpoint_id", "next_at", "place", postgresql_where=WAITING),
        Index("ix_webhook_deliveries_subject", "endpoint_id", "subject", "place", postgresql_where=WAITING),
        Index("ix_webhook_deliveries_created_at", "created_at", postgresql_using="brin"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    place: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), type_=IdText)
    message_id: Mapped[str] = mapped_column(IdText)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(IdText)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    forced: Mapped[bool]
    attempts: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    ms: Mapped[int | None] = mapped_column(Integer)
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    def told(self, name: str) -> datetime | None:
        """A moment of this delivery (``created_at``, ``last_at``, ``delivered_at``) as staff read it.

        Of a credit that was delivered its hour only, for the reason that ``mall.request_log`` gives.
        """
        moment: datetime | None = getattr(self, name)
        quiet = self.type.startswith("credit.") and self.state == DeliveryState.DELIVERED.value
        return hour_of(moment) if moment is not None and quiet else moment
