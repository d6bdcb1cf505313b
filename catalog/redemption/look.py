"""A quick look before any transaction: most of those who want a hot gift come too late, and learn it here.

One read in autocommit, without a lock, for all who want the same item at that moment. It only ever says that an order
cannot succeed now; whoever passes is judged again inside the transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.redemption.eligibility import Refusal
from catalog.redemption.place import OrderRequest
from catalog.redemption.refusals import refuse_if_any
from mall.arrays import among, array
from mall.db import Bare, Login, cursor
from mall.gathered_look import GatheredLook

# Only where being sold out is the first reason to be told, and never for a key whose first answer is kept.
_LEFT = f"""SELECT s.on_hand, CASE WHEN s.on_hand < %(quantity)s THEN ARRAY(SELECT key_hash FROM idempotency_keys
  WHERE key_hash {among("bytea", "%(keys)s")}) END
 FROM stock_items AS s JOIN gifts AS g ON g.id = s.gift_id
 WHERE s.item_id = %(item)s AND g.id = %(gift)s AND g.status = 'active'
 AND (g.kind <> 'draw' OR g.on_sale_until IS NOT NULL) AND (g.kind <> 'virtual' OR g.top_up IS NOT NULL)
 AND coalesce(g.min_level, 1) = 1 AND coalesce(g.visible_from <= %(now)s, true)
 AND coalesce(g.on_sale_from <= %(now)s, true) AND coalesce(g.on_sale_until > %(now)s, true)
 AND (s.item_id <> g.id OR NOT EXISTS (SELECT 1 FROM gift_variants AS v WHERE v.gift_id = g.id AND v.active))"""

PLENTY, PLENTY_SECONDS = 500, 0.1
"""So many pieces do not go within so long, so that for this time nobody has to look."""
_plenty_until: dict[str, float] = {}
"""By item, on the clock that only goes forward. Who should have looked all the same is refused in the transaction."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How many pieces somebody wants, under which key, since when."""

    gift_id: str
    item_id: str
    quantity: int
    key_hash: bytes
    now: datetime


def _pieces_left(tx: Bare, wanted: Sequence[_Wanted]) -> list[int | None]:
    """Of each wish for one item how many pieces are left, where these are too few; None for who may go on."""
    first = wanted[0]
    values = {
        "item": first.item_id, "gift": first.gift_id, "quantity": max(one.quantity for one in wanted),
        "now": max(one.now for one in wanted), "keys": array([one.key_hash for one in wanted]),
    }  # fmt: skip
    row = cursor(tx).execute(_LEFT, values).fetchone()
    if row is None:
        return [None] * len(wanted)
    left, answered = row
    if left >= PLENTY:
        _plenty_until[first.item_id] = time.monotonic() + PLENTY_SECONDS
    return [left if left < one.quantity and one.key_hash not in answered else None for one in wanted]


_LOOK = GatheredLook("pieces left", Login.REDEMPTION, _pieces_left)


def refuse_if_sold_out(asked: OrderRequest, key_hash: bytes, now: datetime) -> None:
    """Raise Conflict ``sold_out`` when the order cannot succeed for that reason, and is no repeat of one that did."""
    item_id = asked.variant_id or asked.gift_id
    if asked.quantity < PLENTY and _plenty_until.get(item_id, 0.0) > time.monotonic():
        return
    wanted = _Wanted(asked.gift_id, item_id, asked.quantity, key_hash, now)
    left = _LOOK.answer(wanted, (asked.gift_id, item_id))
    if left is not None:
        refuse_if_any([Refusal("sold_out", {"left": left})])
