"""Orders as staff see them: what is to be done and where it goes, never price, balance or member by accident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.redemption.addresses import Address, open_address
from catalog.redemption.lifecycle import OVER, By, Status, targets
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Invalid, NotFound
from mall.http.fields import parse_instant
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
# Only what is asked for: a plan that must serve every filter uses the index of none.
_FILTERS = {
    "status": "o.status = %(status)s",
    "kind": "o.kind = %(kind)s",
    "number": "o.number = %(number)s",
    "gift": "o.gift_id = %(gift)s",
    "pickup_point": "o.pickup_point_id = %(pickup_point)s",
    "since": "o.placed_at >= %(since)s",
    "until": "o.placed_at < %(until)s",
}
_NO_WAITING_ENTRIES = "NOT (o.kind = 'draw' AND o.status = 'placed')"
_LEFT_TO_DO = [status.value for status in Status if status not in OVER - {Status.RETURNED}]
COUNTED = 10_000
"""Orders of a status that are counted; of more there are just more."""
_COUNT = (
    f"(SELECT count(*) FROM (SELECT 1 FROM orders AS o WHERE o.status = s.status {{}} LIMIT {COUNTED + 1}) AS found)"
)
# But for those placed the index knows all that is asked: orders themselves are not read.
_OPEN = f"""SELECT s.status, CASE s.status WHEN 'placed' THEN {_COUNT.format(f"AND {_NO_WAITING_ENTRIES}")}
 ELSE {_COUNT.format("")} END FROM unnest(%s::text[]) AS s(status)"""


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
    """A page of orders and the next cursor, newest first, with ``oldest`` the longest waiting first.

    ``wanted``: ``status``, ``kind``, ``number``, ``gift``, ``pickup_point``, ``since`` and ``until`` (moments of
    placing, the latter not included); what is absent or None is no filter.
    Entries that wait for a draw are not what staff confirm: among those ``placed`` they are there for ``kind`` draw.
    """
    oldest, by_time = bool(wanted.get("oldest")), wanted.get("since") is not None or wanted.get("until") is not None
    # Days are found in the index by time, everything else in one by id; both are the order of placing.
    key = "(o.placed_at, o.id)" if by_time else "o.id"
    asked = {**wanted, "limit": limit + 1, **_seen(cursor_text, by_time)}
    parts = [sql for name, sql in _FILTERS.items() if wanted.get(name) is not None]
    if wanted.get("status") == Status.PLACED and wanted.get("kind") != "draw":
        parts.append(_NO_WAITING_ENTRIES)
    if "seen" in asked:
        parts.append(f"{key} {'>' if oldest else '<'} {'(%(moment)s, %(seen)s)' if by_time else '%(seen)s'}")
    where = f"WHERE {' AND '.join(parts)}" if parts else ""
    way = "" if oldest else "DESC"
    sort = f"o.placed_at {way}, o.id {way}" if by_time else f"o.id {way}"
    query = f"SELECT {_COLUMNS} FROM orders AS o {where} ORDER BY {sort} LIMIT %(limit)s"
    rows: list[Any] = cursor(tx).execute(query, asked).fetchall()  # type: ignore[arg-type]
    orders = [StaffOrder(**_plain(row), history=[]) for row in rows[:limit]]
    if len(rows) <= limit:
        return orders, None
    last = orders[-1]
    return orders, encode_cursor(last.placed_at.isoformat(), last.id) if by_time else encode_cursor(last.id)


def _seen(cursor_text: str | None, by_time: bool) -> dict[str, Any]:
    """The last order seen, by the cursor of a list of this order. Raises Invalid for another cursor."""
    seen = decode_cursor(cursor_text, *((str, str) if by_time else (str,)))
    if seen is None:
        return {}
    if not by_time:
        return {"seen": seen[0]}
    moment = parse_instant(seen[0])
    if moment is None:
        raise Invalid({"cursor": [_("This cursor is not valid.")]})
    return {"moment": moment, "seen": seen[1]}


def count_by_status(tx: Session) -> dict[str, int]:
    """How many orders there are in each status in which something is left to do, up to one more than ``COUNTED``."""
    return {status: count for status, count in cursor(tx).execute(_OPEN, (_LEFT_TO_DO,)) if count}


def _plain(row: Any) -> dict[str, Any]:
    return dict(zip(_FIELDS, row[:16], strict=True))
