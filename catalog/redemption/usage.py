"""How many pieces of a gift a member has had within each of its limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from catalog.gifts.limits import Limit, period_start
from catalog.redemption.models import NOT_COUNTED_SQL
from mall.db import cursor

_USED = f"""SELECT ARRAY(SELECT coalesce((SELECT sum(o.quantity - o.refunded_quantity) FROM orders AS o
  WHERE o.member_id = %s AND o.gift_id = %s AND (p.start IS NULL OR o.placed_at >= p.start)
  AND o.status NOT IN {NOT_COUNTED_SQL}), 0)::int8
 FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS p(start, place) ORDER BY p.place)"""


def used_within(
    tx: Session, member_id: str, gift_id: str, limits: Sequence[Limit], now: datetime, zone: ZoneInfo
) -> list[int]:
    """Pieces in each limit's current period, variants together. Exact under the lock of the member's wallet."""
    if not limits:
        return []
    starts = [period_start(limit.period, now, zone) for limit in limits]
    row = cursor(tx).execute(_USED, (member_id, gift_id, starts)).fetchone()
    assert row is not None
    return list(row[0])
