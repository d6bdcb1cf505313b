"""A quick look before any transaction: most of those who want a hot gift come too late, and learn it here.

One read in autocommit, without a lock. It only ever says that an order cannot succeed now; whoever passes is
judged again inside the transaction.
"""

from __future__ import annotations

from datetime import datetime

from catalog.redemption.eligibility import Refusal
from catalog.redemption.place import OrderRequest
from catalog.redemption.refusals import refuse_if_any
from mall.db import Login, cursor, run_bare

# Only where being sold out is the first reason to be told, and never for a key whose first answer is kept.
_SOLD_OUT = """SELECT s.on_hand FROM stock_items AS s JOIN gifts AS g ON g.id = s.gift_id
 WHERE s.item_id = %(item)s AND g.id = %(gift)s AND s.on_hand < %(quantity)s AND g.status = 'active'
 AND (g.kind <> 'draw' OR g.on_sale_until IS NOT NULL) AND (g.kind <> 'virtual' OR g.top_up IS NOT NULL)
 AND coalesce(g.min_level, 1) = 1 AND coalesce(g.visible_from <= %(now)s, true)
 AND coalesce(g.on_sale_from <= %(now)s, true) AND coalesce(g.on_sale_until > %(now)s, true)
 AND (s.item_id <> g.id OR NOT EXISTS (SELECT 1 FROM gift_variants AS v WHERE v.gift_id = g.id AND v.active))
 AND NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE key_hash = %(key_hash)s)"""


def refuse_if_sold_out(asked: OrderRequest, key_hash: bytes, now: datetime) -> None:
    """Raise Conflict ``sold_out`` when the order cannot succeed for that reason, and is no repeat of one that did."""
    values = {
        "item": asked.variant_id or asked.gift_id, "gift": asked.gift_id, "quantity": asked.quantity, "now": now,
        "key_hash": key_hash,
    }  # fmt: skip
    row = run_bare(Login.REDEMPTION, lambda tx: cursor(tx).execute(_SOLD_OUT, values).fetchone())
    if row is not None:
        refuse_if_any([Refusal("sold_out", {"left": row[0]})])
