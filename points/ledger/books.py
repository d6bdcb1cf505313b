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
from points.ledger.shelf import LOCK_FREE, SqlShelf, lock_wallets, write_books

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

    def __iter__(self) -> Iterator[Book]:
        return iter(self._books.values())


@contextmanager
def open_books(
    tx: Session, member_ids: Iterable[str], now: datetime, *, spending: bool = False, wait: bool = True
) -> Iterator[Books]:
    """Open the books of ``member_ids`` in the transaction ``tx``.

    The wallets are locked in id order until the transaction ends, and opened where they are missing. On
    leaving without an error, everything that changed is written in one statement; on an error nothing is.
    Open all members of a transaction in one call: a second call could lock against the order. ``spending``: all of
    them will be drawn from, so their lots are read in one look. Without ``wait``, raises WalletsBusy where somebody
    else holds one of the wallets.
    """
    cur = cursor(tx)
    shelf = SqlShelf(cur)
    try:
        wallets = lock_wallets(cur, member_ids, wait=wait)
    except LockNotAvailable as error:
        if wait:
            raise
        raise WalletsBusy from error
    if spending:
        shelf.read_ahead(wallets)
    books = Books({member_id: Book(wallet, now, shelf) for member_id, wallet in wallets.items()})
    yield books
    expired = sum([row.points for book in books for row in book.postings if row.kind == "expired"])
    write_books(cur, list(books))
    if expired:  # one message, however many members' points these were
        outbox.publish(tx, EXPIRED, {"points": expired, "at": now.isoformat()}, now)


def lock_free(tx: Session, member_ids: Iterable[str]) -> set[str]:
    """Lock those of the wallets that nobody else holds, without waiting; whose they are. Before ``open_books``."""
    return {row[0] for row in cursor(tx).execute(LOCK_FREE, (sorted(set(member_ids)),))}
