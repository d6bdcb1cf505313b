"""What the ledger's tests use to act on books and to look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from mall.db import Login, cursor
from points.ledger.accounts import Account
from points.ledger.book import Book
from points.ledger.books import open_books
from points.ledger.proof import BookRows
from points.ledger.queries import Balance, StatementLine, balance, statement
from points.ledger.seals import FILE_NAME, seal_heads
from points.ledger.shelf import HOLD_COLUMNS, LOT_COLUMNS, read_wallet
from points.ledger.states import DrawRow, HoldState, LotState, PostingRow, ShareState
from points.ledger.verify import Verdict, verify_ledger

POSTING_COLUMNS = (
    "member_id", "version", "debit", "credit", "points", "kind", "label", "ref", "award_id", "occurred_at",
    "posted_at", "available_at", "expires_at", "net_after", "hash",
)  # fmt: skip
_POSTINGS = f"SELECT {', '.join(POSTING_COLUMNS)} FROM ledger.postings WHERE member_id = %s ORDER BY version"
_LOTS = f"SELECT {LOT_COLUMNS} FROM ledger.lots WHERE member_id = %s ORDER BY version"
_DRAWS = (
    "SELECT member_id, version, lot_version, points FROM ledger.lot_draws WHERE member_id = %s "
    "ORDER BY version, lot_version"
)
_HOLDS = (
    f"SELECT {', '.join(f'h.{name}' for name in HOLD_COLUMNS.split(', '))}, "
    "s.lot_version, s.points, s.captured, s.released, s.refunded "
    "FROM ledger.holds AS h LEFT JOIN ledger.hold_shares AS s ON s.member_id = h.member_id AND s.hold_id = h.hold_id "
    "WHERE h.member_id = %s ORDER BY h.hold_id, s.position"
)
_HOLD_WIDTH = len(HOLD_COLUMNS.split(", "))


def read_rows(cur: psycopg.Cursor[Any], member_id: str) -> BookRows:
    """Every row of one book, as ``ledger verify`` reads them; in one round trip."""
    connection = cur.connection
    with connection.pipeline():
        postings, lots, draws, holds = [
            connection.execute(query, (member_id,)) for query in (_POSTINGS, _LOTS, _DRAWS, _HOLDS)
        ]
        wallet = read_wallet(cur, member_id)
    found: dict[str, HoldState] = {}
    for row in holds:
        hold = found.setdefault(row[1], HoldState(*row[:_HOLD_WIDTH]))
        hold.shares.append(ShareState(*row[_HOLD_WIDTH:]))
    return BookRows(
        wallet,
        [PostingRow(*row) for row in postings],
        [LotState(*row) for row in lots],
        [DrawRow(*row) for row in draws],
        list(found.values()),
    )


class Desk:
    """Acts on books at a moment that the test moves; looks at what is stored."""

    def __init__(
        self, run: Callable[[Login, Callable[[Session], Any]], Any], seals: Path, key: Ed25519PrivateKey
    ) -> None:
        self.run = run
        self.key = key
        self.seals = seals
        self.start = self.now = datetime(2026, 3, 1, 8, tzinfo=UTC)

    def pass_time(self, *, days: float = 0) -> None:
        """Move the clock."""
        self.now += timedelta(days=days)

    def on(self, member_id: str, work: Callable[[Book], Any], login: Login = Login.EARNING) -> Any:
        """Do ``work`` on one book, in a transaction of its own."""
        return self.on_all([member_id], lambda books: work(books[0]), login)

    def on_all(self, member_ids: list[str], work: Callable[[list[Book]], Any], login: Login = Login.EARNING) -> Any:
        """Do ``work`` on several books, in one transaction."""

        def in_tx(tx: Session) -> Any:
            with open_books(tx, member_ids, self.now) as books:
                return work([books[member_id] for member_id in member_ids])

        return self.run(login, in_tx)

    def credit(self, member_id: str, points: int, *, days: float = 100, **more: Any) -> None:
        """Credit points that last ``days`` from now."""
        expires_at = self.now + timedelta(days=days)
        self.on(member_id, lambda book: book.credit(points, expires_at=expires_at, occurred_at=self.now, **more))

    def credit_pending(
        self, member_id: str, points: int, *, wait: float | None, days: float = 100, **more: Any
    ) -> None:
        """Credit points that mature in ``wait`` days, or when they are confirmed."""
        available_at = None if wait is None else self.now + timedelta(days=wait)
        self.credit(member_id, points, days=days, available_at=available_at, until_confirmed=wait is None, **more)

    def clawback(self, member_id: str, points: int, **more: Any) -> tuple[int, int, int, int]:
        """Claw back; what came from pending, expired, available and debt."""
        taken = self.on(member_id, lambda book: book.clawback(points, occurred_at=self.now, **more))
        return taken.pending, taken.expired, taken.available, taken.debt

    def hold(self, member_id: str, points: int, hold_id: str = "hold_1", *, days: float | None = None) -> None:
        """Hold points, for ``days``."""
        expires_at = None if days is None else self.now + timedelta(days=days)
        self.on(member_id, lambda book: book.hold(points, hold_id=hold_id, ref="ord_1", expires_at=expires_at))

    # -- looking

    def rows(self, member_id: str) -> BookRows:
        """Every stored row of a book."""
        found: BookRows = self.run(Login.EARNING, lambda tx: read_rows(cursor(tx), member_id))
        return found

    def accounts(self, member_id: str) -> dict[str, int]:
        """The stored balances that are not 0."""
        wallet = self.rows(member_id).wallet
        return {account.value: points for account in Account if (points := getattr(wallet, account.value))}

    def lots(self, member_id: str) -> list[tuple[int, float]]:
        """Stored lots with available points: how many, and the days from the start until they expire."""
        return self._open(member_id, pending=False)

    def pending_lots(self, member_id: str) -> list[tuple[int, float]]:
        """Stored lots with pending points, likewise."""
        return self._open(member_id, pending=True)

    def _open(self, member_id: str, *, pending: bool) -> list[tuple[int, float]]:
        found = [lot for lot in self.rows(member_id).lots if lot.remaining and lot.pending == pending]
        found.sort(key=lambda lot: (lot.expires_at, lot.version))
        return [(lot.remaining, (lot.expires_at - self.start) / timedelta(days=1)) for lot in found]

    def postings(self, member_id: str) -> list[tuple[str, str, str, int]]:
        """Kind, debit, credit, points of each posting."""
        return [(row.kind, row.debit, row.credit, row.points) for row in self.rows(member_id).postings]

    def balance(self, member_id: str) -> Balance:
        """The balance now."""
        found: Balance = self.run(Login.REDEMPTION, lambda tx: balance(tx, member_id, self.now))
        return found

    def statement(self, member_id: str) -> list[StatementLine]:
        """The statement, newest line first."""
        found: list[StatementLine] = self.run(Login.REDEMPTION, lambda tx: statement(tx, member_id, limit=1000))
        return found

    # -- proving and tampering

    def seal(self) -> int:
        """Seal what changed; how many wallets."""
        sealed: int = self.run(Login.EARNING, lambda tx: seal_heads(tx, self.key, self.seals, self.now))
        return sealed

    def verify(self) -> Verdict:
        """The verdict on the whole ledger."""
        found: Verdict = self.run(Login.OWNER, lambda tx: verify_ledger(tx, self.seals, self.key.public_key()))
        return found

    def tamper(self, statement: str, values: Mapping[str, Any] | None = None) -> int:
        """Change the database behind the ledger's back, triggers off, as its owner could; rows changed."""

        def in_tx(tx: Session) -> int:
            cur = cursor(tx)
            cur.execute("SET LOCAL session_replication_role = replica")
            return cur.execute(statement, values).rowcount

        changed: int = self.run(Login.OWNER, in_tx)
        return changed


@contextmanager
def seals_of(var: Path) -> Iterator[Path]:
    """The installation's seals file, gone before and after."""
    path = var / FILE_NAME
    path.unlink(missing_ok=True)
    yield path
    if path.exists():
        path.unlink()
