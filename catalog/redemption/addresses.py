"""Addresses of orders: each encrypted under a key of its own, which is destroyed 30 days after completion."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlalchemy.orm import Session

from catalog.redemption.lifecycle import OVER
from mall.crypto import NONCE_BYTES, Keyring

KEY_PURPOSE = "order-address-key"
KEPT_AFTER = timedelta(days=30)
"""How long an address outlives its order (design, section 7: confidential by construction)."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a gift is sent."""

    name: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class SealedAddress:
    """An address as it is stored: the encrypted key, and the address encrypted under that key."""

    key_box: bytes
    address_box: bytes


def seal_address(ring: Keyring, order_id: str, address: Address) -> SealedAddress:
    """Encrypt an address under a new key that only this order has."""
    key, nonce = AESGCM.generate_key(256), os.urandom(NONCE_BYTES)
    plain = json.dumps(asdict(address), ensure_ascii=False).encode()
    box = nonce + AESGCM(key).encrypt(nonce, plain, order_id.encode())
    return SealedAddress(ring.encrypt(KEY_PURPOSE, key), box)


def open_address(ring: Keyring, order_id: str, key_box: bytes | None, address_box: bytes | None) -> Address | None:
    """The address of an order; None when there is none, or its key is destroyed."""
    if key_box is None or address_box is None:
        return None
    key = ring.decrypt(KEY_PURPOSE, key_box)
    plain = AESGCM(key).decrypt(address_box[:NONCE_BYTES], address_box[NONCE_BYTES:], order_id.encode())
    return Address(**json.loads(plain))


_DUE = "SELECT id FROM orders WHERE status = ANY(:over) AND moved_at <= :before"


def destroy_due_keys(tx: Session, now: datetime) -> int:
    """Delete the keys, and with them the addresses, of orders that ended 30 days ago; returns how many."""
    due = {"over": sorted(OVER), "before": now - KEPT_AFTER}
    keys = tx.execute(text(f"DELETE FROM address_keys WHERE order_id IN ({_DUE})"), due)
    tx.execute(text(f"DELETE FROM order_addresses WHERE order_id IN ({_DUE})"), due)
    return int(keys.rowcount)  # type: ignore[attr-defined]


def destroy_addresses_of(tx: Session, member_id: str) -> None:
    """Delete the keys of all addresses of a member, and the addresses."""
    for table in ("address_keys", "order_addresses"):
        mine = text(f"DELETE FROM {table} WHERE order_id IN (SELECT id FROM orders WHERE member_id = :member)")
        tx.execute(mine, {"member": member_id})
