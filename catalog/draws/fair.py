"""Pure: what makes a draw fair, and so simple that anybody can do it again (docs/verify_draw.py does).

The seed is promised before the first entry by its digest; the list of entries is published before the seed. Neither
can then be chosen to suit the other.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


def commitment_of(draw_id: str, seed: str) -> str:
    """What is published beforehand: the SHA-256 of ``draw_id:seed``, in hexadecimal."""
    return hashlib.sha256(f"{draw_id}:{seed}".encode()).hexdigest()


def list_digest(entries: Iterable[str]) -> str:
    """The SHA-256 of the entries in ascending order, each followed by a line feed, in hexadecimal."""
    return hashlib.sha256("".join(f"{entry}\n" for entry in sorted(entries)).encode()).hexdigest()


def lot_of(seed: str, entry: str) -> str:
    """The lot that an entry draws: HMAC-SHA256 with the seed's characters as the key, in hexadecimal."""
    return hmac.new(seed.encode(), entry.encode(), hashlib.sha256).hexdigest()


def ranking(seed: str, entries: Iterable[str]) -> list[str]:
    """The entries from the smallest lot to the largest: as many as there are prizes win, from the front."""
    return sorted(entries, key=lambda entry: lot_of(seed, entry))
