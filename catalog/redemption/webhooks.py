"""Webhooks of orders: every step that the writer of ``orders.status`` has told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from catalog.redemption.writer import MESSAGE_TOPICS
from mall.http.fields import parse_instant
from mall.outbox import Message, group_handler
from mall.webhooks.events import Fact
from mall.webhooks.fan_out import tell, types_heard


@group_handler(*MESSAGE_TOPICS)
def tell_of_orders(tx: Session, messages: Sequence[Message], now: datetime) -> None:
    """Queue steps for whoever asked. The messages hold the member and points too: neither goes out."""
    heard = types_heard(tx)
    tell(tx, [_fact(message, now) for message in messages if message.topic in heard], now)


def _fact(message: Message, now: datetime) -> Fact:
    payload = message.payload
    data = {name: payload[name] for name in ("order", "gift", "status")}
    at = parse_instant(payload.get("at")) or now  # messages of before this was written have none
    return Fact(message.topic, data, at, subject=payload["order"])
