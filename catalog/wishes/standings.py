"""How things stand with wishes: can the gift be had now, do the member's points reach it? One statement for all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from catalog.payment.configured import gateway, mall_currency
from points.standing.ladder import DEFAULT

# A wallet in which something is due (points that expire or mature) is left for later: the ledger's own job settles it
# within minutes. So is a member who may not redeem now: what has come true meanwhile is told when that is over.
STANDINGS = """SELECT w.member_id, w.gift_id, w.affordable AS was_affordable, w.in_stock AS was_in_stock,
  coalesce(l.available, 0) >= g.from_points
   AND coalesce(s.public_points, 0) - coalesce(r.rolled_off_points, 0) >= coalesce(
    (SELECT (steps -> coalesce(g.min_level, 1) - 1 ->> 'from_points')::bigint FROM level_settings),
    (%(levels)s::bigint[])[coalesce(g.min_level, 1)]) AS affordable,
  g.status = 'active' AND (g.kind <> 'draw' OR g.on_sale_until IS NOT NULL)
   AND (g.kind <> 'virtual' OR g.top_up IS NOT NULL)
   AND (g.cash_cents IS NULL OR coalesce(g.cash_currency = %(currency)s, false))
   AND coalesce(g.visible_from <= %(now)s, true)
   AND coalesce(g.on_sale_from <= %(now)s, true) AND coalesce(g.on_sale_until > %(now)s, true)
   AND EXISTS (SELECT 1 FROM stock_items AS i LEFT JOIN gift_variants AS v ON v.id = i.item_id
    WHERE i.gift_id = g.id AND i.on_hand > 0 AND (v.active OR (v.id IS NULL AND NOT EXISTS (
     SELECT 1 FROM gift_variants AS o WHERE o.gift_id = g.id AND o.active)))) AS in_stock
 FROM wishes AS w JOIN gifts AS g ON g.id = w.gift_id JOIN members AS m ON m.id = w.member_id
 LEFT JOIN ledger.wallets AS l ON l.member_id = w.member_id LEFT JOIN standings AS s ON s.member_id = w.member_id
 LEFT JOIN member_levels AS r ON r.member_id = w.member_id
 WHERE m.status = 'active' AND coalesce(l.next_due_at > %(now)s, true)"""


def standing_values(now: datetime) -> dict[str, Any]:
    """What ``STANDINGS`` is asked with."""
    return {
        "now": now, "levels": [step.from_points for step in DEFAULT.steps],
        "currency": mall_currency() if gateway() is not None else None,
    }  # fmt: skip
