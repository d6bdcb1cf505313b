"""How many pieces of a gift members have had within each of its limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from catalog.gifts.limits import Limit, period_start
from catalog.redemption.models import NOT_COUNTED_SQL
from mall.db import cursor

_USED = f"""SELECT m.id, ARRAY(SELECT coalesce((SELECT sum(o.quantity - o.refunded_quantity) FROM orders AS o
  WHERE o.member_id = m.id AND o.gift_id = %s AND (p.start IS NULL OR o.placed_at >= p.start)
  AND o.status NOT IN {NOT_COUNTED_SQL}), 0)::int8
 FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS p(start, place) ORDER BY p.place)
 FROM unnest(%s::text[]) AS m(id)"""


def used_within(
    tx: Session, member_ids: Sequence[str], gift_id: str, limits: Sequence[Limit], now: datetime, zone: ZoneInfo
) -> dict[str, list[int]]:
    """Each member's pieces in each limit's current period, variants together.

    Exact under the lock of the members' wallets.
    """
    if not limits:
        return {member_id: [] for member_id in member_ids}
    starts = [period_start(limit.period, now, zone) for limit in limits]
    return dict(cursor(tx).execute(_USED, (gift_id, starts, list(member_ids))).fetchall())
