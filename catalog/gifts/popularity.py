"""How much a gift is asked for: counted now and then, so that an order has no second hot row."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

WINDOW = timedelta(days=90)

_COUNT = """UPDATE gifts SET popularity = n.pieces FROM (
  SELECT g.id, least(coalesce(sum(o.quantity), 0), 2000000000)::int AS pieces FROM gifts AS g
  LEFT JOIN orders AS o ON o.gift_id = g.id AND o.placed_at > :since AND o.status NOT IN ('cancelled', 'expired')
  GROUP BY g.id) AS n
 WHERE gifts.id = n.id AND gifts.popularity <> n.pieces"""


def count_popularity(tx: Session, now: datetime) -> int:
    """Set each gift's popularity to the pieces ordered in 90 days; returns how many gifts changed."""
    changed = tx.execute(text(_COUNT), {"since": now - WINDOW})
    return int(changed.rowcount)  # type: ignore[attr-defined]
