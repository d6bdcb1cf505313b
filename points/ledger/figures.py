"""Figures of the ledger for /metrics."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from mall.db import Login
from mall.metrics import figure


@figure("mall_ledger_postings", "Postings in the ledger", Login.EARNING)
def postings(tx: Session) -> float:
    """How many there are: a wallet's version counts its own, and wallets are far fewer."""
    return float(tx.execute(text("SELECT coalesce(sum(version), 0) FROM ledger.wallets")).scalar_one())
