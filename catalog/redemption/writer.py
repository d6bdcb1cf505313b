"""The one writer of ``orders.status`` once an order stands: each step in one statement.

The statement also writes the history rows, the messages, the pickup code and the stock. New orders are written by
``catalog.redemption.insert``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from catalog.gifts.windows import COLLECTED_KINDS
from catalog.redemption.addresses import SealedAddress
from catalog.redemption.codes import CodeRow, draw_codes
from catalog.redemption.lifecycle import GIVES_STOCK_BACK, OVER, PRIZE, Status
from mall.crypto import Keyring
from mall.errors import Unavailable
from mall.ids import new_id

Cursor = psycopg.Cursor[tuple[Any, ...]]

COLLECT_WITHIN = timedelta(days=14)
"""How long a gift waits at its pickup point."""
TOPICS = {
    Status.PLACED: "order.placed",
    Status.CONFIRMED: "order.confirmed",
    Status.CANCELLED: "order.cancelled",
    Status.REFUNDED: "order.refunded",
}
"""Messages by status; every other step is ``order.advanced`` (docs/api.md, webhooks)."""
ADVANCED = "order.advanced"
MESSAGE_TOPICS = (*TOPICS.values(), ADVANCED)

_MOVE = """UPDATE orders SET status = %(status)s, history_seq = %(seq)s, moved_at = %(now)s,
 carrier = coalesce(%(carrier)s, carrier), tracking = coalesce(%(tracking)s, tracking),
 pickup_until = coalesce(%(pickup_until)s, pickup_until), claim_until = coalesce(%(claim_until)s, claim_until),
 kind = coalesce(%(kind)s, kind), pickup_point_id = coalesce(%(point)s, pickup_point_id),
 reminders = CASE WHEN status IN ('awaiting_claim', 'awaiting_payment') THEN 0 ELSE reminders END,
 refunded_points = CASE WHEN %(status)s = 'refunded' THEN points ELSE refunded_points END,
 refunded_quantity = CASE WHEN %(status)s = 'refunded' THEN quantity ELSE refunded_quantity END
 WHERE id = %(id)s"""
# A refund in part leaves the order where it is.
_REFUND = """UPDATE orders SET refunded_points = refunded_points + %(points)s,
 refunded_quantity = refunded_quantity + %(pieces)s WHERE id = %(id)s"""
_REFUND_ROW = """INSERT INTO order_refunds (id, order_id, points, quantity, restocked, reason, actor, at)
 VALUES (%(refund_id)s, %(id)s, %(points)s, %(pieces)s, %(restocked)s, %(reason)s, %(actor)s, %(now)s)"""
_HISTORY = """INSERT INTO order_history (order_id, seq, status, at, actor, reason)
 SELECT %(id)s, n.seq, n.status, %(now)s, %(actor)s, %(reason)s
 FROM unnest(%(seqs)s::int2[], %(statuses)s::text[]) AS n(seq, status)"""
# The shape of mall.outbox.publish, as part of this statement.
_MESSAGES = """INSERT INTO outbox_messages (topic, payload, created_at, available_at)
 SELECT n.topic, n.payload, %(now)s, %(now)s
 FROM unnest(%(topics)s::text[], %(payloads)s::jsonb[]) AS n(topic, payload)"""
_CODE = """INSERT INTO pickup_codes (order_id, code_hash, code_box, created_at)
 SELECT %(id)s, n.code_hash, n.code_box, %(now)s FROM unnest(%(hashes)s::bytea[], %(boxes)s::bytea[])
 WITH ORDINALITY AS n(code_hash, code_box, place)
 WHERE NOT EXISTS (SELECT 1 FROM pickup_codes AS p WHERE p.code_hash = n.code_hash AND p.closed_at IS NULL)
 ORDER BY n.place LIMIT 1 ON CONFLICT DO NOTHING RETURNING code_hash"""
_CLOSE_CODE = "UPDATE pickup_codes SET closed_at = %(now)s WHERE order_id = %(id)s AND closed_at IS NULL"
_STOCK = """UPDATE stock_items SET on_hand = on_hand + %(change)s
 WHERE item_id = %(item_id)s AND on_hand + %(change)s >= 0 RETURNING on_hand"""
_MOVEMENT = """INSERT INTO stock_movements (id, item_id, kind, change, ref, actor, at)
 VALUES (%(movement_id)s, %(item_id)s, %(movement)s, %(change)s, %(id)s, %(actor)s, %(now)s)"""


@dataclass(frozen=True, slots=True)
class LockedOrder:
    """What a step needs to know of an order whose row is locked."""

    id: str
    member_id: str
    gift_id: str
    item_id: str
    kind: str
    status: str
    quantity: int
    history_seq: int
    points: int
    refunded_points: int
    refunded_quantity: int
    cash_cents: int | None


@dataclass(frozen=True, slots=True)
class Written:
    """What the database said: the pickup code if one was given."""

    pickup_code: CodeRow | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A prize that is to be claimed, or how it is to come: until when; or where it is sent, or the point chosen."""

    until: datetime | None = None
    address: SealedAddress | None = None
    pickup_point_id: str | None = None


