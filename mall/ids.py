"""Pure: opaque ids with a prefix (``ord_…``), ordered by the time they were made.

An id is the prefix and 26 characters of Crockford's base 32: 48 bits of milliseconds since 1970, then 80
random bits (the layout of a ULID). Time order keeps index pages of a large table hot at their right edge.
"""

from __future__ import annotations

import os
import time
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]


def new_id(prefix: str) -> str:
    """A new id, such as ``ord_01jd2y0c5v8m3k9t6q4w7x1z2e``."""
    return _id(prefix, time.time_ns() // 1_000_000)


def id_at(prefix: str, moment: datetime) -> str:
    """A new id that sorts among those made at ``moment``, for something that begins then."""
    return _id(prefix, int(moment.timestamp() * 1000))


def _id(prefix: str, milliseconds: int) -> str:
    number = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    pairs = _PAIRS
    digits = "".join([pairs[(number >> shift) & 0x3FF] for shift in range(120, -1, -10)])
    return f"{prefix}_{digits}"
