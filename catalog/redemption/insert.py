"""Writing new orders of one item: orders, history, messages, codes, addresses and the stock, in one statement.

It comes last in its transaction, because the stock row is what every order of a hot gift waits for. Every table is
written from arrays, so that one order and many that are placed together are one statement of one shape.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from catalog.redemption.addresses import SealedAddress
from catalog.redemption.codes import CodeRow, draw_codes
from catalog.redemption.lifecycle import Status
from catalog.redemption.writer import COLLECT_WITHIN, Cursor, code_taken, step_messages
from catalog.topups.asking import SealedTopUp
from mall.arrays import arrays
from mall.crypto import Keyring
from mall.errors import Conflict
from mall.ids import new_id
from mall.long_statements import execute_long

# A sequence is no row and so not hot. Multiplied by a number without common factor it goes through all six
# digits before it repeats one, and does not tell how many orders there were today.
_NUMBER = "'R' || %(day)s::text || '-' || lpad(((nextval('order_numbers') * 387421 + 271828) %% 1000000)::text, 6, '0')"
_ORDERS = f"""INSERT INTO orders (id, number, member_id, gift_id, item_id, kind, status, quantity, points, cash_cents,
 cash_currency, gift_name, variant_name, picture, pickup_point_id, cause_id, pickup_until, history_seq, placed_at,
 moved_at) SELECT n.id, {_NUMBER}, n.member_id, n.gift_id, n.item_id, n.kind, n.status, n.quantity, n.points,
 n.cash_cents, n.cash_currency, n.gift_name, n.variant_name, n.picture, n.pickup_point_id, n.cause_id, n.pickup_until,
 n.seq, %(now)s, %(now)s
 FROM unnest(%(o0)s::text[], %(o1)s::text[], %(o2)s::text[], %(o3)s::text[], %(o4)s::text[], %(o5)s::text[],
 %(o6)s::int8[], %(o7)s::int8[], %(o8)s::int8[], %(o9)s::text[], %(o10)s::jsonb[], %(o11)s::jsonb[], %(o12)s::text[],
 %(o13)s::text[], %(o14)s::text[], %(o15)s::timestamptz[], %(o16)s::int2[]) AS n(id, member_id, gift_id, item_id, kind,
 status, quantity, points, cash_cents, cash_currency, gift_name, variant_name, picture, pickup_point_id, cause_id,
 pickup_until, seq) RETURNING id, number"""
_HISTORY = """INSERT INTO order_history (order_id, seq, status, at, actor)
 SELECT n.order_id, n.seq, n.status, %(now)s, n.actor
 FROM unnest(%(h0)s::text[], %(h1)s::int2[], %(h2)s::text[], %(h3)s::text[]) AS n(order_id, seq, status, actor)"""
_MESSAGES = """INSERT INTO outbox_messages (topic, payload, created_at, available_at)
 SELECT n.topic, n.payload, %(now)s, %(now)s
 FROM unnest(%(m0)s::text[], %(m1)s::jsonb[]) AS n(topic, payload)"""
_CODES = """INSERT INTO pickup_codes (order_id, code_hash, code_box, created_at)
 SELECT DISTINCT ON (n.order_id) n.order_id, n.code_hash, n.code_box, %(now)s
 FROM unnest(%(c0)s::text[], %(c1)s::int4[], %(c2)s::bytea[], %(c3)s::bytea[])
 AS n(order_id, place, code_hash, code_box)
 WHERE NOT EXISTS (SELECT 1 FROM pickup_codes AS p WHERE p.code_hash = n.code_hash AND p.closed_at IS NULL)
 ORDER BY n.order_id, n.place ON CONFLICT DO NOTHING RETURNING order_id, code_hash"""
_ADDRESSES = """INSERT INTO order_addresses (order_id, address_box)
 SELECT * FROM unnest(%(a0)s::text[], %(a1)s::bytea[])"""
_ADDRESS_KEYS = """INSERT INTO address_keys (order_id, key_box)
 SELECT * FROM unnest(%(k0)s::text[], %(k1)s::bytea[])"""
_TOP_UPS = """INSERT INTO top_ups (order_id, provider_id, product, target_box, state, attempts, next_at, created_at,
 updated_at) SELECT n.order_id, n.provider_id, n.product, n.target_box, 'waiting', 0, %(now)s, %(now)s, %(now)s
 FROM unnest(%(t0)s::text[], %(t1)s::text[], %(t2)s::text[], %(t3)s::bytea[])
 AS n(order_id, provider_id, product, target_box)"""
_MOVEMENTS = """INSERT INTO stock_movements (id, item_id, kind, change, ref, actor, at)
 SELECT n.id, %(item_id)s, 'ordered', n.change, n.ref, n.actor, %(now)s
 FROM unnest(%(s0)s::text[], %(s1)s::int8[], %(s2)s::text[], %(s3)s::text[]) AS n(id, change, ref, actor)"""
# A queue that came or went since the orders looked refuses them: no piece goes past a queue.
_TAKE = """UPDATE stock_items SET on_hand = on_hand - %(taken)s
 WHERE item_id = %(item_id)s AND on_hand >= %(taken)s AND queue_id IS NOT DISTINCT FROM %(queue_id)s
 RETURNING on_hand"""
# Read under the locks of the wallets, which whoever leaves takes too: no address is kept for nobody.
_PRESENT = """SELECT count(*) FROM members WHERE id = ANY(%(members)s) AND status = 'active' AND alias_of IS NULL"""


class NotAllPresent(Exception):
    """A member has been suspended or has left since the order was let in."""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order about to be placed, with what is written beside it."""

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
    path: Sequence[Status]
    """The steps it has gone at once."""
    cause_id: str | None = None
    cash_cents: int | None = None
    cash_currency: str | None = None
    queue_id: str | None = None
    """The waiting room whose turn it uses."""
    address: SealedAddress | None = None
    top_up: SealedTopUp | None = None

    @property
    def actor(self) -> str:
        return f"member:{self.member_id}"

    @property
    def ready_at_once(self) -> bool:
        """Whether it is ready at once, with a code and a last day."""
        return Status.READY in self.path


