"""Voucher codes at rest: encrypted, with an HMAC to find duplicates."""

from __future__ import annotations

from mall.crypto import Keyring

_PURPOSE = "voucher-code"


def hash_of(ring: Keyring, item_id: str, code: str) -> bytes:
    """What a code of an item is recognised by."""
    return ring.hmac16(_PURPOSE, item_id, code)


def box_of(ring: Keyring, code: str) -> bytes:
    """A code as it is stored."""
    return ring.encrypt(_PURPOSE, code.encode())


def open_box(ring: Keyring, box: bytes) -> str:
    """The code in a box."""
    return ring.decrypt(_PURPOSE, box).decode()