@dataclass(frozen=True, slots=True)
class PartBack:
    """Points given back by staff, for ``pieces`` or (0) as a gesture; ``restocked``: the pieces can be had again."""

    points: int
    pieces: int
    restocked: bool


_ADDRESS = "INSERT INTO order_addresses (order_id, address_box) VALUES (%(id)s, %(address_box)s)"
_ADDRESS_KEY = "INSERT INTO address_keys (order_id, key_box) VALUES (%(id)s, %(key_box)s)"
_LOCK = """SELECT id, member_id, gift_id, item_id, kind, status, quantity, history_seq, points, refunded_points,
 refunded_quantity, cash_cents FROM orders WHERE id = %s FOR UPDATE"""


def lock_order(cur: Cursor, order_id: str) -> LockedOrder | None:
    """An order, its row locked until the transaction ends."""
    row: Any = cur.execute(_LOCK, (order_id,)).fetchone()
    return None if row is None else LockedOrder(*row)


def move_order(
    cur: Cursor,
    ring: Keyring,
    order: LockedOrder,
    path: Sequence[Status],
    actor: str,
    now: datetime,
    *,
    reason: str | None = None,
    tracking: str | None = None,
    carrier: str | None = None,
    stock_back: int = 0,
    claim: Claim | None = None,
) -> Written:
    """Move a locked order along ``path``; ``stock_back`` pieces return to stock when it ends by an exit.

    ``claim``: of a prize; with an address the order becomes one of the kind that is sent.
    """
    claim = claim or Claim()
    values: dict[str, Any] = {
        "id": order.id, "item_id": order.item_id, "tracking": tracking, "carrier": carrier,
        "claim_until": claim.until, "point": claim.pickup_point_id, "kind": PRIZE if claim.address else None,
    }  # fmt: skip
    clauses = {"moved": _MOVE}
    if claim.address is not None:
        values |= {"address_box": claim.address.address_box, "key_box": claim.address.key_box}
        clauses |= {"address": _ADDRESS, "address_key": _ADDRESS_KEY}
    if path[-1] in OVER and order.kind in COLLECTED_KINDS:
        clauses["closed"] = _CLOSE_CODE
    if stock_back and path[-1] in GIVES_STOCK_BACK:
        values |= {"change": stock_back, "movement": "returned", "movement_id": new_id("mov")}
        clauses |= {"stock": _STOCK, "movement": _MOVEMENT}
    more = {"until": claim.until.isoformat()} if claim.until else {}
    codes = _add_steps(values, clauses, ring, path, order, actor, now, reason, more)
    return Written(code_taken(codes, _execute(cur, clauses, values)))


def write_refund(
    cur: Cursor, ring: Keyring, order: LockedOrder, part: PartBack, actor: str, now: datetime, reason: str
) -> None:
    """Note points given back; an order whose last points these were is then refunded."""
    values: dict[str, Any] = {
        "id": order.id, "item_id": order.item_id, "points": part.points, "pieces": part.pieces, "now": now,
        "restocked": part.restocked, "reason": reason, "actor": actor, "refund_id": new_id("ref"),
    }  # fmt: skip
    clauses = {"refund": _REFUND_ROW}
    if part.restocked:
        values |= {"change": part.pieces, "movement": "returned", "movement_id": new_id("mov")}
        clauses |= {"stock": _STOCK, "movement": _MOVEMENT}
    if order.refunded_points + part.points == order.points:
        values |= dict.fromkeys(("tracking", "carrier", "claim_until", "kind", "point"))
        if order.kind in COLLECTED_KINDS:
            clauses["closed"] = _CLOSE_CODE
        path = [Status.REFUNDED]
        clauses["moved"] = _MOVE
        _add_steps(values, clauses, ring, path, order, actor, now, reason)
    else:
        told = {"status": "part_refunded", "last": True, "points": part.points, "at": now.isoformat()}
        told = {**_payload(order.id, order.member_id, order.gift_id), **told}
        values |= {"topics": [TOPICS[Status.REFUNDED]], "payloads": [json.dumps(told)]}
        clauses |= {"moved": _REFUND, "messages": _MESSAGES}
    _execute(cur, clauses, values)


