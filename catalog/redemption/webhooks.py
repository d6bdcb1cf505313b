"""Webhooks of orders: every step that the writer of ``orders.status`` has told of."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from mall.http.fields import parse_instant
from mall.outbox import handler
from mall.webhooks.events import Fact
from mall.webhooks.fan_out import tell

TOPICS = ("order.placed", "order.confirmed", "order.advanced", "order.cancelled", "order.refunded")


def tell_of_order(topic: str, tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Queue a step for whoever asked. The message holds the member and points too: neither goes out."""
    data = {name: payload[name] for name in ("order", "gift", "status")}
    at = parse_instant(payload.get("at")) or now  # messages of before this was written have none
    tell(tx, [Fact(topic, data, at, subject=payload["order"])], now)


for _topic in TOPICS:
    handler(_topic)(partial(tell_of_order, _topic))
