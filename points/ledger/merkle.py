"""Pure: a Merkle tree over wallet heads, as RFC 6962 (section 2.1) hashes leaves and nodes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf(member_id: str, version: int, head_hash: bytes) -> bytes:
    """The hash of one wallet head."""
    return hashlib.sha256(b"\x00" + f"{member_id}\x1f{version}\x1f".encode() + head_hash).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over ``leaves``; an odd node at the end moves up unchanged."""
    if not leaves:
        return EMPTY
    level = list(leaves)
    while len(level) > 1:
        pairs = [
            hashlib.sha256(b"\x01" + level[index] + level[index + 1]).digest() for index in range(0, len(level) - 1, 2)
        ]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]
