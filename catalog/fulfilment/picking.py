"""What is to be taken from the shelves now: totals by gift and variant, then order by order; and labels for parcels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.redemption.addresses import Address, open_address
from catalog.redemption.lifecycle import Status
from mall import audit
from mall.crypto import keyring
from mall.db import cursor

MOST = 300
"""Orders of one list: what a person takes from the shelves in one go, and no more paper than a printer holds."""
TO_PICK = (Status.CONFIRMED.value, Status.PREPARING.value)
_WANTED = """o.status = ANY(%(statuses)s) AND o.kind IN ('delivery', 'pickup', 'draw', 'prize')
 AND (%(kind)s::text IS NULL OR o.kind = %(kind)s)
 AND (%(point)s::text IS NULL OR o.pickup_point_id = %(point)s)"""
_TO_PICK = f"""SELECT o.id, o.number, o.kind, o.gift_id, o.item_id, o.gift_name, o.variant_name, o.quantity,
 o.pickup_point_id, o.status FROM orders AS o WHERE {_WANTED} ORDER BY o.id LIMIT %(most)s"""
_LABELS = """SELECT o.number, o.gift_name, o.variant_name, o.quantity, o.id, k.key_box, a.address_box FROM orders AS o
 JOIN address_keys AS k ON k.order_id = o.id JOIN order_addresses AS a ON a.order_id = o.id
 WHERE o.kind IN ('delivery', 'prize') AND o.status = ANY(%(statuses)s)
 AND (%(ids)s::text[] IS NULL OR o.id = ANY(%(ids)s)) ORDER BY o.id LIMIT %(most)s"""


@dataclass(frozen=True, slots=True)
class Picked:
    """An order on the list."""

    id: str
    number: str
    kind: str
    gift_id: str
    item_id: str
    gift_name: dict[str, str]
    variant_name: dict[str, str] | None
    quantity: int
    pickup_point_id: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Total:
    """How many pieces of an item the list needs, for how many orders."""

    gift_name: dict[str, str]
    variant_name: dict[str, str] | None
    pieces: int
    orders: int


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on a parcel."""

    number: str
    gift_name: dict[str, str]
    variant_name: dict[str, str] | None
    quantity: int
    address: Address


def orders_to_pick(tx: Session, kind: str | None = None, point: str | None = None) -> list[Picked]:
    """Orders that are confirmed or being prepared, the longest waiting first, at most 300; None: any."""
    asked = {"statuses": list(TO_PICK), "kind": kind, "point": point, "most": MOST}
    rows: list[Any] = cursor(tx).execute(_TO_PICK, asked).fetchall()
    return [Picked(*row) for row in rows]


def totals_of(orders: Sequence[Picked]) -> list[Total]:
    """The list by item, the largest number of pieces first."""
    by_item: dict[str, list[Picked]] = {}
    for order in orders:
        by_item.setdefault(order.item_id, []).append(order)
    totals = [
        Total(some[0].gift_name, some[0].variant_name, sum(order.quantity for order in some), len(some))
        for some in by_item.values()
    ]
    return sorted(totals, key=lambda one: -one.pieces)


def labels_of(
    tx: Session, order_ids: Sequence[str] | None, actor: str, now: datetime, request_id: str | None
) -> list[Label]:
    """Labels of parcels that wait to be sent, of the named orders or all, at most 300. Reading addresses is noted."""
    asked = {"statuses": list(TO_PICK), "ids": list(order_ids) if order_ids else None, "most": MOST}
    rows: list[Any] = cursor(tx).execute(_LABELS, asked).fetchall()
    ring, labels = keyring(), []
    for number, gift, variant, quantity, order_id, key_box, address_box in rows:
        address = open_address(ring, order_id, key_box, address_box)
        if address is not None:
            labels.append(Label(number, gift, variant, quantity, address))
    detail = {"orders": [label.number for label in labels]}
    audit.record(tx, actor, "orders.labels_printed", "orders", detail, now, request_id)
    return labels
