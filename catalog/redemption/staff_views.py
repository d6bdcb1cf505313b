"""Orders as staff see them: what is to be done and where it goes, never price, balance or member by accident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.redemption.addresses import Address, open_address
from catalog.redemption.lifecycle import By, targets
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import NotFound
from mall.http.pagination import decode_cursor, encode_cursor


@dataclass(frozen=True, slots=True)
class StaffOrder:
    """An order. ``points`` and ``member_id`` are for roles that may see them; ``allowed``: where it may go."""

    id: str
    number: str
    kind: str
    status: str
    gift_id: str
    gift_name: dict[str, str]
    variant_name: dict[str, str] | None
    quantity: int
    pickup_point_id: str | None
    tracking: str | None
    placed_at: datetime
    member_id: str
    points: int
    history: list[tuple[str, datetime, str, str | None]]
    carrier: str | None = None
    refunded_points: int = 0
    refunded_quantity: int = 0
    address: Address | None = None

    @property
    def allowed(self) -> list[str]:
        """Where staff may move it."""
        return targets(self.kind, self.status, By.STAFF)


_FIELDS = (
    "id", "number", "kind", "status", "gift_id", "gift_name", "variant_name", "quantity", "pickup_point_id",
    "tracking", "placed_at", "member_id", "points", "carrier", "refunded_points", "refunded_quantity",
)  # fmt: skip
_COLUMNS = """o.id, o.number, o.kind, o.status, o.gift_id, o.gift_name, o.variant_name, o.quantity, o.pickup_point_id,
 o.tracking, o.placed_at, o.member_id, o.points, o.carrier, o.refunded_points,
 o.refunded_quantity"""
_HISTORY = "SELECT status, at, actor, reason FROM order_history WHERE order_id = %s ORDER BY seq"
_ONE = f"""SELECT {_COLUMNS}, k.key_box, a.address_box FROM orders AS o
 LEFT JOIN address_keys AS k ON k.order_id = o.id LEFT JOIN order_addresses AS a ON a.order_id = o.id
 WHERE o.id = %s"""
_LIST = f"""SELECT {_COLUMNS} FROM orders AS o WHERE (%(status)s::text IS NULL OR o.status = %(status)s)
 AND (o.kind <> 'draw' OR %(status)s IS DISTINCT FROM 'placed' OR %(kind)s = 'draw')
 AND (%(kind)s::text IS NULL OR o.kind = %(kind)s) AND (%(number)s::text IS NULL OR o.number = %(number)s)
 AND o.id < %(before)s ORDER BY o.id DESC LIMIT %(limit)s"""
_HIGHEST = "~"
_OPEN = """SELECT status, count(*) FROM orders
 WHERE status NOT IN ('completed', 'cancelled', 'expired', 'refunded') AND NOT (kind = 'draw' AND status = 'placed')
 GROUP BY status"""


def staff_order(tx: Session, order_id: str, *, with_address: bool) -> StaffOrder:
    """An order with its history, and its address if asked for. Raises NotFound."""
    cur = cursor(tx)
    row: Any = cur.execute(_ONE, (order_id,)).fetchone()
    if row is None:
        raise NotFound()
    history = [(step[0], step[1], step[2], step[3]) for step in cur.execute(_HISTORY, (order_id,))]
    address = open_address(keyring(), order_id, row[16], row[17]) if with_address else None
    return StaffOrder(**_plain(row), history=history, address=address)


def staff_orders(
    tx: Session, wanted: dict[str, Any], limit: int, cursor_text: str | None
) -> tuple[list[StaffOrder], str | None]:
    """A page of orders by ``status``, ``kind`` and ``number`` (None: any), newest first; and the next cursor.

    Entries that wait for a draw are not what staff confirm: among those ``placed`` they are there for ``kind`` draw.
    """
    seen = decode_cursor(cursor_text, str)
    asked = {**wanted, "before": seen[0] if seen else _HIGHEST, "limit": limit + 1}
    rows: list[Any] = cursor(tx).execute(_LIST, asked).fetchall()
    orders = [StaffOrder(**_plain(row), history=[]) for row in rows[:limit]]
    return orders, encode_cursor(orders[-1].id) if len(rows) > limit else None


def count_by_status(tx: Session) -> dict[str, int]:
    """How many orders there are in each status in which something is left to do."""
    return {status: count for status, count in cursor(tx).execute(_OPEN)}  # noqa: C416 - rows are tuples


def _plain(row: Any) -> dict[str, Any]:
    return dict(zip(_FIELDS, row[:16], strict=True))
