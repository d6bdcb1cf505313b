"""What the whole ledger did between two moments, and what is outstanding; for the back office's figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from mall.db import cursor

# Accounts that are merged move between two books of one person: nothing is earned or lost by it, but what the one
# owed the other may owe no longer in the same way, so that debt counts them too.
MOVES = {
    "granted": "debit = 'issued' AND credit <> 'debt' AND kind <> 'merged'",
    "written_off": "debit = 'issued' AND credit = 'debt' AND kind <> 'merged'",
    "taken_back": "credit = 'reversed' AND kind <> 'merged'",
    "redeemed": "credit = 'redeemed'",
    "refunded": "debit = 'redeemed'",
    "expired": "credit = 'expired'",
}
"""What figures of ``Moves`` add up, as conditions on postings. From ``expired`` goes what was taken back later."""
_SUM = "coalesce(sum(points) FILTER (WHERE {}), 0)"
_MOVES = f"""SELECT {", ".join(_SUM.format(condition) for condition in MOVES.values())}
 - coalesce(sum(points) FILTER (WHERE debit = 'expired'), 0),
 coalesce(sum(points) FILTER (WHERE debit = 'debt'), 0) - coalesce(sum(points) FILTER (WHERE credit = 'debt'), 0)
 FROM ledger.postings WHERE posted_at >= %s AND posted_at < %s"""
# One statement is one snapshot: what is posted meanwhile is in both parts or in neither.
_OUTSTANDING_AT = """SELECT
 (SELECT coalesce(sum(available + pending + held - debt), 0) FROM ledger.wallets)
 - (SELECT coalesce(sum(CASE WHEN debit = 'issued' THEN points WHEN debit = 'redeemed' THEN points
   WHEN debit = 'expired' THEN points ELSE 0 END), 0)
  - coalesce(sum(CASE WHEN credit IN ('reversed', 'redeemed', 'expired') THEN points ELSE 0 END), 0)
  FROM ledger.postings WHERE posted_at >= %s)"""
_OUTSTANDING = "SELECT coalesce(sum(available + pending + held), 0), coalesce(sum(debt), 0) FROM ledger.wallets"
_FIRST = "SELECT min(posted_at) FROM ledger.postings"


@dataclass(frozen=True, slots=True)
class Moves:
    """Points that moved in a span of time.

    ``granted`` and ``taken_back`` are gross; ``expired`` is less what was taken back after it had expired; ``owed``
    is by how much the debt of members grew.
    """

    granted: int = 0
    written_off: int = 0
    taken_back: int = 0
    redeemed: int = 0
    refunded: int = 0
    expired: int = 0
    owed: int = 0

    @property
    def net(self) -> int:
        """By how much the points outstanding, less what members owe, grew (design, section 4: conservation)."""
        return self.granted + self.written_off - self.taken_back - self.redeemed + self.refunded - self.expired


def moves(tx: Session, since: datetime, until: datetime) -> Moves:
    """What was posted from ``since`` until just before ``until``."""
    row = cursor(tx).execute(_MOVES, (since, until)).fetchone()
    assert row is not None
    return Moves(*(int(value) for value in row))


def first_posting_at(tx: Session) -> datetime | None:
    """When the ledger's first posting was made; None while there is none."""
    row = cursor(tx).execute(_FIRST).fetchone()
    return row[0] if row else None


def outstanding(tx: Session) -> tuple[int, int]:
    """Points that members hold (spendable, waiting or set aside), and points that they owe."""
    row = cursor(tx).execute(_OUTSTANDING).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def outstanding_at(tx: Session, moment: datetime) -> int:
    """Points outstanding less what members owed just before ``moment``: today's wallets less what came after."""
    row = cursor(tx).execute(_OUTSTANDING_AT, (moment,)).fetchone()
    assert row is not None
    return int(row[0])
