"""Opening books for writing: lock, let pass what is due, change, write back. The ledger's only door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from psycopg.errors import LockNotAvailable
from sqlalchemy.orm import Session

from mall import outbox
from mall.db import cursor
from points.ledger.book import Book
from points.ledger.shelf import SqlShelf, lock_free_wallets, lock_wallets, write_books
from points.ledger.states import WalletState

EXPIRED = "points.expired"
"""Topic of the message that points expired."""


class WalletsBusy(Exception):
    """Somebody else holds a wallet, and it was not to be waited for."""


class Books:
    """The open books of some members, by member id."""

    def __init__(self, books: dict[str, Book]) -> None:
        self._books = books

    def __getitem__(self, member_id: str) -> Book:
        return self._books[member_id]

    def __contains__(self, member_id: str) -> bool:
        return member_id in self._books

    def __iter__(self) -> Iterator[Book]:
        return iter(self._books.values())


@contextmanager
def open_books(tx: Session, member_ids: Iterable[str], now: datetime, *, wait: bool = True) -> Iterator[Books]:
    """Open the books of ``member_ids`` in the transaction ``tx``.

    The wallets are locked in id order until the transaction ends, and opened where they are missing. On
    leaving without an error, everything that changed is written in one statement; on an error nothing is.
    Open all members of a transaction in one call: a second call could lock against the order. Without ``wait``,
    raises WalletsBusy where somebody else holds one of the wallets.
    """
    cur = cursor(tx)
    try:
        wallets = lock_wallets(cur, member_ids, wait=wait)
    except LockNotAvailable as error:
        if wait:
            raise
        raise WalletsBusy from error
    with _opened(tx, wallets, now, SqlShelf(cur)) as books:
        yield books


@contextmanager
def open_free_books(tx: Session, member_ids: Iterable[str], now: datetime) -> Iterator[Books]:
    """Open those of the books whose wallets are there and that nobody else holds, without waiting; else as
    ``open_books``. All of them will be drawn from, so their lots are read in one look."""
    cur = cursor(tx)
    wallets, shelf = lock_free_wallets(cur, member_ids), SqlShelf(cur)
    shelf.read_ahead(wallets)
    with _opened(tx, wallets, now, shelf) as books:
        yield books


@contextmanager
def _opened(tx: Session, wallets: dict[str, WalletState], now: datetime, shelf: SqlShelf) -> Iterator[Books]:
    books = Books({member_id: Book(wallet, now, shelf) for member_id, wallet in wallets.items()})
    yield books
    expired = sum([row.points for book in books for row in book.postings if row.kind == "expired"])
    write_books(cursor(tx), list(books))
    if expired:  # one message, however many members' points these were
        outbox.publish(tx, EXPIRED, {"points": expired, "at": now.isoformat()}, now)
