"""The ledger's hand-written SQL: lock wallets, read lots and holds, write books back in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg

from mall.arrays import array, arrays
from mall.long_statements import execute_long
from points.ledger.book import Book
from points.ledger.states import GENESIS, HoldState, LotState, ShareState, WalletState

Cursor = psycopg.Cursor[tuple]

WALLET_COLUMNS = (
    "member_id, version, issued, pending, available, held, redeemed, expired, reversed, debt, next_due_at, head_hash"
)
LOT_COLUMNS = "member_id, version, award_id, points, remaining, expired_points, pending, available_at, expires_at"
HOLD_COLUMNS = "member_id, hold_id, points, label, ref, expires_at, captured, released, refunded"

LOCK_WALLETS = (
    f"SELECT {WALLET_COLUMNS} FROM ledger.wallets WHERE member_id = ANY(%s::text[]) ORDER BY member_id FOR UPDATE"
)
# Locks nothing unless all exist: who held some while opening others could wait in a circle.
LOCK_WALLETS_IF_ALL = (
    f"SELECT {WALLET_COLUMNS} FROM ledger.wallets WHERE member_id = ANY(%(ids)s::text[]) AND "
    "(SELECT count(*) FROM ledger.wallets WHERE member_id = ANY(%(ids)s::text[])) = %(count)s "
    "ORDER BY member_id FOR UPDATE"
)
LOCK_FREE_WALLETS = f"{LOCK_WALLETS} SKIP LOCKED"
READ_WALLET = f"SELECT {WALLET_COLUMNS} FROM ledger.wallets WHERE member_id = %s"
OPEN_WALLETS = "INSERT INTO ledger.wallets (member_id, head_hash) SELECT unnest(%s::text[]), %s ON CONFLICT DO NOTHING"
OPEN_LOTS = f"SELECT {LOT_COLUMNS} FROM ledger.lots WHERE member_id = %s AND remaining > 0"
OPEN_LOTS_OF_ALL = f"SELECT {LOT_COLUMNS} FROM ledger.lots WHERE member_id = ANY(%s::text[]) AND remaining > 0"
AWARD_LOTS = f"SELECT {LOT_COLUMNS} FROM ledger.lots WHERE member_id = %s AND award_id = %s"
LOTS = f"SELECT {LOT_COLUMNS} FROM ledger.lots WHERE member_id = %s AND version = ANY(%s)"
HOLD = f"SELECT {HOLD_COLUMNS} FROM ledger.holds WHERE member_id = %s AND hold_id = %s"
DUE_HOLDS = (
    f"SELECT {HOLD_COLUMNS} FROM ledger.holds WHERE member_id = %s AND expires_at <= %s "
    "AND expires_at IS NOT NULL AND captured + released < points ORDER BY expires_at, hold_id"
)
NEXT_HOLD_EXPIRY = (
    "SELECT min(expires_at) FROM ledger.holds WHERE member_id = %s AND expires_at > %s "
    "AND expires_at IS NOT NULL AND captured + released < points"
)
SHARES = (
    "SELECT lot_version, points, captured, released, refunded FROM ledger.hold_shares "
    "WHERE member_id = %s AND hold_id = %s ORDER BY position"
)

# Each clause writes one table from arrays, so a batch of any size is one statement of one shape.
_WRITE_WALLETS = """UPDATE ledger.wallets AS w SET version = n.version, issued = n.issued, pending = n.pending,
 available = n.available, held = n.held, redeemed = n.redeemed, expired = n.expired, reversed = n.reversed,
 debt = n.debt, next_due_at = n.next_due_at, head_hash = n.head_hash
 FROM unnest(%s::text[], %s::int8[], %s::int8[], %s::int8[], %s::int8[], %s::int8[], %s::int8[], %s::int8[],
 %s::int8[], %s::int8[], %s::timestamptz[], %s::bytea[]) AS n(member_id, version, issued, pending, available,
 held, redeemed, expired, reversed, debt, next_due_at, head_hash) WHERE w.member_id = n.member_id"""
_WRITE_POSTINGS = """INSERT INTO ledger.postings (member_id, version, debit, credit, points, kind, label, ref,
 award_id, occurred_at, posted_at, available_at, expires_at, net_after, hash)
 SELECT * FROM unnest(%s::text[], %s::int8[], %s::text[], %s::text[], %s::int8[], %s::text[], %s::text[],
 %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::int8[],
 %s::bytea[])"""
_WRITE_LOTS = """INSERT INTO ledger.lots (member_id, version, award_id, points, remaining, expired_points,
 pending, available_at, expires_at)
 SELECT * FROM unnest(%s::text[], %s::int8[], %s::text[], %s::int8[], %s::int8[], %s::int8[], %s::bool[],
 %s::timestamptz[], %s::timestamptz[])"""
_CHANGE_LOTS = """UPDATE ledger.lots AS l SET remaining = n.remaining, expired_points = n.expired_points,
 pending = n.pending FROM unnest(%s::text[], %s::int8[], %s::int8[], %s::int8[], %s::bool[])
 AS n(member_id, version, remaining, expired_points, pending)
 WHERE l.member_id = n.member_id AND l.version = n.version"""
_WRITE_DRAWS = """INSERT INTO ledger.lot_draws (member_id, version, lot_version, points)
 SELECT * FROM unnest(%s::text[], %s::int8[], %s::int8[], %s::int8[])"""
_WRITE_HOLDS = """INSERT INTO ledger.holds (member_id, hold_id, points, label, ref, expires_at, captured,
 released, refunded) SELECT * FROM unnest(%s::text[], %s::text[], %s::int8[], %s::text[], %s::text[],
 %s::timestamptz[], %s::int8[], %s::int8[], %s::int8[])
 ON CONFLICT (member_id, hold_id) DO UPDATE SET captured = excluded.captured, released = excluded.released,
 refunded = excluded.refunded"""
_WRITE_SHARES = """INSERT INTO ledger.hold_shares (member_id, hold_id, lot_version, position, points, captured,
 released, refunded) SELECT * FROM unnest(%s::text[], %s::text[], %s::int8[], %s::int4[], %s::int8[],
 %s::int8[], %s::int8[], %s::int8[])
 ON CONFLICT (member_id, hold_id, lot_version) DO UPDATE SET captured = excluded.captured,
 released = excluded.released, refunded = excluded.refunded"""


class SqlShelf:
    """Lots and holds, read through one cursor under the lock of their wallet."""

    def __init__(self, cur: Cursor) -> None:
        self._cur = cur
        self._ahead: dict[str, list[LotState]] = {}

    def read_ahead(self, member_ids: Iterable[str]) -> None:
        """Read the open lots of all these members in one look, for books that will all ask for them."""
        self._ahead = {member_id: [] for member_id in member_ids}
        for row in self._cur.execute(OPEN_LOTS_OF_ALL, (array(list(self._ahead)),)):
            self._ahead[row[0]].append(LotState(*row))

    def open_lots(self, member_id: str) -> list[LotState]:
        if member_id in self._ahead:
            return self._ahead.pop(member_id)
        return [LotState(*row) for row in self._cur.execute(OPEN_LOTS, (member_id,))]

    def award_lots(self, member_id: str, award_id: str) -> list[LotState]:
        return [LotState(*row) for row in self._cur.execute(AWARD_LOTS, (member_id, award_id))]

    def lots(self, member_id: str, versions: list[int]) -> list[LotState]:
        return [LotState(*row) for row in self._cur.execute(LOTS, (member_id, versions))]

    def hold(self, member_id: str, hold_id: str) -> HoldState | None:
        row = self._cur.execute(HOLD, (member_id, hold_id)).fetchone()
        return None if row is None else self._with_shares(HoldState(*row))

    def due_holds(self, member_id: str, now: datetime) -> list[HoldState]:
        rows = self._cur.execute(DUE_HOLDS, (member_id, now)).fetchall()
        return [self._with_shares(HoldState(*row)) for row in rows]

    def next_hold_expiry(self, member_id: str, now: datetime) -> datetime | None:
        row = self._cur.execute(NEXT_HOLD_EXPIRY, (member_id, now)).fetchone()
        moment: datetime | None = row[0] if row else None
        return moment

    def _with_shares(self, hold: HoldState) -> HoldState:
        rows = self._cur.execute(SHARES, (hold.member_id, hold.hold_id))
        hold.shares = [ShareState(*row) for row in rows]
        return hold


def lock_wallets(cur: Cursor, member_ids: Iterable[str], *, wait: bool = True) -> dict[str, WalletState]:
    """Lock the wallets of ``member_ids`` in id order, opening those that do not exist yet.

    Without ``wait`` the database refuses (SQLSTATE 55P03) at the first one that somebody else holds.
    """
    ids = sorted(set(member_ids))
    wanted = array(ids)
    lock = LOCK_WALLETS_IF_ALL if wait else f"{LOCK_WALLETS_IF_ALL} NOWAIT"
    found = cur.execute(lock, {"ids": wanted, "count": len(ids)}).fetchall()
    if len(found) < len(ids):
        cur.execute(OPEN_WALLETS, (wanted, GENESIS))
        found = cur.execute(LOCK_WALLETS, (wanted,)).fetchall()
    return {row[0]: WalletState(*row) for row in found}


def lock_free_wallets(cur: Cursor, member_ids: Iterable[str]) -> dict[str, WalletState]:
    """Lock those of the wallets that are there and that nobody else holds."""
    found = cur.execute(LOCK_FREE_WALLETS, (array(sorted(set(member_ids))),))
    return {row[0]: WalletState(*row) for row in found}


def read_wallet(cur: Cursor, member_id: str) -> WalletState:
    """A wallet without a lock; a book not opened yet reads as empty."""
    row = cur.execute(READ_WALLET, (member_id,)).fetchone()
    return WalletState(*row) if row else WalletState(member_id)


def write_books(cur: Cursor, books: Sequence[Book]) -> None:
    """Write what changed in ``books``, in one statement."""
    changed = [book for book in books if book.changed]
    if not changed:
        return
    clauses: list[str] = []
    values: list[Any] = []

    def add(clause: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            clauses.append(clause)
            values.extend(arrays(rows))

    lots = [lot for book in changed for lot in book.changed_lots.values()]
    holds = [hold for book in changed for hold in book.changed_holds.values()]
    add(_WRITE_POSTINGS, [_posting(row) for book in changed for row in book.postings])
    add(_WRITE_LOTS, [_new_lot(lot) for lot in lots if lot.is_new])
    add(
        _CHANGE_LOTS,
        [
            (lot.member_id, lot.version, lot.remaining, lot.expired_points, lot.pending)
            for lot in lots
            if not lot.is_new
        ],
    )
    draws = [draw for book in changed for draw in book.draws]
    add(_WRITE_DRAWS, [(draw.member_id, draw.version, draw.lot_version, draw.points) for draw in draws])
    add(_WRITE_HOLDS, [_hold(hold) for hold in holds])
    add(_WRITE_SHARES, [row for hold in holds for row in _shares(hold)])
    add(_WRITE_WALLETS, [_wallet(book.wallet) for book in changed])
    *before, last = clauses
    ctes = ", ".join(f"w{index} AS ({clause})" for index, clause in enumerate(before))
    execute_long(cur, f"WITH {ctes} {last}" if ctes else last, values)
    for book in changed:
        book.written()


def _posting(row: Any) -> tuple[Any, ...]:
    return (
        row.member_id, row.version, row.debit, row.credit, row.points, row.kind, row.label, row.ref,
        row.award_id, row.occurred_at, row.posted_at, row.available_at, row.expires_at, row.net_after, row.hash,
    )  # fmt: skip


def _new_lot(lot: LotState) -> tuple[Any, ...]:
    return (
        lot.member_id, lot.version, lot.award_id, lot.points, lot.remaining, lot.expired_points, lot.pending,
        lot.available_at, lot.expires_at,
    )  # fmt: skip


def _hold(hold: HoldState) -> tuple[Any, ...]:
    return (
        hold.member_id, hold.hold_id, hold.points, hold.label, hold.ref, hold.expires_at, hold.captured,
        hold.released, hold.refunded,
    )  # fmt: skip


def _shares(hold: HoldState) -> list[tuple[Any, ...]]:
    return [
        (
            hold.member_id, hold.hold_id, share.lot_version, position, share.points, share.captured,
            share.released, share.refunded,
        )
        for position, share in enumerate(hold.shares)
    ]  # fmt: skip


def _wallet(wallet: WalletState) -> tuple[Any, ...]:
    return (
        wallet.member_id, wallet.version, wallet.issued, wallet.pending, wallet.available, wallet.held,
        wallet.redeemed, wallet.expired, wallet.reversed, wallet.debt, wallet.next_due_at, wallet.head_hash,
    )  # fmt: skip