_REMIND = """WITH due AS MATERIALIZED (SELECT id FROM orders
  WHERE status = '{status}' AND {until} > %(now)s AND {until} <= %(before)s
  AND reminders < %(number)s ORDER BY {until}, id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
 UPDATE orders SET reminders = %(number)s WHERE id IN (SELECT id FROM due)
 RETURNING id, member_id, {until}"""
_REMINDERS = {
    Status.READY: _REMIND.format(status=Status.READY.value, until="pickup_until"),
    Status.AWAITING_CLAIM: _REMIND.format(status=Status.AWAITING_CLAIM.value, until="claim_until"),
}


def mark_reminded(
    cur: Cursor, status: Status, number: int, now: datetime, before: datetime, most: int
) -> list[tuple[str, str, datetime]]:
    """Count reminder ``number`` of up to ``most`` orders that are to be collected, or claimed, until ``before``.

    ``status``: ready for pickup or awaiting their claim. An order that was claimed is reminded of anew. Returns
    id, member and last moment of those that had not had it; others at the same work take other rows.
    """
    rows: Any = cur.execute(
        _REMINDERS[status], {"number": number, "now": now, "before": before, "most": most}
    ).fetchall()
    return list(rows)


def mark_reminded_once(cur: Cursor, order_ids: Sequence[str]) -> None:
    """Count the one reminder of locked orders that wait for their payment; their next step counts anew."""
    cur.execute("UPDATE orders SET reminders = 1 WHERE id = ANY(%s)", (list(order_ids),))


def _payload(order_id: str, member_id: str, gift_id: str) -> dict[str, Any]:
    return {"order": order_id, "member": member_id, "gift": gift_id}


def step_messages(
    order_id: str,
    member_id: str,
    gift_id: str,
    path: Sequence[Status],
    now: datetime,
    more: Mapping[str, str] | None = None,
) -> list[tuple[str, str]]:
    """Topic and payload of the message that each step of ``path`` sends; ``more`` goes into each payload."""
    payload = {**_payload(order_id, member_id, gift_id), "at": now.isoformat(), **(more or {})}
    return [
        (
            TOPICS.get(status, ADVANCED),
            json.dumps({**payload, "status": status.value, "last": place == len(path)}),
        )
        for place, status in enumerate(path, 1)
    ]


def _add_steps(
    values: dict[str, Any],
    clauses: dict[str, str],
    ring: Keyring,
    path: Sequence[Status],
    order: LockedOrder,
    actor: str,
    now: datetime,
    reason: str | None = None,
    more: Mapping[str, str] | None = None,
) -> list[CodeRow]:
    """What every step writes: status, history, messages, and the code of an order that becomes ready."""
    first_seq = order.history_seq + 1
    messages = step_messages(order.id, order.member_id, order.gift_id, path, now, more)
    values |= {
        "status": path[-1].value, "seq": order.history_seq + len(path), "now": now, "actor": actor, "reason": reason,
        "seqs": [first_seq + place for place in range(len(path))], "statuses": [status.value for status in path],
        "topics": [topic for topic, _ in messages], "payloads": [payload for _, payload in messages],
        "pickup_until": None,
    }  # fmt: skip
    clauses |= {"history": _HISTORY, "messages": _MESSAGES}
    if Status.READY not in path:
        return []
    codes = draw_codes(ring)
    values |= {
        "pickup_until": now + COLLECT_WITHIN,
        "hashes": [row.code_hash for row in codes],
        "boxes": [row.code_box for row in codes],
    }
    clauses["code"] = _CODE
    return codes


def _execute(cur: Cursor, clauses: dict[str, str], values: dict[str, Any]) -> bytes | None:
    """Write; the hash of the code that was free."""
    with_ = ", ".join(f"{name} AS ({clause})" for name, clause in clauses.items())
    asked = "(SELECT code_hash FROM code)" if "code" in clauses else "NULL"
    row = cur.execute(f"WITH {with_} SELECT {asked}", values).fetchone()
    assert row is not None
    found: bytes | None = row[0]
    return found


def code_taken(codes: Sequence[CodeRow], code_hash: bytes | None) -> CodeRow | None:
    """Which of the codes drawn the database took. Raises Unavailable when none was free."""
    if not codes:
        return None
    for row in codes:
        if row.code_hash == code_hash:
            return row
    raise Unavailable("try_again", retry_after=1)
