"""``ledger verify``: prove every wallet, posting, lot, draw, hold and seal, or name the first bad row.

Reads one consistent snapshot member by member, so memory stays flat however large the ledger is. The pure
checks of one book are in ``points.ledger.proof``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text
from sqlalchemy.orm import Session

from points.ledger.proof import Bad, BookRows, check_book
from points.ledger.seals import SealBroken, link, read_file, signed_bytes
from points.ledger.shelf import HOLD_COLUMNS, LOT_COLUMNS, WALLET_COLUMNS
from points.ledger.states import (
    GENESIS,
    DrawRow,
    HoldState,
    LotState,
    PostingRow,
    SealedHead,
    ShareState,
    WalletState,
)

_POSTING = (
    "member_id, version, debit, credit, points, kind, label, ref, award_id, occurred_at, posted_at, "
    "available_at, expires_at, net_after, hash"
)
_STREAM_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was read, and the first bad row (None when all is well)."""

    wallets: int
    postings: int
    seals: int
    bad: str | None


def verify_ledger(tx: Session, seals_path: Path, seal_key: Ed25519PublicKey) -> Verdict:
    """Verify the whole ledger in the snapshot of ``tx`` (to be opened as the owner)."""
    tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    connection = tx.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    counts = {"wallets": 0, "postings": 0, "seals": 0}
    try:
        sealed = _check_seals(connection, seals_path, seal_key, counts)
        _check_books(connection, sealed, counts)
    except (Bad, SealBroken) as bad:
        return Verdict(counts["wallets"], counts["postings"], counts["seals"], str(bad))
    return Verdict(counts["wallets"], counts["postings"], counts["seals"], None)


def _stream(connection: psycopg.Connection[Any], columns: str, table: str, order: str) -> Iterator[tuple[Any, ...]]:
    name = "verify_" + table.replace(".", "_")
    with connection.cursor(name=name) as cur:
        cur.itersize = _STREAM_ROWS
        cur.execute(f"SELECT {columns} FROM {table} ORDER BY {order}")
        yield from cur


