"""Webhooks of the ledger: points that expired, one message for each booking that let some expire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mall.http.fields import parse_instant
from mall.outbox import handler
from mall.webhooks.events import Fact
from mall.webhooks.fan_out import tell
from points.ledger.books import EXPIRED


@handler(EXPIRED)
def tell_of_expiry(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Queue it for the mall's own endpoints."""
    tell(tx, [Fact(EXPIRED, {"points": payload["points"]}, parse_instant(payload["at"]) or now)], now)