@dataclass(frozen=True, slots=True)
class Inserted:
    """What the database said of a new order: its number, and its pickup code if it is ready at once."""

    number: str
    pickup_code: CodeRow | None


def insert_orders(cur: Cursor, ring: Keyring, orders: Sequence[NewOrder], day: date, now: datetime) -> list[Inserted]:
    """Write new orders of one item, with its stock; all of them or none.

    Raises NotAllPresent when one of the members may not order any more, Conflict ``sold_out`` when there are not
    pieces for all of them, Unavailable when no pickup code was free.
    """
    first = orders[0]
    values: dict[str, Any] = {
        "now": now, "day": f"{day:%Y%m%d}", "item_id": first.item_id, "queue_id": first.queue_id,
        "taken": sum(order.quantity for order in orders), "members": [order.member_id for order in orders],
    }  # fmt: skip
    clauses = {}

    def write(name: str, letter: str, clause: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            clauses[name] = clause
            values.update((f"{letter}{place}", column) for place, column in enumerate(arrays(rows)))

    steps = [(order, place, status) for order in orders for place, status in enumerate(order.path, 1)]
    codes = {order.id: draw_codes(ring) for order in orders if order.ready_at_once}
    write("moved", "o", _ORDERS, [_row(order, now) for order in orders])
    clauses["stock"] = _TAKE
    write("movement", "s", _MOVEMENTS, [(new_id("mov"), -order.quantity, order.id, order.actor) for order in orders])
    write("history", "h", _HISTORY, [(order.id, place, status.value, order.actor) for order, place, status in steps])
    told = [step_messages(order.id, order.member_id, order.gift_id, order.path, now) for order in orders]
    write("messages", "m", _MESSAGES, [message for messages in told for message in messages])
    drawn = [(order_id, place, row) for order_id, rows in codes.items() for place, row in enumerate(rows)]
    write("code", "c", _CODES, [(order_id, place, row.code_hash, row.code_box) for order_id, place, row in drawn])
    sealed = [(order.id, order.address) for order in orders if order.address is not None]
    write("address", "a", _ADDRESSES, [(order_id, address.address_box) for order_id, address in sealed])
    write("address_key", "k", _ADDRESS_KEYS, [(order_id, address.key_box) for order_id, address in sealed])
    top_ups = [(order.id, order.top_up) for order in orders if order.top_up is not None]
    write("top_up", "t", _TOP_UPS, [(order_id, up.provider_id, up.product, up.target_box) for order_id, up in top_ups])
    numbers, hashes = _execute(cur, clauses, values)
    return [Inserted(numbers[order.id], code_taken(codes.get(order.id, ()), hashes.get(order.id))) for order in orders]


def _row(order: NewOrder, now: datetime) -> tuple[Any, ...]:
    return (
        order.id, order.member_id, order.gift_id, order.item_id, order.kind, order.path[-1].value, order.quantity,
        order.points, order.cash_cents, order.cash_currency, json.dumps(order.gift_name, ensure_ascii=False),
        order.variant_name and json.dumps(order.variant_name, ensure_ascii=False), order.picture,
        order.pickup_point_id, order.cause_id, now + COLLECT_WITHIN if order.ready_at_once else None,
        len(order.path),
    )  # fmt: skip


def _execute(cur: Cursor, clauses: dict[str, str], values: dict[str, Any]) -> tuple[dict[str, str], dict[str, bytes]]:
    """Numbers and hashes of codes, by order."""
    with_ = ", ".join(f"{name} AS ({clause})" for name, clause in clauses.items())
    code = "(SELECT code_hash FROM code WHERE order_id = m.id)" if "code" in clauses else "NULL"
    asked = f"SELECT m.id, m.number, {code}, (SELECT on_hand FROM stock), ({_PRESENT}) FROM moved AS m"
    rows = execute_long(cur, f"WITH {with_} {asked}", values).fetchall()
    if rows[0][4] < len(rows):
        raise NotAllPresent
    if rows[0][3] is None:
        raise Conflict("sold_out", extra={"left": 0})
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}
