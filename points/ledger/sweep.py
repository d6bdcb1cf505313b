"""Tidying: post what has come due in wallets nobody touched. Balances are right without it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from mall.db import cursor
from points.ledger.books import open_books

WALLETS_PER_SWEEP = 200


def sweep_due(tx: Session, now: datetime, limit: int = WALLETS_PER_SWEEP) -> tuple[int, int]:
    """Settle up to ``limit`` wallets with something due; returns how many, and the points that expired."""
    rows = cursor(tx).execute(
        "SELECT member_id FROM ledger.wallets WHERE next_due_at <= %s ORDER BY next_due_at LIMIT %s", (now, limit)
    )
    member_ids = [row[0] for row in rows]
    expired = 0
    with open_books(tx, member_ids, now) as books:
        for book in books:
            expired += sum(row.points for row in book.postings if row.kind == "expired")
    return len(member_ids), expired