class _Grouped:
    """Rows of a table in member order, handed out one member at a time."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._groups = groupby(rows, key=lambda row: row[0])
        self._next: tuple[str, list[tuple[Any, ...]]] | None = None
        self._advance()

    def _advance(self) -> None:
        found = next(self._groups, None)
        self._next = None if found is None else (found[0], list(found[1]))

    def take(self, member_id: str, table: str) -> list[tuple[Any, ...]]:
        """The rows of ``member_id``; rows of a member before it have no wallet."""
        if self._next is None or self._next[0] > member_id:
            return []
        if self._next[0] < member_id:
            raise Bad(f"{table} {self._next[0]}/{self._next[1][0][1]}: no wallet")
        rows = self._next[1]
        self._advance()
        return rows

    def finish(self, table: str) -> None:
        """Nothing may be left once every wallet has taken its own."""
        if self._next is not None:
            raise Bad(f"{table} {self._next[0]}/{self._next[1][0][1]}: no wallet")


def _check_books(connection: psycopg.Connection[Any], sealed: dict[str, SealedHead], counts: dict[str, int]) -> None:
    tables = {
        "posting": _Grouped(_stream(connection, _POSTING, "ledger.postings", "member_id, version")),
        "lot": _Grouped(_stream(connection, LOT_COLUMNS, "ledger.lots", "member_id, version")),
        "draw": _Grouped(
            _stream(
                connection,
                "member_id, version, lot_version, points",
                "ledger.lot_draws",
                "member_id, version, lot_version",
            )
        ),
        "hold": _Grouped(_stream(connection, HOLD_COLUMNS, "ledger.holds", "member_id, hold_id")),
        "hold_share": _Grouped(
            _stream(
                connection,
                "member_id, hold_id, lot_version, points, captured, released, refunded",
                "ledger.hold_shares",
                "member_id, hold_id, position",
            )
        ),
    }
    for *row, sealed_version in _stream(connection, f"{WALLET_COLUMNS}, sealed_version", "ledger.wallets", "member_id"):
        wallet = WalletState(*row)
        counts["wallets"] += 1
        postings = [PostingRow(*posting) for posting in tables["posting"].take(wallet.member_id, "posting")]
        counts["postings"] += len(postings)
        shares: dict[str, list[ShareState]] = {}
        for _, hold_id, *share in tables["hold_share"].take(wallet.member_id, "hold_share"):
            shares.setdefault(hold_id, []).append(ShareState(*share))
        holds = [HoldState(*hold) for hold in tables["hold"].take(wallet.member_id, "hold")]
        for hold in holds:
            hold.shares = shares.pop(hold.hold_id, [])
        if shares:
            raise Bad(f"hold_share {wallet.member_id}/{next(iter(shares))}: no hold")
        rows = BookRows(
            wallet,
            postings,
            [LotState(*lot) for lot in tables["lot"].take(wallet.member_id, "lot")],
            [DrawRow(*draw) for draw in tables["draw"].take(wallet.member_id, "draw")],
            holds,
        )
        head = sealed.pop(wallet.member_id, None)
        check_book(rows, head)
        if sealed_version > (head.version if head else 0):
            raise Bad(f"wallet {wallet.member_id}: sealed_version is {sealed_version}, no seal says so")
    for table, group in tables.items():
        group.finish(table)
    for head in sealed.values():
        raise Bad(f"wallet {head.member_id}: sealed at version {head.version}, now missing")


@dataclass(frozen=True, slots=True)
class _SealFile:
    """What the file outside the database says: its seals, the newest head of each wallet, its last seal."""

    seals: set[tuple[int, bytes, bytes]] = field(default_factory=set)
    heads: dict[str, SealedHead] = field(default_factory=dict)
    last: list[SealedHead] = field(default_factory=list)

    def read(self, path: Path, key: Ed25519PublicKey, only: set[tuple[int, bytes, bytes]] | None = None) -> None:
        """Take in the file, or ``only`` some seals of it."""
        for number, root, signature, heads in read_file(path, key):
            if only is None or (number, root, signature) in only:
                self.seals.add((number, root, signature))
                self.last[:] = heads
                for head in heads:
                    known = self.heads.get(head.member_id)
                    if known is None or head.version > known.version:
                        self.heads[head.member_id] = head


def _check_seals(
    connection: psycopg.Connection[Any], path: Path, key: Ed25519PublicKey, counts: dict[str, int]
) -> dict[str, SealedHead]:
    """The newest sealed head of each wallet, once the seals themselves hold."""
    file = _SealFile()
    file.read(path, key)  # before the snapshot is taken: no head in it is newer than what will be read
    rows = connection.execute(
        "SELECT number, sealed_at, heads, root, previous, signature FROM ledger.seals ORDER BY number"
    ).fetchall()
    later = {(number, root, signature) for number, _, _, root, _, signature in rows} - file.seals
    if later:
        file.read(path, key, only=later)
    expected, before = 1, GENESIS
    for number, sealed_at, heads, root, previous, signature in rows:
        if number != expected:
            raise Bad(f"seal {expected}: missing")
        expected += 1
        try:
            key.verify(signature, signed_bytes(number, sealed_at, heads, root, previous))
        except InvalidSignature as error:
            raise Bad(f"seal {number}: the signature does not hold") from error
        if previous != before:
            raise Bad(f"seal {number}: does not follow seal {number - 1}")
        before = link(root, signature)
        if (number, root, signature) not in file.seals:
            raise Bad(f"seal {number}: not in {path.name}" + ("" if path.exists() else ", which is missing"))
        counts["seals"] += 1
    beyond = {number for number, _, _ in file.seals if number >= expected}
    if len(beyond) > 1 or (beyond and _was_committed(connection, file.last)):
        raise Bad(f"seal {min(beyond)}: in {path.name}, missing from the database")
    return file.heads


def _was_committed(connection: psycopg.Connection[Any], heads: list[SealedHead]) -> bool:
    """Whether the wallets know of the seal; they do not when a crash came between the file and the commit."""
    sealed = connection.execute(
        "SELECT 1 FROM ledger.wallets AS w JOIN unnest(%s::text[], %s::int8[]) AS h(member_id, version) "
        "ON w.member_id = h.member_id AND w.sealed_version >= h.version LIMIT 1",
        ([head.member_id for head in heads], [head.version for head in heads]),
    )
    return sealed.fetchone() is not None
