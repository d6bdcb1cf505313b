"""Reading the ledger: balances and statements, with what has come due counted in although not yet posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from mall.arrays import among, array
from mall.db import Bare, Login, Tx, cursor, run_bare
from mall.errors import Unavailable
from mall.gathered_look import GatheredLook
from points.ledger.accounts import net_change
from points.ledger.book import Book
from points.ledger.shelf import SqlShelf, read_wallet

EXPIRING_SHOWN = 12
"""Most expiry dates a balance lists."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Figures of one member, in points. ``expiring``: available points by expiry, the first first."""

    available: int
    pending: int
    held: int
    debt: int
    expiring: list[tuple[int, datetime]]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A posting that changed what the member can spend. ``points`` is the change of available − debt."""

    version: int
    kind: str
    label: str
    points: int
    balance_after: int
    occurred_at: datetime
    posted_at: datetime
    ref: str | None
    award_id: str | None


# Constants rather than parameters: PostgreSQL then settles on one plan and plans no more.
_FIGURES = "SELECT available, pending, held, debt, next_due_at, NULL, NULL FROM ledger.wallets WHERE member_id = %s"
_BALANCES = f"""SELECT w.available, w.pending, w.held, w.debt, w.next_due_at, l.points, l.expires_at, w.member_id
 FROM ledger.wallets AS w LEFT JOIN LATERAL (
  SELECT sum(remaining)::int8 AS points, expires_at FROM ledger.lots
  WHERE member_id = w.member_id AND remaining > 0 AND NOT pending
  GROUP BY expires_at ORDER BY expires_at LIMIT {EXPIRING_SHOWN}) AS l ON true
 WHERE w.member_id {among("text")} ORDER BY l.expires_at"""
_READS = 5


def peek(tx: Tx, member_id: str, now: datetime) -> Book:
    """A member's book as it would be after everything due, read without a lock; nothing is written."""
    cur = cursor(tx)
    for _ in range(_READS):
        wallet = read_wallet(cur, member_id)
        version = wallet.version
        try:
            book = Book(wallet, now, SqlShelf(cur))
            book.open_lots()
        except AssertionError:
            book = None
        # Lots are read after the wallet: a write in between would give figures of two moments.
        if read_wallet(cur, member_id).version == version and book is not None:
            return book
    raise Unavailable("try_again", retry_after=1)


def balance(tx: Tx, member_id: str, now: datetime, *, expiring: bool = True) -> Balance:
    """A member's balance at ``now``: one statement, unless something has come due and is not posted yet."""
    values: tuple[str, ...] = (array([member_id]) if expiring else member_id,)
    rows = cursor(tx).execute(_BALANCES if expiring else _FIGURES, values).fetchall()
    found = _as_booked(rows, now)
    if found is not None:
        return found
    book = peek(tx, member_id, now)
    wallet = book.wallet
    moments: dict[datetime, int] = {}
    for lot in book.open_lots() if expiring else ():
        moments[lot.expires_at] = moments.get(lot.expires_at, 0) + lot.remaining
    listed = [(points, moment) for moment, points in moments.items()][:EXPIRING_SHOWN]
    return Balance(wallet.available, wallet.pending, wallet.held, wallet.debt, listed)


def balance_now(member_id: str, now: datetime) -> Balance:
    """As ``balance``, outside of any transaction and in one look for all who ask at the same moment."""
    found = _as_booked(_LOOK.answer(member_id), now)
    return found or run_bare(Login.EARNING, lambda tx: balance(tx, member_id, now))


def _as_booked(rows: Sequence[tuple], now: datetime) -> Balance | None:
    """The balance of the member whose ``rows`` these are, none for no book; None when something has come due."""
    if not rows:
        return Balance(0, 0, 0, 0, [])
    available, pending, held, debt, next_due_at, *_ = rows[0]
    if next_due_at is not None and next_due_at <= now:
        return None
    return Balance(available, pending, held, debt, [(row[5], row[6]) for row in rows if row[5] is not None])


def _rows_of(tx: Bare, member_ids: Sequence[str]) -> list[list[tuple]]:
    found: dict[str, list[tuple]] = {}
    for row in cursor(tx).execute(_BALANCES, (array(member_ids),)):
        found.setdefault(row[7], []).append(row)
    return [found.get(member_id, []) for member_id in member_ids]


_LOOK = GatheredLook("balances", Login.EARNING, _rows_of)


_DIRECTIONS = {"in": "AND credit IN ('available', 'debt') ", "out": "AND debit IN ('available', 'debt') ", None: ""}


def statement(
    tx: Session, member_id: str, *, limit: int, before: int | None = None, direction: str | None = None
) -> list[StatementLine]:
    """Up to ``limit`` statement lines below version ``before``, newest first; ``direction``: in, out or None."""
    rows = cursor(tx).execute(
        "SELECT version, kind, label, debit, credit, points, net_after, occurred_at, posted_at, ref, award_id "
        "FROM ledger.postings WHERE member_id = %s AND version < %s "
        "AND (debit IN ('available', 'debt')) <> (credit IN ('available', 'debt')) "
        f"{_DIRECTIONS[direction]}"
        "ORDER BY version DESC LIMIT %s",
        (member_id, before if before is not None else 2**62, limit),
    )
    return [
        StatementLine(version, kind, label, net_change(debit, credit, points), after, occurred, posted, ref, award)
        for version, kind, label, debit, credit, points, after, occurred, posted, ref, award in rows
    ]


def awards_pending(tx: Session, member_id: str) -> list[tuple[int, datetime | None]]:
    """Pending points of a member with the moment each becomes available, the first first."""
    rows = cursor(tx).execute(
        "SELECT remaining, available_at FROM ledger.lots WHERE member_id = %s AND remaining > 0 AND pending "
        "ORDER BY available_at NULLS LAST, version",
        (member_id,),
    )
    return [(points, moment) for points, moment in rows]
