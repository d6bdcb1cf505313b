"""The one writer of ``orders.status``: a placed order, or a step of one, in one statement each.

The statement also writes the history rows, the messages, the pickup code and the stock. It comes last in its
transaction, because the stock row is what every order of a hot gift waits for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from catalog.gifts.windows import COLLECTED_KINDS
from catalog.redemption.addresses import SealedAddress
from catalog.redemption.codes import CodeRow, draw_codes
from catalog.redemption.lifecycle import GIVES_STOCK_BACK, OVER, PRIZE, Status
from catalog.topups.asking import SealedTopUp
from mall.crypto import Keyring
from mall.errors import Conflict, Unavailable
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

# A sequence is no row and so not hot. Multiplied by a number without common factor it goes through all six
# digits before it repeats one, and does not tell how many orders there were today.
_NUMBER = "'R' || %(day)s::text || '-' || lpad(((nextval('order_numbers') * 387421 + 271828) %% 1000000)::text, 6, '0')"
_ORDER = f"""INSERT INTO orders (id, number, member_id, gift_id, item_id, kind, status, quantity, points, cash_cents,
 cash_currency, gift_name, variant_name, picture, pickup_point_id, cause_id, pickup_until, history_seq, placed_at,
 moved_at) VALUES (%(id)s, {_NUMBER}, %(member_id)s, %(gift_id)s, %(item_id)s, %(kind)s, %(status)s, %(quantity)s,
 %(points)s, %(cash_cents)s, %(cash_currency)s, %(gift_name)s::jsonb, %(variant_name)s::jsonb, %(picture)s,
 %(pickup_point_id)s, %(cause_id)s, %(pickup_until)s, %(seq)s, %(now)s, %(now)s) RETURNING number"""
_MOVE = """UPDATE orders SET status = %(status)s, history_seq = %(seq)s, moved_at = %(now)s,
 carrier = coalesce(%(carrier)s, carrier), tracking = coalesce(%(tracking)s, tracking),
 pickup_until = coalesce(%(pickup_until)s, pickup_until), claim_until = coalesce(%(claim_until)s, claim_until),
 kind = coalesce(%(kind)s, kind), pickup_point_id = coalesce(%(point)s, pickup_point_id),
 reminders = CASE WHEN status = 'awaiting_claim' THEN 0 ELSE reminders END,
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
_ADDRESS = "INSERT INTO order_addresses (order_id, address_box) VALUES (%(id)s, %(address_box)s)"
_ADDRESS_KEY = "INSERT INTO address_keys (order_id, key_box) VALUES (%(id)s, %(key_box)s)"
_TOP_UP = """INSERT INTO top_ups (order_id, provider_id, product, target_box, state, attempts, next_at, created_at,
 updated_at) VALUES (%(id)s, %(provider_id)s, %(product)s, %(target_box)s, 'waiting', 0, %(now)s, %(now)s, %(now)s)"""
_STOCK = """UPDATE stock_items SET on_hand = on_hand + %(change)s
 WHERE item_id = %(item_id)s AND on_hand + %(change)s >= 0 RETURNING on_hand"""
# A queue that came or went since the order looked refuses it: no piece goes past a queue.
_TAKE = _STOCK.replace("RETURNING", "AND queue_id IS NOT DISTINCT FROM %(queue_id)s RETURNING")
_MOVEMENT = """INSERT INTO stock_movements (id, item_id, kind, change, ref, actor, at)
 VALUES (%(movement_id)s, %(item_id)s, %(movement)s, %(change)s, %(id)s, %(actor)s, %(now)s)"""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order about to be placed."""

    id: str
    member_id: str
    gift_id: str
    item_id: str
    kind: str
    quantity: int
    points: int
    gift_name: dict[str, str]
    variant_name: dict[str, str] | None
    picture: str | None
    pickup_point_id: str | None
    cause_id: str | None = None
    cash_cents: int | None = None
    cash_currency: str | None = None
    queue_id: str | None = None
    """The waiting room whose turn it uses."""


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
    """What the database said: the order's number (None for a step), and the pickup code if one was given."""

    number: str | None
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


_LOCK = """SELECT id, member_id, gift_id, item_id, kind, status, quantity, history_seq, points, refunded_points,
 refunded_quantity, cash_cents FROM orders WHERE id = %s FOR UPDATE"""


def lock_order(cur: Cursor, order_id: str) -> LockedOrder | None:
    """An order, its row locked until the transaction ends."""
    row: Any = cur.execute(_LOCK, (order_id,)).fetchone()
    return None if row is None else LockedOrder(*row)


