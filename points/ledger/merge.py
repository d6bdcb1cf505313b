"""Pure: two books of one person become one."""

from __future__ import annotations

from points.ledger.accounts import Account
from points.ledger.book import Book

KIND = "merged"


def merge_books(source: Book, target: Book, ref: str) -> int:
    """Move what can be spent or will mature, and what is owed, from ``source`` to ``target``.

    Lots keep award, expiry and maturity. Held points stay until their hold is settled. Returns the points
    moved. Both books must be open in one ``open_books``.
    """
    moved = 0
    for lot in [*source.open_lots(), *source.pending_lots()]:
        points, pending = lot.remaining, lot.pending
        source.take_lot(lot, kind=KIND, ref=ref)
        target.credit(
            points,
            expires_at=lot.expires_at,
            occurred_at=source.now,
            award_id=lot.award_id,
            kind=KIND,
            ref=ref,
            available_at=lot.available_at if pending else None,
            until_confirmed=pending and lot.available_at is None,
        )
        moved += points
    owed = getattr(source.wallet, Account.DEBT.value)
    if owed:
        source.write_off(owed, ref=ref, kind=KIND)
        target.clawback(owed, occurred_at=source.now, kind=KIND, ref=ref)
    return moved
