"""Taking codes from the pool and showing them. Hand-written SQL: orders wait for no other order's codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from catalog.vouchers.codes import open_box
from mall.crypto import Keyring

Cursor = psycopg.Cursor[tuple[Any, ...]]

# A LIMIT that locks stands in a WITH, which runs once: as a join's inner side a plan may run it once per code.
_TAKE = """WITH free AS MATERIALIZED (
  SELECT id FROM voucher_codes WHERE item_id = %(item)s AND order_id IS NULL
  ORDER BY id LIMIT %(count)s FOR UPDATE SKIP LOCKED)
 UPDATE voucher_codes AS c SET order_id = %(order)s, revealed_at = %(revealed)s FROM free
 WHERE c.id = free.id RETURNING c.id, c.code_box"""
_OF_ORDER = "SELECT code_box, revealed_at IS NULL FROM voucher_codes WHERE order_id = %s ORDER BY id"
_REVEAL = "UPDATE voucher_codes SET revealed_at = %s WHERE order_id = %s AND revealed_at IS NULL"
_PUT_BACK = "UPDATE voucher_codes SET order_id = NULL WHERE order_id = %s AND revealed_at IS NULL"


def take_codes(cur: Cursor, item_id: str, order_id: str, count: int, revealed_at: datetime | None) -> Sequence[bytes]:
    """Assign up to ``count`` free codes to an order, skipping those that another order is just taking.

    Returns their boxes; fewer than asked for when the pool is used up. ``revealed_at``: now if they are shown.
    """
    values = {"item": item_id, "order": order_id, "count": count, "revealed": revealed_at}
    return [box for _, box in sorted(cur.execute(_TAKE, values).fetchall())]


def reveal_codes(cur: Cursor, ring: Keyring, order_id: str, now: datetime) -> list[str]:
    """The codes of an order, for its member's eyes; the first look is noted."""
    rows = cur.execute(_OF_ORDER, (order_id,)).fetchall()
    if any(unseen for _, unseen in rows):
        cur.execute(_REVEAL, (now, order_id))
    return [open_box(ring, box) for box, _ in rows]


def put_back(cur: Cursor, order_id: str) -> int:
    """Return the codes of an order that nobody has seen to the pool; returns how many."""
    return cur.execute(_PUT_BACK, (order_id,)).rowcount
