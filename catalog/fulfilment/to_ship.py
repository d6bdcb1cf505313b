"""The list of orders that are to be sent: item, label and address, never price, balance or member."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.redemption.addresses import open_address
from catalog.redemption.lifecycle import Status
from catalog.wording import in_language
from mall import audit
from mall.crypto import keyring
from mall.db import cursor

MOST = 2_000
_WAITING = """SELECT o.id, o.number, o.gift_name, o.variant_name, o.quantity, o.status, k.key_box, a.address_box
 FROM orders AS o LEFT JOIN address_keys AS k ON k.order_id = o.id LEFT JOIN order_addresses AS a ON a.order_id = o.id
 WHERE o.kind IN ('delivery', 'prize') AND o.status = ANY(%s) ORDER BY o.id LIMIT %s"""


_COUNT = "SELECT count(*) FROM orders WHERE kind IN ('delivery', 'prize') AND status = ANY(%s)"
OPEN = [Status.CONFIRMED.value, Status.PREPARING.value]


def count_to_ship(tx: Session) -> int:
    """How many orders wait to be sent."""
    row = cursor(tx).execute(_COUNT, (OPEN,)).fetchone()
    return 0 if row is None else int(row[0])


def orders_to_ship(
    tx: Session, language: str, actor: str, now: datetime, request_id: str | None = None
) -> list[list[object]]:
    """Rows with headings, the longest waiting first, at most 2,000. Reading addresses leaves a mark in the audit.

    The last two columns are empty: filled in, the same file is what the bulk shipment reads.
    """
    ring = keyring()
    found: list[Any] = cursor(tx).execute(_WAITING, (OPEN, MOST)).fetchall()
    rows: list[list[object]] = [_headings()]
    for order_id, number, gift, variant, quantity, _status, key_box, address_box in found:
        address = open_address(ring, order_id, key_box, address_box)
        where = [address.name, address.phone, address.address] if address else ["", "", ""]
        rows.append([number, in_language(gift, language), in_language(variant, language), quantity, *where, "", ""])
    audit.record(tx, actor, "orders.exported", "orders", {"orders": len(found)}, now, request_id)
    return rows


def _headings() -> list[object]:
    return [
        _("Order number"), _("Gift"), _("Variant"), _("Quantity"), _("Name"), _("Phone"), _("Address"), _("Carrier"),
        _("Tracking number"),
    ]  # fmt: skip
