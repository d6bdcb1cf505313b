"""Holding a draw: publish the list of entries, then the seed, then give every entry its outcome.

Each step is one transaction that begins with a lock and a look whether it is done, and outcomes are given in batches:
a worker that dies between any two of them is taken over from there, and drawing again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.draws.entries import entry_name
from catalog.draws.fair import commitment_of, list_digest, ranking
from catalog.draws.keep import SEED_PURPOSE
from catalog.draws.models import Draw, DrawSeed
from catalog.draws.states import DRAWN_AFTER, ENTERED_LATE, LIST_AFTER, NOT_DRAWN, PICKUP, RETURNED
from catalog.redemption.lifecycle import By, Status, check_step, path_after
from catalog.redemption.writer import Claim, lock_order, move_order
from mall.crypto import keyring
from mall.db import Login, cursor, run_tx
from points.ledger.books import open_books

AT_ONCE = 100
"""Entries for each transaction: many enough to be quick, few enough that nobody waits for their locks."""
SYSTEM = "system"

_ENTERED = "SELECT id FROM orders WHERE gift_id = %s AND kind = 'draw' AND status = 'placed'"
_LIST = """INSERT INTO draw_entries (draw_id, entry_id, order_id)
 SELECT %s, n.entry_id, n.order_id FROM unnest(%s::text[], %s::text[]) AS n(entry_id, order_id)"""
_READ = "SELECT entry_id FROM draw_entries WHERE draw_id = %s"
_RANK = """UPDATE draw_entries AS e SET rank = n.rank
 FROM unnest(%s::text[]) WITH ORDINALITY AS n(entry_id, rank) WHERE e.draw_id = %s AND e.entry_id = n.entry_id"""
_NEXT = """SELECT o.id, coalesce(o.wallet_id, o.member_id), e.rank
 FROM draw_entries AS e JOIN orders AS o ON o.id = e.order_id
 WHERE e.draw_id = %s AND e.rank > %s AND o.status = 'placed' ORDER BY e.rank LIMIT %s"""
_LATE = f"""SELECT o.id, coalesce(o.wallet_id, o.member_id), NULL
 FROM ({_ENTERED}) AS p JOIN orders AS o ON o.id = p.id
 WHERE NOT EXISTS (SELECT 1 FROM draw_entries AS e WHERE e.order_id = o.id) LIMIT %s"""


class NotAsPublished(RuntimeError):
    """Seed or list of a draw are no longer those that were published: nobody wins by them."""


def hold_due(now: datetime) -> dict[str, int]:
    """Take every draw as far as it can go now; how many were listed and drawn, and entries that got their outcome.

    Raises NotAsPublished once all others are done.
    """
    counts = {"listed": 0, "drawn": 0, "settled": 0}
    wrong: list[NotAsPublished] = []
    for draw_id in _due(_to_list, now):
        counts["listed"] += run_tx(Login.BACKOFFICE, _list(draw_id, now))
    for draw_id in _due(_to_draw, now):
        try:
            counts["drawn"] += run_tx(Login.BACKOFFICE, _draw(draw_id, now))
        except NotAsPublished as error:
            wrong.append(error)
    for draw_id in _due(_to_settle, now):
        counts["settled"] += settle(draw_id, now)
    if wrong:
        raise wrong[0]
    return {name: count for name, count in counts.items() if count}


def _due(which: Callable[[datetime], Any], now: datetime) -> list[str]:
    return run_tx(Login.BACKOFFICE, lambda tx: list(tx.scalars(select(Draw.id).where(*which(now)).order_by(Draw.id))))


def _to_list(now: datetime) -> tuple[Any, ...]:
    return Draw.frozen_at.is_(None), Draw.closes_at <= now - LIST_AFTER


def _to_draw(now: datetime) -> tuple[Any, ...]:
    return Draw.drawn_at.is_(None), Draw.frozen_at <= now - DRAWN_AFTER


def _to_settle(now: datetime) -> tuple[Any, ...]:
    return Draw.drawn_at.is_not(None), Draw.settled_at.is_(None)


def _list(draw_id: str, now: datetime) -> Callable[[Session], int]:
    """Write the list of entries down, and its digest."""

    def work(tx: Session) -> int:
        draw = _locked(tx, draw_id)
        if draw.frozen_at is not None:
            return 0
        cur, ring = cursor(tx), keyring()
        order_ids = [row[0] for row in cur.execute(_ENTERED, (draw.gift_id,))]
        names = [entry_name(ring, draw.id, order_id) for order_id in order_ids]
        cur.execute(_LIST, (draw.id, names, order_ids))
        draw.entries, draw.list_sha256, draw.frozen_at = len(names), list_digest(names), now
        return 1

    return work


def _draw(draw_id: str, now: datetime) -> Callable[[Session], int]:
    """Reveal the seed and rank the list by it.

    Raises NotAsPublished when seed or list were changed, or the seed cannot be opened.
    """

    def work(tx: Session) -> int:
        draw = _locked(tx, draw_id)
        if draw.drawn_at is not None:
            return 0
        try:
            seed = keyring().decrypt(SEED_PURPOSE, tx.get_one(DrawSeed, draw.id).seed_box).decode()
        except InvalidTag as error:
            raise NotAsPublished(draw.id) from error
        cur = cursor(tx)
        entries = [row[0] for row in cur.execute(_READ, (draw.id,))]
        if commitment_of(draw.id, seed) != draw.commitment or list_digest(entries) != draw.list_sha256:
            raise NotAsPublished(draw.id)
        cur.execute(_RANK, (ranking(seed, entries), draw.id))
        draw.seed, draw.drawn_at = seed, now
        return 1

    return work


def _locked(tx: Session, draw_id: str) -> Draw:
    return tx.execute(select(Draw).where(Draw.id == draw_id).with_for_update()).scalar_one()


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to an order: where it goes, why, whether its points come back, and how long its prize waits."""

    path: tuple[Status, ...]
    reason: str | None
    points_back: bool
    claim_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Fates:
    """What a draw has in store for its entries."""

    winners: int
    won: Fate
    lost: Fate
    late: Fate = Fate((Status.CANCELLED,), ENTERED_LATE, True)

    def of(self, rank: int | None) -> Fate:
        """The fate of an entry by its rank; None: it is not on the list."""
        if rank is None:
            return self.late
        return self.won if rank <= self.winners else self.lost


