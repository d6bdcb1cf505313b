"""Webhooks of stock: an item, or a pool of voucher codes, that has run low."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.stock.alerts import TOPIC
from mall.http.fields import parse_instant
from mall.outbox import handler
from mall.webhooks.events import Fact
from mall.webhooks.fan_out import tell


@handler(TOPIC)
def tell_of_low_stock(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Queue it for whoever asked; a pool of codes has no item."""
    data = {"gift": payload["gift"], "item": payload.get("item")}
    tell(tx, [Fact(TOPIC, data, parse_instant(payload.get("at")) or now, subject=payload["gift"])], now)