def insert_order(
    cur: Cursor,
    ring: Keyring,
    order: NewOrder,
    path: Sequence[Status],
    address: SealedAddress | None,
    day: date,
    actor: str,
    now: datetime,
    *,
    top_up: SealedTopUp | None = None,
) -> Written:
    """Write a new order that has gone along ``path``, and take its pieces from stock.

    Raises Conflict ``sold_out`` when they are not there any more, Unavailable when no pickup code was free.
    """
    values: dict[str, Any] = {
        "id": order.id, "member_id": order.member_id, "gift_id": order.gift_id, "item_id": order.item_id,
        "kind": order.kind, "quantity": order.quantity, "points": order.points, "day": f"{day:%Y%m%d}",
        "gift_name": json.dumps(order.gift_name, ensure_ascii=False), "picture": order.picture,
        "variant_name": order.variant_name and json.dumps(order.variant_name, ensure_ascii=False),
        "pickup_point_id": order.pickup_point_id, "cause_id": order.cause_id,
        "cash_cents": order.cash_cents, "cash_currency": order.cash_currency,
        "queue_id": order.queue_id, "change": -order.quantity, "movement": "ordered", "movement_id": new_id("mov"),
    }  # fmt: skip
    clauses = {"moved": _ORDER, "stock": _TAKE, "movement": _MOVEMENT}
    if address is not None:
        values |= {"address_box": address.address_box, "key_box": address.key_box}
        clauses |= {"address": _ADDRESS, "address_key": _ADDRESS_KEY}
    if top_up is not None:
        values |= {"provider_id": top_up.provider_id, "product": top_up.product, "target_box": top_up.target_box}
        clauses["top_up"] = _TOP_UP
    payload = {"order": order.id, "member": order.member_id, "gift": order.gift_id}
    codes = _add_steps(values, clauses, ring, path, 1, payload, actor, now)
    number, on_hand, code_hash = _execute(cur, clauses, values, "number")
    if on_hand is None:
        raise Conflict("sold_out", extra={"left": 0})
    return Written(number, _taken(codes, code_hash))


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
    payload = {"order": order.id, "member": order.member_id, "gift": order.gift_id}
    payload |= {"until": claim.until.isoformat()} if claim.until else {}
    codes = _add_steps(values, clauses, ring, path, order.history_seq + 1, payload, actor, now, reason)
    _, _, code_hash = _execute(cur, clauses, values, None)
    return Written(None, _taken(codes, code_hash))


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
    payload = {"order": order.id, "member": order.member_id, "gift": order.gift_id}
    if order.refunded_points + part.points == order.points:
        values |= dict.fromkeys(("tracking", "carrier", "claim_until", "kind", "point"))
        if order.kind in COLLECTED_KINDS:
            clauses["closed"] = _CLOSE_CODE
        path = [Status.REFUNDED]
        clauses["moved"] = _MOVE
        _add_steps(values, clauses, ring, path, order.history_seq + 1, payload, actor, now, reason)
    else:
        told = {**payload, "status": "part_refunded", "last": True, "points": part.points, "at": now.isoformat()}
        values |= {"topics": [TOPICS[Status.REFUNDED]], "payloads": [json.dumps(told)]}
        clauses |= {"moved": _REFUND, "messages": _MESSAGES}
    _execute(cur, clauses, values, None)


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


def _add_steps(
    values: dict[str, Any],
    clauses: dict[str, str],
    ring: Keyring,
    path: Sequence[Status],
    first_seq: int,
    payload: dict[str, Any],
    actor: str,
    now: datetime,
    reason: str | None = None,
) -> list[CodeRow]:
    """What every step writes: status, history, messages, and the code of an order that becomes ready."""
    last = len(path) - 1
    payloads = [
        json.dumps({**payload, "status": status.value, "last": place == last, "at": now.isoformat()})
        for place, status in enumerate(path)
    ]
    values |= {
        "status": path[-1].value, "seq": first_seq + last, "now": now, "actor": actor, "reason": reason,
        "seqs": [first_seq + place for place in range(len(path))], "statuses": [status.value for status in path],
        "topics": [TOPICS.get(status, "order.advanced") for status in path], "payloads": payloads,
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


def _execute(
    cur: Cursor, clauses: dict[str, str], values: dict[str, Any], number: str | None
) -> tuple[str | None, int | None, bytes | None]:
    with_ = ", ".join(f"{name} AS ({clause})" for name, clause in clauses.items())
    asked = (
        "(SELECT number FROM moved)" if number else "NULL",
        "(SELECT on_hand FROM stock)" if "stock" in clauses else "NULL",
        "(SELECT code_hash FROM code)" if "code" in clauses else "NULL",
    )
    row = cur.execute(f"WITH {with_} SELECT {', '.join(asked)}", values).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def _taken(codes: Sequence[CodeRow], code_hash: bytes | None) -> CodeRow | None:
    if not codes:
        return None
    for row in codes:
        if row.code_hash == code_hash:
            return row
    raise Unavailable("try_again", retry_after=1)