_TERMS = """SELECT d.gift_id, d.winners, d.losers, d.handover, d.claim_days, g.needs_preparation FROM draws AS d
 JOIN gifts AS g ON g.id = d.gift_id WHERE d.id = %s"""


def _fates(tx: Session, draw_id: str) -> tuple[str, Fates]:
    row: Any = cursor(tx).execute(_TERMS, (draw_id,)).fetchone()
    gift_id, winners, losers, handover, claim_days, by_hand = row
    if handover == PICKUP:
        won = Fate(
            (Status.CONFIRMED, *path_after("draw", Status.CONFIRMED, by_hand=by_hand, approval=False)), None, False
        )
    else:
        won = Fate((Status.CONFIRMED, Status.AWAITING_CLAIM), None, False, timedelta(days=claim_days))
    lost = Fate((Status.CANCELLED if losers == RETURNED else Status.COMPLETED,), NOT_DRAWN, losers == RETURNED)
    return gift_id, Fates(winners, won, lost)


def settle(draw_id: str, now: datetime, most: int | None = None) -> int:
    """Give the entries that still wait their outcome, the best first; returns how many.

    ``most``: stop after so many batches, with the rest still waiting.
    """
    gift_id, fates = run_tx(Login.BACKOFFICE, lambda tx: _fates(tx, draw_id))
    queries = ((_NEXT, (draw_id,), True), (_LATE, (gift_id,), False))
    done = batches = 0
    for query, asked, ranked in queries:
        last = 0
        while True:
            if most is not None and batches == most:
                return done
            values = (*asked, last, AT_ONCE) if ranked else (*asked, AT_ONCE)
            rows: Any = run_tx(Login.BACKOFFICE, partial(_rows, query, values))
            done += run_tx(Login.BACKOFFICE, partial(_settle_batch, fates, rows, now))
            batches += 1
            if len(rows) < AT_ONCE:
                break
            last = rows[-1][2] or 0
    run_tx(Login.BACKOFFICE, lambda tx: _finish(tx, draw_id, now))
    return done


def _rows(query: str, values: tuple[Any, ...], tx: Session) -> list[Any]:
    return cursor(tx).execute(query, values).fetchall()


def _finish(tx: Session, draw_id: str, now: datetime) -> None:
    draw = _locked(tx, draw_id)
    draw.settled_at = draw.settled_at or now


def _settle_batch(fates: Fates, rows: Sequence[tuple[str, str, int | None]], now: datetime, tx: Session) -> int:
    cur, moves = cursor(tx), []
    # The wallets before the orders, as when placing.
    with open_books(tx, {wallet_id for _, wallet_id, _ in rows}, now) as books:
        for order_id, wallet_id, rank in sorted(rows):
            order = lock_order(cur, order_id)
            if order is None or order.status != Status.PLACED:  # another worker was quicker
                continue
            fate = fates.of(rank)
            book = books[wallet_id]
            (book.release if fate.points_back else book.capture)(order_id)
            moves.append((order, fate))
    for order, fate in moves:
        status = order.status
        for target in fate.path:
            check_step(order.kind, status, target, By.SYSTEM)
            status = target
        claim = None if fate.claim_within is None else Claim(until=now + fate.claim_within)
        move_order(cur, keyring(), order, fate.path, SYSTEM, now, reason=fate.reason, claim=claim)
    return len(moves)
