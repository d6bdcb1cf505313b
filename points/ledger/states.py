"""Pure: what a book is made of while it is open: wallet, lots, holds with their shares, new postings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

GENESIS = b"\x00" * 32
_SEPARATOR = "\x1f"


@dataclass(slots=True)
class WalletState:
    """One member's wallet row: the balance of each account in points, version and head of the chain."""

    member_id: str
    version: int = 0
    issued: int = 0
    pending: int = 0
    available: int = 0
    held: int = 0
    redeemed: int = 0
    expired: int = 0
    reversed: int = 0
    debt: int = 0
    next_due_at: datetime | None = None
    head_hash: bytes = GENESIS


@dataclass(slots=True)
class PostingRow:
    """One posting. ``net_after`` is available − debt after it; ``expires_at`` is set when it made a lot."""

    member_id: str
    version: int
    debit: str
    credit: str
    points: int
    kind: str
    label: str
    ref: str | None
    award_id: str | None
    occurred_at: datetime
    posted_at: datetime
    available_at: datetime | None
    expires_at: datetime | None
    net_after: int
    hash: bytes = b""


@dataclass(slots=True)
class LotState:
    """Points earned together, with one expiry. ``version`` is that of the posting that made it.

    ``remaining``: not drawn, pending or available. ``expired_points``: expired unspent and not clawed back.
    """

    member_id: str
    version: int
    award_id: str | None
    points: int
    remaining: int
    expired_points: int
    pending: bool
    available_at: datetime | None
    expires_at: datetime
    is_new: bool = False


@dataclass(slots=True)
class ShareState:
    """What a hold drew from one lot, and what became of it. All in points."""

    lot_version: int
    points: int
    captured: int = 0
    released: int = 0
    refunded: int = 0


@dataclass(slots=True)
class HoldState:
    """A hold. ``open_points`` may still be captured or released, ``refundable`` refunded."""

    member_id: str
    hold_id: str
    points: int
    label: str
    ref: str | None
    expires_at: datetime | None
    captured: int = 0
    released: int = 0
    refunded: int = 0
    shares: list[ShareState] = field(default_factory=list)

    @property
    def open_points(self) -> int:
        """Points held and not yet captured or released."""
        return self.points - self.captured - self.released

    @property
    def refundable(self) -> int:
        """Points captured and not yet refunded."""
        return self.captured - self.refunded


@dataclass(slots=True, frozen=True)
class DrawRow:
    """A posting drew ``points`` from a lot; a negative number gave them back."""

    member_id: str
    version: int
    lot_version: int
    points: int


@dataclass(slots=True, frozen=True)
class Clawback:
    """Where clawed-back points came from."""

    pending: int
    expired: int
    available: int
    debt: int


@dataclass(frozen=True, slots=True)
class SealedHead:
    """What a seal says of one wallet."""

    member_id: str
    version: int
    head_hash: bytes


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _micros(moment: datetime | None) -> str:
    return "" if moment is None else str((moment - _EPOCH) // _MICROSECOND)


def _optional(value: str | None) -> str:
    return "" if value is None else "=" + value  # so that no value and an empty one differ


def posting_hash(previous: bytes, row: PostingRow) -> bytes:
    """The chain's next link: SHA-256 over the link before and every field of the posting but the hash."""
    fields = (
        row.member_id, str(row.version), row.debit, row.credit, str(row.points), row.kind, row.label,
        _optional(row.ref), _optional(row.award_id), _micros(row.occurred_at), _micros(row.posted_at),
        _micros(row.available_at), _micros(row.expires_at), str(row.net_after),
    )  # fmt: skip
    return hashlib.sha256(previous + _SEPARATOR.join(fields).encode()).digest()
